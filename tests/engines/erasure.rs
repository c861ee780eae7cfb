//! A key is erased: it leaves every table, no load brings it back, and a hold refuses it.

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::rehearse::{Options, Postgres, Program, Project, rehearse};
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, at, cycle, run_at, sweep};
use crate::projects;

const NOW: i64 = 1_780_272_000; // 2026-06-01
const OLD: i64 = 1_735_689_600; // 2025-01-01
const OLDER: i64 = 1_704_067_200; // 2024-01-01, in a sealed period

const PROJECT: &str = "name: shop
dialect: postgres
schema: erasure
periods: [2024, 2025_h1, 2025_h2, 2026_h1]
sealed_before: 2025-01-01
exceptions: { table: shop_exceptions, key: order_id, erased: shop_erased }
raw:
  - { table: erasure.orders_raw, time: { column: loaded_at, unit: epoch_seconds }, keep: 24 hours }
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, state: varchar(20), updated_at: bigint not null }
    source: erasure.orders_raw
    source_columns: { loaded_at: bigint }
    incremental: { order_by: [updated_at desc, loaded_at desc] }
  - model: mart_lines
    history: hist_lines
    unique_key: [order_id, line]
    time: { column: seen_at, unit: epoch_seconds }
    rows: latest
    retention: { while_in: mart_orders }
    exception: LINES_GAP
    columns: { order_id: bigint not null, line: integer not null, seen_at: bigint not null }
    source: erasure.lines_raw
    source_columns: { row_id: bigint }
    incremental: { order_by: [seen_at desc, row_id desc] }
";

fn installed(dialect: Dialect, project: &str, database: &str) -> (Engine, Manifest) {
    let inputs = Inputs::new("rowkeep.yml", project).with_dialect(dialect);
    let spec = resolve(&inputs).unwrap_or_else(|wrong| panic!("{wrong}"));
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(dialect, database);
    engine.create(&spec, &manifest, dialect);
    (engine, manifest)
}

/// Runs the files of the repair in the order of their names.
fn erase(engine: &mut Engine, manifest: &Manifest, dialect: Dialect, key: i64) {
    let repair = manifest.repairs.iter().find(|repair| repair.name == "erase").expect("the project erases keys");
    let mut statements: Vec<_> = repair.statements.iter().collect();
    statements.sort_by(|a, b| a.path.cmp(&b.path));
    for statement in statements {
        let sql = statement.sql.replace(":key", &format!("'{key}'")).replace(":notes", "'ticket 7'");
        engine.run(&at(&sql, dialect, NOW));
    }
}

/// Every table that has a row of a key.
fn places(engine: &mut Engine, key: i64) -> Vec<String> {
    let tables = [
        "orders_raw",
        "lines_raw",
        "mart_orders",
        "mart_lines",
        "hist_orders_2024",
        "hist_orders_2025_h1",
        "hist_lines_2024",
        "hist_lines_2025_h1",
        "mart_orders__stale",
        "mart_lines__stale",
        "mart_lines__due",
        "shop_exceptions",
        "shop_erased",
    ];
    let each = tables.map(|table| format!("SELECT '{table}' AS place FROM erasure.{table} WHERE order_id = {key}"));
    engine.texts(&format!("SELECT DISTINCT place FROM ({}) AS found ORDER BY place", each.join(" UNION ALL ")))
}

/// The rows that the monitor of erased keys finds, as "place rows".
fn monitored(engine: &mut Engine, manifest: &Manifest, model: &str) -> Vec<String> {
    let name = format!("{model}__erased");
    let monitor = manifest.monitors.iter().find(|monitor| monitor.name == name).expect("a monitor");
    engine.texts(&format!("SELECT CONCAT_WS(' ', rowkeep_place, rowkeep_rows) FROM ({}) AS found", monitor.find.sql))
}

