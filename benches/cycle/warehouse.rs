//! The rows on which a cycle is timed.

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::{Dialect, Inputs, Spec};

use crate::engine::Engine;
use crate::{Options, Situation, limit, projects};

/// The open periods, at the end of the list.
const OPEN: usize = 4;
/// The last period ends here.
const LAST_YEAR: usize = 2025;
const DAY: i64 = 86_400;
const RETENTION: i64 = 180 * DAY;
/// Orders in a batch, and those of them that come back from history.
const BATCH: u64 = 10_000;
const RETURNED: u64 = 40;
/// A prime number. The multiples of a prime, modulo a number that it does not divide, are all
/// different.
const MIX: u64 = 7919;

/// The example with this number of half-years.
pub fn project(periods: usize, dialect: Dialect) -> Inputs {
    let names: Vec<_> = (0..periods)
        .rev()
        .map(|back| format!("{}_h{}", LAST_YEAR - back / 2, if back % 2 == 0 { 2 } else { 1 }))
        .collect();
    let sealed = names.len().checked_sub(OPEN).filter(|&at| at > 0).map(|first_open| {
        let (year, half) = names[first_open].split_once("_h").expect("a half-year");
        format!("sealed_before: {year}-{}-01\nperiods:", if half == "1" { "01" } else { "07" })
    });
    let periods = format!("hist_periods: [{}]\n", names.join(", "));
    // The tripwire would stop a cycle with a backlog.
    let edit = |project: String| {
        let project = project.replacen("share: 20%", "share: 99%", 1);
        match &sealed {
            Some(sealed) => project.replacen("periods:", sealed, 1),
            None => project,
        }
    };
    projects::order_tracking_with(&periods, edit).with_dialect(dialect)
}

/// The tables of the example, filled.
pub struct Warehouse {
    pub engine: Engine,
}

