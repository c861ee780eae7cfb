//! Rowkeep compiles retention. From one list of periods and one small spec per table it writes every SQL statement that moves
//! ageing rows out of a rolling mart table into period history tables.
//!
//! This is the library behind the `rowkeep` command. It compiles in memory: texts in, texts out, with no file system, clock or
//! environment. Take it with `default-features = false` to leave the command line out.
//!
//! # A first project
//!
//! A project is one YAML text, or several: `rowkeep.yml`, the periods, and one spec per table.
//!
//! ```
//! use rowkeep::Inputs;
//!
//! let inputs = Inputs::new("rowkeep.yml", r#"
//! name: shop
//! dialect: postgres
//! schema: analytics
//! periods: [2025_h2, 2026_h1]
//! exceptions: shop_exceptions
//! tables:
//!   - model: mart_orders
//!     history: hist_orders
//!     unique_key: order_id
//!     time: { column: updated_at }
//!     rows: latest
//!     retention: { for: 180 days }
//!     exception: ORDERS_GAP
//!     columns: { order_id: bigint not null, state: text, updated_at: timestamp }
//! "#);
//!
//! let compilation = rowkeep::compile(&inputs).map_err(|wrong| wrong.render(&inputs, rowkeep::Style::Plain)).unwrap();
//!
//! // One file per statement, in folders by model; a step's number is part of its name.
//! let archive = compilation.get("compiled/mart_orders/08_archive__2025_h2.sql").unwrap();
//! assert!(archive.contains("INSERT INTO analytics.hist_orders_2025_h2 (order_id, state, updated_at)"));
//! assert!(archive.contains("m.updated_at >= TIMESTAMP '2025-07-01 00:00:00' AND m.updated_at < TIMESTAMP '2026-01-01 00:00:00'"));
//!
//! // The manifest says the same to programs, in the order in which it runs.
//! let hooks = &compilation.manifest().nodes["model.shop.mart_orders"].post_hooks;
//! assert_eq!(hooks.first().unwrap().name, "01_cutoff_clear");
//! assert_eq!(hooks.last().unwrap().name, "10_safety_check");
//! ```
//!
//! # When something is wrong
//!
//! All that a stage finds wrong comes at once, as [`Diagnostics`] with a code, the line, and the edit that helps.
//!
//! ```
//! use rowkeep::{Inputs, Style};
//!
//! let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: postgre\nschema: s\nperiods: []\nexceptions: x\ntables: []\n");
//! let wrong = rowkeep::compile(&inputs).unwrap_err();
//! let text = wrong.render(&inputs, Style::Plain);
//! assert!(text.contains("error[RK107]"), "{text}");
//! assert!(text.contains("did you mean `postgres`?"), "{text}");
//! ```
//!
//! # Stages
//!
//! [`compile`] is a chain of free functions, each with an output type of its own. The first two links are public too:
//! [`resolve`] gives the valid [`Spec`], and [`plan`](plan()) the ordered steps, each with its reason.
//!
//! ```
//! # let inputs = rowkeep::Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
//! let spec = rowkeep::resolve(&inputs).unwrap();
//! let plan = rowkeep::plan(&spec);
//! let trim = plan.tables[0].hooks.iter().find(|step| step.name == rowkeep::cycle::plan::StepName::Trim).unwrap();
//! assert_eq!(trim.kind.reason(), "delete due rows whose copy, equal in key and time, is in a history table");
//! ```

mod artifacts;
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "doctor")]
mod connect;
pub mod cycle;
mod diagnostic;
mod dialect;
mod diff;
#[cfg(feature = "doctor")]
pub mod doctor;
mod error;
pub mod features;
pub mod project;
#[cfg(feature = "rehearse")]
pub mod rehearse;
mod report;
mod rotate;
mod source;
pub mod sql;
pub mod trace;
mod verify;

