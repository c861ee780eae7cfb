//! The statements of a cycle or a sweep, in order, with their transactions.

use crate::rehearse::program::Statement;
use crate::rehearse::stage::Stage;
use crate::rehearse::story::CommitUnit;

/// A statement of a run, with its transaction.
pub(super) struct Scheduled<'a> {
    pub(super) table: usize,
    pub(super) statement: &'a Statement,
    /// Statements of one group are one transaction. `None`: the statement commits alone.
    pub(super) group: Option<usize>,
    /// Whether the load of the table is complete after this statement.
    pub(super) ends_load: bool,
    pub(super) begins_hooks: bool,
    pub(super) ends_hooks: bool,
}

/// Returns the statements of a run, grouped by transaction.
pub(super) fn schedule<'a>(stage: &'a Stage, commit_unit: CommitUnit, is_cycle: bool) -> Vec<Scheduled<'a>> {
    let mut statements = Vec::new();
    for (table, routine) in stage.program.tables.iter().enumerate() {
        let (load, hooks) = if is_cycle { (&routine.load[..], &routine.hooks) } else { (&[][..], &routine.sweep) };
        let includes_load = commit_unit == CommitUnit::Table;
        let is_last = |number: usize, count: usize| number + 1 == count;
        statements.extend(load.iter().enumerate().map(|(number, statement)| Scheduled {
            table,
            statement,
            group: includes_load.then_some(table),
            ends_load: is_last(number, load.len()),
            begins_hooks: false,
            ends_hooks: false,
        }));
        statements.extend(hooks.iter().enumerate().map(|(number, statement)| Scheduled {
            table,
            statement,
            group: (commit_unit != CommitUnit::Statement).then_some(table),
            ends_load: false,
            begins_hooks: number == 0,
            ends_hooks: is_last(number, hooks.len()),
        }));
    }
    statements
}
