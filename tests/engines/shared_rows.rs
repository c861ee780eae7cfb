//! Rows that leave with a row of the mart: those of a foreign key, and those of a table that shares
//! its rows with the mart. A cycle stops before it deletes one.

use rowkeep::artifacts::manifest::Manifest;
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

/// Runs a cycle until a statement fails, and returns its name and the error.
fn stop(engine: &mut Engine, manifest: &Manifest) -> (String, String) {
    let stopped = cycle(manifest).into_iter().find_map(|hook| {
        let failed = engine.after(&at(&hook.sql, Dialect::Postgres, NOW), "SELECT 'ran'").err();
        failed.map(|why| (hook.name.clone(), why))
    });
    stopped.expect("the cycle stops")
}

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
    let (name, why) = stop(&mut engine, &manifest);
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

/// A mart may have partitions of its own: `ddl/` leaves it as it is, and adds the indexes.
#[test]
fn a_cycle_moves_rows_of_a_partitioned_mart() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(Dialect::Postgres, "partitioned_mart");
    engine.run("CREATE SCHEMA ods");
    engine.run("CREATE TABLE ods.mart_orders (order_id BIGINT NOT NULL, updated_at BIGINT NOT NULL) PARTITION BY RANGE (updated_at)");
    engine.run("CREATE TABLE ods.part_old PARTITION OF ods.mart_orders FOR VALUES FROM (0) TO (1767225600)");
    engine.run("CREATE TABLE ods.part_new PARTITION OF ods.mart_orders DEFAULT");
    manifest.ddl.iter().for_each(|definition| engine.run(&definition.sql));
    engine.run(&format!("INSERT INTO ods.mart_orders VALUES (1, {OLD}), (2, {NEW})"));
    for _ in 0..2 {
        for hook in cycle(&manifest) {
            engine.run(&at(&hook.sql, Dialect::Postgres, NOW));
        }
    }
    let rows = |table: &str| format!("SELECT CAST(order_id AS TEXT) FROM ods.{table}");
    assert_eq!(engine.texts(&rows("mart_orders")), ["2"]);
    assert_eq!(engine.texts(&rows("hist_orders_2025_h2")), ["1"]);
    assert_eq!(engine.texts("SELECT CAST(COUNT(*) AS TEXT) FROM ods.all_hist_orders"), ["2"]);
}

/// A foreign key can refer to one partition of the mart.
#[test]
fn a_cycle_stops_at_a_foreign_key_to_a_partition() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(Dialect::Postgres, "key_of_a_partition");
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
    engine.run("DROP VIEW ods.all_hist_orders, ods.all_hist_orders__copies; DROP TABLE ods.mart_orders");
    engine.run("CREATE TABLE ods.mart_orders (order_id BIGINT NOT NULL, updated_at BIGINT NOT NULL) PARTITION BY HASH (order_id)");
    engine.run("CREATE TABLE ods.only_part PARTITION OF ods.mart_orders FOR VALUES WITH (MODULUS 1, REMAINDER 0)");
    engine.run("ALTER TABLE ods.only_part ADD UNIQUE (order_id)");
    engine.run("CREATE TABLE ods.lines (order_id BIGINT CONSTRAINT lines_order REFERENCES ods.only_part (order_id) ON DELETE CASCADE)");
    engine.run(&format!("INSERT INTO ods.mart_orders VALUES (1, {OLD}), (2, {NEW})"));
    engine.run("INSERT INTO ods.lines VALUES (1), (1), (2)");
    let (name, why) = stop(&mut engine, &manifest);
    assert_eq!(name, "01_cutoff_check");
    assert!(why.contains("rowkeep: the foreign key lines_order of ods.lines deletes or changes rows"), "{why}");
    assert_eq!(engine.texts("SELECT CAST(COUNT(*) AS TEXT) FROM ods.lines"), ["3"]);
}

/// A row of a partition is also a row of its parent: the cleanup would find it in both tables, and
/// delete the only row.
#[test]
fn a_cycle_stops_if_history_tables_are_partitions_of_the_mart() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    // The days at which the two half-years begin and end.
    let halves = [("2025_h2", 1_751_328_000, 1_767_225_600), ("2026_h1", 1_767_225_600, 1_782_864_000)];
    let partitions = halves.map(|(name, from, to)| {
        format!("CREATE TABLE ods.hist_orders_{name} PARTITION OF ods.mart_orders FOR VALUES FROM ({from}) TO ({to})")
    });
    let children = halves.map(|(name, ..)| format!("ALTER TABLE ods.hist_orders_{name} INHERIT ods.mart_orders"));
    for (database, tables) in [("partitions", partitions), ("children", children)] {
        let mut engine = Engine::open(Dialect::Postgres, database);
        engine.create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
        if database == "partitions" {
            engine.run("DROP VIEW ods.all_hist_orders, ods.all_hist_orders__copies; DROP TABLE ods.hist_orders_2025_h2, ods.hist_orders_2026_h1, ods.mart_orders");
            engine.run(
                "CREATE TABLE ods.mart_orders (order_id BIGINT NOT NULL, updated_at BIGINT NOT NULL) PARTITION BY RANGE (updated_at)",
            );
        }
        tables.iter().for_each(|table| engine.run(table));
        engine.run(&format!("INSERT INTO ods.mart_orders VALUES (1, {OLD}), (2, {NEW})"));
        let (name, why) = stop(&mut engine, &manifest);
        assert_eq!(name, "01_cutoff_check", "{database}");
        assert!(why.contains("is a partition or a child of ods.mart_orders"), "{database}: {why}");
        assert_eq!(engine.texts("SELECT CAST(COUNT(*) AS TEXT) FROM ods.mart_orders"), ["2"], "{database}");
    }
}
