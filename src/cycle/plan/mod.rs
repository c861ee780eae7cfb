//! The plan: which statements run, in which order, and why. It has no SQL text, dialect or clock.
//!
//! Each [`Step`] describes one statement: the relation that it changes, the relations that it may
//! read, and its conditions. The render stage writes the SQL. The verify stage compares the SQL
//! with the step.

mod definitions;
mod grants;
mod indexes;
mod steps;

pub use crate::cycle::step::{StatementKind, Step, StepName};
pub use crate::cycle::verb::Verb;
pub use definitions::{Definition, DefinitionKind};
pub use grants::Grant;
pub(crate) use grants::of as grant_of;
pub(crate) use indexes::of_history as indexes_of_history;
pub use indexes::{Index, IndexKind};
pub(crate) use steps::{lists_due, lists_stale, reads_trimmed_raw};

use crate::features::monitors::Asks;
use crate::project::{ColumnId, ExceptionsId, MonitorId, PeriodId, Spec, TableId};
use crate::sql::Relation;

/// All statements of a project, in run order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// One entry per table, parents before children.
    pub tables: Vec<TablePlan>,
    /// The tables and views that must exist before the first run, in creation order.
    pub definitions: Vec<Definition>,
    /// The indexes of the tables.
    pub indexes: Vec<Index>,
    /// Who may read the tables and views.
    pub grants: Vec<Grant>,
}

/// The statements of one table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TablePlan {
    /// The table.
    pub table: TableId,
    /// The load of the mart. It is empty if the spec has no `incremental:`.
    pub load: Vec<Step>,
    /// The hooks of a cycle. They read open periods, and only the keys of the batch.
    pub hooks: Vec<Step>,
    /// The hooks of the nightly sweep. They read every period and every key.
    pub sweep: Vec<Step>,
    /// The scope of the load and the hooks.
    pub cycle: Scope,
    /// The scope of the sweep.
    pub nightly: Scope,
}

/// The conditions that the statements of a table share.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The periods whose history tables the statements use. Invariant: adjacent, oldest first.
    pub periods: Vec<PeriodId>,
    /// How the statements find due rows.
    pub due: Due,
    /// Whether rows of one key are also compared by time.
    pub versioned: bool,
    /// The keys that the batches touch. `None`: every key.
    pub touched: Option<Touched>,
    /// The same for the parent, by the columns that the child joins. `None`: every key.
    pub parent_touched: Option<Touched>,
}

/// How statements find due rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Due {
    /// A row is due if it is older than the stored cutoff.
    ByCutoff,
    /// A row is due if the list of the `due` step contains it.
    Listed,
}

/// The rows of a table that the batches of a cycle touch: rows in the batch of the table, and rows
/// that join, over their parents, to a row in the batch of an ancestor.
#[derive(Clone, Debug)]
pub struct Touched {
    /// The table.
    pub table: TableId,
    /// The columns that identify the rows.
    pub columns: Vec<ColumnId>,
    /// The joins to the ancestors, nearest ancestor first.
    pub ancestors: Vec<Hop>,
}

impl Touched {
    /// The columns of the ancestor after `length` joins that have the values of
    /// [`Touched::columns`]. `None` if a join does not compare all of these columns. With such
    /// columns, the batch of the ancestor has the touched keys, and no mart has to be read.
    pub(crate) fn in_batch_of(&self, length: usize) -> Option<Vec<ColumnId>> {
        let through =
            |column: ColumnId, hop: &Hop| hop.on.iter().find(|(ours, _)| *ours == column).map(|&(_, theirs)| theirs);
        let up = |column: &ColumnId| self.ancestors[..length].iter().try_fold(*column, through);
        self.columns.iter().map(up).collect()
    }
}

/// A join from a table to its parent.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The parent.
    pub parent: TableId,
    /// Pairs of equal columns: the child's column, then the parent's column.
    pub on: Vec<(ColumnId, ColumnId)>,
}

