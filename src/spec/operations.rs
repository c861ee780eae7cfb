//! What stands around a table's cycle: landing tables that are trimmed, monitors, upkeep, and the tripwire.

use crate::dialect::Maintenance as Run;
use crate::source::Spanned;
use crate::spec::{Column, ColumnId, TableId};
use crate::sql::{Relation, TimeUnit};

/// A landing table whose rows go once they were taken over.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The landing table.
    pub relation: Relation,
    /// The tables whose spec names it as their `source`, in run order. Invariant: at least one.
    pub read_by: Vec<TableId>,
    /// The column that says when a row was landed.
    pub column: Column,
    /// How it counts.
    pub unit: TimeUnit,
    /// How long a row stays, in seconds, measured back from a cycle that was completed.
    pub keep: u64,
}

/// A monitor that the project asks for.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Its name; its files are called like it.
    pub name: Spanned<String>,
    /// The table whose rows it looks at.
    pub table: TableId,
    /// What it asks of them.
    pub asks: Asks,
    /// Which rows: all, or those of a span of time up to now.
    pub window: Window,
    /// The type under which offending keys are recorded; without one, nothing is recorded.
    pub exception_type: Option<String>,
    /// What a finding means.
    pub severity: Severity,
    /// How often it is to run, in seconds.
    pub every: u64,
}

/// What a monitor asks.
#[derive(Clone, Debug)]
pub enum Asks {
    /// Raw has as many rows of the window as another system, at least.
    CountMatch {
        /// The other system's table, as that system writes it.
        with: String,
    },
    /// The time of the row is that of the newest row of its key in another table's mart and history.
    LatestMatches(Other),
    /// The key has a row in another table's mart or history.
    HasRowsIn(Other),
    /// The key has a row in another table's mart.
    HasParent(Other),
    /// The row has the same columns elsewhere, but for a share of all rows.
    Compare {
        /// A relation that this engine can read.
        with: Relation,
        /// What is compared.
        columns: Vec<ColumnId>,
        /// How many may differ.
        more_than: Share,
    },
}

impl Asks {
    /// The word for it in a project.
    pub fn as_str(&self) -> &'static str {
        match self {
            Asks::CountMatch { .. } => "count_match",
            Asks::LatestMatches(_) => "latest_matches",
            Asks::HasRowsIn(_) => "has_rows_in",
            Asks::HasParent(_) => "has_parent",
            Asks::Compare { .. } => "compare",
        }
    }
}

/// Another table of the project, and how its rows are found.
#[derive(Clone, Debug)]
pub struct Other {
    /// The table.
    pub table: TableId,
    /// The columns of the monitored table, each with the other's that it equals.
    pub on: Vec<(ColumnId, ColumnId)>,
}

/// A span of time up to now, both in seconds before it: `[now - within, now - until)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How far back it begins; without it, nothing is too old.
    pub within: Option<u64>,
    /// How far back it ends; without it, nothing is too new.
    pub until: Option<u64>,
}

/// What a finding means, in dbt's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something is wrong.
    Error,
    /// Something will be.
    Warn,
}

impl Severity {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warn => "warn",
        }
    }
}

/// A share of rows, as an exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Above the line.
    pub part: u64,
    /// Below it.
    pub of: u64,
}

/// When a cycle stops before it archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tripwire {
    /// The share of the mart's rows that may be due.
    pub share: Share,
    /// Fewer due rows than this never stop a cycle.
    pub at_least: u64,
}

/// Run of the marts of some tables.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// What is done.
    pub run: Run,
    /// The tables, in the order in which it is done.
    pub tables: Vec<TableId>,
    /// How often, in seconds.
    pub every: u64,
    /// The least share of unsorted rows, in per cent, for which it is done; without one it always is.
    pub unsorted_more_than: Option<u8>,
}

/// When what runs, UTC.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How often a cycle begins, in seconds.
    pub cycle_every: u64,
    /// A Python function that lands raw rows: its module and its name.
    pub extract: Option<(String, String)>,
    /// A command to run once the marts are built.
    pub test: Option<String>,
    /// When upkeep is done, where there is any.
    pub maintenance: Option<TimeOfDay>,
    /// When the sweep begins.
    pub sweep: TimeOfDay,
    /// When monitors are asked.
    pub monitoring: TimeOfDay,
    /// How long a mart's statements may take, in seconds.
    pub mart_timeout: u64,
    /// How long the cycle's tests may take, in seconds.
    pub tests_timeout: u64,
    /// How long any other task may take, in seconds.
    pub timeout: u64,
    /// Who gets mail when a task fails.
    pub notify: Vec<String>,
    /// The connection to the warehouse.
    pub connection: String,
    /// The connection to the other system that `count_match` asks.
    pub source_connection: Option<String>,
}

/// Hours and minutes, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// From 0 to 23.
    pub hour: u8,
    /// From 0 to 59.
    pub minute: u8,
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// Seconds in a day of UTC, which knows no summer time.
pub(crate) const DAY: u64 = 86_400;

/// A length of time in the largest unit that is whole.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    let number = seconds / unit;
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}
