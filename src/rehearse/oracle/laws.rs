//! The laws, each as a question about rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::rehearse::facts::{Facts, Keep, TableFacts};
use crate::rehearse::oracle::{
    After, Before, Broken, Delivered, Exception, Key, Law, Moment, Row, Tables, Version, key_of, micros,
};
use crate::rehearse::value::{SECOND, shown};

/// Where a copy of a row stands: the mart, or the history table of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Mart,
    History(usize),
}

/// Where a row's parent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    Present,
    Absent,
    /// Its mart is empty, which makes nothing due.
    NoneAtAll,
}

/// A copy of a row with a whole key.
struct Copy<'a> {
    place: Place,
    time: Option<i64>,
    row: &'a Row,
}

/// One table as it stands.
struct Standing<'a> {
    copies: BTreeMap<Key, Vec<Copy<'a>>>,
    keyless: BTreeMap<&'a Row, usize>,
    /// Rows older than this are due for certain, and may be due: the clock moved while hooks ran.
    cutoff: (Option<i64>, Option<i64>),
    /// Open exceptions of the table's own types.
    open: Vec<&'a Exception>,
}

/// All that the laws are asked about.
pub(super) struct Seen<'a> {
    facts: &'a Facts,
    delivered: &'a [Delivered],
    moment: Moment<'a>,
    seen: &'a Tables,
    tables: Vec<Standing<'a>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(facts: &'a Facts, delivered: &'a [Delivered], seen: &'a Tables, moment: Moment<'a>) -> Self {
        let tables = facts.tables.iter().enumerate().map(|(i, table)| {
            let mut copies: BTreeMap<Key, Vec<Copy<'a>>> = BTreeMap::new();
            let mut keyless = BTreeMap::new();
            let mart = seen.marts[i].iter().map(|row| (Place::Mart, row));
            let history = seen.histories[i].iter().map(|(period, row)| (Place::History(*period), row));
            for (place, row) in mart.chain(history) {
                let key = key_of(&table.key, row);
                if key.iter().all(Option::is_some) {
                    copies.entry(key).or_default().push(Copy { place, time: micros(&row[table.time]), row });
                } else {
                    *keyless.entry(row).or_default() += 1;
                }
            }
            let own = [table.exception_type.clone(), table.hold_type(), table.null_key_type()];
            let open = seen.exceptions[table.exceptions].iter();
            let open = open.filter(|exception| exception.open && own.contains(&exception.exception_type)).collect();
            Standing { copies, keyless, cutoff: cutoff(facts, i, seen, moment), open }
        });
        Self { facts, delivered, moment, seen, tables: tables.collect() }
    }

    /// L1, L3, L8 and L9: whatever ran last.
    pub(super) fn at_every_moment(&self, table: usize, broken: &mut Vec<Broken>) {
        let (facts, standing, delivered) = (&self.facts.tables[table], &self.tables[table], &self.delivered[table]);
        let mut report = |law, key: &Key, what: String| broken.push(Broken { law, table, key: key.clone(), what });
        for (key, versions) in &delivered.keyed {
            let copies = standing.copies.get(key).map_or(&[][..], Vec::as_slice);
            if let Some(newest) = newest_accepted(versions) {
                if !copies.iter().any(|copy| rank(versions, copy) >= Some(order(newest))) {
                    let what = match copies.first() {
                        None => "its newest accepted version stands nowhere".to_owned(),
                        Some(copy) => format!(
                            "its newest accepted version stands nowhere; {} holds one {}",
                            self.name(copy.place),
                            self.of(copy.time)
                        ),
                    };
                    report(Law::L1, key, format!("{what}; it is {}", self.of(newest.time)));
                }
            } else if versions.iter().any(|version| version.accepted) && copies.is_empty() {
                report(
                    Law::L9,
                    key,
                    "a row without a time was deleted, and no complete version replaces it".to_owned(),
                );
            }
        }
        for row in &delivered.keyless {
            if !standing.keyless.contains_key(row) {
                report(Law::L9, &key_of(&facts.key, row), "a row that lacks a part of its key was deleted".to_owned());
            }
        }
        for (key, copies) in &standing.copies {
            for copy in copies {
                let Place::History(period) = copy.place else { continue };
                let (name, start, end) = &self.moment.calendar[period];
                if copy.time.is_none_or(|time| time < *start || time >= *end) {
                    report(Law::L3, key, format!("the history table of {name} holds one {}", self.of(copy.time)));
                }
                let in_mart = copies.iter().any(|copy| copy.place == Place::Mart);
                if !in_mart && copy.time >= standing.cutoff.1 {
                    let cutoff = standing
                        .cutoff
                        .1
                        .map_or_else(|| "nothing is due".to_owned(), |at| format!("the cutoff is {}", shown(at)));
                    report(
                        Law::L8,
                        key,
                        format!("it left the mart before it was due: it is {}, and {cutoff}", self.of(copy.time)),
                    );
                }
            }
        }
        for row in standing.keyless.keys() {
            if !self.seen.marts[table].contains(row) {
                report(
                    Law::L9,
                    &key_of(&facts.key, row),
                    "a row that lacks a part of its key stands in history".to_owned(),
                );
            }
        }
    }

    /// L8, for rows that have left the mart since the last look; L6, for exceptions that came since.
    pub(super) fn since(&self, table: usize, before: &Before, broken: &mut Vec<Broken>) {
        let (facts, standing) = (&self.facts.tables[table], &self.tables[table]);
        let exceptions = &before.tables.exceptions[facts.exceptions];
        // Rows that stood before, stand now, and cannot be routed: an exception of their key had its cause all the time.
        let stood: BTreeSet<_> = before.tables.marts[table].iter().collect();
        let stuck: BTreeSet<_> = self.seen.marts[table]
            .iter()
            .filter(|row| stood.contains(row) && self.blocks(facts, standing, row).0)
            .map(|row| &row[facts.exception_key])
            .collect();
        let was_open = |key: &Option<String>| {
            let same =
                |exception: &&Exception| exception.key == *key && exception.exception_type == facts.exception_type;
            exceptions.iter().filter(same).any(|exception| exception.open) && stuck.contains(key)
        };
        for row in &before.tables.marts[table] {
            let key = key_of(&facts.key, row);
            let Some(copies) = standing.copies.get(&key) else { continue };
            let time = micros(&row[facts.time]);
            // A newer copy elsewhere supersedes it, which is no trim.
            if copies.iter().any(|copy| copy.place == Place::Mart || copy.time > time) {
                continue;
            }
            let about = &row[facts.exception_key];
            let has_parent = self.parent(facts, row);
            let what = if self.is_held(table, about) || was_open(about) {
                "it left the mart while its key was held"
            } else if has_parent == Some(Parent::Present) {
                "it left the mart while its parent was there"
            } else if has_parent == Some(Parent::NoneAtAll) {
                "it left the mart while the parent's mart was empty"
            } else {
                continue;
            };
            broken.push(Broken { law: Law::L8, table, key, what: format!("{what}; it is {}", self.of(time)) });
        }
        for exception in standing.open.iter().filter(|exception| exception.exception_type != facts.hold_type()) {
            if exceptions.contains(exception) {
                continue;
            }
            let detected = micros(&exception.detected_at);
            let what = if was_open(&exception.key) && exception.exception_type == facts.exception_type {
                "was closed and opened again, though its cause was there all the time".to_owned()
            } else if detected.is_none_or(|at| at < before.at.div_euclid(SECOND) * SECOND || at > self.moment.now) {
                format!("says that it was detected at {}, and the clock said otherwise", self.of(detected))
            } else {
                continue;
            };
            let what = format!("the exception {} {what}", exception.exception_type);
            broken.push(Broken { law: Law::L6, table, key: vec![exception.key.clone()], what });
        }
        let own = [facts.exception_type.clone(), facts.hold_type(), facts.null_key_type()];
        let closed = exceptions.iter().filter(|exception| !exception.open && own.contains(&exception.exception_type));
        for exception in closed.filter(|exception| !self.seen.exceptions[facts.exceptions].contains(exception)) {
            let what = format!("a closed exception {} was changed or deleted", exception.exception_type);
            broken.push(Broken { law: Law::L6, table, key: vec![exception.key.clone()], what });
        }
        for (_, key) in self.moment.held.iter().filter(|(held, _)| *held == table) {
            let holds =
                |exception: &&&Exception| exception.key == *key && exception.exception_type == facts.hold_type();
            if standing.open.iter().find(holds).is_none() {
                let what = "an operator's hold was closed, and no operator did it".to_owned();
                broken.push(Broken { law: Law::L8, table, key: vec![key.clone()], what });
            }
        }
    }

    fn is_held(&self, table: usize, key: &Option<String>) -> bool {
        self.moment.held.iter().any(|(held, by)| *held == table && by == key)
    }

    /// Whether a row that stays in the mart keeps others of its key there: for certain, and perhaps.
    fn blocks(&self, facts: &TableFacts, standing: &Standing<'_>, row: &Row) -> (bool, bool) {
        let time = micros(&row[facts.time]);
        if time.is_none() || facts.key.iter().any(|&column| row[column].is_none()) {
            return (true, true);
        }
        let (is_due, may_be_due) = self.due(facts, standing, row, time);
        let has_place = time.is_some_and(|time| self.is_open(time));
        (is_due && !has_place, may_be_due && !has_place)
    }

    /// L2, L4, L5, L6 and L7: what a completed run leaves behind.
    pub(super) fn when_completed(&self, table: usize, sealed: &[BTreeSet<Row>], broken: &mut Vec<Broken>) {
        let (facts, standing, delivered) = (&self.facts.tables[table], &self.tables[table], &self.delivered[table]);
        let mut report = |law, key: &Key, what: String| broken.push(Broken { law, table, key: key.clone(), what });
        for (row, times) in &standing.keyless {
            if *times > 1 {
                report(
                    Law::L2,
                    &key_of(&facts.key, row),
                    format!("one row that lacks a part of its key stands {times} times"),
                );
            }
        }
        for (key, copies) in &standing.copies {
            let versions = delivered.keyed.get(key).map_or(&[][..], Vec::as_slice);
            if self.touches_sealed(copies) {
                continue;
            }
            if copies.len() > 1 {
                let places: Vec<_> =
                    copies.iter().map(|copy| format!("{} ({})", self.name(copy.place), self.of(copy.time))).collect();
                report(Law::L2, key, format!("it stands in {}", places.join(" and in ")));
            }
            let newest = newest_accepted(versions);
            for copy in copies {
                let rank = rank(versions, copy);
                if rank.is_none() {
                    report(Law::L4, key, format!("{} holds a row that nobody delivered", self.name(copy.place)));
                } else if let Some(newest) = newest.filter(|newest| rank < Some(order(newest))) {
                    let why =
                        if copy.time == newest.time { "as it was before it was corrected" } else { "an older version" };
                    report(
                        Law::L4,
                        key,
                        format!(
                            "{} holds {why}: {}, not {}",
                            self.name(copy.place),
                            self.of(copy.time),
                            self.of(newest.time)
                        ),
                    );
                }
            }
        }
        self.bounded_and_reported(table, &mut report);
        if !matches!(facts.keep, Keep::WhileIn { .. }) {
            return;
        }
        for (key, newest) in self.apart(table) {
            let copies = standing.copies.get(key).map_or(&[][..], Vec::as_slice);
            if !self.touches_sealed(copies) && !sealed[table].contains(&newest.row) {
                let place = copies.first().map_or("nowhere".to_owned(), |copy| format!("in {}", self.name(copy.place)));
                report(Law::L7, key, format!("its parent is in the mart, and it stands {place}"));
            }
        }
    }

    /// Keys that are not in their mart while a parent is in its own: L7, but for what a sealed period excuses.
    fn apart(&self, table: usize) -> impl Iterator<Item = (&'a Key, &'a Version)> {
        let (facts, standing) = (&self.facts.tables[table], &self.tables[table]);
        self.delivered[table].keyed.iter().filter_map(move |(key, versions)| {
            let newest = newest_accepted(versions)?;
            let copies = standing.copies.get(key).map_or(&[][..], Vec::as_slice);
            let in_mart = copies.iter().any(|copy| copy.place == Place::Mart);
            (!in_mart && self.parent(facts, &newest.row) == Some(Parent::Present)).then_some((key, newest))
        })
    }

    /// Adds the rows that stand in a sealed period, and those that are apart from a parent that did.
    pub(super) fn note_sealed(&self, table: usize, sealed: &mut [BTreeSet<Row>]) {
        let copies = self.tables[table].copies.values().flatten();
        let mut rows: Vec<Row> = copies.filter(|copy| self.is_sealed(copy)).map(|copy| copy.row.clone()).collect();
        if let Keep::WhileIn { parent, on, .. } = &self.facts.tables[table].keep {
            let came_home = |child: &Row| {
                let joins = |theirs: &&Row| on.iter().all(|&(our, their)| child[our] == theirs[their]);
                self.seen.marts[*parent].iter().filter(joins).all(|row| sealed[*parent].contains(row))
            };
            rows.extend(
                self.apart(table).filter(|(_, newest)| came_home(&newest.row)).map(|(_, newest)| newest.row.clone()),
            );
        }
        sealed[table].extend(rows);
    }

    /// L5 and L6: what is due has left, or its key is held and somebody was told, once, and not without cause.
    fn bounded_and_reported(&self, table: usize, report: &mut dyn FnMut(Law, &Key, String)) {
        let (facts, standing) = (&self.facts.tables[table], &self.tables[table]);
        let mut open: BTreeMap<(&Option<String>, &str), usize> = BTreeMap::new();
        for exception in &standing.open {
            *open.entry((&exception.key, &exception.exception_type)).or_default() += 1;
        }
        let (hold, null_key) = (facts.hold_type(), facts.null_key_type());
        let mut causes = BTreeSet::new();
        for row in &self.seen.marts[table] {
            if self.blocks(facts, standing, row).1 {
                causes.insert(&row[facts.exception_key]);
            }
        }
        for row in &self.seen.marts[table] {
            let (key, about) = (key_of(&facts.key, row), &row[facts.exception_key]);
            let time = micros(&row[facts.time]);
            let incomplete = time.is_none() || key.iter().any(Option::is_none);
            let is_due = !incomplete && self.due(facts, standing, row, time).0;
            // A hold that was lifted while the run went on was there when the table's hooks ran, or was not.
            let was_held = self.moment.lifted.iter().any(|(of, key)| *of == table && key == about);
            if was_held {
                causes.insert(about);
                continue;
            }
            let is_open = |exception_type: &str| open.contains_key(&(about, exception_type));
            let held = is_open(&hold);
            if is_due && !held && !causes.contains(about) && time.is_some_and(|time| self.is_open(time)) {
                report(Law::L5, &key, format!("it is due, not held, and still in the mart; it is {}", self.of(time)));
            }
            let reported = if about.is_some() { held || is_open(&facts.exception_type) } else { is_open(&null_key) };
            if (incomplete || is_due) && !reported {
                let why = if incomplete { "it lacks its time or a part of its key" } else { "it is due" };
                report(
                    Law::L6,
                    &key,
                    format!("{why}, stays in the mart, and has no open exception; it is {}", self.of(time)),
                );
            }
        }
        for ((about, exception_type), times) in open {
            let key = vec![about.clone()];
            if exception_type == hold {
                continue;
            }
            if times > 1 {
                report(Law::L6, &key, format!("{times} exceptions {exception_type} are open at one time"));
            }
            if !causes.contains(about) {
                report(
                    Law::L6,
                    &key,
                    format!("an exception {exception_type} is open, and no row of the mart is its cause"),
                );
            }
        }
    }

    /// Whether a row is due for certain, and whether it may be.
    fn due(&self, facts: &TableFacts, standing: &Standing<'_>, row: &Row, time: Option<i64>) -> (bool, bool) {
        // An empty parent makes nothing due.
        let orphaned = match &facts.keep {
            Keep::For { .. } => true,
            Keep::WhileIn { .. } => self.parent(facts, row) == Some(Parent::Absent),
        };
        let older = |cutoff: Option<i64>| orphaned && time.is_some() && time < cutoff;
        (older(standing.cutoff.0), older(standing.cutoff.1))
    }

    /// The row's parent; `None` for a table without one.
    fn parent(&self, facts: &TableFacts, row: &Row) -> Option<Parent> {
        let Keep::WhileIn { parent, on, .. } = &facts.keep else { return None };
        let joins = |theirs: &Row| on.iter().all(|&(our, their)| row[our].is_some() && row[our] == theirs[their]);
        let mart = &self.seen.marts[*parent];
        Some(match mart.iter().any(joins) {
            true => Parent::Present,
            false if mart.is_empty() => Parent::NoneAtAll,
            false => Parent::Absent,
        })
    }

    /// Whether a time lies in a period whose statements ran.
    fn is_open(&self, time: i64) -> bool {
        let (first, open_from, end) = self.moment.listed;
        let first = if self.moment.after == After::Sweep { first } else { open_from };
        self.moment.calendar[first..end].iter().any(|(_, start, end)| (*start..*end).contains(&time))
    }

    /// Whether a sealed period holds a copy; after a sweep that is no excuse.
    fn touches_sealed(&self, copies: &[Copy<'_>]) -> bool {
        self.moment.after != After::Sweep && copies.iter().any(|copy| self.is_sealed(copy))
    }

    fn is_sealed(&self, copy: &Copy<'_>) -> bool {
        let (first, open_from, _) = self.moment.listed;
        matches!(copy.place, Place::History(period) if (first..open_from).contains(&period))
    }

    fn name(&self, place: Place) -> String {
        match place {
            Place::Mart => "the mart".to_owned(),
            Place::History(period) => format!("the history table of {}", self.moment.calendar[period].0),
        }
    }

    fn of(&self, time: Option<i64>) -> String {
        time.map_or_else(|| "of no time".to_owned(), |time| format!("of {}", shown(time)))
    }
}