impl Warehouse {
    /// Order `i` of the mart has its time at an even distance between the oldest due row and now.
    /// History has older orders, evenly over all periods. The key says nothing about the time, so
    /// no engine can skip parts of a table by the smallest and the largest key.
    pub fn fill(options: &Options, spec: &Spec, manifest: &Manifest, situation: Situation) -> Self {
        let dialect = options.engine;
        let mut engine = Engine::open(dialect, "cycle_bench");
        engine.create(spec, manifest, dialect);
        // A table is filled faster without its indexes.
        let indexes = || manifest.ddl.iter().filter(|definition| definition.kind == "index");
        indexes().for_each(|index| engine.run(&format!("DROP INDEX {}", index.relation)));
        let end = spec.periods().last().expect("a period").end_epoch();
        // In the middle of the last period.
        let cutoff = end - 60 * DAY;
        let now = cutoff + RETENTION;
        let (mart, history) = (options.mart, options.history);
        let due = match situation {
            Situation::Cycle | Situation::Sweep => mart / 100,
            Situation::Idle => 0,
            Situation::Backlog => mart / 3,
        };
        let oldest_due = cutoff - if situation == Situation::Backlog { 60 * DAY } else { DAY };
        let rows = |from: u64, to: u64| match dialect {
            Dialect::Postgres => format!("generate_series({from}, {}) AS t(i)", to as i64 - 1),
            _ => format!("range({from}, {to}) AS t(i)"),
        };
        // The whole part of i * width / count, from `start` on.
        let spread = |start: i64, end: i64, count: u64, from: u64| {
            format!("{start} + CAST(FLOOR((i - {from}) * {}.0 / {}) AS BIGINT)", end - start, count.max(1))
        };
        let raw_at = "TIMESTAMP '2025-01-01 00:00:00'";
        let columns = |order: &str, time: &str| {
            [
                ("uni_tracking_info", format!("{order}, CAST({order} % 5 AS INTEGER), {time}")),
                ("ecs_order_info", format!("{order}, {order} % 100, {time}")),
                ("uni_tracking_spath", format!("{order}, {order} % 7, {time}, CAST({order} % 9 AS INTEGER)")),
            ]
        };
        // One key for each `i`: the two numbers have no common divisor.
        let orders = (history + mart + 2..).find(|orders| orders % MIX != 0).expect("a number");
        let key = format!("(CAST(i AS BIGINT) * {MIX}) % {orders}");
        let newest = (history + mart + 1) * MIX % orders;
        // History: orders 0 to `history`.
        let per_period = history / spec.periods().len() as u64;
        for (number, period) in spec.periods().iter().enumerate() {
            let from = number as u64 * per_period;
            let until = period.end_epoch().min(oldest_due - 1);
            let time = spread(period.start_epoch(), until, per_period, from);
            for (name, columns) in columns(&key, &time) {
                let sql = format!(
                    "INSERT INTO settlement_ods.hist_{name}_{} SELECT {columns} FROM {}",
                    period.name,
                    rows(from, from + per_period)
                );
                engine.run(&sql);
            }
        }
        // The mart: due orders, then the others.
        for (from, to, start, end) in
            [(history, history + due, oldest_due, cutoff), (history + due, history + mart, cutoff + 1, now)]
        {
            let time = spread(start, end, to - from, from);
            for (name, columns) in columns(&key, &time) {
                engine.run(&format!("INSERT INTO settlement_ods.mart_{name} SELECT {columns} FROM {}", rows(from, to)));
            }
        }
        // The newest order sets the cutoff.
        engine.run(&format!("INSERT INTO settlement_ods.mart_uni_tracking_info VALUES ({newest}, 1, {now})"));
        engine.run(&format!("INSERT INTO settlement_ods.mart_uni_tracking_spath VALUES ({newest}, 1, {now}, 1)"));
        engine.run(&format!("INSERT INTO settlement_ods.mart_ecs_order_info VALUES ({newest}, 1, {now})"));
        if situation == Situation::Cycle || situation == Situation::Backlog {
            // The batch: orders of the mart that changed, and orders that come back from open
            // periods. Their new rows are in the mart already: the load has run.
            let changed = history + due..history + due + BATCH - RETURNED;
            let back = history - RETURNED..history;
            let at = (now - 1).to_string();
            for (range, is_back) in [(changed, false), (back, true)] {
                for (name, columns) in columns(&key, &at) {
                    let rows = rows(range.start, range.end);
                    let raw =
                        format!("INSERT INTO settlement_public.{name}_raw SELECT {columns}, i, {raw_at} FROM {rows}");
                    if name != "ecs_order_info" || !is_back {
                        engine.run(&raw);
                    }
                    if is_back && name == "uni_tracking_info" {
                        engine.run(&format!("INSERT INTO settlement_ods.mart_{name} SELECT {columns} FROM {rows}"));
                    }
                }
            }
        }
        for (_, table) in spec.tables() {
            let model = table.model.value.as_str();
            let key: Vec<_> = table.unique_key.iter().map(|&column| table.column(column).name.sql(dialect)).collect();
            let time = table.column(table.time.column).name.sql(dialect);
            engine.run(&format!(
                "CREATE TABLE {} AS SELECT {} FROM {} WHERE {time} < {cutoff}",
                limit::list(model),
                key.join(", "),
                table.relation.sql(dialect)
            ));
        }
        if dialect == Dialect::Postgres {
            if !options.no_indexes {
                indexes().for_each(|index| engine.run(&index.sql));
            }
            // Without it, NOT IN of the hand-written hooks reads its list once per row.
            engine.run("SET work_mem = '256MB'");
            engine.run("VACUUM ANALYZE");
        }
        Self { engine }
    }

    /// The number of rows in all marts.
    pub fn mart_rows(&mut self) -> u64 {
        let counts = ["uni_tracking_info", "ecs_order_info", "uni_tracking_spath"].map(|name| {
            let counted = self.engine.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM settlement_ods.mart_{name}"));
            counted[0].parse::<u64>().expect("a number")
        });
        counts.iter().sum()
    }

    /// PostgreSQL keeps the dead rows of a transaction that was rolled back.
    pub fn after_rollback(&mut self) {
        if matches!(self.engine, Engine::Postgres(_)) {
            self.engine.run("VACUUM ANALYZE");
        }
    }
}
