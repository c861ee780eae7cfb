//! What the project's monitors find.

use crate::artifacts::manifest::Manifest;
use crate::check::Day;
use crate::connect::Record;
use crate::diagnostic::{Code, Diagnostic, Level, Sink, some};
use crate::doctor::live::{Answer, Live};
use crate::doctor::questions::MOST;
use crate::features::Operations;
use crate::features::monitors::Severity;
use crate::features::monitors::{Monitor, MonitorKind};
use crate::project::{Period, Spec, TableId};
use crate::sql::TimeUnit;

pub(super) fn report(spec: &Spec, operations: &Operations, manifest: &Manifest, live: &Live, sink: &mut Sink) {
    for ((planned, monitor), answer) in operations.monitors.iter().zip(&manifest.monitors).zip(&live.answers) {
        if let Answer::Refused(why) = answer {
            let place = planned.table.map_or(spec.places.periods, |id| spec.table(id).model.span);
            let message = format!("the database refused the question of {}: {why}", monitor.name);
            let help = format!("run {} by hand, with time and rights enough", monitor.find.path);
            sink.push(Diagnostic::new(Code::LiveUnreadable, message, place, "nothing is known of it").help(help));
        }
        let (Answer::Rows(rows), Some(id)) = (answer, planned.table) else { continue };
        let Some(first) = rows.first() else { continue };
        sink.push(match planned.kind {
            MonitorKind::Horizon => horizon(spec, id, first),
            MonitorKind::LowerEdge => lower_edge(spec, id, first),
            _ => finding(spec, id, planned, &monitor.find.path, rows),
        });
    }
}

/// Monitors that were not asked, each with the reason.
pub(super) fn not_asked(manifest: &Manifest, answers: &[Answer]) -> Vec<(String, String)> {
    let all = manifest.monitors.iter().zip(answers);
    let all = all.filter_map(|(monitor, answer)| match answer {
        Answer::NotAsked(why) => Some((monitor.name.clone(), why.clone())),
        Answer::Rows(_) | Answer::Refused(_) => None,
    });
    all.collect()
}

fn finding(spec: &Spec, id: TableId, monitor: &Monitor, path: &str, rows: &[Record]) -> Diagnostic {
    let found = match u64::try_from(rows.len()) {
        Ok(number) if number >= MOST => format!("{MOST} rows or more"),
        _ if rows.len() == 1 => "1 row".to_owned(),
        _ => format!("{} rows", rows.len()),
    };
    let mut keys: Vec<_> = rows.iter().filter_map(|row| row.first().cloned().flatten()).collect();
    keys.dedup();
    let about = if keys.is_empty() { String::new() } else { format!("; about {}", some(&keys)) };
    let message = format!("{} finds {found}: {}{about}", monitor.name, monitor.find.reason);
    let level = match monitor.severity {
        // Between sweeps, keys that touch a sealed period may stand in two places.
        Severity::Error if !monitor.after_sweep => Level::Error,
        _ => Level::Warning,
    };
    let table = spec.table(id);
    let place = match monitor.kind {
        MonitorKind::Stated(number) => spec.monitor(number).name.span,
        _ => table.model.span,
    };
    Diagnostic::new(Code::LiveMonitor, message, place, "the table that it looks at")
        .at_level(level)
        .help(format!("{path} lists them; `rowkeep runbook exceptions` says what cures them"))
}

/// `row`: nothing, and what is due by now as the table's time counts.
fn horizon(spec: &Spec, id: TableId, row: &Record) -> Diagnostic {
    let last = spec.periods.last();
    let end = last.map_or(0, Period::end_epoch);
    let cutoff = row.get(1).cloned().flatten().and_then(|cutoff| day(spec, id, &cutoff));
    let model = spec.table(id).model.value.as_str();
    let last_day = last.map_or_else(String::new, Period::end);
    let place = spec.places.each_period.last().copied().unwrap_or(spec.places.periods);
    let passed = cutoff.is_none_or(|cutoff| cutoff.epoch() >= end);
    let message = match (cutoff, passed) {
        (Some(cutoff), false) => format!(
            "due rows of {model} are of {cutoff} by now, and the last period ends {last_day}: in {} days they fall into none",
            (end - cutoff.epoch()).div_euclid(86_400)
        ),
        (Some(cutoff), true) => format!(
            "due rows of {model} are of {cutoff} by now, and the last period ended {last_day}: they stay in the mart, and are reported"
        ),
        (None, _) => format!("due rows of {model} fall beyond the last period, which ends {last_day}"),
    };
    let level = if passed { Level::Error } else { Level::Warning };
    let finding = Diagnostic::new(Code::LiveHorizon, message, place, "the last period").at_level(level);
    match last.and_then(Period::following) {
        Some(next) => {
            finding.help(format!("`rowkeep rotate {}`; `rowkeep runbook rotation` has every step", next.name))
        }
        None => finding,
    }
}

/// `row`: nothing, the oldest time, and how many rows.
fn lower_edge(spec: &Spec, id: TableId, row: &Record) -> Diagnostic {
    let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    let oldest = day(spec, id, &text(1)).map_or_else(|| text(1), |day| day.to_string());
    let model = spec.table(id).model.value.as_str();
    let number = text(2);
    let (rows, verb) = if number == "1" { ("row", "is") } else { ("rows", "are") };
    let message = format!(
        "{number} {rows} of {model} {verb} older than the first period, the oldest of {oldest}: once due, no history table takes them"
    );
    let place = spec.places.each_period.first().copied().unwrap_or(spec.places.periods);
    Diagnostic::new(Code::LiveLowerEdge, message, place, "the first period")
        .at_level(Level::Warning)
        .help("`rowkeep runbook lower-edge` has the line to add before it")
}

/// The day of a time, as a table counts it.
fn day(spec: &Spec, id: TableId, time: &str) -> Option<Day> {
    match spec.table(id).time.unit {
        TimeUnit::EpochSeconds => time.parse().ok().and_then(Day::of_epoch),
        TimeUnit::EpochMillis => time.parse::<i64>().ok().and_then(|millis| Day::of_epoch(millis.div_euclid(1_000))),
        _ => time.get(..10)?.parse().ok(),
    }
}
