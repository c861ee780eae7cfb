//! Tells a story from a spec and a seed: years of deliveries with everything in them that hand-written hooks get wrong.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use crate::project::Period;
use crate::rehearse::facts::Facts;
use crate::rehearse::random::Random;
use crate::rehearse::story::{Event, Hold, Periods, Place, Recovery, Regime, Run, Stop, Story};
use crate::rehearse::value::{Cell, DAY, SECOND};

const HOUR: i64 = 3_600 * SECOND;

/// Tells the story of a seed. `calendar` holds every period that the project may come to list; `listed` those that it lists now.
/// `fixed` says that they stay as they are.
pub(super) fn story(
    facts: &Facts,
    calendar: &[Period],
    listed: Periods,
    fixed: bool,
    seed: u64,
    cycles: usize,
) -> Story {
    let mut teller = Teller::new(facts, calendar, listed, fixed, seed);
    teller.events.push(Event::Periods(listed));
    for _ in 0..cycles {
        teller.tell();
    }
    let ending = teller.end();
    Story { events: teller.events, ending }
}

/// A row that was delivered, to be delivered again in some other form.
#[derive(Clone, Debug)]
struct Known {
    cells: Vec<Cell>,
    time: i64,
}

struct Teller<'a> {
    facts: &'a Facts,
    calendar: &'a [Period],
    periods: Periods,
    random: Random,
    /// Whether this story has rows from the future; they put every cutoff at the clock's mercy.
    has_future: bool,
    /// Whether periods are sealed as they age.
    seals: bool,
    now: i64,
    delivered: i64,
    entities: i64,
    /// Every key of a table that was delivered, with its newest row.
    known: Vec<BTreeMap<Vec<Option<String>>, Known>>,
    /// The newest time that each table was delivered, not counting the future.
    newest: Vec<i64>,
    /// The same at the last run.
    last_newest: Vec<i64>,
    /// Rows of children that come later than their parents.
    pending: Vec<(usize, i64)>,
    held: Vec<(usize, i64)>,
    /// Also those that were lifted since, or that a run was to lift.
    ever_held: BTreeSet<(usize, i64)>,
    events: Vec<Event>,
}

