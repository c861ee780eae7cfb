//! The laws, as checks of rows.

mod bounded;

use std::collections::{BTreeMap, BTreeSet};

use crate::rehearse::facts::{Facts, Keep, Periods, TableFacts};
use crate::rehearse::oracle::{
    After, Broken, Delivered, Exception, Key, Law, Moment, Previous, Row, Tables, Version, key_of, micros,
};
use crate::rehearse::value::{SECOND, instant_text};

/// The place of a copy of a row: the mart, or the history table of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Mart,
    History(usize),
}

/// Whether the parent of a row is in its mart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    Present,
    Absent,
    /// The mart of the parent is empty, so no row is due.
    MartEmpty,
}

/// A copy of a row with a complete key.
struct Copy<'a> {
    place: Place,
    time: Option<i64>,
    row: &'a Row,
}

/// The current rows of one table.
struct TableState<'a> {
    copies: BTreeMap<Key, Vec<Copy<'a>>>,
    /// Rows without a part of their key, each with its number of copies.
    keyless: BTreeMap<&'a Row, usize>,
    /// The earliest and the latest possible cutoff, because the clock moved while hooks ran. Rows
    /// older than the first are due. Rows older than the second may be due.
    cutoff: (Option<i64>, Option<i64>),
    /// Open exceptions of the types of this table.
    open: Vec<&'a Exception>,
}

/// The tables at one check, and the facts that the laws need.
pub(super) struct Observation<'a> {
    facts: &'a Facts,
    delivered: &'a [Delivered],
    moment: Moment<'a>,
    tables: &'a Tables,
    states: Vec<TableState<'a>>,
}

impl<'a> Observation<'a> {
    pub(super) fn new(facts: &'a Facts, delivered: &'a [Delivered], tables: &'a Tables, moment: Moment<'a>) -> Self {
        let states = facts.tables.iter().enumerate().map(|(i, table)| {
            let mut copies: BTreeMap<Key, Vec<Copy<'a>>> = BTreeMap::new();
            let mut keyless = BTreeMap::new();
            let mart = tables.marts[i].iter().map(|row| (Place::Mart, row));
            let history = tables.histories[i].iter().map(|(period, row)| (Place::History(*period), row));
            for (place, row) in mart.chain(history) {
                let key = key_of(&table.key, row);
                if key.iter().all(Option::is_some) {
                    copies.entry(key).or_default().push(Copy { place, time: micros(&row[table.time]), row });
                } else {
                    *keyless.entry(row).or_default() += 1;
                }
            }
            let own = [table.exception_type.clone(), table.hold_type(), table.null_key_type()];
            let open = tables.exceptions[table.exceptions].iter();
            let open = open.filter(|exception| exception.open && own.contains(&exception.exception_type)).collect();
            TableState { copies, keyless, cutoff: cutoff(facts, i, tables, moment), open }
        });
        Self { facts, delivered, moment, tables, states: states.collect() }
    }

