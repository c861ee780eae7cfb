//! A story that somebody else runs: dbt, which has the statements in a form of its own, and the clock that everybody has.

use std::collections::BTreeMap;

use crate::artifacts::Artifacts;
use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::oracle::{After, Law};
use crate::rehearse::program::{Project, Stages};
use crate::rehearse::run::{Counts, Telling};
use crate::rehearse::state::read;
use crate::rehearse::story::{Event, Hold, Run};
use crate::rehearse::value::SECOND;

/// What somebody else is asked to do.
#[derive(Debug)]
pub enum Turn<'a> {
    /// The project lists other periods from now on, and this is what it compiles to. Relations that are missing must be created.
    Periods(&'a Artifacts),
    /// A cycle: every table's load and hooks, in run order.
    Cycle,
    /// The nightly sweep.
    Sweep,
}

/// What came of a story that somebody else ran.
#[derive(Clone, Debug)]
pub struct ToldBy {
    /// The laws that were broken, each with what was wrong the first time.
    pub broken: BTreeMap<Law, String>,
    /// How much was done; statements are not counted.
    pub counts: Counts,
}

/// Tells the story of a seed. Stops and what happens in the middle of a run are left out: where somebody else stops is his own
/// affair. `clock` gives seconds since 1970, UTC; the project's periods must lie so far back that the story ends before.
///
/// # Errors
///
/// If the engine refused, or whoever runs it failed. A broken law is no error.
pub fn rehearse_by(
    project: &Project,
    (seed, cycles): (u64, usize),
    engine: &mut dyn Engine,
    clock: &dyn Fn() -> i64,
    by: &mut dyn FnMut(Turn<'_>) -> Result<(), Error>,
) -> Result<ToldBy, Error> {
    project.can_be_rehearsed()?;
    let story = project.story(seed, cycles);
    let alter = |_: &mut _| {};
    let mut stages = Stages::new(project, &alter);
    stages.begin(engine)?;
    let facts = stages.facts();
    let mut telling = Telling::begin(engine, project, &mut stages, &facts, None)?;
    by(Turn::Periods(&project.artifacts(project.listed)?))?;
    for (event, number) in story.events.iter().zip(0..) {
        telling.event = number;
        match event {
            Event::Deliver(delivery) => telling.deliver(delivery, number),
            Event::Periods(periods) => {
                by(Turn::Periods(&project.artifacts(*periods)?))?;
                telling.stage = stages.of(*periods)?;
                telling.listed = *periods;
            }
            Event::Hold(hold) => {
                telling.now = clock() * SECOND;
                telling.hold(&Hold { at: telling.now, ..*hold })?;
            }
            Event::Cycle(run) => {
                telling.run_by(run, After::Cycle, clock, by)?;
                telling.raw_table.trim(telling.engine, telling.facts, &run.trim_raw)?;
            }
            Event::Sweep(run) => telling.run_by(run, After::Sweep, clock, by)?,
        }
    }
    let broken = telling.told.broken.into_iter().map(|(law, found)| {
        let table = &facts.tables[found.broken.table].model;
        (law, format!("event {}, {table}, key {:?}: {}", found.event, found.broken.key, found.broken.what))
    });
    Ok(ToldBy { broken: broken.collect(), counts: telling.told.counts })
}

impl Telling<'_> {
    fn run_by(
        &mut self,
        run: &Run,
        after: After,
        clock: &dyn Fn() -> i64,
        by: &mut dyn FnMut(Turn<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_cycle = after == After::Cycle;
        self.raw_table.flush(self.engine, self.facts)?;
        let began = clock() * SECOND;
        let mut once = || by(if is_cycle { Turn::Cycle } else { Turn::Sweep });
        once()?;
        // A clock that counts seconds has seen the whole of the last one.
        self.now = (clock() + 1) * SECOND;
        self.clocks.fill((began, self.now));
        if is_cycle {
            self.told.counts.cycles += 1;
            self.accept(&mut (0..self.facts.tables.len()).collect());
        } else {
            self.told.counts.sweeps += 1;
        }
        self.look(after)?;
        if run.twice {
            let before = read(self.engine, self.facts, &self.stage)?;
            once()?;
            let between = read(self.engine, self.facts, &self.stage)?;
            let mut broken = self.oracle.changed(&before, &between, began);
            if before != between && broken.is_empty() {
                once()?;
                let at_last = read(self.engine, self.facts, &self.stage)?;
                broken = self.oracle.changed(&between, &at_last, i64::MAX);
            }
            self.found(broken);
        }
        Ok(())
    }
}
