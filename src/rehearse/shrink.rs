//! Cuts a story down to what it takes to break a law.

use crate::rehearse::engine::Engine;
use crate::rehearse::oracle::Law;
use crate::rehearse::program::{Project, Stages};
use crate::rehearse::run::{Found, tell};
use crate::rehearse::story::{Event, Recovery, Regime, Run, Story};

/// How many shorter stories are tried. A story that is cut down is quickly told, so most of them cost little.
const TRIES: usize = 600;

/// The shortest story found that breaks the same law in the same table, and how it does.
pub(super) fn shrink(
    engine: &mut dyn Engine,
    project: &Project,
    stages: &mut Stages<'_>,
    story: Story,
    found: Found,
) -> (Story, Found) {
    let (law, table) = (found.broken.law, found.broken.table);
    let mut shrinking = Shrinking { engine, project, stages, law, table, tries: 0, best: (story, found) };
    shrinking.forget_the_rest();
    loop {
        let before = shrinking.size();
        shrinking.leave_out();
        shrinking.simplify();
        if shrinking.size() == before || shrinking.tries >= TRIES {
            return shrinking.best;
        }
    }
}

struct Shrinking<'a, 'b> {
    engine: &'a mut dyn Engine,
    project: &'a Project,
    stages: &'a mut Stages<'b>,
    law: Law,
    table: usize,
    tries: usize,
    best: (Story, Found),
}

impl Shrinking<'_, '_> {
    /// What is to become smaller: events, and what is out of the ordinary in them.
    fn size(&self) -> (usize, usize) {
        let events = &self.best.0.events;
        let odd = events.iter().map(|event| match event {
            Event::Cycle(run) | Event::Sweep(run) => simpler(run).len(),
            _ => 0,
        });
        (events.len(), odd.sum())
    }

    /// Takes a story if it breaks the law too.
    fn take_if_broken(&mut self, events: Vec<Event>) -> bool {
        self.tries += 1;
        let story = Story { events, ending: usize::MAX };
        // A story that was cut down may be one that the engine refuses: then it shows nothing.
        let until = Some((self.law, self.table));
        let Ok(mut told) = tell(self.engine, self.project, self.stages, &story, until, None) else { return false };
        match told.broken.remove(&self.law).filter(|found| found.broken.table == self.table) {
            Some(found) => {
                self.best = (story, found);
                self.forget_the_rest();
                true
            }
            None => false,
        }
    }

    /// What comes after the law was broken has no part in it.
    fn forget_the_rest(&mut self) {
        let (story, found) = &mut self.best;
        story.events.truncate(found.event + 1);
        story.ending = usize::MAX;
    }

    /// Leaves out events, many at a time first.
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

    /// Makes runs ordinary: no stop, no hold, no second run, no trimmed raw, a clock that stands still.
    fn simplify(&mut self) {
        let mut at = self.best.0.events.len();
        while at > 0 && self.tries < TRIES {
            at -= 1;
            let mut again = true;
            while again {
                again = false;
                let Some(Event::Cycle(run) | Event::Sweep(run)) = self.best.0.events.get(at) else { break };
                for simpler in simpler(run) {
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

/// The run with one thing less that is out of the ordinary.
fn simpler(run: &Run) -> Vec<Run> {
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
            stops.push(crate::rehearse::story::Stop { then: Recovery::GiveUp, ..*last });
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
    if run.regime != Regime::Statement && run.stops.is_empty() {
        all.push(Run { regime: Regime::Statement, ..run.clone() });
    }
    all
}
