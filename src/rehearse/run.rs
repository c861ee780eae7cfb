//! Runs a story on an engine: delivers rows, runs statements, stops and retries, and checks the
//! laws.

mod operator;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

use crate::error::Error;
use crate::project::Period;
use crate::rehearse::clock::with_clock;
use crate::rehearse::computed;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::{Facts, Periods};
use crate::rehearse::oracle::{Account, After, Broken, Key, Law, Moment, Oracle};
use crate::rehearse::program::Project;
use crate::rehearse::raw_table::{RawTable, row};
use crate::rehearse::schedule::{Scheduled, schedule};
use crate::rehearse::stage::{Stage, Stages};
use crate::rehearse::state::{places_of_key, read};
use crate::rehearse::story::{Delivery, Event, Recovery, Run, Story};
use crate::rehearse::value::SECOND;

/// The outcome of a story.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// By law, the first break.
    pub(super) broken: BTreeMap<Law, Found>,
    /// By table, where the accepted rows are before the ending of the story drains the marts.
    pub(super) ledger: Vec<Account>,
    pub(super) counts: Counts,
    /// Each statement that changed where the copies of the watched key are.
    pub(super) moves: Vec<Move>,
}

/// Counts of what a rehearsal ran.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// Rows delivered to raw tables.
    pub deliveries: usize,
    /// Completed cycles.
    pub cycles: usize,
    /// Completed sweeps.
    pub sweeps: usize,
    /// Keys that were erased.
    pub erasures: usize,
    /// Stops of cycles and sweeps.
    pub stops: usize,
    /// Statements that ran.
    pub statements: usize,
    /// Checks of the laws over all tables.
    pub looks: usize,
}

impl Counts {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            deliveries: self.deliveries + other.deliveries,
            cycles: self.cycles + other.cycles,
            sweeps: self.sweeps + other.sweeps,
            erasures: self.erasures + other.erasures,
            stops: self.stops + other.stops,
            statements: self.statements + other.statements,
            looks: self.looks + other.looks,
        }
    }
}

/// A broken law, and the event of the story that broke it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) broken: Broken,
    pub(super) event: usize,
}

/// A statement that changed where the copies of the watched key are.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) event: usize,
    /// The file of the statement, below the folder of compiled statements, or `ROLLBACK`.
    pub(super) statement: String,
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

/// A key whose copies are recorded after each statement.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) table: usize,
    pub(super) key: Key,
}

/// Stops the story when this law is broken in this table.
pub(super) type Until = Option<(Law, usize)>;

/// Runs a story on an empty engine.
pub(super) fn run_story(
    engine: &mut dyn Engine,
    project: &Project,
    stages: &mut Stages<'_>,
    story: &Story,
    until: Until,
    watch: Option<&Watch>,
) -> Result<Outcome, Error> {
    stages.begin(engine)?;
    let facts = stages.facts();
    let marts = computed::marts(&facts, story, engine.dialect());
    let mut story_run = StoryRun::begin(engine, project, stages, &facts, watch)?;
    for mart in marts {
        story_run.engine.run(&mart)?;
    }
    story_run.create_relations()?;
    for (event, number) in story.events.iter().zip(0..) {
        story_run.event = number;
        if number == story.ending {
            story_run.fill_ledger()?;
        }
        match event {
            Event::Deliver(delivery) => story_run.deliver(delivery, number),
            Event::Periods(periods) => {
                story_run.stage = stages.of(*periods)?;
                story_run.listed = *periods;
                story_run.create_relations()?;
            }
            Event::Hold(hold) => story_run.hold(hold)?,
            Event::Erase(erase) => story_run.erase(erase)?,
            Event::Cycle(run) => story_run.execute(run, true)?,
            Event::Sweep(run) => story_run.execute(run, false)?,
        }
        let is_found = |(law, table): (Law, usize)| {
            story_run.outcome.broken.get(&law).is_some_and(|found| found.broken.table == table)
        };
        if until.is_some_and(is_found) {
            break;
        }
    }
    Ok(story_run.outcome)
}

