//! The findings of the project's monitors.

use crate::artifacts::manifest::Manifest;
use crate::check::{Day, rotation};
use crate::connect::Record;
use crate::diagnostic::{Code, Diagnostic, Level, Sink, some};
use crate::doctor::live::{Answer, Live};
use crate::doctor::queries::MAX_ROWS;
use crate::features::Operations;
use crate::features::monitors::Severity;
use crate::features::monitors::{Monitor, MonitorKind};
use crate::project::{Period, PeriodId, PeriodList, Spec, TableId, following};
use crate::sql::TimeUnit;

pub(super) fn report(spec: &Spec, operations: &Operations, manifest: &Manifest, live: &Live, sink: &mut Sink) {
    for ((planned, monitor), answer) in operations.monitors.iter().zip(&manifest.monitors).zip(&live.answers) {
        if let Answer::Refused(why) = answer {
            let place = planned.table.map_or(spec.places.periods, |id| spec.table(id).model.span);
            let message = format!("the database refused the query of monitor {}: {why}", monitor.name);
            let help = format!(
                "run {} by hand, as a role with enough permissions and without a time limit",
                monitor.find.path
            );
            sink.push(
                Diagnostic::new(Code::LiveUnreadable, message, place, "the result of the monitor is unknown")
                    .help(help),
            );
        }
        let (Answer::Rows(rows), Some(id)) = (answer, planned.table) else { continue };
        let Some(first) = rows.first() else { continue };
        sink.push(match planned.kind {
            MonitorKind::Horizon | MonitorKind::LowerEdge => {
                // Only a table with periods has these monitors.
                let Some(list) = spec.list_of(id) else { continue };
                match planned.kind {
                    MonitorKind::Horizon => horizon(spec, id, list, first),
                    _ => lower_edge(spec, id, list, first),
                }
            }
            _ => finding(spec, id, planned, &monitor.find.path, rows),
        });
    }
}

/// Monitors that did not run, each with the reason.
pub(super) fn not_run(manifest: &Manifest, answers: &[Answer]) -> Vec<(String, String)> {
    let all = manifest.monitors.iter().zip(answers);
    let all = all.filter_map(|(monitor, answer)| match answer {
        Answer::NotRun(why) => Some((monitor.name.clone(), why.clone())),
        Answer::Rows(_) | Answer::Refused(_) => None,
    });
    all.collect()
}

fn finding(spec: &Spec, id: TableId, monitor: &Monitor, path: &str, rows: &[Record]) -> Diagnostic {
    let found = match u64::try_from(rows.len()) {
        Ok(number) if number >= MAX_ROWS => format!("{MAX_ROWS} rows or more"),
        _ if rows.len() == 1 => "1 row".to_owned(),
        _ => format!("{} rows", rows.len()),
    };
    let has_keys = !matches!(
        monitor.kind,
        MonitorKind::Tripwire
            | MonitorKind::Backlog
            | MonitorKind::Waiting
            | MonitorKind::Retired
            | MonitorKind::Erased
    );
    let mut keys: Vec<_> = rows.iter().filter_map(|row| row.first().cloned().flatten()).collect();
    keys.dedup();
    let keys = if keys.is_empty() || !has_keys { String::new() } else { format!("; keys: {}", some(&keys)) };
    let message = format!("{} finds {found}: {}{keys}", monitor.name, monitor.find.reason);
    let level = match monitor.severity {
        // Between sweeps, keys that touch a sealed period may be in two places.
        Severity::Error if !monitor.after_sweep => Level::Error,
        _ => Level::Warning,
    };
    let table = spec.table(id);
    let place = match monitor.kind {
        MonitorKind::Stated(number) => spec.monitor(number).name.span,
        _ => table.model.span,
    };
    Diagnostic::new(Code::LiveMonitor, message, place, "the monitor checks this table")
        .at_level(level)
        .help(format!("run {path} to list the rows; `rowkeep runbook exceptions` explains how to fix the cause"))
}

/// Columns of `row`: no key, and the current cutoff in the unit of the table's time.
fn horizon(spec: &Spec, id: TableId, list: &PeriodList, row: &Record) -> Diagnostic {
    let listed = spec.listed(list);
    let last = listed.last();
    let end = last.map_or(0, Period::end_epoch);
    let cutoff = row.get(1).cloned().flatten().and_then(|cutoff| day(spec, id, &cutoff));
    let model = spec.table(id).model.value.as_str();
    let last_day = last.map_or_else(String::new, Period::end);
    let place = list.last().map_or(list.places.list, |last| spec.span_of(last));
    let passed = cutoff.is_none_or(|cutoff| cutoff.epoch() >= end);
    let message = match (cutoff, passed) {
        (Some(cutoff), false) => format!(
            "the cutoff of {model} is {cutoff}, and the last period ends at {last_day}: in {} days, due rows fall into no period",
            (end - cutoff.epoch()).div_euclid(86_400)
        ),
        (Some(cutoff), true) => format!(
            "the cutoff of {model} is {cutoff}, and the last period ends at {last_day}: due rows after it stay in the mart, and are reported"
        ),
        (None, _) => format!(
            "due rows of {model} are after the last period, which ends at {last_day}: they stay in the mart, and are reported"
        ),
    };
    let level = if passed { Level::Error } else { Level::Warning };
    let finding = Diagnostic::new(Code::LiveHorizon, message, place, "the last period").at_level(level);
    let book = list.runbook("rotation");
    finding.help(match following(listed, spec.fiscal_year).and_then(|next| next.name) {
        Some(next) => format!("run `{} {next}`; `rowkeep runbook {book}` lists all steps", rotation(list)),
        None => format!("add the next period; `rowkeep runbook {book}` lists all steps"),
    })
}

/// Columns of `row`: no key, the oldest time, and the number of rows.
fn lower_edge(spec: &Spec, id: TableId, list: &PeriodList, row: &Record) -> Diagnostic {
    let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    let oldest = day(spec, id, &text(1)).map_or_else(|| text(1), |day| day.to_string());
    let model = spec.table(id).model.value.as_str();
    let number = text(2);
    let (rows, verb) = if number == "1" { ("row", "is") } else { ("rows", "are") };
    let message = format!(
        "{number} {rows} of {model} {verb} older than the first period, the oldest from {oldest}: when due, they fit no history table"
    );
    let place = spec.span_of(PeriodId(list.ids.start));
    Diagnostic::new(Code::LiveLowerEdge, message, place, "the first period").at_level(Level::Warning).help(
        if list.retired_before.is_some() {
            "a cycle deletes them when they are due, because `retired_before` says that they are no longer kept"
                .to_owned()
        } else {
            format!("add a period before it; `rowkeep runbook {}` shows the line", list.runbook("lower-edge"))
        },
    )
}

/// The day of a time in the unit of the table.
fn day(spec: &Spec, id: TableId, time: &str) -> Option<Day> {
    match spec.table(id).time.unit {
        TimeUnit::EpochSeconds => time.parse().ok().and_then(Day::of_epoch),
        TimeUnit::EpochMillis => time.parse::<i64>().ok().and_then(|millis| Day::of_epoch(millis.div_euclid(1_000))),
        _ => time.get(..10)?.parse().ok(),
    }
}
