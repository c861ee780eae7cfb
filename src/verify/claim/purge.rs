//! The claims of rows that leave without a copy: of a purge, and of retired rows.

use crate::project::Retention;
use crate::project::naming::{HOLD, ROW_COUNT};
use crate::verify::claim::conditions::text;
use crate::verify::claim::{Claims, call, clock, equal, from, is_null, less, literal, not_exists, role, row};
use crate::verify::meaning::{All, Conjunct, Meaning, Role, Row, Select, Term};
use crate::verify::names::PURGED_COLUMNS;

impl<'a> Claims<'a, '_> {
    /// The rows that leave without a copy: complete, due and not held. A row of a child is checked
    /// again: its parent has not come back since the row was listed.
    fn leaves(&self, of: Row) -> Vec<Conjunct<'a>> {
        let column = |column| self.column(of, column);
        let mut when = self.has_key(&column);
        when.extend(self.is_due(of));
        if let Retention::WhileIn { .. } = self.table.retention {
            let theirs = Row::first(of.depth.inner());
            when.extend(role(Role::Parent, [not_exists(self.parent_row(&column, theirs))]));
        }
        when.extend(self.not_held(column(self.table.exception_key), Row::first(of.depth.inner())));
        when
    }

    /// The due rows from before `retired_before`, unless an operator holds them. An exception of
    /// the table does not keep them.
    pub(super) fn retire(&self) -> Meaning<'a> {
        let day = self.retired_before();
        let day = day.unwrap_or_else(|| unreachable!("only a project with `retired_before` has this step"));
        let (of, column) = (row(0), |column| self.column(row(0), column));
        let mut when = self.has_key(&column);
        when.extend(role(Role::Bounds, [less(self.time(of), day)]));
        when.extend(self.is_due(of));
        if let Retention::WhileIn { .. } = self.table.retention {
            when.extend(role(Role::Parent, [not_exists(self.parent_row(&column, row(1)))]));
        }
        let hold = format!("{}{HOLD}", self.table.exception_type);
        let held = vec![
            equal(self.of_exception("exception_type", row(1)), text(&hold)),
            equal(self.exception_key(row(1)), column(self.table.exception_key)),
            is_null(self.of_exception("resolved_at", row(1))),
        ];
        let held = role(Role::Exception, held).collect();
        when.extend(role(Role::Held, [not_exists(from(self.exceptions(), held))]));
        Meaning::Delete(from(self.mart(), when))
    }

    pub(super) fn purge_delete(&self) -> Meaning<'a> {
        Meaning::Delete(from(self.mart(), self.leaves(row(0))))
    }

    /// Counts the rows that `purge_delete` deletes, if there are any.
    pub(super) fn purge_count(&self) -> Meaning<'a> {
        // A query that aggregates has one row, so each of its outputs is a value.
        let value = |aggregate| {
            Term::Scalar(Box::new(Select { outputs: vec![aggregate], ..from(self.mart(), self.leaves(row(1))) }))
        };
        let count = || value(call("count", [literal("*")]));
        let time = |name| value(call(name, [self.time(row(1))]));
        let gone = Select { when: All::new(vec![less(literal("0"), count())]), ..Select::default() };
        let [at, oldest, newest] = PURGED_COLUMNS;
        let columns = vec![
            (at.into(), clock::now_utc(self.spec.dialect)),
            (ROW_COUNT.into(), count()),
            (oldest.into(), time("min")),
            (newest.into(), time("max")),
        ];
        Self::insert(columns, gone)
    }
}