#[test]
fn an_erased_key_leaves_every_table_and_stays_away() {
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let (mut engine, manifest) = installed(dialect, PROJECT, "erase_a_key");
        let deliver = |engine: &mut Engine| {
            engine.run(&format!(
                "INSERT INTO erasure.orders_raw VALUES (1, 'a', {OLD}, {NOW}), (2, 'b', {OLD}, {NOW}), \
                 (3, 'c', {OLDER}, {NOW}), (9, 'new', {NOW}, {NOW}), (10, 'new', {NOW}, {NOW})"
            ));
            engine.run(&format!(
                "INSERT INTO erasure.lines_raw VALUES (1, 1, {OLD}, 1), (2, 1, {OLD}, 2), (3, 1, {OLDER}, 3), (9, 1, {NOW}, 4)"
            ));
        };
        deliver(&mut engine);
        run_at(&mut engine, &cycle(&manifest), dialect, NOW);
        run_at(&mut engine, &sweep(&manifest), dialect, NOW);
        engine.run("INSERT INTO erasure.shop_exceptions (order_id, exception_type) VALUES (1, 'ORDERS_GAP_TWICE')");
        let archived = ["hist_lines_2025_h1", "hist_orders_2025_h1", "lines_raw", "orders_raw"];
        assert_eq!(places(&mut engine, 2), archived, "{dialect}");

        // A hold refuses it: nothing is listed, and nothing is deleted.
        engine.run("INSERT INTO erasure.shop_exceptions (order_id, exception_type) VALUES (2, 'LINES_GAP_HOLD')");
        erase(&mut engine, &manifest, dialect, 2);
        assert!(places(&mut engine, 2).contains(&"hist_orders_2025_h1".to_owned()), "{dialect}");
        assert!(!places(&mut engine, 2).contains(&"shop_erased".to_owned()), "{dialect}");

        // Only the list has the key, and the raw table that the project does not trim. Twice is
        // once.
        for _ in 0..2 {
            for key in [1, 3, 9] {
                erase(&mut engine, &manifest, dialect, key);
                assert_eq!(places(&mut engine, key), ["lines_raw", "shop_erased"], "{dialect}, {key}");
            }
        }
        assert_eq!(engine.texts("SELECT notes FROM erasure.shop_erased ORDER BY order_id"), ["ticket 7"; 3]);

        // No load brings it back, not even from the other raw table, and no sweep.
        deliver(&mut engine);
        run_at(&mut engine, &cycle(&manifest), dialect, NOW + 900);
        run_at(&mut engine, &sweep(&manifest), dialect, NOW + 900);
        for key in [1, 3, 9] {
            assert_eq!(places(&mut engine, key), ["lines_raw", "orders_raw", "shop_erased"], "{dialect}, {key}");
        }
        assert!(places(&mut engine, 2).contains(&"hist_orders_2025_h1".to_owned()), "{dialect}");

        // Another program writes the key. The monitor tells where, until the repair ran again.
        engine.run(&format!("INSERT INTO erasure.mart_orders VALUES (1, 'x', {NOW})"));
        engine.run(&format!("INSERT INTO erasure.hist_lines_2025_h1 VALUES (1, 5, {OLD}), (1, 6, {OLD})"));
        assert_eq!(monitored(&mut engine, &manifest, "mart_orders"), ["mart 1"], "{dialect}");
        assert_eq!(monitored(&mut engine, &manifest, "mart_lines"), ["history 2025_h1 2"], "{dialect}");
        erase(&mut engine, &manifest, dialect, 1);
        assert!(monitored(&mut engine, &manifest, "mart_orders").is_empty(), "{dialect}");
        assert!(monitored(&mut engine, &manifest, "mart_lines").is_empty(), "{dialect}");
    }
}

