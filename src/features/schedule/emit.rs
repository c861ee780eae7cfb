//! Writes `schedule.json`, and Airflow DAGs that run the compiled statements. All times come from
//! the schedule of the project.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifacts::manifest::Manifest;
use crate::features::schedule::TimeOfDay;
use crate::features::schedule::cron::{cron_daily, cron_every};
use crate::project::Spec;

/// The path of the schedule.
pub const SCHEDULE: &str = "schedule.json";

/// The contents of `schedule.json`. Times are UTC.
#[derive(Debug, Serialize)]
struct ScheduleFile<'a> {
    timezone: &'static str,
    cycle: Every,
    maintenance: Option<Daily>,
    sweep: Daily,
    monitoring: Daily,
    timeouts: Timeouts,
    notify: &'a [String],
    connection: &'a str,
    source_connection: Option<&'a str>,
    pool: Pool,
    /// The nodes in run order, each with the nodes that it waits for.
    order: Vec<Waits<'a>>,
}

#[derive(Debug, Serialize)]
struct Every {
    every_seconds: u64,
    cron: Option<String>,
}

#[derive(Debug, Serialize)]
struct Daily {
    at: String,
    cron: String,
}

#[derive(Debug, Serialize)]
struct Timeouts {
    mart_seconds: u64,
    tests_seconds: u64,
    otherwise_seconds: u64,
}

#[derive(Debug, Serialize)]
struct Pool {
    name: String,
    slots: u8,
}

#[derive(Debug, Serialize)]
struct Waits<'a> {
    node: &'a str,
    waits_for: &'a [String],
}

/// Adds the files, if the project has a schedule.
pub(crate) fn emit(spec: &Spec, manifest: &Manifest, files: &mut BTreeMap<String, String>) {
    let Some(schedule) = &spec.schedule else { return };
    let daily = |at: TimeOfDay| Daily { at: at.to_string(), cron: cron_daily(at) };
    let written = ScheduleFile {
        timezone: "UTC",
        cycle: Every { every_seconds: schedule.cycle_every, cron: cron_every(schedule.cycle_every) },
        maintenance: schedule.maintenance.map(daily),
        sweep: daily(schedule.sweep),
        monitoring: daily(schedule.monitoring),
        timeouts: Timeouts {
            mart_seconds: schedule.mart_timeout,
            tests_seconds: schedule.tests_timeout,
            otherwise_seconds: schedule.timeout,
        },
        notify: &schedule.notify,
        connection: &schedule.connection,
        source_connection: schedule.source_connection.as_deref(),
        pool: Pool { name: spec.pool(), slots: 1 },
        order: manifest
            .order
            .iter()
            .map(|id| Waits { node: id, waits_for: &manifest.nodes[id].depends_on.nodes })
            .collect(),
    };
    // Serialising cannot fail: every key is a string.
    let text = serde_json::to_string_pretty(&written).unwrap_or_default();
    files.insert(SCHEDULE.to_owned(), format!("{text}\n"));
    crate::features::schedule::airflow::emit(spec, schedule, manifest, files);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_divides_an_hour_or_a_day_is_a_cron() {
        assert_eq!(cron_every(900).as_deref(), Some("*/15 * * * *"));
        assert_eq!(cron_every(3_600).as_deref(), Some("0 * * * *"));
        assert_eq!(cron_every(6 * 3_600).as_deref(), Some("0 */6 * * *"));
        assert_eq!(cron_every(86_400).as_deref(), Some("0 0 * * *"));
        for seconds in [420, 5_400, 5 * 3_600, 2 * 86_400] {
            assert_eq!(cron_every(seconds), None, "{seconds}");
        }
    }
}