/// A relation by its role. A vocabulary gives the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Slot {
    /// The rolling table.
    Mart(TableId),
    /// The raw table.
    Raw(TableId),
    /// The history table of a period.
    History(TableId, PeriodId),
    /// The work table that holds the cycle's cutoff.
    Cutoff(TableId),
    /// The work table that lists stale rows: key, time and place.
    Stale(TableId),
    /// The work table that lists due rows.
    Due(TableId),
    /// The work table that holds the completion times of the last two cycles.
    Cycles(TableId),
    /// The table that counts the rows of each purge.
    Purged(TableId),
    /// The relation that a monitor compares with a mart.
    Compared(MonitorId),
    /// The exceptions table.
    Exceptions(ExceptionsId),
    /// The table that lists erased keys, beside an exceptions table.
    Erased(ExceptionsId),
    /// The view over a mart and its history tables that has each key once.
    AllRows(TableId),
    /// The view over a mart and its history tables that has every copy of a row.
    Copies(TableId),
}

impl Slot {
    /// The views of a table. A purged table has none.
    pub(crate) fn views(spec: &Spec, table: TableId) -> impl Iterator<Item = Slot> + use<> {
        let views = [Slot::AllRows(table), Slot::Copies(table)];
        let number = if spec.table(table).is_purged() { 0 } else { views.len() };
        views.into_iter().take(number)
    }

    /// Whether the relation is a view of the project.
    pub(crate) fn is_view(self) -> bool {
        matches!(self, Slot::AllRows(_) | Slot::Copies(_))
    }

    /// The table of the spec that owns the relation. `None` for an exceptions table and its list of
    /// erased keys, which many tables share, and for the relation that a monitor compares.
    pub fn table(self) -> Option<TableId> {
        match self {
            Slot::Mart(table)
            | Slot::Raw(table)
            | Slot::History(table, _)
            | Slot::Cutoff(table)
            | Slot::Stale(table)
            | Slot::Due(table)
            | Slot::Cycles(table)
            | Slot::Purged(table)
            | Slot::AllRows(table)
            | Slot::Copies(table) => Some(table),
            Slot::Exceptions(_) | Slot::Erased(_) | Slot::Compared(_) => None,
        }
    }

    /// The relation as the spec names it.
    ///
    /// # Panics
    ///
    /// If the table has no raw table, if the exceptions table has no list of erased keys, or if the
    /// monitor does not compare relations. Invariant: a plan has no such slot.
    pub fn relation(self, spec: &Spec) -> Relation {
        match self {
            Slot::Mart(table) => spec.table(table).relation.clone(),
            Slot::Raw(table) => {
                spec.table(table).raw.clone().expect("a plan reads a raw table only if the spec has one")
            }
            Slot::History(table, period) => spec.history(table, period),
            Slot::Cutoff(table) => spec.cutoff(table),
            Slot::Stale(table) => spec.stale(table),
            Slot::Due(table) => spec.due(table),
            Slot::Cycles(table) => spec.cycles(table),
            Slot::Purged(table) => spec.purged(table),
            Slot::Compared(monitor) => match &spec.monitor(monitor).asks {
                Asks::Compare { with, .. } => with.clone(),
                _ => unreachable!("a plan has a compared relation only for a monitor that compares"),
            },
            Slot::Exceptions(id) => spec.exceptions(id).relation.clone(),
            Slot::Erased(id) => {
                let erased = spec.exceptions(id).erased.as_ref();
                erased.expect("a plan names a list of erased keys only if the spec has one").relation.clone()
            }
            Slot::AllRows(table) => spec.all_rows(table),
            Slot::Copies(table) => spec.copies(table),
        }
    }
}

/// Plans a project.
pub fn plan(spec: &Spec) -> Plan {
    let tables: Vec<_> = spec.tables().map(|(id, _)| steps::table(spec, id)).collect();
    let definitions = definitions::definitions(spec);
    Plan { indexes: indexes::indexes(spec), grants: grants::grants(spec, &definitions), definitions, tables }
}