/// The list has the hash of the key, also if the raw table has another type of number.
#[test]
fn a_key_that_is_listed_by_its_hash_stays_away() {
    let project = PROJECT.replace("erased: shop_erased", "erased: { table: shop_erased, keys: hashed }");
    // `printf 1 | sha256sum`
    let hash = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let (mut engine, manifest) = installed(dialect, &project, "erase_by_hash");
        engine.run("ALTER TABLE erasure.orders_raw ALTER COLUMN order_id TYPE DECIMAL(12, 2)");
        let deliver = |engine: &mut Engine| {
            engine.run(&format!(
                "INSERT INTO erasure.orders_raw VALUES (1, 'a', {OLD}, {NOW}), (9, 'new', {NOW}, {NOW})"
            ));
            engine.run(&format!("INSERT INTO erasure.lines_raw VALUES (1, 1, {OLD}, 1), (9, 1, {NOW}, 4)"));
        };
        deliver(&mut engine);
        run_at(&mut engine, &cycle(&manifest), dialect, NOW);
        // A hold refuses it.
        engine.run("INSERT INTO erasure.shop_exceptions (order_id, exception_type) VALUES (1, 'LINES_GAP_HOLD')");
        erase(&mut engine, &manifest, dialect, 1);
        let listed = "SELECT key_sha256 FROM erasure.shop_erased";
        assert!(engine.texts(listed).is_empty(), "{dialect}");
        engine.run("DELETE FROM erasure.shop_exceptions");
        for _ in 0..2 {
            erase(&mut engine, &manifest, dialect, 1);
            assert_eq!(engine.texts(listed), [hash], "{dialect}");
        }
        deliver(&mut engine);
        run_at(&mut engine, &cycle(&manifest), dialect, NOW + 900);
        run_at(&mut engine, &sweep(&manifest), dialect, NOW + 900);
        let left = |table: &str| format!("SELECT CAST(order_id AS VARCHAR) FROM erasure.{table} ORDER BY 1");
        for table in ["mart_orders", "mart_lines"] {
            assert_eq!(engine.texts(&left(table)), ["9"], "{dialect}, {table}");
        }
        for table in ["hist_orders_2025_h1", "hist_lines_2025_h1", "shop_exceptions"] {
            assert!(engine.texts(&left(table)).is_empty(), "{dialect}, {table}");
        }
        engine.run(&format!("INSERT INTO erasure.hist_lines_2025_h1 VALUES (1, 5, {OLD}), (2, 6, {OLD})"));
        assert_eq!(monitored(&mut engine, &manifest, "mart_lines"), ["history 2025_h1 1"], "{dialect}");
    }
}

/// Raw has uuids as texts, in capitals. DuckDB converts them when it inserts them into the mart.
#[test]
fn a_uuid_is_listed_by_the_hash_of_its_usual_text() {
    let project = PROJECT
        .replace("erased: shop_erased", "erased: { table: shop_erased, keys: hashed }")
        .replace("order_id: bigint not null", "order_id: uuid not null");
    let (mut engine, manifest) = installed(Dialect::DuckDb, &project, "erase_a_uuid");
    engine.run("ALTER TABLE erasure.orders_raw ALTER COLUMN order_id TYPE VARCHAR");
    let uuid = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11";
    let repair = manifest.repairs.iter().find(|repair| repair.name == "erase").expect("the project erases keys");
    let record = &repair.statements[0];
    assert!(record.path.ends_with("01_record.sql"));
    let sql = record.sql.replace(":key", &format!("'{uuid}'")).replace(":notes", "'ticket 7'");
    engine.run(&at(&sql, Dialect::DuckDb, NOW));
    engine.run(&format!(
        "INSERT INTO erasure.orders_raw VALUES ('{uuid}', 'a', {NOW}, {NOW}), ('{}', 'b', {NOW}, {NOW})",
        uuid.replace('A', "B")
    ));
    run_at(&mut engine, &cycle(&manifest), Dialect::DuckDb, NOW);
    assert_eq!(engine.texts("SELECT state FROM erasure.mart_orders"), ["b"]);
}

