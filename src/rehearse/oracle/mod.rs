//! The oracle: it knows the delivered rows, reads the tables, and reports broken laws.
//!
//! Invariant: the oracle uses no code that makes statements. A test checks this.

mod laws;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::project::Period;
use crate::rehearse::facts::{Facts, Keep, Periods, TableFacts};

/// A row as texts, in the order of the mart's columns; instants in microseconds since 1970.
pub(super) type Row = Vec<Option<String>>;
/// The parts of a unique key.
pub(super) type Key = Vec<Option<String>>;

/// A law of `docs/explanation/laws.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[allow(missing_docs, reason = "Law::title describes each law")]
pub enum Law {
    L1,
    L2,
    L3,
    L4,
    L5,
    L6,
    L7,
    L8,
    L9,
    L10,
}

impl Law {
    /// All laws, in order.
    pub const ALL: [Law; 10] =
        [Law::L1, Law::L2, Law::L3, Law::L4, Law::L5, Law::L6, Law::L7, Law::L8, Law::L9, Law::L10];

    /// The diagnostic code of the law.
    pub fn code(self) -> &'static str {
        match self {
            Law::L1 => "RK501",
            Law::L2 => "RK502",
            Law::L3 => "RK503",
            Law::L4 => "RK504",
            Law::L5 => "RK505",
            Law::L6 => "RK506",
            Law::L7 => "RK507",
            Law::L8 => "RK508",
            Law::L9 => "RK509",
            Law::L10 => "RK510",
        }
    }

    /// A short name of the law.
    pub fn title(self) -> &'static str {
        match self {
            Law::L1 => "nothing lost",
            Law::L2 => "nothing twice",
            Law::L3 => "routed",
            Law::L4 => "nothing stale",
            Law::L5 => "bounded",
            Law::L6 => "reported",
            Law::L7 => "joined",
            Law::L8 => "not early",
            Law::L9 => "incomplete rows stay",
            Law::L10 => "idempotent",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A broken law, with the row that breaks it.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) law: Law,
    pub(super) table: usize,
    /// The unique key of the row, or only the exception key, if the law is broken for no single
    /// row.
    pub(super) key: Key,
    /// A description of the break, in one line.
    pub(super) what: String,
}

/// The rows of all tables of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) marts: Vec<Vec<Row>>,
    /// By table: history rows, each with the index of its period in the calendar.
    pub(super) histories: Vec<Vec<(usize, Row)>>,
    /// By exceptions table: its rows.
    pub(super) exceptions: Vec<Vec<Exception>>,
    /// By table with a limit: the number of rows in its list of due rows.
    pub(super) listed: BTreeMap<usize, u64>,
}

/// A row of an exceptions table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exception {
    pub(super) key: Option<String>,
    pub(super) exception_type: String,
    pub(super) detected_at: Option<String>,
    pub(super) resolved_at: Option<String>,
    pub(super) open: bool,
}

/// The circumstances of a check. Times are microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) after: After,
    /// Whether the last run was a sweep, or the current run is one.
    pub(super) in_sweep: bool,
    pub(super) now: i64,
    /// By table, the clock at the start and at the end of its last hooks.
    pub(super) clocks: &'a [(i64, i64)],
    /// Active holds of operators: the table and the key.
    pub(super) held: &'a [(usize, Option<String>)],
    /// Holds that were lifted during the run: the table and the key.
    pub(super) lifted: &'a [(usize, Option<String>)],
    /// Holds that were placed after the hooks of their table began: the table and the key.
    pub(super) late: &'a [(usize, Option<String>)],
    /// The periods that the project may list, and after them the period of all times.
    pub(super) calendar: &'a [Period],
    /// The periods of the calendar that the project lists.
    pub(super) listed: Periods,
}

/// The last event before a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// An incomplete run: stopped, or still running.
    Stop,
    /// A completed cycle.
    Cycle,
    /// A completed sweep.
    Sweep,
}

/// A delivered row.
#[derive(Clone, Debug)]
struct Version {
    time: Option<i64>,
    /// The number of the delivery. Later deliveries have larger numbers.
    number: usize,
    row: Row,
    accepted: bool,
}

/// The rows that were delivered to one table.
#[derive(Clone, Debug, Default)]
struct Delivered {
    /// Rows with a complete key.
    keyed: BTreeMap<Key, Vec<Version>>,
    /// Accepted rows without a part of their key.
    keyless: BTreeSet<Row>,
    /// All rows, by the number of their delivery.
    by_number: BTreeMap<usize, Row>,
}

/// The tables at the previous check, and its time.
struct Previous {
    tables: Tables,
    at: i64,
}

