//! Windowed loads for BigQuery on DuckDB, through the shim: rows on both sides of every bound, a
//! source into which old rows are ingested again, and the findings of monitors.

use rowkeep::artifacts::manifest::{WindowedLoadEntry, WindowedLoadStatement};
use rowkeep::{Dialect, Inputs, compile};

use crate::engine::Engine;
use crate::projects::{order_items, order_items_with};
use crate::shim;

const VIEW: &str = "`acme-shop`.`region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT";

struct Warehouse {
    engine: Engine,
    loads: Vec<WindowedLoadEntry>,
}

impl Warehouse {
    fn open(inputs: &Inputs) -> Self {
        let mut engine = Engine::open(Dialect::DuckDb, "bigquery");
        engine.run(shim::FUNCTIONS);
        engine.run(
            "ATTACH ':memory:' AS \"acme-shop\"; CREATE SCHEMA \"acme-shop\".shop_raw; CREATE SCHEMA \"acme-shop\".insights;
             CREATE TABLE \"acme-shop\".shop_raw.order_item_events (order_item_id BIGINT, product_id BIGINT, order_date DATE, quantity BIGINT,
               amount DECIMAL(12, 2), source_system VARCHAR, is_backfill BOOLEAN, ingested_at TIMESTAMPTZ);
             CREATE TABLE \"acme-shop\".shop_raw.order_events (event_id BIGINT, order_item_id BIGINT, kind VARCHAR, happened_at TIMESTAMPTZ,
               ingested_at TIMESTAMPTZ);
             CREATE TABLE jobs (job_id VARCHAR, project_id VARCHAR, user_email VARCHAR, query VARCHAR, statement_type VARCHAR, state VARCHAR,
               creation_time TIMESTAMPTZ, start_time TIMESTAMPTZ, end_time TIMESTAMPTZ, total_slot_ms BIGINT, total_bytes_billed BIGINT,
               error_result STRUCT(reason VARCHAR, message VARCHAR),
               destination_table STRUCT(project_id VARCHAR, dataset_id VARCHAR, table_id VARCHAR))",
        );
        let artifacts = compile(inputs).expect("the example compiles");
        Self { engine, loads: artifacts.manifest().loads.clone() }
    }

    fn load(&self, name: &str) -> WindowedLoadEntry {
        self.loads.iter().find(|load| load.name == name).expect("a load of that name").clone()
    }

    fn statement(statement: &WindowedLoadStatement, day: &str) -> String {
        let sql = statement.of_day(day.parse().expect("a day")).replace(VIEW, "jobs");
        let now = "(TIMESTAMPTZ '2025-11-20 12:00:00+00')";
        shim::in_duckdb(&sql.replace(Dialect::BigQuery.clock_token(), now))
    }

    fn run(&mut self, load: &str, day: &str) {
        for statement in self.load(load).statements {
            self.engine.run(&Self::statement(&statement, day));
        }
    }

    /// One row of a source, as values.
    fn ingest(&mut self, table: &str, values: &str) {
        self.engine.run(&format!("INSERT INTO \"acme-shop\".shop_raw.{table} VALUES ({values})"));
    }

    fn item(&mut self, id: u64, day: &str, ingested: &str) {
        self.ingest("order_item_events", &format!("{id}, 7, {day}, 1, 10, 'shop', NULL, TIMESTAMPTZ '{ingested}+00'"));
    }

    fn batch(&mut self, key: &str, table: &str) -> Vec<String> {
        self.engine
            .texts(&format!("SELECT CAST({key} AS VARCHAR) FROM \"acme-shop\".insights.\"{table}\" ORDER BY {key}"))
    }

    /// The findings of a monitor, each row as one text.
    fn findings(&mut self, load: &str, monitor: &str, day: &str) -> Vec<String> {
        let load = self.load(load);
        let found = load.monitors.iter().find(|candidate| candidate.name == monitor).expect("a monitor of that name");
        let sql = Self::statement(found, day);
        self.engine.texts(&format!("SELECT CAST(found AS VARCHAR) FROM ({sql}\n) AS found ORDER BY 1"))
    }

    fn insights(&mut self) -> Vec<String> {
        let table = "\"acme-shop\".insights.product_insights";
        self.engine.texts(&format!(
            "SELECT order_date || ' ' || product_id || ': ' || items || ', ' || quantity || ', ' || amount FROM {table} ORDER BY 1"
        ))
    }
}

