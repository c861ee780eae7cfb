//! Raw trims and monitors of tables in every unit of time.

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::{Dialect, resolve};

use crate::operations::{Database, Story};
use crate::projects;

/// Midnight of a day in UTC, in the unit of a table.
fn day(model: &str, text: &str) -> String {
    let stamp = format!("TIMESTAMPTZ '{text} 00:00:00+00'");
    match model {
        "seconds" => format!("CAST(EXTRACT(EPOCH FROM {stamp}) AS BIGINT)"),
        "millis" => format!("CAST(EXTRACT(EPOCH FROM {stamp}) * 1000 AS BIGINT)"),
        "stamps" => format!("{stamp} AT TIME ZONE 'UTC'"),
        "zoned" => stamp,
        "days" => format!("DATE '{text}'"),
        other => panic!("{other} is no table of the golden"),
    }
}

fn install(name: &str) -> Story {
    let inputs = projects::golden("features/operations_units").with_dialect(Dialect::Postgres);
    let manifest: Manifest = rowkeep::compile(&inputs).expect("it compiles").manifest().clone();
    let database = Database::new(name);
    database.0.borrow_mut().create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
    Story { database, manifest }
}

/// 2027-01-01, seconds since 1970.
const NOW: i64 = 1_798_761_600;

fn insert(story: &Story, model: &str, relation: &str, key: i64, at: &str) {
    let node = story.node(model);
    let value = |column: &str| match column {
        "id" => key.to_string(),
        column if column == node.time.column => day(model, at),
        "part" | "\"Some Text\"" | "\"Time Zone\"" => "'x'".to_owned(),
        _ => "1".to_owned(),
    };
    let name = |column: &str| if column.contains(' ') { format!("\"{column}\"") } else { column.to_owned() };
    let columns: Vec<_> = node.columns.iter().map(|column| name(&column.name)).collect();
    let values: Vec<_> = columns.iter().map(|column| value(column)).collect();
    story.database.execute(&format!("INSERT INTO {relation} ({}) VALUES ({})", columns.join(", "), values.join(", ")));
}

#[test]
fn due_rows_and_bounds_are_correct_in_every_unit() {
    let story = install("operations_units");
    for model in ["seconds", "millis", "stamps", "zoned", "days"] {
        let mart = format!("ods.{model}");
        let finds = |kind: &str| story.finds(&format!("{model}__{kind}"), NOW);
        let found = |key: i64| vec![Some(key.to_string())];
        insert(&story, model, &mart, 1, "2025-07-02");
        // 90 days of retention, and one day of tolerance for a night without a cycle.
        insert(&story, model, &mart, 2, "2025-10-01");
        assert_eq!((finds("bounded"), finds("horizon")), (vec![], vec![]), "{model}");
        insert(&story, model, &mart, 3, "2025-10-02");
        assert_eq!(finds("bounded"), found(1), "{model}");
        // In 60 days, rows up to 2026-07-01 are due.
        insert(&story, model, &mart, 4, "2026-07-30");
        assert_eq!(finds("horizon"), [], "{model}");
        insert(&story, model, &mart, 5, "2026-07-31");
        assert_eq!(finds("horizon"), [None], "{model}");
        insert(&story, model, &mart, 6, "2025-01-01");
        assert_eq!(finds("lower_edge"), [], "{model}");
        insert(&story, model, &mart, 7, "2024-12-31");
        assert_eq!(finds("lower_edge"), [None], "{model}");
        // A period is half-open.
        let history = format!("ods.hist_{model}_2025_h1");
        for (key, at) in [(8, "2024-12-31"), (9, "2025-01-01"), (10, "2025-06-30"), (11, "2025-07-01")] {
            insert(&story, model, &history, key, at);
        }
        assert_eq!(finds("routed"), [Some("11".to_owned()), Some("8".to_owned())], "{model}");
    }
}

