//! SQL that changes rows while dbt compiles.

use sqlparser::ast::{Statement, TableObject};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::tables;
use crate::lint::read::Runs;
use crate::lint::rules::Finding;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    if unit.runs != Runs::AtCompile {
        return;
    }
    for read in &unit.statements {
        let changes = match read.action() {
            Action::Truncate(tables) => tables,
            action => match (action.changes(), &read.tree) {
                (Some(table), _) => vec![table],
                (None, Statement::Update(update)) => tables(&update.table),
                (None, Statement::Insert(insert)) => match &insert.table {
                    TableObject::TableName(name) => vec![Table::of(name)],
                    _ => continue,
                },
                (None, Statement::Merge(merge)) => vec![Table::named(&[&merge.table.to_string()])],
                _ => continue,
            },
        };
        let Some(table) = changes.into_iter().next() else { continue };
        found.push(Finding {
            code: Code::DmlAtCompile,
            line: read.line(),
            message: format!("`dbt compile` and `dbt docs generate` run this statement too, and change `{table}`"),
            label: "runs while dbt compiles",
            help: "put it into a hook or an operation, or ask `flags.WHICH in ('run', 'build')` first".to_owned(),
        });
    }
}
