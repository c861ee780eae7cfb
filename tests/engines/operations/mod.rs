//! What runs around the cycles, over histories that the judge makes, on PostgreSQL.

mod faults;
mod repairs;
mod story;
mod units;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rowkeep::manifest::{Manifest, Node, OperationEntry};
use rowkeep::rehearse::{Project, Record, Turn, rehearse_by};
use rowkeep::{Dialect, Error};

use crate::engine::{Engine, at, cycle, order_tracking, sweep};

/// 2040-01-01, seconds since 1970: later than any row of a story.
pub const CLOCK: i64 = 2_208_988_800;
pub const DAY: i64 = 86_400;

/// A database that the judge and a test take turns in.
#[derive(Clone)]
pub struct Database(Rc<RefCell<Engine>>);

impl Database {
    pub fn new(name: &str) -> Self {
        Self(Rc::new(RefCell::new(Engine::open(Dialect::Postgres, name))))
    }

    /// Runs a statement as it was emitted, but for the clock.
    pub fn run_at(&self, sql: &str, epoch: i64) {
        self.0.borrow_mut().run(&at(sql, Dialect::Postgres, epoch));
    }

    pub fn execute(&self, sql: &str) {
        self.0.borrow_mut().run(sql);
    }

    /// What the engine says when it refuses a statement.
    pub fn refuses(&self, sql: &str, epoch: i64) -> String {
        let Engine::Postgres(client) = &mut *self.0.borrow_mut() else { panic!("this is PostgreSQL") };
        let error = client.batch_execute(&at(sql, Dialect::Postgres, epoch)).expect_err("it is refused");
        error.as_db_error().expect("the engine said so").message().to_owned()
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

    /// The one number that a query gives.
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

/// What a story has come to.
pub struct Told {
    pub database: Database,
    pub manifest: Manifest,
}

/// The order of a story's turns is the judge's; `seen` is called after every statement of a cycle or a sweep, and at its end.
pub fn tell(name: &str, seed: u64, cycles: usize, seen: &mut dyn FnMut(&Told, Moment)) -> Told {
    let inputs = order_tracking(Dialect::Postgres, "2025_h2, 2026_h1");
    let project = Project::new(&inputs, Dialect::Postgres).expect("the example compiles");
    let database = Database::new(name);
    let manifest = rowkeep::compile(&inputs).expect("it compiles").manifest().clone();
    let mut told = Told { database: database.clone(), manifest };
    // Each statement takes a second.
    let clock = Cell::new(CLOCK);
    let mut by = |turn: Turn<'_>| {
        let run =
            |told: &Told, hooks: Vec<&rowkeep::manifest::Hook>, moment: Moment, seen: &mut dyn FnMut(&Told, Moment)| {
                for hook in hooks {
                    clock.set(clock.get() + 1);
                    told.database.run_at(&hook.sql, clock.get());
                    seen(told, Moment::Within);
                }
                seen(told, moment);
            };
        match turn {
            Turn::Periods(artifacts) => {
                told.manifest = artifacts.manifest().clone();
                told.manifest.ddl.iter().for_each(|definition| told.database.execute(&definition.sql));
            }
            Turn::Cycle => run(&told, cycle(&told.manifest), Moment::Cycle, seen),
            Turn::Sweep => run(&told, sweep(&told.manifest), Moment::Sweep, seen),
        }
        Ok(())
    };
    let outcome =
        rehearse_by(&project, (seed, cycles), &mut database.clone(), &|| clock.get(), &mut by).expect("it runs");
    assert!(outcome.broken.is_empty(), "{:#?}", outcome.broken);
    assert!(outcome.counts.cycles > 3 && outcome.counts.sweeps > 0, "{:?}", outcome.counts);
    told
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

impl Told {
    pub fn node(&self, model: &str) -> &Node {
        self.manifest.nodes.values().find(|node| node.name == model).expect("a model of that name")
    }

    /// The history tables of a model, oldest period first.
    pub fn histories(&self, node: &Node) -> Vec<String> {
        self.manifest.periods.iter().map(|period| format!("{}_{}", node.history, period.name)).collect()
    }

    pub fn monitor(&self, name: &str) -> &rowkeep::manifest::Monitor {
        self.manifest.monitors.iter().find(|monitor| monitor.name == name).expect("a monitor of that name")
    }

    /// What a monitor finds: the keys, in order.
    pub fn finds(&self, name: &str, epoch: i64) -> Vec<Option<String>> {
        let mut found: Vec<_> = self.database.ask_at(&self.monitor(name).find.sql, epoch);
        found.sort();
        found.into_iter().map(|mut row| row.swap_remove(0)).collect()
    }

    pub fn run(&self, task: &OperationEntry, epoch: i64) {
        self.database.run_at(&task.sql, epoch);
    }
}
