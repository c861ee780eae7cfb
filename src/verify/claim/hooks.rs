//! The claims of the steps of a cycle and a sweep.

use std::borrow::Cow;

use crate::cycle::plan::{Due, Slot, lists_stale};
use crate::project::naming::NULL_KEY;
use crate::project::{ColumnId, CutoffFrom, Length, PeriodId, Retention};
use crate::verify::claim::conditions::text;
use crate::verify::claim::{
    Claims, at_most, call, clock, equal, exists, from, is_not_null, is_null, less, literal, not_exists, one_of, role,
    row,
};
use crate::verify::meaning::{
    All, Changes, Comparison, Conjunct, Meaning, Order, Place, Role, Row, Rows, Select, Source, Term,
};
use crate::verify::names::{COMPLETED_COLUMN, CUTOFF_COLUMN};

impl<'a> Claims<'a, '_> {
    /// Empties a work table.
    pub(super) fn clear(&self, writes: Slot) -> Meaning<'a> {
        Meaning::Delete(from(writes, Vec::new()))
    }

    /// Deletes every completed cycle except the newest two.
    pub(super) fn forget_cycles(&self) -> Meaning<'a> {
        let cycles = Slot::Cycles(self.id);
        let stamp = |depth: usize| Term::Column(row(depth), COMPLETED_COLUMN.into());
        let newest = |depth: usize, when| {
            let select = Select { outputs: vec![call("max", [stamp(depth)])], ..from(cycles, when) };
            Term::Scalar(Box::new(select))
        };
        let last_but_one = newest(1, vec![less(stamp(1), newest(2, Vec::new()))]);
        Meaning::Delete(from(cycles, vec![less(stamp(0), last_but_one)]))
    }

    pub(super) fn note_cycle(&self) -> Meaning<'a> {
        Self::insert(vec![(COMPLETED_COLUMN.into(), clock::now_utc(self.spec.dialect))], Select::default())
    }

    pub(super) fn cutoff(&self) -> Meaning<'a> {
        let dialect = self.spec.dialect;
        let (rows, cutoff) = match &self.table.retention {
            Retention::For { length, from: anchor } => self.own_cutoff(*length, *anchor),
            Retention::WhileIn { root, .. } => {
                let theirs = Term::Column(row(0), CUTOFF_COLUMN.into());
                let (their, own) = (self.spec.table(*root).time, self.table.time);
                (from(Slot::Cutoff(*root), Vec::new()), clock::converted(dialect, their.unit, own.unit, theirs))
            }
        };
        Self::insert(vec![(CUTOFF_COLUMN.into(), cutoff)], rows)
    }

    /// The rows that a cutoff is computed from, and the cutoff.
    fn own_cutoff(&self, length: Length, anchor: CutoffFrom) -> (Select<'a>, Term<'a>) {
        let (dialect, unit) = (self.spec.dialect, self.table.time.unit);
        let now = || clock::now(self.spec, unit);
        let mart = || from(self.mart(), Vec::new());
        let capped = |newest: Term<'a>| {
            let is_future = All::new(vec![less(now(), newest.clone())]);
            Term::Case(vec![(is_future, now())], Some(Box::new(newest)))
        };
        match (length, anchor) {
            (Length::Seconds(seconds), _) => {
                let (rows, at) = match anchor {
                    CutoffFrom::Now => (Select::default(), now()),
                    CutoffFrom::Newest => (mart(), capped(call("max", [self.time(row(0))]))),
                };
                let length = || literal(dialect.rules().duration(seconds, unit));
                (rows, if seconds == 0 { at } else { call("-", [at, length()]) })
            }
            (Length::Months(months), CutoffFrom::Now) => {
                (Select::default(), clock::months_before(dialect, months, unit, now()))
            }
            // A query that aggregates has one row, so its newest time is a value.
            (Length::Months(months), CutoffFrom::Newest) => {
                let newest = call("max", [self.time(row(1))]);
                let newest = Term::Scalar(Box::new(Select { outputs: vec![newest], ..mart() }));
                (Select::default(), clock::months_before(dialect, months, unit, capped(newest)))
            }
        }
    }

    /// The bounds of a row of a history table, if the engine reads a table only by its partitions.
    pub(super) fn bounds_of(&self, slot: Slot, row: Row) -> Vec<Conjunct<'a>> {
        if let Slot::History(_, period) = slot { self.in_partition(row, period) } else { Vec::new() }
    }

    pub(super) fn histories(&self) -> impl Iterator<Item = Slot> + '_ {
        self.scope.periods.iter().map(|&period| Slot::History(self.id, period))
    }

    /// The newest archived row of each key whose parent is in its mart. A key with a row in the
    /// mart that is not older is left out.
    pub(super) fn restore(&self) -> Meaning<'a> {
        self.restore_newest(true)
    }

    /// The same. The row of the mart that has the key of a copy is replaced, if it is older.
    pub(super) fn restore_upsert(&self) -> Meaning<'a> {
        self.upsert(self.restore_newest(false), Comparison::Less, Vec::new())
    }

    /// The newest archived row of each key whose parent is in its mart. `guarded`: unless a row of
    /// the mart prevents it.
    fn restore_newest(&self, guarded: bool) -> Meaning<'a> {
        let parts = self.histories().map(|slot| {
            // The rows of the history table come before the query of the newest copies.
            let (own, newest) = (row(0), Row { place: Place(1), ..row(0) });
            let found = |column| Term::Output(newest, Box::new(self.newest_copy(column)));
            let own_column = |column| self.column(own, column);
            let mut when = self.same(&self.table.proof(), &found, &own_column);
            let first = equal(Term::Output(newest, Box::new(self.rank())), literal("1"));
            when.extend(role(Role::Newest, [first]));
            if guarded {
                let there = self.not_older(&|column| self.column(row(1), column), &found);
                when.extend(role(Role::Guard, [not_exists(from(self.mart(), there))]));
            }
            when.extend(self.bounds_of(slot, own));
            let mut columns: Vec<_> =
                self.table.inserted().map(|column| (self.name(column), own_column(column))).collect();
            columns.sort();
            let outputs = columns.into_iter().map(|(_, value)| value).collect();
            let ranked = Source::Query(Box::new(Rows::Select(self.ranked_copies())));
            Select { from: vec![Source::Relation(slot), ranked], when: All::new(when), outputs, ..Select::default() }
        });
        let mut parts: Vec<_> = parts.collect();
        parts.sort();
        let mut columns: Vec<_> = self.table.inserted().map(|column| self.name(column)).collect();
        columns.sort();
        let rows = if parts.len() == 1 { Rows::Select(parts.remove(0)) } else { Rows::UnionAll(parts) };
        Meaning::Insert { columns, rows }
    }

    /// A column of a ranked copy, seen from the query that ranks.
    fn newest_copy(&self, column: ColumnId) -> Term<'a> {
        match self.scope.periods.len() > 1 {
            true => Term::Output(row(1), Box::new(self.column(row(2), column))),
            // With one period there is no UNION ALL, so the rows are one query less deep.
            false => self.column(row(1), column),
        }
    }

    /// The rank of a copy among those of its key: 1 is the newest.
    fn rank(&self) -> Term<'a> {
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| self.newest_copy(column)).collect();
        by.sort();
        let time = self.newest_copy(self.table.time.column);
        Term::row_number(by, vec![Order { term: time, descending: true, nulls_first: None }])
    }

    /// The copies whose parent is in its mart and touched.
    fn ranked_copies(&self) -> Select<'a> {
        let several = self.scope.periods.len() > 1;
        let inner = if several { row(2) } else { row(1) };
        let part = |slot: Slot| {
            let copy = |column| self.column(inner, column);
            let depth = inner.depth.inner();
            let found = Row::first(depth);
            let mut there = self.parent_row(&copy, found);
            if let Some(link) = &self.scope.parent_touched {
                let ((parent, on), names) = (self.parent(), self.names);
                let theirs = |theirs: ColumnId| Term::Column(found, names.column(parent, theirs).into());
                let wanted: Vec<_> = on.iter().map(|&(_, column)| theirs(column)).collect();
                let touched = role(Role::Touched, one_of(self.touched(link, &wanted, depth.inner())));
                there.when = All::new(there.when.into_conjuncts().into_iter().chain(touched).collect());
            }
            let mut when: Vec<_> = role(Role::Parent, [exists(there)]).collect();
            when.extend(self.bounds_of(slot, inner));
            from(slot, when)
        };
        if !several {
            return match self.histories().map(part).next() {
                Some(ranked) => ranked,
                None => unreachable!("a project with tables has an open period"),
            };
        }
        let mut outputs: Vec<_> = self.table.proof().iter().map(|&column| self.column(row(2), column)).collect();
        outputs.sort();
        let parts = self.histories().map(|slot| Select { outputs: outputs.clone(), ..part(slot) }).collect();
        Select { from: vec![Source::Query(Box::new(union(parts)))], ..Select::default() }
    }

    /// Lists the rows that are older than the cutoff and whose parent has left its mart. If the
    /// parent mart is empty, no row is due.
    pub(super) fn due(&self) -> Meaning<'a> {
        let mart = |column| self.column(row(0), column);
        let mut when = self.has_key(&mart);
        if self.table.limit.is_some() {
            when.extend(self.in_no_open_period(row(0)));
        }
        when.extend(self.is_overdue(row(0)));
        let columns = self.table.proof().into_iter().map(|column| (self.name(column), mart(column))).collect();
        Self::insert(columns, from(self.mart(), when))
    }

    /// Lists as many rows of open periods as the limit allows, the oldest first. Rows with an open
    /// exception cannot leave, so they do not count.
    pub(super) fn due_limit(&self) -> Meaning<'a> {
        let limit = self.table.limit.unwrap_or_else(|| unreachable!("only a table with a limit has this step"));
        let of = |column| self.column(row(1), column);
        let mut when = self.has_key(&of);
        if !self.table.is_purged() {
            when.extend(self.in_open_period(row(1)));
        }
        when.extend(self.is_overdue(row(1)));
        when.extend(self.not_held(of(self.table.exception_key), row(2)));
        // With the time alone, an engine can read an index in order, and stop at the limit.
        let order = vec![Order { term: self.time(row(1)), descending: false, nulls_first: None }];
        let rank = Term::row_number(Vec::new(), order);
        let ranked = |term| Term::Output(row(0), Box::new(term));
        let allowed = at_most(ranked(rank), literal(limit.to_string()));
        let oldest = Select {
            from: vec![Source::Query(Box::new(Rows::Select(from(self.mart(), when))))],
            when: All::new(role(Role::Newest, [allowed]).collect()),
            ..Select::default()
        };
        let columns = self.table.proof().into_iter().map(|column| (self.name(column), ranked(of(column))));
        Self::insert(columns.collect(), oldest)
    }

    /// Sets `resolved_at`. The free-text columns are not compared.
    fn resolve(&self, when: Vec<Conjunct<'a>>) -> Meaning<'a> {
        let set = vec![("resolved_at".into(), clock::now_utc(self.spec.dialect))];
        Meaning::Update(Changes { set, rows: from(self.exceptions(), when) })
    }

    fn open_exception(&self, ty: &str, of: Row) -> Vec<Conjunct<'a>> {
        let of_type = equal(self.of_exception("exception_type", of), text(ty));
        role(Role::Exception, [of_type, is_null(self.of_exception("resolved_at", of))]).collect()
    }

    pub(super) fn resolve_keyed(&self) -> Meaning<'a> {
        let found = row(1);
        let ours = |column| self.column(found, column);
        let same_key = || role(Role::Key, [equal(ours(self.table.exception_key), self.exception_key(row(0)))]);
        let mut causes = Vec::new();
        // A purge needs no period, so it has no rows without one.
        if !self.table.is_purged() {
            let unrouted = same_key().chain(self.outside(found));
            causes.push(match self.scope.due {
                Due::ByCutoff => not_exists(from(self.mart(), unrouted.chain(self.is_due(found)).collect())),
                Due::Listed => not_exists(from(Slot::Due(self.id), unrouted.collect())),
            });
        }
        if !self.table.nullable_proof().is_empty() {
            let incomplete = same_key().chain(self.incomplete(found));
            causes.push(not_exists(from(self.mart(), incomplete.collect())));
        }
        let mut when = self.open_exception(&self.table.exception_type, row(0));
        when.extend(role(Role::Exception, causes));
        self.resolve(when)
    }

    pub(super) fn resolve_keyless(&self) -> Meaning<'a> {
        let mut when = self.open_exception(&format!("{}{NULL_KEY}", self.table.exception_type), row(0));
        let keyless = is_null(self.column(row(1), self.table.exception_key));
        when.extend(role(Role::Exception, [not_exists(from(self.mart(), vec![keyless]))]));
        self.resolve(when)
    }

    pub(super) fn archive(&self, history: Slot, period: PeriodId) -> Meaning<'a> {
        let mart = |column| self.column(row(0), column);
        let mut when = self.has_key(&mart);
        when.extend(self.within(row(0), period));
        when.extend(self.is_due(row(0)));
        when.extend(self.not_held(mart(self.table.exception_key), row(1)));
        let mut there = self.not_older(&|column| self.column(row(1), column), &mart);
        there.extend(self.in_partition(row(1), period));
        when.extend(role(Role::Guard, [not_exists(from(history, there))]));
        let columns = self.all_columns().map(|column| (self.name(column), mart(column))).collect();
        Self::insert(columns, from(self.mart(), when))
    }

    pub(super) fn trim(&self, period: PeriodId) -> Meaning<'a> {
        let mart = |column| self.column(row(0), column);
        let mut when = self.within(row(0), period);
        when.extend(self.is_due(row(0)));
        let history = |column| self.column(row(1), column);
        let mut copy = self.same(&self.table.proof(), &history, &mart);
        copy.extend(self.same_payload(&history, &mart));
        copy.extend(self.in_partition(row(1), period));
        when.extend(role(Role::Copy, [exists(from(Slot::History(self.id, period), copy))]));
        if lists_stale(self.table) {
            let listed = self.same(&self.table.proof(), &history, &mart);
            when.extend(role(Role::Unlisted, [not_exists(from(Slot::Stale(self.id), listed))]));
        }
        Meaning::Delete(from(self.mart(), when))
    }

    /// A new exception. The columns are sorted by name. The name of the key column decides its
    /// position.
    fn exception_columns(&self, key: Term<'a>, ty: &str) -> Vec<(Cow<'a, str>, Term<'a>)> {
        let names = self.names;
        vec![
            (names.exception_key(self.table.exceptions).into(), key),
            ("exception_type".into(), text(ty)),
            ("detected_at".into(), clock::now_utc(self.spec.dialect)),
        ]
    }

    pub(super) fn safety_check(&self) -> Meaning<'a> {
        // If no row can be incomplete, there is no UNION ALL, so the rows are one query less deep.
        let may_be_incomplete = !self.table.nullable_proof().is_empty();
        let of = if may_be_incomplete { row(1) } else { row(0) };
        let key = self.column(of, self.table.exception_key);
        if self.table.is_purged() {
            let key = self.column(row(0), self.table.exception_key);
            let incomplete = role(Role::Exception, self.incomplete(row(0))).collect();
            return self.exceptions_of(key, from(self.mart(), incomplete));
        }
        let due = match self.scope.due {
            Due::ByCutoff => from(self.mart(), self.is_due(of)),
            Due::Listed => {
                let listed = |column| self.column(Row { place: Place(1), ..of }, column);
                let same = self.same(&self.table.proof(), &listed, &|column| self.column(of, column));
                let from = vec![Source::Relation(self.mart()), Source::Relation(Slot::Due(self.id))];
                Select { from, when: All::new(role(Role::Due, same).collect()), ..Select::default() }
            }
        };
        let (gap, rows) = if may_be_incomplete {
            let incomplete = role(Role::Exception, self.incomplete(of));
            let incomplete = from(self.mart(), incomplete.collect());
            let parts = [due, incomplete].map(|part| Select { outputs: vec![key.clone()], ..part });
            let from = vec![Source::Query(Box::new(union(parts.into())))];
            (Term::Output(row(0), Box::new(key)), Select { from, ..Select::default() })
        } else {
            (key, due)
        };
        self.exceptions_of(gap, rows)
    }

    /// One new exception for each key of these rows that is not held.
    fn exceptions_of(&self, gap: Term<'a>, rows: Select<'a>) -> Meaning<'a> {
        let mut when = rows.when.into_conjuncts();
        when.extend(role(Role::Key, [is_not_null(gap.clone())]));
        when.extend(self.not_held(gap.clone(), row(1)));
        let columns = self.exception_columns(gap.clone(), &self.table.exception_type);
        Self::insert(
            columns,
            Select { from: rows.from, when: All::new(when), group: Some(vec![gap]), ..Select::default() },
        )
    }

    pub(super) fn safety_check_keyless(&self) -> Meaning<'a> {
        let key = self.column(row(0), self.table.exception_key);
        let null_key = format!("{}{NULL_KEY}", self.table.exception_type);
        let reported = not_exists(from(self.exceptions(), self.open_exception(&null_key, row(1))));
        let mut when: Vec<_> = role(Role::Held, [reported]).collect();
        when.extend(role(Role::Key, [is_null(key.clone())]));
        let select = Select { distinct: true, ..from(self.mart(), when) };
        Self::insert(self.exception_columns(key, &null_key), select)
    }
}

/// The UNION ALL of a source. The first part stays first, because its terms identify the outputs.
pub(super) fn union(mut parts: Vec<Select<'_>>) -> Rows<'_> {
    if let [_, rest @ ..] = parts.as_mut_slice() {
        rest.sort();
    }
    Rows::UnionAll(parts)
}