const DAY: &str = "2025-11-19";

/// A source with rows on both sides of every bound of the run dates below.
fn bounded() -> Warehouse {
    let mut warehouse = Warehouse::open(&order_items());
    let (day, came) = ("DATE '2025-11-18'", "2025-11-19 06:00:00");
    // The ingestion window: two days, up to the end of the run date.
    warehouse.item(1, day, "2025-11-17 23:59:59.999999");
    warehouse.item(2, day, "2025-11-18 00:00:00");
    warehouse.item(3, day, "2025-11-19 23:59:59.999999");
    warehouse.item(4, day, "2025-11-20 00:00:00");
    // The event window: seven days before the run date, and the run date.
    warehouse.item(5, "DATE '2025-11-11'", came);
    warehouse.item(6, "DATE '2025-11-12'", came);
    warehouse.item(7, "DATE '2025-11-19'", came);
    warehouse.item(8, "DATE '2025-11-20'", came);
    warehouse.item(9, "NULL", came);
    for (id, backfill) in [(10, "TRUE"), (11, "FALSE"), (12, "NULL")] {
        let values = format!("{id}, 7, {day}, 1, 10, 'shop', {backfill}, TIMESTAMPTZ '{came}+00'");
        warehouse.ingest("order_item_events", &values);
    }
    // An event window that starts before the floor.
    warehouse.item(20, "DATE '2023-12-31'", "2024-01-02 06:00:00");
    warehouse.item(21, "DATE '2024-01-01'", "2024-01-02 06:00:00");
    warehouse
}

/// The batches of both run dates, written by the compiled statement after a change.
fn batches(warehouse: &mut Warehouse, change: impl Fn(&str) -> String) -> Vec<String> {
    let load = warehouse.load("order_items");
    let batch = load.statements.iter().find(|statement| statement.name == "batch").expect("a batch");
    let mut found = Vec::new();
    for day in [DAY, "2024-01-03"] {
        warehouse.engine.run(&change(&Warehouse::statement(batch, day)));
        found.extend(warehouse.batch("order_item_id", &format!("tmp_order_item_details_{day}")));
    }
    found
}

#[test]
fn a_batch_has_the_rows_between_its_bounds_and_no_others() {
    let mut warehouse = bounded();
    assert_eq!(batches(&mut warehouse, str::to_owned), ["2", "3", "6", "7", "11", "12", "21"]);
}

/// Changes each bound and leaves out each condition: every change must change the batch.
#[test]
fn a_batch_with_any_other_bound_has_other_rows() {
    let mut warehouse = bounded();
    let sound = batches(&mut warehouse, str::to_owned);
    let changes = [
        (" >= ", " > "),
        (" < ", " <= "),
        ("IS NOT TRUE", "IS FALSE"),
        ("IS NOT TRUE", "IS NOT NULL"),
        ("- 7", "- 6"),
        ("- 7", "- 8"),
        ("'48' HOUR", "'47' HOUR"),
        ("'48' HOUR", "'49' HOUR"),
        ("' + 1", "' + 2"),
        ("' + 1", "'"),
    ];
    let mut tried = 0;
    for (from, to) in changes {
        // Each place separately. The statements of both run dates have the same places.
        for place in 0.. {
            let change = |sql: &str| {
                let (at, _) = sql.match_indices(from).nth(place)?;
                Some(format!("{}{to}{}", &sql[..at], &sql[at + from.len()..]))
            };
            let load = warehouse.load("order_items");
            let statement = load.statements.iter().find(|one| one.name == "batch").expect("a batch");
            if change(&Warehouse::statement(statement, DAY)).is_none() {
                break;
            }
            let changed = batches(&mut warehouse, |sql| change(sql).expect("a place"));
            assert_ne!(changed, sound, "`{to}` for `{from}`, place {place}");
            tried += 1;
        }
    }
    // Leaves out each condition.
    for line in 1..=4 {
        let changed = batches(&mut warehouse, |sql| {
            let conditions: Vec<_> = sql.match_indices("\n  AND ").collect();
            let (at, _) = conditions[line - 1];
            let end = sql[at + 1..].find('\n').map_or(sql.len(), |end| at + 1 + end);
            format!("{}{}", &sql[..at], &sql[end..])
        });
        assert_ne!(changed, sound, "without condition {line}");
        tried += 1;
    }
    assert!(tried >= 18, "{tried}");
}

