//! Writes maintenance to `maintenance/marts/`, and to `maintenance/work/` for work tables and
//! exceptions tables.

use serde::Serialize;

use crate::cycle::plan::Slot;
use crate::features::layout::{Layout, OperationEntry};
use crate::features::maintenance::render::RenderedMaintenance;
use crate::project::Spec;

/// Maintenance of one table.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Maintenance {
    pub run: &'static str,
    pub model: String,
    pub every_seconds: u64,
    pub statement: OperationEntry,
    pub condition: Option<Condition>,
}

/// The condition under which a maintenance runs.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Condition {
    /// A query that returns a row if the maintenance must run.
    pub statement: OperationEntry,
    /// What to do if the user has no permission to run the query.
    pub if_refused: &'static str,
}

pub(crate) fn emit(spec: &Spec, layout: &mut Layout<'_, '_>, maintenance: RenderedMaintenance<'_>) -> Maintenance {
    let folder = match maintenance.plan.statement.writes {
        Slot::Mart(_) => "maintenance/marts",
        _ => "maintenance/work",
    };
    let condition = maintenance
        .condition
        .map(|statement| Condition { statement: layout.operation(statement, folder, None), if_refused: "run" });
    Maintenance {
        run: maintenance.plan.run.as_str(),
        model: spec.unique_id(maintenance.plan.table),
        every_seconds: maintenance.plan.every,
        statement: layout.operation(maintenance.run, folder, None),
        condition,
    }
}
