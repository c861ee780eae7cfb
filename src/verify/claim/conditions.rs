//! The conditions of the claims, each defined once. `templates/cycle/conditions.sql.j2` has the
//! same ones in SQL.

use crate::cycle::plan::{Due, Slot, Touched};
use crate::features::only_when::{Constant, Test};
use crate::project::naming::HOLD;
use crate::project::{ColumnId, PeriodId, Retention, TableId};
use crate::sql::literal;
use crate::verify::claim::{
    Claims, Columns, at_most, equal, exists, from, is_not_null, is_null, less, literal, not_exists, one_of, role,
    stored_cutoff, typed, unequal,
};
use crate::verify::meaning::{All, Conjunct, Depth, Place, Role, Row, Select, Source, Term};

impl<'a> Claims<'a, '_> {
    /// These columns of two rows are equal.
    pub(super) fn same(&self, columns: &[ColumnId], a: Columns<'_, 'a>, b: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        role(Role::Key, columns.iter().map(|&column| equal(a(column), b(column)))).collect()
    }

    /// Two rows are equal in every column of the payload that the engine can compare. Two NULLs are
    /// equal.
    pub(super) fn same_payload(&self, a: Columns<'_, 'a>, b: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        let each = self.table.comparable_payload().flat_map(|column| {
            if self.table.column(column).not_null {
                return vec![equal(a(column), b(column))];
            }
            let both_null = vec![is_null(a(column)), is_null(b(column))];
            one_of([vec![equal(a(column), b(column))], both_null])
        });
        role(Role::Copy, each).collect()
    }

    /// Row `a` has the same key as the other row, and is not older. Without versions, the key alone
    /// decides.
    pub(super) fn not_older(&self, a: Columns<'_, 'a>, than: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        let mut all = self.same(&self.table.unique_key, a, than);
        if self.scope.versioned {
            let time = self.table.time.column;
            all.extend(role(Role::Version, [at_most(than(time), a(time))]));
        }
        all
    }

    /// No part of the key is missing.
    pub(super) fn has_key(&self, row: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        role(Role::Key, self.table.unique_key.iter().map(|&column| is_not_null(row(column)))).collect()
    }

    /// A part of the key, or the time, is missing from a row that meets `only_when`.
    pub(super) fn incomplete(&self, row: Row) -> Vec<Conjunct<'a>> {
        let proof = self.table.nullable_proof().into_iter();
        let mut when = one_of(proof.map(|column| vec![is_null(self.column(row, column))]));
        when.extend(self.qualifies(row));
        when
    }

    pub(super) fn start(&self, period: PeriodId) -> Term<'a> {
        let (period, time) = (self.spec.period(period), self.table.time);
        typed(self.spec.dialect.rules().instant(&period.start(), period.start_epoch(), time.unit))
    }

    pub(super) fn end(&self, period: PeriodId) -> Term<'a> {
        let (period, time) = (self.spec.period(period), self.table.time);
        typed(self.spec.dialect.rules().instant(&period.end(), period.end_epoch(), time.unit))
    }

    /// The time of the row is in the half-open period.
    pub(super) fn within(&self, row: Row, period: PeriodId) -> Vec<Conjunct<'a>> {
        let bounds = [at_most(self.start(period), self.time(row)), less(self.time(row), self.end(period))];
        role(Role::Bounds, bounds).collect()
    }

    /// The bounds of a history table's row, if the engine reads a table only by its partitions.
    pub(super) fn in_partition(&self, row: Row, period: PeriodId) -> Vec<Conjunct<'a>> {
        if self.spec.dialect.rules().reads_by_partition() { self.within(row, period) } else { Vec::new() }
    }

    /// The time of the row is before or after the periods of the scope. They have no gaps. A
    /// retired row does not count: it needs no period.
    pub(super) fn outside(&self, row: Row) -> Vec<Conjunct<'a>> {
        let (Some(&first), Some(&last)) = (self.scope.periods.first(), self.scope.periods.last()) else {
            unreachable!("a project with tables has an open period")
        };
        let mut before = vec![less(self.time(row), self.start(first))];
        before.extend(self.retired_before().map(|day| at_most(day, self.time(row))));
        let after = at_most(self.end(last), self.time(row));
        role(Role::Bounds, one_of([before, vec![after]])).collect()
    }

    /// The day before which rows are no longer kept, as a literal of the time.
    pub(super) fn retired_before(&self) -> Option<Term<'a>> {
        let (day, epoch) = self.spec.retired_before(self.table)?;
        Some(typed(self.spec.dialect.rules().instant(&day.to_string(), epoch, self.table.time.unit)))
    }

    /// The time of the row is in an open period. Open periods have no gaps.
    pub(super) fn in_open_period(&self, row: Row) -> Vec<Conjunct<'a>> {
        let (first, last) = self.open();
        let bounds = [at_most(self.start(first), self.time(row)), less(self.time(row), self.end(last))];
        role(Role::Bounds, bounds).collect()
    }

    /// The time of the row is before or after the open periods.
    pub(super) fn in_no_open_period(&self, row: Row) -> Vec<Conjunct<'a>> {
        let (first, last) = self.open();
        let before = less(self.time(row), self.start(first));
        let after = at_most(self.end(last), self.time(row));
        role(Role::Bounds, one_of([vec![before], vec![after]])).collect()
    }

    /// The first and the last open period.
    fn open(&self) -> (PeriodId, PeriodId) {
        let mut open = self.spec.periods_of(self.id).filter(|&period| !self.spec.period(period).sealed);
        let first = open.next().unwrap_or_else(|| unreachable!("a project with tables has an open period"));
        (first, open.last().unwrap_or(first))
    }

    /// The row meets every condition of `only_when`.
    fn qualifies(&self, row: Row) -> Vec<Conjunct<'a>> {
        let each = self.table.only_when.iter().flat_map(|condition| {
            let ty = self.table.column(condition.column).ty;
            let value = || self.column(row, condition.column);
            let constant = |constant: &Constant| match constant {
                // The parser writes truth values in lower case.
                Constant::Boolean(truth) => literal(truth.to_string()),
                other => typed(other.sql(ty, self.spec.dialect)),
            };
            match &condition.test {
                Test::OneOf(each) => one_of(each.iter().map(|one| vec![equal(value(), constant(one))])),
                Test::NoneOf(each) => each.iter().map(|one| unequal(value(), constant(one))).collect(),
                Test::LessThan(than) => vec![less(value(), constant(than))],
                Test::AtMost(than) => vec![at_most(value(), constant(than))],
                Test::AtLeast(than) => vec![at_most(constant(than), value())],
                Test::MoreThan(than) => vec![less(constant(than), value())],
                Test::IsNull => vec![is_null(value())],
                Test::IsNotNull => vec![is_not_null(value())],
            }
        });
        role(Role::Due, each).collect()
    }

    /// The row is older than the cutoff, meets `only_when` and, if the table has a parent, is
    /// without its parent.
    pub(super) fn is_overdue(&self, row: Row) -> Vec<Conjunct<'a>> {
        let mut when: Vec<_> = role(Role::Due, [self.is_older(row)]).collect();
        when.extend(self.qualifies(row));
        if let Retention::WhileIn { parent, .. } = self.table.retention {
            let theirs = Row::first(row.depth.inner());
            let has_left = not_exists(self.parent_row(&|column| self.column(row, column), theirs));
            when.extend(role(Role::Parent, [has_left, exists(from(Slot::Mart(parent), Vec::new()))]));
        }
        when
    }

    /// The row is older than the stored cutoff.
    pub(super) fn is_older(&self, row: Row) -> Conjunct<'a> {
        less(self.time(row), stored_cutoff(Slot::Cutoff(self.id), row.depth.inner()))
    }

    /// The row is due.
    pub(super) fn is_due(&self, row: Row) -> Vec<Conjunct<'a>> {
        let is_due = match self.scope.due {
            Due::ByCutoff => self.is_older(row),
            Due::Listed => {
                let listed = |column| self.column(Row::first(row.depth.inner()), column);
                let same = self.same(&self.table.proof(), &listed, &|column| self.column(row, column));
                exists(from(Slot::Due(self.id), same))
            }
        };
        let mut when: Vec<_> = role(Role::Due, [is_due]).collect();
        when.extend(self.qualifies(row));
        when
    }

    /// No open exception of the table's own types has this key. `exception` is a row of the
    /// subquery.
    pub(super) fn not_held(&self, key: Term<'a>, exception: Row) -> Vec<Conjunct<'a>> {
        let types = [self.table.exception_type.clone(), format!("{}{HOLD}", self.table.exception_type)];
        let own_type = |ty: String| vec![equal(self.of_exception("exception_type", exception), text(&ty))];
        let mut when = one_of(types.into_iter().map(own_type));
        when.push(equal(self.exception_key(exception), key));
        when.push(is_null(self.of_exception("resolved_at", exception)));
        let when = role(Role::Exception, when).collect();
        role(Role::Held, [not_exists(from(self.exceptions(), when))]).collect()
    }

    pub(super) fn exceptions(&self) -> Slot {
        Slot::Exceptions(self.table.exceptions)
    }

    pub(super) fn of_exception(&self, column: &'static str, row: Row) -> Term<'a> {
        Term::Column(row, column.into())
    }

    /// The key column of an exception.
    pub(super) fn exception_key(&self, row: Row) -> Term<'a> {
        let names = self.names;
        Term::Column(row, names.exception_key(self.table.exceptions).into())
    }

    /// The parent table, and the pairs of a child column and a parent column.
    pub(super) fn parent(&self) -> (TableId, &'a [(ColumnId, ColumnId)]) {
        match &self.table.retention {
            Retention::WhileIn { parent, on, .. } => (*parent, on),
            Retention::For { .. } => unreachable!("only a table with `while_in` has this step"),
        }
    }

    /// The row of the parent mart for a row of the child. `row` is a row of the subquery.
    pub(super) fn parent_row(&self, child: Columns<'_, 'a>, row: Row) -> Select<'a> {
        let (parent, on) = self.parent();
        let names = self.names;
        let column = |column| Term::Column(row, names.column(parent, column).into());
        let same = on.iter().map(|&(ours, theirs)| equal(column(theirs), child(ours)));
        from(Slot::Mart(parent), role(Role::Key, same).collect())
    }

    /// The row belongs to a key that the batch of a table, or of one of its ancestors, has. The
    /// result is a list of alternatives, each an EXISTS at this depth. `wanted` are the values for
    /// the columns of the link.
    pub(super) fn touched(&self, link: &Touched, wanted: &[Term<'a>], depth: Depth) -> Vec<Vec<Conjunct<'a>>> {
        let names = self.names;
        let fixed = |table: TableId, row: Row| {
            let columns = link.columns.iter().zip(wanted);
            let each = columns.map(move |(&column, wanted)| {
                equal(Term::Column(row, names.column(table, column).into()), wanted.clone())
            });
            role(Role::Key, each).collect::<Vec<_>>()
        };
        let own = from(self.names.one(Slot::Raw(link.table)), fixed(link.table, Row::first(depth)));
        let mut alternatives = vec![vec![exists(own)]];
        for length in 1..=link.ancestors.len() {
            if let Some(columns) = link.in_batch_of(length) {
                let ancestor = link.ancestors[length - 1].parent;
                let found = Row::first(depth);
                let same = columns.iter().zip(wanted).map(|(&column, wanted)| {
                    equal(Term::Column(found, names.column(ancestor, column).into()), wanted.clone())
                });
                let batch = names.one(Slot::Raw(ancestor));
                alternatives.push(vec![exists(from(batch, role(Role::Key, same).collect()))]);
                continue;
            }
            // The mart of the table, the marts of the ancestors between, and the batch of the last
            // ancestor.
            let mut slots = vec![Slot::Mart(link.table)];
            slots.extend(link.ancestors[..length - 1].iter().map(|hop| Slot::Mart(hop.parent)));
            slots.push(self.names.one(Slot::Raw(link.ancestors[length - 1].parent)));
            let mut sorted = slots.clone();
            sorted.sort();
            let row_of = |at: usize| {
                let place = sorted.iter().position(|slot| *slot == slots[at]);
                let place = place.unwrap_or_else(|| unreachable!("`sorted` has the same slots as `slots`"));
                Row { depth, place: Place(place) }
            };
            let mut when = fixed(link.table, row_of(0));
            let mut child = link.table;
            for (level, hop) in link.ancestors[..length].iter().enumerate() {
                for &(ours, theirs) in &hop.on {
                    let theirs = Term::Column(row_of(level + 1), names.column(hop.parent, theirs).into());
                    let ours = Term::Column(row_of(level), names.column(child, ours).into());
                    when.extend(role(Role::Key, [equal(theirs, ours)]));
                }
                child = hop.parent;
            }
            let from = sorted.into_iter().map(Source::Relation).collect();
            alternatives.push(vec![exists(Select { from, when: All::new(when), ..Select::default() })]);
        }
        alternatives
    }
}

/// A text literal. Resolve accepts only plain exception types.
pub(super) fn text<'a>(text: &str) -> Term<'a> {
    literal(literal::text(text).unwrap_or_else(|| unreachable!("an exception type has no quote and no backslash")))
}
