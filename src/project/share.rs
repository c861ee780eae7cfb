//! Shares of rows.

/// A share of rows, as an exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Above the line.
    pub part: u64,
    /// Below it.
    pub of: u64,
}
