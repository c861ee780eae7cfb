//! An INSERT without a list of columns.

use crate::diagnostic::Code;
use crate::lint::facts::{Action, is_star};
use crate::lint::rules::Finding;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let copy = match read.action() {
            Action::Copy(copy) | Action::Move { copy, .. } if !copy.creates && !copy.has_columns => copy,
            _ => continue,
        };
        let (Some(select), Some(_)) = (copy.select(), copy.from().into_iter().next()) else { continue };
        if select.projection.iter().any(is_star) || unit.creates(&copy.into) {
            continue;
        }
        found.push(Finding {
            code: Code::PositionalInsert,
            line: read.line_of("insert"),
            message: format!(
                "the order of the columns of `{}` is assumed: another order puts values into wrong columns",
                copy.into
            ),
            label: "no list of columns",
            help: format!("write `INSERT INTO {} (column, ...)`", copy.into),
        });
    }
}
