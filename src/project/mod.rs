//! What the user wants, read from YAML and known to make sense.
//!
//! `read` turns texts into raw shapes, `resolve` turns those into a [`Spec`]. Each reports all that it finds wrong at once.

mod cadence;
mod day;
pub(crate) mod files;
#[cfg(feature = "files")]
pub mod folder;
pub(crate) mod naming;
pub(crate) mod period;
mod read;
#[cfg(feature = "files")]
pub(crate) mod references;
pub(crate) mod resolve;
mod schema;
pub(crate) mod shape;
mod share;
mod yaml;

pub use day::Day;
pub(crate) use day::{DAY, length};
pub use share::Share;

pub use period::Period;
pub(crate) use read::read;
pub(crate) use resolve::resolve;
pub use schema::json_schema;

use crate::dialect::Dialect;
use crate::features::loads::WindowedLoad;
use crate::features::maintenance::Maintenance;
use crate::features::monitors;
use crate::features::raw_trims::RawTable;
use crate::features::schedule::Schedule;
use crate::features::tripwire::Tripwire;
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation, SqlType, TimeUnit};

/// Where artifacts go in the project's folder, unless it says otherwise.
pub(crate) const OUT: &str = "target/rowkeep";

/// A valid project: every name resolves, every bound fits, and nothing in it contradicts anything else.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The project's name.
    pub name: String,
    /// The engine to compile for.
    pub dialect: Dialect,
    /// The periods, oldest first. Invariant: they tile, each ends where the next one starts, and at least one is open,
    /// where there are tables.
    pub periods: Vec<Period>,
    /// The exceptions tables, in the order in which tables first name them.
    pub exceptions: Vec<Exceptions>,
    /// The tables in run order. Invariant: a parent stands before its children.
    pub tables: Vec<Table>,
    /// The raw tables that are trimmed.
    pub raw_tables: Vec<RawTable>,
    /// What is asked beyond what is asked of every table.
    pub monitors: Vec<monitors::Stated>,
    /// Maintenance of the marts, in order.
    pub maintenance: Vec<Maintenance>,
    /// When what runs, if the project says so.
    pub schedule: Option<Schedule>,
    /// Loads that select by two windows.
    pub loads: Vec<WindowedLoad>,
    pub(crate) places: Places,
    /// Where the project wants its artifacts, if it says so.
    pub out: Option<Spanned<String>>,
    /// Where history, work and exceptions tables live unless they say otherwise.
    pub(crate) schema: Relation,
}

/// Where a project says things that somebody may have to look at again.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The list of periods, and each of them.
    pub(crate) periods: Span,
    pub(crate) each_period: Vec<Span>,
    pub(crate) sealed_before: Option<Span>,
}

/// Where a table's spec does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TablePlaces {
    pub(crate) history: Span,
    pub(crate) unique_key: Span,
    pub(crate) time: Span,
    pub(crate) retention: Span,
    pub(crate) columns: Span,
    pub(crate) source: Option<Span>,
}

/// The number of a table in [`Spec::tables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableId(pub(crate) usize);

/// The number of a period in [`Spec::periods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodId(pub(crate) usize);

/// The number of an exceptions table in [`Spec::exceptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExceptionsId(pub(crate) usize);

/// The number of a monitor in [`Spec::monitors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonitorId(pub(crate) usize);

/// The number of a column in [`Table::columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnId(pub(crate) usize);

impl Spec {
    /// The table of that number.
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0]
    }

    /// Every table with its number, in run order.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, &Table)> {
        self.tables.iter().enumerate().map(|(i, table)| (TableId(i), table))
    }

    /// The table whose newest row decides a table's cutoff: itself, or the first of the chain that it follows.
    pub(crate) fn root(&self, id: TableId) -> TableId {
        match self.table(id).retention {
            Retention::For { .. } => id,
            Retention::WhileIn { root, .. } => root,
        }
    }

    /// How long a row stays, in seconds; of a table that follows another, how long a row of its root does.
    pub(crate) fn retention_seconds(&self, id: TableId) -> u64 {
        match self.table(self.root(id)).retention {
            Retention::For { seconds } => seconds,
            // Invariant: the root is retained for a length of time.
            Retention::WhileIn { .. } => 0,
        }
    }

    /// The period of that number.
    pub fn period(&self, id: PeriodId) -> &Period {
        &self.periods[id.0]
    }

    /// Every period's number, oldest first.
    pub fn period_ids(&self) -> impl Iterator<Item = PeriodId> {
        (0..self.periods.len()).map(PeriodId)
    }

    /// The monitor of that number.
    pub fn monitor(&self, id: MonitorId) -> &monitors::Stated {
        &self.monitors[id.0]
    }

    /// Every monitor's number.
    pub fn monitor_ids(&self) -> impl Iterator<Item = MonitorId> {
        (0..self.monitors.len()).map(MonitorId)
    }

    /// The exceptions table of that number.
    pub fn exceptions(&self, id: ExceptionsId) -> &Exceptions {
        &self.exceptions[id.0]
    }
}

