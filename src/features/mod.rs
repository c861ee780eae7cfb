//! Features: all output that is not part of a cycle. Each feature has one folder with its YAML
//! types and its resolve, plan, render, verify and emit stages. Each function of this file has one
//! line per feature.
//!
//! Features depend on the cycle. The cycle reads of a feature only what the spec contains. A
//! project cannot replace the templates of features, so verify checks less than for a cycle.
//! Invariant: an operation is one statement, changes only the relation that it declares, and reads
//! only relations that it declares.

pub mod dbt;
pub mod erasure;
pub(crate) mod layout;
pub(crate) mod limit;
pub mod loads;
pub mod maintenance;
pub mod monitors;
pub mod only_when;
pub(crate) mod operation;
pub(crate) mod purge;
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

/// The operations of a project: every statement outside of its cycles, except windowed loads.
#[derive(Debug)]
pub(crate) struct Operations {
    pub(crate) raw_trims: Vec<raw_trims::RawTrim>,
    pub(crate) monitors: Vec<monitors::Monitor>,
    pub(crate) maintenance: Vec<maintenance::MaintenancePlan>,
    pub(crate) repairs: Vec<repairs::Repair>,
}

#[cfg(feature = "rehearse")]
impl Operations {
    /// The operations that change rows in a rehearsal: raw trims, and the repairs that erase a key.
    pub(crate) fn of_rehearsals(mut self) -> Self {
        self.monitors.clear();
        self.maintenance.clear();
        self.repairs.retain(|repair| repair.name == repairs::ERASE);
        self
    }
}

/// Plans every operation.
pub(crate) fn plan(spec: &Spec, cycle: &Plan) -> Operations {
    Operations {
        raw_trims: raw_trims::plan(spec, &cycle.tables),
        monitors: monitors::plan::plan(spec),
        maintenance: maintenance::plan(spec, &cycle.definitions),
        repairs: repairs::plan(spec),
    }
}

/// The rendered texts of every feature.
#[derive(Debug)]
pub(crate) struct Rendered<'p> {
    pub(crate) raw_trims: Vec<(&'p raw_trims::RawTrim, Statement<'p, Operation>)>,
    pub(crate) monitors: Vec<monitors::RenderedMonitor<'p>>,
    pub(crate) maintenance: Vec<maintenance::RenderedMaintenance<'p>>,
    pub(crate) repairs: Vec<(&'p repairs::Repair, Vec<Statement<'p, Operation>>)>,
    /// In the order of the project file.
    pub(crate) loads: Vec<loads::render::RenderedWindowedLoad>,
    pub(crate) runbooks: runbooks::Rendered,
}

/// Renders every feature.
pub(crate) fn render<'p>(spec: &Spec, cycle: &Plan, operations: &'p Operations) -> Result<Rendered<'p>, Diagnostics> {
    let mut failures = Failures::default();
    let mut rendered = rendered(spec, operations, &mut failures);
    rendered.loads = loads::render::render(spec, &mut failures);
    rendered.runbooks = runbooks::render::render(spec, cycle, &mut failures);
    failures.finish(rendered)
}

/// Renders operations only.
#[cfg(feature = "rehearse")]
pub(crate) fn render_operations<'p>(spec: &Spec, operations: &'p Operations) -> Result<Rendered<'p>, Diagnostics> {
    let mut failures = Failures::default();
    let rendered = rendered(spec, operations, &mut failures);
    failures.finish(rendered)
}

fn rendered<'p>(spec: &Spec, operations: &'p Operations, failures: &mut Failures) -> Rendered<'p> {
    let writer = &mut Writer::new(spec);
    let raw_trims = each(writer, failures, &operations.raw_trims, |writer, one| (one, raw_trims::render(writer, one)));
    let monitors = each(writer, failures, &operations.monitors, monitors::render::render);
    let maintenance = each(writer, failures, &operations.maintenance, maintenance::render::render);
    let repairs = each(writer, failures, &operations.repairs, |writer, one| (one, repairs::render(writer, one)));
    Rendered { raw_trims, monitors, maintenance, repairs, loads: Vec::new(), runbooks: runbooks::Rendered::default() }
}

/// Renders all operations of a feature.
fn each<'p, T: Sync, R: Send>(
    writer: &mut Writer<'_>,
    failures: &mut Failures,
    operations: &'p [T],
    render: impl Fn(&mut Writer<'_>, &'p T) -> R + Sync,
) -> Vec<R> {
    let spec = writer.spec;
    failures.each(
        operations,
        writer,
        || Writer::new(spec),
        |writer, failures, one| {
            let rendered = render(writer, one);
            *failures = writer.take_failures();
            rendered
        },
    )
}

/// Verifies every operation: it is one statement, changes the declared relation in the declared
/// way, and reads only declared relations.
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
    verify::declared(spec, &declared.collect::<Vec<_>>(), &mut sink);
    for (load, texts) in spec.loads.iter().zip(&rendered.loads) {
        loads::verify(load, texts, spec.dialect, &mut sink);
    }
    sink.finish(Some(rendered))
}

/// The emitted entries of the features. The manifest contains them.
#[derive(Debug)]
pub(crate) struct Emitted {
    pub(crate) raw_trims: Vec<raw_trims::emit::RawTrim>,
    pub(crate) monitors: Vec<monitors::emit::Monitor>,
    pub(crate) maintenance: Vec<maintenance::emit::Maintenance>,
    pub(crate) repairs: Vec<(Option<TableId>, repairs::emit::Repair)>,
    pub(crate) loads: Vec<loads::emit::WindowedLoadEntry>,
}

/// Emits the operations and the windowed loads. Run-books, dbt and the schedule are emitted later,
/// from the manifest.
pub(crate) fn emit<'s>(
    spec: &'s Spec,
    names: &mut Vocabulary<'s>,
    rendered: Rendered<'_>,
    files: &mut std::collections::BTreeMap<String, String>,
) -> (Emitted, runbooks::Rendered) {
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
