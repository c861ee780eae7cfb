//! An archive that is chosen by the day of the run.

use crate::diagnostic::Code;
use crate::lint::facts::Action;
use crate::lint::jinja::RUN_DATE;
use crate::lint::rules::Finding;
use crate::lint::script::skeleton;
use crate::lint::unit::Unit;

/// Functions that write a time as text.
const FORMATS: [&str; 6] = ["to_char", "format_date", "date_format", "strftime", "to_varchar", "format_timestamp"];
/// What reads the clock inside of such a call.
const CLOCKS: [&str; 8] =
    ["current_date", "current_timestamp", "now()", "getdate()", "sysdate", "curdate()", "now(", "clock_timestamp("];

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let mut report = |line: usize| {
        found.push(Finding {
            code: Code::ArchiveNamedByRunDate,
            line,
            message: "the archive is chosen by the day of the run, not by the time of the row: a late run files rows under another period"
                .to_owned(),
            label: "the day of the run",
            help: "choose the archive by the bounds of its period, one statement per period".to_owned(),
        });
    };
    for read in &unit.statements {
        let into = match read.action() {
            Action::Copy(copy) if !copy.creates => copy.into,
            Action::Move { copy, .. } => copy.into,
            _ => continue,
        };
        if into.name().contains(RUN_DATE) {
            report(read.line_of("insert"));
        }
    }
    for marked in &unit.texts {
        let text = marked.text.to_lowercase();
        // Dynamic SQL: the name of a table is a text that ends with `_`, and a formatted clock.
        let written = skeleton(&text);
        let builds_name =
            text.contains("_' ||") || text.contains("_'||") || text.contains("_' +") || text.contains("_%s");
        let call = FORMATS.iter().find_map(|format| {
            let (_, arguments) = written.split_once(&format!("{format}("))?;
            CLOCKS.iter().any(|clock| arguments.trim_start().starts_with(clock)).then_some(*format)
        });
        if let Some(call) = call.filter(|_| builds_name) {
            let at = text.find(call).filter(|at| *at < marked.text.len()).unwrap_or(0);
            report(marked.line(at));
        }
    }
}
