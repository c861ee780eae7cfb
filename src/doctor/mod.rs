//! Compares a live database with a project, and only reads.
//!
//! What is asked are catalogues, open exceptions and the project's own monitors; every question runs in a transaction that the server
//! itself keeps from writing.

mod exceptions;
mod live;
mod monitors;
mod questions;
mod relations;
mod surroundings;

use crate::artifacts::Artifacts;
use crate::connect::Connection;
use crate::cycle::plan::Plan;
use crate::diagnostic::{Diagnostics, Sink};
use crate::error::Error;
use crate::features::{self, Operations};
use crate::project::Spec;

/// What a look at a database gave.
#[derive(Debug)]
pub struct Checkup {
    /// Everything that is wrong, will be, or is worth knowing, at the line of the project that it is about.
    pub findings: Diagnostics,
    /// The database's name.
    pub database: String,
    /// How many relations were held against the project.
    pub relations: usize,
    /// How many monitors were asked.
    pub asked: usize,
    /// Monitors that were not, each with the reason.
    pub not_asked: Vec<(String, String)>,
}

/// Looks at the database behind a URL, or a list of `key=value` pairs, which is never shown; `password` is for one that holds none. `spec`
/// and `artifacts` are those of one compilation, for PostgreSQL or Redshift. `asks` is told what is asked next.
///
/// # Errors
///
/// If nobody answers, or it is another engine than the project's.
pub fn doctor(
    spec: &Spec,
    artifacts: &Artifacts,
    (url, password): (&str, Option<&str>),
    asks: &mut dyn FnMut(&str),
) -> Result<Checkup, Error> {
    let Some(server) = spec.dialect.rules().server() else {
        let message =
            format!("the doctor looks at PostgreSQL and Redshift; the project is compiled for {}", spec.dialect);
        return Err(Error::Usage(message));
    };
    let mut connection = Connection::open(url, password)?;
    if let Some(session) = server.session {
        connection.run(session)?;
    }
    let mut asker = live::Asker::new(spec, &mut connection, asks);
    let plan = crate::cycle::plan::plan(spec);
    let operations = features::plan(spec, &plan);
    let live = live::look(spec, &plan, &operations, artifacts.manifest(), &mut asker)?;
    Ok(examine(spec, &plan, &operations, artifacts, live))
}

/// What is to be said of what was seen.
fn examine(spec: &Spec, plan: &Plan, operations: &Operations, artifacts: &Artifacts, live: live::Live) -> Checkup {
    let mut sink = Sink::default();
    let relations = relations::report(spec, plan, operations, &live, &mut sink);
    surroundings::report(spec, &live, &mut sink);
    exceptions::report(spec, &live, &mut sink);
    monitors::report(spec, operations, artifacts.manifest(), &live, &mut sink);
    Checkup {
        findings: sink.into_findings(),
        database: live.database,
        relations,
        asked: live.answers.iter().filter(|answer| matches!(answer, live::Answer::Rows(_))).count(),
        not_asked: monitors::not_asked(artifacts.manifest(), &live.answers),
    }
}

/// A length of time as people say it, in its largest unit.
fn ago(seconds: u64) -> String {
    let parts = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let largest = parts.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
    let (unit, name) = parts[largest];
    let number = seconds / unit;
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {name}{plural}")
}
