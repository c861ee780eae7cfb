//! Whether a DELETE proves that the rows which it takes are elsewhere.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, CopyIntoSnowflakeKind, CopySource, Delete, Expr, GroupByExpr, JoinOperator, SelectItem, Statement,
    TableFactor,
};

use crate::lint::action::Action;
use crate::lint::facts::{
    Lookup, alias, alternatives, any, arms, column, conjuncts, function_name, is_correlated, lookup, select_of, tables,
    tables_in, words_of,
};
use crate::lint::grammar::{Grammar, parse};
use crate::lint::normal::Joined;
use crate::lint::read::Read;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// A DELETE, with its number in the unit and its table.
pub(super) type Trim<'u> = (usize, &'u Read, &'u Delete, Table);

/// The DELETE statements of a unit, except those that move rows by one statement.
pub(super) fn deletes(unit: &Unit) -> Vec<Trim<'_>> {
    let is_move = |read: &Read| matches!(read.action(), Action::Move { .. });
    all_deletes(unit).into_iter().filter(|(_, read, ..)| !is_move(read)).collect()
}

/// The DELETE statements of a unit, also those that move rows by one statement.
pub(super) fn all_deletes(unit: &Unit) -> Vec<Trim<'_>> {
    let deletes = unit.statements.iter().enumerate().filter_map(|(at, read)| match read.action() {
        Action::Delete(delete, table) | Action::Move { deletes: (delete, table), .. } => {
            Some((at, read, delete, table))
        }
        _ => None,
    });
    deletes.collect()
}

/// The queries of WITH, by name, with the tables that each reads.
fn named(statement: &Statement) -> BTreeMap<String, Vec<Table>> {
    let Statement::Query(query) = statement else { return BTreeMap::new() };
    let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
    ctes.map(|cte| (cte.alias.name.value.to_lowercase(), tables_in(&cte.query))).collect()
}

/// The tables in which a condition looks for the row: by EXISTS, by IN, or by several of them
/// joined by OR. Empty if the row need not be in one.
pub(super) fn looked_up(condition: &Expr) -> Vec<Table> {
    let each: Vec<Option<Lookup<'_>>> = alternatives(condition).into_iter().map(lookup).collect();
    let each: Option<Vec<_>> = each.into_iter().collect();
    match each {
        Some(each)
            if each
                .iter()
                .all(|one| !one.negated && is_correlated(one) && !is_by_day(one) && !is_always_found(one)) =>
        {
            each.iter().flat_map(found_in).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether EXISTS asks for an aggregate without GROUP BY: it has one row, also if nothing is found.
fn is_always_found(found: &Lookup<'_>) -> bool {
    const AGGREGATES: [&str; 7] = ["count", "count_big", "max", "min", "sum", "avg", "any_value"];
    let Some(select) = select_of(found.query).filter(|_| found.value.is_none()) else { return false };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    let is_aggregate = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Function(function))
        | SelectItem::ExprWithAlias { expr: Expr::Function(function), .. } => {
            function.over.is_none() && AGGREGATES.contains(&function_name(function).as_str())
        }
        _ => false,
    };
    !is_grouped && select.having.is_none() && select.projection.iter().any(is_aggregate)
}

/// The tables that have a row which a lookup finds. An outer join whose columns are not tested need
/// not have one.
fn found_in(found: &Lookup<'_>) -> Vec<Table> {
    let Some(select) = select_of(found.query) else { return found.tables() };
    let tested: Vec<_> = select.selection.iter().flat_map(conjuncts).collect();
    let is_outer = |operator: &JoinOperator| {
        matches!(operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_) | JoinOperator::FullOuter(_))
    };
    let is_tested = |factor: &TableFactor| {
        let name = alias(factor);
        let is_own = |expr: &Expr| column(expr).is_some_and(|(row, _)| row.is_some() && row == name);
        tested.iter().any(|one| !matches!(one, Expr::IsNull(_)) && any(*one, is_own))
    };
    let joins = select.from.iter().flat_map(|item| &item.joins);
    let optional: Vec<Table> = joins
        .filter(|join| is_outer(&join.join_operator) && !is_tested(&join.relation))
        .flat_map(|join| tables_in(&join.relation))
        .collect();
    found.tables().into_iter().filter(|table| !optional.contains(table)).collect()
}

/// A join as the lookup that it means.
pub(super) fn lookup_of(join: &Joined) -> Lookup<'_> {
    Lookup { query: &join.query, negated: join.negated, value: None }
}

/// The lookups of a DELETE: its conditions, and its joins.
pub(super) fn lookups<'u>(read: &'u Read, delete: &'u Delete) -> impl Iterator<Item = Lookup<'u>> {
    let conditions = delete.selection.iter().flat_map(conjuncts).filter_map(lookup);
    conditions.chain(read.joins.iter().map(lookup_of))
}

