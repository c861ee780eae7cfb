//! The monitors that a project defines, in addition to those of every table.

use crate::project::shape::Words;
use crate::project::{ColumnId, Share, TableId};
use crate::source::Spanned;
use crate::sql::Relation;

/// A monitor that the project defines.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stated {
    /// Its name, which is also the name of its files.
    pub name: Spanned<String>,
    /// The table whose rows it checks.
    pub table: TableId,
    /// What it checks.
    pub asks: Asks,
    /// The rows that it checks: all, or those of a time window.
    pub window: Window,
    /// The exception type for the keys that it finds. `None`: nothing is recorded.
    pub exception_type: Option<String>,
    /// The severity of a finding.
    pub severity: Severity,
    /// The interval between runs, in seconds.
    pub every: u64,
}

/// What a monitor checks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Asks {
    /// The raw table has at least as many rows of the window as another system.
    CountMatch {
        /// The table in the other system, as that system writes the name.
        with: String,
    },
    /// The time of a row equals that of the newest row of its key in the mart and history of
    /// another table.
    LatestMatches(Other),
    /// The key has a row in the mart or history of another table.
    HasRowsIn(Other),
    /// The key has a row in the mart of another table.
    HasParent(Other),
    /// The rows equal those of another relation, except for a share of them.
    Compare {
        /// The other relation, which this engine can read.
        with: Relation,
        /// The columns that are compared.
        columns: Vec<ColumnId>,
        /// The largest share of rows that may differ.
        more_than: Share,
    },
}

impl Asks {
    /// The value of `kind:` in the project file.
    pub fn as_str(&self) -> &'static str {
        match self {
            Asks::CountMatch { .. } => "count_match",
            Asks::LatestMatches(_) => "latest_matches",
            Asks::HasRowsIn(_) => "has_rows_in",
            Asks::HasParent(_) => "has_parent",
            Asks::Compare { .. } => "compare",
        }
    }

    /// Whether all findings are one exception about the whole table.
    pub(crate) fn is_keyless(&self) -> bool {
        match self {
            Asks::Compare { .. } => true,
            Asks::CountMatch { .. } | Asks::LatestMatches(_) | Asks::HasRowsIn(_) | Asks::HasParent(_) => false,
        }
    }
}

/// Another table of the project, and the columns that join it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Other {
    /// The table.
    pub table: TableId,
    /// Pairs of columns that must be equal: of the monitored table, and of the other table.
    pub on: Vec<(ColumnId, ColumnId)>,
}

/// A time window `[now - within, now - until)`, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The start of the window, before now. `None`: no row is too old.
    pub within: Option<u64>,
    /// The end of the window, before now. `None`: no row is too new.
    pub until: Option<u64>,
}

/// The severity of a finding, as in dbt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// An error: something is wrong now.
    Error,
    /// A warning: something will be wrong later.
    Warn,
}

impl Severity {
    /// The value of `severity:` in the project file.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warn => "warn",
        }
    }
}

/// The kind of a monitor, as the spec writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsksWord {
    CountMatch,
    LatestMatches,
    HasRowsIn,
    HasParent,
    Compare,
}

impl Words for AsksWord {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("count_match", AsksWord::CountMatch),
            ("latest_matches", AsksWord::LatestMatches),
            ("has_rows_in", AsksWord::HasRowsIn),
            ("has_parent", AsksWord::HasParent),
            ("compare", AsksWord::Compare),
        ]
    }
}
