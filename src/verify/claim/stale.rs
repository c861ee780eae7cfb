//! The claims of the steps that find and delete older versions and stale copies.

use crate::cycle::plan::{Due, Slot, Touched};
use crate::project::PeriodId;
use crate::project::naming::{IN_MART, STALE_PLACE};
use crate::verify::claim::conditions::text;
use crate::verify::claim::hooks::union;
use crate::verify::claim::{
    Claims, at_most, call, equal, exists, from, is_not_null, is_null, less, literal, one_of, role, row,
};
use crate::verify::meaning::{All, Comparison, Conjunct, Meaning, Role, Row, Rows, Select, Source, Term, compare};

impl<'a> Claims<'a, '_> {
    /// Lists the rows of mart and history that must leave: those with a newer version, and history
    /// rows that are not newer than a row of the mart. A cycle looks only at touched keys. A row of
    /// the mart that is not finished is newer than every archived version of its key.
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
        let mart_has_key = over(Term::Case(vec![(in_mart.clone(), literal("1"))], None));
        let in_mart = over(Term::Case(vec![(in_mart, of_copy(time))], None));
        let newest = over(of_copy(time));

        let ranked = |term| Term::Output(row(0), Box::new(term));
        let own_time = || ranked(of_copy(time));
        let copied = is_in_mart(Comparison::NotEqual, ranked(place()));
        let mut causes = vec![
            vec![less(own_time(), ranked(newest.clone()))],
            vec![copied.clone(), at_most(own_time(), ranked(in_mart.clone()))],
        ];
        if self.table.has_unfinished_rows() {
            // All rows of the key in the mart lack a time: they are newer than what is archived.
            let is_unfinished =
                vec![copied, equal(ranked(mart_has_key), literal("1")), is_null(ranked(in_mart.clone()))];
            causes.push(is_unfinished);
            causes.push(vec![is_null(own_time()), is_not_null(ranked(in_mart))]);
        } else if !self.table.column(time).not_null {
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
}
