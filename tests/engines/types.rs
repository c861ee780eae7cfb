//! Column types of PostgreSQL that Rowkeep copies as they are: their values stay the same through a
//! cycle, a restore and a rotation.

use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, cycle, run_at};

/// Types, each with a value.
const TYPES: [(&str, &str); 49] = [
    ("smallint", "-7"),
    ("int", "2147483647"),
    ("int8", "9007199254740993"),
    ("numeric", "3.141592653589793238462643383279502884197"),
    ("numeric(12,2)", "1234567890.12"),
    ("decimal(38, 10)", "0.0000000001"),
    ("real", "0.1"),
    ("float8", "0.1"),
    ("double precision", "1e-300"),
    ("money", "12.34"),
    ("bool", "true"),
    ("char(3)", "a"),
    ("bpchar", "a  "),
    ("varchar(20)", "  spaces  "),
    ("character varying(5)", "abc"),
    ("text", "naïve, \u{1F600}"),
    ("name", "a_name"),
    ("bytea", "\\x00ff10"),
    ("uuid", "6f1c2f66-3a63-4d0e-9a76-111111111111"),
    ("json", "{\"b\": 1,  \"a\": [2]}"),
    ("jsonb", "{\"b\": 1, \"a\": [2]}"),
    ("pg_catalog.json", "{\"b\": 1,  \"a\": [2], \"b\": 3}"),
    ("varchar", "any length"),
    ("timestamp(3)", "2025-03-30 02:30:00.123"),
    ("xml", "<a b=\"1\">x</a>"),
    ("date", "2025-02-28"),
    ("time", "23:59:59.999999"),
    ("timetz", "10:00:00+05"),
    ("timestamp", "2025-03-30 02:30:00.000001"),
    ("timestamp with time zone", "2025-03-30 02:30:00.000001+02"),
    ("interval", "1 year 2 mons 3 days 04:05:06.7"),
    ("inet", "192.168.0.1/24"),
    ("cidr", "10.0.0.0/8"),
    ("macaddr", "08:00:2b:01:02:03"),
    ("bit(3)", "101"),
    ("varbit", "10101"),
    ("int4range", "[1,10)"),
    ("numrange", "(1.5,2.5]"),
    ("point", "(1,2)"),
    ("box", "((0,0),(1,1))"),
    ("circle", "<(0,0),1>"),
    ("polygon", "((0,0),(1,1),(1,0))"),
    ("text[]", "{a,NULL,\"b,c\"}"),
    ("integer[]", "{{1,2},{3,4}}"),
    ("tsvector", "'fat':2 'cat':3"),
    ("oid", "4294967295"),
    ("ops.mood", "happy"),
    ("ops.amount", "7"),
    ("jsonb[]", "{\"{}\"}"),
];

fn project(periods: &str) -> Inputs {
    let columns: String = TYPES.iter().enumerate().map(|(i, (ty, _))| format!("      c{i}: \"{ty}\"\n")).collect();
    Inputs::new(
        "rowkeep.yml",
        format!(
            "name: shop
dialect: postgres
schema: ods
periods: [{periods}]
exceptions: {{ table: shop_exceptions, key: order_id }}
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: {{ column: updated_at, unit: epoch_seconds }}
    rows: latest
    retention: {{ for: 180 days }}
    exception: ORDERS_GAP
    columns: {{ order_id: uuid not null, updated_at: bigint not null }}
  - model: mart_items
    history: hist_items
    unique_key: [order_id, item_id]
    time: {{ column: made_at, unit: epoch_seconds }}
    rows: events
    retention: {{ while_in: mart_orders }}
    exception: ITEMS_GAP
    columns:
      order_id: uuid not null
      item_id: uuid not null
      made_at: bigint not null
{columns}"
        ),
    )
}

const OLD: i64 = 1_752_105_600; // 2025-07-10
const NEW: i64 = 1_772_236_800; // 2026-02-28
const NOW: i64 = 1_772_323_200; // 2026-03-01

