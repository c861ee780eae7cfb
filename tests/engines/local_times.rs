//! Times without a zone are in the `time_zone` of the project: the clock of a cycle is local, and a
//! period begins at local midnight. Berlin skips 02:00 to 03:00 on 2026-03-29, and repeats it on
//! 2026-10-25.

use rowkeep::project::Zone;
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, at, cycle};

const PROJECT: &str = "name: shop
dialect: postgres
schema: ods
time_zone: Europe/Berlin
periods: [2026_m01, 2026_m02, 2026_m03, { name: rest, start: 2026-04-01, end: 2027-01-01 }]
exceptions: { table: shop_exceptions, key: id }
tables:
  - model: mart_views
    history: hist_views
    unique_key: id
    time: { column: seen_at }
    rows: events
    retention: { for: 1 day, from: now }
    exception: VIEWS_GAP
    columns: { id: bigint not null, seen_at: timestamp not null }
  - model: mart_days
    archive: none
    tripwire: { share: 90%, at_least: 100 }
    unique_key: id
    time: { column: day }
    rows: events
    retention: { for: 1 day, from: now }
    exception: DAYS_GAP
    columns: { id: bigint not null, day: date not null }
";

/// The seconds since 1970 of an instant.
fn epoch(instant: &str) -> i64 {
    rowkeep::trace::instant_of(instant, &Zone::default()).expect("an instant")
}

struct Shop {
    engine: Engine,
    statements: Vec<String>,
    dialect: Dialect,
}

impl Shop {
    fn open(dialect: Dialect, database: &str) -> Self {
        let inputs = Inputs::new("rowkeep.yml", PROJECT).with_dialect(dialect);
        let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
        let mut engine = Engine::open(dialect, database);
        engine.create(&resolve(&inputs).expect("it resolves"), &manifest, dialect);
        let statements = cycle(&manifest).iter().map(|hook| hook.sql.clone()).collect();
        Self { engine, statements, dialect }
    }

    fn insert(&mut self, mart: &str, time: &str, values: &[&str]) {
        for (id, value) in values.iter().enumerate() {
            self.engine.run(&format!("INSERT INTO ods.{mart} (id, {time}) VALUES ({id}, '{value}')"));
        }
    }

    /// Runs a cycle at an instant. The clock does not move.
    fn cycle_at(&mut self, instant: &str) {
        for statement in &self.statements {
            self.engine.run(&at(statement, self.dialect, epoch(instant)));
        }
    }

    fn times(&mut self, table: &str, time: &str) -> Vec<String> {
        self.engine.texts(&format!("SELECT CAST({time} AS VARCHAR) FROM ods.{table} ORDER BY 1"))
    }
}

#[test]
fn the_clock_is_local_on_both_sides_of_its_changes() {
    let spring = ["2026-03-28 01:59:58", "2026-03-28 01:59:59", "2026-03-28 02:59:59", "2026-03-28 03:00:00"];
    let autumn = ["2026-10-24 01:59:59", "2026-10-24 02:00:00", "2026-10-24 02:59:58", "2026-10-24 02:59:59"];
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let mut shop = Shop::open(dialect, "spring");
        shop.insert("mart_views", "seen_at", &spring);
        // 01:59:59, and one second later 03:00:00.
        shop.cycle_at("2026-03-29T00:59:59Z");
        assert_eq!(shop.times("mart_views", "seen_at"), spring[1..], "{dialect}");
        shop.cycle_at("2026-03-29T01:00:00Z");
        assert_eq!(shop.times("mart_views", "seen_at"), spring[3..], "{dialect}");

        let mut shop = Shop::open(dialect, "autumn");
        shop.insert("mart_views", "seen_at", &autumn);
        // 02:00:00 for the first time, 02:59:59, and one second later 02:00:00 again.
        shop.cycle_at("2026-10-25T00:00:00Z");
        assert_eq!(shop.times("mart_views", "seen_at"), autumn[1..], "{dialect}");
        shop.cycle_at("2026-10-25T00:59:59Z");
        assert_eq!(shop.times("mart_views", "seen_at"), autumn[3..], "{dialect}");
        // The cutoff moved back. What was archived stays where it is.
        shop.cycle_at("2026-10-25T01:00:00Z");
        assert_eq!(shop.times("mart_views", "seen_at"), autumn[3..], "{dialect}");
        assert_eq!(shop.times("hist_views_rest", "seen_at"), autumn[..3], "{dialect}");
    }
}

#[test]
fn periods_begin_at_local_midnight_and_days_are_local() {
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let mut shop = Shop::open(dialect, "local_midnight");
        shop.insert("mart_views", "seen_at", &["2026-02-28 23:59:59", "2026-03-01 00:00:00"]);
        shop.insert("mart_days", "day", &["2026-06-09", "2026-06-10"]);
        // Half past midnight on the 11th in Berlin, and still the 10th in UTC.
        shop.cycle_at("2026-06-10T22:30:00Z");
        assert_eq!(shop.times("hist_views_2026_m02", "seen_at"), ["2026-02-28 23:59:59"], "{dialect}");
        assert_eq!(shop.times("hist_views_2026_m03", "seen_at"), ["2026-03-01 00:00:00"], "{dialect}");
        assert_eq!(shop.times("mart_days", "day"), ["2026-06-10"], "{dialect}");
    }
}