/// A raw trim deletes rows that landed before the older of two stamps, minus `keep`. Without two
/// stamps, it deletes no row.
#[test]
fn raw_rows_are_trimmed_after_a_cycle_has_seen_them() {
    let story = install("operations_raw");
    // The completion of the last but one cycle. For each table: a value before this time minus
    // `keep`, and a value after.
    let stamp = "2026-03-10 12:00:00";
    let tables = [
        ("seconds", "loaded_at", ["TIMESTAMPTZ '2026-03-10 10:29:59+00'", "TIMESTAMPTZ '2026-03-10 10:30:00+00'"]),
        ("millis", "loaded", ["1772971199999", "1772971200000"]),
        ("stamps", "day", ["DATE '2026-03-02'", "DATE '2026-03-03'"]),
    ];
    for (model, column, [goes, stays]) in tables {
        let trim =
            story.manifest.raw_trims.iter().find(|trim| trim.table == format!("landing.{model}")).expect("a trim");
        assert_eq!(trim.waits_for, [story.node(model).unique_id.as_str()]);
        for (key, landed) in [("1", goes), ("2", stays), ("3", "NULL")] {
            story.database.execute(&format!("INSERT INTO landing.{model} (id, {column}) VALUES ({key}, {landed})"));
        }
        // A load with a lookback reads only a part of raw. A row that was never accepted stays.
        if model == "seconds" {
            for key in [1, 2] {
                story.database.execute(&format!("UPDATE landing.seconds SET t = 5 WHERE id = {key}"));
            }
        }
        let left = || {
            story.run(&trim.statement, NOW);
            story.database.number(&format!("SELECT SUM(id) FROM landing.{model}"))
        };
        let complete = |at: &str| {
            story.database.execute(&format!("INSERT INTO ods.{model}__cycles VALUES (TIMESTAMP '{at}')"));
        };
        assert_eq!(left(), 6, "{model}: no cycle was completed");
        complete(stamp);
        assert_eq!(left(), 6, "{model}: one cycle was completed, but the rows that its load saw are unknown");
        complete("2026-03-12 12:00:00");
        if model == "seconds" {
            assert_eq!(left(), 6, "no version that is as new was accepted");
            story.database.execute("INSERT INTO ods.hist_seconds_2025_h1 VALUES (1, 1, 'x', 4), (2, 1, 'x', 5)");
            assert_eq!(left(), 6, "the accepted version is older");
            story.database.execute("INSERT INTO ods.seconds VALUES (1, 1, 'x', 5)");
        }
        assert_eq!(left(), 5, "{model}: {goes} is deleted, {stays} and the row without a time stay");
        // The cycle adds a stamp, and the sweep keeps the last two.
        let node = story.node(model);
        let swept = story.manifest.sweep.iter().find(|swept| swept.model == model).expect("a sweep");
        let stamps = node.post_hooks.iter().chain(&swept.post_hooks).filter(|hook| hook.step == "complete");
        stamps.for_each(|hook| story.database.run_at(&hook.sql, NOW));
        let kept = story.database.ask(&format!("SELECT completed_at FROM ods.{model}__cycles ORDER BY 1"));
        assert_eq!(kept.len(), 2, "{model}");
        assert_eq!(kept[1][0].as_deref(), Some("2027-01-01 00:00:00"), "{model}");
    }
}