/// One rolling table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The dbt model that builds the mart.
    pub model: Spanned<Name>,
    /// The mart.
    pub relation: Relation,
    /// The history tables, their name without the period's suffix.
    pub history: Relation,
    pub(crate) places: TablePlaces,
    /// Every column, in order.
    pub columns: Vec<Column>,
    /// The columns that name a row.
    pub unique_key: Vec<ColumnId>,
    /// The time column.
    pub time: Time,
    /// Whether rows have versions.
    pub rows: Rows,
    /// How long a row stays.
    pub retention: Retention,
    /// Where its exceptions are recorded.
    pub exceptions: ExceptionsId,
    /// The member of the unique key under which they are recorded.
    pub exception_key: ColumnId,
    /// The type of its exceptions.
    pub exception_type: String,
    /// Physical layout.
    pub layout: Layout,
    /// When a cycle stops before it archives.
    pub tripwire: Option<Tripwire>,
    /// The raw table.
    pub source: Option<Relation>,
    /// What the raw table has beyond `columns`.
    pub source_columns: Vec<Column>,
    /// The mart's load, if Rowkeep emits it.
    pub load: Option<Load>,
    /// Tables whose hooks run before this one's: the parent, and what `after:` names.
    pub depends_on: Vec<TableId>,
}

impl Table {
    /// The column of that number.
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.0]
    }

    /// Whether several versions of one key can exist: they can unless the time is part of the key.
    ///
    /// Events whose time is not in the key count too: a corrected time makes a version.
    pub fn is_versioned(&self) -> bool {
        !self.unique_key.contains(&self.time.column)
    }

    /// The columns by which an exact copy is known: the key and the time.
    pub(crate) fn proof(&self) -> Vec<ColumnId> {
        let mut proof = self.unique_key.clone();
        if !proof.contains(&self.time.column) {
            proof.push(self.time.column);
        }
        proof
    }

    /// The columns that are neither key nor time.
    pub(crate) fn payload(&self) -> impl Iterator<Item = ColumnId> {
        (0..self.columns.len()).map(ColumnId).filter(|id| !self.unique_key.contains(id) && *id != self.time.column)
    }
}

/// A column and its type.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: SqlType,
    /// Whether marts and history tables refuse NULL in it. Statements test for NULL all the same.
    pub not_null: bool,
}

/// The time column and how it counts.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The column.
    pub column: ColumnId,
    /// How it counts.
    pub unit: TimeUnit,
}

/// Whether rows have versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The newest version of a key wins.
    Latest,
    /// Rows do not change; a redelivered one replaces its copy.
    Events,
}

/// How long a row stays in the mart, or while what.
#[derive(Clone, Debug)]
pub enum Retention {
    /// Until the cutoff has passed it by.
    For {
        /// The length of the window, in seconds.
        seconds: u64,
    },
    /// While its key is in the parent.
    WhileIn {
        /// The parent.
        parent: TableId,
        /// This table's columns, each with the parent's that it equals.
        on: Vec<(ColumnId, ColumnId)>,
        /// The ancestor that is retained for a length of time; its cutoff is this table's.
        root: TableId,
    },
}

/// An exceptions table.
#[derive(Clone, Debug)]
pub struct Exceptions {
    /// The table.
    pub relation: Relation,
    /// The column that says what an exception is about; nullable.
    pub key: Column,
    pub(crate) span: Span,
}

/// Physical layout, for engines that have one.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The column that rows are distributed by.
    pub dist_key: Option<ColumnId>,
    /// The columns that rows are sorted by.
    pub sort_key: Vec<ColumnId>,
}

/// The mart's load.
#[derive(Clone, Debug)]
pub struct Load {
    /// Which of several raw rows of one key counts: a total order, best first.
    pub order_by: Vec<OrderBy>,
    /// The slice of raw that is read.
    pub lookback: Option<Lookback>,
}

/// One term of an order.
#[derive(Clone, Debug)]
pub struct OrderBy {
    /// A column of raw.
    pub column: Name,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// A slice of raw, measured from a column's newest value.
#[derive(Clone, Debug)]
pub struct Lookback {
    /// The column of raw.
    pub column: Name,
    /// How it counts.
    pub unit: TimeUnit,
    /// How far back, in seconds.
    pub seconds: u64,
}
