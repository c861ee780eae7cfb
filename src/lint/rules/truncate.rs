//! TRUNCATE of a table that was copied, or unloaded to files.

use sqlparser::ast::{CopyIntoSnowflakeKind, CopySource, Statement};

use crate::diagnostic::Code;
use crate::lint::facts::{Action, tables_in};
use crate::lint::grammar::{Grammar, parse};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::is_reloaded;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read) in unit.statements.iter().enumerate() {
        let Action::Truncate(tables) = read.action() else { continue };
        for table in tables {
            let archived = unit.archives(&table).into_iter().any(|(copied, _)| copied < at);
            let is_unloaded = || unit.statements[..at].iter().any(|read| unloads(&read.tree, &table));
            if (archived || is_unloaded()) && !is_reloaded(unit, &table, at) && !unit.creates(&table) {
                found.push(Finding {
                    code: Code::Truncate,
                    line: read.line_of("truncate"),
                    message: format!("TRUNCATE also takes the rows that came to `{table}` after they were copied"),
                    label: "deletes all rows; some engines also commit",
                    help: "delete only rows whose copy is there: `DELETE ... WHERE EXISTS (...)`".to_owned(),
                });
            }
        }
    }
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
