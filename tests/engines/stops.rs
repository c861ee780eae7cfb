//! A cycle that stops, and the next cycle after it. Random simulation found each case.

use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{ENGINES, Engine, cycle, run_at};

const PROJECT: &str = "name: stops
dialect: duckdb
schema: ods
periods: [2025_h2, 2026_h1]
exceptions: { table: gaps, key: order_id }
defaults: { rows: latest, time: { column: t, unit: epoch_seconds } }
tables:
  - { model: orders, history: hist_orders, unique_key: order_id, retention: { for: 180 days }, exception: GAP, columns: { order_id: bigint, t: bigint }, source: raw.orders, source_columns: { no: bigint }, incremental: { order_by: [t desc, no desc] } }
  - { model: details, history: hist_details, unique_key: order_id, retention: { while_in: orders }, exception: GAP_DETAILS, columns: { order_id: bigint, t: bigint }, source: raw.details, source_columns: { no: bigint }, incremental: { order_by: [t desc, no desc] } }
";

const DAY: i64 = 86_400;
/// 2025-07-01.
const START: i64 = 20_270;

/// A row that was archived but not trimmed. It is in no batch any more, and a hold keeps it in the
/// mart.
fn archived_then_held(dialect: Dialect) -> Vec<String> {
    let inputs = Inputs::new("rowkeep.yml", PROJECT).with_dialect(dialect);
    let manifest = rowkeep::compile(&inputs).expect("it compiles").manifest().clone();
    let mut engine = Engine::open(dialect, "stops");
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, dialect);
    let statements = cycle(&manifest);
    let time = |day: i64| (START + day) * DAY;

    engine.run(&format!("INSERT INTO raw.details VALUES (1, {}, 1)", time(31)));
    run_at(&mut engine, &statements, dialect, time(62));
    engine.run("DELETE FROM raw.details");
    // Much later the row is due. The cycle archives it and stops before the trim.
    engine.run(&format!("INSERT INTO raw.orders VALUES (2, {}, 2)", time(274)));
    let trim =
        statements.iter().position(|hook| hook.step == "trim" && hook.writes[0].contains("details")).expect("a trim");
    run_at(&mut engine, &statements[..trim], dialect, time(274));
    assert_eq!(
        engine.texts("SELECT CAST(COUNT(*) AS VARCHAR) FROM ods.hist_details_2025_h2"),
        ["1"],
        "it was archived"
    );
    engine.run("INSERT INTO ods.gaps (order_id, exception_type) VALUES (1, 'GAP_DETAILS_HOLD')");
    run_at(&mut engine, &statements, dialect, time(275));

    let mut places = engine.texts("SELECT 'mart ' || CAST(order_id AS VARCHAR) FROM ods.details");
    places.extend(engine.texts("SELECT 'history ' || CAST(order_id AS VARCHAR) FROM ods.hist_details_2025_h2"));
    places
}

#[test]
fn an_archived_row_that_is_held_before_its_trim_is_in_one_table() {
    for dialect in ENGINES {
        assert_eq!(archived_then_held(dialect), ["mart 1"], "{dialect}");
    }
}
