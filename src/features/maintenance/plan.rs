//! Plans the maintenance of marts, work tables and exceptions tables.

use std::collections::BTreeSet;

use crate::cycle::plan::{Definition, DefinitionKind, Slot, Verb};
use crate::dialect::MaintenanceKind;
use crate::features::maintenance::Maintenance;
use crate::features::operation::Operation;
use crate::project::{Spec, TableId};

/// Maintenance of one mart, work table or exceptions table.
#[derive(Clone, Debug)]
pub struct MaintenancePlan {
    /// The kind of maintenance.
    pub run: MaintenanceKind,
    /// The table of the mart or work table. For an exceptions table: the first that uses it.
    pub table: TableId,
    /// The interval, in seconds.
    pub every: u64,
    /// The statement.
    pub statement: Operation,
    /// A query that returns a row if the maintenance must run. If the user has no permission to run
    /// the query, the maintenance runs anyway.
    pub condition: Option<Operation>,
}

/// Plans all maintenance: that of the marts in the order of the project, then that of other tables.
pub(crate) fn plan(spec: &Spec, definitions: &[Definition]) -> Vec<MaintenancePlan> {
    let entries = || spec.maintenance.iter().filter(|stated| spec.dialect.rules().maintenance(stated.run).is_some());
    let marts = entries().flat_map(|stated| stated.tables.iter().map(move |&id| (stated, id, Slot::Mart(id))));
    let beside = entries().flat_map(|stated| {
        beside(spec, stated, definitions).into_iter().map(move |(table, slot)| (stated, table, slot))
    });
    // Two entries of one kind can have models with one exceptions table.
    let mut planned = BTreeSet::new();
    let is_first = |(stated, _, slot): &(&Maintenance, TableId, Slot)| planned.insert((stated.run.as_str(), *slot));
    let all: Vec<_> = marts.chain(beside).filter(is_first).collect();
    // The numbers have one width, so that the order of names is the run order.
    let width = all.len().to_string().len().max(2);
    let one = |(number, (stated, table, slot)): (usize, (&Maintenance, TableId, Slot))| {
        let of = match slot {
            Slot::Mart(id) => spec.table(id).model.value.as_str().to_owned(),
            slot => slot.relation(spec).name().as_str().to_owned(),
        };
        let name = format!("{:0width$}_{}_{of}", number + 1, stated.run.as_str());
        let condition = stated.unsorted_more_than.and(spec.dialect.rules().table_info()).map(|_| {
            let reason = "returns a row if more rows are unsorted than allowed";
            let name = format!("{name}__when");
            Operation::new(name, "maintenance/when.sql.j2", Verb::Select, slot, Vec::new(), reason)
        });
        let (verb, reason) = match stated.run {
            MaintenanceKind::Vacuum => {
                (Verb::Vacuum, "free the space of deleted rows, and sort the rest if the table has a sort key")
            }
            MaintenanceKind::VacuumDelete => (Verb::Vacuum, "free the space of deleted rows"),
            MaintenanceKind::VacuumSort => (Verb::Vacuum, "sort new rows"),
            MaintenanceKind::Analyze => (Verb::Analyze, "refresh the statistics of the planner"),
        };
        let statement = Operation::new(name, "maintenance/run.sql.j2", verb, slot, Vec::new(), reason);
        MaintenancePlan { run: stated.run, table, every: stated.every, statement, condition }
    };
    all.into_iter().enumerate().map(one).collect()
}

/// The work tables and exceptions tables of the marts of an entry. Each cycle deletes and writes
/// their rows. An entry that only sorts, or that has a condition, is for marts only.
fn beside(spec: &Spec, stated: &Maintenance, definitions: &[Definition]) -> Vec<(TableId, Slot)> {
    if stated.run == MaintenanceKind::VacuumSort || stated.unsorted_more_than.is_some() {
        return Vec::new();
    }
    let first_with = |id| stated.tables.iter().copied().find(|&table| spec.table(table).exceptions == id);
    let owner = |definition: &Definition| match (definition.kind, definition.creates) {
        (DefinitionKind::Work, slot) => slot.table().filter(|table| stated.tables.contains(table)),
        (DefinitionKind::Exceptions, Slot::Exceptions(id) | Slot::Erased(id)) => first_with(id),
        _ => None,
    };
    definitions.iter().filter_map(|definition| Some((owner(definition)?, definition.creates))).collect()
}
