//! The claims of the steps of a cycle and a sweep.

use std::borrow::Cow;

use crate::cycle::plan::{Due, Slot};
use crate::project::naming::NULL_KEY;
use crate::project::{PeriodId, Retention};
use crate::verify::claim::conditions::text;
use crate::verify::claim::{
    Claims, call, clock, equal, exists, from, is_not_null, is_null, less, literal, not_exists, one_of, role, row,
};
use crate::verify::meaning::{
    All, Comparison, Conjunct, Depth, Meaning, Order, Role, Row, Rows, Select, Source, Term, compare,
};
use crate::verify::names::{COMPLETED_COLUMN, CUTOFF_COLUMN};

impl<'a> Claims<'a, '_> {
    /// Empties a work table.
    pub(super) fn clear(&self, writes: Slot) -> Meaning<'a> {
        Meaning::Delete(from(writes, Vec::new()))
    }

    /// Deletes every completed cycle except the newest one.
    pub(super) fn forget_cycles(&self) -> Meaning<'a> {
        let cycles = Slot::Cycles(self.id);
        let stamp = |depth: usize| Term::Column(row(depth), COMPLETED_COLUMN.into());
        let newest = Select { outputs: vec![call("max", [stamp(1)])], ..from(cycles, Vec::new()) };
        Meaning::Delete(from(cycles, vec![less(stamp(0), Term::Scalar(Box::new(newest)))]))
    }

    pub(super) fn note_cycle(&self) -> Meaning<'a> {
        Self::insert(vec![(COMPLETED_COLUMN.into(), clock::now_utc(self.spec.dialect))], Select::default())
    }

    pub(super) fn cutoff(&self) -> Meaning<'a> {
        let dialect = self.spec.dialect;
        let (slot, cutoff) = match &self.table.retention {
            Retention::For { seconds } => {
                let newest = call("max", [self.time(row(0))]);
                let now = clock::now(dialect, self.table.time.unit);
                let is_future = All::new(vec![less(now.clone(), newest.clone())]);
                let newest = Term::Case(vec![(is_future, now)], Some(Box::new(newest)));
                let retention = literal(self.spec.dialect.rules().duration(*seconds, self.table.time.unit));
                (self.mart(), call("-", [newest, retention]))
            }
            Retention::WhileIn { root, .. } => {
                let theirs = Term::Column(row(0), CUTOFF_COLUMN.into());
                let (from, to) = (self.spec.table(*root).time, self.table.time);
                (Slot::Cutoff(*root), clock::converted(dialect, from.unit, to.unit, theirs))
            }
        };
        Self::insert(vec![(CUTOFF_COLUMN.into(), cutoff)], from(slot, Vec::new()))
    }

    /// The newest time of each key that has several rows in mart and history. A cycle looks only at
    /// the keys of the batch.
    pub(super) fn versions(&self) -> Meaning<'a> {
        let proof = self.table.proof();
        let part = |slot: Slot| {
            let of = row(1);
            let mut when = self.has_key(&|column| self.column(of, column));
            when.extend(self.bounds_of(slot, of));
            if self.scope.batch.is_some() {
                let same = self.same(&self.table.unique_key, &|column| self.column(row(2), column), &|column| {
                    self.column(of, column)
                });
                let batch = self.names.one(Slot::Source(self.id));
                when.extend(role(Role::Touched, [exists(from(batch, same))]));
            }
            let mut outputs: Vec<_> = proof.iter().map(|&column| self.column(of, column)).collect();
            outputs.sort();
            Select { outputs, ..from(slot, when) }
        };
        let of = |column| Term::Output(row(0), Box::new(self.column(row(1), column)));
        let key = &self.table.unique_key;
        let mut columns: Vec<(Cow<'a, str>, Term<'a>)> =
            key.iter().map(|&column| (self.name(column), of(column))).collect();
        let time = self.table.time.column;
        columns.push((self.name(time), call("max", [of(time)])));
        let mut group: Vec<_> = key.iter().map(|&column| of(column)).collect();
        group.sort();
        let several: Conjunct<'a> = compare(Comparison::Less, literal("1"), call("count", [literal("*")])).into();
        let parts = std::iter::once(self.mart()).chain(self.histories()).map(part).collect();
        let select = Select {
            from: vec![Source::Query(Box::new(union(parts)))],
            group: Some(group),
            having: All::new(vec![several]),
            ..Select::default()
        };
        Self::insert(columns, select)
    }

    /// The bounds of a row of a history table, if the engine reads a table only by its partitions.
    fn bounds_of(&self, slot: Slot, row: Row) -> Vec<Conjunct<'a>> {
        if let Slot::History(_, period) = slot { self.in_partition(row, period) } else { Vec::new() }
    }

    fn histories(&self) -> impl Iterator<Item = Slot> + '_ {
        self.scope.periods.iter().map(|&period| Slot::History(self.id, period))
    }

    /// `versions` has the key, with a time that passes this test.
    fn newer_version(&self, test: impl Fn(Term<'a>) -> Conjunct<'a>) -> Conjunct<'a> {
        let version = |column| self.column(row(1), column);
        let mut when = self.same(&self.table.unique_key, &version, &|column| self.column(row(0), column));
        when.extend(role(Role::Version, [test(self.time(row(1)))]));
        exists(from(Slot::Versions(self.id), when))
    }

    pub(super) fn supersede_older(&self) -> Meaning<'a> {
        let newer = self.newer_version(|newest| less(self.time(row(0)), newest));
        Meaning::Delete(from(self.mart(), role(Role::Version, [newer]).collect()))
    }

    pub(super) fn supersede_timeless(&self) -> Meaning<'a> {
        let complete = self.newer_version(is_not_null);
        let timeless = is_null(self.time(row(0)));
        Meaning::Delete(from(self.mart(), role(Role::Version, [complete, timeless]).collect()))
    }

    pub(super) fn cleanup_stale(&self, history: Slot) -> Meaning<'a> {
        let newer = self.newer_version(|newest| less(self.time(row(0)), newest));
        let mut when: Vec<_> = role(Role::Version, [newer]).collect();
        when.extend(self.bounds_of(history, row(0)));
        Meaning::Delete(from(history, when))
    }

    /// The newest archived row of each key that is not in the mart, but whose parent is in its
    /// mart.
    pub(super) fn restore(&self) -> Meaning<'a> {
        // With one period there is no UNION ALL, so the rows are one query less deep.
        let several = self.scope.periods.len() > 1;
        let inner = if several { row(2) } else { row(1) };
        let part = |slot: Slot| {
            let copy = |column| self.column(inner, column);
            let depth = inner.depth.inner();
            let mut when: Vec<_> = role(Role::Parent, [exists(self.parent_row(&copy, Row::first(depth)))]).collect();
            if let Some(link) = &self.scope.parent_touched {
                let (_, on) = self.parent();
                let wanted: Vec<_> = on.iter().map(|&(ours, _)| copy(ours)).collect();
                when.extend(role(Role::Touched, one_of(self.touched(link, &wanted, depth))));
            }
            when.extend(self.bounds_of(slot, inner));
            from(slot, when)
        };
        let copy = |column| match several {
            true => Term::Output(row(1), Box::new(self.column(row(2), column))),
            false => self.column(row(1), column),
        };
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| copy(column)).collect();
        by.sort();
        let newest = Order { term: copy(self.table.time.column), descending: true, nulls_first: None };
        let rank = Term::RowNumber { by, order: vec![newest] };
        let ranked = match several {
            true => {
                let mut outputs: Vec<_> = self.all_columns().map(|column| self.column(row(2), column)).collect();
                outputs.sort();
                let parts = self.histories().map(|slot| Select { outputs: outputs.clone(), ..part(slot) }).collect();
                Select { from: vec![Source::Query(Box::new(union(parts)))], ..Select::default() }
            }
            false => match self.histories().map(part).next() {
                Some(ranked) => ranked,
                None => unreachable!("a project with tables has an open period"),
            },
        };
        let restored = |column| Term::Output(row(0), Box::new(copy(column)));
        let mut when: Vec<_> =
            role(Role::Newest, [equal(Term::Output(row(0), Box::new(rank)), literal("1"))]).collect();
        let there = self.same(&self.table.unique_key, &|column| self.column(row(1), column), &restored);
        when.extend(role(Role::Guard, [not_exists(from(self.mart(), there))]));
        let select = Select {
            from: vec![Source::Query(Box::new(Rows::Select(ranked)))],
            when: All::new(when),
            ..Select::default()
        };
        Self::insert(self.all_columns().map(|column| (self.name(column), restored(column))).collect(), select)
    }

    pub(super) fn cleanup(&self, history: Slot, period: PeriodId) -> Meaning<'a> {
        let ours = |column| self.column(row(0), column);
        let mut there = self.not_older(&|column| self.column(row(1), column), &ours);
        let mut when = Vec::new();
        match self.scope.due {
            Due::ByCutoff => {
                there.extend(self.within(row(1), period));
                there.extend(self.is_due(row(1)));
            }
            Due::Listed => {
                if let Some(link) = &self.scope.touched {
                    let wanted: Vec<_> = link.columns.iter().map(|&column| ours(column)).collect();
                    let mut touched = self.touched(link, &wanted, Depth(1));
                    let listed = self.same(&self.table.unique_key, &|column| self.column(row(1), column), &ours);
                    touched.push(vec![exists(from(Slot::Due(self.id), listed))]);
                    when.extend(role(Role::Touched, one_of(touched)));
                }
            }
        }
        when.extend(role(Role::Copy, [exists(from(self.mart(), there))]));
        when.extend(self.in_partition(row(0), period));
        Meaning::Delete(from(history, when))
    }

    /// Lists the rows that are older than the cutoff and whose parent has left its mart. If the
    /// parent mart is empty, no row is due.
    pub(super) fn due(&self) -> Meaning<'a> {
        let (parent, _) = self.parent();
        let mart = |column| self.column(row(0), column);
        let mut when = self.has_key(&mart);
        when.extend(role(Role::Due, [self.is_older(row(0))]));
        let has_left = not_exists(self.parent_row(&mart, row(1)));
        when.extend(role(Role::Parent, [has_left, exists(from(Slot::Mart(parent), Vec::new()))]));
        let columns = self.table.proof().into_iter().map(|column| (self.name(column), mart(column))).collect();
        Self::insert(columns, from(self.mart(), when))
    }

    /// Sets `resolved_at`. The free-text columns are not compared.
    fn resolve(&self, when: Vec<Conjunct<'a>>) -> Meaning<'a> {
        let set = vec![("resolved_at".into(), clock::now_utc(self.spec.dialect))];
        Meaning::Update { set, rows: from(self.exceptions(), when) }
    }

    fn open_exception(&self, ty: &str) -> Vec<Conjunct<'a>> {
        let of_type = equal(self.of_exception("exception_type", row(0)), text(ty));
        role(Role::Exception, [of_type, is_null(self.of_exception("resolved_at", row(0)))]).collect()
    }

    pub(super) fn resolve_keyed(&self) -> Meaning<'a> {
        let mart = row(1);
        let ours = |column| self.column(mart, column);
        let same_key = || role(Role::Key, [equal(ours(self.table.exception_key), self.exception_key(row(0)))]);
        let mut when = self.open_exception(&self.table.exception_type);
        let unrouted = same_key().chain(self.outside(mart)).chain(self.is_due(mart));
        let incomplete = same_key().chain(self.incomplete(&ours));
        let mut causes = vec![
            not_exists(from(self.mart(), unrouted.collect())),
            not_exists(from(self.mart(), incomplete.collect())),
        ];
        if self.scope.versioned {
            let newer = |period: &PeriodId| {
                let copy = |column| self.column(row(2), column);
                let mut newer = self.same(&self.table.unique_key, &copy, &ours);
                newer.extend(role(Role::Version, [less(self.time(mart), self.time(row(2)))]));
                newer.extend(self.in_partition(row(2), *period));
                vec![exists(from(Slot::History(self.id, *period), newer))]
            };
            let stuck = same_key().chain(self.is_due(mart)).chain(one_of(self.scope.periods.iter().map(newer)));
            causes.push(not_exists(from(self.mart(), stuck.collect())));
        }
        when.extend(role(Role::Exception, causes));
        self.resolve(when)
    }

    pub(super) fn resolve_keyless(&self) -> Meaning<'a> {
        let mut when = self.open_exception(&format!("{}{NULL_KEY}", self.table.exception_type));
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
        there.push(self.prune(row(1), period));
        there.extend(self.in_partition(row(1), period));
        when.extend(role(Role::Guard, [not_exists(from(history, there))]));
        let columns = self.all_columns().map(|column| (self.name(column), mart(column))).collect();
        Self::insert(columns, from(self.mart(), when))
    }

    pub(super) fn trim(&self) -> Meaning<'a> {
        let mart = |column| self.column(row(0), column);
        let mut when = self.is_due(row(0));
        when.extend(self.not_held(mart(self.table.exception_key), row(1)));
        let copies = self.scope.periods.iter().map(|&period| {
            let mut copy = self.same(&self.table.proof(), &|column| self.column(row(1), column), &mart);
            copy.push(self.prune(row(1), period));
            copy.extend(self.in_partition(row(1), period));
            vec![exists(from(Slot::History(self.id, period), copy))]
        });
        when.extend(role(Role::Copy, one_of(copies)));
        Meaning::Delete(from(self.mart(), when))
    }

    pub(super) fn trim_kept(&self, history: Slot, period: PeriodId) -> Meaning<'a> {
        let history_row = |column| self.column(row(0), column);
        let mut kept = self.same(&self.table.proof(), &|column| self.column(row(1), column), &history_row);
        kept.extend(self.is_due(row(1)));
        let mut when: Vec<_> = role(Role::Copy, [exists(from(self.mart(), kept))]).collect();
        when.push(self.prune(row(0), period));
        when.extend(self.in_partition(row(0), period));
        Meaning::Delete(from(history, when))
    }

    pub(super) fn safety_check(&self) -> Meaning<'a> {
        let key = self.table.exception_key;
        let now = || clock::now_utc(self.spec.dialect);
        // The columns are sorted by name. The name of the key column decides its position.
        let columns = |key: Term<'a>, ty: &str| {
            let names = self.names;
            let mut columns: Vec<(Cow<'a, str>, Term<'a>)> = vec![
                (names.exception_key(self.table.exceptions).into(), key),
                ("exception_type".into(), text(ty)),
                ("detected_at".into(), now()),
            ];
            columns.sort();
            columns
        };
        let of = |column| self.column(row(1), column);
        let part = |cause: Vec<Conjunct<'a>>| {
            let mut when = cause;
            when.extend(role(Role::Key, [is_not_null(of(key))]));
            Select { outputs: vec![of(key)], ..from(self.mart(), when) }
        };
        let gap = Term::Output(row(0), Box::new(of(key)));
        let due = part(self.is_due(row(1)));
        let incomplete = part(role(Role::Exception, self.incomplete(&of)).collect());
        let (names, outputs): (Vec<_>, Vec<_>) = columns(gap.clone(), &self.table.exception_type).into_iter().unzip();
        let keyed = Select {
            from: vec![Source::Query(Box::new(union(vec![due, incomplete])))],
            when: All::new(self.not_held(gap.clone(), row(1))),
            outputs,
            group: Some(vec![gap]),
            ..Select::default()
        };
        let null_key = format!("{}{NULL_KEY}", self.table.exception_type);
        let reported = [
            equal(self.of_exception("exception_type", row(1)), text(&null_key)),
            is_null(self.of_exception("resolved_at", row(1))),
        ];
        let reported = not_exists(from(self.exceptions(), role(Role::Exception, reported).collect()));
        let mart = |column| self.column(row(0), column);
        let mut when: Vec<_> = role(Role::Held, [reported]).collect();
        when.extend(role(Role::Key, [is_null(mart(key))]));
        let outputs = columns(mart(key), &null_key).into_iter().map(|(_, term)| term).collect();
        let keyless = Select { outputs, distinct: true, ..from(self.mart(), when) };
        let mut parts = vec![keyed, keyless];
        parts.sort();
        Meaning::Insert { columns: names, rows: Rows::UnionAll(parts) }
    }
}

/// The UNION ALL of a source. The first part stays first, because its terms identify the outputs.
fn union(mut parts: Vec<Select<'_>>) -> Rows<'_> {
    if let [_, rest @ ..] = parts.as_mut_slice() {
        rest.sort();
    }
    Rows::UnionAll(parts)
}
