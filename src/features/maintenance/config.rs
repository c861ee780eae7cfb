//! The maintenance that the project asks for.

use crate::dialect::MaintenanceKind;
use crate::project::TableId;

/// One kind of maintenance, for some tables.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Maintenance {
    /// The kind of maintenance.
    pub run: MaintenanceKind,
    /// The tables, in run order.
    pub tables: Vec<TableId>,
    /// The interval, in seconds.
    pub every: u64,
    /// The maintenance runs only if more than this per cent of the rows are unsorted. `None`: it
    /// always runs.
    pub unsorted_more_than: Option<u8>,
}
