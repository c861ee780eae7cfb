//! Tells a story on an engine: delivers, runs statements, stops, retries, and lets the oracle look.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::Facts;
use crate::rehearse::oracle::{Account, After, Broken, Key, Law, Moment, Oracle};
use crate::rehearse::program::{Project, Stage, Stages};
use crate::rehearse::raw_table::{RawTable, row};
use crate::rehearse::schedule::{Scheduled, schedule};
use crate::rehearse::state::{places, read};
use crate::rehearse::story::{Delivery, Event, Hold, Recovery, Run, Story};
use crate::rehearse::value::SECOND;

/// What came of a story.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The first time that each law was broken.
    pub(super) broken: BTreeMap<Law, Found>,
    /// What became of the accepted rows, by table, before the story's end lets everything go.
    pub(super) ledger: Vec<Account>,
    pub(super) counts: Counts,
    /// Where copies of the watched key stood, each time that a statement changed it.
    pub(super) moves: Vec<Move>,
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// Rows that raw received.
    pub deliveries: usize,
    /// Completed cycles.
    pub cycles: usize,
    /// Completed sweeps.
    pub sweeps: usize,
    /// Stops of either.
    pub stops: usize,
    /// Statements that ran.
    pub statements: usize,
    /// Times that the oracle looked.
    pub looks: usize,
}

impl Counts {
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            deliveries: self.deliveries + other.deliveries,
            cycles: self.cycles + other.cycles,
            sweeps: self.sweeps + other.sweeps,
            stops: self.stops + other.stops,
            statements: self.statements + other.statements,
            looks: self.looks + other.looks,
        }
    }
}

/// A law that was broken, and by which event of the story.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) broken: Broken,
    pub(super) event: usize,
}

/// A statement that changed where copies of the watched key stand.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) event: usize,
    /// The statement's file, below the folder of compiled statements; or what was done instead.
    pub(super) statement: String,
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

/// A key whose copies are followed from statement to statement.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) table: usize,
    pub(super) key: Key,
}

/// When to stop telling: once this law is broken in this table.
pub(super) type Until = Option<(Law, usize)>;

/// Tells a story on an empty engine.
pub(super) fn tell(
    engine: &mut dyn Engine,
    project: &Project,
    stages: &mut Stages<'_>,
    story: &Story,
    until: Until,
    watch: Option<&Watch>,
) -> Result<Told, Error> {
    stages.begin(engine)?;
    let facts = stages.facts();
    let mut telling = Telling::begin(engine, project, stages, &facts, watch)?;
    telling.define()?;
    for (event, number) in story.events.iter().zip(0..) {
        telling.event = number;
        if number == story.ending {
            telling.account()?;
        }
        match event {
            Event::Deliver(delivery) => telling.deliver(delivery, number),
            Event::Periods(periods) => {
                telling.stage = stages.of(*periods)?;
                telling.listed = *periods;
                telling.define()?;
            }
            Event::Hold(hold) => telling.hold(hold)?,
            Event::Cycle(run) => telling.run(run, true)?,
            Event::Sweep(run) => telling.run(run, false)?,
        }
        let is_found =
            |(law, table): (Law, usize)| telling.told.broken.get(&law).is_some_and(|found| found.broken.table == table);
        if until.is_some_and(is_found) {
            break;
        }
    }
    Ok(telling.told)
}

pub(super) struct Telling<'a> {
    pub(super) engine: &'a mut dyn Engine,
    pub(super) facts: &'a Facts,
    pub(super) oracle: Oracle<'a>,
    pub(super) stage: Rc<Stage>,
    pub(super) listed: crate::rehearse::story::Periods,
    calendar: Vec<(String, i64, i64)>,
    pub(super) raw_table: RawTable,
    /// By table, the clock when its last hooks began and ended.
    pub(super) clocks: Vec<(i64, i64)>,
    pub(super) now: i64,
    pub(super) event: usize,
    /// The last completed cycle, by its event.
    seen: Option<usize>,
    /// Whether a cycle was given up since.
    given_up: bool,
    /// Holds that are in place, by table.
    held: Vec<(usize, Option<String>)>,
    /// Holds that were lifted while the run went on, by table: hooks that had run by then had to respect them.
    lifted: Vec<(usize, Option<String>)>,
    watch: Option<&'a Watch>,
    watched: Vec<String>,
    pub(super) told: Told,
}