/// A refund has the key of its order in one column, and a key of its own in another one. A hold of
/// its own key keeps it, also if the order is erased.
#[test]
fn a_hold_of_a_row_of_another_key_keeps_it() {
    let refunds = "  - model: mart_refunds
    history: hist_refunds
    unique_key: order_id
    time: { column: paid_at, unit: epoch_seconds }
    rows: latest
    retention: { while_in: { model: mart_orders, on: { original: order_id } } }
    exception: REFUNDS_GAP
    columns: { order_id: bigint not null, original: bigint, paid_at: bigint not null }
";
    let project = format!("{PROJECT}{refunds}").replace("erasure", "refunded");
    let inputs = Inputs::new("rowkeep.yml", project).with_dialect(Dialect::Postgres);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(Dialect::Postgres, "erase_a_refund");
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
    engine.run(&format!("INSERT INTO refunded.mart_refunds VALUES (100, 42, {NOW}), (102, 42, {NOW})"));
    engine.run(&format!("INSERT INTO refunded.hist_refunds_2025_h1 VALUES (101, 42, {OLD}), (103, 42, {OLD})"));
    for held in [100, 101] {
        engine.run(&format!(
            "INSERT INTO refunded.shop_exceptions (order_id, exception_type) VALUES ({held}, 'REFUNDS_GAP_HOLD')"
        ));
    }
    erase(&mut engine, &manifest, Dialect::Postgres, 42);
    let left = "SELECT CAST(order_id AS TEXT) FROM refunded.all_hist_refunds ORDER BY order_id";
    assert_eq!(engine.texts(left), ["100", "101"]);
}

/// A change to the statements of a project.
type Change = Box<dyn Fn(&mut Program) + Sync>;

/// Leaves out a part of an erasure. The rehearsal must find a broken law.
#[test]
fn each_part_of_an_erasure_is_needed() {
    let url = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    for golden in ["erasure", "erasure_hashed"] {
        each_part_is_needed(golden, &url);
    }
}

fn each_part_is_needed(golden: &str, url: &str) {
    let inputs = projects::golden_with(golden, |project| project);
    let project = Project::new(&inputs, Dialect::Postgres).unwrap_or_else(|wrong| panic!("{wrong}"));
    let whole = project.program().expect("it compiles");
    // Each with the first of the seeds from 0 whose story breaks a law.
    let parts = [
        ("01_record", 0),
        ("03_history__mart_orders", 3),
        ("03_history__mart_lines", 3),
        ("04_mart__mart_orders", 0),
        ("04_mart__mart_lines", 0),
    ];
    let leave_out = |part: &'static str| {
        move |program: &mut Program| {
            program.erasures[0].retain(|statement| !statement.name.starts_with(part));
        }
    };
    let load_all = |program: &mut Program| {
        for statement in program.tables.iter_mut().flat_map(|table| &mut table.load) {
            while let Some(at) = statement.sql.find(" AND NOT EXISTS (SELECT 1 FROM ods.shop_erased") {
                let mut open = 0;
                let is_end = |letter: char| {
                    open += i32::from(letter == '(') - i32::from(letter == ')');
                    letter == ')' && open == 0
                };
                let end = at + statement.sql[at..].find(is_end).expect("it is closed") + 1;
                statement.sql.replace_range(at..end, "");
            }
        }
    };
    let mut changes: Vec<(&str, u64, Change)> = Vec::new();
    for (part, seed) in parts {
        assert!(whole.erasures[0].iter().any(|statement| statement.name.starts_with(part)), "{part}");
        changes.push((part, seed, Box::new(leave_out(part))));
    }
    changes.push(("00_load", 0, Box::new(load_all)));
    for (part, seed, alter) in changes {
        let options = Options { seeds: seed..seed + 1, cycles: 24, workers: 1, until_broken: true, alter: &*alter };
        let open = || Ok(Box::new(Postgres::connect(url)?) as Box<dyn rowkeep::rehearse::Engine>);
        let report = rehearse(&project, &options, &open, &|_| {}).unwrap_or_else(|error| panic!("{part}: {error}"));
        let broken: Vec<_> = report.laws.iter().filter(|law| !law.broken_by.is_empty()).map(|law| law.law).collect();
        assert!(!broken.is_empty(), "{golden} without {part}: the story of seed {seed} breaks no law");
    }
}
