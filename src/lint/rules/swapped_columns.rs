//! An INSERT into an archive that writes the value of one column into another one.

use sqlparser::ast::{Expr, MergeAction, MergeInsertKind, SelectItem, Statement};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy, OnConflict};
use crate::lint::facts::column;
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::is_of_archive;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let copy = match read.action() {
            Action::Copy(copy) | Action::Move { copy, .. } if !copy.creates => copy,
            _ => continue,
        };
        let Some(source) = copy.from().into_iter().next() else { continue };
        let is_move = matches!(read.action(), Action::Move { .. });
        if source.is(&copy.into) || !is_move && !is_of_archive(unit, &source, &copy.into) {
            continue;
        }
        let declared = || unit.columns_of(&copy.into).unwrap_or_default().iter().map(|column| column.name.clone());
        let into = if copy.columns.is_empty() { declared().collect() } else { copy.columns.clone() };
        let swapped = values(read, &copy).iter().find_map(|values| swapped(&into, values));
        if let Some((value, column)) = swapped {
            found.push(Finding {
                code: Code::SwappedColumns,
                line: read.line_of("insert"),
                message: format!(
                    "the value of `{value}` is written into column `{column}` of `{}`: archived rows have wrong values",
                    copy.into
                ),
                label: "the columns have another order than the values",
                help: "write both lists in the same order; if it is meant, give each value the name of its column, as in `a AS b`".to_owned(),
            });
        }
    }
}

/// The names of the values that are written, for each SELECT of a UNION.
fn values(read: &Read, copy: &Copy<'_>) -> Vec<Vec<Option<String>>> {
    let name = |expr: &Expr| column(uncast(expr)).map(|(_, name)| name);
    if copy.on_conflict == OnConflict::Matches {
        let Statement::Merge(merge) = &read.tree else { return Vec::new() };
        let inserts = merge.clauses.iter().filter_map(|clause| match &clause.action {
            MergeAction::Insert(insert) => Some(&insert.kind),
            _ => None,
        });
        let rows = inserts.flat_map(|kind| match kind {
            MergeInsertKind::Values(values) => values.rows.as_slice(),
            MergeInsertKind::Row | MergeInsertKind::Wildcard => &[],
        });
        return rows.map(|row| row.iter().map(name).collect()).collect();
    }
    let name_of = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => name(expr),
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
        _ => None,
    };
    let has_star = |item: &SelectItem| !matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
    let arms = copy.arms().into_iter().filter(|select| !select.projection.iter().any(has_star));
    arms.map(|select| select.projection.iter().map(name_of).collect()).collect()
}

/// The expression inside of CAST.
fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => uncast(expr),
        other => other,
    }
}

/// A value, and the column into which it is written, if the value belongs to another column of the
/// list, and the column has its own value elsewhere.
fn swapped(into: &[String], values: &[Option<String>]) -> Option<(String, String)> {
    if into.len() != values.len() {
        return None;
    }
    into.iter().zip(values).find_map(|(column, value)| {
        let value = value.as_ref().filter(|value| *value != column && into.contains(value))?;
        values.iter().flatten().any(|other| other == column).then(|| (value.clone(), column.clone()))
    })
}
