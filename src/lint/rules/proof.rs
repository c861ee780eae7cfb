//! Whether a DELETE proves that the rows which it takes are elsewhere.

use std::collections::BTreeMap;

use sqlparser::ast::{CopyIntoSnowflakeKind, CopySource, Delete, Expr, Statement};

use crate::lint::action::Action;
use crate::lint::facts::{Lookup, alternatives, conjuncts, joined, lookup, tables_in};
use crate::lint::grammar::{Grammar, parse};
use crate::lint::table::Table;
use crate::lint::unit::{Read, Unit};

/// A DELETE, with its number in the unit and its table.
pub(super) type Trim<'u> = (usize, &'u Read, &'u Delete, Table);

/// The DELETE statements of a unit, except those that move rows by one statement.
pub(super) fn deletes(unit: &Unit) -> Vec<Trim<'_>> {
    let deletes = unit.statements.iter().enumerate().filter_map(|(at, read)| match read.action() {
        Action::Delete(delete, table) => Some((at, read, delete, table)),
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

/// The tables in which a condition looks for the row: by EXISTS, by IN, or by several of them joined
/// by OR. Empty if the row need not be in one.
pub(super) fn looked_up(condition: &Expr) -> Vec<Table> {
    let each: Vec<Option<Lookup<'_>>> = alternatives(condition).into_iter().map(lookup).collect();
    let each: Option<Vec<_>> = each.into_iter().collect();
    match each {
        Some(each) if each.iter().all(|one| !one.negated) => each.iter().flat_map(Lookup::tables).collect(),
        _ => Vec::new(),
    }
}

/// The tables in which a DELETE looks for its rows.
pub(super) fn looked_up_by(read: &Read, delete: &Delete) -> Vec<Table> {
    let conditions = delete.selection.iter().flat_map(conjuncts).flat_map(looked_up);
    let mut all: Vec<Table> = conditions.chain(joined(delete)).collect();
    let named = named(&read.tree);
    let inner: Vec<Table> = all.iter().filter_map(|table| named.get(table.name())).flatten().cloned().collect();
    all.extend(inner);
    all
}

/// Whether a DELETE takes only rows that a copy of them proves, or that a list in another table names.
pub(super) fn is_proven(read: &Read, delete: &Delete, table: &Table) -> bool {
    looked_up_by(read, delete).iter().any(|found| !found.is(table))
}

/// Whether the unit writes a table again after a statement has emptied it: a reload.
pub(super) fn is_reloaded(unit: &Unit, table: &Table, at: usize) -> bool {
    unit.fills(table).any(|filled| filled > at)
}

/// Whether a copy goes to an archive: by the name of its table, or because its rows are deleted.
pub(super) fn is_of_archive(unit: &Unit, source: &Table, into: &Table) -> bool {
    let is_trimmed = |read: &Read| match read.action() {
        Action::Delete(_, table) | Action::Move { deletes: (_, table), .. } => table.is(source),
        Action::Truncate(tables) | Action::Drop(tables) => tables.iter().any(|table| table.is(source)),
        _ => false,
    };
    into.is_named_as_archive() || unit.statements.iter().any(is_trimmed)
}

/// Whether an earlier statement copies rows of a table to files.
pub(super) fn is_unloaded(unit: &Unit, table: &Table, at: usize) -> bool {
    unit.statements[..at].iter().any(|read| unloads(&read.tree, table))
}

/// Whether a statement copies rows of a table to files: UNLOAD, COPY TO, or COPY INTO a stage.
fn unloads(statement: &Statement, table: &Table) -> bool {
    let reads = |tables: Vec<Table>| tables.iter().any(|read| read.is(table));
    match statement {
        Statement::Unload { query: Some(query), .. }
        | Statement::Copy { source: CopySource::Query(query), to: true, .. }
        | Statement::CopyIntoSnowflake { from_query: Some(query), kind: CopyIntoSnowflakeKind::Location, .. } => {
            reads(tables_in(query))
        }
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