#[test]
fn bounds_of_an_event_column_with_a_time_are_instants() {
    let mut warehouse = Warehouse::open(&order_items());
    let rows = [
        (1, "2025-11-11 23:59:59.999999"),
        (2, "2025-11-12 00:00:00"),
        (3, "2025-11-19 23:59:59.999999"),
        (4, "2025-11-20 00:00:00"),
    ];
    for (id, happened) in rows {
        for (kind, id) in [("return", id), ("sale", id + 10)] {
            let values =
                format!("{id}, 1, '{kind}', TIMESTAMPTZ '{happened}+00', TIMESTAMPTZ '2025-11-19 06:00:00+00'");
            warehouse.ingest("order_events", &values);
        }
    }
    warehouse.run("return_items", DAY);
    assert_eq!(warehouse.batch("return_item_id", "tmp_return_items_2025-11-19"), ["2", "3"]);
}

/// Almost two years of orders, one a day, ingested again on the run date, and four new orders.
fn flooded(inputs: &Inputs) -> Warehouse {
    let mut warehouse = Warehouse::open(inputs);
    warehouse.engine.run(
        "INSERT INTO \"acme-shop\".shop_raw.order_item_events
         SELECT n, 7, DATE '2025-11-19' - CAST(n AS INTEGER), 1, 10, 'replayed', FALSE, TIMESTAMPTZ '2025-11-19 03:00:00+00'
         FROM range(0, 650) AS r(n)",
    );
    for id in 1_000..1_004 {
        warehouse.item(id, "DATE '2025-11-18'", "2025-11-19 06:00:00");
    }
    warehouse.run("order_items", DAY);
    warehouse
}

#[test]
fn the_event_window_keeps_a_flood_out_and_a_monitor_reports_it() {
    let mut warehouse = flooded(&order_items());
    let batch = warehouse.batch("order_item_id", "tmp_order_item_details_2025-11-19");
    // The eight days of the window, and the four new orders.
    assert_eq!(batch.len(), 8 + 4);
    assert_eq!(warehouse.findings("order_items", "span", DAY), Vec::<String>::new());
    let late = warehouse.findings("order_items", "late", DAY);
    assert_eq!(late.len(), 1, "{late:?}");
    assert!(late[0].contains("'origin': replayed, 'late_rows': 642, 'first_day': 2024-02-09"), "{late:?}");
}

fn without_the_safety_net() -> Inputs {
    order_items_with(|project| {
        let line = project.lines().find(|line| line.contains("# the safety net")).expect("the safety net is one line");
        project.replace(&format!("{line}\n"), "").replace("    source_keeps: 90 days\n", "")
    })
}

#[test]
fn without_the_event_window_the_flood_comes_in_and_a_monitor_reports_it() {
    let mut warehouse = flooded(&without_the_safety_net());
    assert_eq!(warehouse.batch("order_item_id", "tmp_order_item_details_2025-11-19").len(), 650 + 4);
    let span = warehouse.findings("order_items", "span", DAY);
    assert_eq!(span.len(), 1, "{span:?}");
    assert!(span[0].contains("'first_day': 2024-02-09, 'last_day': 2025-11-19, 'batch_rows': 654"), "{span:?}");
}