impl<'a> Teller<'a> {
    fn new(facts: &'a Facts, calendar: &'a [Period], listed: Periods, fixed: bool, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (has_future, seals) = (random.chance(40), random.chance(50) && !fixed);
        let first = calendar[listed.open_from].start_epoch() * SECOND;
        // Sealing is allowed only where no cutoff can reach any more.
        let slack = if listed.open_from > listed.first { longest_retention(facts) } else { 0 };
        let now = first + slack + random.between(5, 40) * DAY + random.below(86_400) * SECOND;
        Self {
            facts,
            calendar,
            periods: listed,
            random,
            has_future,
            seals,
            now,
            delivered: 0,
            entities: 0,
            known: vec![BTreeMap::new(); facts.tables.len()],
            newest: vec![i64::MIN; facts.tables.len()],
            last_newest: vec![i64::MIN; facts.tables.len()],
            pending: Vec::new(),
            held: Vec::new(),
            ever_held: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// Some deliveries, perhaps a change of the periods, a cycle, perhaps a sweep.
    fn tell(&mut self) {
        self.pass_time();
        self.rotate();
        if self.entities < 3 || self.random.chance(60) {
            self.new_entity();
        }
        for (table, entity) in std::mem::take(&mut self.pending) {
            if self.random.chance(60) { self.new_row(table, entity) } else { self.pending.push((table, entity)) }
        }
        for _ in 0..self.random.between(1, 6) {
            self.anything();
        }
        if self.random.chance(30) {
            self.on_the_cutoff();
        }
        if self.random.chance(12) {
            // Skipped: what was delivered waits for the next cycle.
            return;
        }
        self.run(true);
        if self.random.chance(18) {
            self.now += self.random.between(1, 20) * HOUR;
            self.run(false);
        }
    }

    /// One cycle and one sweep that nothing disturbs. Then every period is listed and nothing is held, so that everything which is
    /// due can leave. Gives the number of the event that begins this.
    fn end(&mut self) -> usize {
        self.undisturbed();
        let ending = self.events.len();
        // One that a run was to lift, and did not because it was given up, is lifted here too.
        for (table, key) in std::mem::take(&mut self.ever_held) {
            self.events.push(Event::Hold(Hold { at: self.now, table, key: Cell::Number(key), lift: true }));
        }
        // Nothing is due that is not past.
        let past = self.calendar.iter().take_while(|period| period.start_epoch() * SECOND <= self.now).count();
        let all = Periods { first: 0, end: past.max(self.periods.end), open_from: self.periods.open_from };
        self.events.push(Event::Periods(all));
        self.undisturbed();
        ending
    }

    fn undisturbed(&mut self) {
        for is_cycle in [true, false] {
            self.now += HOUR;
            let run = Run {
                at: self.now,
                pace: SECOND,
                regime: Regime::Statement,
                stops: Vec::new(),
                hold: None,
                twice: true,
                looks: false,
                trim_raw: Vec::new(),
            };
            self.events.push(if is_cycle { Event::Cycle(run) } else { Event::Sweep(run) });
        }
    }

    fn pass_time(&mut self) {
        let period = &self.calendar[self.periods.end - 1];
        let length = (period.end_epoch() - period.start_epoch()) * SECOND;
        let scale = if self.random.chance(50) { longest_retention(self.facts) / 3 } else { length / 3 };
        let passed = match self.random.below(10) {
            0 => 15 * 60 * SECOND,
            1 | 2 => self.random.between(1, 48) * HOUR,
            // Half a year to two: keys that slept all that time come back.
            _ if self.random.chance(6) => self.random.between(1, 4) * 182 * DAY,
            _ => scale / 10 + self.random.below(scale),
        };
        self.now += passed.div_euclid(SECOND) * SECOND;
    }

    /// Adds the next period in time or late, and seals what no cutoff can reach any more.
    fn rotate(&mut self) {
        let before = self.periods;
        let horizon = |periods: Periods, calendar: &[Period]| calendar[periods.end - 1].end_epoch() * SECOND;
        let shortest = self.facts.tables.iter().enumerate().map(|(i, _)| self.facts.root(i).1).min().unwrap_or(0);
        // From here on due rows fall beyond the last period.
        while self.now - shortest > horizon(self.periods, self.calendar)
            && self.periods.end < self.calendar.len()
            && self.random.chance(45)
        {
            self.periods.end += 1;
        }
        if horizon(self.periods, self.calendar) < self.now
            && self.periods.end < self.calendar.len()
            && self.random.chance(35)
        {
            self.periods.end += 1;
        }
        let unreachable = self.now - longest_retention(self.facts) - 30 * DAY;
        while self.seals
            && self.periods.open_from + 1 < self.periods.end
            && self.calendar[self.periods.open_from].end_epoch() * SECOND < unreachable
            && self.random.chance(40)
        {
            self.periods.open_from += 1;
        }
        if self.periods != before {
            self.events.push(Event::Periods(self.periods));
        }
    }

    fn hold_or_lift(&mut self) {
        if self.held.len() > 1 || (!self.held.is_empty() && self.random.chance(50)) {
            let (table, key) = self.held.remove(0);
            self.events.push(Event::Hold(Hold { at: self.now, table, key: Cell::Number(key), lift: true }));
        } else if let Some((table, key)) = self.something_to_hold() {
            self.held.push((table, key));
            self.events.push(Event::Hold(Hold { at: self.now, table, key: Cell::Number(key), lift: false }));
        }
    }

    fn something_to_hold(&mut self) -> Option<(usize, i64)> {
        let table = usize::try_from(self.random.below(self.facts.tables.len() as i64)).unwrap_or(0);
        // Best is a key that the next cycle would archive.
        let leaving: Vec<_> = self.leaving(table).collect();
        let known = match self.random.pick(&leaving) {
            Some(known) if self.random.chance(75) => known.clone(),
            _ => self.some_known(table, false)?,
        };
        let Cell::Number(key) = known.cells[self.facts.tables[table].exception_key] else { return None };
        let chosen = (table, key);
        if self.held.contains(&chosen) {
            return None;
        }
        self.ever_held.insert(chosen);
        Some(chosen)
    }

    /// Rows that have become due since the last cycle.
    fn leaving(&self, table: usize) -> impl Iterator<Item = Known> {
        let (root, retention) = self.facts.root(table);
        let newest = self.newest[root];
        let cutoff = newest.saturating_sub(retention);
        let last = self.last_newest[root].saturating_sub(retention);
        self.known[table].values().filter(move |known| (last..cutoff).contains(&known.time)).cloned()
    }

    fn run(&mut self, is_cycle: bool) {
        self.now += self.random.between(1, 50) * 60 * SECOND;
        let regime = match self.random.below(3) {
            0 => Regime::Statement,
            1 => Regime::Hooks,
            _ => Regime::Table,
        };
        let mut stops = Vec::new();
        let mut more = self.random.chance(40);
        while more && stops.len() < 3 {
            let then = match self.random.below(10) {
                0..=3 => Recovery::RetryFromStart,
                4..=6 => Recovery::RetryFromFailedTable,
                _ => Recovery::GiveUp,
            };
            stops.push(Stop { before: self.place(), then });
            more = then != Recovery::GiveUp && self.random.chance(25);
        }
        let hold = if regime == Regime::Statement && self.random.chance(40) { self.hold_during_run() } else { None };
        let trims = self.random.chance(75);
        let trim_raw = self.facts.tables.iter().map(|_| match self.random.below(4) {
            _ if !trims => i64::MIN,
            0 => i64::MIN,
            days => self.now - (days - 1) * DAY,
        });
        let trim_raw: Vec<_> = trim_raw.collect();
        let run = Run {
            at: self.now,
            pace: [0, SECOND, SECOND, 90 * SECOND, HOUR][usize::try_from(self.random.below(5)).unwrap_or(0)],
            regime,
            twice: stops.is_empty() && hold.is_none() && self.random.chance(35),
            looks: regime == Regime::Statement && self.random.chance(12),
            stops,
            hold,
            trim_raw,
        };
        self.now += 6 * HOUR;
        self.last_newest.clone_from(&self.newest);
        self.events.push(if is_cycle { Event::Cycle(run) } else { Event::Sweep(run) });
    }

    fn place(&mut self) -> Place {
        Place(u16::try_from(self.random.below(i64::from(u16::MAX) + 1)).unwrap_or(0))
    }

    fn hold_during_run(&mut self) -> Option<(Place, Hold)> {
        let place = self.place();
        if !self.held.is_empty() && self.random.chance(40) {
            let (table, key) = self.held.remove(0);
            return Some((place, Hold { at: self.now, table, key: Cell::Number(key), lift: true }));
        }
        let (table, key) = self.something_to_hold()?;
        self.held.push((table, key));
        Some((place, Hold { at: self.now, table, key: Cell::Number(key), lift: false }))
    }
}

fn longest_retention(facts: &Facts) -> i64 {
    (0..facts.tables.len()).map(|table| facts.root(table).1).max().unwrap_or(DAY)
}
