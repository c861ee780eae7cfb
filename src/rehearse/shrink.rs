//! Shortens a story to the events that are needed to break a law.

use crate::rehearse::engine::Engine;
use crate::rehearse::oracle::Law;
use crate::rehearse::program::Project;
use crate::rehearse::run::{Found, run_story};
use crate::rehearse::stage::Stages;
use crate::rehearse::story::{CommitUnit, Event, Recovery, Run, Stop, Story};

/// The maximum number of shorter stories to try. Short stories run fast, so most tries are cheap.
const TRIES: usize = 600;

/// Returns the shortest story found that breaks the same law in the same table, and that break.
pub(super) fn shrink(
    engine: &mut dyn Engine,
    project: &Project,
    stages: &mut Stages<'_>,
    story: Story,
    found: Found,
) -> (Story, Found) {
    let (law, table) = (found.broken.law, found.broken.table);
    let mut shrinker = Shrinker { engine, project, stages, law, table, tries: 0, best: (story, found) };
    shrinker.truncate();
    loop {
        let before = shrinker.size();
        shrinker.leave_out();
        shrinker.simplify();
        if shrinker.size() == before || shrinker.tries >= TRIES {
            return shrinker.best;
        }
    }
}

struct Shrinker<'a, 'b> {
    engine: &'a mut dyn Engine,
    project: &'a Project,
    stages: &'a mut Stages<'b>,
    law: Law,
    table: usize,
    tries: usize,
    best: (Story, Found),
}

impl Shrinker<'_, '_> {
    /// The size to reduce: the number of events, and the number of possible simplifications.
    fn size(&self) -> (usize, usize) {
        let events = &self.best.0.events;
        let simplifications = events.iter().map(|event| match event {
            Event::Cycle(run) | Event::Sweep(run) => simpler_runs(run).len(),
            _ => 0,
        });
        (events.len(), simplifications.sum())
    }

    /// Keeps a story if it breaks the same law.
    fn take_if_broken(&mut self, events: Vec<Event>) -> bool {
        self.tries += 1;
        let story = Story { events, ending: usize::MAX };
        // The engine may refuse a statement of a shorter story. Then this story is no example.
        let until = Some((self.law, self.table));
        let Ok(mut outcome) = run_story(self.engine, self.project, self.stages, &story, until, None) else {
            return false;
        };
        match outcome.broken.remove(&self.law).filter(|found| found.broken.table == self.table) {
            Some(found) => {
                self.best = (story, found);
                self.truncate();
                true
            }
            None => false,
        }
    }

    /// Removes the events after the one that broke the law.
    fn truncate(&mut self) {
        let (story, found) = &mut self.best;
        story.events.truncate(found.event + 1);
        story.ending = usize::MAX;
    }

    /// Leaves out events: first many at a time, then fewer.
    fn leave_out(&mut self) {
        let mut size = self.best.0.events.len().div_ceil(2);
        while size > 0 {
            let mut end = self.best.0.events.len();
            while end > 0 && self.tries < TRIES {
                let start = end.saturating_sub(size);
                let mut events = self.best.0.events.clone();
                events.drain(start..end);
                self.take_if_broken(events);
                end = start.min(self.best.0.events.len());
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    /// Simplifies runs: no stop, no hold, no second run, no raw trim, no time between statements.
    fn simplify(&mut self) {
        let mut at = self.best.0.events.len();
        while at > 0 && self.tries < TRIES {
            at -= 1;
            let mut again = true;
            while again {
                again = false;
                let Some(Event::Cycle(run) | Event::Sweep(run)) = self.best.0.events.get(at) else { break };
                for simpler in simpler_runs(run) {
                    let mut events = self.best.0.events.clone();
                    if let Event::Cycle(run) | Event::Sweep(run) = &mut events[at] {
                        *run = simpler;
                    }
                    if self.take_if_broken(events) {
                        again = true;
                        break;
                    }
                }
            }
        }
    }
}

/// All variants of a run with one simplification.
fn simpler_runs(run: &Run) -> Vec<Run> {
    let mut all = Vec::new();
    if !run.stops.is_empty() {
        all.push(Run { stops: Vec::new(), ..run.clone() });
        if run.stops.len() > 1 {
            all.extend((0..run.stops.len()).map(|number| {
                let mut stops = run.stops.clone();
                stops.remove(number);
                Run { stops, ..run.clone() }
            }));
        }
        if let Some(last) = run.stops.last().filter(|last| last.then != Recovery::GiveUp) {
            let mut stops = run.stops.clone();
            stops.pop();
            stops.push(Stop { then: Recovery::GiveUp, ..*last });
            all.push(Run { stops, ..run.clone() });
        }
    }
    if run.hold.is_some() {
        all.push(Run { hold: None, ..run.clone() });
    }
    if run.twice {
        all.push(Run { twice: false, ..run.clone() });
    }
    if !run.trim_raw.is_empty() {
        all.push(Run { trim_raw: Vec::new(), ..run.clone() });
    }
    if run.pace != 0 {
        all.push(Run { pace: 0, ..run.clone() });
    }
    if run.commit_unit != CommitUnit::Statement && run.stops.is_empty() {
        all.push(Run { commit_unit: CommitUnit::Statement, ..run.clone() });
    }
    all
}