/// Checks the laws while a story runs.
pub(super) struct Oracle<'a> {
    facts: &'a Facts,
    delivered: Vec<Delivered>,
    previous: Option<Previous>,
    /// By table, rows that were in a sealed period at a check since the last completed sweep, and
    /// children of such rows. A sweep that is given up may restore a parent without its children.
    /// The batch of the next cycle does not contain that parent, so the children wait for the next
    /// sweep.
    sealed: Vec<BTreeSet<Row>>,
    /// By table, the rows that were purged when they were due.
    purged: Vec<BTreeSet<Row>>,
    /// By exceptions table, the erased keys.
    erased: BTreeMap<usize, BTreeSet<Option<String>>>,
    /// By table, the rows that were archived when a key was erased. If the newest row of a mart is
    /// erased, the cutoff moves back, and these rows would not be due yet.
    settled: Vec<BTreeSet<Row>>,
    /// By table, the number of rows restored from history to the mart.
    restored: Vec<usize>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let tables = facts.tables.len();
        Self {
            facts,
            delivered: vec![Delivered::default(); tables],
            previous: None,
            sealed: vec![BTreeSet::new(); tables],
            purged: vec![BTreeSet::new(); tables],
            erased: BTreeMap::new(),
            settled: vec![BTreeSet::new(); tables],
            restored: vec![0; tables],
        }
    }

    /// Forgets all rows with an erased key. From now on, such a row counts as never delivered: if a
    /// table has it, L4 is broken.
    ///
    /// `key` is `None` if an operator holds the key. The repair then deletes only what is left of
    /// the keys that are listed already.
    pub(super) fn erase(&mut self, list: usize, key: Option<Option<String>>) {
        self.erased.entry(list).or_default().extend(key);
        for (table, facts) in self.facts.tables.iter().enumerate() {
            let is_kept = |row: &Row| !is_erased(&self.erased, facts, row);
            let delivered = &mut self.delivered[table];
            delivered.keyed.values_mut().for_each(|versions| versions.retain(|version| is_kept(&version.row)));
            delivered.keyed.retain(|_, versions| !versions.is_empty());
            delivered.keyless.retain(is_kept);
            delivered.by_number.retain(|_, row| is_kept(row));
            self.sealed[table].retain(is_kept);
            self.purged[table].retain(is_kept);
            let Some(previous) = &mut self.previous else { continue };
            self.settled[table].extend(previous.tables.histories[table].iter().map(|(_, row)| row.clone()));
            previous.tables.marts[table].retain(is_kept);
            previous.tables.histories[table].retain(|(_, row)| is_kept(row));
        }
        if let (Some(previous), Some(keys)) = (&mut self.previous, self.erased.get(&list)) {
            previous.tables.exceptions[list].retain(|exception| !keys.contains(&exception.key));
        }
    }

    /// Records a delivery to a raw table.
    pub(super) fn deliver(&mut self, table: usize, number: usize, row: Row) {
        let facts = &self.facts.tables[table];
        if is_erased(&self.erased, facts, &row) {
            return;
        }
        let delivered = &mut self.delivered[table];
        let key = key_of(&facts.key, &row);
        if key.iter().all(Option::is_some) {
            let time = micros(&row[facts.time]);
            delivered.keyed.entry(key).or_default().push(Version { time, number, row: row.clone(), accepted: false });
        }
        delivered.by_number.insert(number, row);
    }

    /// Records that a completed load accepted a row.
    pub(super) fn accept(&mut self, table: usize, number: usize) {
        let delivered = &mut self.delivered[table];
        let Some(row) = delivered.by_number.get(&number) else { return };
        let key = key_of(&self.facts.tables[table].key, row);
        match delivered.keyed.get_mut(&key) {
            Some(versions) => {
                versions
                    .iter_mut()
                    .filter(|version| version.number == number)
                    .for_each(|version| version.accepted = true);
            }
            None => {
                delivered.keyless.insert(row.clone());
            }
        }
    }

    /// Checks all laws, and returns those that the tables break.
    pub(super) fn check(&mut self, tables: Tables, moment: Moment<'_>) -> Vec<Broken> {
        let observation = laws::Observation::new(self.facts, &self.delivered, &tables, moment);
        let mut broken = Vec::new();
        let is_after_sweep = moment.after == After::Sweep;
        for table in 0..self.facts.tables.len() {
            if is_after_sweep {
                self.sealed[table].clear();
            }
            observation.add_purged(table, &mut self.purged[table]);
            let (purged, settled) = (&self.purged[table], &self.settled[table]);
            observation.check_always(table, purged, settled, &mut broken);
            if let Some(previous) = &self.previous {
                observation.check_since_previous(table, previous, &mut broken);
            }
            if !is_after_sweep {
                observation.add_sealed(table, &mut self.sealed);
            }
            if moment.after != After::Stop {
                observation.check_completed(table, &self.sealed, &self.purged[table], &mut broken);
            }
        }
        drop(observation);
        if let Some(previous) = &self.previous {
            for (table, restored) in self.restored.iter_mut().enumerate() {
                *restored += count_restored(self.facts, table, &previous.tables, &tables);
            }
        }
        self.previous = Some(Previous { tables, at: moment.now });
        broken
    }

    /// L1: raw rows that were deleted although no completed cycle began after their delivery.
    /// `last_completed` is the event of the last completed cycle.
    pub(super) fn trimmed(&self, table: usize, deleted: &[usize], last_completed: Option<usize>) -> Vec<Broken> {
        let unseen = deleted.iter().filter(|number| last_completed.is_none_or(|event| **number > event));
        let rows = unseen.filter_map(|number| self.delivered[table].by_number.get(number));
        rows.map(|row| Broken {
            law: Law::L1,
            table,
            key: key_of(&self.facts.tables[table].key, row),
            what: "it was deleted from the raw table before a completed cycle read it".to_owned(),
        })
        .collect()
    }

    /// The next run repeats the last one, with a clock that begins at `since` again.
    pub(super) fn repeats(&mut self, since: i64) {
        if let Some(previous) = &mut self.previous {
            previous.at = previous.at.min(since);
        }
    }

    /// L10: changes by a second run. Rows may move if their key has an exception that was detected
    /// at or after `since`: the first run reported the key, so it is held in the second run. With
    /// `i64::MAX`, nothing may change.
    pub(super) fn changed(&self, first: &Tables, second: &Tables, since: i64) -> Vec<Broken> {
        let mut broken = Vec::new();
        let mut has_reports = vec![false; self.facts.tables.len()];
        for (table, facts) in self.facts.tables.iter().enumerate() {
            let reported: BTreeSet<_> = first.exceptions[facts.exceptions]
                .iter()
                .filter(|exception| exception.open && exception.exception_type == facts.exception_type)
                .filter(|exception| micros(&exception.detected_at).is_some_and(|at| at >= since))
                .map(|exception| &exception.key)
                .collect();
            // A parent that is restored also restores its children.
            let parent_moved = matches!(facts.keep, Keep::WhileIn { parent, .. } if has_reports[parent]);
            has_reports[table] = parent_moved || !reported.is_empty();
            if parent_moved {
                continue;
            }
            let rows = |tables: &'_ Tables| {
                let mart = tables.marts[table].iter().map(|row| (None, row.clone()));
                let history = tables.histories[table].iter().map(|(period, row)| (Some(*period), row.clone()));
                let all = mart.chain(history).filter(|(_, row)| !reported.contains(&row[facts.exception_key]));
                all.collect::<Vec<_>>()
            };
            let (before, mut after) = (rows(first), rows(second));
            // A purge keeps no record of a key. If it has deleted the complete row of a key, the
            // next load takes a row of this key that lacks its time.
            let mut loaded = BTreeSet::new();
            if facts.purged && since < i64::MAX {
                after.retain(|found| {
                    let is_loaded = found.1[facts.time].is_none() && !before.contains(found);
                    if is_loaded {
                        loaded.insert(found.1[facts.exception_key].clone());
                    }
                    !is_loaded
                });
            }
            if let Some((_, row)) = difference(&before, &after) {
                let what = "a second run of the same cycle moved or changed it".to_owned();
                broken.push(Broken { law: Law::L10, table, key: key_of(&facts.key, &row), what });
            }
            let exceptions = |tables: &Tables| -> Vec<Exception> {
                let all = tables.exceptions[facts.exceptions].iter();
                let own = [facts.exception_type.clone(), facts.hold_type(), facts.null_key_type()];
                let of_table = all.filter(|exception| own.contains(&exception.exception_type));
                let is_new = |key: &Option<String>| reported.contains(key) || loaded.contains(key);
                of_table.filter(|exception| !is_new(&exception.key)).cloned().collect()
            };
            if let Some(exception) = difference(&exceptions(first), &exceptions(second)) {
                let what =
                    format!("a second run of the same cycle changed an exception of type {}", exception.exception_type);
                broken.push(Broken { law: Law::L10, table, key: vec![exception.key], what });
            }
        }
        broken
    }

    /// By table, where the accepted rows are now.
    pub(super) fn ledger(&self, tables: &Tables) -> Vec<Account> {
        let account = |table: usize| {
            let facts = &self.facts.tables[table];
            let delivered = &self.delivered[table];
            let lacks_key = |row: &&Row| facts.key.iter().any(|&column| row[column].is_none());
            let keyless: BTreeSet<_> = tables.marts[table].iter().filter(lacks_key).chain(&delivered.keyless).collect();
            let mut accepted = keyless.len();
            let mut superseded = 0;
            // An incomplete load may have inserted rows that no completed load read. They count as
            // accepted.
            let present: BTreeSet<_> =
                tables.marts[table].iter().chain(tables.histories[table].iter().map(|(_, row)| row)).collect();
            let counts = |version: &&Version| version.accepted || present.contains(&version.row);
            let mut purged = 0;
            for versions in delivered.keyed.values() {
                let times: BTreeSet<_> = versions.iter().filter(counts).map(|version| version.time).collect();
                accepted += times.len();
                if facts.purged || facts.retired.is_some() {
                    let here = versions.iter().filter(|version| present.contains(&version.row));
                    let here: BTreeSet<_> = here.map(|version| version.time).collect();
                    let is_gone = times.last().is_some_and(|newest| !here.contains(newest));
                    purged += usize::from(is_gone);
                    superseded += times.len() - here.len() - usize::from(is_gone);
                } else {
                    superseded += times.len().saturating_sub(1);
                }
            }
            let mut archived: BTreeMap<usize, usize> = BTreeMap::new();
            for (period, _) in &tables.histories[table] {
                *archived.entry(*period).or_default() += 1;
            }
            let own = [facts.exception_type.clone(), facts.hold_type(), facts.null_key_type()];
            let open: BTreeSet<_> = tables.exceptions[facts.exceptions]
                .iter()
                .filter(|exception| exception.open && own.contains(&exception.exception_type))
                .map(|exception| exception.key.clone())
                .collect();
            let held = tables.marts[table].iter().filter(|row| open.contains(&row[facts.exception_key])).count();
            Account {
                accepted,
                in_mart: tables.marts[table].len(),
                purged,
                archived,
                superseded,
                held,
                restored: self.restored[table],
            }
        };
        (0..self.facts.tables.len()).map(account).collect()
    }
}

