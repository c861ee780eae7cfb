//! The rules, one file each. A rule looks at the statements of one unit.

mod archive_named_by_run_date;
mod archive_without_guard;
mod cutoff_evaluated_twice;
mod cutoff_from_maximum;
mod dedupe_deletes_all;
mod delete_without_where;
mod deletes_what_upstream_lacks;
mod dml_at_compile;
mod drop_after_copy;
mod guard_narrower_than_key;
mod hard_coded_table_list;
mod inclusive_period_bound;
mod inner_column_is_outer;
mod limit_without_order;
mod lossy_move;
mod merge_without_tie_break;
mod not_in_nullable;
mod or_widens_delete;
mod periods;
mod positional_insert;
mod proof;
mod select_star;
mod swapped_columns;
mod time_zone;
mod trim_without_proof;
mod truncate;
mod vacuum_in_transaction;

use crate::diagnostic::Code;
use crate::lint::unit::Unit;

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) code: Code,
    /// The source line.
    pub(super) line: usize,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
}

/// Checks a unit.
type Check = fn(&Unit, &mut Vec<Finding>);

const CHECKS: [Check; 30] = [
    delete_without_where::check,
    trim_without_proof::check,
    trim_without_proof::rewritten,
    or_widens_delete::check,
    lossy_move::check,
    lossy_move::left_in_a_temporary_table,
    lossy_move::replaced_archive,
    truncate::check,
    drop_after_copy::check,
    not_in_nullable::check,
    inner_column_is_outer::check,
    guard_narrower_than_key::check,
    archive_without_guard::check,
    archive_without_guard::in_each_run,
    cutoff_evaluated_twice::check,
    cutoff_from_maximum::check,
    limit_without_order::check,
    inclusive_period_bound::check,
    periods::check,
    hard_coded_table_list::check,
    archive_named_by_run_date::check,
    deletes_what_upstream_lacks::check,
    dedupe_deletes_all::check,
    merge_without_tie_break::check,
    select_star::check,
    positional_insert::check,
    swapped_columns::check,
    time_zone::check,
    dml_at_compile::check,
    vacuum_in_transaction::check,
];

/// All findings of a unit.
pub(super) fn check(unit: &Unit) -> Vec<Finding> {
    let mut found = Vec::new();
    for check in CHECKS {
        check(unit, &mut found);
    }
    found
}
