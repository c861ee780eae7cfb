//! A DELETE of all rows that another table does not have.

use sqlparser::ast::Delete;

use crate::diagnostic::Code;
use crate::lint::facts::{Table, conjuncts, lookup};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, looked_up};
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (_, read, delete, table) in deletes(unit) {
        let Some(upstream) = absent_from(delete, &table) else { continue };
        found.push(Finding {
            code: Code::DeletesWhatUpstreamLacks,
            line: read.line_of("delete"),
            message: format!("if `{upstream}` is empty, because its load failed, this DELETE empties `{table}`"),
            label: "rows that are absent elsewhere",
            help: format!("add `AND EXISTS (SELECT 1 FROM {upstream})`, or mark the rows instead"),
        });
    }
}

/// The table whose absence of a row alone decides.
fn absent_from(delete: &Delete, table: &Table) -> Option<Table> {
    let conditions: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
    // Any other lookup, or another condition, limits what is deleted.
    if conditions.iter().any(|condition| !looked_up(condition).is_empty()) {
        return None;
    }
    let absent = conditions.iter().filter_map(|condition| lookup(condition)).find(|found| found.negated)?;
    let upstream = absent.tables().into_iter().find(|other| !other.is(table))?;
    let has_others = conditions.iter().any(|condition| lookup(condition).is_none());
    (!has_others).then_some(upstream)
}
