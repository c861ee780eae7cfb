//! Runs compiled statements on a real engine through simulated years, stops before any of them, and checks the laws.
//!
//! A [`Project`] is rehearsed by telling it stories. A story is made from the spec and a seed alone: rows that are new, newer,
//! late, corrected, redelivered, incomplete, from the future, on every bound; holds, rotations, sealing; cycles that stop
//! anywhere and start again. An oracle looks at the tables, knowing what was delivered and nothing of the statements, and says
//! which law is broken. A story that breaks one is cut down until a person understands it in one reading.
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

mod counterexample;
mod engine;
mod external;
mod facts;
mod oracle;
mod program;
mod random;
mod raw_table;
mod report;
mod run;
mod schedule;
mod shrink;
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
pub use external::{ToldBy, Turn, rehearse_by};
pub use oracle::Law;
pub use program::{Program, Project, Routine, Statement};
pub use report::{Archived, Ledger, Report, Verdict};
pub use run::Counts;

use crate::error::Error;
use program::Stages;
use run::{Told, tell};

/// What to rehearse.
pub struct Options<'a> {
    /// The seeds whose stories are told.
    pub seeds: Range<u64>,
    /// How long a story is: so many cycles, of which about one in eight is left out.
    pub cycles: usize,
    /// How many stories are told side by side, each on an engine of its own.
    pub workers: usize,
    /// Whether a broken law ends it: what is left out then is cutting the story down.
    pub until_broken: bool,
    /// Changes every program before it runs: to see that the laws notice.
    pub alter: &'a (dyn Fn(&mut Program) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { seeds: 0..10, cycles: 24, workers: 1, until_broken: false, alter: &|_| {} }
    }
}

/// Opens an engine of its own for whoever asks.
pub type Open<'a> = dyn Fn() -> Result<Box<dyn Engine>, Error> + Sync + 'a;

/// Rehearses a project. `progress` is called after each story with how many are done, by whichever worker told it.
///
/// # Errors
///
/// If an engine could not be opened, or refused a statement, or if the project cannot be rehearsed. A broken law is no error.
pub fn rehearse(
    project: &Project,
    options: &Options<'_>,
    open: &Open<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Report, Error> {
    project.can_be_rehearsed()?;
    let told = tell_all(project, options, open, progress)?;
    let mut broken_by: BTreeMap<Law, Vec<u64>> = BTreeMap::new();
    for (seed, told) in &told {
        for law in told.broken.keys() {
            broken_by.entry(*law).or_default().push(*seed);
        }
    }
    let mut counterexamples = BTreeMap::new();
    if !options.until_broken && !broken_by.is_empty() {
        let mut engine = open()?;
        let mut stages = Stages::new(project, options.alter);
        for (law, seeds) in &broken_by {
            let Some((seed, found)) = seeds.first().and_then(|seed| Some((*seed, told.get(seed)?.broken.get(law)?)))
            else {
                continue;
            };
            let story = project.story(seed, options.cycles);
            let (story, found) = shrink::shrink(&mut *engine, project, &mut stages, story, found.clone());
            let told = counterexample::explain(&mut *engine, project, &mut stages, seed, &story, &found)?;
            counterexamples.insert(*law, told);
        }
    }
    let laws = Law::ALL.map(|law| Verdict {
        law,
        code: law.code(),
        title: law.title(),
        broken_by: broken_by.remove(&law).unwrap_or_default(),
        counterexample: counterexamples.remove(&law),
    });
    let accounts: Vec<_> = told.values().map(|told| told.ledger.clone()).collect();
    Ok(Report {
        project: project.name().to_owned(),
        dialect: project.dialect().as_str(),
        first_seed: options.seeds.start,
        seeds: u64::try_from(told.len()).unwrap_or(u64::MAX),
        cycles: options.cycles,
        done: told.values().fold(Counts::default(), |sum, told| sum.with(told.counts)),
        ledger: Ledger::of(project, &accounts),
        laws: laws.into(),
    })
}

/// Tells every story, several side by side; the outcome does not depend on how many.
fn tell_all(
    project: &Project,
    options: &Options<'_>,
    open: &Open<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<BTreeMap<u64, Told>, Error> {
    let next = AtomicU64::new(options.seeds.start);
    // The lowest seed that broke a law or failed: with `until_broken`, no later one is begun.
    let end = AtomicU64::new(options.seeds.end);
    let done = AtomicU64::new(0);
    let results: Mutex<BTreeMap<u64, Result<Told, Error>>> = Mutex::default();
    let work = || {
        let mut engine: Option<Box<dyn Engine>> = None;
        let mut stages = Stages::new(project, options.alter);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            let mut one = || {
                let engine = match &mut engine {
                    Some(engine) => engine,
                    none => none.insert(open()?),
                };
                let story = project.story(seed, options.cycles);
                let told = tell(&mut **engine, project, &mut stages, &story, None, None);
                told.map_err(|error| match error {
                    Error::Engine { engine, why } => {
                        Error::Engine { engine, why: format!("in the story of seed {seed}, {why}") }
                    }
                    other => other,
                })
            };
            let told = one();
            let ends = match &told {
                Ok(told) => options.until_broken && !told.broken.is_empty(),
                Err(_) => true,
            };
            if ends {
                end.fetch_min(seed + 1, Ordering::Relaxed);
            }
            // A worker that panicked has already said so.
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(seed, told);
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
    results.into_iter().filter(|(seed, _)| *seed < end).map(|(seed, told)| Ok((seed, told?))).collect()
}
