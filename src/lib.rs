//! Rowkeep compiles retention. From a list of periods and one small spec per table, it writes every
//! SQL statement that moves old rows out of a mart into history tables, one table per period.
//!
//! This crate is the library behind the `rowkeep` command. The compiler works in memory: it takes
//! texts and returns texts. It reads no file, no clock and no environment variable.
//!
//! | to | use |
//! |---|---|
//! | compile a project inside a program | [`compile`] |
//! | read a project folder | [`project::folder::open`] |
//! | fail a CI job when committed files are out of date | [`check`](check::check) |
//! | preview a change before you deploy it | [`diff`](diff::diff) |
//! | verify SQL of your own | [`Verifier`] |
//! | choose what is built | [feature flags](#feature-flags) |
//!
//! # Compile a project
//!
//! A project is one or more YAML texts: `rowkeep.yml`, the periods, and one spec per table. Small
//! projects put everything into `rowkeep.yml`. Give the texts to [`Inputs`] and call [`compile`].
//! The result has one file per statement, and a manifest that lists the statements in run order.
//!
//! ```
//! use rowkeep::{Inputs, Style};
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
//! let compilation = rowkeep::compile(&inputs).map_err(|errors| errors.render(&inputs, Style::Plain)).unwrap();
//!
//! // A file name starts with the number of its step.
//! let archive = compilation.get("compiled/mart_orders/08_archive__2025_h2.sql").unwrap();
//! assert!(archive.contains("INSERT INTO analytics.hist_orders_2025_h2 (order_id, state, updated_at)"));
//! assert!(archive.contains("_m.updated_at >= TIMESTAMP '2025-07-01 00:00:00' AND _m.updated_at < TIMESTAMP '2026-01-01 00:00:00'"));
//!
//! // The manifest has the same statements, in run order.
//! let hooks = &compilation.manifest().nodes["model.shop.mart_orders"].post_hooks;
//! assert_eq!(hooks.first().unwrap().name, "01_cutoff_check");
//! assert_eq!(hooks.last().unwrap().name, "10_safety_check");
//! ```
//!
//! # Read a project folder
//!
//! With the feature `files`, [`project::folder::open`] reads `rowkeep.yml` and every file that it
//! names, and returns the [`Inputs`]. [`project::folder::find`] searches for the folder, from a
//! start folder upwards.
//!
//! ```no_run
//! # #[cfg(feature = "files")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//!
//! use rowkeep::project::folder;
//!
//! let path = folder::find(Path::new("."))?;
//! let project = folder::open(&path, &|path| path.display().to_string())?;
//! let compilation = rowkeep::compile(&project.inputs)?;
//! println!("{} files for {}", compilation.files().len(), project.out.display());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "files"))]
//! # fn main() {}
//! ```
//!
//! # Show errors
//!
//! A stage reports all of its errors at once, as [`Diagnostics`]. Each has a code, a place in a
//! text, and often a help that names the edit.
//!
//! ```
//! use rowkeep::{Inputs, Style};
//!
//! let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: postgre\nschema: s\nperiods: []\nexceptions: x\ntables: []\n");
//! let errors = rowkeep::compile(&inputs).unwrap_err();
//! let text = errors.render(&inputs, Style::Plain);
//! assert!(text.contains("error[RK107]"), "{text}");
//! assert!(text.contains("did you mean `postgres`?"), "{text}");
//! ```
//!
//! # Gate a CI job
//!
//! [`check`](check::check) compiles the project and compares the result with the committed files.
//! It also warns before due rows reach a date without a period. The caller supplies the committed
//! files and the date. Fail the job if the findings are not [clean](Diagnostics::is_clean).
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use rowkeep::check::{Committed, Options, check};
//! # let inputs = rowkeep::Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
//!
//! let mut files = rowkeep::compile(&inputs).unwrap().files().clone();
//! // A user edits an artifact by hand.
//! files.insert("compiled/mart/09_trim__2025.sql".to_owned(), "DELETE FROM s.mart\n".to_owned());
//!
//! let committed = Committed { folder: "target/rowkeep".to_owned(), files };
//! let checked = check(&inputs, &Options {
//!     today: Some("2026-03-01".parse().unwrap()),
//!     warn_days: 60,
//!     committed: Some(&committed),
//!     against: None,
//!     dbt: None,
//!     allow: &BTreeSet::new(),
//! });
//! assert!(checked.findings.iter().any(|finding| finding.code().as_str() == "RK701"));
//! ```
//!
//! # Preview a change
//!
//! [`diff`](diff::diff) compares two versions of a project. The [`Preview`](diff::Preview) lists
//! the consequences, destructive ones first, then new tables, redirected rows and changed
//! statements. Its method `markdown` renders it for a pull request. This example adds the next
//! period with [`rotate`](rotate::rotate).
//!
//! ```
//! use rowkeep::diff::{How, diff};
//! use rowkeep::rotate::{Rotation, rotate};
//! # let before = rowkeep::Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
//!
//! let Ok(Rotation::Added { inputs: after, .. }) = rotate(&before, None, None, None) else { panic!("no next period") };
//! let preview = diff(&before, &after).unwrap();
//! assert_eq!(preview.created[0].relation, "s.hist_2026");
//! assert_eq!(preview.flows[0].from.as_deref(), Some("2026-04-01"));
//! assert_eq!(preview.count(How::Dropped), 0);
//! ```
//!
//! # Inspect the plan
//!
//! [`compile`] runs several stages. Two of them are public: [`resolve`] returns the valid [`Spec`],
//! and [`plan`](cycle::plan::plan()) returns the steps in run order, each with its reason.
//!
//! ```
//! use rowkeep::cycle::plan::StepName;
//! # let inputs = rowkeep::Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
//!
//! let spec = rowkeep::resolve(&inputs).unwrap();
//! let plan = rowkeep::cycle::plan::plan(&spec);
//! let trim = plan.tables[0].hooks.iter().find(|step| step.kind.step() == StepName::Trim).unwrap();
//! assert_eq!(trim.kind.reason(), "delete due rows whose copy, equal in every column, is in the history table");
//! ```
//!
//! # Feature flags
//!
//! For the in-memory compiler alone, use `default-features = false`.
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `files` | yes, with `cli` | [`project::folder`]: reads project folders |
//! | `cli` | yes | the `rowkeep` command; includes `files` |
//! | `lint` | yes | [`lint`]: finds the traps in SQL that anyone wrote |
//! | `doctor` | no | `rowkeep doctor`: compares a live database with the project, over PostgreSQL's protocol with TLS |
//! | `rehearse` | no | `rowkeep rehearse`: runs the compiled statements on real engines; includes `doctor`; needs a prebuilt DuckDB library |
//! | `bundled` | no | builds DuckDB from source, which takes long; includes `rehearse` |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod artifacts;
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "doctor")]
mod connect;
pub mod cycle;
pub mod diagnostic;
mod dialect;
pub mod diff;
#[cfg(feature = "doctor")]
pub mod doctor;
pub mod erase;
mod error;
pub mod features;
#[cfg(feature = "lint")]
pub mod lint;
mod parallel;
pub mod project;
#[cfg(feature = "rehearse")]
pub mod rehearse;
pub mod report;
pub mod rotate;
pub mod source;
pub mod sql;
pub mod trace;
mod verify;

