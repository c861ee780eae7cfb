//! The raw tables that the project trims.

use crate::project::{Column, TableId};
use crate::sql::{Relation, TimeUnit};

/// A raw table whose rows are deleted after completed cycles have read them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawTable {
    /// The raw table.
    pub relation: Relation,
    /// The tables that read it: their specs name it as `source`. In run order. Invariant: not
    /// empty.
    pub read_by: Vec<TableId>,
    /// The column with the arrival time of a row.
    pub column: Column,
    /// The unit of that column.
    pub unit: TimeUnit,
    /// How long a row stays, in seconds, counted back from a completed cycle.
    pub keep: u64,
}
