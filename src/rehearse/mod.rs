//! Runs compiled statements on a real engine through simulated years, with stops before any
//! statement, and checks the laws.
//!
//! A rehearsal of a [`Project`] runs stories. A story depends only on the spec and a seed. It has
//! rows that are new, newer, late, corrected, redelivered, incomplete, in the future or exactly on
//! a bound. It has holds, rotations and sealing, and cycles that stop at any statement and start
//! again. An oracle knows the delivered rows, but no statements. It reads the tables and reports
//! broken laws. A story that breaks a law is shortened to a counterexample.
//!
//! ```
//! use rowkeep::{Dialect, Inputs};
//! use rowkeep::rehearse::{DuckDb, Engine, Options, Project, rehearse};
//!
//! let inputs = Inputs::new("rowkeep.yml", r#"
//! name: shop
//! dialect: redshift
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
//! let project = Project::new(&inputs, Dialect::DuckDb).unwrap();
//! let options = Options { seeds: 0..2, cycles: 6, ..Options::default() };
//! let open = || Ok(Box::new(DuckDb::open()?) as Box<dyn Engine>);
//! let report = rehearse(&project, &options, &open, &|_| {}).unwrap();
//! assert!(report.is_clean());
//! assert_eq!(report.ledger[0].model, "mart_orders");
//! ```

mod clock;
mod computed;
mod counterexample;
mod engine;
mod external;
mod facts;
mod one_list;
mod oracle;
mod program;
mod random;
mod raw_table;
mod report;
mod run;
mod schedule;
mod shrink;
mod stage;
mod state;
mod story;
mod value;
mod workload;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub use counterexample::{Counterexample, Happening, Movement};
pub use engine::{DuckDb, Engine, Postgres, Record};
pub use external::{ExternalRun, Turn, rehearse_external};
pub use oracle::Law;
pub use program::{Program, Project, Routine, Statement};
pub use report::{Archived, Ledger, Report, Verdict};
pub use run::Counts;

use crate::error::Error;
use run::{Outcome, run_story};
use stage::Stages;

/// Options of a rehearsal.
pub struct Options<'a> {
    /// One story runs for each of these seeds.
    pub seeds: Range<u64>,
    /// The number of cycles in a story. About one in eight is left out.
    pub cycles: usize,
    /// The number of stories that run in parallel, each on its own engine.
    pub workers: usize,
    /// Whether the rehearsal ends at the first broken law, without counterexamples.
    pub until_broken: bool,
    /// Changes every program before it runs, to test that the laws notice.
    pub alter: &'a (dyn Fn(&mut Program) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { seeds: 0..10, cycles: 24, workers: 1, until_broken: false, alter: &|_| {} }
    }
}

/// Opens a new engine for each caller.
pub type Open<'a> = dyn Fn() -> Result<Box<dyn Engine>, Error> + Sync + 'a;

/// Rehearses a project. Each worker calls `progress` after a story, with the number of finished
/// stories.
///
/// # Errors
///
/// An engine could not be opened or refused a statement, or the project cannot be rehearsed. A
/// broken law is not an error.
pub fn rehearse(
    project: &Project,
    options: &Options<'_>,
    open: &Open<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Report, Error> {
    project.can_be_rehearsed()?;
    let outcomes = run_all(project, options, open, progress)?;
    let mut broken_by: BTreeMap<Law, Vec<u64>> = BTreeMap::new();
    for (seed, outcome) in &outcomes {
        for law in outcome.broken.keys() {
            broken_by.entry(*law).or_default().push(*seed);
        }
    }
    let mut counterexamples = BTreeMap::new();
    if !options.until_broken && !broken_by.is_empty() {
        let mut engine = open()?;
        let mut stages = Stages::new(project, options.alter);
        for (law, seeds) in &broken_by {
            let Some((seed, found)) =
                seeds.first().and_then(|seed| Some((*seed, outcomes.get(seed)?.broken.get(law)?)))
            else {
                continue;
            };
            let story = project.story(seed, options.cycles);
            let (story, found) = shrink::shrink(&mut *engine, project, &mut stages, story, found.clone());
            let example = counterexample::explain(&mut *engine, project, &mut stages, seed, &story, &found)?;
            counterexamples.insert(*law, example);
        }
    }
    let laws = Law::ALL.map(|law| Verdict {
        law,
        code: law.code(),
        title: law.title(),
        broken_by: broken_by.remove(&law).unwrap_or_default(),
        counterexample: counterexamples.remove(&law),
    });
    let accounts: Vec<_> = outcomes.values().map(|outcome| outcome.ledger.clone()).collect();
    Ok(Report {
        project: project.name().to_owned(),
        dialect: project.dialect().as_str(),
        first_seed: options.seeds.start,
        seeds: u64::try_from(outcomes.len()).unwrap_or(u64::MAX),
        cycles: options.cycles,
        done: outcomes.values().fold(Counts::default(), |sum, outcome| sum.plus(outcome.counts)),
        ledger: Ledger::of(project, &accounts),
        laws: laws.into(),
    })
}

/// Runs every story, several in parallel. The outcome does not depend on the number of workers.
fn run_all(
    project: &Project,
    options: &Options<'_>,
    open: &Open<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<BTreeMap<u64, Outcome>, Error> {
    let next = AtomicU64::new(options.seeds.start);
    // One more than the lowest seed that failed, or that broke a law with `until_broken`. No seed
    // from here on starts.
    let end = AtomicU64::new(options.seeds.end);
    let done = AtomicU64::new(0);
    let results: Mutex<BTreeMap<u64, Result<Outcome, Error>>> = Mutex::default();
    let work = || {
        let mut engine: Option<Box<dyn Engine>> = None;
        let mut stages = Stages::new(project, options.alter);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            let mut run_one = || {
                let engine = match &mut engine {
                    Some(engine) => engine,
                    none => none.insert(open()?),
                };
                let story = project.story(seed, options.cycles);
                let outcome = run_story(&mut **engine, project, &mut stages, &story, None, None);
                outcome.map_err(|error| match error {
                    Error::Engine { engine, why } => {
                        Error::Engine { engine, why: format!("in the story of seed {seed}, {why}") }
                    }
                    other => other,
                })
            };
            let outcome = run_one();
            let ends = match &outcome {
                Ok(outcome) => options.until_broken && !outcome.broken.is_empty(),
                Err(_) => true,
            };
            if ends {
                end.fetch_min(seed + 1, Ordering::Relaxed);
            }
            // A poisoned lock means that a worker panicked, and its panic is reported when it is
            // joined.
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(seed, outcome);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.workers.max(1) {
            scope.spawn(work);
        }
    });
    let end = end.into_inner();
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.into_iter().filter(|(seed, _)| *seed < end).map(|(seed, outcome)| Ok((seed, outcome?))).collect()
}
