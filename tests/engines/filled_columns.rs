//! Columns of marts that PostgreSQL fills: identities and generated columns.

use rowkeep::doctor::doctor;
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, cycle, run_at};

const NOW: i64 = 1_780_272_000; // 2026-06-01

const PROJECT: &str = "name: shop
dialect: postgres
schema: filled
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
  - model: mart_items
    history: hist_items
    unique_key: item_id
    exceptions: { table: item_exceptions, key: item_id }
    time: { column: created_at, unit: epoch_seconds }
    rows: events
    retention: { while_in: { model: mart_orders, on: { order_id: order_id } } }
    exception: ITEMS_GAP
    columns: { item_id: <item>, order_id: <order>, created_at: bigint not null }
";

/// The project with the declarations of the columns of items.
fn project(item: &str, order: &str) -> Inputs {
    Inputs::new("rowkeep.yml", PROJECT.replace("<item>", item).replace("<order>", order))
}

/// A database in which the mart of items has these columns.
fn installed(name: &str, inputs: &Inputs, columns: &str) -> Engine {
    let mut engine = Engine::open(Dialect::Postgres, name);
    engine.run("CREATE SCHEMA filled");
    engine.run(&format!("CREATE TABLE filled.mart_items ({columns}, created_at BIGINT NOT NULL)"));
    let spec = resolve(inputs).unwrap_or_else(|wrong| panic!("{wrong}"));
    engine.create(&spec, rowkeep::compile(inputs).expect("it compiles").manifest(), Dialect::Postgres);
    engine
}

fn run_cycle(engine: &mut Engine, inputs: &Inputs, now: i64) {
    let compilation = rowkeep::compile(inputs).expect("it compiles");
    run_at(engine, &cycle(compilation.manifest()), Dialect::Postgres, now);
}

/// The findings of the doctor about filled columns.
fn findings(name: &str, inputs: &Inputs) -> Vec<String> {
    let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    let url = stated.replace("dbname=postgres", &format!("dbname={name}"));
    let spec = resolve(inputs).unwrap_or_else(|wrong| panic!("{wrong}"));
    let compilation = rowkeep::compile(inputs).expect("it compiles");
    let checkup = doctor(&spec, compilation.artifacts(), (&url, None), &mut |_| {}).expect("the database answers");
    let found = checkup.findings.iter().filter(|found| found.code().as_str() == "RK923");
    found.map(|found| found.message().to_owned()).collect()
}

/// The text of a run-book.
fn runbook(inputs: &Inputs, name: &str) -> String {
    let compilation = rowkeep::compile(inputs).expect("it compiles");
    compilation.get(&format!("runbooks/{name}.md")).expect("the project has the run-book").to_owned()
}

/// An archived item returns with its order, as it was.
fn an_item_returns(engine: &mut Engine, inputs: &Inputs, insert: &str) {
    let old = NOW - 200 * 86_400;
    engine.run(&format!("INSERT INTO filled.mart_orders VALUES (1, {NOW}), (2, {old})"));
    engine.run(&insert.replace("OLD", &old.to_string()));
    let items = "SELECT CONCAT_WS(' ', item_id, order_id) FROM filled.mart_items ORDER BY item_id";
    let all = engine.texts(items);
    assert_eq!(all.len(), 2);
    run_cycle(engine, inputs, NOW);
    assert_eq!(engine.texts(items), all[..1], "the item of the old order is archived");
    let archived = "SELECT CONCAT_WS(' ', item_id, order_id) FROM filled.hist_items_2025_h2";
    assert_eq!(engine.texts(archived), all[1..]);
    engine.run(&format!("UPDATE filled.mart_orders SET updated_at = {NOW} WHERE order_id = 2"));
    engine.run(&format!("INSERT INTO filled.mart_orders SELECT 2, {NOW} WHERE NOT EXISTS (SELECT 1 FROM filled.mart_orders WHERE order_id = 2)"));
    run_cycle(engine, inputs, NOW + 60);
    assert_eq!(engine.texts(items), all, "the item returned as it was");
    assert!(engine.texts(archived).is_empty());
}

#[test]
fn an_item_with_an_identity_returns_with_its_number() {
    let columns = "item_id BIGINT GENERATED ALWAYS AS IDENTITY, order_id BIGINT NOT NULL";
    let inputs = project("bigint identity", "bigint not null");
    let mut engine = installed("filled_identity", &inputs, columns);
    assert_eq!(findings("filled_identity", &inputs), [""; 0]);
    let insert = "INSERT INTO filled.mart_items (order_id, created_at) VALUES (1, OLD), (2, OLD)";
    an_item_returns(&mut engine, &inputs, insert);

    // A seed with stated numbers leaves the identity behind.
    engine.run(&format!("INSERT INTO filled.mart_items OVERRIDING SYSTEM VALUE VALUES (70, 1, {NOW})"));
    assert_eq!(
        findings("filled_identity", &inputs),
        [
            "the identity `item_id` of filled.mart_items has not counted up to 70, which a row has: a new row could get the number of an old one"
        ]
    );
    let count_on = runbook(&inputs, "migration");
    let (_, count_on) = count_on.split_once("SELECT setval(").expect("the seed is followed by setval");
    let (count_on, _) = count_on.split_once(';').expect("a statement");
    engine.run(&format!("SELECT setval({count_on}"));
    assert_eq!(findings("filled_identity", &inputs), [""; 0]);
    engine.run(&format!("INSERT INTO filled.mart_items (order_id, created_at) VALUES (1, {NOW})"));
    assert_eq!(engine.texts("SELECT CAST(MAX(item_id) AS TEXT) FROM filled.mart_items"), ["71"]);

    let plain = project("bigint not null", "bigint not null");
    assert_eq!(
        findings("filled_identity", &plain),
        [
            "column `item_id` of filled.mart_items is an identity that is GENERATED ALWAYS: each statement that inserts rows into the table fails"
        ]
    );
}

#[test]
fn the_column_that_joins_an_item_to_its_order_may_be_generated() {
    let columns = "item_id BIGINT NOT NULL, order_id BIGINT GENERATED ALWAYS AS (item_id / 10) STORED";
    let inputs = project("bigint not null", "bigint not null generated");
    let mut engine = installed("filled_generated", &inputs, columns);
    assert_eq!(findings("filled_generated", &inputs), [""; 0]);
    let insert = "INSERT INTO filled.mart_items (item_id, created_at) VALUES (10, OLD), (20, OLD)";
    an_item_returns(&mut engine, &inputs, insert);

    let plain = project("bigint not null", "bigint not null");
    assert_eq!(
        findings("filled_generated", &plain),
        ["column `order_id` of filled.mart_items is generated: each statement that inserts rows into the table fails"]
    );
    engine.run("ALTER TABLE filled.mart_items ALTER order_id DROP EXPRESSION");
    assert_eq!(
        findings("filled_generated", &inputs),
        [
            "column `order_id` of filled.mart_items is not generated: a row that returns from history has NULL there, and its copy is deleted"
        ]
    );
}