/// Whether a row counts as found if the query has another row of its day: `ts::date IN (SELECT
/// ts::date FROM a)`.
fn is_by_day(found: &Lookup<'_>) -> bool {
    let is_day = |expr: &Expr| match expr {
        Expr::Cast { data_type, .. } => data_type.to_string().eq_ignore_ascii_case("date"),
        Expr::Function(function) => {
            let days = ["date", "to_date", "date_trunc", "trunc", "year", "month"];
            days.contains(&function_name(function).as_str())
        }
        Expr::Extract { .. } => true,
        _ => false,
    };
    let chosen = select_of(found.query).and_then(|select| select.projection.first());
    let chosen = chosen.and_then(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    found.value.is_some_and(is_day) && chosen.is_some_and(is_day)
}

/// The tables in which a DELETE looks for its rows.
pub(super) fn looked_up_by(read: &Read, delete: &Delete) -> Vec<Table> {
    let conditions = delete.selection.iter().flat_map(conjuncts).flat_map(looked_up);
    let joins = read.joins.iter().map(lookup_of).filter(|join| !join.negated && is_correlated(join));
    let mut all: Vec<Table> = conditions.chain(joins.flat_map(|join| join.tables())).collect();
    let named = named(&read.tree);
    // Each name of WITH stands for the tables that its query reads.
    for _ in 0..=named.len() {
        let query = |table: &Table| named.get(table.name()).filter(|_| table.is_bare());
        if !all.iter().any(|table| query(table).is_some()) {
            break;
        }
        let base = |table: Table| query(&table).cloned().unwrap_or_else(|| vec![table]);
        all = all.into_iter().flat_map(base).collect();
        all.sort();
        all.dedup();
    }
    all
}

/// Whether a DELETE takes only rows that a copy of them proves, or that a list in another table
/// names.
pub(super) fn is_proven(read: &Read, delete: &Delete, table: &Table) -> bool {
    looked_up_by(read, delete).iter().any(|found| !found.is(table)) && !lists_itself(delete, table)
}

/// Whether a row is found if the table itself has it: `IN (SELECT id FROM archive UNION ALL SELECT id
/// FROM t WHERE flagged)`.
fn lists_itself(delete: &Delete, table: &Table) -> bool {
    let found = delete.selection.iter().flat_map(conjuncts).filter_map(lookup).filter(|found| !found.negated);
    let mut branches = found.map(|found| arms(found.query)).filter(|arms| arms.len() > 1);
    branches.any(|arms| {
        arms.into_iter().any(|select| {
            let read: Vec<_> = select.from.iter().flat_map(tables).collect();
            !read.is_empty() && read.iter().all(|read| read.is(table))
        })
    })
}

/// Whether the unit writes a table again after a statement has emptied it: a reload.
pub(super) fn is_reloaded(unit: &Unit, table: &Table, at: usize) -> bool {
    unit.fills(table).any(|filled| filled > at)
}

/// Whether what a DELETE takes is loaded again. An INSERT of new rows after a copy and a DELETE of
/// the same old rows does not load them again.
pub(super) fn is_loaded_again(unit: &Unit, at: usize, delete: &Delete, table: &Table) -> bool {
    if !is_reloaded(unit, table, at) {
        return false;
    }
    let taken: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
    let is_age = |one: &&Expr| matches!(one, Expr::BinaryOp { op: BinaryOperator::Lt | BinaryOperator::LtEq, .. });
    let taken_words: Vec<_> = taken.iter().map(|one| words_of(one)).collect();
    let archives = unit.archives(table).into_iter().filter(|(copied, _)| *copied < at);
    let copies = archives.filter_map(|(_, read)| read.copied.as_ref());
    let mut archived = copies.filter(|copied| taken_words.iter().all(|one| copied.conditions.contains(one)));
    let Some(archived) = archived.next() else { return true };
    let restores = |read: &Read| match read.action() {
        Action::Copy(copy) => {
            let reads_copy = copy.from().iter().any(|from| from.is(&archived.into) || unit.creates(from));
            reads_copy || copy.conditions().into_iter().any(|one| taken_words.contains(&words_of(one)))
        }
        _ => false,
    };
    !taken.iter().all(is_age)
        || unit.fills(table).filter(|filled| *filled > at).any(|filled| restores(&unit.statements[filled]))
}

/// Whether a copy goes to an archive: by the name of its table, or because its rows are deleted.
pub(super) fn is_of_archive(unit: &Unit, source: &Table, into: &Table) -> bool {
    // A stage is emptied after its rows are in the mart.
    let is_stage = source.is_named_as_temporary() || unit.creates(source) || unit.fills(source).next().is_some();
    into.is_named_as_archive() || unit.trims(source) || (!is_stage && unit.empties(source))
}

/// Whether an earlier statement copies a table to files, or clones it.
pub(super) fn is_unloaded(unit: &Unit, table: &Table, at: usize) -> bool {
    unit.unloading(at).any(|read| unloads(&read.tree, table))
}

/// Whether a statement copies a table to files: UNLOAD, EXPORT DATA, COPY TO, or COPY INTO a stage.
/// Or clones it.
fn unloads(statement: &Statement, table: &Table) -> bool {
    let reads = |tables: Vec<Table>| tables.iter().any(|read| read.is(table));
    match statement {
        Statement::Unload { query: Some(query), .. }
        | Statement::Copy { source: CopySource::Query(query), to: true, .. }
        | Statement::CopyIntoSnowflake { from_query: Some(query), kind: CopyIntoSnowflakeKind::Location, .. } => {
            reads(tables_in(query))
        }
        Statement::CreateTable(create) => create.clone.as_ref().is_some_and(|of| Table::of(of).is(table)),
        Statement::ExportData(export) => reads(tables_in(&export.query)),
        Statement::Unload { query_text: Some(text), .. } => {
            parse(text, Grammar::Redshift).is_some_and(|query| reads(tables_in(&query)))
        }
        Statement::Copy { source: CopySource::Table { table_name, .. }, to: true, .. } => {
            Table::of(table_name).is(table)
        }
        Statement::CopyIntoSnowflake { from_obj: Some(from), kind: CopyIntoSnowflakeKind::Location, .. } => {
            Table::of(from).is(table)
        }
        _ => false,
    }
}
