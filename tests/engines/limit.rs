//! A limit: a backlog drains in cycles of bounded statements.

use rowkeep::artifacts::Artifacts;
use rowkeep::{Dialect, Inputs};

use crate::engine::{Engine, run_at};

/// The due rows at the start. `ROWKEEP_BACKLOG=1500000` takes a minute.
const BACKLOG: &str = "300000";
/// The limit of the spec.
const LIMIT: i64 = 100_000;
/// 2026-06-01 in seconds since 1970. The retention is 180 days.
const NOW: i64 = 1_780_272_000;

const PROJECT: &str = "
name: shop
dialect: postgres
schema: limited
periods: [2025_h1, 2025_h2, 2026_h1]
exceptions: { table: shop_exceptions, key: order_id }
tables:
- model: mart_orders
  history: hist_orders
  unique_key: order_id
  time: { column: updated_at, unit: epoch_seconds }
  rows: latest
  retention: { for: 180 days }
  exception: ORDERS_GAP
  columns: { order_id: bigint not null, state: text, updated_at: bigint not null }
  source: limited.orders_raw
  limit: 100000 rows
";

/// The project, installed in its own database.
fn installed(project: &str, database: &str) -> (Engine, Artifacts) {
    let inputs = Inputs::new("rowkeep.yml", project);
    let spec = rowkeep::resolve(&inputs).expect("it resolves");
    let artifacts = rowkeep::compile(&inputs).expect("it compiles").into_artifacts();
    let mut engine = Engine::open(Dialect::Postgres, database);
    engine.create(&spec, artifacts.manifest(), Dialect::Postgres);
    (engine, artifacts)
}

#[test]
fn a_backlog_drains_with_a_statement_timeout() {
    // The test command runs beside other tests, so a statement may take longer.
    let (backlog, timeout) = match std::env::var("ROWKEEP_BACKLOG") {
        Ok(rows) => (rows, "2s"),
        Err(_) => (BACKLOG.to_owned(), "20s"),
    };
    let backlog: i64 = backlog.parse().expect("a number of rows");
    let (mut engine, artifacts) = installed(PROJECT, "limit_backlog");
    let manifest = artifacts.manifest();
    // The planner takes a table that was analyzed without rows for empty, and joins by nested loops:
    // docs/explanation/performance.md.
    engine.run("VACUUM ANALYZE");
    // The due rows are spread over 2025. The keys are in another order than the times.
    engine.run(&format!(
        "INSERT INTO limited.mart_orders
         SELECT (i * 7919) % 2000003, 'x', 1735689600 + i * 28000000 / {backlog}
         FROM generate_series(CAST(1 AS BIGINT), {backlog}) AS t(i)"
    ));
    engine.run(&format!("INSERT INTO limited.mart_orders VALUES (9000000, 'new', {NOW})"));
    let hold = "INSERT INTO limited.shop_exceptions VALUES (7919, 'ORDERS_GAP_HOLD', TIMESTAMP '2026-06-01 00:00:00')";
    engine.run(hold);
    engine.run(&format!("SET statement_timeout = '{timeout}'"));
    let hooks: Vec<_> = manifest.nodes[&manifest.order[0]].post_hooks.iter().collect();
    let count = |engine: &mut Engine, relation: &str| -> i64 {
        let counted = engine.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM limited.{relation}"));
        counted[0].parse().expect("a number")
    };
    let cycles = backlog / LIMIT;
    for cycle in 1..=cycles {
        run_at(&mut engine, &hooks, Dialect::Postgres, NOW + cycle * 900);
        // The held row stays, and does not count for the limit.
        let left = (backlog - cycle * LIMIT).max(1);
        assert_eq!(count(&mut engine, "mart_orders"), left + 1, "after cycle {cycle}");
    }
    engine.run("SET statement_timeout = 0");
    assert_eq!(count(&mut engine, "all_hist_orders"), backlog + 1, "no row is lost");
    // The oldest rows left first, so the held row is the only old one.
    assert_eq!(engine.texts("SELECT CAST(MIN(order_id) AS TEXT) FROM limited.mart_orders"), ["7919"]);
    assert_eq!(engine.texts("SELECT exception_type FROM limited.shop_exceptions"), ["ORDERS_GAP_HOLD"]);
}

