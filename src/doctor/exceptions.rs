//! Open exceptions, and what they say of the last sweep.

use crate::diagnostic::{Code, Diagnostic, Level, Sink};
use crate::doctor::ago;
use crate::doctor::live::{Live, Open};
use crate::features::monitors::plan::not_to_cure;
use crate::project::naming::{HOLD, MONITORED, NULL_KEY};
use crate::project::{DAY, ExceptionsId, Spec, Table};

/// A sweep comes every night, and takes its time.
const A_NIGHT: u64 = DAY + 2 * 3_600;

pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    for (id, open) in &live.exceptions {
        let not_to_cure = not_to_cure(spec, *id);
        for one in open {
            if one.is_sealed {
                swept(spec, *id, one, sink);
            } else {
                open_of_a_type(spec, *id, one, &not_to_cure, sink);
            }
        }
    }
}

/// The table whose statements or monitors open exceptions of a type.
fn owner<'s>(spec: &'s Spec, id: ExceptionsId, exception_type: &str) -> Option<&'s Table> {
    let ends = std::iter::once("").chain([NULL_KEY, HOLD]).chain(MONITORED);
    let is_own = |table: &&Table| ends.clone().any(|end| exception_type == format!("{}{end}", table.exception_type));
    let stated = spec.monitors.iter().find(|monitor| monitor.exception_type.as_deref() == Some(exception_type));
    let of_this = |table: &&Table| table.exceptions == id;
    spec.tables.iter().filter(of_this).find(is_own).or_else(|| stated.map(|monitor| spec.table(monitor.table)))
}

/// Of due rows whose period is sealed: the next sweep takes them, and closes what is open about them.
fn swept(spec: &Spec, id: ExceptionsId, open: &Open, sink: &mut Sink) {
    let Some(age) = open.age.filter(|age| *age > A_NIGHT) else { return };
    let message = format!(
        "no sweep was completed for {}: so long, {} of rows in sealed periods have been open in {}",
        ago(age),
        counted(open.number),
        spec.exceptions(id).relation.sql(spec.dialect)
    );
    let place = spec.places.sealed_before.unwrap_or(spec.exceptions(id).span);
    let help = "run compiled/sweep/ in run order, while no cycle runs; and look why last night's did not end";
    sink.push(Diagnostic::new(Code::LiveSweep, message, place, "sealed periods are the sweep's").help(help));
}

fn open_of_a_type(spec: &Spec, id: ExceptionsId, open: &Open, not_to_cure: &[String], sink: &mut Sink) {
    let exceptions = spec.exceptions(id);
    let word = open.exception_type.as_deref().unwrap_or("NULL");
    let since =
        open.age.map_or_else(|| "since nobody knows when".to_owned(), |age| format!("the oldest for {}", ago(age)));
    let verb = if open.number == 1 { "is" } else { "are" };
    let what = format!(
        "{} of type {word} {verb} open in {}, {since}",
        counted(open.number),
        exceptions.relation.sql(spec.dialect)
    );
    let Some(table) = owner(spec, id, word) else {
        let message = format!(
            "{what}: no table of the project has this type, so that nothing holds for it and nothing closes it"
        );
        sink.push(
            Diagnostic::new(Code::LiveExceptions, message, exceptions.span, "the exceptions table")
                .at_level(Level::Warning)
                .help("close them by maintenance/repairs/resolve; a type that was renamed needs it once"),
        );
        return;
    };
    let is_hold = word.ends_with(HOLD);
    let level = match open.age {
        _ if not_to_cure.iter().any(|known| known == word) => Level::Note,
        // What a sweep does not cure, nothing cures by itself.
        Some(age) if age <= A_NIGHT => Level::Warning,
        _ => Level::Error,
    };
    let label = format!("exceptions of {}", table.model.value.as_str());
    let finding = Diagnostic::new(Code::LiveExceptions, what, table.model.span, label).at_level(level);
    sink.push(if is_hold {
        finding.help("an operator's hold: maintenance/repairs/ has the statement that lifts it")
    } else {
        finding.help("`rowkeep runbook exceptions` says of each type what it means, and what cures it")
    });
}

fn counted(number: u64) -> String {
    if number == 1 { "1 exception".to_owned() } else { format!("{number} exceptions") }
}
