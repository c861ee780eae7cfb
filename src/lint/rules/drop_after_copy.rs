//! DROP TABLE of a table that was copied.

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::rewrite::rewrites;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::is_unloaded;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    // A table that was replaced by a part of its rows has a finding of its own.
    let replaced: Vec<usize> = rewrites(unit).iter().map(|rewrite| rewrite.gone_at).collect();
    for (at, read) in unit.statements.iter().enumerate().filter(|(at, _)| !replaced.contains(at)) {
        let Action::Drop(tables) = read.action() else { continue };
        for table in tables {
            let copies = unit.archives(&table);
            let is_archived = copies.iter().any(|(copied, archive)| {
                *copied < at && matches!(archive.action(), Action::Copy(copy) if copy.into.is_named_as_archive())
            });
            if (is_archived || is_unloaded(unit, &table, at)) && !unit.creates(&table) {
                found.push(Finding {
                    code: Code::DropAfterCopy,
                    line: read.line_of("drop"),
                    message: format!("`{table}` is dropped, and nothing has checked that its copy is complete"),
                    label: "after an unchecked copy",
                    help: "compare the numbers of rows first, and drop the table in another run".to_owned(),
                });
            }
        }
    }
}
