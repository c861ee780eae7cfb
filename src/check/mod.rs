//! The check for CI: the committed artifacts are current, no change leaves archived rows behind,
//! and the horizon is far enough.
//!
//! This module reads no files and no clock. The caller passes the committed files and the current
//! day.

mod drift;
mod edges;
mod layout;
mod restructure;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::features::dbt::check::DbtProject;
pub use edges::{Edges, edges};
pub(crate) use edges::{drifted_period, rotation};
pub use restructure::{Restructuring, UnknownRestructuring, restructured};

use crate::artifacts::{Artifacts, MANIFEST};
use crate::diagnostic::{Diagnostics, Sink};
use crate::features;
pub use crate::project::Day;
use crate::project::Spec;
use crate::source::Inputs;

/// What to check a project against.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// The current day. Without it, the check does not judge the horizon.
    pub today: Option<Day>,
    /// The number of days before the horizon in which the check warns.
    pub warn_days: u32,
    /// The committed artifacts. Without them, the check does not look for drift.
    pub committed: Option<&'a Committed>,
    /// The manifest of an earlier version of the project. The check refuses changes since then that
    /// leave archived rows behind. Without it, the check refuses changes since the committed
    /// manifest. A change that was compiled with `allow` is in that manifest already.
    pub against: Option<&'a str>,
    /// The dbt project that must run the compiled hooks. Without it, the check does not look at
    /// hooks.
    pub dbt: Option<&'a DbtProject>,
    /// The kinds of restructuring that are allowed.
    pub allow: &'a BTreeSet<Restructuring>,
}

/// The committed artifacts.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// The name of the folder in messages.
    pub folder: String,
    /// Its files by path, as in [`Artifacts::files`]: the manifest, and the files below
    /// [`FOLDERS`](crate::artifacts::FOLDERS).
    pub files: BTreeMap<String, String>,
}

/// The result of a check.
#[derive(Debug)]
pub struct Checked {
    /// Errors, warnings and notes.
    pub findings: Diagnostics,
    /// The edges of the periods, by table. Empty if the project does not compile.
    pub edges: Vec<Edges>,
    /// The number of files that compile. 0 if the project does not compile.
    pub files: usize,
}

/// Checks a project.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use rowkeep::Inputs;
/// use rowkeep::check::{Options, check};
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let today = "2026-03-01".parse().unwrap();
/// let checked = check(&inputs, &Options { today: Some(today), warn_days: 60, committed: None, against: None, dbt: None, allow: &BTreeSet::new() });
/// assert_eq!(checked.edges[0].horizon.unwrap().to_string(), "2026-04-01");
/// assert!(checked.findings.iter().any(|finding| finding.message().contains("2026-04-01")));
/// assert!(checked.findings.is_clean());
/// ```
pub fn check(inputs: &Inputs, options: &Options<'_>) -> Checked {
    let compiled = crate::resolve(inputs).and_then(|spec| {
        let artifacts = crate::compile_spec(&spec, inputs)?;
        Ok((spec, artifacts))
    });
    let (spec, artifacts) = match compiled {
        Ok(compiled) => compiled,
        Err(findings) => return Checked { findings, edges: Vec::new(), files: 0 },
    };
    let mut sink = Sink::default();
    committed(&spec, &artifacts, options, &mut sink);
    if let Some(project) = options.dbt {
        features::dbt::check::report(&spec, &artifacts, project, &mut sink);
    }
    features::raw_trims::check::report(&spec, &mut sink);
    features::only_when::check::report(&spec, &mut sink);
    features::loads::check::report(&spec, &mut sink);
    layout::report(&spec, &mut sink);
    let edges = edges(&spec);
    edges::report(&spec, &edges, options, &mut sink);
    Checked { findings: sink.into_findings(), edges, files: artifacts.files().len() }
}

fn committed(spec: &Spec, artifacts: &Artifacts, options: &Options<'_>, sink: &mut Sink) {
    let of_folder = options.committed.and_then(|committed| committed.files.get(MANIFEST)).map(String::as_str);
    if let Some(manifest) = options.against.or(of_folder) {
        restructure::report(spec, manifest, options.allow, sink);
    }
    if let Some(committed) = options.committed {
        drift::report(spec, artifacts, committed, sink);
    }
}
