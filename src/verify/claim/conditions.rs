//! The vocabulary of conditions, each written once, as in the templates but for their words.

use crate::cycle::plan::{Due, Slot, Touched};
use crate::project::naming::HOLD;
use crate::project::{ColumnId, PeriodId, Retention, TableId};
use crate::sql::literal;
use crate::verify::claim::{
    Claims, Columns, at_most, call, equal, exists, from, is_not_null, is_null, less, literal, not_exists, one_of, role,
    row, stored_cutoff,
};
use crate::verify::meaning::{All, Conjunct, Role, Row, Select, Source, Term};

impl<'a> Claims<'a, '_> {
    /// The listed columns of two rows are equal.
    pub(super) fn same(&self, columns: &[ColumnId], a: Columns<'_, 'a>, b: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        role(Role::Key, columns.iter().map(|&column| equal(a(column), b(column)))).collect()
    }

    /// A row of the same key that is not older: where keys have no versions, every row of the key.
    pub(super) fn not_older(&self, a: Columns<'_, 'a>, than: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        let mut all = self.same(&self.table.unique_key, a, than);
        if self.scope.versioned {
            let time = self.table.time.column;
            all.extend(role(Role::Version, [at_most(than(time), a(time))]));
        }
        all
    }

    pub(super) fn has_key(&self, of: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        role(Role::Key, self.table.unique_key.iter().map(|&column| is_not_null(of(column)))).collect()
    }

    /// A part of the key, or the time, is missing.
    pub(super) fn incomplete(&self, of: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        one_of(self.table.proof().into_iter().map(|column| vec![is_null(of(column))]))
    }

    pub(super) fn start(&self, period: PeriodId) -> Term<'a> {
        let (period, time) = (self.spec.period(period), self.table.time);
        literal(self.spec.dialect.rules().instant(&period.start(), period.start_epoch(), time.unit))
    }

    pub(super) fn end(&self, period: PeriodId) -> Term<'a> {
        let (period, time) = (self.spec.period(period), self.table.time);
        literal(self.spec.dialect.rules().instant(&period.end(), period.end_epoch(), time.unit))
    }

    /// The row's time lies in the half-open period.
    pub(super) fn within(&self, of: Row, period: PeriodId) -> Vec<Conjunct<'a>> {
        let bounds = [at_most(self.start(period), self.time(of)), less(self.time(of), self.end(period))];
        role(Role::Bounds, bounds).collect()
    }

    /// A history table's row lies in its period, where the engine has to be told.
    pub(super) fn in_partition(&self, of: Row, period: PeriodId) -> Vec<Conjunct<'a>> {
        if self.spec.dialect.rules().reads_by_partition() { self.within(of, period) } else { Vec::new() }
    }

    /// The row's time lies outside of what these periods, neighbours, cover.
    pub(super) fn outside(&self, of: Row, periods: &[PeriodId]) -> Vec<Conjunct<'a>> {
        let (Some(&first), Some(&last)) = (periods.first(), periods.last()) else { return Vec::new() };
        let before = less(self.time(of), self.start(first));
        let after = at_most(self.end(last), self.time(of));
        role(Role::Bounds, one_of([vec![before], vec![after]])).collect()
    }

    /// The row is older than the stored cutoff.
    pub(super) fn is_older(&self, of: Row, depth: usize) -> Conjunct<'a> {
        less(self.time(of), stored_cutoff(Slot::Cutoff(self.id), depth))
    }

    /// Retention says that the row must leave; `depth` is that of a query inside the condition.
    pub(super) fn is_due(&self, of: Row, depth: usize) -> Vec<Conjunct<'a>> {
        let is_due = match self.scope.due {
            Due::ByCutoff => self.is_older(of, depth),
            Due::Listed => {
                let listed = |column| self.column(row(depth), column);
                let same = self.same(&self.table.proof(), &listed, &|column| self.column(of, column));
                exists(from(Slot::Due(self.id), same))
            }
        };
        role(Role::Due, [is_due]).collect()
    }

    /// No open exception of the table's own types is about the key.
    pub(super) fn not_held(&self, key: Term<'a>, depth: usize) -> Vec<Conjunct<'a>> {
        let types = [self.table.exception_type.clone(), format!("{}{HOLD}", self.table.exception_type)];
        let mut when =
            one_of(types.into_iter().map(|ty| vec![equal(self.of_exception("exception_type", depth), text(&ty))]));
        when.push(equal(self.exception_key(depth), key));
        when.push(is_null(self.of_exception("resolved_at", depth)));
        let when = role(Role::Exception, when).collect();
        role(Role::Held, [not_exists(from(self.exceptions(), when))]).collect()
    }

    pub(super) fn exceptions(&self) -> Slot {
        Slot::Exceptions(self.table.exceptions)
    }

    pub(super) fn of_exception(&self, column: &'static str, depth: usize) -> Term<'a> {
        Term::Column(row(depth), column.into())
    }

    /// What an exception is about.
    pub(super) fn exception_key(&self, depth: usize) -> Term<'a> {
        let known = self.known;
        Term::Column(row(depth), known.exception_key(self.exceptions()).into())
    }

    /// A copy's time is not below the oldest that the mart holds of its period; `depth` is that of the query inside.
    pub(super) fn prune(&self, of: Row, period: PeriodId, depth: usize) -> Conjunct<'a> {
        let oldest = from(self.mart(), vec![at_most(self.start(period), self.time(row(depth)))]);
        let oldest = Select { outputs: vec![call("min", [self.time(row(depth))])], ..oldest };
        let bound = at_most(Term::Scalar(Box::new(oldest)), self.time(of));
        Conjunct { role: Some(Role::Spare), ..bound }
    }

    /// The parent's row is in its mart: an EXISTS at a depth, by columns of the child.
    pub(super) fn parent_row(&self, of: Columns<'_, 'a>, depth: usize) -> Select<'a> {
        let Retention::WhileIn { parent, on, .. } = &self.table.retention else { return Select::default() };
        let known = self.known;
        let theirs = |column| Term::Column(row(depth), known.column(*parent, column).into());
        from(
            Slot::Mart(*parent),
            role(Role::Key, on.iter().map(|&(ours, their)| equal(theirs(their), of(ours)))).collect(),
        )
    }

    /// Rows that the batches of a table and of its ancestors touched, as alternatives of EXISTS at a depth: `pairs` gives what
    /// each of the link's columns must equal.
    pub(super) fn touched(&self, link: &Touched, wanted: &[Term<'a>], depth: usize) -> Vec<Vec<Conjunct<'a>>> {
        let known = self.known;
        let stated = |table: TableId, of: Row| {
            let columns = link.columns.iter().zip(wanted);
            let each = columns.map(move |(&column, wanted)| {
                equal(Term::Column(of, known.column(table, column).into()), wanted.clone())
            });
            role(Role::Key, each).collect::<Vec<_>>()
        };
        let own = from(self.known.one(Slot::Source(link.table)), stated(link.table, row(depth)));
        let mut alternatives = vec![vec![exists(own)]];
        for length in 1..=link.ancestors.len() {
            // The table's mart, the marts between, and the batch at the end of the way.
            let mut slots = vec![Slot::Mart(link.table)];
            slots.extend(link.ancestors[..length - 1].iter().map(|hop| Slot::Mart(hop.parent)));
            slots.push(self.known.one(Slot::Source(link.ancestors[length - 1].parent)));
            let mut sorted = slots.clone();
            sorted.sort();
            let place = |at: usize| Row {
                depth,
                source: sorted.iter().position(|slot| *slot == slots[at]).unwrap_or_default(),
            };
            let mut when = stated(link.table, place(0));
            let mut child = link.table;
            for (level, hop) in link.ancestors[..length].iter().enumerate() {
                for &(ours, theirs) in &hop.on {
                    let theirs = Term::Column(place(level + 1), known.column(hop.parent, theirs).into());
                    let ours = Term::Column(place(level), known.column(child, ours).into());
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

/// A text that resolve has found to be plain.
pub(super) fn text<'a>(text: &str) -> Term<'a> {
    literal(literal::text(text).unwrap_or_default())
}