pub use diagnostic::{Code, Diagnostics, Style};
pub use dialect::Dialect;
pub use error::{Cause, Error};
pub use project::Spec;
pub use source::Inputs;
pub use verify::Verifier;

use artifacts::{Artifacts, manifest};
use cycle::plan::{Plan, plan};

/// The result of a compilation: the valid spec, the plan and the files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compilation {
    spec: Spec,
    plan: Plan,
    artifacts: Artifacts,
}

impl Compilation {
    /// The valid spec of the project. Every name in it is resolved.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The plan: the statements of every table, in run order, each with its reason.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The files and the manifest.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// Every file by path. Paths are sorted.
    pub fn files(&self) -> &std::collections::BTreeMap<String, String> {
        self.artifacts.files()
    }

    /// The text of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.artifacts.get(path)
    }

    /// The manifest: the compiled statements, in run order.
    pub fn manifest(&self) -> &manifest::Manifest {
        self.artifacts.manifest()
    }

    /// Takes the files and the manifest.
    pub fn into_artifacts(self) -> Artifacts {
        self.artifacts
    }
}

/// Compiles a project in memory.
///
/// # Errors
///
/// All errors of the first stage that fails. The [crate documentation](crate) has an example.
pub fn compile(inputs: &Inputs) -> Result<Compilation, Diagnostics> {
    compile_watched(inputs, &mut |_| {})
}

/// [`compile`] for benchmarks: calls `ended` with the name of each stage when the stage ends.
///
/// # Errors
///
/// The same as [`compile`].
#[doc(hidden)]
pub fn compile_watched(inputs: &Inputs, ended: &mut dyn FnMut(&'static str)) -> Result<Compilation, Diagnostics> {
    let spec = resolve(inputs)?;
    ended("resolve");
    let (plan, artifacts) = stages(&spec, inputs, ended)?;
    Ok(Compilation { spec, plan, artifacts })
}

/// Compiles the files of a resolved spec.
fn compile_spec(spec: &Spec, inputs: &Inputs) -> Result<Artifacts, Diagnostics> {
    stages(spec, inputs, &mut |_| {}).map(|(_, artifacts)| artifacts)
}

/// Runs the stages after `resolve`: first the proven cycle, then the features.
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

/// Reads and resolves a project. [`compile`] does this before it plans.
///
/// # Errors
///
/// All errors of the first stage that fails.
///
/// ```
/// let inputs = rowkeep::Inputs::new("rowkeep.yml", "");
/// assert_eq!(rowkeep::resolve(&inputs).unwrap_err().iter().next().unwrap().code().as_str(), "RK105");
/// ```
pub fn resolve(inputs: &Inputs) -> Result<Spec, Diagnostics> {
    let files = project::read(inputs)?;
    project::resolve(&files, inputs.dialect())
}