/// The state of a story that runs on an engine.
pub(super) struct StoryRun<'a> {
    pub(super) engine: &'a mut dyn Engine,
    pub(super) facts: &'a Facts,
    pub(super) oracle: Oracle<'a>,
    pub(super) stage: Rc<Stage>,
    pub(super) listed: Periods,
    calendar: Vec<Period>,
    pub(super) raw_table: RawTable,
    /// By table, the clock at the start and at the end of its last hooks.
    pub(super) clocks: Vec<(i64, i64)>,
    /// The clock of the story, in microseconds since 1970, UTC.
    pub(super) now: i64,
    pub(super) event: usize,
    /// The event of the last completed cycle.
    last_completed: Option<usize>,
    /// Whether a cycle was given up after the last completed cycle.
    given_up: bool,
    /// Whether the last run was a sweep, or the current run is one.
    in_sweep: bool,
    /// Active holds: the table and the key.
    held: Vec<(usize, Option<String>)>,
    /// Holds that were lifted during the current run: the table and the key. Hooks that ran before
    /// the lift had to respect them.
    lifted: Vec<(usize, Option<String>)>,
    /// Holds that were placed after the hooks of their table began. They count from the next hooks
    /// on: the archive may have copied the rows already.
    late: Vec<(usize, Option<String>)>,
    watch: Option<&'a Watch>,
    watched: Vec<String>,
    pub(super) outcome: Outcome,
}

impl<'a> StoryRun<'a> {
    /// Creates the raw tables on an empty engine.
    pub(super) fn begin(
        engine: &'a mut dyn Engine,
        project: &Project,
        stages: &mut Stages<'_>,
        facts: &'a Facts,
        watch: Option<&'a Watch>,
    ) -> Result<Self, Error> {
        for raw in project.raw_tables(facts) {
            engine.run(&raw)?;
        }
        let calendar = project.calendar.iter().chain([project.numbered(usize::MAX)]).cloned();
        Ok(Self {
            oracle: Oracle::new(facts),
            raw_table: RawTable::new(facts),
            clocks: vec![(0, 0); facts.tables.len()],
            stage: stages.of(project.listed)?,
            listed: project.listed,
            calendar: calendar.collect(),
            now: 0,
            event: 0,
            last_completed: None,
            given_up: false,
            in_sweep: false,
            held: Vec::new(),
            lifted: Vec::new(),
            late: Vec::new(),
            watched: Vec::new(),
            outcome: Outcome::default(),
            facts,
            engine,
            watch,
        })
    }

    /// Creates the relations of the listed periods. Relations that exist stay as they are.
    fn create_relations(&mut self) -> Result<(), Error> {
        for definition in &Rc::clone(&self.stage).definitions {
            self.engine.run(definition)?;
        }
        Ok(())
    }

    pub(super) fn deliver(&mut self, delivery: &Delivery, number: usize) {
        self.oracle.deliver(delivery.table, number, row(self.facts, delivery));
        // If the arrival breaks ties, each row has another one.
        let breaks_ties = self.facts.tables[delivery.table].raw.arrival_wins().is_some();
        self.now = (self.now + if breaks_ties { SECOND } else { 0 }).max(delivery.at);
        self.raw_table.receive(self.facts, delivery, number, self.now);
        self.outcome.counts.deliveries += 1;
    }

    /// Runs a cycle or a sweep, with its stops and retries.
    fn execute(&mut self, run: &Run, is_cycle: bool) -> Result<(), Error> {
        self.raw_table.flush(self.engine, self.facts)?;
        self.now = self.now.max(run.at);
        let stage = Rc::clone(&self.stage);
        let schedule = schedule(&stage, run.commit_unit, is_cycle);
        if schedule.is_empty() {
            return Ok(());
        }
        self.in_sweep = !is_cycle;
        // Statements get a clock in whole seconds.
        let began = self.now.div_euclid(SECOND) * SECOND;
        self.lifted.clear();
        self.late.clear();
        // Raw trims must not run after a cycle that was given up.
        if is_cycle && !self.given_up {
            self.trim_raw()?;
        }
        let completed = self.attempts(run, &schedule)?;
        if !completed {
            self.given_up |= is_cycle;
            return Ok(());
        }
        let after = if is_cycle { After::Cycle } else { After::Sweep };
        if is_cycle {
            self.outcome.counts.cycles += 1
        } else {
            self.outcome.counts.sweeps += 1
        }
        self.check_laws(after)?;
        // With a limit, a second run archives the rows that waited.
        if run.twice && self.facts.tables.iter().all(|table| table.limit.is_none()) {
            self.run_again(run, &schedule, began)?;
            self.check_laws(after)?;
        }
        if !is_cycle {
            return Ok(());
        }
        self.last_completed = Some(self.event);
        self.given_up = false;
        self.trim_raw()?;
        self.trim_raw_of_story(run)
    }