    /// Checks the laws that hold at every moment: L1, L3, L8 and L9.
    /// `purged` are the rows of the table that were purged when they were due. `settled` are rows
    /// that were archived before a cutoff moved back.
    pub(super) fn check_always(
        &self,
        table: usize,
        purged: &BTreeSet<Row>,
        settled: &BTreeSet<Row>,
        broken: &mut Vec<Broken>,
    ) {
        let (facts, state, delivered) = (&self.facts.tables[table], &self.states[table], &self.delivered[table]);
        let mut report = |law, key: &Key, what: String| broken.push(Broken { law, table, key: key.clone(), what });
        for (key, versions) in &delivered.keyed {
            let copies = state.copies.get(key).map_or(&[][..], Vec::as_slice);
            if let Some(newest) = newest_accepted(versions) {
                let is_here = copies.iter().any(|copy| rank(versions, copy) >= Some(order(newest)));
                if !is_here && !purged.contains(&newest.row) {
                    let newest_time = time_text(newest.time);
                    let what = match copies.first() {
                        None => format!("its newest accepted version, of {newest_time}, is in no table"),
                        Some(copy) => format!(
                            "its newest accepted version, of {newest_time}, is in no table; {} has a version of {}",
                            self.place_name(copy.place),
                            time_text(copy.time)
                        ),
                    };
                    report(Law::L1, key, what);
                }
            } else if versions.iter().any(|version| version.accepted) && copies.is_empty() {
                report(
                    Law::L9,
                    key,
                    "a row without a time was deleted, and no complete version replaced it".to_owned(),
                );
            }
        }
        for row in &delivered.keyless {
            if !state.keyless.contains_key(row) {
                report(Law::L9, &key_of(&facts.key, row), "a row without a part of its key was deleted".to_owned());
            }
        }
        for (key, copies) in &state.copies {
            for copy in copies {
                let Place::History(period) = copy.place else { continue };
                let period = &self.moment.calendar[period];
                let name = &period.name;
                if copy.time.is_none_or(|time| !facts.bounds(period).contains(&time)) {
                    report(
                        Law::L3,
                        key,
                        format!("the history table of {name} has a version of {}", time_text(copy.time)),
                    );
                }
                if !facts.qualifies(copy.row) {
                    let what = format!("the history table of {name} has a row that does not meet `only_when`");
                    report(Law::L8, key, what);
                }
                let in_mart = copies.iter().any(|copy| copy.place == Place::Mart);
                if !in_mart && copy.time >= state.cutoff.1 && !settled.contains(copy.row) {
                    let cutoff = state.cutoff.1.map_or_else(
                        || "there is no cutoff".to_owned(),
                        |at| format!("the cutoff is {}", instant_text(at)),
                    );
                    report(
                        Law::L8,
                        key,
                        format!(
                            "it left the mart before it was due: its time is {}, and {cutoff}",
                            time_text(copy.time)
                        ),
                    );
                }
            }
        }
        for row in state.keyless.keys() {
            if !self.tables.marts[table].contains(row) {
                report(
                    Law::L9,
                    &key_of(&facts.key, row),
                    "a row without a part of its key is in a history table".to_owned(),
                );
            }
        }
    }

    /// Adds the newest versions of keys that a purge may have deleted: they are in no table, are
    /// due, and are not held.
    pub(super) fn add_purged(&self, table: usize, purged: &mut BTreeSet<Row>) {
        let (facts, state, delivered) = (&self.facts.tables[table], &self.states[table], &self.delivered[table]);
        for (key, versions) in &delivered.keyed {
            let Some(newest) = newest_accepted(versions).filter(|newest| facts.leaves_no_copy(newest.time)) else {
                continue;
            };
            let copies = state.copies.get(key).map_or(&[][..], Vec::as_slice);
            let is_here = copies.iter().any(|copy| rank(versions, copy) >= Some(order(newest)));
            let may_leave = self.due(facts, state, &newest.row, newest.time).1
                && !self.is_held(table, &newest.row[facts.exception_key]);
            if !is_here && may_leave {
                purged.insert(newest.row.clone());
            }
        }
    }

