//! A table that is replaced by a part of its own rows: the rest leaves it, as by a DELETE.

use sqlparser::ast::{AlterTableOperation, RenameTableNameKind, Statement};

use crate::lint::action::{Action, Copy};
use crate::lint::facts::tables_in;
use crate::lint::read::Read;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// A statement that writes the rows to keep, and the end of the other rows.
pub(super) struct Rewrite<'u> {
    /// The table that loses rows.
    pub(super) table: Table,
    /// The statement with the rows to keep.
    pub(super) read: &'u Read,
    pub(super) kept: Copy<'u>,
    /// The number of the statement after which the other rows are gone.
    pub(super) gone_at: usize,
}

impl Rewrite<'_> {
    /// Whether the rows to keep depend on another table, such as an archive that must have the
    /// others.
    pub(super) fn looks_elsewhere(&self) -> bool {
        tables_in(self.kept.query).iter().any(|table| !table.is(&self.table))
    }
}

/// The tables of a unit that are replaced by some of their own rows.
pub(super) fn rewrites(unit: &Unit) -> Vec<Rewrite<'_>> {
    let mut all = Vec::new();
    for (at, read) in unit.statements.iter().enumerate() {
        let Action::Copy(kept) = read.action() else { continue };
        // Without a condition, every row is kept.
        if kept.conditions().is_empty() {
            continue;
        }
        for table in kept.sources() {
            let gone_at = match kept.into.is(&table) {
                // CREATE OR REPLACE TABLE t AS SELECT ... FROM t, and INSERT OVERWRITE.
                true => replaces(&read.tree).then_some(at),
                // The rows to keep wait in a table that the unit creates.
                false if kept.creates || unit.creates(&kept.into) => {
                    gone(unit, at, &kept.into, &table).or_else(|| emptied(unit, at, &kept.into, &table))
                }
                false => None,
            };
            all.extend(gone_at.map(|gone_at| Rewrite { table, read, kept: kept.clone(), gone_at }));
        }
    }
    all
}

/// Whether a statement replaces all rows of the table that it writes.
fn replaces(statement: &Statement) -> bool {
    match statement {
        Statement::CreateTable(create) => create.or_replace,
        Statement::Insert(insert) => insert.overwrite,
        _ => false,
    }
}

/// The statement that drops the rows of `old`, if `new` takes its name: by two renames, by a swap,
/// or after a DROP.
fn gone(unit: &Unit, at: usize, new: &Table, old: &Table) -> Option<usize> {
    let after = || unit.statements.iter().enumerate().skip(at + 1);
    let drops = |table: &Table, from: usize| {
        let drops =
            |read: &Read| matches!(read.action(), Action::Drop(tables) if tables.iter().any(|one| one.is(table)));
        after().filter(|(number, _)| *number >= from).find(|(_, read)| drops(read)).map(|(number, _)| number)
    };
    let renames = after().flat_map(|(number, read)| operations(&read.tree).into_iter().map(move |one| (number, one)));
    let mut kept_as: Option<(Table, usize)> = None;
    for (number, operation) in renames {
        match operation {
            Operation::Rename(table, to) => {
                if table.is(old) {
                    kept_as = Some((to, number));
                } else if table.is(new) && to.name() == old.name() {
                    return match kept_as {
                        Some((backup, renamed)) => drops(&backup, renamed),
                        None => drops(old, at).filter(|dropped| *dropped < number),
                    };
                }
            }
            Operation::Swap(table, other) => {
                if (table.is(old) && other.is(new)) || (table.is(new) && other.is(old)) {
                    return drops(new, number);
                }
            }
        }
    }
    None
}

/// The statement that empties `old`, if the rows to keep are loaded back after it.
fn emptied(unit: &Unit, at: usize, kept: &Table, old: &Table) -> Option<usize> {
    let after = || unit.statements.iter().enumerate().skip(at + 1);
    let empties = |read: &Read| match read.action() {
        Action::Truncate(tables) => tables.iter().any(|table| table.is(old)),
        Action::Delete(delete, table) => table.is(old) && delete.selection.is_none() && read.joins.is_empty(),
        _ => false,
    };
    let (emptied, _) = after().find(|(_, read)| empties(read))?;
    let loads_back = |read: &Read| match read.action() {
        Action::Copy(copy) => copy.into.is(old) && copy.sources().iter().any(|source| source.is(kept)),
        _ => false,
    };
    after().any(|(number, read)| number > emptied && loads_back(read)).then_some(emptied)
}

/// What takes the name of a table from it.
enum Operation {
    /// A table, and its new name.
    Rename(Table, Table),
    Swap(Table, Table),
}

/// The renames of a statement, in order.
fn operations(statement: &Statement) -> Vec<Operation> {
    match statement {
        Statement::AlterTable(alter) => {
            let table = || Table::of(&alter.name);
            let each = alter.operations.iter().filter_map(|operation| match operation {
                AlterTableOperation::RenameTable { table_name } => {
                    let (RenameTableNameKind::As(to) | RenameTableNameKind::To(to)) = table_name;
                    Some(Operation::Rename(table(), Table::of(to)))
                }
                AlterTableOperation::SwapWith { table_name } => Some(Operation::Swap(table(), Table::of(table_name))),
                _ => None,
            });
            each.collect()
        }
        // MySQL.
        Statement::RenameTable(renames) => {
            let each = renames.iter().map(|one| Operation::Rename(Table::of(&one.old_name), Table::of(&one.new_name)));
            each.collect()
        }
        _ => Vec::new(),
    }
}
