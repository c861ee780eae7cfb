//! The facts of a spec that the story generator and the oracle need, without statements and plans.

use std::cmp::Ordering;
use std::ops::Range;

use crate::features::only_when::{Condition, Constant, Test};
use crate::project::naming::{HOLD, NULL_KEY};
use crate::project::period::epoch;
use crate::project::{CutoffFrom, Filled, Length, Period, Retention, Spec, Table, TableId, Zone};
use crate::rehearse::value::{SECOND, Typed, grain};
use crate::sql::TimeUnit;

/// Every table of a project, in run order.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) tables: Vec<TableFacts>,
    /// The exceptions tables, each with its relation and its exception key column.
    pub(super) exceptions: Vec<(String, Typed)>,
}

/// One table. Column numbers are indexes into the columns of the mart.
#[derive(Clone, Debug)]
pub(super) struct TableFacts {
    pub(super) model: String,
    pub(super) mart: String,
    pub(super) columns: Vec<Typed>,
    pub(super) not_null: Vec<bool>,
    /// Columns outside the key that the engine fills. In a story, their values follow from the
    /// exception key, so that every version of a row has the same ones.
    pub(super) filled: Vec<usize>,
    /// The columns that the engine computes, which statements do not write.
    pub(super) generated: Vec<usize>,
    pub(super) key: Vec<usize>,
    pub(super) time: usize,
    /// The zone of the time column: UTC for instants.
    zone: Zone,
    /// The smallest step of the time column, in microseconds.
    pub(super) grain: i64,
    /// Whether versions of one key can differ in time.
    pub(super) versioned: bool,
    pub(super) keep: Keep,
    /// Whether a row of the mart without a time is newer than every archived version of its key.
    pub(super) has_unfinished: bool,
    /// Whether due rows are deleted without a copy.
    pub(super) purged: bool,
    /// Due rows from before this time are deleted without a copy, in microseconds since 1970.
    pub(super) retired: Option<i64>,
    /// Whether a due row has a place whatever its time.
    pub(super) any_time: bool,
    /// Whether the statements delete older versions from the mart. Otherwise, the load must do it.
    pub(super) supersedes: bool,
    /// The conditions that a row meets before it is due.
    pub(super) only_when: Vec<Condition>,
    pub(super) exceptions: usize,
    pub(super) exception_key: usize,
    pub(super) exception_type: String,
    /// The lists of erased keys that the table obeys: the number of the exceptions table, and the
    /// column with the key.
    pub(super) erasures: Vec<(usize, usize)>,
    /// The limit: the work table that lists due rows, and the most rows that it may list.
    pub(super) limit: Option<(String, u64)>,
    pub(super) raw: Raw,
}

/// How long a row stays in the mart.
#[derive(Clone, Debug)]
pub(super) enum Keep {
    For { length: Length, from_now: bool },
    WhileIn { parent: usize, on: Vec<(usize, usize)>, root: usize },
}

/// The raw table: the columns of the mart, and the columns that only the raw table has.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) relation: String,
    pub(super) extra: Vec<Typed>,
    /// The tie-break columns after the time, each with whether the larger value wins. Numbers after
    /// the columns of the mart are indexes into `extra`.
    pub(super) tie_breaks: Vec<(usize, bool)>,
    /// The lookback of the load: a column, and the distance from its newest value, in microseconds.
    pub(super) lookback: Option<(usize, i64)>,
    /// The column with the time at which a row arrived in raw, if the project trims the table by
    /// it.
    pub(super) arrival: Option<usize>,
}

impl Raw {
    /// Whether the arrival breaks ties: with true, the row that arrived last wins.
    pub(super) fn arrival_wins(&self) -> Option<bool> {
        self.tie_breaks.iter().find(|(column, _)| Some(*column) == self.arrival).map(|&(_, larger_wins)| larger_wins)
    }

    /// The last tie-break column that can have a different value in each row of a story.
    pub(super) fn deciding_tie_break(&self, table: &TableFacts) -> Option<usize> {
        let is_wide = |column: usize| {
            let is_wide = |column: &Typed| column.capacity() >= 100_000 && column.unit != Some(TimeUnit::Date);
            table.raw_columns().nth(column).is_some_and(is_wide)
        };
        self.tie_breaks.iter().rposition(|&(column, _)| is_wide(column))
    }
}

impl TableFacts {
    /// The bounds of a period, as the time column has them, in microseconds.
    pub(super) fn bounds(&self, period: &Period) -> Range<i64> {
        let bounds = match self.zone.name() {
            Some(_) => period.midnights(),
            None => period.start_epoch()..period.end_epoch(),
        };
        bounds.start * SECOND..bounds.end * SECOND
    }