#[test]
fn an_aggregate_counts_each_row_once_after_reruns() {
    let mut warehouse = Warehouse::open(&order_items());
    warehouse.item(1, "DATE '2025-11-14'", "2025-11-14 06:00:00");
    warehouse.item(2, "DATE '2025-11-18'", "2025-11-18 06:00:00");
    // A new version of item 2 with another amount: the newest counts. Item 3 has two versions with
    // one time: one counts.
    warehouse.ingest(
        "order_item_events",
        "2, 7, DATE '2025-11-18', 3, 30, 'shop', NULL, TIMESTAMPTZ '2025-11-19 06:00:00+00'",
    );
    warehouse.item(3, "DATE '2025-11-19'", "2025-11-19 06:00:00");
    warehouse.item(3, "DATE '2025-11-19'", "2025-11-19 06:00:00");
    warehouse.run("order_items", DAY);
    // Rows that were ingested before the ingestion window are part of their day.
    let first = ["2025-11-14 7: 1, 1, 10.00", "2025-11-18 7: 1, 3, 30.00", "2025-11-19 7: 1, 1, 10.00"];
    assert_eq!(warehouse.insights(), first);
    warehouse.run("order_items", DAY);
    assert_eq!(warehouse.insights(), first);

    warehouse.item(4, "DATE '2025-11-18'", "2025-11-20 06:00:00");
    warehouse.item(5, "DATE '2025-11-20'", "2025-11-20 06:00:00");
    warehouse.run("order_items", "2025-11-20");
    let second = [
        "2025-11-14 7: 1, 1, 10.00",
        "2025-11-18 7: 2, 4, 40.00",
        "2025-11-19 7: 1, 1, 10.00",
        "2025-11-20 7: 1, 1, 10.00",
    ];
    assert_eq!(warehouse.insights(), second);
    // A rerun of an older run date keeps the rows of a newer run.
    warehouse.run("order_items", DAY);
    assert_eq!(warehouse.insights(), second);
}

/// A rerun of an old date would replace whole days by the rows that the source still has.
#[test]
fn a_run_of_a_date_that_the_source_no_longer_keeps_stops() {
    let mut warehouse = Warehouse::open(&order_items());
    let load = warehouse.load("order_items");
    let check = &load.statements[0];
    assert_eq!(check.path, "loads/order_items/00_check.sql");
    // The clock of these tests is 2025-11-20 12:00. 90 days before it, rows of 2025-08-22 12:00 are
    // kept. The run of 2025-09-01 reads rows from 2025-08-23 on.
    let mut stops = |day: &str| warehouse.engine.try_run(&Warehouse::statement(check, day)).err();
    assert_eq!(stops(DAY), None);
    assert_eq!(stops("2025-09-01"), None);
    let stopped = stops("2025-08-31").expect("a run of that day stops");
    assert!(
        stopped.contains("keeps a row for 90 days, and no longer has all rows that the run of 2025-08-31"),
        "{stopped}"
    );
    let without = order_items_with(|project| project.replace("    source_keeps: 90 days\n", ""));
    assert_eq!(Warehouse::open(&without).load("order_items").statements[0].name, "create");
}

/// The source was emptied, by mistake or because its rows expired.
#[test]
fn a_source_without_rows_empties_no_day() {
    let mut warehouse = Warehouse::open(&order_items());
    warehouse.item(1, "DATE '2025-11-14'", "2025-11-14 06:00:00");
    warehouse.item(2, "DATE '2025-11-18'", "2025-11-18 06:00:00");
    warehouse.run("order_items", DAY);
    let both = ["2025-11-14 7: 1, 1, 10.00", "2025-11-18 7: 1, 1, 10.00"];
    assert_eq!(warehouse.insights(), both);
    let events = "\"acme-shop\".shop_raw.order_item_events";
    warehouse.engine.run(&format!("DELETE FROM {events}"));
    warehouse.run("order_items", DAY);
    assert_eq!(warehouse.insights(), both, "nothing replaces nothing");
    // A source with rows of the window replaces all its days.
    warehouse.item(3, "DATE '2025-11-18'", "2025-11-19 06:00:00");
    warehouse.run("order_items", DAY);
    assert_eq!(warehouse.insights(), ["2025-11-18 7: 1, 1, 10.00"]);
}

/// Without the event window, a run replaces every day that the source still has, and no other day.
#[test]
fn without_the_event_window_days_that_left_the_source_stay() {
    let mut warehouse = Warehouse::open(&without_the_safety_net());
    warehouse.item(1, "DATE '2025-01-05'", "2025-01-05 06:00:00");
    warehouse.item(2, "DATE '2025-11-18'", "2025-11-18 06:00:00");
    warehouse.run("order_items", DAY);
    let both = ["2025-01-05 7: 1, 1, 10.00", "2025-11-18 7: 1, 1, 10.00"];
    assert_eq!(warehouse.insights(), both);
    warehouse.engine.run("DELETE FROM \"acme-shop\".shop_raw.order_item_events WHERE order_item_id = 1");
    warehouse.item(3, "DATE '2025-11-18'", "2025-11-19 06:00:00");
    warehouse.run("order_items", DAY);
    assert_eq!(warehouse.insights(), ["2025-01-05 7: 1, 1, 10.00", "2025-11-18 7: 2, 2, 20.00"]);
}