    /// Runs the raw trims of the project. Their SQL waits for completed cycles.
    fn trim_raw(&mut self) -> Result<(), Error> {
        for trim in &Rc::clone(&self.stage).program.raw_trims {
            let Some(table) = self.facts.tables.iter().position(|table| table.model == trim.name) else { continue };
            self.engine.run(&with_clock(&trim.sql, self.engine.dialect(), self.now.div_euclid(SECOND)))?;
            let deleted = self.raw_table.remove_deleted(self.engine, self.facts, table)?;
            self.record_broken(self.oracle.trimmed(table, &deleted, self.last_completed));
        }
        Ok(())
    }

    /// After a completed cycle, trims the raw tables that the project does not trim.
    fn trim_raw_of_story(&mut self, run: &Run) -> Result<(), Error> {
        let mut before = run.trim_raw.clone();
        for (before, table) in before.iter_mut().zip(&self.facts.tables) {
            if self.stage.program.raw_trims.iter().any(|trim| trim.name == table.model) {
                *before = i64::MIN;
            }
        }
        self.raw_table.trim(self.engine, self.facts, &before)
    }

    /// Runs all statements, with stops and retries. Returns false if the run is given up.
    fn attempts(&mut self, run: &Run, schedule: &[Scheduled<'_>]) -> Result<bool, Error> {
        let mut stops = run.stops.iter();
        let mut from = 0;
        loop {
            let stop = stops.next();
            // A stop before a statement that the retry does not repeat is ignored.
            let at = stop.map(|stop| stop.before.index(schedule.len())).filter(|&at| at >= from);
            self.run_range(run, schedule, from, at.unwrap_or(schedule.len()))?;
            let (Some(stop), Some(at)) = (stop, at) else { return Ok(true) };
            self.outcome.counts.stops += 1;
            self.check_laws(After::Stop)?;
            self.now += 600 * SECOND;
            from = match stop.then {
                Recovery::GiveUp => return Ok(false),
                Recovery::RetryFromStart => 0,
                Recovery::RetryFromFailedTable => {
                    let failed = schedule[at].table;
                    schedule.iter().position(|other| other.table == failed).unwrap_or(0)
                }
            };
        }
    }

    /// Repeats a run with the same clock. The second run must change nothing, with two exceptions.
    /// Keys that the first run reported are now held, so the second run may restore their archived
    /// rows. After a purge, the second run may load a row that lacks its time. It reports the key,
    /// which the third run then holds. The last run must change nothing.
    fn run_again(&mut self, run: &Run, schedule: &[Scheduled<'_>], began: i64) -> Result<(), Error> {
        let ended = self.now;
        self.oracle.repeats(began);
        let mut before = read(self.engine, self.facts, &self.stage)?;
        let excused = if self.facts.tables.iter().any(|table| table.purged) { 2 } else { 1 };
        for nth in 0..=excused {
            self.now = began;
            self.run_range(run, schedule, 0, schedule.len())?;
            let after = read(self.engine, self.facts, &self.stage)?;
            let since = if nth == excused { i64::MAX } else { began };
            let broken = self.oracle.changed(&before, &after, since);
            let is_stable = before == after;
            before = after;
            if is_stable || !broken.is_empty() {
                self.record_broken(broken);
                break;
            }
        }
        self.now = self.now.max(ended);
        Ok(())
    }

    /// Runs the statements `from..end`, and rolls back a transaction that `end` interrupts.
    fn run_range(&mut self, run: &Run, schedule: &[Scheduled<'_>], from: usize, end: usize) -> Result<(), Error> {
        let interrupts = run.hold.as_ref().map(|(place, hold)| (place.index(schedule.len()), hold));
        let mut open: Option<usize> = None;
        let mut accepted = Vec::new();
        self.late.clear();
        for (number, slot) in schedule.iter().enumerate().take(end).skip(from) {
            if let Some((at, hold)) = interrupts
                && at == number
            {
                self.hold(hold)?;
                let table = &self.facts.tables[hold.table];
                let held = (hold.table, table.columns[table.exception_key].text(hold.key));
                let begins = |slot: &Scheduled<'_>| slot.table == hold.table && slot.begins_hooks;
                if hold.lift {
                    self.lifted.push(held);
                } else if schedule[from..number].iter().any(begins) {
                    self.late.push(held);
                }
            }
            if open != slot.group {
                if open.is_some() {
                    self.commit(&mut accepted)?;
                }
                if slot.group.is_some() {
                    self.engine.run("BEGIN")?;
                }
                open = slot.group;
            }
            if slot.begins_hooks {
                self.clocks[slot.table] = (self.now, self.now);
            }
            self.statement(slot)?;
            self.now += run.pace;
            if slot.ends_load {
                accepted.push(slot.table);
            }
            if slot.ends_hooks {
                self.clocks[slot.table].1 = self.now;
            }
            if slot.group.is_none() {
                self.accept(&mut accepted);
                if run.checks_each {
                    self.check_laws(After::Stop)?;
                }
            }
        }
        if open.is_some() {
            // A stop within a transaction undoes it. A stop between two transactions does not.
            let is_whole = schedule.get(end).is_none_or(|next| next.group != open);
            if is_whole {
                self.commit(&mut accepted)?;
            } else {
                self.engine.run("ROLLBACK")?;
                if let Some(slot) = schedule.get(end) {
                    self.record_move(slot.table, "ROLLBACK")?;
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, accepted: &mut Vec<usize>) -> Result<(), Error> {
        self.engine.run("COMMIT")?;
        self.accept(accepted);
        Ok(())
    }

    fn statement(&mut self, slot: &Scheduled<'_>) -> Result<(), Error> {
        let sql = with_clock(&slot.statement.sql, self.engine.dialect(), self.now.div_euclid(SECOND));
        let model = &self.facts.tables[slot.table].model;
        self.engine.run(&sql).map_err(|error| match error {
            Error::Engine { engine, why } => {
                Error::Engine { engine, why: format!("{model}/{}.sql: {why}", slot.statement.name) }
            }
            other => other,
        })?;
        self.outcome.counts.statements += 1;
        self.record_move(slot.table, &format!("{}.sql", slot.statement.name))
    }

    /// Records where the copies of the watched key are after a statement.
    fn record_move(&mut self, table: usize, statement: &str) -> Result<(), Error> {
        let Some(watch) = self.watch else { return Ok(()) };
        let after = places_of_key(self.engine, self.facts, &self.stage, &self.calendar, watch)?;
        if after != self.watched {
            let before = std::mem::replace(&mut self.watched, after.clone());
            let statement = format!("{}/{statement}", self.facts.tables[table].model);
            self.outcome.moves.push(Move { event: self.event, statement, before, after });
        }
        Ok(())
    }

    /// Marks the loadable raw rows of these tables as accepted. Their loads are complete.
    pub(super) fn accept(&mut self, tables: &mut Vec<usize>) {
        for table in tables.drain(..) {
            for number in self.raw_table.loadable(self.facts, table) {
                self.oracle.accept(table, number);
            }
        }
    }

    /// Checks the laws over all tables.
    pub(super) fn check_laws(&mut self, after: After) -> Result<(), Error> {
        let tables = read(self.engine, self.facts, &self.stage)?;
        self.outcome.counts.looks += 1;
        let moment = Moment {
            after,
            in_sweep: self.in_sweep,
            now: self.now,
            clocks: &self.clocks,
            held: &self.held,
            lifted: &self.lifted,
            late: &self.late,
            calendar: &self.calendar,
            listed: self.listed,
        };
        let broken = self.oracle.check(tables, moment);
        self.record_broken(broken);
        Ok(())
    }

    /// Records the first break of each law.
    pub(super) fn record_broken(&mut self, broken: Vec<Broken>) {
        for broken in broken {
            self.outcome.broken.entry(broken.law).or_insert(Found { broken, event: self.event });
        }
    }

    fn fill_ledger(&mut self) -> Result<(), Error> {
        let tables = read(self.engine, self.facts, &self.stage)?;
        self.outcome.ledger = self.oracle.ledger(&tables);
        Ok(())
    }
}
