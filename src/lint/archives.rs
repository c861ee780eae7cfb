//! The tables that a unit uses as archives.

use std::collections::BTreeSet;

use sqlparser::ast::{Delete, Expr};

use crate::lint::facts::{aged_by, columns_in, conjuncts, lookup, words_of};
use crate::lint::read::{Copied, Read};
use crate::lint::table::Table;
use crate::lint::unit::Unit;

impl Unit {
    /// The archives of the rows that a DELETE takes. A table that is not named as an archive may be
    /// a log, a report or a message: it is an archive only if the same routine copies whole rows of
    /// the table by each condition of the DELETE.
    pub(super) fn archives_of(&self, read: &Read, delete: &Delete, table: &Table) -> Vec<(usize, &Read)> {
        let taken: Vec<&Expr> =
            delete.selection.iter().flat_map(conjuncts).filter(|one| lookup(one).is_none()).collect();
        let words: Vec<_> = taken.iter().map(|one| words_of(one)).collect();
        let columns: BTreeSet<String> = taken.iter().flat_map(|one| columns_in(one)).collect();
        let aged = aged_by(taken.iter().copied());
        let is_archive = |copied: &Copied, of: &Read| {
            let is_one_routine = of.routine == read.routine;
            if copied.into.is_named_as_archive() {
                // Another procedure may delete other rows: for a test, or of one customer.
                // A stage is emptied by its load time, whatever reads it.
                let is_trim = is_one_routine && !table.is_named_as_temporary();
                return is_trim || columns.is_empty() || !columns.is_disjoint(&copied.columns);
            }
            if !copied.is_of_rows || !is_one_routine || table.is_named_as_archive() {
                return false;
            }
            words.iter().all(|one| copied.conditions.contains(one)) || is_like_archive(copied, table, &aged)
        };
        let archives = self.archives(table).into_iter();
        archives.filter(|(_, of)| of.copied.as_ref().is_some_and(|copied| is_archive(copied, of))).collect()
    }
}

/// Whether a table is an archive by the way in which it gets rows: it has the name of the table with
/// an addition, or a guard, and it gets old rows by the time by which they are deleted.
fn is_like_archive(copied: &Copied, table: &Table, aged: &BTreeSet<String>) -> bool {
    let has_name = copied.into.name() != table.name() && copied.into.name().contains(table.name());
    (has_name || copied.is_guarded) && !aged.is_disjoint(&copied.aged)
}
