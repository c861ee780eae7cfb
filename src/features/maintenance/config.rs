//! What a project says of the maintenance of its marts.

use crate::dialect::MaintenanceKind;
use crate::project::TableId;

/// Maintenance of the marts of some tables.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// What is done.
    pub run: MaintenanceKind,
    /// The tables, in the order in which it is done.
    pub tables: Vec<TableId>,
    /// How often, in seconds.
    pub every: u64,
    /// The least share of unsorted rows, in per cent, for which it is done; without one it always is.
    pub unsorted_more_than: Option<u8>,
}
