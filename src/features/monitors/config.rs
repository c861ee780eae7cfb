//! What a project asks for beyond what is asked of every table.

use crate::project::{ColumnId, Share, TableId};
use crate::source::Spanned;
use crate::sql::Relation;

/// A monitor that the project asks for.
#[derive(Clone, Debug)]
pub struct Stated {
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
