//! What is to be done, in order, and why: no SQL text, no dialect, no clock.
//!
//! Each [`Step`] names one statement: what it does to which relation, which ones it may read, and the conditions under which
//! it works. Rendering gives it words; verifying holds the words against the step.

mod definitions;
mod steps;

pub use crate::cycle::step::{StatementKind, Step, StepName, Verb};
pub use definitions::{Definition, DefinitionKind};
pub(crate) use steps::reads_trimmed_raw;

use crate::features::monitors::Asks;
use crate::project::{ColumnId, ExceptionsId, MonitorId, PeriodId, Spec, TableId};
use crate::sql::Relation;

/// Everything that a project needs, in run order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One entry per table, parents before children.
    pub tables: Vec<TablePlan>,
    /// What must exist before the first run, in the order in which it can be created.
    pub definitions: Vec<Definition>,
}

/// What is done for one table.
#[derive(Clone, Debug)]
pub struct TablePlan {
    /// The table.
    pub table: TableId,
    /// The mart's own load, where the spec asks for it.
    pub load: Vec<Step>,
    /// The hooks of every cycle: open periods, and only keys that the batch touches.
    pub hooks: Vec<Step>,
    /// The nightly form: every period, every key.
    pub sweep: Vec<Step>,
    /// What the load and the hooks look at.
    pub cycle: Scope,
    /// What the sweep looks at.
    pub nightly: Scope,
}

/// The conditions that a table's statements share.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The periods whose history tables take part. Invariant: neighbours, oldest first.
    pub periods: Vec<PeriodId>,
    /// How a due row is known.
    pub due: Due,
    /// Whether copies of one key are compared by time too.
    pub versioned: bool,
    /// The raw table whose keys this table's versions are looked for; `None` means every key.
    pub batch: Option<TableId>,
    /// The keys whose rows a reactivation may have touched; `None` means every key.
    pub touched: Option<Touched>,
    /// The same of the parent, by the columns that children join; `None` means every key.
    pub parent_touched: Option<Touched>,
}

/// How a due row is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is older than the stored cutoff.
    ByCutoff,
    /// It stands in the list that the `due` step made.
    Listed,
}

/// Rows of a table that a cycle's batches touched: those in its own batch, and those that lead to a row in the batch of an
/// ancestor.
#[derive(Clone, Debug)]
pub struct Touched {
    /// The table.
    pub table: TableId,
    /// Its columns by which the rows are known.
    pub columns: Vec<ColumnId>,
    /// The way up, nearest ancestor first.
    pub ancestors: Vec<Hop>,
}

/// From a table to its parent.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The parent.
    pub parent: TableId,
    /// The child's columns, each with the parent's that it equals.
    pub on: Vec<(ColumnId, ColumnId)>,
}

/// A relation by its role; a vocabulary gives it a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The rolling table.
    Mart(TableId),
    /// The raw table.
    Source(TableId),
    /// The history table of a period.
    History(TableId, PeriodId),
    /// The work table that holds the cycle's cutoff.
    Cutoff(TableId),
    /// The work table that holds the newest time of keys that stand more than once.
    Versions(TableId),
    /// The work table that lists due rows.
    Due(TableId),
    /// The work table that holds when the last two cycles were completed.
    Cycles(TableId),
    /// A relation that a monitor compares a mart with.
    Compared(MonitorId),
    /// The exceptions table.
    Exceptions(ExceptionsId),
    /// The view over a mart and its history tables.
    AllRows(TableId),
}

impl Slot {
    /// The table of the spec that it belongs to; an exceptions table serves many.
    pub fn table(self) -> Option<TableId> {
        match self {
            Slot::Mart(table)
            | Slot::Source(table)
            | Slot::History(table, _)
            | Slot::Cutoff(table)
            | Slot::Versions(table)
            | Slot::Due(table)
            | Slot::Cycles(table)
            | Slot::AllRows(table) => Some(table),
            Slot::Exceptions(_) | Slot::Compared(_) => None,
        }
    }

    /// The real relation.
    ///
    /// # Panics
    ///
    /// On the raw table of a table that has none, and on what a monitor compares with if it compares with none; a plan has no
    /// such slot.
    pub fn relation(self, spec: &Spec) -> Relation {
        match self {
            Slot::Mart(table) => spec.table(table).relation.clone(),
            Slot::Source(table) => {
                spec.table(table).source.clone().expect("a plan reads the raw table of a spec that states one")
            }
            Slot::History(table, period) => spec.history(table, period),
            Slot::Cutoff(table) => spec.cutoff(table),
            Slot::Versions(table) => spec.versions(table),
            Slot::Due(table) => spec.due(table),
            Slot::Cycles(table) => spec.cycles(table),
            Slot::Compared(monitor) => match &spec.monitor(monitor).asks {
                Asks::Compare { with, .. } => with.clone(),
                _ => unreachable!("a plan compares where a monitor does"),
            },
            Slot::Exceptions(id) => spec.exceptions(id).relation.clone(),
            Slot::AllRows(table) => spec.all_rows(table),
        }
    }
}

/// Plans a project.
pub fn plan(spec: &Spec) -> Plan {
    let tables: Vec<_> = spec.tables().map(|(id, _)| steps::table(spec, id)).collect();
    Plan { definitions: definitions::definitions(spec), tables }
}
