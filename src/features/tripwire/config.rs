//! What a spec says of its tripwire.

use crate::project::Share;

/// When a cycle stops before it archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tripwire {
    /// The share of the mart's rows that may be due.
    pub share: Share,
    /// Fewer due rows than this never stop a cycle.
    pub at_least: u64,
}
