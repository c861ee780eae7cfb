//! Statements that run outside of a table's cycle.

use crate::cycle::plan::{Slot, Verb};
use crate::project::{PeriodId, TableId};

/// A statement that runs outside of a table's cycle.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The stem of its file.
    pub name: String,
    /// What it does.
    pub verb: Verb,
    /// The relation that it changes, or that it is about.
    pub writes: Slot,
    /// Every relation that it may look at.
    pub reads: Vec<Slot>,
    /// The table whose columns it names, if one.
    pub table: Option<TableId>,
    /// The period that it works for, if one.
    pub period: Option<PeriodId>,
    /// What it is given when it runs.
    pub parameters: &'static [&'static str],
    /// Why it is there, in one line.
    pub reason: &'static str,
    /// The template that gives it words.
    pub(crate) template: &'static str,
}

impl Operation {
    /// An operation without parameters, about the table of the relation that it writes.
    pub(crate) fn new(
        name: String,
        template: &'static str,
        verb: Verb,
        writes: Slot,
        reads: Vec<Slot>,
        reason: &'static str,
    ) -> Self {
        Self { name, verb, writes, reads, table: writes.table(), period: None, parameters: &[], reason, template }
    }

    /// Whether it may run inside a transaction.
    pub fn transaction(&self) -> bool {
        !matches!(self.verb, Verb::Vacuum)
    }
}
