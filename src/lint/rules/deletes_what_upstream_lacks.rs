//! A DELETE of all rows that another table does not have.

use sqlparser::ast::{Delete, Expr, FromTable, JoinOperator, MergeAction, MergeClauseKind, Statement, TableFactor};

use crate::diagnostic::Code;
use crate::lint::facts::{conjuncts, lookup};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, looked_up};
use crate::lint::table::Table;
use crate::lint::unit::{Read, Unit};

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let mut report = |read: &Read, table: &Table, upstream: &Table, at: &str| {
        found.push(Finding {
            code: Code::DeletesWhatUpstreamLacks,
            line: read.line_of(at),
            message: format!("if `{upstream}` is empty, because its load failed, this DELETE empties `{table}`"),
            label: "rows that are absent elsewhere",
            help: format!("add `AND EXISTS (SELECT 1 FROM {upstream})`, or mark the rows as deleted instead"),
        });
    };
    for (_, read, delete, table) in deletes(unit) {
        if let Some(upstream) = absent_from(delete, &table).or_else(|| anti_joined(delete)) {
            report(read, &table, &upstream, "delete");
        }
    }
    for read in &unit.statements {
        let Statement::Merge(merge) = &read.tree else { continue };
        let deletes = merge.clauses.iter().any(|clause| {
            matches!(clause.clause_kind, MergeClauseKind::NotMatchedBySource)
                && clause.predicate.is_none()
                && matches!(clause.action, MergeAction::Delete { .. })
        });
        if let (true, TableFactor::Table { name: target, .. }, TableFactor::Table { name: source, .. }) =
            (deletes, &merge.table, &merge.source)
        {
            report(read, &Table::of(target), &Table::of(source), "by source");
        }
    }
}

/// The table of an outer join, of which a column must be NULL.
fn anti_joined(delete: &Delete) -> Option<Table> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let conditions: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
    let joins = from.iter().flat_map(|item| &item.joins);
    let mut outer =
        joins.filter(|join| matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_)));
    match (conditions.as_slice(), &outer.next()?.relation) {
        ([Expr::IsNull(_)], TableFactor::Table { name, .. }) => Some(Table::of(name)),
        _ => None,
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
