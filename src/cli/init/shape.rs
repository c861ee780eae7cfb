//! The shapes of retention that `rowkeep init` writes.

use clap::ValueEnum;

/// A property of the retention of a new project. The words are those of the YAML, and of the page
/// docs/how-to/choose-a-shape.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Shape {
    /// Due rows move to one history table per period; the default
    Periods,
    /// Due rows move to one history table
    OneTable,
    /// Due rows are deleted for good
    Purge,
    /// The length is in calendar months
    Months,
    /// The length is measured from now, not from the newest row
    FromNow,
    /// A column of the row says when it leaves
    Until,
    /// A row leaves when it is marked as deleted
    SoftDelete,
    /// Old versions leave, current ones stay
    Snapshot,
    /// Only finished rows leave
    OnlyWhen,
    /// A second table, whose rows leave with their parent
    WhileIn,
}

impl Shape {
    /// The word of the command line.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Why a project cannot have both shapes. `self` stands before `other` in the list above.
    pub(super) fn clash(self, other: Shape) -> Option<&'static str> {
        match (self, other) {
            (Shape::Periods | Shape::OneTable, Shape::OneTable | Shape::Purge) => Some("due rows go to one place"),
            (Shape::Months | Shape::FromNow, Shape::Until | Shape::SoftDelete) => {
                Some("the row says when it leaves, so no length is counted")
            }
            (Shape::Until | Shape::SoftDelete, Shape::SoftDelete | Shape::Snapshot) => {
                Some("each is about another time column")
            }
            (Shape::Snapshot, Shape::WhileIn) => Some("a child cannot name one version of its parent"),
            _ => None,
        }
    }
}
