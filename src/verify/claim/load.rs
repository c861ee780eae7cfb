//! The claims of the load.

use crate::cycle::plan::Slot;
use crate::project::{ColumnId, Load};
use crate::sql::Name;
use crate::verify::claim::{
    Claims, Columns, at_most, call, equal, erasure, from, is_not_null, is_null, literal, not_exists, one_of, role, row,
};
use crate::verify::meaning::{
    All, Changes, Comparison, Conjunct, Depth, Meaning, Order, Place, Role, Row, Rows, Select, Source, Term, compare,
};

impl<'a> Claims<'a, '_> {
    fn raw(&self) -> Slot {
        self.names.one(Slot::Raw(self.id))
    }

    fn of_raw(&self, row: Row, name: &Name) -> Term<'a> {
        Term::Column(row, name.folded(self.spec.dialect).into())
    }

    /// The load of the table.
    fn load(&self) -> &'a Load {
        self.table.load.as_ref().unwrap_or_else(|| unreachable!("only a table with `incremental` has load steps"))
    }

    /// No list of erased keys has the key of the raw row.
    fn not_erased(&self, raw: Row) -> Vec<Conjunct<'a>> {
        let each = self.table.erasures.iter().map(|erasure| {
            let listed = Row::first(raw.depth.inner());
            let key = Term::Column(listed, self.names.erased_key(erasure.list).into());
            let value = erasure::listed(self.spec, erasure.list, self.column(raw, erasure.column));
            let same = role(Role::Key, [equal(key, value)]).collect();
            not_exists(from(Slot::Erased(erasure.list), same))
        });
        each.collect()
    }

    /// The load accepts a raw row.
    fn accepted(&self, raw: Row) -> Vec<Conjunct<'a>> {
        let demanded = self
            .table
            .inserted()
            .filter(|column| self.table.column(*column).not_null && !self.table.unique_key.contains(column));
        let mut when: Vec<_> = demanded.map(|column| is_not_null(self.column(raw, column))).collect();
        if let Some(lookback) = &self.load().lookback {
            let column = |row| self.of_raw(row, &lookback.column);
            let inner = Row::first(raw.depth.inner());
            let newest = Select { outputs: vec![call("max", [column(inner)])], ..from(self.raw(), Vec::new()) };
            let length = literal(self.spec.dialect.rules().duration(lookback.seconds, lookback.unit));
            let oldest = call("-", [Term::Scalar(Box::new(newest)), length]);
            when.extend(one_of([vec![is_null(column(raw))], vec![at_most(oldest, column(raw))]]));
        }
        when.extend(self.not_erased(raw));
        role(Role::Accepted, when).collect()
    }

    /// One raw row of each key: the first one in the order of `order_by`. `newest` is the row of
    /// this source in the outermost query.
    fn newest(&self, newest: Row) -> (Source<'a>, Vec<Conjunct<'a>>) {
        let raw = |column| self.column(row(1), column);
        let mut when = self.has_key(&raw);
        when.extend(self.accepted(row(1)));
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| raw(column)).collect();
        by.sort();
        let order = self.load().order_by.iter().map(|term| Order {
            term: self.of_raw(row(1), &term.column),
            descending: term.descending,
            nulls_first: Some(false),
        });
        let rank = Term::row_number(by, order.collect());
        let is_first = role(Role::Newest, [equal(Term::Output(newest, Box::new(rank)), literal("1"))]).collect();
        (Source::Query(Box::new(Rows::Select(from(self.raw(), when)))), is_first)
    }

    /// A column of the newest raw row of a key.
    fn of_newest(&self, newest: Row, column: ColumnId) -> Term<'a> {
        Term::Output(newest, Box::new(self.column(row(1), column)))
    }

    pub(super) fn load_correct(&self) -> Meaning<'a> {
        let (mart, newest_row) = (row(0), Row { depth: Depth::OUTERMOST, place: Place(1) });
        let (newest, mut when) = self.newest(newest_row);
        let (ours, theirs) = (|column| self.column(mart, column), |column| self.of_newest(newest_row, column));
        when.extend(self.same(&self.table.proof(), &theirs, &ours));
        // A statement may also write equal values again.
        when.extend(role(Role::Spare, one_of(self.payload_differs(&ours, &theirs))));
        let mut set: Vec<_> = self.table.corrected().map(|column| (self.name(column), theirs(column))).collect();
        set.sort();
        let from = vec![Source::Relation(self.mart()), newest];
        Meaning::Update(Changes { set, rows: Select { from, when: All::new(when), ..Select::default() } })
    }

    /// A column that the load writes differs between two rows: one alternative for each way.
    fn payload_differs(&self, a: Columns<'_, 'a>, b: Columns<'_, 'a>) -> Vec<Vec<Conjunct<'a>>> {
        let differs = |column| {
            [
                vec![compare(Comparison::NotEqual, a(column), b(column)).into()],
                vec![is_null(a(column)), is_not_null(b(column))],
                vec![is_not_null(a(column)), is_null(b(column))],
            ]
        };
        self.table.corrected().flat_map(differs).collect()
    }

    /// The newest raw row of each key is inserted, or replaces the row of the mart, unless that row
    /// is newer.
    pub(super) fn load_upsert(&self) -> Meaning<'a> {
        let has_time = is_not_null(self.of_newest(row(0), self.table.time.column));
        let insert = self.load_newest(role(Role::Accepted, [has_time]).collect());
        let (ours, theirs) = (|column| self.column(row(0), column), |column| self.excluded(column));
        let time = self.table.time.column;
        let mut differs = self.payload_differs(&ours, &theirs);
        differs.push(vec![compare(Comparison::NotEqual, ours(time), theirs(time)).into()]);
        differs.push(vec![is_null(ours(time))]);
        // A statement may also write equal values again.
        self.upsert(insert, Comparison::LessOrEqual, role(Role::Spare, one_of(differs)).collect())
    }

    /// An INSERT of the newest raw row of each key.
    fn load_newest(&self, mut wanted: Vec<Conjunct<'a>>) -> Meaning<'a> {
        let (newest, when) = self.newest(row(0));
        wanted.extend(when);
        let select = Select { from: vec![newest], when: All::new(wanted), ..Select::default() };
        let columns = self.table.inserted().map(|column| (self.name(column), self.of_newest(row(0), column)));
        Self::insert(columns.collect(), select)
    }

    pub(super) fn load_insert(&self) -> Meaning<'a> {
        let newest = |column| self.of_newest(row(0), column);
        let mut there = self.not_older(&|column| self.column(row(1), column), &newest);
        if !self.scope.versioned {
            let oldest = Select { outputs: vec![call("min", [self.time(row(2))])], ..from(self.raw(), Vec::new()) };
            there.extend(role(Role::Spare, [at_most(Term::Scalar(Box::new(oldest)), self.time(row(1)))]));
        }
        let mut wanted: Vec<_> = role(Role::Accepted, [is_not_null(newest(self.table.time.column))]).collect();
        wanted.extend(role(Role::Guard, [not_exists(from(self.mart(), there))]));
        self.load_newest(wanted)
    }

    pub(super) fn load_timeless(&self) -> Meaning<'a> {
        let newest = |column| self.of_newest(row(0), column);
        let there = self.same(&self.table.unique_key, &|column| self.column(row(1), column), &newest);
        let mut wanted: Vec<_> = role(Role::Accepted, [is_null(newest(self.table.time.column))]).collect();
        wanted.extend(role(Role::Guard, [not_exists(from(self.mart(), there))]));
        self.load_newest(wanted)
    }

    pub(super) fn load_keyless(&self) -> Meaning<'a> {
        let mut columns: Vec<_> = self.table.inserted().map(|column| self.name(column)).collect();
        columns.sort();
        let raw_or_mart = |column| self.column(row(0), column);
        let outputs: Vec<_> = columns.iter().map(|name| Term::Column(row(0), name.clone())).collect();
        let lacks_key =
            || role(Role::Key, one_of(self.table.unique_key.iter().map(|&column| vec![is_null(raw_or_mart(column))])));
        let mut when: Vec<_> = lacks_key().collect();
        let demanded = self.table.unique_key.iter().filter(|&&column| self.table.column(column).not_null);
        when.extend(role(Role::Accepted, demanded.map(|&column| is_not_null(raw_or_mart(column)))));
        when.extend(self.accepted(row(0)));
        let raw = Select { outputs: outputs.clone(), ..from(self.raw(), when) };
        let mart = Select { outputs, ..from(self.mart(), lacks_key().collect()) };
        Meaning::Insert { columns, rows: Rows::Except(Box::new((raw, mart))) }
    }
}
