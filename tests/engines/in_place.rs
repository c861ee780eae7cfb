//! Marts with a primary key on their unique key: newer versions replace older ones in place.

use std::collections::BTreeMap;

use rowkeep::doctor::doctor;
use rowkeep::rehearse::{Options, Project, rehearse};
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, cycle, run_at};

const NOW: i64 = 1_780_272_000; // 2026-06-01
const DAY: i64 = 86_400;

const PROJECT: &str = "name: shop
dialect: postgres
schema: in_place
periods: [2025_h2, 2026_h1]
exceptions: { table: shop_exceptions, key: order_id }
defaults: { layout: { index: unique_key } }
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, state: varchar(20), updated_at: bigint not null }
    source: in_place.orders_raw
    source_columns: { row_id: bigint }
    incremental: { order_by: [updated_at desc, row_id desc] }
  - model: mart_lines
    history: hist_lines
    unique_key: [order_id, line]
    time: { column: seen_at, unit: epoch_seconds }
    rows: latest
    retention: { while_in: { model: mart_orders, on: { order_id: order_id } } }
    exception: LINES_GAP
    columns: { order_id: bigint not null, line: integer not null, sku: varchar(20), seen_at: bigint }
    source: in_place.lines_raw
    source_columns: { row_id: bigint }
    incremental: { order_by: [seen_at desc, row_id desc] }
";

struct Shop {
    engine: Engine,
    dialect: Dialect,
    inputs: Inputs,
    row_id: i64,
}

impl Shop {
    /// A database whose marts have primary keys.
    fn open(dialect: Dialect, name: &str) -> Self {
        let inputs = Inputs::new("rowkeep.yml", PROJECT).with_dialect(dialect);
        let mut engine = Engine::open(dialect, name);
        engine.run("CREATE SCHEMA in_place");
        for mart in [
            "mart_orders (order_id BIGINT PRIMARY KEY, state VARCHAR(20), updated_at BIGINT NOT NULL)",
            "mart_lines (order_id BIGINT, line INTEGER, sku VARCHAR(20), seen_at BIGINT, PRIMARY KEY (order_id, line))",
        ] {
            engine.run(&format!("CREATE TABLE in_place.{mart}"));
        }
        let spec = resolve(&inputs).unwrap_or_else(|wrong| panic!("{wrong}"));
        engine.create(&spec, rowkeep::compile(&inputs).expect("it compiles").manifest(), dialect);
        Self { engine, dialect, inputs, row_id: 0 }
    }

    fn deliver(&mut self, raw: &str, values: &str) {
        self.row_id += 1;
        self.engine.run(&format!("INSERT INTO in_place.{raw} VALUES ({values}, {})", self.row_id));
    }

    fn cycle(&mut self, now: i64) {
        let compilation = rowkeep::compile(&self.inputs).expect("it compiles");
        run_at(&mut self.engine, &cycle(compilation.manifest()), self.dialect, now);
        self.engine.run("DELETE FROM in_place.orders_raw");
        self.engine.run("DELETE FROM in_place.lines_raw");
    }

    fn orders(&mut self, of: &str) -> Vec<String> {
        self.engine.texts(&format!("SELECT CONCAT_WS(' ', order_id, state) FROM in_place.{of} ORDER BY order_id"))
    }

    fn lines(&mut self, of: &str) -> Vec<String> {
        self.engine.texts(&format!("SELECT CONCAT_WS(' ', order_id, line, sku) FROM in_place.{of} ORDER BY line"))
    }
}

fn shops(name: &str) -> [Shop; 2] {
    [Shop::open(Dialect::Postgres, name), Shop::open(Dialect::DuckDb, name)]
}

#[test]
fn a_newer_version_replaces_the_row_under_a_primary_key() {
    for mut shop in shops("in_place_load") {
        shop.deliver("orders_raw", &format!("1, 'new', {}", NOW - 2 * DAY));
        shop.cycle(NOW);
        shop.deliver("orders_raw", &format!("1, 'paid', {}", NOW - DAY));
        shop.deliver("orders_raw", &format!("2, 'new', {}", NOW - DAY));
        shop.cycle(NOW);
        assert_eq!(shop.orders("mart_orders"), ["1 paid", "2 new"]);
        // An older version that comes late changes nothing. The same time with another payload
        // does.
        shop.deliver("orders_raw", &format!("1, 'new', {}", NOW - 2 * DAY));
        shop.deliver("orders_raw", &format!("2, 'void', {}", NOW - DAY));
        shop.cycle(NOW);
        assert_eq!(shop.orders("mart_orders"), ["1 paid", "2 void"]);
    }
}

