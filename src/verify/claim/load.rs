//! The mart's own load.

use crate::cycle::plan::Slot;
use crate::project::{ColumnId, Load};
use crate::sql::Name;
use crate::verify::claim::{
    Claims, at_most, call, equal, from, is_not_null, is_null, literal, not_exists, one_of, role, row,
};
use crate::verify::meaning::{
    All, Comparison, Conjunct, Meaning, Order, Role, Row, Rows, Select, Source, Term, compare,
};

impl<'a> Claims<'a, '_> {
    fn raw(&self) -> Slot {
        self.known.one(Slot::Source(self.id))
    }

    fn of_raw(&self, of: Row, name: &Name) -> Term<'a> {
        Term::Column(of, name.folded(self.spec.dialect).into())
    }

    /// Raw rows that a load looks at, by depth of their query.
    fn accepted(&self, load: &Load, depth: usize) -> Vec<Conjunct<'a>> {
        let of = row(depth);
        let demanded = self
            .all_columns()
            .filter(|column| self.table.column(*column).not_null && !self.table.unique_key.contains(column));
        let mut when: Vec<_> = demanded.map(|column| is_not_null(self.column(of, column))).collect();
        if let Some(lookback) = &load.lookback {
            let column = |depth| self.of_raw(row(depth), &lookback.column);
            let newest = Select { outputs: vec![call("max", [column(depth + 1)])], ..from(self.raw(), Vec::new()) };
            let length = literal(self.spec.dialect.rules().duration(lookback.seconds, lookback.unit));
            let oldest = call("-", [Term::Scalar(Box::new(newest)), length]);
            when.extend(one_of([vec![is_null(column(depth))], vec![at_most(oldest, column(depth))]]));
        }
        role(Role::Accepted, when).collect()
    }

    /// One raw row per key: the one that `order_by` puts first. `place` is the source's in the outermost query.
    fn newest(&self, place: Row) -> (Source<'a>, Vec<Conjunct<'a>>) {
        let Some(load) = &self.table.load else { return (Source::Relation(self.raw()), Vec::new()) };
        let of = |column| self.column(row(1), column);
        let mut when = self.has_key(&of);
        when.extend(self.accepted(load, 1));
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| of(column)).collect();
        by.sort();
        let order = load.order_by.iter().map(|term| Order {
            term: self.of_raw(row(1), &term.column),
            descending: term.descending,
            nulls_first: Some(false),
        });
        let rank = Term::RowNumber { by, order: order.collect() };
        let is_first = role(Role::Newest, [equal(Term::Of(place, Box::new(rank)), literal("1"))]).collect();
        (Source::Query(Box::new(Rows::Select(from(self.raw(), when)))), is_first)
    }

    /// A column of the newest raw row of a key.
    fn of_newest(&self, place: Row, column: ColumnId) -> Term<'a> {
        Term::Of(place, Box::new(self.column(row(1), column)))
    }

    pub(super) fn load_correct(&self) -> Meaning<'a> {
        let (mart, place) = (row(0), Row { depth: 0, source: 1 });
        let (newest, mut when) = self.newest(place);
        let (ours, theirs) = (|column| self.column(mart, column), |column| self.of_newest(place, column));
        when.extend(self.same(&self.table.proof(), &theirs, &ours));
        let differs = self.table.payload().flat_map(|column| {
            [
                vec![compare(Comparison::NotEqual, ours(column), theirs(column)).into()],
                vec![is_null(ours(column)), is_not_null(theirs(column))],
                vec![is_not_null(ours(column)), is_null(theirs(column))],
            ]
        });
        // What is equal may be written again.
        when.extend(role(Role::Spare, one_of(differs)));
        let mut set: Vec<_> = self.table.payload().map(|column| (self.name(column), theirs(column))).collect();
        set.sort();
        let from = vec![Source::Relation(self.mart()), newest];
        Meaning::Update { set, of: Select { from, when: All::new(when), ..Select::default() } }
    }

    /// Rows from the newest of each key, where there is nothing of it in the mart.
    fn load_newest(&self, mut wanted: Vec<Conjunct<'a>>, there: Vec<Conjunct<'a>>) -> Meaning<'a> {
        let (newest, when) = self.newest(row(0));
        wanted.extend(when);
        wanted.extend(role(Role::Guard, [not_exists(from(self.mart(), there))]));
        let select = Select { from: vec![newest], when: All::new(wanted), ..Select::default() };
        let columns = self.all_columns().map(|column| (self.name(column), self.of_newest(row(0), column)));
        Self::insert(columns.collect(), select)
    }

    pub(super) fn load_insert(&self) -> Meaning<'a> {
        let of = |column| self.of_newest(row(0), column);
        let mut there = self.not_older(&|column| self.column(row(1), column), &of);
        if !self.scope.versioned {
            let oldest = Select { outputs: vec![call("min", [self.time(row(2))])], ..from(self.raw(), Vec::new()) };
            there.extend(role(Role::Spare, [at_most(Term::Scalar(Box::new(oldest)), self.time(row(1)))]));
        }
        self.load_newest(role(Role::Accepted, [is_not_null(of(self.table.time.column))]).collect(), there)
    }

    pub(super) fn load_timeless(&self) -> Meaning<'a> {
        let of = |column| self.of_newest(row(0), column);
        let there = self.same(&self.table.unique_key, &|column| self.column(row(1), column), &of);
        self.load_newest(role(Role::Accepted, [is_null(of(self.table.time.column))]).collect(), there)
    }

    pub(super) fn load_keyless(&self) -> Meaning<'a> {
        let mut columns: Vec<_> = self.all_columns().map(|column| self.name(column)).collect();
        columns.sort();
        let of = |column| self.column(row(0), column);
        let outputs: Vec<_> = columns.iter().map(|name| Term::Column(row(0), name.clone())).collect();
        let lacks_key =
            || role(Role::Key, one_of(self.table.unique_key.iter().map(|&column| vec![is_null(of(column))])));
        let mut when: Vec<_> = lacks_key().collect();
        let demanded = self.table.unique_key.iter().filter(|&&column| self.table.column(column).not_null);
        when.extend(role(Role::Accepted, demanded.map(|&column| is_not_null(of(column)))));
        when.extend(self.table.load.iter().flat_map(|load| self.accepted(load, 0)));
        let raw = Select { outputs: outputs.clone(), ..from(self.raw(), when) };
        let mart = Select { outputs, ..from(self.mart(), lacks_key().collect()) };
        Meaning::Insert { columns, rows: Rows::Except(Box::new((raw, mart))) }
    }
}
