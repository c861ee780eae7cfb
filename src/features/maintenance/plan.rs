//! Plans the maintenance of marts.

use crate::cycle::plan::{Slot, Verb};
use crate::dialect::MaintenanceKind;
use crate::features::operation::Operation;
use crate::project::{Spec, TableId};

/// Maintenance of one mart.
#[derive(Clone, Debug)]
pub struct MaintenancePlan {
    /// The kind of maintenance.
    pub run: MaintenanceKind,
    /// The table.
    pub table: TableId,
    /// The interval, in seconds.
    pub every: u64,
    /// The statement.
    pub statement: Operation,
    /// A query that returns a row if the maintenance must run. If the user has no permission to run
    /// the query, the maintenance runs anyway.
    pub condition: Option<Operation>,
}

/// Plans the maintenance of all marts, in the order of the project.
pub(crate) fn plan(spec: &Spec) -> Vec<MaintenancePlan> {
    let mut all = Vec::new();
    // The numbers have one width, so that the order of names is the run order.
    let most: usize = spec.maintenance.iter().map(|stated| stated.tables.len()).sum();
    let width = most.to_string().len().max(2);
    for stated in &spec.maintenance {
        if spec.dialect.rules().maintenance(stated.run).is_none() {
            continue;
        }
        for &id in &stated.tables {
            let (mart, model, word) = (Slot::Mart(id), spec.table(id).model.value.as_str(), stated.run.as_str());
            let (verb, reason) = match stated.run {
                MaintenanceKind::Vacuum => {
                    (Verb::Vacuum, "free the space of deleted rows, and sort the rest if the table has a sort key")
                }
                MaintenanceKind::VacuumDelete => (Verb::Vacuum, "free the space of deleted rows"),
                MaintenanceKind::VacuumSort => (Verb::Vacuum, "sort new rows"),
                MaintenanceKind::Analyze => (Verb::Analyze, "refresh the statistics of the planner"),
            };
            let name = format!("{:0width$}_{word}_{model}", all.len() + 1);
            let condition = stated.unsorted_more_than.and(spec.dialect.rules().table_info()).map(|_| {
                let reason = "returns a row if more rows are unsorted than allowed";
                Operation::new(
                    format!("{name}__when"),
                    "maintenance/when.sql.j2",
                    Verb::Select,
                    mart,
                    Vec::new(),
                    reason,
                )
            });
            let statement = Operation::new(name, "maintenance/run.sql.j2", verb, mart, Vec::new(), reason);
            all.push(MaintenancePlan { run: stated.run, table: id, every: stated.every, statement, condition });
        }
    }
    all
}
