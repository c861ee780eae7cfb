//! Stories that an external runner runs, such as dbt, which has its own form of the statements and
//! uses the real clock.

use std::collections::BTreeMap;

use crate::artifacts::Artifacts;
use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::oracle::{After, Law};
use crate::rehearse::program::Project;
use crate::rehearse::run::{Counts, StoryRun};
use crate::rehearse::stage::Stages;
use crate::rehearse::state::read;
use crate::rehearse::story::{Erase, Event, Hold, Run};
use crate::rehearse::value::SECOND;

/// A task for the external runner.
#[derive(Debug)]
pub enum Turn<'a> {
    /// The list of periods changed, and the project now compiles to these artifacts. The runner
    /// must create missing relations.
    Periods(&'a Artifacts),
    /// Run a cycle: the load and the hooks of every table, in run order.
    Cycle,
    /// Run the nightly sweep.
    Sweep,
}

/// The outcome of a story that an external runner ran.
#[derive(Clone, Debug)]
pub struct ExternalRun {
    /// The broken laws, each with a description of the first break.
    pub broken: BTreeMap<Law, String>,
    /// Counts of what was run, without statements.
    pub counts: Counts,
}

/// Runs the story of a seed by an external runner. Stops, and holds that change during a run, are
/// left out, because the runner controls its own statements. `clock` returns seconds since 1970,
/// UTC. The periods of the project must be old enough that the story ends before that time.
///
/// # Errors
///
/// The engine refused a statement, or `runner` failed. A broken law is not an error.
pub fn rehearse_external(
    project: &Project,
    (seed, cycles): (u64, usize),
    engine: &mut dyn Engine,
    clock: &dyn Fn() -> i64,
    runner: &mut dyn FnMut(Turn<'_>) -> Result<(), Error>,
) -> Result<ExternalRun, Error> {
    project.can_be_rehearsed()?;
    let story = project.story(seed, cycles);
    let alter = |_: &mut _| {};
    let mut stages = Stages::new(project, &alter);
    stages.begin(engine)?;
    let facts = stages.facts();
    let mut story_run = StoryRun::begin(engine, project, &mut stages, &facts, None)?;
    runner(Turn::Periods(&project.artifacts(project.listed)?))?;
    for (event, number) in story.events.iter().zip(0..) {
        story_run.event = number;
        match event {
            Event::Deliver(delivery) => story_run.deliver(delivery, number),
            Event::Periods(periods) => {
                runner(Turn::Periods(&project.artifacts(*periods)?))?;
                story_run.stage = stages.of(*periods)?;
                story_run.listed = *periods;
            }
            Event::Hold(hold) => {
                story_run.now = clock() * SECOND;
                story_run.hold(&Hold { at: story_run.now, ..*hold })?;
            }
            Event::Erase(erase) => {
                story_run.now = clock() * SECOND;
                story_run.erase(&Erase { at: story_run.now, ..*erase })?;
            }
            Event::Cycle(run) => {
                story_run.run_externally(run, After::Cycle, clock, runner)?;
                story_run.raw_table.trim(story_run.engine, story_run.facts, &run.trim_raw)?;
            }
            Event::Sweep(run) => story_run.run_externally(run, After::Sweep, clock, runner)?,
        }
    }
    let broken = story_run.outcome.broken.into_iter().map(|(law, found)| {
        let table = &facts.tables[found.broken.table].model;
        (law, format!("event {}, {table}, key {:?}: {}", found.event, found.broken.key, found.broken.what))
    });
    Ok(ExternalRun { broken: broken.collect(), counts: story_run.outcome.counts })
}

impl StoryRun<'_> {
    /// Runs a cycle or a sweep by the external runner, and checks the laws.
    fn run_externally(
        &mut self,
        run: &Run,
        after: After,
        clock: &dyn Fn() -> i64,
        runner: &mut dyn FnMut(Turn<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_cycle = after == After::Cycle;
        self.raw_table.flush(self.engine, self.facts)?;
        let began = clock() * SECOND;
        let mut once = || runner(if is_cycle { Turn::Cycle } else { Turn::Sweep });
        once()?;
        // The clock counts whole seconds, and statements may have run until the end of the last
        // one.
        self.now = (clock() + 1) * SECOND;
        self.clocks.fill((began, self.now));
        if is_cycle {
            self.outcome.counts.cycles += 1;
            self.accept(&mut (0..self.facts.tables.len()).collect());
        } else {
            self.outcome.counts.sweeps += 1;
        }
        self.check_laws(after)?;
        if run.twice {
            let first = read(self.engine, self.facts, &self.stage)?;
            once()?;
            let second = read(self.engine, self.facts, &self.stage)?;
            let mut broken = self.oracle.changed(&first, &second, began);
            if first != second && broken.is_empty() {
                once()?;
                let third = read(self.engine, self.facts, &self.stage)?;
                broken = self.oracle.changed(&second, &third, i64::MAX);
            }
            self.record_broken(broken);
        }
        Ok(())
    }
}
