//! The statements of a cycle or a sweep, in the order and the groups in which they are committed.

use crate::rehearse::program::{Stage, Statement};
use crate::rehearse::story::Regime;

/// A statement of a run, and what it is committed with.
pub(super) struct Scheduled<'a> {
    pub(super) table: usize,
    pub(super) statement: &'a Statement,
    /// Statements of one group are one transaction; `None` commits alone.
    pub(super) group: Option<usize>,
    /// Whether the table's load is complete after it.
    pub(super) ends_load: bool,
    pub(super) begins_hooks: bool,
    pub(super) ends_hooks: bool,
}

/// The statements of a run, grouped as its regime commits them.
pub(super) fn schedule<'a>(stage: &'a Stage, regime: Regime, is_cycle: bool) -> Vec<Scheduled<'a>> {
    let mut statements = Vec::new();
    for (table, routine) in stage.program.tables.iter().enumerate() {
        let (load, hooks) = if is_cycle { (&routine.load[..], &routine.hooks) } else { (&[][..], &routine.sweep) };
        let loads = regime == Regime::Table;
        let last = |number: usize, of: usize| number + 1 == of;
        statements.extend(load.iter().enumerate().map(|(number, statement)| Scheduled {
            table,
            statement,
            group: loads.then_some(table),
            ends_load: last(number, load.len()),
            begins_hooks: false,
            ends_hooks: false,
        }));
        statements.extend(hooks.iter().enumerate().map(|(number, statement)| Scheduled {
            table,
            statement,
            group: (regime != Regime::Statement).then_some(table),
            ends_load: false,
            begins_hooks: number == 0,
            ends_hooks: last(number, hooks.len()),
        }));
    }
    statements
}
