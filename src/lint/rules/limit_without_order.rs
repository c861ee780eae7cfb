//! A copy of some rows, and a DELETE that may choose others.

use sqlparser::ast::Expr;

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{conjuncts, lookup, select_of, takes_any_rows};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, is_proven, is_reloaded};
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read, delete, table) in deletes(unit) {
        if is_proven(read, delete, &table) || is_reloaded(unit, &table, at) {
            continue;
        }
        let copies = unit.archives(&table).into_iter().any(|(_, archive)| match archive.action() {
            Action::Copy(copy) => {
                let is_limited = copy.query.limit_clause.is_some() || copy.query.fetch.is_some();
                takes_any_rows(copy.query)
                    || select_of(copy.query).is_some_and(|select| chooses_any(select.selection.as_ref()))
                    || is_limited && chooses_any(delete.selection.as_ref())
            }
            _ => false,
        });
        if !copies {
            continue;
        }
        let text = if delete.limit.is_some() { "limit" } else { "delete" };
        found.push(Finding {
            code: Code::LimitWithoutOrder,
            line: read.line_of(text),
            message: format!(
                "LIMIT without ORDER BY takes any rows: the DELETE from `{table}` may take other rows than the copy"
            ),
            label: "these may be other rows",
            help: "store the keys of the rows in a table first, and use it in both statements".to_owned(),
        });
    }
}

/// Whether the keys of the rows come from a query that takes any rows.
fn chooses_any(selection: Option<&Expr>) -> bool {
    selection.into_iter().flat_map(conjuncts).filter_map(lookup).any(|found| takes_any_rows(found.query))
}
