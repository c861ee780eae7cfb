//! Runs compiled statements on a real engine through simulated years, stops before any of them, and checks the laws.

mod engine;
mod facts;
mod oracle;
mod program;
mod random;
mod state;
mod story;
mod tell;
mod value;
mod workload;

pub use engine::{DuckDb, Engine, Postgres, Record};
pub use oracle::Law;
pub use program::{Program, Project, Routine, Statement};

/// x
pub fn trial(project: &Project, engine: &mut dyn Engine, seed: u64, cycles: usize) -> Result<String, crate::Error> {
    let alter = |_: &mut Program| {};
    let mut stages = program::Stages::new(project, &alter);
    let story = workload::story(&project.facts, &project.calendar, project.listed, seed, cycles);
    let told = tell::tell(engine, project, &mut stages, &story, None, None)?;
    Ok(format!("{:?}\n{:#?}\n{:?}", told.counts, told.broken, told.ledger))
}