pub use artifacts::{Artifacts, FOLDERS, MANIFEST, manifest};
pub use cycle::plan::{Plan, plan};
pub use diagnostic::{Code, Diagnostic, Diagnostics, Format, Level, Style};
pub use dialect::Dialect;
pub use diff::{
    Changed, Consequence, EdgeChange, Flow, How, MARKER, Preview, Relation, Uncompiled, Weight, diff, diff_without,
};
pub use error::Error;
pub use features::runbooks::{RUNBOOKS, Runbook, runbook};
pub use features::schedule::SCHEDULE;
pub use project::{Spec, json_schema};
pub use report::{ReportOptions, report};
pub use rotate::{Refused, Rotation, rotate};
pub use source::{Inputs, Spanned};

/// What a compilation gives: the valid project, its plan, and the files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compilation {
    spec: Spec,
    plan: Plan,
    artifacts: Artifacts,
}

impl Compilation {
    /// The valid project: every name resolves, every bound fits.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The statements of every table, in order, each with its reason.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The files by path, and the manifest.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// Every file by its path, in the order of paths.
    pub fn files(&self) -> &std::collections::BTreeMap<String, String> {
        self.artifacts.files()
    }

    /// The contents of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.artifacts.get(path)
    }

    /// What the files hold, in the order in which it runs.
    pub fn manifest(&self) -> &manifest::Manifest {
        self.artifacts.manifest()
    }

    /// The files by path, and the manifest.
    pub fn into_artifacts(self) -> Artifacts {
        self.artifacts
    }
}

/// Compiles a project in memory.
///
/// # Errors
///
/// All that the first failing stage found wrong with the input. See the [crate documentation](crate) for an example.
pub fn compile(inputs: &Inputs) -> Result<Compilation, Diagnostics> {
    compile_watched(inputs, &mut |_| {})
}

/// [`compile`], for benchmarks: is told the name of each stage as it ends.
///
/// # Errors
///
/// As [`compile`].
#[doc(hidden)]
pub fn compile_watched(inputs: &Inputs, ended: &mut dyn FnMut(&'static str)) -> Result<Compilation, Diagnostics> {
    let spec = resolve(inputs)?;
    ended("resolve");
    let (plan, artifacts) = stages(&spec, inputs, ended)?;
    Ok(Compilation { spec, plan, artifacts })
}

/// The files of a spec that is resolved already.
fn compile_spec(spec: &Spec, inputs: &Inputs) -> Result<Artifacts, Diagnostics> {
    stages(spec, inputs, &mut |_| {}).map(|(_, artifacts)| artifacts)
}

/// The chain of stages behind `resolve`: the proven cycle first, then the features.
fn stages(spec: &Spec, inputs: &Inputs, ended: &mut dyn FnMut(&'static str)) -> Result<(Plan, Artifacts), Diagnostics> {
    let plan = plan(spec);
    ended("plan");
    let rendered = cycle::render::render(spec, &plan, inputs)?;
    ended("render");
    let verified = verify::verify(spec, rendered, inputs);
    ended("verify");
    let operations = features::plan(spec, &plan);
    let rendered = features::render(spec, &plan, &operations)?;
    ended("render features");
    let checked = features::verify(spec, rendered);
    ended("verify features");
    let (verified, checked) = diagnostic::both(verified, checked)?;
    let artifacts = artifacts::emit(spec, verified, checked, inputs);
    ended("emit");
    Ok((plan, artifacts))
}

/// Reads and resolves a project: what [`compile`] does before it plans.
///
/// # Errors
///
/// All that the first failing stage found wrong with the input.
///
/// ```
/// let inputs = rowkeep::Inputs::new("rowkeep.yml", "");
/// assert_eq!(rowkeep::resolve(&inputs).unwrap_err().iter().next().unwrap().code().as_str(), "RK105");
/// ```
pub fn resolve(inputs: &Inputs) -> Result<Spec, Diagnostics> {
    let files = project::read(inputs)?;
    project::resolve(&files, inputs.dialect())
}
