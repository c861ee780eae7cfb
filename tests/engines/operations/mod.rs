//! Operations on PostgreSQL, after stories that the rehearsal generates.

mod faults;
mod repairs;
mod story;
mod units;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rowkeep::artifacts::manifest::{Manifest, Node, OperationEntry};
use rowkeep::rehearse::{Project, Record, Turn, rehearse_external};
use rowkeep::{Dialect, Error};

use crate::engine::{Engine, at, cycle, order_tracking, sweep};

/// 2040-01-01 in seconds since 1970: later than every row of a story.
pub const CLOCK: i64 = 2_208_988_800;
pub const DAY: i64 = 86_400;

/// A database that the rehearsal and a test share.
#[derive(Clone)]
pub struct Database(Rc<RefCell<Engine>>);

impl Database {
    pub fn new(name: &str) -> Self {
        Self(Rc::new(RefCell::new(Engine::open(Dialect::Postgres, name))))
    }

    /// Runs a statement as emitted, except that the clock is replaced.
    pub fn run_at(&self, sql: &str, epoch: i64) {
        self.0.borrow_mut().run(&at(sql, Dialect::Postgres, epoch));
    }

    pub fn execute(&self, sql: &str) {
        self.0.borrow_mut().run(sql);
    }

    /// The message of the engine that refuses a statement.
    pub fn refuses(&self, sql: &str, epoch: i64) -> String {
        let Engine::Postgres(client) = &mut *self.0.borrow_mut() else { panic!("this is PostgreSQL") };
        let error = client.batch_execute(&at(sql, Dialect::Postgres, epoch)).expect_err("it is refused");
        error.as_db_error().expect("an error of the engine").message().to_owned()
    }

    pub fn ask(&self, sql: &str) -> Vec<Record> {
        let Engine::Postgres(client) = &mut *self.0.borrow_mut() else { panic!("this is PostgreSQL") };
        let messages = client.simple_query(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        let rows = messages.into_iter().filter_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()).collect()
    }

    pub fn ask_at(&self, sql: &str, epoch: i64) -> Vec<Record> {
        self.ask(&at(sql, Dialect::Postgres, epoch))
    }

    /// The single number that a query returns.
    pub fn number(&self, sql: &str) -> i64 {
        let text = self.ask(sql)[0][0].clone().expect("a number");
        text.parse().unwrap_or_else(|_| panic!("{text} is no number: {sql}"))
    }
}

impl rowkeep::rehearse::Engine for Database {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        for schema in schemas {
            self.execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", schema.join(".")));
        }
        Ok(())
    }

    fn place(&self, _: &[String]) -> Option<String> {
        None
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.execute(sql);
        Ok(())
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        Ok(self.ask(sql))
    }
}

/// A finished story: its database, and the last manifest.
pub struct Story {
    pub database: Database,
    pub manifest: Manifest,
}

/// Runs a story. `seen` is called after every statement, and after every cycle and sweep.
pub fn run_story(name: &str, seed: u64, cycles: usize, seen: &mut dyn FnMut(&Story, Moment)) -> Story {
    let inputs = order_tracking(Dialect::Postgres, "2025_h2, 2026_h1");
    let project = Project::new(&inputs, Dialect::Postgres).expect("the example compiles");
    let database = Database::new(name);
    let manifest = rowkeep::compile(&inputs).expect("it compiles").manifest().clone();
    let mut story = Story { database: database.clone(), manifest };
    // The clock advances one second per statement.
    let clock = Cell::new(CLOCK);
    let mut by = |turn: Turn<'_>| {
        let run = |story: &Story,
                   hooks: Vec<&rowkeep::artifacts::manifest::Hook>,
                   moment: Moment,
                   seen: &mut dyn FnMut(&Story, Moment)| {
            for hook in hooks {
                clock.set(clock.get() + 1);
                story.database.run_at(&hook.sql, clock.get());
                seen(story, Moment::Within);
            }
            seen(story, moment);
        };
        match turn {
            Turn::Periods(artifacts) => {
                story.manifest = artifacts.manifest().clone();
                story.manifest.ddl.iter().for_each(|definition| story.database.execute(&definition.sql));
            }
            Turn::Cycle => run(&story, cycle(&story.manifest), Moment::Cycle, seen),
            Turn::Sweep => run(&story, sweep(&story.manifest), Moment::Sweep, seen),
        }
        Ok(())
    };
    let outcome =
        rehearse_external(&project, (seed, cycles), &mut database.clone(), &|| clock.get(), &mut by).expect("it runs");
    assert!(outcome.broken.is_empty(), "{:#?}", outcome.broken);
    assert!(outcome.counts.cycles > 3 && outcome.counts.sweeps > 0, "{:?}", outcome.counts);
    story
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// After a statement.
    Within,
    /// After a completed cycle.
    Cycle,
    /// After a completed sweep.
    Sweep,
}

impl Story {
    pub fn node(&self, model: &str) -> &Node {
        self.manifest.nodes.values().find(|node| node.name == model).expect("a model of that name")
    }

    /// The history tables of a model, oldest period first.
    pub fn histories(&self, node: &Node) -> Vec<String> {
        self.manifest
            .periods
            .iter()
            .map(|period| format!("{}_{}", node.history.as_ref().expect("no purge here"), period.name))
            .collect()
    }

    pub fn monitor(&self, name: &str) -> &rowkeep::artifacts::manifest::Monitor {
        self.manifest.monitors.iter().find(|monitor| monitor.name == name).expect("a monitor of that name")
    }

    /// The keys that a monitor finds, in order.
    pub fn finds(&self, name: &str, epoch: i64) -> Vec<Option<String>> {
        let mut found: Vec<_> = self.database.ask_at(&self.monitor(name).find.sql, epoch);
        found.sort();
        found.into_iter().map(|mut row| row.swap_remove(0)).collect()
    }

    pub fn run(&self, task: &OperationEntry, epoch: i64) {
        self.database.run_at(&task.sql, epoch);
    }
}