impl<'a> Telling<'a> {
    /// Creates the raw tables, on an engine that is empty otherwise.
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
        let calendar = project
            .calendar
            .iter()
            .map(|period| (period.name.clone(), period.start_epoch() * SECOND, period.end_epoch() * SECOND));
        Ok(Self {
            oracle: Oracle::new(facts),
            raw_table: RawTable::new(facts),
            clocks: vec![(0, 0); facts.tables.len()],
            stage: stages.of(project.listed)?,
            listed: project.listed,
            calendar: calendar.collect(),
            now: 0,
            event: 0,
            seen: None,
            given_up: false,
            held: Vec::new(),
            lifted: Vec::new(),
            watched: Vec::new(),
            told: Told::default(),
            facts,
            engine,
            watch,
        })
    }

    /// Creates what the project now lists; twice does no harm.
    fn define(&mut self) -> Result<(), Error> {
        for definition in &Rc::clone(&self.stage).definitions {
            self.engine.run(definition)?;
        }
        Ok(())
    }

    pub(super) fn deliver(&mut self, delivery: &Delivery, number: usize) {
        self.oracle.deliver(delivery.table, number, row(self.facts, delivery));
        self.now = self.now.max(delivery.at);
        self.raw_table.receive(self.facts, delivery, number, self.now);
        self.told.counts.deliveries += 1;
    }

    pub(super) fn hold(&mut self, hold: &Hold) -> Result<(), Error> {
        // What an operator does, the hooks have not done: they must not be blamed for it.
        self.look(After::Stop)?;
        let table = &self.facts.tables[hold.table];
        let (relation, key) = &self.facts.exceptions[table.exceptions];
        let value = table.columns[table.exception_key].literal(hold.key);
        let at = format!("(TIMESTAMP '1970-01-01 00:00:00' + INTERVAL '{} seconds')", hold.at / SECOND);
        let kind = table.hold_type();
        let sql = if hold.lift {
            format!(
                "UPDATE {relation} SET resolved_at = {at}, resolved_by = 'operator' \
                 WHERE {} = {value} AND exception_type = '{kind}' AND resolved_at IS NULL",
                key.sql
            )
        } else {
            format!(
                "INSERT INTO {relation} ({}, exception_type, detected_at, notes) VALUES ({value}, '{kind}', {at}, 'held by an operator')",
                key.sql
            )
        };
        self.engine.run(&sql)?;
        let held = (hold.table, table.columns[table.exception_key].text(hold.key));
        self.held.retain(|other| *other != held);
        if !hold.lift {
            self.held.push(held);
        }
        self.look(After::Stop)
    }

    /// A cycle or a sweep, with its stops and retries.
    fn run(&mut self, run: &Run, is_cycle: bool) -> Result<(), Error> {
        self.raw_table.flush(self.engine, self.facts)?;
        self.now = self.now.max(run.at);
        let stage = Rc::clone(&self.stage);
        let schedule = schedule(&stage, run.regime, is_cycle);
        if schedule.is_empty() {
            return Ok(());
        }
        // The clock that statements are given counts seconds.
        let began = self.now.div_euclid(SECOND) * SECOND;
        self.lifted.clear();
        // The contract: not after a cycle that was given up.
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
            self.told.counts.cycles += 1
        } else {
            self.told.counts.sweeps += 1
        }
        self.look(after)?;
        if run.twice {
            self.again(run, &schedule, began)?;
            self.look(after)?;
        }
        if !is_cycle {
            return Ok(());
        }
        self.seen = Some(self.event);
        self.given_up = false;
        self.trim_raw()?;
        self.forget_raw(run)
    }

    /// The project's own trims of raw tables, which wait for completed cycles by themselves.
    fn trim_raw(&mut self) -> Result<(), Error> {
        for trim in &Rc::clone(&self.stage).program.raw_trims {
            let Some(table) = self.facts.tables.iter().position(|table| table.model == trim.name) else { continue };
            self.engine.run(&at(&trim.sql, self.engine.dialect(), self.now.div_euclid(SECOND)))?;
            let gone = self.raw_table.look(self.engine, self.facts, table)?;
            self.found(self.oracle.trimmed(table, &gone, self.seen));
        }
        Ok(())
    }

    /// After a completed cycle: the story's trims, of raw tables that the project does not trim.
    fn forget_raw(&mut self, run: &Run) -> Result<(), Error> {
        let mut before = run.trim_raw.clone();
        for (before, table) in before.iter_mut().zip(&self.facts.tables) {
            if self.stage.program.raw_trims.iter().any(|trim| trim.name == table.model) {
                *before = i64::MIN;
            }
        }
        self.raw_table.trim(self.engine, self.facts, &before)
    }

    /// Runs until it is done, or given up.
    fn attempts(&mut self, run: &Run, schedule: &[Scheduled<'_>]) -> Result<bool, Error> {
        let mut stops = run.stops.iter();
        let mut from = 0;
        loop {
            let stop = stops.next();
            // A stop before a statement that a retry does not repeat is none.
            let at = stop.map(|stop| stop.before.of(schedule.len())).filter(|&at| at >= from);
            self.some(run, schedule, from, at.unwrap_or(schedule.len()))?;
            let (Some(stop), Some(at)) = (stop, at) else { return Ok(true) };
            self.told.counts.stops += 1;
            self.look(After::Stop)?;
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

    /// The same run once more, by the same clock: it must change nothing. A key that the first run reported is held in the
    /// second: an archived row of it that raw still delivers comes home then, and a third run must change nothing at all.
    fn again(&mut self, run: &Run, schedule: &[Scheduled<'_>], began: i64) -> Result<(), Error> {
        let once = read(self.engine, self.facts, &self.stage)?;
        let ended = self.now;
        self.now = began;
        self.some(run, schedule, 0, schedule.len())?;
        let twice = read(self.engine, self.facts, &self.stage)?;
        let mut broken = self.oracle.changed(&once, &twice, began);
        if once != twice && broken.is_empty() {
            self.now = began;
            self.some(run, schedule, 0, schedule.len())?;
            let thrice = read(self.engine, self.facts, &self.stage)?;
            broken = self.oracle.changed(&twice, &thrice, i64::MAX);
        }
        self.now = self.now.max(ended);
        self.found(broken);
        Ok(())
    }

    /// Statements from one to another, which is not run any more: what is open then is rolled back.
    fn some(&mut self, run: &Run, schedule: &[Scheduled<'_>], from: usize, end: usize) -> Result<(), Error> {
        let interrupts = run.hold.as_ref().map(|(place, hold)| (place.of(schedule.len()), hold));
        let mut open: Option<usize> = None;
        let mut accepted = Vec::new();
        for (number, slot) in schedule.iter().enumerate().take(end).skip(from) {
            if let Some((at, hold)) = interrupts
                && at == number
            {
                self.hold(hold)?;
                if hold.lift {
                    let column = self.facts.tables[hold.table].exception_key;
                    self.lifted.push((hold.table, self.facts.tables[hold.table].columns[column].text(hold.key)));
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
                if run.looks {
                    self.look(After::Stop)?;
                }
            }
        }
        if open.is_some() {
            // A stop in the middle of a transaction undoes it; a stop between two does not.
            let is_whole = schedule.get(end).is_none_or(|next| next.group != open);
            if is_whole {
                self.commit(&mut accepted)?;
            } else {
                self.engine.run("ROLLBACK")?;
                if let Some(slot) = schedule.get(end) {
                    self.watch(slot.table, "ROLLBACK")?;
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
        let sql = at(&slot.statement.sql, self.engine.dialect(), self.now.div_euclid(SECOND));
        let model = &self.facts.tables[slot.table].model;
        self.engine.run(&sql).map_err(|error| match error {
            Error::Engine { engine, why } => {
                Error::Engine { engine, why: format!("{model}/{}.sql: {why}", slot.statement.name) }
            }
            other => other,
        })?;
        self.told.counts.statements += 1;
        self.watch(slot.table, &format!("{}.sql", slot.statement.name))
    }

    /// Follows the watched key through what was just done.
    fn watch(&mut self, table: usize, done: &str) -> Result<(), Error> {
        let Some(watch) = self.watch else { return Ok(()) };
        let after = places(self.engine, self.facts, &self.stage, &self.calendar, watch)?;
        if after != self.watched {
            let before = std::mem::replace(&mut self.watched, after.clone());
            let statement = format!("{}/{done}", self.facts.tables[table].model);
            self.told.moves.push(Move { event: self.event, statement, before, after });
        }
        Ok(())
    }

    /// The loads of these tables are complete: what raw held is taken over.
    pub(super) fn accept(&mut self, tables: &mut Vec<usize>) {
        for table in tables.drain(..) {
            for number in self.raw_table.loadable(self.facts, table) {
                self.oracle.accept(table, number);
            }
        }
    }

    pub(super) fn look(&mut self, after: After) -> Result<(), Error> {
        let tables = read(self.engine, self.facts, &self.stage)?;
        self.told.counts.looks += 1;
        let moment = Moment {
            after,
            now: self.now,
            clocks: &self.clocks,
            held: &self.held,
            lifted: &self.lifted,
            calendar: &self.calendar,
            listed: (self.listed.first, self.listed.open_from, self.listed.end),
        };
        let broken = self.oracle.look(tables, moment);
        self.found(broken);
        Ok(())
    }

    pub(super) fn found(&mut self, broken: Vec<Broken>) {
        for broken in broken {
            self.told.broken.entry(broken.law).or_insert(Found { broken, event: self.event });
        }
    }

    fn account(&mut self) -> Result<(), Error> {
        let tables = read(self.engine, self.facts, &self.stage)?;
        self.told.ledger = self.oracle.ledger(&tables);
        Ok(())
    }
}

/// The statement exactly as it was emitted, but for the clock: seconds since 1970, UTC.
fn at(sql: &str, dialect: Dialect, epoch: i64) -> String {
    let instant = |ty: &str, zone: &str| format!("({ty} '1970-01-01 00:00:00{zone}' + INTERVAL '{epoch} seconds')");
    // Somebody's own hooks may be written for Redshift, whose clock has no zone.
    sql.replace(dialect.clock_token(), &instant("TIMESTAMPTZ", "+00"))
        .replace(Dialect::OF_HANDWRITTEN_HOOKS.clock_token(), &instant("TIMESTAMP", ""))
}
