//! A copy by `SELECT *`.

use crate::diagnostic::Code;
use crate::lint::facts::{Action, is_star};
use crate::lint::rules::Finding;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let copy = match read.action() {
            Action::Copy(copy) | Action::Move { copy, .. } if !copy.creates => copy,
            _ => continue,
        };
        let (Some(select), Some(source)) = (copy.select(), copy.from().into_iter().next()) else { continue };
        // A table that the unit creates itself has the columns that it was given.
        if !select.projection.iter().any(is_star) || unit.creates(&source) && unit.creates(&copy.into) {
            continue;
        }
        found.push(Finding {
            code: Code::SelectStar,
            line: read.line_of("insert"),
            message: format!(
                "`SELECT *` copies by position: a column that is added to `{source}` or to `{}` shifts or stops the copy",
                copy.into
            ),
            label: "the columns are not named",
            help: "list the columns on both sides".to_owned(),
        });
    }
}
