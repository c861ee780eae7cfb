//! Two simulated years of the order-tracking example, with the cases that hand-written hooks get
//! wrong.

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::{Dialect, resolve};

use crate::engine::{ENGINES, Engine, cycle, order_tracking, run_at, sweep};

/// Seconds since 1970 of a UTC time written as `2025-07-01` or `2025-07-01 00:00:01`.
fn epoch(text: &str) -> i64 {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let number = |part: &str| part.parse::<i64>().expect("a number");
    let day: Vec<_> = day.split('-').map(number).collect();
    let time: Vec<_> = time.split(':').map(number).collect();
    // Days from 0000-03-01, years starting in March.
    let (year, month) = if day[1] > 2 { (day[0], day[1] - 3) } else { (day[0] - 1, day[1] + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day[2] - 1 - 719_468;
    days * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2]
}

struct Story {
    engine: Engine,
    dialect: Dialect,
    manifest: Manifest,
    row_id: i64,
}

const UTI: &str = "settlement_public.uni_tracking_info_raw (order_id, state, update_time, row_id)";
const ECS: &str = "settlement_public.ecs_order_info_raw (order_id, partner_id, add_time, row_id)";
const UTS: &str = "settlement_public.uni_tracking_spath_raw (order_id, traceSeq, pathTime, code, row_id)";

impl Story {
    fn begin(dialect: Dialect, name: &str, periods: &str) -> Self {
        let inputs = order_tracking(dialect, periods);
        let manifest = rowkeep::compile(&inputs).expect("the example compiles").manifest().clone();
        let mut engine = Engine::open(dialect, name);
        engine.create(&resolve(&inputs).expect("the example resolves"), &manifest, dialect);
        Self { engine, dialect, manifest, row_id: 0 }
    }

    /// A rotation: the changed list of periods, and its DDL.
    fn rotate(&mut self, periods: &str) {
        self.manifest =
            rowkeep::compile(&order_tracking(self.dialect, periods)).expect("it compiles").manifest().clone();
        self.engine.define(&self.manifest);
    }

    /// Inserts a row into a raw table. A value that starts with `@` is a time.
    fn deliver(&mut self, raw: &str, values: &str) {
        self.row_id += 1;
        let values: Vec<_> = values
            .split(", ")
            .map(|value| value.strip_prefix('@').map_or_else(|| value.to_owned(), |time| epoch(time).to_string()))
            .collect();
        self.engine.run(&format!("INSERT INTO {raw} VALUES ({}, {})", values.join(", "), self.row_id));
    }

    /// Runs a cycle twice, because a cycle is idempotent. Then empties the raw tables.
    fn cycle(&mut self, now: &str) {
        run_at(&mut self.engine, &cycle(&self.manifest), self.dialect, epoch(now));
        let once = self.state();
        run_at(&mut self.engine, &cycle(&self.manifest), self.dialect, epoch(now));
        assert_eq!(once, self.state(), "a second run of the cycle of {now} changed something");
        for raw in [UTI, ECS, UTS] {
            let (raw, _) = raw.split_once(' ').expect("a name and its columns");
            self.engine.run(&format!("DELETE FROM {raw}"));
        }
    }

    fn sweep(&mut self, now: &str) {
        run_at(&mut self.engine, &sweep(&self.manifest), self.dialect, epoch(now));
    }

    /// Every row of every table that Rowkeep writes, by table.
    fn state(&mut self) -> String {
        let mut out = String::new();
        for definition in
            self.manifest.ddl.iter().filter(|definition| matches!(definition.kind, "mart" | "history" | "exceptions"))
        {
            let columns: &[(&str, bool)] = match definition.name.as_str() {
                name if name.contains("uni_tracking_info") => {
                    &[("order_id", false), ("state", false), ("update_time", true)]
                }
                name if name.contains("ecs_order_info") => {
                    &[("order_id", false), ("partner_id", false), ("add_time", true)]
                }
                name if name.contains("uni_tracking_spath") => {
                    &[("order_id", false), ("traceSeq", false), ("pathTime", true), ("code", false)]
                }
                _ => &[
                    ("order_id", false),
                    ("exception_type", false),
                    ("CASE WHEN resolved_at IS NULL THEN 'open' ELSE 'resolved' END", false),
                    ("notes", false),
                ],
            };
            let written = columns.iter().map(|(column, is_time)| {
                let text = if *is_time {
                    format!("CAST(TIMESTAMP '1970-01-01 00:00:00' + {column} * INTERVAL '1 second' AS VARCHAR)")
                } else {
                    format!("CAST({column} AS VARCHAR)")
                };
                let text = if *is_time && self.dialect == Dialect::DuckDb {
                    format!("CAST(make_timestamp({column} * 1000000) AS VARCHAR)")
                } else {
                    text
                };
                format!("COALESCE({text}, 'NULL')")
            });
            let written = written.collect::<Vec<_>>().join(" || ', ' || ");
            let rows = self.engine.texts(&format!("SELECT {written} FROM {} ORDER BY 1", definition.relation));
            if !rows.is_empty() {
                out.push_str(&format!("{}\n", definition.name));
                out.extend(rows.iter().map(|row| format!("  {row}\n")));
            }
        }
        out
    }
}

/// The whole story on one engine: the rows of every table at several moments.
fn two_years(dialect: Dialect) -> Vec<(&'static str, String)> {
    let mut story = Story::begin(dialect, "two_years", "2025_h2");
    let mut moments = Vec::new();

    // July 2025: the first orders, each with its creation row and scans.
    for order in 1..=5 {
        story.deliver(ECS, &format!("{order}, 70{order}, @2025-07-02"));
    }
    story.deliver(UTI, "1, 10, @2025-08-01");
    story.deliver(UTI, "2, 10, @2026-01-01"); // exactly on a bound: the first instant of 2026_h1 (a date ahead of its delivery)
    story.deliver(UTI, "3, 10, @2025-12-31 23:59:59"); // the last second of 2025_h2
    story.deliver(UTI, "4, 10, @2025-09-01");
    story.deliver(UTI, "5, 10, @2025-09-10");
    story.deliver(UTS, "1, 1, @2025-08-01, 100");
    story.deliver(UTS, "1, 2, @2025-08-01, 101"); // a second event of the same second
    story.deliver(UTS, "3, 1, @2025-12-31 23:59:59, 100");
    story.deliver(UTS, "4, NULL, @2025-09-01, 100"); // a part of the key is NULL
    story.deliver(UTS, "5, 1, @2025-09-01, 100"); // later exactly at the cutoff
    story.deliver(UTS, "5, 2, @2025-08-31 23:59:59, 100"); // later one second before the cutoff
    story.cycle("2025-09-15");
    story.deliver(UTI, "6, 10, NULL"); // the time is NULL
    story.deliver(UTI, "8, 10, @2025-03-01"); // older than every period
    story.deliver(UTI, "NULL, 10, @2025-09-01"); // NULL in a column that is declared NOT NULL: never accepted
    story.deliver(ECS, "9, 709, @2025-07-05"); // a child that arrives before its parent
    story.cycle("2025-10-01");
    moments.push(("October 2025: nothing is due but what no period covers", story.state()));

    // The newest row decides the cutoff: 2026-02-27 less 180 days is 2025-08-31.
    story.deliver(UTI, "9, 10, @2026-02-27");
    story.deliver(UTS, "9, 1, @2026-02-28, 100"); // of scans: the cutoff is 2025-09-01, the exact time of one row
    story.cycle("2026-02-28");
    moments.push(("February 2026: order 1 has aged; its child and scans went too", story.state()));

    // Reactivation: order 1 has a new version, and its creation row is restored.
    story.deliver(UTI, "1, 20, @2026-03-01");
    // A scan that was archived is delivered again, corrected.
    story.deliver(UTS, "1, 2, @2025-08-01, 999");
    // A row from the future must not empty the mart: the cutoff follows the clock, 2026-03-14 less
    // 180 days.
    story.deliver(UTI, "7, 10, @2031-01-01");
    // The row without a time gets a complete version.
    story.deliver(UTI, "6, 11, @2026-03-02");
    story.cycle("2026-03-14");
    moments.push(("March 2026: order 1 is back, orders 4 and 5 have aged", story.state()));

    // Late rows: an older version of order 5 after its newer version was archived, and an old row
    // with a new key.
    story.deliver(UTI, "5, 5, @2025-08-15");
    story.deliver(UTI, "10, 10, @2025-11-11");
    story.cycle("2026-07-15");
    moments.push(("July 2026: rows of 2026 are due, and their period was forgotten", story.state()));

    // The missing period is added late. Then the stuck rows are archived.
    story.rotate("2025_h2, 2026_h1");
    story.cycle("2026-09-01");
    moments.push(("September 2026: the period is there", story.state()));

    // A period for older rows drains them in the same way.
    story.rotate("{ name: legacy, start: 2019-01-01, end: 2025-07-01 }, 2025_h2, 2026_h1, 2026_h2, 2027_h1");
    story.deliver(UTI, "3, 30, @2027-06-01");
    story.deliver(UTI, "11, 10, @2026-12-31");
    story.deliver(UTI, "12, 10, @2027-07-01");
    story.cycle("2027-07-02");
    story.sweep("2027-07-02 02:30:00");
    moments.push(("July 2027: the end", story.state()));
    moments
}

#[test]
fn two_years_of_order_tracking_end_with_the_expected_rows() {
    let stories = ENGINES.map(two_years);
    for ((title, duckdb), (_, postgres)) in stories[0].iter().zip(&stories[1]) {
        assert_eq!(duckdb, postgres, "the engines differ in {title}");
    }
    let text: String = stories[0].iter().map(|(title, state)| format!("-- {title}\n{state}\n")).collect();
    insta::assert_snapshot!(text);
}
