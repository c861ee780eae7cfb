//! The columns of a table change: a column is added in the middle, one gets a wider type, and one
//! is removed. The statements of `diff` run before the next cycle, and no value changes.

use rowkeep::diff::diff;
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{ENGINES, Engine, cycle, run_at};

const OLD: i64 = 1_752_105_600; // 2025-07-10
const NOW: i64 = 1_772_323_200; // 2026-03-01

fn project(columns: &str) -> Inputs {
    let text = "name: shop
dialect: postgres
schema: columns
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
    layout: { index: plain }
    columns: { order_id: bigint not null, <columns>, updated_at: bigint not null }
";
    Inputs::new("rowkeep.yml", text.replace("<columns>", columns))
}

#[test]
fn the_statements_of_diff_make_a_change_of_columns_safe() {
    let before = project("state: varchar(5) not null, note: varchar(20)");
    let after = project("channel: varchar(10), note: varchar(40)");
    for dialect in ENGINES {
        let (before, after) = (before.clone().with_dialect(dialect), after.clone().with_dialect(dialect));
        let compiled = |inputs: &Inputs| rowkeep::compile(inputs).expect("it compiles").manifest().clone();
        let mut engine = Engine::open(dialect, "columns_change");
        engine.create(&resolve(&before).expect("it resolves"), &compiled(&before), dialect);
        let insert = |id: u8, time: i64| format!("INSERT INTO columns.mart_orders VALUES ({id}, 'a', 'n{id}', {time})");
        engine.run(&insert(1, OLD));
        engine.run(&insert(2, NOW));
        run_at(&mut engine, &cycle(&compiled(&before)), dialect, NOW);
        let archived = "SELECT note FROM columns.hist_orders_2025_h2 ORDER BY order_id";
        assert_eq!(engine.texts(archived), ["n1"], "{dialect}");

        let preview = diff(&before, &after).expect("both compile");
        assert!(!preview.altered.is_empty());
        if dialect == Dialect::DuckDb {
            // DuckDB alters no column of a table that has an index.
            for index in engine.texts("SELECT index_name FROM duckdb_indexes() WHERE schema_name = 'columns'") {
                engine.run(&format!("DROP INDEX columns.{index}"));
            }
        }
        for alteration in &preview.altered {
            engine.run(&alteration.sql);
        }
        engine.define(&compiled(&after));
        engine.run(&format!(
            "INSERT INTO columns.mart_orders (order_id, channel, note, updated_at) VALUES (3, 'web', 'n3', {OLD})"
        ));
        run_at(&mut engine, &cycle(&compiled(&after)), dialect, NOW + 60);
        assert_eq!(engine.texts(archived), ["n1", "n3"], "{dialect}");
        let states = "SELECT COALESCE(state, 'none') FROM columns.hist_orders_2025_h2 ORDER BY order_id";
        assert_eq!(engine.texts(states), ["a", "none"], "{dialect}: archived values stay");
        let all = "SELECT COALESCE(channel, 'none') FROM columns.all_hist_orders ORDER BY order_id";
        assert_eq!(engine.texts(all), ["none", "none", "web"], "{dialect}");
    }
}

/// The key gets a wider type, and the time a zone. The tables that Rowkeep adds have them too, and no
/// time moves, although the session is not in UTC.
#[test]
fn the_statements_of_diff_change_the_types_of_key_and_time_everywhere() {
    let of = |dialect, key: &str, time: &str| {
        let text = format!(
            "name: shop
dialect: {dialect}
schema: columns
periods: [2025_h2, 2026_h1]
exceptions: {{ table: shop_exceptions, key: id, erased: shop_erased }}
defaults: {{ rows: latest, layout: {{ index: plain }}, retention: {{ for: 90 days }}, time: {{ column: at }} }}
tables:
  - model: mart
    history: hist
    unique_key: id
    exception: MART_GAP
    columns: {{ id: {key} not null, at: {time} }}
  - model: purged
    archive: none
    unique_key: id
    tripwire: {{ share: 90%, at_least: 100 }}
    exception: PURGED_GAP
    columns: {{ id: {key} not null, at: {time} }}
"
        );
        Inputs::new("rowkeep.yml", text)
    };
    for dialect in ENGINES {
        let (before, after) = (of(dialect, "integer", "timestamp"), of(dialect, "bigint", "timestamptz"));
        let compiled = |inputs: &Inputs| rowkeep::compile(inputs).expect("it compiles").manifest().clone();
        let mut engine = Engine::open(dialect, "types_change");
        engine.create(&resolve(&before).expect("it resolves"), &compiled(&before), dialect);
        let zone = if dialect == Dialect::DuckDb {
            "SET TimeZone = 'America/New_York'"
        } else {
            "SET TIME ZONE 'America/New_York'"
        };
        engine.run(zone);
        engine.run("INSERT INTO columns.mart VALUES (1, TIMESTAMP '2025-12-31 21:00:00'), (2, TIMESTAMP '2026-06-01 00:00:00')");
        engine.run("INSERT INTO columns.purged VALUES (1, TIMESTAMP '2025-12-31 21:00:00'), (2, TIMESTAMP '2026-06-01 00:00:00')");
        let now = 1_780_272_000; // 2026-06-01
        run_at(&mut engine, &cycle(&compiled(&before)), dialect, now);
        if dialect == Dialect::DuckDb {
            for index in engine.texts("SELECT index_name FROM duckdb_indexes() WHERE schema_name = 'columns'") {
                engine.run(&format!("DROP INDEX columns.{index}"));
            }
        }
        for alteration in diff(&before, &after).expect("both compile").altered {
            engine.run(&alteration.sql);
        }
        engine.define(&compiled(&after));
        let old = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'columns' \
                   AND (column_name IN ('id', 'at', 'cutoff', 'oldest_time', 'newest_time')) \
                   AND LOWER(data_type) IN ('integer', 'timestamp', 'timestamp without time zone') ORDER BY 1";
        assert!(engine.texts(old).is_empty(), "{dialect}: {:?}", engine.texts(old));
        let at = "SELECT CAST(CAST(EXTRACT(EPOCH FROM _h.at) AS BIGINT) AS VARCHAR) FROM columns.hist_2025_h2 AS _h";
        assert_eq!(engine.texts(at), ["1767214800"], "{dialect}: 2025-12-31 21:00 UTC");
        // A due row without a period, whose key needs the wider type.
        engine.run("INSERT INTO columns.mart VALUES (3000000000, TIMESTAMPTZ '2020-01-01 00:00:00+00')");
        run_at(&mut engine, &cycle(&compiled(&after)), dialect, now + 60);
        let exceptions = "SELECT exception_type FROM columns.shop_exceptions WHERE id = 3000000000";
        assert_eq!(engine.texts(exceptions), ["MART_GAP"], "{dialect}");
    }
}
