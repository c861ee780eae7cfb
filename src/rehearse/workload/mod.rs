//! Generates a story from a spec and a seed: years of deliveries, with the cases that handwritten
//! hooks handle incorrectly.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use crate::project::Period;
use crate::rehearse::facts::{Facts, Periods};
use crate::rehearse::random::Random;
use crate::rehearse::story::{CommitUnit, Erase, Event, Hold, Position, Recovery, Run, Stop, Story};
use crate::rehearse::value::{Cell, DAY, SECOND};

const HOUR: i64 = 3_600 * SECOND;

/// Generates the story of a seed. `calendar` has all periods that the project may list, and
/// `listed` are the periods that it lists now. If `fixed`, the list does not change.
pub(super) fn story(
    facts: &Facts,
    calendar: &[Period],
    listed: Periods,
    fixed: bool,
    seed: u64,
    cycles: usize,
) -> Story {
    let mut generator = Generator::new(facts, calendar, listed, fixed, seed);
    generator.events.push(Event::Periods(listed));
    for _ in 0..cycles {
        generator.add_cycle();
    }
    let ending = generator.add_ending();
    Story { events: generator.events, ending }
}

/// A delivered row, from which later rows of the same key are made.
#[derive(Clone, Debug)]
struct Known {
    cells: Vec<Cell>,
    time: i64,
}

struct Generator<'a> {
    facts: &'a Facts,
    calendar: &'a [Period],
    periods: Periods,
    random: Random,
    /// Whether this story has rows with future times. With such rows, the clock determines the
    /// cutoff.
    has_future: bool,
    /// Whether old periods are sealed during the story.
    seals: bool,
    now: i64,
    delivered: i64,
    entities: i64,
    /// By table, the delivered keys with their newest rows.
    known: Vec<BTreeMap<Vec<Option<String>>, Known>>,
    /// By table, the newest delivered time that is not in the future.
    newest: Vec<i64>,
    /// By table, the same at the last run.
    last_newest: Vec<i64>,
    /// Rows that are delivered later than those of other tables: the table and the entity.
    pending: Vec<(usize, i64)>,
    held: Vec<(usize, i64)>,
    /// All holds of the story, including lifted ones and ones that a run should have lifted.
    ever_held: BTreeSet<(usize, i64)>,
    events: Vec<Event>,
}