#[test]
fn monitors_of_jobs_find_slow_costly_and_stopped_runs() {
    let mut warehouse = Warehouse::open(&order_items());
    let load = warehouse.load("order_items");
    let batch = load.statements.iter().find(|statement| statement.name == "batch").expect("a batch");
    let query = batch.of_day(DAY.parse().expect("a day")).replace('\'', "''");
    let job = |id: &str, query: &str, ended: &str, slot_hours: u64, tib: u64, error: &str| {
        format!(
            "INSERT INTO jobs VALUES ('{id}', 'acme-shop', 'loader@example.org', '{query}', 'CREATE_TABLE_AS_SELECT', 'DONE',
               TIMESTAMPTZ '2025-11-19 06:00:00+00', TIMESTAMPTZ '2025-11-19 06:00:00+00', TIMESTAMPTZ '2025-11-19 {ended}+00',
               {slot_hours} * 3600000, {tib} * 1099511627776, {error}, {{'project_id': 'acme-shop', 'dataset_id': 'x', 'table_id': 'y'}})"
        )
    };
    let quiet = |warehouse: &mut Warehouse| {
        let names = ["run", "slot_hours", "cost", "timeouts"];
        names.map(|name| warehouse.findings("order_items", name, DAY).len())
    };
    warehouse.engine.run(&job("good", &query, "06:20:00", 30, 0, "NULL"));
    // Not counted: the query of a monitor, a script (its statements are counted), and a run of
    // another date.
    let found = load.monitors.iter().find(|candidate| candidate.name == "run").expect("a monitor");
    let monitor = found.of_day(DAY.parse().expect("a day")).replace('\'', "''");
    warehouse.engine.run(&job("monitor", &monitor, "12:00:00", 99, 9, "NULL"));
    let script = job("script", &query, "12:00:00", 99, 9, "NULL").replace("CREATE_TABLE_AS_SELECT", "SCRIPT");
    warehouse.engine.run(&script);
    warehouse.engine.run(&job("other", &query.replace(DAY, "2025-11-18"), "12:00:00", 99, 9, "NULL"));
    assert_eq!(quiet(&mut warehouse), [0, 0, 0, 0]);

    let stopped = "{'reason': 'stopped', 'message': 'Job execution was cancelled: Job timed out after 6h'}";
    warehouse.engine.run(&job("bad", &query, "12:00:00", 1, 1, stopped));
    assert_eq!(quiet(&mut warehouse), [1, 1, 1, 1]);
    let cost = warehouse.findings("order_items", "cost", DAY);
    assert!(cost[0].contains("6.25"), "{cost:?}");

    warehouse.engine.run("UPDATE jobs SET destination_table = {'project_id': 'acme-shop', 'dataset_id': 'shop_raw', 'table_id': 'order_item_events'}, user_email = 'replay@example.org' WHERE job_id = 'other'");
    let writers = warehouse.findings("order_items", "writers", DAY);
    assert!(writers.len() == 1 && writers[0].contains("replay@example.org"), "{writers:?}");
}

#[test]
fn cleaning_up_drops_the_temp_tables_of_the_day_and_no_others() {
    let mut warehouse = Warehouse::open(&order_items());
    for day in [DAY, "2025-11-20"] {
        warehouse.run("order_items", day);
    }
    let clean = Warehouse::statement(&warehouse.load("order_items").clean, DAY);
    let (jobs, drops) = clean.split_once(";\n").expect("jobs, then drops");
    // DuckDB cannot run the first statement: FORMAT with %T exists on BigQuery only.
    assert!(jobs.contains("STRPOS(_j.query"), "{jobs}");
    warehouse.engine.run(drops);
    let left = warehouse.engine.texts(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'acme-shop' AND table_schema = 'insights' ORDER BY 1",
    );
    assert_eq!(
        left,
        ["product_insights", "tmp_order_item_details_2025-11-20", "tmp_product_insights_updates_2025-11-20"]
    );
}
