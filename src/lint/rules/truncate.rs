//! TRUNCATE of a table that was copied, or unloaded to files.

use crate::diagnostic::Code;
use crate::lint::action::{Action, loaded};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{is_reloaded, is_unloaded};
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read) in unit.statements.iter().enumerate() {
        let Action::Truncate(tables) = read.action() else { continue };
        for table in tables {
            // All rows of a stage that the script loads are also in its files.
            let is_stage = unit.statements[..at].iter().any(|read| {
                !matches!(read.action(), Action::Copy(_)) && loaded(&read.tree).is_some_and(|into| into.is(&table))
            });
            let archived = unit.archives(&table).into_iter().any(|(copied, _)| copied < at);
            if (archived || is_unloaded(unit, &table, at))
                && !is_reloaded(unit, &table, at)
                && !unit.creates(&table)
                && !is_stage
                && !table.is_named_as_temporary()
            {
                found.push(Finding {
                    code: Code::Truncate,
                    line: read.line_of("truncate"),
                    message: format!("TRUNCATE also takes the rows that came to `{table}` after they were copied"),
                    label: "deletes all rows; some engines also commit",
                    help: "delete only rows whose copy is there: `DELETE ... WHERE EXISTS (...)`".to_owned(),
                });
            }
        }
    }
}
