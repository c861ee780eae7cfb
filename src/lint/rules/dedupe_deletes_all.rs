//! A DELETE of duplicates that leaves none of them.

use sqlparser::ast::{Expr, GroupByExpr, SelectItem};

use crate::diagnostic::Code;
use crate::lint::facts::{any, column, conjuncts, function_name, lookup, select_of, tables};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::deletes;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (_, read, delete, table) in deletes(unit) {
        let lookups = delete.selection.iter().flat_map(conjuncts).filter_map(lookup);
        let takes_all = lookups.filter(|found| !found.negated && found.value.is_some()).any(|found| {
            let Some(select) = select_of(found.query) else { return false };
            let is_own = select.from.iter().flat_map(tables).any(|from| from.is(&table));
            let is_grouped = matches!(&select.group_by, GroupByExpr::Expressions(by, _) if !by.is_empty());
            let counts = |expr: &Expr| matches!(expr, Expr::Function(function) if function_name(function) == "count");
            let has_count = select.having.as_ref().is_some_and(|having| any(having, counts));
            let is_key = select.projection.iter().all(|item| match item {
                SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. } => {
                    column(output).is_some()
                }
                _ => false,
            });
            is_own && is_grouped && has_count && is_key
        });
        // `AND id <> (SELECT MIN(id) ...)` keeps one.
        let conditions = delete.selection.iter().flat_map(conjuncts).count();
        if takes_all && conditions == 1 {
            found.push(Finding {
                code: Code::DedupeDeletesAll,
                line: read.line_of("delete"),
                message: format!(
                    "if `{table}` has a key twice, this DELETE takes all rows of the key, and none of them stays"
                ),
                label: "all copies",
                help: "keep one row of each key: delete the rows whose ROW_NUMBER() over the key is greater than 1"
                    .to_owned(),
            });
        }
    }
}
