//! Tells a story from a spec and a seed: years of deliveries with everything in them that hand-written hooks get wrong.

use std::collections::BTreeMap;

use crate::rehearse::facts::{Facts, TableFacts};
use crate::rehearse::random::Random;
use crate::rehearse::story::{Delivery, Event, Hold, Periods, Place, Recovery, Regime, Run, Stop, Story};
use crate::rehearse::value::{Cell, DAY, SECOND};
use crate::spec::Period;

const HOUR: i64 = 3_600 * SECOND;
/// Members of a key beside the one that exceptions name: a line of an order, a parcel of it.
const MEMBERS: i64 = 3;

/// Tells the story of a seed. `calendar` holds every period that the project may come to list; `listed` those that it lists now.
pub(super) fn story(facts: &Facts, calendar: &[Period], listed: Periods, seed: u64, cycles: usize) -> Story {
    let mut teller = Teller::new(facts, calendar, listed, seed);
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
    events: Vec<Event>,
}

impl<'a> Teller<'a> {
    fn new(facts: &'a Facts, calendar: &'a [Period], listed: Periods, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (has_future, seals) = (random.chance(40), random.chance(50));
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

    /// One cycle and one sweep that nothing disturbs. Then everything is listed and nothing is held, so that everything which is
    /// due can leave. Gives the number of the event that begins this.
    fn end(&mut self) -> usize {
        self.undisturbed();
        let ending = self.events.len();
        for (table, key) in std::mem::take(&mut self.held) {
            self.events.push(Event::Hold(Hold { at: self.now, table, key: Cell::Number(key), lift: true }));
        }
        let all = Periods { first: 0, end: self.calendar.len(), open_from: self.periods.open_from };
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
                trim_raw: None,
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

    /// A new order, parcel, customer: its rows in most tables, some of them later, some older than their parent.
    fn new_entity(&mut self) {
        let entity = self.entities;
        self.entities += 1;
        for table in 0..self.facts.tables.len() {
            match self.random.below(10) {
                0 => {}
                1 | 2 => self.pending.push((table, entity)),
                _ => self.new_row(table, entity),
            }
        }
    }

    fn new_row(&mut self, table: usize, entity: i64) {
        let facts = &self.facts.tables[table];
        let is_child = matches!(facts.keep, crate::rehearse::facts::Keep::WhileIn { .. });
        let several = facts.key.len() > 1;
        let age = if is_child && self.random.chance(25) { self.random.between(100, 600) } else { self.random.below(4) };
        let time = self.now - age * DAY - self.random.below(86_400) * SECOND;
        let first = self.random.below(MEMBERS);
        let rows = if several { self.random.between(1, MEMBERS) } else { 1 };
        for member in 0..rows {
            let cells = self.cells(table, entity, (first + member) % MEMBERS, time);
            self.deliver(table, cells, Some(time));
        }
    }

    /// One of the things that go wrong.
    fn anything(&mut self) {
        let table = usize::try_from(self.random.below(self.facts.tables.len() as i64)).unwrap_or(0);
        let grain = self.facts.tables[table].grain;
        let recent = self.now - self.random.below(3 * 86_400) * SECOND;
        match self.random.below(100) {
            0..=15 => self.again(table, recent, true),
            16..=27 => self.wake(),
            28..=39 => {
                // Late: older than what is known of the key.
                let back = self.random.between(1, 500) * DAY + self.random.below(86_400) * SECOND;
                if let Some(known) = self.some_known(table, false) {
                    let time = known.time.saturating_sub(back);
                    self.version(table, &known, time);
                }
            }
            40..=47 => {
                // Corrected: the same key and time, another payload.
                let dormant = self.random.chance(50);
                if let Some(known) = self.some_known(table, dormant) {
                    self.version(table, &known, known.time);
                }
            }
            48..=57 => {
                // Redelivered: the same row.
                let dormant = self.random.chance(50);
                if let Some(known) = self.some_known(table, dormant) {
                    self.deliver(table, known.cells.clone(), Some(known.time));
                }
            }
            58..=67 => {
                // On a bound, or one step before it.
                let listed = &self.calendar[self.periods.first..self.periods.end];
                let past: Vec<_> =
                    listed.iter().map(|period| period.start_epoch() * SECOND).filter(|&at| at < self.now).collect();
                if let Some(&bound) = self.random.pick(&past) {
                    let time = bound - self.random.below(2) * grain;
                    let fresh = self.random.chance(50);
                    self.at(table, time, fresh);
                }
            }
            68 => {
                let first = self.calendar[self.periods.first].start_epoch() * SECOND;
                let time = first - self.random.between(1, 900) * DAY;
                self.at(table, time, true);
            }
            69..=71 if self.has_future => {
                let time = self.now + self.random.between(1, 60) * DAY;
                self.at(table, time, false);
            }
            72..=73 => self.incomplete(table, true),
            74..=76 => self.incomplete(table, false),
            77 => self.unacceptable(table),
            78..=84 => self.hold_or_lift(),
            _ => self.again(table, recent, false),
        }
    }

    /// An entity that slept moves again: in the tables that are retained for a length of time only, so that children must follow.
    fn wake(&mut self) {
        let roots: Vec<_> = (0..self.facts.tables.len()).filter(|&table| self.facts.root(table).0 == table).collect();
        if let Some(&table) = self.random.pick(&roots) {
            let recent = self.now - self.random.below(86_400) * SECOND;
            self.again(table, recent, true);
        }
    }

    /// A newer version of a known key, or a further event of it.
    fn again(&mut self, table: usize, time: i64, dormant: bool) {
        if let Some(known) = self.some_known(table, dormant) {
            self.version(table, &known, time);
        }
    }

    /// A row whose time is given: a new entity's, or a known one's.
    fn at(&mut self, table: usize, time: i64, fresh: bool) {
        if fresh {
            let entity = self.entities;
            self.entities += 1;
            let member = self.random.below(MEMBERS);
            let cells = self.cells(table, entity, member, time);
            self.deliver(table, cells, Some(time));
        } else {
            self.again(table, time, false);
        }
    }

    /// Exactly on the cutoff that the next cycle will compute, and one step before it.
    fn on_the_cutoff(&mut self) {
        let table = usize::try_from(self.random.below(self.facts.tables.len() as i64)).unwrap_or(0);
        let (root, retention) = self.facts.root(table);
        let newest = self.newest[root];
        if newest == i64::MIN {
            return;
        }
        for step in 0..2 {
            let time = newest - retention - step * self.facts.tables[table].grain;
            self.at(table, time, true);
        }
    }

    /// A row that lacks its time or a part of its key, where the spec lets raw have such rows.
    fn incomplete(&mut self, table: usize, in_key: bool) {
        let facts = &self.facts.tables[table];
        let may_lack = |&column: &usize| !facts.not_null[column];
        let candidates: Vec<usize> = if in_key {
            facts.key.iter().copied().filter(may_lack).collect()
        } else {
            [facts.time].iter().copied().filter(may_lack).collect()
        };
        let Some(&column) = self.random.pick(&candidates) else { return };
        let time = self.now - self.random.below(3 * 86_400) * SECOND;
        let known = self.some_known(table, false);
        let mut cells = match known {
            Some(known) if !in_key || self.random.chance(30) => self.changed(table, &known.cells, time),
            _ => self.cells(table, self.entities, 0, time),
        };
        cells[column] = Cell::Null;
        self.deliver(table, cells, None);
    }

    /// A row that lacks a column declared NOT NULL, which no load accepts.
    fn unacceptable(&mut self, table: usize) {
        let facts = &self.facts.tables[table];
        let columns: Vec<_> = (0..facts.columns.len()).filter(|&column| facts.not_null[column]).collect();
        let Some(&column) = self.random.pick(&columns) else { return };
        let mut cells = self.cells(table, self.entities, 0, self.now - DAY);
        cells[column] = Cell::Null;
        self.deliver(table, cells, None);
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
        (!self.held.contains(&(table, key))).then_some((table, key))
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
        let trim_raw = self.random.chance(70).then(|| self.now - self.random.below(3) * DAY);
        let run = Run {
            at: self.now,
            pace: [0, SECOND, SECOND, 90 * SECOND, HOUR][usize::try_from(self.random.below(5)).unwrap_or(0)],
            regime,
            twice: stops.is_empty() && hold.is_none() && self.random.chance(35),
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

    /// A key that was delivered: any, or one of those that slept longest.
    fn some_known(&mut self, table: usize, dormant: bool) -> Option<Known> {
        let mut known: Vec<_> = self.known[table].values().cloned().collect();
        if dormant {
            known.sort_by_key(|known| known.time);
            known.truncate(known.len().div_ceil(3));
        }
        self.random.pick(&known).cloned()
    }

    /// A version of a known key at some time; where the time is part of the key, an event of the same entity.
    fn version(&mut self, table: usize, known: &Known, time: i64) {
        let cells = self.changed(table, &known.cells, time);
        self.deliver(table, cells, Some(time));
    }

    /// The same key, with another time and payload; sometimes with another member of the key.
    fn changed(&mut self, table: usize, of: &[Cell], time: i64) -> Vec<Cell> {
        let facts = &self.facts.tables[table];
        let other_member = !facts.versioned && self.random.chance(25);
        let mut cells = of.to_vec();
        for column in 0..facts.columns.len() {
            if column == facts.time {
                cells[column] = Cell::Instant(time);
            } else if !facts.key.contains(&column) {
                cells[column] = self.payload(table, column);
            } else if other_member && column != facts.exception_key {
                cells[column] = Cell::Number(self.random.below(MEMBERS));
            }
        }
        cells
    }

    fn payload(&mut self, table: usize, column: usize) -> Cell {
        let facts: &TableFacts = &self.facts.tables[table];
        if !facts.not_null[column] && self.random.chance(8) {
            return Cell::Null;
        }
        Cell::Number(self.delivered + self.random.below(2))
    }

    fn cells(&mut self, table: usize, entity: i64, member: i64, time: i64) -> Vec<Cell> {
        let facts = &self.facts.tables[table];
        (0..facts.columns.len())
            .map(|column| {
                if column == facts.time {
                    Cell::Instant(time)
                } else if column == facts.exception_key || self.joins(table, column) {
                    Cell::Number(entity)
                } else if facts.key.contains(&column) {
                    Cell::Number(member)
                } else {
                    self.payload(table, column)
                }
            })
            .collect()
    }

    /// Whether a column leads to a parent by what the parent is known by.
    fn joins(&self, table: usize, column: usize) -> bool {
        let crate::rehearse::facts::Keep::WhileIn { parent, on, .. } = &self.facts.tables[table].keep else {
            return false;
        };
        let theirs = on.iter().find(|(ours, _)| *ours == column).map(|(_, theirs)| *theirs);
        theirs.is_some_and(|theirs| theirs == self.facts.tables[*parent].exception_key || self.joins(*parent, theirs))
    }

    fn deliver(&mut self, table: usize, mut cells: Vec<Cell>, time: Option<i64>) {
        let facts = &self.facts.tables[table];
        // Each a second later than the one before, so that tie-breaks which count seconds tell them apart.
        self.delivered += 1;
        self.now += SECOND;
        let (at, number) = (self.now, self.delivered);
        cells.truncate(facts.columns.len());
        for column in &facts.raw.extra {
            cells.push(if column.unit.is_some() { Cell::Instant(at) } else { Cell::Number(number) });
        }
        for &(column, larger_wins) in &facts.raw.tie_breaks {
            let counts_time = facts.raw_columns().nth(column).is_some_and(|column| column.unit.is_some());
            let value = if larger_wins { number } else { 30_000 - number };
            cells[column] = match (counts_time, larger_wins) {
                (true, true) => Cell::Instant(at),
                (true, false) => Cell::Instant(-at),
                (false, _) => Cell::Number(value),
            };
        }
        if let Some((column, _)) = facts.raw.lookback {
            cells[column] = Cell::Instant(at);
        }
        if let Some(time) = time {
            let time = time.div_euclid(facts.grain) * facts.grain;
            cells[facts.time] = Cell::Instant(time);
            let key: Vec<_> = facts.key.iter().map(|&column| facts.columns[column].text(cells[column])).collect();
            if key.iter().all(Option::is_some) {
                let known = self.known[table].entry(key).or_insert_with(|| Known { cells: cells.clone(), time });
                if time >= known.time {
                    *known = Known { cells: cells.clone(), time };
                }
                if time <= self.now {
                    self.newest[table] = self.newest[table].max(time);
                }
            }
        }
        self.events.push(Event::Deliver(Delivery { at, table, cells }));
    }
}

fn longest_retention(facts: &Facts) -> i64 {
    (0..facts.tables.len()).map(|table| facts.root(table).1).max().unwrap_or(DAY)
}
