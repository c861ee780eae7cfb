//! The plans of a cycle on PostgreSQL: each statement finds its rows by an index.

use rowkeep::Dialect;
use serde_json::Value;

use crate::engine::{Engine, at, order_tracking};

const PERIODS: &str = "2024_h1, 2024_h2, 2025_h1, 2025_h2";
/// Rows of each history table and of each mart.
const HISTORY: u64 = 100_000;
const MART: u64 = 20_000;
/// Rows of the batch of each table.
const BATCH: u64 = 50;
/// 2025-12-01 in seconds since 1970. Rows are due if they are 180 days older.
const NOW: i64 = 1_764_547_200;
const HALF_YEAR: i64 = 15_724_800;

/// The nodes of a plan, each before its parts.
fn nodes<'a>(plan: &'a Value, found: &mut Vec<&'a Value>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| nodes(part, found)),
        Value::Object(node) => {
            if node.contains_key("Node Type") {
                found.push(plan);
            }
            node.values().for_each(|part| nodes(part, found));
        }
        _ => {}
    }
}

fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node[key].as_str().unwrap_or_default()
}

/// The table of which a node reads every row.
fn read_as_a_whole(node: &Value) -> Option<&str> {
    let is_whole = match text(node, "Node Type") {
        "Seq Scan" => true,
        "Index Scan" | "Index Only Scan" => node.get("Index Cond").is_none(),
        _ => false,
    };
    is_whole.then(|| text(node, "Relation Name"))
}

/// Why a plan is too expensive for a statement that moves few rows.
fn objections(plan: &Value) -> Vec<String> {
    let mut all = Vec::new();
    nodes(plan, &mut all);
    let mut wrong = Vec::new();
    for node in all {
        if let Some(table) = read_as_a_whole(node).filter(|table| table.starts_with("hist_")) {
            wrong.push(format!("reads every row of {table}"));
        }
        if text(node, "Node Type") == "Nested Loop" {
            // An aggregate has one row, and is read once.
            let mut inner = Vec::new();
            if text(&node["Plans"][1], "Node Type") != "Aggregate" {
                nodes(&node["Plans"][1], &mut inner);
            }
            // A catalogue has a row for each partition of the database: here it is empty.
            let is_small =
                |table: &str| table.contains("__") || table.ends_with("exceptions") || table == "pg_inherits";
            let mut large = inner.into_iter().filter_map(read_as_a_whole).filter(|table| !is_small(table));
            wrong.extend(large.next().map(|table| format!("reads {table} once per row of another table")));
        }
    }
    wrong
}

/// The plan of a statement, which does not run.
fn plan(engine: &mut Engine, sql: &str) -> Value {
    let Engine::Postgres(client) = engine else { unreachable!("the test opens PostgreSQL") };
    let answer = client.simple_query(&format!("EXPLAIN (FORMAT JSON) {sql}")).expect("a plan");
    let row = answer.iter().find_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(row.expect("a row")).expect("JSON")
}

#[test]
fn no_statement_of_a_cycle_reads_a_whole_history_table() {
    let inputs = order_tracking(Dialect::Postgres, PERIODS);
    let spec = rowkeep::resolve(&inputs).expect("it resolves");
    let compilation = rowkeep::compile(&inputs).expect("it compiles");
    let manifest = compilation.manifest();
    let mut engine = Engine::open(Dialect::Postgres, "plans");
    engine.create(&spec, manifest, Dialect::Postgres);
    let columns = |order: &str, time: &str| {
        [
            ("uni_tracking_info", format!("{order}, 1, {time}")),
            ("ecs_order_info", format!("{order}, 1, {time}")),
            ("uni_tracking_spath", format!("{order}, 1, {time}, 1")),
        ]
    };
    let series = |count: u64| format!("generate_series(CAST(1 AS BIGINT), {count}) AS t(i)");
    // The keys of the tables are mixed, so no join ends early.
    for (number, period) in (1..).zip(spec.periods()) {
        let time = format!("{} + i * {HALF_YEAR} / {HISTORY}", period.start_epoch());
        // The current period has only rows that are old enough.
        let time = if number == 4 { format!("{} + i", period.start_epoch()) } else { time };
        for (name, row) in columns(&format!("i * 5 + {number}"), &time) {
            let history = format!("settlement_ods.hist_{name}_{}", period.name);
            engine.run(&format!("INSERT INTO {history} SELECT {row} FROM {}", series(HISTORY)));
        }
    }
    // One row in a thousand is due.
    let time = format!("{NOW} - CASE WHEN i % 1000 = 0 THEN 180 * 86400 + i ELSE i END");
    for (name, row) in columns("i * 5", &time) {
        engine.run(&format!("INSERT INTO settlement_ods.mart_{name} SELECT {row} FROM {}", series(MART)));
        let batch = row.replace(&time, &format!("{NOW} - i"));
        engine.run(&format!(
            "INSERT INTO settlement_public.{name}_raw SELECT {batch}, i, TIMESTAMP '2025-12-01 00:00:00' FROM {}",
            series(BATCH)
        ));
    }
    engine.run("VACUUM ANALYZE");
    let mut planned = 0;
    let mut wrong = Vec::new();
    for hook in manifest.order.iter().flat_map(|id| &manifest.nodes[id].post_hooks) {
        let sql = at(&hook.sql, Dialect::Postgres, NOW);
        let plan = plan(&mut engine, &sql);
        wrong.extend(objections(&plan).into_iter().map(|why| format!("{}: {why}\n{plan:#}", hook.path)));
        planned += 1;
        engine.run(&sql);
    }
    assert!(planned > 50, "{planned} statements");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let archived =
        "SELECT CAST(COUNT(*) AS TEXT) FROM settlement_ods.hist_uni_tracking_info_2025_h1 WHERE order_id % 5 = 0";
    assert_eq!(engine.texts(archived), ["20"], "the cycle has moved the due rows");
    // A filter on time reaches the branches of the view of all copies.
    // 2025-08-01 in seconds since 1970.
    const AUGUST: i64 = 1_754_006_400;
    let tables_read_by = |engine: &mut Engine, view: &str| -> Vec<String> {
        let within = format!("update_time >= {AUGUST} AND update_time < {}", AUGUST + 86_400);
        let sql = format!("SELECT COUNT(*) FROM settlement_ods.{view} WHERE {within}");
        let plan = plan(engine, &sql);
        let mut found = Vec::new();
        nodes(&plan, &mut found);
        let tables = found.iter().map(|node| text(node, "Relation Name").to_owned());
        tables.filter(|table| !table.is_empty()).collect()
    };
    engine.run("SET constraint_exclusion = on");
    let read = tables_read_by(&mut engine, "all_hist_uni_tracking_info__copies");
    assert_eq!(read, ["mart_uni_tracking_info", "hist_uni_tracking_info_2025_h2"]);
    let read = tables_read_by(&mut engine, "all_hist_uni_tracking_info");
    assert_eq!(read.len(), 5, "each key is shown once");
    // The test would see a missing index.
    engine.run("DROP INDEX settlement_ods.hist_uni_tracking_info_2025_h1__key");
    let hooks = &manifest.nodes["model.order_tracking.mart_uni_tracking_info"].post_hooks;
    let stale = hooks.iter().find(|hook| hook.name == "03_stale_fill").expect("a hook of that name");
    let found = objections(&plan(&mut engine, &stale.sql));
    assert_eq!(found, ["reads every row of hist_uni_tracking_info_2025_h1"]);
}
