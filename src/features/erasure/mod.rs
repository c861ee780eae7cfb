//! Erasure: keys that were removed for good, and that no load brings back.

mod resolve;

pub(crate) use resolve::resolve;

use crate::project::{ColumnId, ExceptionsId};

/// A list of erased keys that a table obeys. Key: `erased` of `exceptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erasure {
    /// The exceptions table that has the list.
    pub list: ExceptionsId,
    /// The column of the table that holds the key.
    pub column: ColumnId,
}
