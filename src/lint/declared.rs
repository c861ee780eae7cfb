//! What the statements of a unit declare: columns, keys, and tables that are created.

use sqlparser::ast::{AlterTableOperation, Statement};

use crate::lint::action::{Action, action};
use crate::lint::facts::{Declared, constrained, declared, declared_column, key_columns, key_of, like_of, selected};
use crate::lint::read::is_temporary;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

impl Unit {
    /// Takes from a statement what it says of the columns of a table. A table of which only some
    /// columns are known is not one of `columns`.
    pub(super) fn learn_columns(&mut self, tree: &Statement) {
        match action(tree) {
            Action::Create(create, table) => {
                if is_temporary(tree) {
                    self.temporary.insert(table.clone());
                }
                self.created.insert(table.clone());
                self.likes.extend(like_of(create).map(|like| (table.clone(), like)));
                self.keys.insert(table.clone(), key_of(create));
                let is_whole = like_of(create).is_none()
                    && create.clone.is_none()
                    && create.inherits.is_none()
                    && create.partition_of.is_none()
                    && !create.columns.is_empty();
                self.learn(table, is_whole.then(|| declared(create)));
            }
            Action::Copy(copy) if copy.creates => {
                let columns = copy.select().and_then(selected);
                self.learn(copy.into, columns);
            }
            _ => {}
        }
        if let Statement::CreateIndex(index) = tree
            && index.unique
            && index.predicate.is_none()
        {
            self.keys.entry(Table::of(&index.table_name)).or_insert_with(|| key_columns(&index.columns));
        }
        let Statement::AlterTable(alter) = tree else { return };
        let table = Table::of(&alter.name);
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::AddColumn { column_def, .. } => {
                    if let Some(columns) = self.columns.get_mut(&table) {
                        columns.push(declared_column(column_def, &[]));
                    }
                }
                AlterTableOperation::AddConstraint { constraint, .. } => {
                    if let Some((_, key)) = constrained(constraint) {
                        let known = self.keys.entry(table.clone()).or_default();
                        if known.is_empty() {
                            *known = key;
                        }
                    }
                }
                AlterTableOperation::RenameColumn { .. } | AlterTableOperation::DropColumn { .. } => {
                    self.columns.remove(&table);
                }
                _ => {}
            }
        }
    }

    /// No parser reads this ALTER TABLE: it may add a column.
    pub(super) fn forget_columns(&mut self, text: &str) {
        let lower = text.to_lowercase();
        let names = |table: &Table| {
            let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == table.name())
        };
        self.columns.retain(|table, _| !names(table));
    }

    fn learn(&mut self, table: Table, columns: Option<Vec<Declared>>) {
        match columns {
            Some(columns) => self.columns.insert(table, columns),
            None => self.columns.remove(&table),
        };
    }
}
