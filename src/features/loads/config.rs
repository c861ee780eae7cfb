//! Windowed loads: they select rows by two time windows, over ingestion time and event day.

use crate::project::{Column, ColumnId, DAY, Day};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation, SqlType};

/// A load whose batch is bounded by ingestion time and by event day. Both windows are relative to
/// the run date, which the caller gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WindowedLoad {
    /// Its name, which is also the name of its folder.
    pub name: Spanned<Name>,
    /// The table into which rows are ingested.
    pub source: Relation,
    /// A query over the source that returns the columns. `None`: the load reads the source itself.
    /// Invariant: it is one query.
    pub query: Option<String>,
    /// The selected columns, in order.
    pub columns: Vec<Column>,
    /// The columns that identify a row. Invariant: not empty if there is an aggregate.
    pub unique_key: Vec<ColumnId>,
    /// The column with the ingestion time. Invariant: a timestamp, with or without a zone, or a
    /// date.
    pub ingestion: ColumnId,
    /// The length of the ingestion window, in seconds. The window ends with the run date.
    pub ingested_within: u64,
    /// The window over event days.
    pub event: Option<EventWindow>,
    /// Rows with an earlier event day are never loaded. Invariant: there is an event window.
    pub floor: Option<Day>,
    /// How long the source keeps a row after its ingestion, in seconds. `None`: for good.
    /// Invariant: at least as long as a run reaches back. If there is an aggregate, the event
    /// window has a start.
    pub source_keeps: Option<u64>,
    /// A boolean column. Rows in which it is true are left out.
    pub exclude: Option<ColumnId>,
    /// The column that names the origin of a row.
    pub origin: Option<ColumnId>,
    /// The temp table of the batch, without the suffix of the run date.
    pub temp: Relation,
    /// The aggregate over the rows of the window.
    pub aggregate: Option<Aggregate>,
    /// The limits of its monitors.
    pub alarms: Alarms,
    /// The BigQuery location of its jobs.
    pub location: String,
    pub(crate) places: LoadPlaces,
}

/// The places of a load in the project file, for diagnostics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadPlaces {
    pub(crate) entry: Span,
    pub(crate) event: Option<Span>,
    pub(crate) ingestion: Span,
}

/// The window over event days. It ends with the run date, inclusive.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EventWindow {
    /// The column. Invariant: a date, or a timestamp with or without a zone.
    pub column: ColumnId,
    /// The start of the window, in seconds before the run date. `None`: the window has no start, so
    /// that re-ingested history is loaded too.
    pub within: Option<u64>,
}

/// Values that are computed for each event day, from the newest version of each row of the window.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Aggregate {
    /// The table in which whole days are replaced.
    pub into: Relation,
    /// Its temp table, without the suffix of the run date.
    pub temp: Relation,
    /// The GROUP BY columns. Invariant: the event column is one of them, and is a date.
    pub by: Vec<ColumnId>,
    /// The computed columns, in order.
    pub columns: Vec<(Name, Computed)>,
}

/// An aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Computed {
    /// The number of rows.
    Count,
    /// The sum of a column.
    Sum(ColumnId),
    /// The smallest value of a column.
    Min(ColumnId),
    /// The largest value of a column.
    Max(ColumnId),
}

/// The limits above which the monitors of a load return rows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Alarms {
    /// The number of days between the first and the last event day of a batch.
    pub span_days: u64,
    /// The run time of a statement, in seconds.
    pub run: u64,
    /// The slot-hours of a day, in hundredths.
    pub slot_hours: u64,
    /// The cost of a day, and the price of a tebibyte, both in hundredths.
    pub cost: Option<(u64, u64)>,
}

impl WindowedLoad {
    /// How far before the end of its run date a run reads, in seconds of ingestion time. `None`: it
    /// reads all rows of the source.
    pub(crate) fn reach(&self) -> Option<u64> {
        match (&self.aggregate, self.event.and_then(|event| event.within)) {
            (None, _) => Some(self.ingested_within),
            (Some(_), within) => Some(DAY + self.before(within?)),
        }
    }

    /// How far before the run date an aggregate reads, in seconds of ingestion time: a row of the
    /// first event day may be ingested before that day, by the length of the ingestion window.
    pub(crate) fn before(&self, within: u64) -> u64 {
        let seconds = within + self.ingested_within;
        // A date has whole days.
        if self.column(self.ingestion).ty == SqlType::Date { seconds.div_ceil(DAY) * DAY } else { seconds }
    }

    /// The columns of the aggregate table, in order. Empty if there is no aggregate.
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
                // As wide as NUMERIC, if the scale permits it.
                SqlType::Decimal { precision, scale } => {
                    SqlType::Decimal { precision: precision.max((scale + 29).min(38)), scale }
                }
                ty if ty.is_whole_number() => SqlType::Bigint,
                _ => SqlType::Double,
            },
        }
    }

    /// A column of this load.
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.0]
    }
}
