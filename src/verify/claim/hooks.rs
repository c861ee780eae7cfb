//! The claims of the steps of a cycle and a sweep.

use std::borrow::Cow;

use crate::cycle::plan::{Due, Slot, Touched};
use crate::project::naming::{HOLD, IN_MART, NULL_KEY, ROW_COUNT, STALE_PLACE};
use crate::project::{ColumnId, CutoffFrom, Length, PeriodId, Retention};
use crate::verify::claim::conditions::text;
use crate::verify::claim::{
    Claims, at_most, call, clock, equal, exists, from, is_not_null, is_null, less, literal, not_exists, one_of, role,
    row,
};
use crate::verify::meaning::{
    All, Comparison, Conjunct, Meaning, Order, Place, Role, Row, Rows, Select, Source, Term, compare,
};
use crate::verify::names::{COMPLETED_COLUMN, CUTOFF_COLUMN, PURGED_COLUMNS};

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
        let now = || clock::now(dialect, unit);
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

    /// Lists the rows of mart and history that must leave: those with a newer version, and history
    /// rows that are not newer than a row of the mart. A cycle looks only at touched keys.
    pub(super) fn stale(&self) -> Meaning<'a> {
        if self.table.is_purged() {
            return self.stale_in_mart();
        }
        let (of, time) = (row(2), self.table.time.column);
        let columns: Vec<_> = self.table.proof().iter().map(|&column| self.column(of, column)).collect();
        let part = |slot: Slot, place: &str| {
            let mut when = self.bounds_of(slot, of);
            match &self.scope.touched {
                Some(link) => when.extend(role(Role::Touched, one_of(self.touched_or_due(link, of)))),
                None => when.extend(self.has_key(&|column| self.column(of, column))),
            }
            let mut outputs = columns.clone();
            outputs.sort();
            outputs.push(text(place));
            Select { outputs, ..from(slot, when) }
        };
        let mut parts = vec![part(self.mart(), IN_MART)];
        let history = |&period| part(Slot::History(self.id, period), &self.spec.place_of(period));
        parts.extend(self.scope.periods.iter().map(history));
        let copies = Select { from: vec![Source::Query(Box::new(union(parts)))], ..Select::default() };

        let copy = |term| Term::Output(row(1), Box::new(term));
        let of_copy = |column| copy(self.column(of, column));
        let is_in_mart = |comparison, term| compare(comparison, term, text(IN_MART)).into();
        let place = || copy(text(IN_MART));
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| of_copy(column)).collect();
        by.sort();
        let over = |term| Term::Over { aggregate: Box::new(call("max", [term])), by: by.clone() };
        let in_mart = All::new(vec![is_in_mart(Comparison::Equal, place())]);
        let in_mart = over(Term::Case(vec![(in_mart, of_copy(time))], None));
        let newest = over(of_copy(time));

        let ranked = |term| Term::Output(row(0), Box::new(term));
        let own_time = || ranked(of_copy(time));
        let copied = is_in_mart(Comparison::NotEqual, ranked(place()));
        let mut causes =
            vec![vec![less(own_time(), ranked(newest.clone()))], vec![copied, at_most(own_time(), ranked(in_mart))]];
        if !self.table.column(time).not_null {
            causes.push(vec![is_null(own_time()), is_not_null(ranked(newest))]);
        }
        let select = Select {
            from: vec![Source::Query(Box::new(Rows::Select(copies)))],
            when: All::new(role(Role::Version, one_of(causes)).collect()),
            ..Select::default()
        };
        let proof = self.table.proof().into_iter();
        let mut written: Vec<_> = proof.map(|column| (self.name(column), ranked(of_copy(column)))).collect();
        written.push((STALE_PLACE.into(), ranked(place())));
        Self::insert(written, select)
    }

    /// Lists the rows of the mart that have a newer version there. A purge has no other copies.
    fn stale_in_mart(&self) -> Meaning<'a> {
        let (of, time) = (row(1), self.table.time.column);
        let when = match &self.scope.touched {
            Some(link) => role(Role::Touched, one_of(self.touched_or_due(link, of))).collect(),
            None => self.has_key(&|column| self.column(of, column)),
        };
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| self.column(of, column)).collect();
        by.sort();
        let ranked = |term| Term::Output(row(0), Box::new(term));
        let newest = || {
            let aggregate = Box::new(call("max", [self.time(of)]));
            ranked(Term::Over { aggregate, by: by.clone() })
        };
        let own_time = || ranked(self.column(of, time));
        let mut causes = vec![vec![less(own_time(), newest())]];
        if !self.table.column(time).not_null {
            causes.push(vec![is_null(own_time()), is_not_null(newest())]);
        }
        let proof = self.table.proof().into_iter();
        let mut written: Vec<_> = proof.map(|column| (self.name(column), ranked(self.column(of, column)))).collect();
        written.push((STALE_PLACE.into(), text(IN_MART)));
        let select = Select {
            from: vec![Source::Query(Box::new(Rows::Select(from(self.mart(), when))))],
            when: All::new(role(Role::Version, one_of(causes)).collect()),
            ..Select::default()
        };
        Self::insert(written, select)
    }

    /// The key of a row is touched: the batches have it, or the due rows. A child has the due rows
    /// of the last cycle.
    fn touched_or_due(&self, link: &Touched, of: Row) -> Vec<Vec<Conjunct<'a>>> {
        let key = &self.table.unique_key;
        let wanted: Vec<_> = key.iter().map(|&column| self.column(of, column)).collect();
        let found = Row::first(of.depth.inner());
        let same = || self.same(key, &|column| self.column(found, column), &|column| self.column(of, column));
        let mut alternatives = self.touched(link, &wanted, found.depth);
        match self.scope.due {
            Due::ByCutoff => {
                let due = same().into_iter().chain(self.is_due(found));
                alternatives.push(vec![exists(from(self.mart(), due.collect()))]);
            }
            Due::Listed => alternatives.push(vec![exists(from(Slot::Due(self.id), same()))]),
        }
        alternatives
    }

    /// The bounds of a row of a history table, if the engine reads a table only by its partitions.
    fn bounds_of(&self, slot: Slot, row: Row) -> Vec<Conjunct<'a>> {
        if let Slot::History(_, period) = slot { self.in_partition(row, period) } else { Vec::new() }
    }

    fn histories(&self) -> impl Iterator<Item = Slot> + '_ {
        self.scope.periods.iter().map(|&period| Slot::History(self.id, period))
    }

    /// The list of stale rows has this row.
    fn listed(&self, place: &str) -> Conjunct<'a> {
        let listed = |column| self.column(row(1), column);
        let mut when = self.same(&self.table.proof(), &listed, &|column| self.column(row(0), column));
        when.push(equal(Term::Column(row(1), STALE_PLACE.into()), text(place)));
        exists(from(Slot::Stale(self.id), when))
    }

    pub(super) fn supersede(&self) -> Meaning<'a> {
        Meaning::Delete(from(self.mart(), role(Role::Version, [self.listed(IN_MART)]).collect()))
    }

    pub(super) fn supersede_timeless(&self) -> Meaning<'a> {
        let listed = |column| self.column(row(1), column);
        let mut when = self.same(&self.table.unique_key, &listed, &|column| self.column(row(0), column));
        when.extend(role(Role::Version, [is_null(self.time(row(1)))]));
        let listed = exists(from(Slot::Stale(self.id), when));
        let timeless = is_null(self.time(row(0)));
        Meaning::Delete(from(self.mart(), role(Role::Version, [listed, timeless]).collect()))
    }

    pub(super) fn cleanup(&self, history: Slot, period: PeriodId) -> Meaning<'a> {
        let listed = self.listed(&self.spec.place_of(period));
        let mut when: Vec<_> = role(Role::Copy, [listed]).collect();
        when.extend(self.in_partition(row(0), period));
        Meaning::Delete(from(history, when))
    }

    /// The newest archived row of each key whose parent is in its mart. A key with a row in the mart
    /// that is not older is left out.
    pub(super) fn restore(&self) -> Meaning<'a> {
        let parts = self.histories().map(|slot| {
            // The rows of the history table come before the query of the newest copies.
            let (own, newest) = (row(0), Row { place: Place(1), ..row(0) });
            let found = |column| Term::Output(newest, Box::new(self.newest_copy(column)));
            let own_column = |column| self.column(own, column);
            let mut when = self.same(&self.table.proof(), &found, &own_column);
            let first = equal(Term::Output(newest, Box::new(self.rank())), literal("1"));
            when.extend(role(Role::Newest, [first]));
            let there = self.not_older(&|column| self.column(row(1), column), &found);
            when.extend(role(Role::Guard, [not_exists(from(self.mart(), there))]));
            when.extend(self.bounds_of(slot, own));
            let mut columns: Vec<_> =
                self.all_columns().map(|column| (self.name(column), own_column(column))).collect();
            columns.sort();
            let outputs = columns.into_iter().map(|(_, value)| value).collect();
            let ranked = Source::Query(Box::new(Rows::Select(self.ranked_copies())));
            Select { from: vec![Source::Relation(slot), ranked], when: All::new(when), outputs, ..Select::default() }
        });
        let mut parts: Vec<_> = parts.collect();
        parts.sort();
        let mut columns: Vec<_> = self.all_columns().map(|column| self.name(column)).collect();
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
        Term::RowNumber { by, order: vec![Order { term: time, descending: true, nulls_first: None }] }
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

    /// Deletes the copies of rows that are older than the cutoff. The time is part of their key. A
    /// row that does not meet `only_when` stays in the mart, so its copy is deleted too.
    pub(super) fn cleanup_event(&self, history: Slot, period: PeriodId) -> Meaning<'a> {
        let ours = |column| self.column(row(0), column);
        let mut there = self.same(&self.table.proof(), &|column| self.column(row(1), column), &ours);
        there.extend(self.within(row(1), period));
        there.extend(role(Role::Due, [self.is_older(row(1))]));
        let mut when: Vec<_> = role(Role::Copy, [exists(from(self.mart(), there))]).collect();
        when.extend(self.in_partition(row(0), period));
        Meaning::Delete(from(history, when))
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

    /// Lists as many rows of open periods as the limit allows, the oldest first.
    pub(super) fn due_limit(&self) -> Meaning<'a> {
        let limit = self.table.limit.unwrap_or_else(|| unreachable!("only a table with a limit has this step"));
        let of = |column| self.column(row(1), column);
        let mut when = self.has_key(&of);
        if !self.table.is_purged() {
            when.extend(self.in_open_period(row(1)));
        }
        when.extend(self.is_overdue(row(1)));
        let hold = format!("{}{HOLD}", self.table.exception_type);
        let held = vec![
            equal(self.of_exception("exception_type", row(2)), text(&hold)),
            equal(self.exception_key(row(2)), of(self.table.exception_key)),
            is_null(self.of_exception("resolved_at", row(2))),
        ];
        let held = role(Role::Exception, held).collect();
        when.extend(role(Role::Held, [not_exists(from(self.exceptions(), held))]));
        // With the time alone, an engine can read an index in order, and stop at the limit.
        let order = vec![Order { term: self.time(row(1)), descending: false, nulls_first: None }];
        let rank = Term::RowNumber { by: Vec::new(), order };
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
        Meaning::Update { set, rows: from(self.exceptions(), when) }
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

    pub(super) fn trim(&self, period: PeriodId) -> Meaning<'a> {
        let mart = |column| self.column(row(0), column);
        let mut when = self.within(row(0), period);
        when.extend(self.is_due(row(0)));
        let history = |column| self.column(row(1), column);
        let mut copy = self.same(&self.table.proof(), &history, &mart);
        copy.extend(self.same_payload(&history, &mart));
        copy.extend(self.in_partition(row(1), period));
        when.extend(role(Role::Copy, [exists(from(Slot::History(self.id, period), copy))]));
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
fn union(mut parts: Vec<Select<'_>>) -> Rows<'_> {
    if let [_, rest @ ..] = parts.as_mut_slice() {
        rest.sort();
    }
    Rows::UnionAll(parts)
}