    /// Checks the changes since the previous check: L8 for rows that left the mart, and L6 for new
    /// exceptions.
    pub(super) fn check_since_previous(&self, table: usize, previous: &Previous, broken: &mut Vec<Broken>) {
        let (facts, state) = (&self.facts.tables[table], &self.states[table]);
        let exceptions = &previous.tables.exceptions[facts.exceptions];
        // Rows that were in the mart at both checks and cannot be routed. They are the cause of an
        // exception at both checks.
        let was_in_mart: BTreeSet<_> = previous.tables.marts[table].iter().collect();
        let stuck: BTreeSet<_> = self.tables.marts[table]
            .iter()
            .filter(|row| was_in_mart.contains(row) && self.blocks(facts, state, row).0)
            .map(|row| &row[facts.exception_key])
            .collect();
        let was_open = |key: &Option<String>| {
            let same =
                |exception: &&Exception| exception.key == *key && exception.exception_type == facts.exception_type;
            exceptions.iter().filter(same).any(|exception| exception.open) && stuck.contains(key)
        };
        for row in &previous.tables.marts[table] {
            let key = key_of(&facts.key, row);
            // L9 is about rows without a key. L1 is about an archived row that is nowhere.
            let copies = state.copies.get(&key).map_or(&[][..], Vec::as_slice);
            let time = micros(&row[facts.time]);
            let leaves_no_copy = facts.leaves_no_copy(time);
            if key.iter().any(Option::is_none) || copies.is_empty() && !leaves_no_copy {
                continue;
            }
            // A newer copy superseded the row, so it did not leave by a trim.
            if copies.iter().any(|copy| copy.place == Place::Mart || copy.time > time) {
                continue;
            }
            let about = &row[facts.exception_key];
            let parent = self.parent(facts, row);
            // A newer version may have superseded the row and left too.
            let versions = self.delivered[table].keyed.get(&key).map_or(&[][..], Vec::as_slice);
            let is_newest = versions.iter().all(|version| version.time <= time);
            // A correction of the row may meet `only_when`.
            let corrections = || versions.iter().filter(|version| version.time == time);
            let was_finished =
                |row: &Row| facts.qualifies(row) || corrections().any(|version| facts.qualifies(&version.row));
            // Only an operator keeps a retired row.
            let is_kept = was_open(about) && (facts.purged || !leaves_no_copy);
            let what = if self.is_held(table, about) || is_kept {
                "it left the mart while its key was held"
            } else if parent == Some(Parent::Present) {
                "it left the mart while its parent was in the parent mart"
            } else if parent == Some(Parent::MartEmpty) {
                "it left the mart while the parent mart was empty"
            } else if leaves_no_copy && is_newest && !was_finished(row) {
                "it was purged, but does not meet `only_when`"
            } else if leaves_no_copy && is_newest && (time.is_none() || time >= state.cutoff.1) {
                "it was purged before it was due"
            } else {
                continue;
            };
            broken.push(Broken { law: Law::L8, table, key, what: format!("{what}; its time is {}", time_text(time)) });
        }
        for exception in state.open.iter().filter(|exception| exception.exception_type != facts.hold_type()) {
            if exceptions.contains(exception) {
                continue;
            }
            let detected = micros(&exception.detected_at);
            let what = if was_open(&exception.key) && exception.exception_type == facts.exception_type {
                "was closed and opened again, but its cause never ended".to_owned()
            } else if detected.is_none_or(|at| at < previous.at.div_euclid(SECOND) * SECOND || at > self.moment.now) {
                format!("has a wrong detected_at: {}", time_text(detected))
            } else {
                continue;
            };
            let what = format!("the exception of type {} {what}", exception.exception_type);
            broken.push(Broken { law: Law::L6, table, key: vec![exception.key.clone()], what });
        }
        let own = [facts.exception_type.clone(), facts.hold_type(), facts.null_key_type()];
        let closed = exceptions.iter().filter(|exception| !exception.open && own.contains(&exception.exception_type));
        for exception in closed.filter(|exception| !self.tables.exceptions[facts.exceptions].contains(exception)) {
            let what = format!("a closed exception of type {} was changed or deleted", exception.exception_type);
            broken.push(Broken { law: Law::L6, table, key: vec![exception.key.clone()], what });
        }
        for (_, key) in self.moment.held.iter().filter(|(held, _)| *held == table) {
            let holds =
                |exception: &&&Exception| exception.key == *key && exception.exception_type == facts.hold_type();
            if state.open.iter().find(holds).is_none() {
                let what = "a statement closed the hold of an operator".to_owned();
                broken.push(Broken { law: Law::L8, table, key: vec![key.clone()], what });
            }
        }
    }

    fn is_held(&self, table: usize, key: &Option<String>) -> bool {
        let has = |holds: &[(usize, Option<String>)]| holds.iter().any(|(held, about)| *held == table && about == key);
        has(self.moment.held) && !has(self.moment.late)
    }

    /// Whether a row keeps all rows of its exception key in the mart: certainly, and possibly.
    fn blocks(&self, facts: &TableFacts, state: &TableState<'_>, row: &Row) -> (bool, bool) {
        let time = micros(&row[facts.time]);
        if time.is_none() || facts.key.iter().any(|&column| row[column].is_none()) {
            let is_reported = facts.qualifies(row) || row[facts.exception_key].is_none();
            return (is_reported, is_reported);
        }
        // A cycle deletes a retired row, whatever its exceptions.
        if facts.leaves_no_copy(time) {
            return (false, false);
        }
        let (is_due, may_be_due) = self.due(facts, state, row, time);
        let has_open_period = facts.any_time || time.is_some_and(|time| self.is_open(facts, time));
        // A sweep that stopped may have closed the exception: it archives rows of sealed periods.
        let may_be_routed =
            has_open_period || self.moment.in_sweep && time.is_some_and(|time| self.is_listed(facts, time));
        (is_due && !may_be_routed, may_be_due && !has_open_period)
    }

