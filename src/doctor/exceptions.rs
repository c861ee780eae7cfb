//! Open exceptions, which also show how old the last completed sweep is.

use crate::diagnostic::{Code, Diagnostic, Level, Sink};
use crate::doctor::duration_text;
use crate::doctor::live::{Live, OpenExceptions};
use crate::features::monitors::plan::not_to_cure;
use crate::project::naming::{HOLD, MONITORED, NULL_KEY};
use crate::project::{DAY, ExceptionsId, Spec, Table};

/// The maximum age of exceptions that wait for the nightly sweep: a day, and two hours for its run.
const MAX_AGE: u64 = DAY + 2 * 3_600;

pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    for (id, open) in &live.exceptions {
        let not_to_cure = not_to_cure(spec, *id);
        for group in open {
            if group.is_sealed {
                report_sweep(spec, *id, group, sink);
            } else {
                report_type(spec, *id, group, &not_to_cure, sink);
            }
        }
    }
}

/// The table whose statements or monitors record exceptions of a type.
fn owner<'s>(spec: &'s Spec, id: ExceptionsId, exception_type: &str) -> Option<&'s Table> {
    let suffixes = std::iter::once("").chain([NULL_KEY, HOLD]).chain(MONITORED);
    let is_own =
        |table: &&Table| suffixes.clone().any(|suffix| exception_type == format!("{}{suffix}", table.exception_type));
    let monitor = spec.monitors.iter().find(|monitor| monitor.exception_type.as_deref() == Some(exception_type));
    let shares_exceptions = |table: &&Table| table.exceptions == id;
    spec.tables
        .iter()
        .filter(shares_exceptions)
        .find(is_own)
        .or_else(|| monitor.map(|monitor| spec.table(monitor.table)))
}

/// Reports an overdue sweep. A sweep archives due rows of sealed periods and closes their
/// exceptions, so an old exception shows that no sweep was completed.
fn report_sweep(spec: &Spec, id: ExceptionsId, open: &OpenExceptions, sink: &mut Sink) {
    let Some(age) = open.age.filter(|age| *age > MAX_AGE) else { return };
    let message = format!(
        "no sweep was completed for {}: {} still has {} for rows in sealed periods",
        duration_text(age),
        spec.exceptions(id).relation.sql(spec.dialect),
        count_text(open.number)
    );
    let of_tables = spec.tables().filter(|(_, table)| table.exceptions == id);
    let mut sealed = of_tables.filter_map(|(table, _)| spec.list_of(table)?.places.sealed_before);
    let place = sealed.next().unwrap_or(spec.exceptions(id).span);
    let help = "run compiled/sweep/ in run order while no cycle runs; and find out why the last sweep did not complete";
    sink.push(
        Diagnostic::new(Code::LiveSweep, message, place, "only a sweep archives rows of sealed periods").help(help),
    );
}

fn report_type(spec: &Spec, id: ExceptionsId, open: &OpenExceptions, not_to_cure: &[String], sink: &mut Sink) {
    let exceptions = spec.exceptions(id);
    let exception_type = open.exception_type.as_deref().unwrap_or("NULL");
    let since = open.age.map_or_else(
        || "without a time of detection".to_owned(),
        |age| format!("the oldest for {}", duration_text(age)),
    );
    let verb = if open.number == 1 { "is" } else { "are" };
    let what = format!(
        "{} of type {exception_type} {verb} open in {}, {since}",
        count_text(open.number),
        exceptions.relation.sql(spec.dialect)
    );
    let Some(table) = owner(spec, id, exception_type) else {
        let message =
            format!("{what}: no table of the project has this type, so they hold no row and no statement closes them");
        sink.push(
            Diagnostic::new(Code::LiveExceptions, message, exceptions.span, "the exceptions table")
                .at_level(Level::Warning)
                .help("close them with maintenance/repairs/resolve; do this once after you rename a type"),
        );
        return;
    };
    let is_hold = exception_type.ends_with(HOLD);
    let level = match open.age {
        _ if not_to_cure.iter().any(|known| known == exception_type) => Level::Note,
        // A sweep may close a younger exception. An older one needs an operator.
        Some(age) if age <= MAX_AGE => Level::Warning,
        _ => Level::Error,
    };
    let label = format!("exceptions of {}", table.model.value.as_str());
    let finding = Diagnostic::new(Code::LiveExceptions, what, table.model.span, label).at_level(level);
    sink.push(if is_hold {
        finding.help("this is a hold of an operator; to lift it, run its statement in maintenance/repairs/")
    } else {
        finding.help("`rowkeep runbook exceptions` explains each type, and how to fix its cause")
    });
}

fn count_text(number: u64) -> String {
    if number == 1 { "1 exception".to_owned() } else { format!("{number} exceptions") }
}
