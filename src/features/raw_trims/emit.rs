//! Writes the trims of raw tables to `maintenance/raw/`.

use serde::Serialize;

use crate::cycle::render::Statement;
use crate::features::layout::{Layout, OperationEntry};
use crate::features::operation::Operation;
use crate::features::raw_trims;
use crate::project::Spec;

/// The trim of a raw table.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct RawTrim {
    pub table: String,
    pub keep_seconds: u64,
    /// The nodes that must complete a cycle before.
    pub waits_for: Vec<String>,
    pub statement: OperationEntry,
}

pub(crate) fn emit(
    spec: &Spec,
    layout: &mut Layout<'_, '_>,
    plan: &raw_trims::RawTrim,
    statement: Statement<'_, Operation>,
) -> RawTrim {
    let raw_table = &spec.raw_tables[plan.raw_table];
    RawTrim {
        table: raw_table.relation.sql(spec.dialect),
        keep_seconds: raw_table.keep,
        waits_for: plan.readers.iter().map(|&id| spec.unique_id(id)).collect(),
        // There is no dbt form: a developer's target has its own marts, but shares the raw table.
        statement: layout.operation(statement, "maintenance/raw", None),
    }
}
