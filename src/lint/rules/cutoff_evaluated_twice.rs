//! A copy and a DELETE that both read the clock.

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::clock;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, is_loaded_again, is_proven};
use crate::lint::unit::Unit;

/// Clocks that stand still during a transaction of PostgreSQL.
const STILL: [&str; 4] = ["now", "current_timestamp", "current_date", "localtimestamp"];

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read, delete, table) in deletes(unit) {
        let Some(clock_of_delete) = delete.selection.as_ref().and_then(clock) else { continue };
        let stands_still = STILL.contains(&clock_of_delete.as_str()) && read.in_transaction;
        if stands_still || is_proven(read, delete, &table) || is_loaded_again(unit, at, delete, &table) {
            continue;
        }
        let copies = unit.archives(&table).into_iter().filter_map(|(_, archive)| match archive.action() {
            Action::Copy(copy) => copy.conditions().into_iter().find_map(clock),
            _ => None,
        });
        if copies.into_iter().next().is_none() {
            continue;
        }
        found.push(Finding {
            code: Code::CutoffEvaluatedTwice,
            line: read.line_of(&clock_of_delete),
            message: format!("the DELETE from `{table}` reads the clock later than the copy: rows that became due between them are lost"),
            label: "read again",
            help: "store the cutoff once, and use the stored value in both statements".to_owned(),
        });
    }
}
