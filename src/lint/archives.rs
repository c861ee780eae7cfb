//! The tables that a unit uses as archives.

use std::collections::BTreeSet;

use sqlparser::ast::{Delete, Expr};

use crate::lint::action::{Action, Copy};
use crate::lint::facts::{aged_by, columns_in, conjuncts, lookup, words_of};
use crate::lint::read::{Copied, Read};
use crate::lint::table::Table;
use crate::lint::unit::Unit;

impl Unit {
    /// The archives of the rows that a DELETE takes. A table that is not named as an archive may be
    /// a log, a report or a message: it is an archive only if the same routine copies whole rows of
    /// the table by each condition of the DELETE.
    pub(super) fn archives_of(&self, read: &Read, delete: &Delete, table: &Table) -> Vec<(usize, &Read)> {
        let taken = || delete.selection.iter().flat_map(conjuncts).filter(|one| lookup(one).is_none());
        let is_archive = |copied: &Copied, of: &Read| {
            let Action::Copy(copy) = of.action() else { return false };
            let is_one_routine = of.routine == read.routine;
            if copied.into.is_named_as_archive() {
                // Another procedure may delete other rows: for a test, or of one customer.
                let columns = |all: Vec<&Expr>| all.into_iter().flat_map(columns_in).collect::<BTreeSet<_>>();
                let (taken, mut copied) = (columns(taken().collect()), copy.conditions());
                copied.retain(|one| lookup(one).is_none());
                return is_one_routine || taken.is_empty() || !taken.is_disjoint(&columns(copied));
            }
            if !copied.is_of_rows || !is_one_routine || table.is_named_as_archive() {
                return false;
            }
            let conditions: Vec<_> = copy.conditions().into_iter().map(words_of).collect();
            taken().all(|one| conditions.contains(&words_of(one))) || is_like_archive(&copy, table, &aged_by(taken()))
        };
        let archives = self.archives(table).into_iter();
        archives.filter(|(_, of)| of.copied.as_ref().is_some_and(|copied| is_archive(copied, of))).collect()
    }
}

/// Whether a table is an archive by the way in which it gets rows: it has the name of the table with
/// an addition, or a guard, and it gets old rows by the time by which they are deleted.
fn is_like_archive(copy: &Copy<'_>, table: &Table, aged: &BTreeSet<String>) -> bool {
    let has_name = copy.into.name() != table.name() && copy.into.name().contains(table.name());
    let is_guarded = copy
        .conditions()
        .into_iter()
        .filter_map(lookup)
        .any(|found| found.negated && found.tables().iter().any(|read| read.is(&copy.into)));
    (has_name || is_guarded) && !aged.is_disjoint(&aged_by(copy.conditions()))
}
