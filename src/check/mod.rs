//! CI's gate: what was committed is what compiles, nothing was restructured unawares, and the periods reach far enough.
//!
//! Nothing here reads a file or a clock: whoever asks brings what was committed, and the day that it is.

mod drift;
mod edges;
mod restructure;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::features::dbt::check::DbtProject;
pub use edges::{Edges, edges};
pub use restructure::{Restructuring, restructured};

use crate::artifacts::{Artifacts, MANIFEST};
use crate::diagnostic::{Diagnostics, Sink};
use crate::features;
pub use crate::project::Day;
use crate::project::Spec;
use crate::source::Inputs;

/// What a project is checked against.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// The day that it is; without one, nothing is said about the horizon.
    pub today: Option<Day>,
    /// How many days before the horizon a warning is given.
    pub warn_days: u32,
    /// The artifacts as they were committed; without them, nothing is said about drift.
    pub committed: Option<&'a Committed>,
    /// A dbt project that is to run what compiles; without one, nothing is said about hooks.
    pub dbt: Option<&'a DbtProject>,
    /// What may have been restructured since.
    pub allow: &'a BTreeSet<Restructuring>,
}

/// Artifacts as they were found.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// What the folder is called.
    pub folder: String,
    /// Its files by path, as [`Artifacts::files`] has them: the manifest, and those below [`FOLDERS`](crate::FOLDERS).
    pub files: BTreeMap<String, String>,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// Everything that is wrong, will be, or is worth knowing.
    pub findings: Diagnostics,
    /// Between which days rows have a period, by table; empty if the project does not compile.
    pub edges: Vec<Edges>,
    /// How many files compile; none if the project does not.
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
/// let checked = check(&inputs, &Options { today: Some(today), warn_days: 60, committed: None, dbt: None, allow: &BTreeSet::new() });
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
    features::loads::check::report(&spec, &mut sink);
    let edges = edges(&spec);
    edges::report(&spec, &edges, options, &mut sink);
    Checked { findings: sink.into_findings(), edges, files: artifacts.files().len() }
}

fn committed(spec: &Spec, artifacts: &Artifacts, options: &Options<'_>, sink: &mut Sink) {
    let Some(committed) = options.committed else { return };
    if let Some(manifest) = committed.files.get(MANIFEST) {
        restructure::report(spec, manifest, options.allow, sink);
    }
    drift::report(spec, artifacts, committed, sink);
}
