//! An archive that copies rows again in the next run, or if the run is repeated.

use std::collections::BTreeMap;

use sqlparser::ast::{BinaryOperator, Expr, Select, SetExpr, SetOperator, Statement};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy, OnConflict};
use crate::lint::facts::{aged_by, column, conjuncts, is_time, tables_in};
use crate::lint::read::Runs;
use crate::lint::rules::Finding;
use crate::lint::rules::guard_narrower_than_key::guards;
use crate::lint::rules::periods::instant;
use crate::lint::rules::proof::deletes;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// Whether a copy leaves out rows by what its table has: EXCEPT, or a time after the newest one
/// there.
fn reads_what_it_fills(copy: &Copy<'_>) -> bool {
    let excepts =
        matches!(&*copy.query.body, SetExpr::SetOperation { op: SetOperator::Except | SetOperator::Minus, .. });
    let is_after_newest = |condition: &Expr| match condition {
        Expr::BinaryOp { op: BinaryOperator::Gt | BinaryOperator::GtEq, right, .. } => {
            tables_in(&**right).iter().any(|table| table.is(&copy.into))
        }
        _ => false,
    };
    let is_limited = |select: &Select| select.selection.iter().flat_map(conjuncts).any(is_after_newest);
    excepts || copy.arms().into_iter().all(is_limited)
}

/// Whether a copy takes the rows of the run before too: it takes rows up to a time, from the first one
/// on or from a day that it states.
fn takes_rows_again(copy: &Copy<'_>) -> bool {
    let is_repeated = |select: &Select| {
        let conditions: Vec<_> = select.selection.iter().flat_map(conjuncts).collect();
        let aged: Vec<_> = aged_by(conditions.iter().copied()).into_iter().filter(|name| is_time(name)).collect();
        // A lower bound that moves with the run may leave them out.
        let moves = |condition: &&Expr| match condition {
            Expr::BinaryOp { left, op: BinaryOperator::Gt | BinaryOperator::GtEq, right } => {
                column(left).is_some_and(|(_, name)| aged.contains(&name)) && instant(right).is_none()
            }
            Expr::BinaryOp { left, op: BinaryOperator::Lt | BinaryOperator::LtEq, right } => {
                column(right).is_some_and(|(_, name)| aged.contains(&name)) && instant(left).is_none()
            }
            _ => false,
        };
        !aged.is_empty() && !conditions.iter().any(moves)
    };
    let arms = copy.arms();
    !arms.is_empty() && arms.into_iter().all(is_repeated)
}

/// Hooks that copy old rows which stay in the mart.
pub(super) fn in_each_run(unit: &Unit, found: &mut Vec<Finding>) {
    if unit.runs != Runs::Hooks {
        return;
    }
    let deleted = deletes(unit);
    for read in &unit.statements {
        let Action::Copy(copy) = read.action() else { continue };
        let from = copy.from();
        let overwrites = matches!(&read.tree, Statement::Insert(insert) if insert.overwrite);
        let leaves_out = copy.creates
            || overwrites
            || copy.on_conflict != OnConflict::Fails
            || !guards(&copy).is_empty()
            || from.iter().any(|other| other.is(&copy.into))
            || reads_what_it_fills(&copy);
        // The rows leave the mart, or the archive is filled anew.
        let has_delete =
            deleted.iter().any(|(_, _, _, table)| table.is(&copy.into) || from.iter().any(|from| from.is(table)));
        let is_new = unit.creates(&copy.into) || unit.empties(&copy.into) || unit.is_passing(&copy.into);
        if leaves_out || has_delete || is_new || !copy.into.is_named_as_archive() || !takes_rows_again(&copy) {
            continue;
        }
        let Some(table) = from.first() else { continue };
        found.push(Finding {
            code: Code::ArchiveWithoutGuard,
            line: read.line_of("insert"),
            message: format!("each run copies the same rows of `{table}` to `{}` again", copy.into),
            label: "no guard against a second copy",
            help: format!("add `AND NOT EXISTS (SELECT 1 FROM {} AS a WHERE ...)` with the whole key", copy.into),
        });
    }
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    if trims.is_empty() || unit.runs != Runs::Script {
        return;
    }
    // The number of each copy, with the table that is trimmed after it.
    let archived: BTreeMap<usize, &Table> = trims
        .iter()
        .flat_map(|(_, read, delete, table)| {
            unit.archives_of(read, delete, table).into_iter().map(move |(at, _)| (at, table))
        })
        .collect();
    for (at, read) in unit.statements.iter().enumerate() {
        let Action::Copy(copy) = read.action() else { continue };
        // A transaction takes both statements back. Hooks of dbt are in one, on most engines.
        let overwrites = matches!(&read.tree, Statement::Insert(insert) if insert.overwrite);
        let is_safe = copy.creates || overwrites || copy.on_conflict != OnConflict::Fails || read.in_transaction;
        let Some(table) = archived.get(&at) else { continue };
        // A stage has only the rows of this run.
        if table.is_named_as_temporary() || unit.fills(table).next().is_some() {
            continue;
        }
        let from = copy.from();
        let joins_target = from.iter().any(|other| other.is(&copy.into));
        // The same slice of the archive was deleted before.
        let is_slice = trims.iter().any(|(trim, .., emptied)| *trim < at && emptied.is(&copy.into));
        if is_safe || is_slice || !guards(&copy).is_empty() || joins_target || reads_what_it_fills(&copy) {
            continue;
        }
        let deletes_first = trims.iter().any(|(trim, _, _, other)| other.is(table) && *trim < at)
            && !trims.iter().any(|(trim, _, _, other)| other.is(table) && *trim > at);
        if deletes_first {
            found.push(Finding {
                code: Code::ArchiveWithoutGuard,
                line: read.line_of("insert"),
                message: format!(
                    "if the run stops after the DELETE from `{table}`, its rows are not yet in `{}`, and they may be lost",
                    copy.into
                ),
                label: "copies after the DELETE",
                help: "copy first, and delete what has a copy; or put both into one transaction".to_owned(),
            });
            continue;
        }
        found.push(Finding {
            code: Code::ArchiveWithoutGuard,
            line: read.line_of("insert"),
            message: format!("if the run stops before the DELETE from `{table}`, the next one copies its rows to `{}` again", copy.into),
            label: "no guard against a second copy",
            help: format!("add `AND NOT EXISTS (SELECT 1 FROM {} AS a WHERE ...)` with the whole key, or put both into one transaction", copy.into),
        });
    }
}
