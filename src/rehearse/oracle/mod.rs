//! The oracle: it knows what was delivered and sees what stands where, and says which law that breaks. It knows nothing of
//! statements; a test holds it to that.

mod laws;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::rehearse::facts::{Facts, Keep};

/// A row as texts, in the order of the mart's columns; instants in microseconds since 1970.
pub(super) type Row = Vec<Option<String>>;
/// The parts of a unique key.
pub(super) type Key = Vec<Option<String>>;

/// A law of `docs/testing.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[allow(missing_docs, reason = "Law::title says it")]
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
    /// Every law, in order.
    pub const ALL: [Law; 10] =
        [Law::L1, Law::L2, Law::L3, Law::L4, Law::L5, Law::L6, Law::L7, Law::L8, Law::L9, Law::L10];

    /// Its code among those of diagnostics.
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

    /// Its name in a few words.
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
            Law::L10 => "quiet",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A law that does not hold, and for which rows.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) law: Law,
    pub(super) table: usize,
    /// The row's unique key; or the exception key alone, if it is not about one row.
    pub(super) key: Key,
    /// What is wrong, in one line.
    pub(super) what: String,
}

/// What stands in the tables of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) marts: Vec<Vec<Row>>,
    /// By table: rows of history, each with its period's number in the calendar.
    pub(super) histories: Vec<Vec<(usize, Row)>>,
    /// By exceptions table.
    pub(super) exceptions: Vec<Vec<Exception>>,
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

/// When and after what the tables were looked at. Times are microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) after: After,
    pub(super) now: i64,
    /// By table, the clock when its last hooks began and when they ended.
    pub(super) clocks: &'a [(i64, i64)],
    /// Holds that an operator placed and did not lift: the table, and the key.
    pub(super) held: &'a [(usize, Option<String>)],
    /// Holds that were lifted while the run went on: the table, and the key that was held.
    pub(super) lifted: &'a [(usize, Option<String>)],
    /// Name, start and end of every period of the calendar.
    pub(super) calendar: &'a [(String, i64, i64)],
    /// The numbers of those that the project lists: the first, the first open one, and one beyond the last.
    pub(super) listed: (usize, usize, usize),
}

/// What happened last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// A run that did not come to its end, or has not yet.
    Stop,
    Cycle,
    Sweep,
}

/// A delivered row.
#[derive(Clone, Debug)]
struct Version {
    time: Option<i64>,
    /// Rows delivered later have larger numbers.
    number: usize,
    row: Row,
    accepted: bool,
}

/// What one table was delivered.
#[derive(Clone, Debug, Default)]
struct Delivered {
    /// Rows with a whole key.
    keyed: BTreeMap<Key, Vec<Version>>,
    /// Accepted rows that lack a part of their key.
    keyless: BTreeSet<Row>,
    /// The place of each delivery in `keyed`.
    by_number: BTreeMap<usize, Row>,
}

/// What was seen at an earlier look, and when.
struct Before {
    tables: Tables,
    at: i64,
}

