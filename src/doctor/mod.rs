//! Compares a live database with a project.
//!
//! The doctor queries catalogues, open exceptions and the monitors of the project.
//!
//! Invariant: every query runs in a transaction that the server has set to read only. Only
//! `explain` creates tables, in new schemas, and rolls them back.

mod column_types;
mod environment;
mod exceptions;
mod explain;
mod identities;
mod indexes;
mod live;
mod monitors;
mod queries;
mod raw;
mod relations;
mod surroundings;

use crate::artifacts::Artifacts;
use crate::connect::Connection;
use crate::cycle::plan::Plan;
use crate::diagnostic::{Diagnostics, Sink};
use crate::error::Error;
use crate::features::{self, Operations};
use crate::project::Spec;

pub use explain::{Explained, explain};

/// The result of a check of a database.
#[derive(Debug)]
pub struct Checkup {
    /// All findings: errors, warnings and notes, each at a line of the project.
    pub findings: Diagnostics,
    /// The name of the database.
    pub database: String,
    /// The number of relations of the project that were checked.
    pub relations: usize,
    /// The number of monitors that ran.
    pub asked: usize,
    /// Monitors that did not run, each with the reason.
    pub not_asked: Vec<(String, String)>,
    /// The reason why the plans of a cycle were not checked, if they were not.
    pub not_planned: Option<String>,
}

/// Checks the database of a URL, or of a list of `key=value` pairs. No message shows the URL.
/// `password` is used if the URL has none. `spec` and `artifacts` must come from one compilation,
/// for PostgreSQL or Redshift. `progress` is called before each query with its subject.
///
/// # Errors
///
/// The database does not answer, or it is another engine than that of the project.
pub fn doctor(
    spec: &Spec,
    artifacts: &Artifacts,
    (url, password): (&str, Option<&str>),
    progress: &mut dyn FnMut(&str),
) -> Result<Checkup, Error> {
    let mut connection = connect(spec, url, password)?;
    let mut reader = live::Reader::new(spec, &mut connection, progress);
    let plan = crate::cycle::plan::plan(spec);
    let operations = features::plan(spec, &plan);
    let live = live::read(spec, &plan, &operations, artifacts.manifest(), &mut reader)?;
    Ok(examine(spec, &plan, &operations, artifacts, live))
}

/// Opens a session with a server of the engine of the project.
fn connect(spec: &Spec, url: &str, password: Option<&str>) -> Result<Connection, Error> {
    let Some(server) = spec.dialect.rules().server() else {
        let message =
            format!("the doctor supports PostgreSQL and Redshift, but the project is compiled for {}", spec.dialect);
        return Err(Error::Usage(message));
    };
    let mut connection = Connection::open(url, password)?;
    if let Some(session) = server.session {
        connection.run(session)?;
    }
    Ok(connection)
}

/// Reports the findings about the state of the database.
fn examine(spec: &Spec, plan: &Plan, operations: &Operations, artifacts: &Artifacts, live: live::Live) -> Checkup {
    let mut sink = Sink::default();
    let relations = relations::report(spec, plan, operations, &live, &mut sink);
    raw::report(spec, &live, &mut sink);
    indexes::report(spec, plan, &live, &mut sink);
    surroundings::report(spec, &live, &mut sink);
    identities::report(spec, &live, &mut sink);
    environment::report(spec, &live, &mut sink);
    exceptions::report(spec, &live, &mut sink);
    monitors::report(spec, operations, artifacts.manifest(), &live, &mut sink);
    Checkup {
        findings: sink.into_findings(),
        database: live.database,
        relations,
        asked: live.answers.iter().filter(|answer| matches!(answer, live::Answer::Rows(_))).count(),
        not_asked: monitors::not_run(artifacts.manifest(), &live.answers),
        not_planned: live.not_planned,
    }
}

/// A length of time as text, in its largest unit.
fn duration_text(seconds: u64) -> String {
    let parts = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let largest = parts.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
    let (unit, name) = parts[largest];
    let number = seconds / unit;
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {name}{plural}")
}