    /// Checks the laws that hold after a completed run: L2, L4, L5, L6 and L7.
    pub(super) fn check_completed(
        &self,
        table: usize,
        sealed: &[BTreeSet<Row>],
        purged: &BTreeSet<Row>,
        broken: &mut Vec<Broken>,
    ) {
        let (facts, state, delivered) = (&self.facts.tables[table], &self.states[table], &self.delivered[table]);
        let mut report = |law, key: &Key, what: String| broken.push(Broken { law, table, key: key.clone(), what });
        for (row, count) in &state.keyless {
            if *count > 1 {
                report(
                    Law::L2,
                    &key_of(&facts.key, row),
                    format!("a row without a part of its key is in the tables {count} times"),
                );
            }
        }
        for (key, copies) in &state.copies {
            let versions = delivered.keyed.get(key).map_or(&[][..], Vec::as_slice);
            if self.touches_sealed(copies) || !facts.supersedes {
                continue;
            }
            if copies.len() > 1 {
                let places: Vec<_> = copies
                    .iter()
                    .map(|copy| format!("{} ({})", self.place_name(copy.place), time_text(copy.time)))
                    .collect();
                report(Law::L2, key, format!("it is in {}", places.join(" and in ")));
            }
            // A purge keeps no record of a key, so a load takes an older version as a new row.
            let newest = newest_accepted(versions).filter(|newest| !purged.contains(&newest.row));
            for copy in copies {
                let rank = rank(versions, copy);
                if rank.is_none() {
                    report(Law::L4, key, format!("{} has a row that was never delivered", self.place_name(copy.place)));
                } else if let Some(newest) = newest.filter(|newest| rank < Some(order(newest))) {
                    let place = self.place_name(copy.place);
                    let (time, newest_time) = (time_text(copy.time), time_text(newest.time));
                    let what = if copy.time == newest.time {
                        format!("{place} has the version of {time} without its correction")
                    } else {
                        format!(
                            "{place} has an older version, of {time}; the newest accepted version is of {newest_time}"
                        )
                    };
                    report(Law::L4, key, what);
                }
            }
        }
        self.check_bounded_and_reported(table, &mut report);
        // A purged child does not return with its parent.
        if facts.purged || !matches!(facts.keep, Keep::WhileIn { .. }) {
            return;
        }
        for (key, newest) in self.missing_children(table) {
            let copies = state.copies.get(key).map_or(&[][..], Vec::as_slice);
            // A retired child does not return with its parent either.
            let waits = self.touches_sealed(copies) || sealed[table].contains(&newest.row);
            if !waits && !purged.contains(&newest.row) {
                let place = copies.first().map_or("no table".to_owned(), |copy| self.place_name(copy.place));
                report(Law::L7, key, format!("its parent is in the parent mart, but the row is in {place}"));
            }
        }
    }

    /// L7: keys that are not in their mart although their parent is in its mart. The exception for
    /// sealed periods is not applied here.
    fn missing_children(&self, table: usize) -> impl Iterator<Item = (&'a Key, &'a Version)> {
        let (facts, state) = (&self.facts.tables[table], &self.states[table]);
        self.delivered[table].keyed.iter().filter_map(move |(key, versions)| {
            let newest = newest_accepted(versions)?;
            let copies = state.copies.get(key).map_or(&[][..], Vec::as_slice);
            let in_mart = copies.iter().any(|copy| copy.place == Place::Mart);
            (!in_mart && self.parent(facts, &newest.row) == Some(Parent::Present)).then_some((key, newest))
        })
    }

    /// Adds the rows in sealed periods, and the missing children of parents that were in one.
    pub(super) fn add_sealed(&self, table: usize, sealed: &mut [BTreeSet<Row>]) {
        let copies = self.states[table].copies.values().flatten();
        let mut rows: Vec<Row> = copies.filter(|copy| self.is_sealed(copy)).map(|copy| copy.row.clone()).collect();
        if let Keep::WhileIn { parent, on, .. } = &self.facts.tables[table].keep {
            let parents_were_sealed = |child: &Row| {
                let joins = |theirs: &&Row| on.iter().all(|&(our, their)| child[our] == theirs[their]);
                self.tables.marts[*parent].iter().filter(joins).all(|row| sealed[*parent].contains(row))
            };
            rows.extend(
                self.missing_children(table)
                    .filter(|(_, newest)| parents_were_sealed(&newest.row))
                    .map(|(_, newest)| newest.row.clone()),
            );
        }
        sealed[table].extend(rows);
    }

