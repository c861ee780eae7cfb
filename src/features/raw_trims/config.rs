//! What a project says of raw tables that are trimmed.

use crate::project::{Column, TableId};
use crate::sql::{Relation, TimeUnit};

/// A raw table whose rows go once they were taken over.
#[derive(Clone, Debug)]
pub struct RawTable {
    /// The raw table.
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
