//! The tripwire of a table.

use crate::project::Share;

/// The condition under which a cycle stops before it archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tripwire {
    /// The largest share of the rows of the mart that may be due.
    pub share: Share,
    /// Fewer due rows than this number never stop a cycle.
    pub at_least: u64,
}