#[test]
fn the_values_of_49_types_stay_the_same() {
    let inputs = project("2025_h2, 2026_h1");
    let compiled = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}"));
    let manifest = compiled.manifest().clone();
    let mut engine = Engine::open(Dialect::Postgres, "forty_types");
    engine.run("CREATE SCHEMA ops");
    engine.run("CREATE TYPE ops.mood AS ENUM ('sad', 'happy')");
    engine.run("CREATE DOMAIN ops.amount AS integer CHECK (VALUE > 0)");
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
    let order = |n: u8| format!("'00000000-0000-4000-8000-00000000000{n}'");
    engine.run(&format!("INSERT INTO ods.mart_orders VALUES ({}, {OLD}), ({}, {NEW})", order(1), order(2)));
    let quoted = |value: &str| format!("'{}'", value.replace('\'', "''"));
    let values: Vec<_> = TYPES.iter().map(|(ty, value)| format!("CAST({} AS {ty})", quoted(value))).collect();
    let nulls = vec!["NULL"; TYPES.len()].join(", ");
    engine.run(&format!("INSERT INTO ods.mart_items VALUES ({0}, {0}, {OLD}, {1})", order(1), values.join(", ")));
    engine.run(&format!("INSERT INTO ods.mart_items VALUES ({}, {}, {OLD}, {nulls})", order(1), order(9)));
    let rows = |engine: &mut Engine, table: &str| {
        engine.texts(&format!("SELECT CAST(ROW(t.*) AS TEXT) FROM ods.{table} AS t ORDER BY t.item_id"))
    };
    let before = rows(&mut engine, "mart_items");
    assert_eq!(before.len(), 2);

    run_at(&mut engine, &cycle(&manifest), Dialect::Postgres, NOW);
    assert_eq!((rows(&mut engine, "mart_items"), rows(&mut engine, "hist_items_2025_h2")), (vec![], before.clone()));
    assert_eq!(rows(&mut engine, "all_hist_items"), before, "the view");

    // The order comes back, and its items with it.
    engine.run(&format!("INSERT INTO ods.mart_orders VALUES ({}, {NEW})", order(1)));
    run_at(&mut engine, &cycle(&manifest), Dialect::Postgres, NOW);
    assert_eq!((rows(&mut engine, "mart_items"), rows(&mut engine, "hist_items_2025_h2")), (before.clone(), vec![]));

    let rotated = rowkeep::compile(&project("2025_h2, 2026_h1, 2026_h2")).expect("it compiles").manifest().clone();
    engine.define(&rotated);
    engine.run(&format!("UPDATE ods.mart_orders SET updated_at = {OLD} WHERE order_id = {}", order(1)));
    run_at(&mut engine, &cycle(&rotated), Dialect::Postgres, NOW);
    assert_eq!((rows(&mut engine, "mart_items"), rows(&mut engine, "hist_items_2025_h2")), (vec![], before.clone()));
    assert_eq!(rows(&mut engine, "all_hist_items"), before, "the view after the rotation");
}

/// PostgreSQL has no equality for json and xml. A load over such columns writes equal rows again,
/// and still corrects a row.
#[test]
fn a_load_corrects_columns_that_cannot_be_compared() {
    let inputs = Inputs::new(
        "rowkeep.yml",
        "name: shop
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
    columns: { order_id: bigint not null, updated_at: bigint not null, note: xml, place: point }
    source: landing.orders_raw
    incremental: { order_by: [updated_at desc, landed_no desc] }
    source_columns: { landed_no: bigint }
",
    );
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(Dialect::Postgres, "not_comparable");
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, Dialect::Postgres);
    for (landed, note) in [(1, "<a/>"), (2, "<b/>")] {
        engine.run(&format!("INSERT INTO landing.orders_raw VALUES (1, {NEW}, '{note}', '(1,2)', {landed})"));
        run_at(&mut engine, &cycle(&manifest), Dialect::Postgres, NOW);
        assert_eq!(engine.texts("SELECT CAST(note AS TEXT) FROM ods.mart_orders"), [note]);
    }
}
