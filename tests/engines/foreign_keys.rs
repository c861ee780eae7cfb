//! Foreign keys that refer to a mart: no row is lost with its parent.

use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, at, cycle};

const PROJECT: &str = "name: shop
dialect: postgres
schema: ods
periods: [2025_h2, 2026_h1]
exceptions: { table: shop_exceptions, key: order_id }
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, updated_at: bigint not null }
";

const OLD: i64 = 1_752_105_600; // 2025-07-10
const NEW: i64 = 1_772_236_800; // 2026-02-28
const NOW: i64 = 1_772_323_200; // 2026-03-01

/// With ON DELETE CASCADE, the trim of an order would delete its lines, which no cycle archives.
#[test]
fn a_cycle_stops_before_a_foreign_key_deletes_rows() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(Dialect::Postgres, "foreign_keys");
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
    engine.run(&format!("INSERT INTO ods.mart_orders VALUES (1, {OLD}), (2, {NEW})"));
    engine.run(
        "CREATE TABLE ods.lines (order_id BIGINT, updated_at BIGINT, CONSTRAINT lines_order FOREIGN KEY (order_id, updated_at) \
         REFERENCES ods.mart_orders (order_id, updated_at) ON DELETE CASCADE)",
    );
    engine.run(&format!("INSERT INTO ods.lines VALUES (1, {OLD}), (1, {OLD}), (2, {NEW})"));
    let counts =
        "SELECT CAST((SELECT COUNT(*) FROM ods.lines) AS TEXT) || ' ' || (SELECT COUNT(*) FROM ods.all_hist_orders)";
    let stopped = cycle(&manifest).into_iter().find_map(|hook| {
        let failed = engine.after(&at(&hook.sql, Dialect::Postgres, NOW), "SELECT 'ran'").err();
        failed.map(|why| (hook.name.clone(), why))
    });
    let (name, why) = stopped.expect("the cycle stops");
    assert_eq!(name, "01_cutoff_check");
    assert!(why.contains("rowkeep: the foreign key lines_order of ods.lines deletes or changes rows"), "{why}");
    assert_eq!(engine.texts(counts), ["3 2"]);

    engine.run("ALTER TABLE ods.lines DROP CONSTRAINT lines_order");
    for hook in cycle(&manifest) {
        engine.run(&at(&hook.sql, Dialect::Postgres, NOW));
    }
    assert_eq!(engine.texts(counts), ["3 2"]);
    assert_eq!(engine.texts("SELECT CAST(COUNT(*) AS TEXT) FROM ods.mart_orders"), ["1"]);
}