    /// Whether a row is due: certainly, and possibly.
    fn due(&self, facts: &TableFacts, state: &TableState<'_>, row: &Row, time: Option<i64>) -> (bool, bool) {
        // If the mart of the parent is empty, no row is due.
        let orphaned = match &facts.keep {
            Keep::For { .. } => true,
            Keep::WhileIn { .. } => self.parent(facts, row) == Some(Parent::Absent),
        };
        let leaves = orphaned && facts.qualifies(row);
        let older = |cutoff: Option<i64>| leaves && time.is_some() && time < cutoff;
        (older(state.cutoff.0), older(state.cutoff.1))
    }

    /// The state of the row's parent. `None`: the table has no parent.
    fn parent(&self, facts: &TableFacts, row: &Row) -> Option<Parent> {
        let Keep::WhileIn { parent, on, .. } = &facts.keep else { return None };
        let joins = |theirs: &Row| on.iter().all(|&(our, their)| row[our].is_some() && row[our] == theirs[their]);
        let mart = &self.tables.marts[*parent];
        Some(match mart.iter().any(joins) {
            true => Parent::Present,
            false if mart.is_empty() => Parent::MartEmpty,
            false => Parent::Absent,
        })
    }

    /// Whether a time is in a period that takes part in cycles.
    fn is_open_in_cycles(&self, facts: &TableFacts, time: i64) -> bool {
        let Periods { open_from, end, .. } = self.moment.listed;
        self.moment.calendar[open_from..end].iter().any(|period| facts.bounds(period).contains(&time))
    }

    /// Whether a time is in a listed period, sealed or open.
    fn is_listed(&self, facts: &TableFacts, time: i64) -> bool {
        let Periods { first, end, .. } = self.moment.listed;
        self.moment.calendar[first..end].iter().any(|period| facts.bounds(period).contains(&time))
    }

    /// Whether a time is in a period that took part in the run.
    fn is_open(&self, facts: &TableFacts, time: i64) -> bool {
        let Periods { first, open_from, end } = self.moment.listed;
        let first = if self.moment.after == After::Sweep { first } else { open_from };
        self.moment.calendar[first..end].iter().any(|period| facts.bounds(period).contains(&time))
    }

    /// Whether a copy is in a sealed period. After a sweep, sealed periods make no exception.
    fn touches_sealed(&self, copies: &[Copy<'_>]) -> bool {
        self.moment.after != After::Sweep && copies.iter().any(|copy| self.is_sealed(copy))
    }

    fn is_sealed(&self, copy: &Copy<'_>) -> bool {
        let Periods { first, open_from, .. } = self.moment.listed;
        matches!(copy.place, Place::History(period) if (first..open_from).contains(&period))
    }

    fn place_name(&self, place: Place) -> String {
        match place {
            Place::Mart => "the mart".to_owned(),
            Place::History(period) => format!("the history table of {}", self.moment.calendar[period].name),
        }
    }
}

fn time_text(time: Option<i64>) -> String {
    time.map_or_else(|| "no time".to_owned(), instant_text)
}

/// The newest version that a completed load accepted. At equal times, the last delivered one.
fn newest_accepted(versions: &[Version]) -> Option<&Version> {
    versions.iter().filter(|version| version.accepted && version.time.is_some()).max_by_key(|version| order(version))
}

fn order(version: &Version) -> (Option<i64>, usize) {
    (version.time, version.number)
}

/// The order of the newest delivered row that equals a copy. `None`: no delivered row equals it.
fn rank(versions: &[Version], copy: &Copy<'_>) -> Option<(Option<i64>, usize)> {
    versions.iter().filter(|version| version.row == *copy.row).map(order).max()
}

/// The cutoff from the newest row in the mart of the root table: with the clock at the start of its
/// hooks, and with the latest clock.
fn cutoff(facts: &Facts, table: usize, tables: &Tables, moment: Moment<'_>) -> (Option<i64>, Option<i64>) {
    let (root, _) = facts.root(table);
    let (column, grain) = (facts.tables[root].time, facts.tables[root].grain);
    let newest = tables.marts[root].iter().filter_map(|row| micros(&row[column])).max();
    let at = |clock: i64| {
        let now = clock.div_euclid(grain) * grain;
        match facts.tables[root].keep {
            Keep::For { from_now: true, .. } => Some(facts.before(root, now)),
            _ => newest.map(|newest| facts.before(root, newest.min(now))),
        }
    };
    let (began, ended) = moment.clocks[root];
    let (first, last) = facts.tables[root].clock((began, ended.max(moment.now)));
    (at(first), at(last))
}
