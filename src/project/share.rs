//! A part of the rows of a table, such as 20%.

/// A share of the rows of a table, as an exact fraction: 20% is 20 of 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The numerator.
    pub part: u64,
    /// The denominator.
    pub of: u64,
}