#[test]
fn an_archived_row_returns_over_an_older_version_that_came_late() {
    for mut shop in shops("in_place_restore") {
        let old = NOW - 200 * DAY;
        shop.deliver("orders_raw", &format!("1, 'new', {old}"));
        shop.deliver("lines_raw", &format!("1, 1, 'second', {old}"));
        shop.deliver("lines_raw", &format!("1, 2, 'only', {old}"));
        shop.deliver("orders_raw", &format!("2, 'new', {NOW}"));
        shop.cycle(NOW);
        // A child is due when its parent has left.
        shop.cycle(NOW);
        assert_eq!(shop.orders("mart_orders"), ["2 new"]);
        assert_eq!(shop.lines("hist_lines_2025_h2"), ["1 1 second", "1 2 only"]);
        assert_eq!(shop.lines("mart_lines"), [""; 0]);
        shop.deliver("orders_raw", &format!("1, 'back', {NOW}"));
        shop.deliver("lines_raw", &format!("1, 1, 'first', {}", old - DAY));
        shop.deliver("lines_raw", "1, 2, 'timeless', NULL");
        shop.cycle(NOW);
        assert_eq!(shop.orders("mart_orders"), ["1 back", "2 new"]);
        assert_eq!(shop.lines("mart_lines"), ["1 1 second", "1 2 only"], "the newest versions are back");
        assert_eq!(shop.lines("hist_lines_2025_h2"), [""; 0]);
        assert_eq!(shop.orders("hist_orders_2025_h2"), [""; 0]);
    }
}

#[test]
fn the_doctor_accepts_a_primary_key_of_a_mart_that_is_updated_in_place() {
    let name = "in_place_doctor";
    let mut shop = Shop::open(Dialect::Postgres, name);
    let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    let url = stated.replace("dbname=postgres", &format!("dbname={name}"));
    let findings = |inputs: &Inputs| {
        let spec = resolve(inputs).unwrap_or_else(|wrong| panic!("{wrong}"));
        let compilation = rowkeep::compile(inputs).expect("it compiles");
        let checkup = doctor(&spec, compilation.artifacts(), (&url, None), &mut |_| {}).expect("the database answers");
        let found = checkup.findings.iter().filter(|found| found.code().as_str() == "RK922");
        found.map(|found| found.message().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(findings(&shop.inputs), [""; 0]);
    let beside = Inputs::new("rowkeep.yml", PROJECT.replace("unique_key }", "unique }"));
    let stands_beside = "it stands beside the older one until the cycle removes that one";
    let beside = findings(&beside.with_dialect(Dialect::Postgres));
    assert_eq!(beside.len(), 2, "{beside:?}");
    assert!(beside.iter().all(|found| found.ends_with(stands_beside)), "{beside:?}");
    // The key of the database has fewer columns than that of the spec.
    let wider = PROJECT.replacen("unique_key: order_id\n", "unique_key: [order_id, state]\n", 1);
    let wider = wider.replacen("state: varchar(20)", "state: varchar(20) not null", 1);
    assert_eq!(
        findings(&Inputs::new("rowkeep.yml", wider).with_dialect(Dialect::Postgres)),
        [
            "in_place.mart_orders has no unique key on (order_id, state) that ON CONFLICT can use: its load or its restore fails in each cycle",
            "a unique key of in_place.mart_orders on (order_id) refuses rows that `unique_key` tells apart by (order_id, state)"
        ]
    );
    shop.engine.run("ALTER TABLE in_place.mart_orders DROP CONSTRAINT mart_orders_pkey");
    assert_eq!(findings(&shop.inputs), [""; 0], "the index of ddl/ is left");
    shop.engine.run("DROP INDEX in_place.mart_orders__unique_key");
    let without = "in_place.mart_orders has no unique key on (order_id) that ON CONFLICT can use: its load or its restore fails in each cycle";
    assert_eq!(findings(&shop.inputs), [without]);
    shop.engine.run("ALTER TABLE in_place.mart_orders ADD UNIQUE (order_id) DEFERRABLE");
    assert_eq!(findings(&shop.inputs), [without]);
    // PostgreSQL refuses each load while both keys are there.
    shop.engine.run("CREATE UNIQUE INDEX own ON in_place.mart_orders (order_id)");
    let beside = "in_place.mart_orders also has a deferrable unique key on (order_id), which ON CONFLICT refuses: its load or its restore fails in each cycle";
    assert_eq!(findings(&shop.inputs), [beside]);
    let load = "INSERT INTO in_place.mart_orders (order_id, updated_at) VALUES (7, 0) ON CONFLICT (order_id) DO UPDATE SET order_id = 7";
    let refused = shop.engine.after(load, "SELECT 'ran'").expect_err("it is refused");
    assert!(refused.contains("deferrable"), "{refused}");
}

/// Handwritten hooks are rehearsed without indexes, except the key that ON CONFLICT needs.
#[test]
fn handwritten_hooks_are_rehearsed_with_the_key() {
    let project = Project::new(&Inputs::new("rowkeep.yml", PROJECT), Dialect::Postgres).expect("it resolves");
    let project = project.with_hooks(BTreeMap::new()).expect("no hook is refused");
    let url = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    let open = || -> Result<Box<dyn rowkeep::rehearse::Engine>, rowkeep::Error> {
        Ok(Box::new(rowkeep::rehearse::Postgres::connect(&url)?))
    };
    let options = Options { seeds: 0..1, cycles: 12, ..Options::default() };
    let report = rehearse(&project, &options, &open, &|_| {}).expect("the load finds its key");
    assert!(report.is_clean(), "{:#?}", report.laws);
}