#[test]
fn a_monitor_tells_how_many_rows_wait() {
    let project = PROJECT.replace("limit: 100000 rows", "limit: 3 rows").replace("limited", "waiting");
    let (mut engine, artifacts) = installed(&project, "limit_monitor");
    let manifest = artifacts.manifest();
    engine.run("INSERT INTO waiting.mart_orders SELECT i, 'x', 1735689600 + i FROM generate_series(1, 8) AS t(i)");
    engine.run(&format!("INSERT INTO waiting.mart_orders VALUES (9, 'new', {NOW})"));
    let hooks: Vec<_> = manifest.nodes[&manifest.order[0]].post_hooks.iter().collect();
    let find = |name: &str| {
        let monitor = manifest.monitors.iter().find(|monitor| monitor.name == format!("mart_orders__{name}"));
        crate::engine::at(&monitor.expect("a monitor of that name").find.sql, Dialect::Postgres, NOW)
    };
    let (backlog, bounded) = (find("backlog"), find("bounded"));
    let waiting = |engine: &mut Engine| {
        let text = "SELECT CONCAT_WS(' ', rowkeep_due_rows, rowkeep_waiting_rows, rowkeep_oldest) FROM";
        engine.texts(&format!("{text} ({backlog}) AS found"))
    };
    assert_eq!(waiting(&mut engine), ["8 5 1735689601"]);
    run_at(&mut engine, &hooks, Dialect::Postgres, NOW);
    assert_eq!(waiting(&mut engine), ["5 2 1735689604"]);
    // Rows that wait are no finding of the monitor of due rows.
    assert!(engine.texts(&format!("SELECT CAST(rowkeep_key AS TEXT) FROM ({bounded}) AS found")).is_empty());
    run_at(&mut engine, &hooks, Dialect::Postgres, NOW);
    assert!(waiting(&mut engine).is_empty());
}

/// A key that has a row without a period keeps an open exception. Its other rows cannot leave, so
/// they must not use up the limit.
#[test]
fn rows_with_an_open_exception_do_not_use_up_the_limit() {
    let project = PROJECT
        .replace("limit: 100000 rows", "limit: 2 rows")
        .replace("limited", "starved")
        .replace("unique_key: order_id", "unique_key: [order_id, line]")
        .replace("order_id: bigint not null, state", "order_id: bigint not null, line: bigint not null, state");
    let (mut engine, artifacts) = installed(&project, "limit_starved");
    let manifest = artifacts.manifest();
    // Order 1 has a line of 2024, for which no period exists, and six old lines. Order 2 is newer.
    engine.run("INSERT INTO starved.mart_orders VALUES (1, 0, 'x', 1704067200)");
    engine.run("INSERT INTO starved.mart_orders SELECT 1, i, 'x', 1735689600 + i FROM generate_series(1, 6) AS t(i)");
    engine.run(&format!("INSERT INTO starved.mart_orders VALUES (2, 0, 'x', 1738368000), (3, 0, 'new', {NOW})"));
    let hooks: Vec<_> = manifest.nodes[&manifest.order[0]].post_hooks.iter().collect();
    for cycle in 0..2 {
        run_at(&mut engine, &hooks, Dialect::Postgres, NOW + cycle * 900);
    }
    // The first cycle archives two lines of order 1, and then records the line without a period. In
    // the second cycle this exception is open, so order 2 has its turn.
    let left = engine.texts("SELECT CONCAT_WS('-', order_id, line) FROM starved.mart_orders ORDER BY order_id, line");
    assert_eq!(left, ["1-0", "1-3", "1-4", "1-5", "1-6", "3-0"]);
    assert_eq!(engine.texts("SELECT exception_type FROM starved.shop_exceptions"), ["ORDERS_GAP"]);
}