#[test]
fn rows_that_no_load_accepts_are_found() {
    let story = install("operations_late");
    let raw = |id: &str, a: &str, t: i64, at: &str| {
        story.database.execute(&format!(
            "INSERT INTO landing.seconds (id, a, t, loaded_at) VALUES ({id}, {a}, {t}, TIMESTAMPTZ '2026-03-10 {at}+00')"
        ));
    };
    let late = || story.finds("seconds__late_beyond_lookback", NOW);
    raw("1", "1", 1_760_000_000, "12:00:00");
    raw("2", "1", 1_760_000_000, "13:00:00");
    assert_eq!(late(), [], "a load reads both");
    raw("3", "1", 1_760_000_000, "14:00:01");
    assert_eq!(late(), [Some("1".to_owned())], "it is older than the lookback, and was never accepted");
    story.database.execute("INSERT INTO ods.seconds VALUES (1, 1, 'x', 1759999999)");
    assert_eq!(late(), [Some("1".to_owned())], "what the mart has is older");
    story.database.execute("INSERT INTO ods.hist_seconds_2025_h1 VALUES (1, 1, 'x', 1760000001)");
    assert_eq!(late(), [], "history has a newer version");
    assert_eq!(story.finds("seconds__refused", NOW), []);
    raw("4", "NULL", 1_760_000_000, "14:00:00");
    raw("NULL", "1", 1_760_000_000, "14:00:00");
    assert_eq!(story.finds("seconds__refused", NOW), [None, Some("4".to_owned())]);
    // A row that a load cannot accept is not late.
    raw("5", "NULL", 1_760_000_000, "09:00:00");
    assert_eq!(late(), []);
}

/// On both engines, a tripwire fails with its message, and does not fail exactly at the share.
#[test]
fn a_tripwire_has_the_same_message_on_both_engines() {
    let project = "name: wire
dialect: duckdb
schema: ods
periods: [2025_h2, 2026_h1]
exceptions: { table: gaps, key: id }
tables:
  - { model: orders, history: hist, unique_key: id, time: { column: t, unit: epoch_seconds }, rows: latest, retention: { for: 90 days }, exception: GAP, tripwire: 20%, columns: { id: bigint, t: bigint } }
";
    for dialect in crate::engine::ENGINES {
        let inputs = rowkeep::Inputs::new("rowkeep.yml", project).with_dialect(dialect);
        let manifest = rowkeep::compile(&inputs).expect("it compiles").manifest().clone();
        let mut engine = crate::engine::Engine::open(dialect, "wire");
        engine.create(&resolve(&inputs).expect("it resolves"), &manifest, dialect);
        let hooks = &manifest.nodes["model.wire.orders"].post_hooks;
        let wire = hooks.iter().position(|hook| hook.name == "07_resolve_tripwire").expect("a tripwire");
        // Ten rows, `due` of them due. The row before the first period and the row without a key
        // cannot be archived.
        let mut tried = |due: i64| {
            engine.run("DELETE FROM ods.orders");
            for id in 0..8 {
                let t = if id < due { 1_755_000_000 } else { 1_770_000_000 };
                engine.run(&format!("INSERT INTO ods.orders VALUES ({id}, {t})"));
            }
            engine.run("INSERT INTO ods.orders VALUES (8, 1700000000), (NULL, 1755000000)");
            for hook in &hooks[..wire] {
                engine.run(&crate::engine::at(&hook.sql, dialect, NOW));
            }
            let sql = format!("SELECT CAST(rowkeep_tripwire AS VARCHAR) FROM ({}) AS w", hooks[wire].sql);
            match &mut engine {
                crate::engine::Engine::DuckDb(connection) => {
                    let mut statement = connection.prepare(&sql).expect("it is a query");
                    let rows =
                        statement.query_map([], |row| row.get::<_, Option<String>>(0)).and_then(Iterator::collect);
                    rows.map_err(|error| error.to_string())
                }
                crate::engine::Engine::Postgres(client) => {
                    let rows = client.query(&sql, &[]);
                    let rows = rows.map(|rows| rows.iter().map(|row| row.get::<_, Option<String>>(0)).collect());
                    rows.map_err(|error| error.as_db_error().expect("it said so").message().to_owned())
                }
            }
        };
        assert_eq!(tried(0), Ok(Vec::<Option<String>>::new()), "{dialect}");
        assert_eq!(tried(2), Ok(vec![]), "{dialect}: two of ten are 20%");
        let said = tried(3).expect_err("three of ten are more");
        assert!(
            said.contains("rowkeep tripwire: 3 of 10 rows of orders are due and not held, more than 20 in 100"),
            "{said}"
        );
    }
}
