//! Writes monitors to `monitors/`.

use serde::Serialize;

use crate::features::layout::{Layout, OperationEntry};
use crate::features::monitors::render::RenderedMonitor;
use crate::project::Spec;

/// A query that must return no rows.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Monitor {
    pub name: String,
    pub kind: &'static str,
    pub model: Option<String>,
    pub severity: &'static str,
    pub exception_type: Option<String>,
    pub every_seconds: u64,
    /// `cycle` or `sweep`: what must have completed before the monitor runs.
    pub after: &'static str,
    pub window: Window,
    pub find: OperationEntry,
    pub record: Option<OperationEntry>,
    pub resolve: Option<OperationEntry>,
    pub other_system: Option<OtherSystem>,
}

/// A time window.
#[derive(Clone, Copy, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Window {
    pub within_seconds: Option<u64>,
    pub until_seconds: Option<u64>,
}

/// The query for another system.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct OtherSystem {
    pub sql: String,
    pub path: String,
}

pub(crate) fn emit(spec: &Spec, layout: &mut Layout<'_, '_>, monitor: RenderedMonitor<'_>) -> Monitor {
    let plan = monitor.plan;
    let for_dbt = plan.find.parameters.is_empty();
    let other_system = monitor.other_system.map(|sql| {
        let path = format!("monitors/{}__other_system.sql", plan.name);
        layout.files.insert(path.clone(), format!("{sql}\n"));
        OtherSystem { sql, path }
    });
    let dbt = for_dbt.then(|| monitor.find.dbt.clone());
    Monitor {
        name: plan.name.clone(),
        kind: plan.kind.as_str(spec),
        model: plan.table.map(|id| spec.unique_id(id)),
        severity: plan.severity.as_str(),
        exception_type: plan.exception_type.clone(),
        every_seconds: plan.every,
        after: if plan.after_sweep { "sweep" } else { "cycle" },
        window: Window { within_seconds: plan.window.within, until_seconds: plan.window.until },
        find: layout.operation(monitor.find, "monitors", dbt),
        record: monitor.record.map(|record| layout.operation(record, "monitors", None)),
        resolve: monitor.resolve.map(|resolve| layout.operation(resolve, "monitors", None)),
        other_system,
    }
}