impl<'a> Generator<'a> {
    fn new(facts: &'a Facts, calendar: &'a [Period], listed: Periods, fixed: bool, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (has_future, seals) = (random.chance(40), random.chance(50) && !fixed);
        let first = calendar[listed.open_from].start_epoch() * SECOND;
        // A period may be sealed only if no cutoff can be in it or before it.
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

    /// Adds deliveries, possibly a change of the periods, a cycle, and possibly a sweep.
    fn add_cycle(&mut self) {
        self.pass_time();
        self.rotate();
        if self.entities < 3 || self.random.chance(60) {
            self.new_entity();
        }
        for (table, entity) in std::mem::take(&mut self.pending) {
            if self.random.chance(60) { self.new_row(table, entity) } else { self.pending.push((table, entity)) }
        }
        for _ in 0..self.random.between(1, 6) {
            self.random_event();
        }
        if self.random.chance(30) {
            self.rows_on_the_cutoff();
        }
        self.erase();
        if self.random.chance(12) {
            // The cycle is left out. The delivered rows wait for the next cycle.
            return;
        }
        self.add_run(true);
        if self.random.chance(18) {
            self.now += self.random.between(1, 20) * HOUR;
            self.add_run(false);
        }
    }

    /// Adds the ending: a cycle and a sweep without stops, then all past periods without holds, so
    /// that all due rows can leave the marts, and again a cycle and a sweep. Returns the number of
    /// the event at which the marts begin to drain.
    fn add_ending(&mut self) -> usize {
        self.add_complete_runs();
        let ending = self.events.len();
        // This includes holds whose lift was planned for a run that was given up before it.
        for (table, key) in std::mem::take(&mut self.ever_held) {
            self.events.push(Event::Hold(Hold { at: self.now, table, key: Cell::Number(key), lift: true }));
        }
        // Future periods are not needed, because no row with a future time is due.
        let past = self.calendar.iter().take_while(|period| period.start_epoch() * SECOND <= self.now).count();
        let all = Periods { first: 0, end: past.max(self.periods.end), open_from: self.periods.open_from };
        self.events.push(Event::Periods(all));
        self.add_complete_runs();
        ending
    }

    /// Adds a cycle and a sweep without stops, each repeated.
    fn add_complete_runs(&mut self) {
        for is_cycle in [true, false] {
            self.now += HOUR;
            let run = Run {
                at: self.now,
                pace: SECOND,
                commit_unit: CommitUnit::Statement,
                stops: Vec::new(),
                hold: None,
                twice: true,
                checks_each: false,
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
            // Half a year to two years, so that inactive keys can be reactivated.
            _ if self.random.chance(6) => self.random.between(1, 4) * 182 * DAY,
            _ => scale / 10 + self.random.below(scale),
        };
        self.now += passed.div_euclid(SECOND) * SECOND;
    }

    /// Adds the next period in time or late, and seals periods that no cutoff can reach.
    fn rotate(&mut self) {
        let before = self.periods;
        let horizon = |periods: Periods, calendar: &[Period]| calendar[periods.end - 1].end_epoch() * SECOND;
        let shortest = self.facts.tables.iter().enumerate().map(|(i, _)| self.facts.longest(i)).min().unwrap_or(0);
        // Due rows now fall beyond the last period.
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
        let reachable_from = self.now - longest_retention(self.facts) - 30 * DAY;
        while self.seals
            && self.periods.open_from + 1 < self.periods.end
            && self.calendar[self.periods.open_from].end_epoch() * SECOND < reachable_from
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
        } else if let Some((table, key)) = self.choose_key_to_hold() {
            self.held.push((table, key));
            self.events.push(Event::Hold(Hold { at: self.now, table, key: Cell::Number(key), lift: false }));
        }
    }

    /// Erases a key, which later deliveries may have again.
    fn erase(&mut self) {
        let erasable: Vec<_> =
            (0..self.facts.tables.len()).filter(|&table| self.facts.tables[table].is_erasable()).collect();
        // A project without such a table draws no random number here, so its stories stay the same.
        if erasable.is_empty() || !self.random.chance(25) {
            return;
        }
        let Some(&table) = self.random.pick(&erasable) else { return };
        let dormant = self.random.chance(50);
        let Some(known) = self.pick_known(table, dormant) else { return };
        let key = known.cells[self.facts.tables[table].exception_key];
        self.events.push(Event::Erase(Erase { at: self.now, table, key }));
    }

    fn choose_key_to_hold(&mut self) -> Option<(usize, i64)> {
        let table = usize::try_from(self.random.below(self.facts.tables.len() as i64)).unwrap_or(0);
        // Prefer a key that the next cycle would archive.
        let due: Vec<_> = self.newly_due(table).collect();
        let known = match self.random.pick(&due) {
            Some(known) if self.random.chance(75) => known.clone(),
            _ => self.pick_known(table, false)?,
        };
        let Cell::Number(key) = known.cells[self.facts.tables[table].exception_key] else { return None };
        let chosen = (table, key);
        if self.held.contains(&chosen) {
            return None;
        }
        self.ever_held.insert(chosen);
        Some(chosen)
    }

    /// Rows that became due since the last run.
    fn newly_due(&self, table: usize) -> impl Iterator<Item = Known> {
        let (root, _) = self.facts.root(table);
        let cutoff = self.facts.before(table, self.newest[root]);
        let last = self.facts.before(table, self.last_newest[root]);
        self.known[table].values().filter(move |known| (last..cutoff).contains(&known.time)).cloned()
    }

    fn add_run(&mut self, is_cycle: bool) {
        self.now += self.random.between(1, 50) * 60 * SECOND;
        let commit_unit = match self.random.below(3) {
            0 => CommitUnit::Statement,
            1 => CommitUnit::Hooks,
            _ => CommitUnit::Table,
        };
        let mut stops = Vec::new();
        let mut more = self.random.chance(40);
        while more && stops.len() < 3 {
            let then = match self.random.below(10) {
                0..=3 => Recovery::RetryFromStart,
                4..=6 => Recovery::RetryFromFailedTable,
                _ => Recovery::GiveUp,
            };
            stops.push(Stop { before: self.position(), then });
            more = then != Recovery::GiveUp && self.random.chance(25);
        }
        let hold =
            if commit_unit == CommitUnit::Statement && self.random.chance(40) { self.hold_during_run() } else { None };
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
            commit_unit,
            twice: stops.is_empty() && hold.is_none() && self.random.chance(35),
            checks_each: commit_unit == CommitUnit::Statement && self.random.chance(12),
            stops,
            hold,
            trim_raw,
        };
        self.now += 6 * HOUR;
        self.last_newest.clone_from(&self.newest);
        self.events.push(if is_cycle { Event::Cycle(run) } else { Event::Sweep(run) });
    }

    fn position(&mut self) -> Position {
        Position(u16::try_from(self.random.below(i64::from(u16::MAX) + 1)).unwrap_or(0))
    }

    fn hold_during_run(&mut self) -> Option<(Position, Hold)> {
        let position = self.position();
        if !self.held.is_empty() && self.random.chance(40) {
            let (table, key) = self.held.remove(0);
            return Some((position, Hold { at: self.now, table, key: Cell::Number(key), lift: true }));
        }
        let (table, key) = self.choose_key_to_hold()?;
        self.held.push((table, key));
        Some((position, Hold { at: self.now, table, key: Cell::Number(key), lift: false }))
    }
}

fn longest_retention(facts: &Facts) -> i64 {
    (0..facts.tables.len()).map(|table| facts.longest(table)).max().unwrap_or(DAY)
}
