//! A row leaves the mart only if its copy is equal in every column. Another program changes rows
//! between archive and trim.

use rowkeep::artifacts::manifest::{Hook, Manifest};
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, at, cycle, sweep};

const PROJECT: &str = "name: shop
dialect: postgres
schema: ods
periods: [2025_h1, 2025_h2, 2026_h1]
sealed_before: 2025-07-01
exceptions: { table: shop_exceptions, key: order_id }
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, state: varchar(20), amount: 'decimal(12, 2) not null', updated_at: bigint not null }
  - model: mart_events
    history: hist_events
    unique_key: [order_id, seen_at]
    time: { column: seen_at, unit: epoch_seconds }
    rows: events
    retention: { for: 180 days }
    exception: EVENTS_GAP
    columns: { order_id: bigint not null, seen_at: bigint not null, place: text, paid: integer }
";

const OLD: i64 = 1_752_105_600; // 2025-07-10
const SEALED: i64 = 1_741_564_800; // 2025-03-10, in a sealed period
const NEW: i64 = 1_772_236_800; // 2026-02-28
const NOW: i64 = 1_772_323_200; // 2026-03-01

/// Runs statements. `between` runs before the first trim of each table.
fn run(engine: &mut Engine, hooks: &[&Hook], dialect: Dialect, between: &[&str]) {
    let mut changed: Vec<&str> = Vec::new();
    for hook in hooks {
        let model = hook.path.split('/').rev().nth(1).unwrap_or_default();
        if hook.step == "trim" && !changed.contains(&model) {
            changed.push(model);
            between.iter().filter(|sql| sql.contains(model)).for_each(|sql| engine.run(sql));
        }
        engine.run(&at(&hook.sql, dialect, NOW));
    }
}

fn rows(engine: &mut Engine, table: &str) -> Vec<String> {
    let columns = if table.contains("orders") { "order_id, state, amount" } else { "order_id, place, paid" };
    engine.texts(&format!("SELECT CONCAT_WS(' ', {columns}) FROM ods.{table} ORDER BY order_id"))
}

fn open_exceptions(engine: &mut Engine) -> Vec<String> {
    engine.texts(
        "SELECT CONCAT_WS(' ', exception_type, order_id, notes) FROM ods.shop_exceptions WHERE resolved_at IS NULL \
         ORDER BY exception_type, order_id",
    )
}

fn installed(dialect: Dialect, database: &str) -> (Engine, Manifest) {
    let inputs = Inputs::new("rowkeep.yml", PROJECT).with_dialect(dialect);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(dialect, database);
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, dialect);
    (engine, manifest)
}

#[test]
fn a_row_that_changes_between_archive_and_trim_is_archived_again() {
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let (mut engine, manifest) = installed(dialect, "whole_rows");
        engine.run(&format!(
            "INSERT INTO ods.mart_orders VALUES (1, 'open', 120, {OLD}), (2, 'open', 5, {OLD}), (3, NULL, 6, {OLD}), \
             (4, 'open', 7, {OLD}), (5, NULL, 8, {OLD}), (9, 'new', 9, {NEW})"
        ));
        engine.run(&format!(
            "INSERT INTO ods.mart_events VALUES (1, {OLD}, 'a', NULL), (2, {OLD}, 'b', 1), (3, {OLD}, NULL, 0), \
             (9, {NEW}, 'z', 1)"
        ));
        // One column to another value, one to NULL, and one from NULL. Rows 4 and 5 stay as they
        // are.
        let changes = [
            "UPDATE ods.mart_orders SET amount = 1200 WHERE order_id = 1",
            "UPDATE ods.mart_orders SET state = NULL WHERE order_id = 2",
            "UPDATE ods.mart_orders SET state = 'paid' WHERE order_id = 3",
            "UPDATE ods.mart_events SET paid = 1 WHERE order_id = 1",
            "UPDATE ods.mart_events SET place = NULL WHERE order_id = 2",
        ];
        run(&mut engine, &cycle(&manifest), dialect, &changes);
        let changed = ["1 open 1200.00", "2 5.00", "3 paid 6.00", "9 new 9.00"];
        assert_eq!(rows(&mut engine, "mart_orders"), changed, "{dialect}");
        assert_eq!(rows(&mut engine, "mart_events"), ["1 a 1", "2 1", "9 z 1"], "{dialect}");
        let found = open_exceptions(&mut engine);
        assert_eq!(found.len(), 5, "{dialect}: {found:?}");
        assert!(found.iter().all(|one| one.ends_with("no history table holds its copy")), "{dialect}: {found:?}");

        // The next cycle takes the changed rows, and closes the exceptions.
        run(&mut engine, &cycle(&manifest), dialect, &[]);
        assert_eq!(rows(&mut engine, "mart_orders"), ["9 new 9.00"], "{dialect}");
        let archived = ["1 open 1200.00", "2 5.00", "3 paid 6.00", "4 open 7.00", "5 8.00"];
        assert_eq!(rows(&mut engine, "hist_orders_2025_h2"), archived, "{dialect}");
        assert_eq!(rows(&mut engine, "hist_events_2025_h2"), ["1 a 1", "2 1", "3 0"], "{dialect}");
        assert!(open_exceptions(&mut engine).is_empty(), "{dialect}");
    }
}

/// A cycle does not read a sealed period, so such a row waits for the next sweep.
#[test]
fn a_row_of_a_sealed_period_is_archived_again_by_the_sweep() {
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let (mut engine, manifest) = installed(dialect, "whole_rows_sealed");
        engine.run(&format!("INSERT INTO ods.mart_orders VALUES (1, 'open', 120, {SEALED}), (9, 'new', 9, {NEW})"));
        let changes = ["UPDATE ods.mart_orders SET state = 'paid' WHERE order_id = 1"];
        run(&mut engine, &sweep(&manifest), dialect, &changes);
        assert_eq!(rows(&mut engine, "mart_orders"), ["1 paid 120.00", "9 new 9.00"], "{dialect}");
        run(&mut engine, &sweep(&manifest), dialect, &[]);
        assert_eq!(rows(&mut engine, "mart_orders"), ["9 new 9.00"], "{dialect}");
        assert_eq!(rows(&mut engine, "hist_orders_2025_h1"), ["1 paid 120.00"], "{dialect}");
        assert!(open_exceptions(&mut engine).is_empty(), "{dialect}");
    }
}