/// Where the accepted rows of a table are.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// Accepted versions, and accepted rows without a part of their key.
    pub(super) accepted: usize,
    pub(super) in_mart: usize,
    /// Archived rows, by the index of their period in the calendar.
    pub(super) archived: BTreeMap<usize, usize>,
    /// Newest versions of keys that were purged.
    pub(super) purged: usize,
    /// Versions that a newer one replaced.
    pub(super) superseded: usize,
    /// Rows in the mart whose exception key is held or reported.
    pub(super) held: usize,
    /// The number of rows restored from history.
    pub(super) restored: usize,
}

/// The number of rows that were only in history before, and are in the mart now.
fn count_restored(facts: &Facts, table: usize, before: &Tables, now: &Tables) -> usize {
    let key = |row: &Row| key_of(&facts.tables[table].key, row);
    let was_in_mart: BTreeSet<_> = before.marts[table].iter().map(key).collect();
    let was_archived: BTreeSet<_> = before.histories[table].iter().map(|(_, row)| row).collect();
    let is_restored = |row: &&Row| was_archived.contains(row) && !was_in_mart.contains(&key(row));
    now.marts[table].iter().filter(is_restored).count()
}

/// An item that one list has and the other lacks, or has fewer times.
fn difference<T: PartialEq + Clone>(a: &[T], b: &[T]) -> Option<T> {
    let only = |a: &[T], b: &[T]| {
        let mut rest: Vec<&T> = b.iter().collect();
        a.iter()
            .find(|item| match rest.iter().position(|other| other == item) {
                Some(at) => {
                    rest.swap_remove(at);
                    false
                }
                None => true,
            })
            .cloned()
    };
    only(a, b).or_else(|| only(b, a))
}

fn key_of(columns: &[usize], row: &Row) -> Key {
    columns.iter().map(|&column| row[column].clone()).collect()
}

/// Whether a row has a key that was erased from its table.
fn is_erased(erased: &BTreeMap<usize, BTreeSet<Option<String>>>, facts: &TableFacts, row: &Row) -> bool {
    facts.erasures.iter().any(|(list, column)| erased.get(list).is_some_and(|keys| keys.contains(&row[*column])))
}

/// Microseconds since 1970, as rows have them.
pub(super) fn micros(text: &Option<String>) -> Option<i64> {
    text.as_ref().and_then(|text| text.parse().ok())
}