    /// The first and the last time that a clock in the zone of the time column may have shown
    /// between two instants, in microseconds.
    pub(super) fn clock(&self, (began, ended): (i64, i64)) -> (i64, i64) {
        let offset = |at: i64| self.zone.offset_at(at.div_euclid(SECOND)) * SECOND;
        let (first, last) = (offset(began), offset(ended));
        (began + first.min(last), ended + first.max(last))
    }

    /// All columns of the raw table.
    pub(super) fn raw_columns(&self) -> impl Iterator<Item = &Typed> {
        self.columns.iter().chain(&self.raw.extra)
    }

    /// Whether a column is part of the join with the parent.
    pub(super) fn is_joined(&self, column: usize) -> bool {
        matches!(&self.keep, Keep::WhileIn { on, .. } if on.iter().any(|(ours, _)| *ours == column))
    }

    /// Whether a row meets every condition of `only_when`.
    pub(super) fn qualifies(&self, row: &[Option<String>]) -> bool {
        self.only_when.iter().all(|condition| {
            let column = condition.column.0;
            let value = row[column].as_deref();
            let order = |constant: &Constant| value.and_then(|value| self.columns[column].order(value, constant));
            match &condition.test {
                Test::OneOf(each) => each.iter().any(|one| order(one) == Some(Ordering::Equal)),
                Test::NoneOf(each) => {
                    value.is_some() && each.iter().all(|one| order(one).is_some_and(|order| order.is_ne()))
                }
                Test::LessThan(than) => order(than).is_some_and(|order| order.is_lt()),
                Test::AtMost(than) => order(than).is_some_and(|order| order.is_le()),
                Test::AtLeast(than) => order(than).is_some_and(|order| order.is_ge()),
                Test::MoreThan(than) => order(than).is_some_and(|order| order.is_gt()),
                Test::IsNull => value.is_none(),
                Test::IsNotNull => value.is_some(),
            }
        })
    }

    /// Whether a due row leaves without a copy.
    pub(super) fn leaves_no_copy(&self, time: Option<i64>) -> bool {
        self.purged || self.retired.is_some_and(|retired| time.is_some_and(|time| time < retired))
    }

    /// Whether the keys of its exceptions can be erased.
    pub(super) fn is_erasable(&self) -> bool {
        self.erasures.contains(&(self.exceptions, self.exception_key))
    }

    pub(super) fn hold_type(&self) -> String {
        format!("{}{HOLD}", self.exception_type)
    }

    pub(super) fn null_key_type(&self) -> String {
        format!("{}{NULL_KEY}", self.exception_type)
    }
}

/// The periods of the calendar that the project lists, as indexes into the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Periods {
    pub(super) first: usize,
    /// One after the last listed period.
    pub(super) end: usize,
    /// The first open period. Listed periods before it are sealed.
    pub(super) open_from: usize,
}

impl Facts {
    /// Takes the facts from a spec, and from the same spec in which every table has a raw table and
    /// a load.
    pub(super) fn of(stated: &Spec, spec: &Spec) -> Self {
        let has_batch = |id: TableId| stated.table(id).raw.is_some();
        let tables = spec.tables().map(|(id, table)| TableFacts {
            supersedes: !table.is_purged() || has_batch(id),
            ..Self::table(spec, id, table)
        });
        let tables = tables.collect();
        let exceptions = spec
            .exceptions
            .iter()
            .map(|exceptions| (exceptions.relation.sql(spec.dialect), Typed::new(&exceptions.key, None, spec.dialect)));
        Self { tables, exceptions: exceptions.collect() }
    }

