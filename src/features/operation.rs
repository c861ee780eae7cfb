//! Operations: statements that run outside of a table's cycle.

use crate::cycle::plan::{Slot, Verb};
use crate::features::erasure::Erasure;
use crate::project::{PeriodId, TableId};

/// A statement that runs outside of a table's cycle.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The file name without its extension.
    pub name: String,
    /// The kind of SQL statement.
    pub verb: Verb,
    /// The relation that the statement changes. For a SELECT: the relation that it checks.
    pub writes: Slot,
    /// Every relation that the statement may read.
    pub reads: Vec<Slot>,
    /// The table whose columns the statement names, if any.
    pub table: Option<TableId>,
    /// The period, if the statement is for one period.
    pub period: Option<PeriodId>,
    /// The list of erased keys, and the column of the table with the key, if the statement erases
    /// rows of the table.
    pub erasure: Option<Erasure>,
    /// The names of its parameters.
    pub parameters: &'static [&'static str],
    /// Why the statement exists, in one line.
    pub reason: &'static str,
    /// The template that renders the statement.
    pub(crate) template: &'static str,
}

impl Operation {
    /// An operation without parameters, for the table of the relation that it writes.
    pub(crate) fn new(
        name: String,
        template: &'static str,
        verb: Verb,
        writes: Slot,
        reads: Vec<Slot>,
        reason: &'static str,
    ) -> Self {
        Self {
            name,
            verb,
            writes,
            reads,
            table: writes.table(),
            period: None,
            erasure: None,
            parameters: &[],
            reason,
            template,
        }
    }

    /// Whether the statement may run inside a transaction.
    pub fn transaction(&self) -> bool {
        !matches!(self.verb, Verb::Vacuum)
    }
}
