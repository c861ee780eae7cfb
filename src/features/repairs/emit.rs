//! Writes repairs to `maintenance/repairs/`.

use serde::Serialize;

use crate::cycle::plan::Slot;
use crate::cycle::render::Statement;
use crate::features::layout::{Layout, OperationEntry};
use crate::features::operation::Operation;
use crate::features::repairs;
use crate::project::Spec;

/// The statements with which an operator repairs one key.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Repair {
    pub name: &'static str,
    pub model: Option<String>,
    pub statements: Vec<OperationEntry>,
}

pub(crate) fn emit(
    spec: &Spec,
    layout: &mut Layout<'_, '_>,
    plan: &repairs::Repair,
    statements: Vec<Statement<'_, Operation>>,
) -> Repair {
    let folder = match plan.table {
        Some(id) => format!("maintenance/repairs/{}", spec.table(id).model.value.as_str()),
        None => match plan.statements.first().map(|first| first.writes) {
            // A folder to run in the order of its files.
            Some(Slot::Erased(id)) => format!("maintenance/repairs/erase__{}", spec.exceptions_name(id)),
            _ => "maintenance/repairs".to_owned(),
        },
    };
    let statements = statements.into_iter().map(|statement| {
        let dbt = plan.table.map(|_| statement.dbt.clone());
        layout.operation(statement, &folder, dbt)
    });
    let statements = statements.collect();
    Repair { name: plan.name, model: plan.table.map(|id| spec.unique_id(id)), statements }
}