    fn table(spec: &Spec, id: TableId, table: &Table) -> TableFacts {
        let dialect = spec.dialect;
        let lookback = table.load.as_ref().and_then(|load| load.lookback.as_ref());
        let unit_of = |name: &str| lookback.filter(|lookback| lookback.column.as_str() == name).map(|found| found.unit);
        let columns: Vec<_> = table
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| {
                let is_time = i == table.time.column.0;
                let unit = if is_time { Some(table.time.unit) } else { unit_of(column.name.as_str()) };
                let is_payload = table.payload().any(|id| id.0 == i);
                let tests = table.only_when.iter().filter(|condition| is_payload && condition.column.0 == i);
                let tests: Vec<_> = tests.map(|condition| condition.test.clone()).collect();
                Typed::new(column, unit, dialect).tested_by(&tests)
            })
            .collect();
        let source = table.raw.as_ref().map(|source| source.folded(dialect));
        let raw_table = spec.raw_tables.iter().find(|raw_table| Some(raw_table.relation.folded(dialect)) == source);
        let unit_of_arrival =
            |name: &str| raw_table.filter(|raw_table| raw_table.column.name.as_str() == name).map(|found| found.unit);
        let extra: Vec<_> = table
            .raw_columns
            .iter()
            .map(|column| {
                let name = column.name.as_str();
                Typed::new(column, unit_of(name).or_else(|| unit_of_arrival(name)), dialect)
            })
            .collect();
        let number_of = |name: &str| columns.iter().chain(&extra).position(|column| column.name == name);
        let time = table.time.column.0;
        let order = table.load.iter().flat_map(|load| &load.order_by);
        let tie_breaks: Vec<_> = order
            .filter_map(|term| Some((number_of(term.column.as_str())?, term.descending)))
            // Versions of one key have equal key columns, so these break no tie.
            .filter(|(column, _)| *column != time && !table.unique_key.iter().any(|id| id.0 == *column))
            .collect();
        let lookback = lookback.and_then(|lookback| {
            let micros = i64::try_from(lookback.seconds).ok()?.checked_mul(SECOND)?;
            Some((number_of(lookback.column.as_str())?, micros))
        });
        let arrival = raw_table.and_then(|raw_table| number_of(raw_table.column.name.as_str()));
        let keep = match &table.retention {
            Retention::For { length, from } => Keep::For { length: *length, from_now: *from == CutoffFrom::Now },
            Retention::WhileIn { parent, on, root } => Keep::WhileIn {
                parent: parent.0,
                on: on.iter().map(|(ours, theirs)| (ours.0, theirs.0)).collect(),
                root: root.0,
            },
        };
        let is_local = spec.zone.is_local(table.time.unit);
        TableFacts {
            model: table.model.value.as_str().to_owned(),
            mart: table.relation.sql(dialect),
            not_null: table.columns.iter().map(|column| column.not_null).collect(),
            filled: table.payload().filter(|&id| table.column(id).filled != Filled::ByInsert).map(|id| id.0).collect(),
            generated: (0..table.columns.len())
                .filter(|&number| table.columns[number].filled == Filled::Generated)
                .collect(),
            key: table.unique_key.iter().map(|id| id.0).collect(),
            time,
            zone: if is_local { spec.zone.clone() } else { Zone::default() },
            grain: grain(columns[time].unit.unwrap_or(TimeUnit::EpochSeconds)),
            versioned: table.is_versioned(),
            keep,
            has_unfinished: table.has_unfinished_rows() && !table.is_purged(),
            purged: table.is_purged(),
            retired: spec
                .retired_before(table)
                .map(|(day, instant)| SECOND * if is_local { epoch(day) } else { instant }),
            any_time: !table.has_periods(),
            supersedes: true,
            only_when: table.only_when.clone(),
            exceptions: table.exceptions.0,
            exception_key: table.exception_key.0,
            exception_type: table.exception_type.clone(),
            erasures: table.erasures.iter().map(|erasure| (erasure.list.0, erasure.column.0)).collect(),
            limit: table.limit.map(|rows| (spec.due(id).sql(dialect), rows)),
            raw: Raw {
                relation: table.raw.as_ref().map(|source| source.sql(dialect)).unwrap_or_default(),
                extra,
                arrival,
                tie_breaks,
                lookback,
            },
            columns,
        }
    }

    /// The table whose newest row determines the cutoff of a table, and the length of its
    /// retention.
    pub(super) fn root(&self, table: usize) -> (usize, Length) {
        let root = match self.tables[table].keep {
            Keep::For { .. } => table,
            Keep::WhileIn { root, .. } => root,
        };
        match self.tables[root].keep {
            Keep::For { length, .. } => (root, length),
            Keep::WhileIn { .. } => unreachable!("a root has no `while_in`"),
        }
    }

    /// The time that is the retention of a table before another one, in microseconds.
    pub(super) fn before(&self, table: usize, micros: i64) -> i64 {
        let (seconds, rest) = (micros.div_euclid(SECOND), micros.rem_euclid(SECOND));
        let length = self.root(table).1;
        // Months count from the start of a day.
        let rest = if matches!(length, Length::Seconds(_)) { rest } else { 0 };
        length.before(seconds).saturating_mul(SECOND).saturating_add(rest)
    }

    /// The longest time that a row of a table may stay, in microseconds.
    pub(super) fn longest(&self, table: usize) -> i64 {
        // Invariant: at most a hundred years, checked by resolve.
        i64::try_from(self.root(table).1.bounds().1).unwrap_or(0) * SECOND
    }
}