/// Judges a story while it is told.
pub(super) struct Oracle<'a> {
    facts: &'a Facts,
    delivered: Vec<Delivered>,
    /// What it saw when it last looked.
    before: Option<Before>,
    /// By table, rows that stood in a sealed period since the last completed sweep, and those below them. A sweep that is given
    /// up may bring a parent home and not get to its children, and no batch tells the next cycle of it.
    sealed: Vec<BTreeSet<Row>>,
    /// How often rows came back to a mart from history, by table.
    restored: Vec<usize>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let tables = facts.tables.len();
        Self {
            facts,
            delivered: vec![Delivered::default(); tables],
            before: None,
            sealed: vec![BTreeSet::new(); tables],
            restored: vec![0; tables],
        }
    }

    /// Raw received a row.
    pub(super) fn deliver(&mut self, table: usize, number: usize, row: Row) {
        let facts = &self.facts.tables[table];
        let delivered = &mut self.delivered[table];
        let key = key_of(&facts.key, &row);
        if key.iter().all(Option::is_some) {
            let time = micros(&row[facts.time]);
            delivered.keyed.entry(key).or_default().push(Version { time, number, row: row.clone(), accepted: false });
        }
        delivered.by_number.insert(number, row);
    }

    /// A completed load took a row over.
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

    /// Looks at the tables, and says what is wrong with what it sees.
    pub(super) fn look(&mut self, tables: Tables, moment: Moment<'_>) -> Vec<Broken> {
        let seen = laws::Seen::new(self.facts, &self.delivered, &tables, moment);
        let mut broken = Vec::new();
        let is_swept = moment.after == After::Sweep;
        for table in 0..self.facts.tables.len() {
            if is_swept {
                self.sealed[table].clear();
            }
            seen.at_every_moment(table, &mut broken);
            if let Some(before) = &self.before {
                seen.since(table, before, &mut broken);
            }
            if !is_swept {
                seen.note_sealed(table, &mut self.sealed);
            }
            if moment.after != After::Stop {
                seen.when_completed(table, &self.sealed, &mut broken);
            }
        }
        drop(seen);
        if let Some(before) = &self.before {
            for (table, restored) in self.restored.iter_mut().enumerate() {
                *restored += came_back(self.facts, table, &before.tables, &tables);
            }
        }
        self.before = Some(Before { tables, at: moment.now });
        broken
    }

    /// Deliveries that left raw although no completed cycle began after them: L1. `seen` is the event of the last that was completed.
    pub(super) fn trimmed(&self, table: usize, gone: &[usize], seen: Option<usize>) -> Vec<Broken> {
        let unseen = gone.iter().filter(|number| seen.is_none_or(|seen| **number > seen));
        let rows = unseen.filter_map(|number| self.delivered[table].by_number.get(number));
        rows.map(|row| Broken {
            law: Law::L1,
            table,
            key: key_of(&self.facts.tables[table].key, row),
            what: "it left raw before a completed cycle had seen it".to_owned(),
        })
        .collect()
    }

    /// What a second run changed, which it must not: L10. Keys with an exception detected since an instant may move: the first
    /// run reported them, and they are held since.
    pub(super) fn changed(&self, once: &Tables, twice: &Tables, since: i64) -> Vec<Broken> {
        let mut broken = Vec::new();
        let mut has_reports = vec![false; self.facts.tables.len()];
        for (table, facts) in self.facts.tables.iter().enumerate() {
            let reported: BTreeSet<_> = once.exceptions[facts.exceptions]
                .iter()
                .filter(|exception| exception.open && exception.exception_type == facts.exception_type)
                .filter(|exception| micros(&exception.detected_at).is_some_and(|at| at >= since))
                .map(|exception| &exception.key)
                .collect();
            // A parent that comes home takes its children along.
            let parent_moved = matches!(facts.keep, Keep::WhileIn { parent, .. } if has_reports[parent]);
            has_reports[table] = parent_moved || !reported.is_empty();
            if parent_moved {
                continue;
            }
            let standing = |tables: &'_ Tables| {
                let mart = tables.marts[table].iter().map(|row| (None, row.clone()));
                let history = tables.histories[table].iter().map(|(period, row)| (Some(*period), row.clone()));
                let all = mart.chain(history).filter(|(_, row)| !reported.contains(&row[facts.exception_key]));
                all.collect::<Vec<_>>()
            };
            let (before, after) = (standing(once), standing(twice));
            if let Some((_, row)) = difference(&before, &after) {
                let what = "a second run of the same cycle moved or changed it".to_owned();
                broken.push(Broken { law: Law::L10, table, key: key_of(&facts.key, &row), what });
            }
            let about = |tables: &Tables| -> Vec<Exception> {
                let all = tables.exceptions[facts.exceptions].iter();
                let own = [facts.exception_type.clone(), facts.hold_type(), facts.null_key_type()];
                let of_table = all.filter(|exception| own.contains(&exception.exception_type));
                of_table.filter(|exception| !reported.contains(&exception.key)).cloned().collect()
            };
            if let Some(exception) = difference(&about(once), &about(twice)) {
                let what = format!("a second run of the same cycle wrote an exception {}", exception.exception_type);
                broken.push(Broken { law: Law::L10, table, key: vec![exception.key], what });
            }
        }
        broken
    }

    /// What became of the rows that were accepted, by table.
    pub(super) fn ledger(&self, tables: &Tables) -> Vec<Account> {
        let account = |table: usize| {
            let facts = &self.facts.tables[table];
            let delivered = &self.delivered[table];
            let lacks_key = |row: &&Row| facts.key.iter().any(|&column| row[column].is_none());
            let keyless: BTreeSet<_> = tables.marts[table].iter().filter(lacks_key).chain(&delivered.keyless).collect();
            let mut accepted = keyless.len();
            let mut superseded = 0;
            // A load that did not come to its end may have taken rows over that no completed one saw: they stand all the same.
            let standing: BTreeSet<_> =
                tables.marts[table].iter().chain(tables.histories[table].iter().map(|(_, row)| row)).collect();
            let counts = |version: &&Version| version.accepted || standing.contains(&version.row);
            for versions in delivered.keyed.values() {
                let times: BTreeSet<_> = versions.iter().filter(counts).map(|version| version.time).collect();
                accepted += times.len();
                superseded += times.len().saturating_sub(1);
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
                archived,
                superseded,
                held,
                restored: self.restored[table],
            }
        };
        (0..self.facts.tables.len()).map(account).collect()
    }
}

/// What became of a table's accepted rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// Versions, and rows without a key, that a load took over.
    pub(super) accepted: usize,
    pub(super) in_mart: usize,
    /// By period's number in the calendar.
    pub(super) archived: BTreeMap<usize, usize>,
    /// Versions that a newer one replaced.
    pub(super) superseded: usize,
    /// Of those in the mart, rows of which a key is held or reported.
    pub(super) held: usize,
    /// How often a row came back from history.
    pub(super) restored: usize,
}

/// Rows that stood in history only, and stand in the mart now.
fn came_back(facts: &Facts, table: usize, before: &Tables, now: &Tables) -> usize {
    let key = |row: &Row| key_of(&facts.tables[table].key, row);
    let was_in_mart: BTreeSet<_> = before.marts[table].iter().map(key).collect();
    let was_archived: BTreeSet<_> = before.histories[table].iter().map(|(_, row)| row).collect();
    let came = |row: &&Row| was_archived.contains(row) && !was_in_mart.contains(&key(row));
    now.marts[table].iter().filter(came).count()
}

/// Something that one list has and the other has not, or has less often.
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

fn micros(text: &Option<String>) -> Option<i64> {
    text.as_ref().and_then(|text| text.parse().ok())
}
