//! What is compiled besides the cycles, one folder per feature: its YAML, how it is resolved,
//! planned, rendered, laid out and checked. A feature is registered here, by one line in each
//! function.
//!
//! Features build on the cycle. The cycle knows of them what the spec says, and no more. No project
//! can replace their templates, so less is asked of their statements than of a cycle's: each is one
//! statement that changes the relation that it declares, and reads no relation that it does not.

pub mod dbt;
pub(crate) mod layout;
pub mod loads;
pub mod maintenance;
pub mod monitors;
pub(crate) mod operation;
pub mod raw_trims;
pub mod repairs;
pub mod runbooks;
pub mod schedule;
pub(crate) mod text;
pub mod tripwire;
pub(crate) mod writer;

use crate::cycle::plan::Plan;
use crate::cycle::render::{Failures, Statement, Vocabulary};
use crate::diagnostic::{Diagnostics, Sink};
use crate::project::{Spec, TableId};
use crate::verify;

use layout::Layout;
use operation::Operation;
use writer::Writer;

/// The operations of a project: all that runs outside of its cycles, but for windowed loads.
#[derive(Debug)]
pub(crate) struct Operations {
    pub(crate) raw_trims: Vec<raw_trims::RawTrim>,
    pub(crate) monitors: Vec<monitors::Monitor>,
    pub(crate) maintenance: Vec<maintenance::MaintenancePlan>,
    pub(crate) repairs: Vec<repairs::Repair>,
}

/// Plans every operation.
pub(crate) fn plan(spec: &Spec, cycle: &Plan) -> Operations {
    Operations {
        raw_trims: raw_trims::plan(spec, &cycle.tables),
        monitors: monitors::plan::plan(spec),
        maintenance: maintenance::plan(spec),
        repairs: repairs::plan(spec),
    }
}

/// The texts of every feature.
#[derive(Debug)]
pub(crate) struct Rendered<'p> {
    pub(crate) raw_trims: Vec<(&'p raw_trims::RawTrim, Statement<'p, Operation>)>,
    pub(crate) monitors: Vec<monitors::RenderedMonitor<'p>>,
    pub(crate) maintenance: Vec<maintenance::RenderedMaintenance<'p>>,
    pub(crate) repairs: Vec<(&'p repairs::Repair, Vec<Statement<'p, Operation>>)>,
    /// In the order of the project.
    pub(crate) loads: Vec<loads::render::RenderedLoad>,
    /// By name.
    pub(crate) runbooks: Vec<(&'static str, String)>,
}

/// Renders every feature.
pub(crate) fn render<'p>(spec: &Spec, cycle: &Plan, operations: &'p Operations) -> Result<Rendered<'p>, Diagnostics> {
    let mut failures = Failures::default();
    let mut writer = Writer::new(spec, &mut failures);
    let raw_trims = operations.raw_trims.iter().map(|trim| (trim, raw_trims::render(&mut writer, trim))).collect();
    let monitors = operations.monitors.iter().map(|one| monitors::render::render(&mut writer, one)).collect();
    let maintenance = operations.maintenance.iter().map(|one| maintenance::render::render(&mut writer, one)).collect();
    let repairs = operations.repairs.iter().map(|one| (one, repairs::render(&mut writer, one))).collect();
    let loads = loads::render::render(spec, &mut failures);
    let runbooks = runbooks::render::render(spec, cycle, &mut failures);
    failures.finish(Rendered { raw_trims, monitors, maintenance, repairs, loads, runbooks })
}

/// Holds every operation against what it declares: it is one statement, has that effect on that
/// relation, and touches no other than those that it reads.
pub(crate) fn verify<'p>(spec: &Spec, rendered: Rendered<'p>) -> Result<Rendered<'p>, Diagnostics> {
    let mut sink = Sink::default();
    let trims = rendered.raw_trims.iter().map(|(_, trim)| trim);
    let monitors = rendered.monitors.iter();
    let monitors = monitors.flat_map(|one| std::iter::once(&one.find).chain(&one.record).chain(&one.resolve));
    let maintenance = rendered.maintenance.iter().flat_map(|one| std::iter::once(&one.run).chain(&one.condition));
    let repairs = rendered.repairs.iter().flat_map(|(_, statements)| statements);
    let all = trims.chain(monitors).chain(maintenance).chain(repairs);
    let declared = all.map(|statement| verify::Declared {
        name: &statement.step.name,
        verb: statement.step.verb,
        writes: statement.step.writes,
        reads: &statement.step.reads,
        template: statement.step.template,
        sql: &statement.sql,
    });
    verify::declared(spec, declared, &mut sink);
    for (load, texts) in spec.loads.iter().zip(&rendered.loads) {
        loads::verify(load, texts, spec.dialect, &mut sink);
    }
    sink.finish(Some(rendered))
}

/// What is laid out of the features, for the manifest and for those features that are made of it.
#[derive(Debug)]
pub(crate) struct Emitted {
    pub(crate) raw_trims: Vec<raw_trims::emit::RawTrim>,
    pub(crate) monitors: Vec<monitors::emit::Monitor>,
    pub(crate) maintenance: Vec<maintenance::emit::Maintenance>,
    pub(crate) repairs: Vec<(Option<TableId>, repairs::emit::Repair)>,
    pub(crate) loads: Vec<loads::emit::Load>,
}

/// Lays the operations and the windowed loads out. Run-books, dbt and the schedule come last: they
/// are made of the manifest.
pub(crate) fn emit<'s>(
    spec: &'s Spec,
    names: &mut Vocabulary<'s>,
    rendered: Rendered<'_>,
    files: &mut std::collections::BTreeMap<String, String>,
) -> (Emitted, Vec<(&'static str, String)>) {
    let mut layout = Layout { names, files };
    let trims = rendered.raw_trims.into_iter();
    let trims = trims.map(|(plan, statement)| raw_trims::emit::emit(spec, &mut layout, plan, statement)).collect();
    let monitors = rendered.monitors.into_iter();
    let monitors = monitors.map(|one| monitors::emit::emit(spec, &mut layout, one)).collect();
    let maintenance = rendered.maintenance.into_iter();
    let maintenance = maintenance.map(|one| maintenance::emit::emit(spec, &mut layout, one)).collect();
    let repairs = rendered.repairs.into_iter();
    let repairs = repairs
        .map(|(plan, statements)| (plan.table, repairs::emit::emit(spec, &mut layout, plan, statements)))
        .collect();
    let loads = loads::emit::emit(spec, rendered.loads, layout.files);
    (Emitted { raw_trims: trims, monitors, maintenance, repairs, loads }, rendered.runbooks)
}