/// The newest version that a completed load took over; at equal times the one that was delivered last.
fn newest_accepted(versions: &[Version]) -> Option<&Version> {
    versions.iter().filter(|version| version.accepted && version.time.is_some()).max_by_key(|version| order(version))
}

fn order(version: &Version) -> (Option<i64>, usize) {
    (version.time, version.number)
}

/// The order of the newest delivered row that a copy equals; `None` if nobody delivered it.
fn rank(versions: &[Version], copy: &Copy<'_>) -> Option<(Option<i64>, usize)> {
    versions.iter().filter(|version| version.row == *copy.row).map(order).max()
}

/// The cutoff by the newest row that the root's mart holds, with the clock when its hooks began, and as it is now.
fn cutoff(facts: &Facts, table: usize, seen: &Tables, moment: Moment<'_>) -> (Option<i64>, Option<i64>) {
    let (root, retention) = facts.root(table);
    let (column, grain) = (facts.tables[root].time, facts.tables[root].grain);
    let newest = seen.marts[root].iter().filter_map(|row| micros(&row[column])).max();
    let at = |clock: i64| newest.map(|newest| newest.min(clock.div_euclid(grain) * grain) - retention);
    let (began, ended) = moment.clocks[root];
    (at(began), at(ended.max(moment.now)))
}
