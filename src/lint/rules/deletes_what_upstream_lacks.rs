//! A DELETE of all rows that another table does not have.

use sqlparser::ast::{
    Delete, Expr, FromTable, JoinOperator, MergeAction, MergeClauseKind, SetExpr, SetOperator, Statement, TableFactor,
};

use crate::diagnostic::Code;
use crate::lint::facts::{conjuncts, from_tables, is_equality, lookup, tables, tables_in};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, looked_up};
use crate::lint::table::Table;
use crate::lint::unit::Unit;

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
        let upstream =
            absent_from(delete, &table).or_else(|| anti_joined(delete)).or_else(|| lists_absent(delete, &table));
        // Orphans leave before a foreign key is added: the table of the parents is not loaded here.
        let is_migration = || {
            unit.texts.iter().any(|text| {
                let text = text.sql.text.to_lowercase();
                let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                let names_table = words.any(|word| word == table.name());
                text.contains("add constraint") && text.contains("foreign key") && names_table
            })
        };
        if let Some(upstream) = upstream.filter(|_| !is_migration()) {
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
        let source = match &merge.source {
            TableFactor::Table { name, .. } => Some(Table::of(name)),
            TableFactor::Derived { subquery, .. } => from_tables(subquery).into_iter().next(),
            _ => None,
        };
        if let (true, TableFactor::Table { name: target, .. }, Some(source)) = (deletes, &merge.table, source) {
            report(read, &Table::of(target), &source, "by source");
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

/// The table that lacks the keys of a list: `IN (SELECT k FROM t EXCEPT SELECT k FROM u)`, or USING
/// of an outer join of `t` with `u`.
fn lists_absent(delete: &Delete, table: &Table) -> Option<Table> {
    let conditions: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
    let listed = match conditions.as_slice() {
        [only] => lookup(only).filter(|found| !found.negated && found.value.is_some()).map(|found| found.query),
        _ => None,
    };
    let joined = delete.using.iter().flatten().filter_map(|item| match &item.relation {
        TableFactor::Derived { subquery, .. } => Some(&**subquery),
        _ => None,
    });
    let has_only_keys = conditions.iter().filter(|one| lookup(one).is_none()).all(|one| is_equality(one));
    let mut lists = listed.into_iter().chain(joined.filter(|_| has_only_keys));
    lists.find_map(|query| match &*query.body {
        SetExpr::SetOperation { op: SetOperator::Except | SetOperator::Minus, left, right, .. } => {
            let reads_own = tables_in(&**left).iter().any(|other| other.is(table));
            tables_in(&**right).into_iter().next().filter(|_| reads_own)
        }
        SetExpr::Select(select) => {
            let from = select.from.first()?;
            let reads_own = tables(from).first().is_some_and(|first| first.is(table));
            let tests: Vec<_> = select.selection.iter().flat_map(conjuncts).collect();
            let outer = from
                .joins
                .iter()
                .find(|join| matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_)))?;
            match (tests.as_slice(), &outer.relation) {
                ([Expr::IsNull(_)], TableFactor::Table { name, .. }) if reads_own => Some(Table::of(name)),
                _ => None,
            }
        }
        _ => None,
    })
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
    // `AND EXISTS (SELECT 1 FROM upstream)` is the edit that the help names.
    let has_others = conditions.iter().any(|condition| lookup(condition).is_none_or(|found| !found.negated));
    (!has_others).then_some(upstream)
}
