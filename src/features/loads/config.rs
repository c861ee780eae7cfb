//! Loads that select by two windows: when a row was ingested, and what day it is of.

use crate::project::{Column, ColumnId, Day};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation, SqlType};

/// A load whose batch is bounded by ingestion time and by the day that a row is of, counted from a run date that is given when
/// it runs.
#[derive(Clone, Debug)]
pub struct WindowedLoad {
    /// Its name; its files are called like it.
    pub name: Spanned<Name>,
    /// The table that rows are ingested into.
    pub source: Relation,
    /// A query over the source that gives the columns, if the source itself is not read. Invariant: it is one query.
    pub query: Option<String>,
    /// What is selected, in order.
    pub columns: Vec<Column>,
    /// The columns that name a row. Invariant: not empty where there is an aggregate.
    pub unique_key: Vec<ColumnId>,
    /// When a row was ingested. Invariant: a timestamp, with or without a zone, or a date.
    pub ingestion: ColumnId,
    /// How far before the end of the run date the ingestion window begins, in seconds.
    pub ingested_within: u64,
    /// The window of days.
    pub event: Option<EventWindow>,
    /// Rows of days before it are never loaded. Invariant: there is an event column.
    pub floor: Option<Day>,
    /// A boolean column: rows in which it is true are left out.
    pub exclude: Option<ColumnId>,
    /// The column that says where a row came from.
    pub origin: Option<ColumnId>,
    /// The batch's temp table, without the run date.
    pub temp: Relation,
    /// What is computed from the rows of the window.
    pub aggregate: Option<Aggregate>,
    /// When monitors speak.
    pub alarms: Alarms,
    /// Where its jobs run.
    pub location: String,
    pub(crate) places: LoadPlaces,
}

/// Where a load says things that somebody may have to look at again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadPlaces {
    pub(crate) entry: Span,
    pub(crate) event: Option<Span>,
    pub(crate) ingestion: Span,
}

/// The window of the day that a row is of. It ends with the run date, that day included.
#[derive(Clone, Copy, Debug)]
pub struct EventWindow {
    /// The column. Invariant: a date, or a timestamp with or without a zone.
    pub column: ColumnId,
    /// How far before the run date it begins, in seconds; without it, nothing keeps re-ingested history out.
    pub within: Option<u64>,
}

/// What is computed, day by day, from the newest version of each row of the window.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The table whose days are replaced.
    pub into: Relation,
    /// Its temp table, without the run date.
    pub temp: Relation,
    /// What it is computed for. Invariant: the event column is one of them, and a date.
    pub by: Vec<ColumnId>,
    /// What is computed, in order.
    pub columns: Vec<(Name, Computed)>,
}

/// What an aggregate computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Computed {
    /// How many rows there are.
    Count,
    /// The sum of a column.
    Sum(ColumnId),
    /// The smallest value of a column.
    Min(ColumnId),
    /// The largest value of a column.
    Max(ColumnId),
}

/// When the monitors of a load speak.
#[derive(Clone, Copy, Debug)]
pub struct Alarms {
    /// More days than this between the first and the last day of a batch.
    pub span_days: u64,
    /// A statement that runs longer than this many seconds.
    pub run: u64,
    /// More slot-hours than this on one day, in hundredths.
    pub slot_hours: u64,
    /// A price, and that of a tebibyte, both in hundredths.
    pub cost: Option<(u64, u64)>,
}

impl WindowedLoad {
    /// The columns of its aggregate's table, in order; none without an aggregate.
    pub(crate) fn aggregate_columns(&self) -> Vec<(&Name, SqlType)> {
        let Some(aggregate) = &self.aggregate else { return Vec::new() };
        let by = aggregate.by.iter().map(|&id| (&self.column(id).name, self.column(id).ty));
        by.chain(aggregate.columns.iter().map(|(name, computed)| (name, self.type_of(*computed)))).collect()
    }

    fn type_of(&self, computed: Computed) -> SqlType {
        match computed {
            Computed::Count => SqlType::Bigint,
            Computed::Min(id) | Computed::Max(id) => self.column(id).ty,
            Computed::Sum(id) => match self.column(id).ty {
                // What NUMERIC holds, if it does.
                SqlType::Decimal { precision, scale } => {
                    SqlType::Decimal { precision: precision.max((scale + 29).min(38)), scale }
                }
                ty if ty.is_whole_number() => SqlType::Bigint,
                _ => SqlType::Double,
            },
        }
    }

    /// The column of that number.
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.0]
    }
}
