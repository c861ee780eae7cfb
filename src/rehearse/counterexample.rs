//! A broken law as a short list of events.

use serde::Serialize;

use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::{Facts, Periods};
use crate::rehearse::oracle::Law;
use crate::rehearse::program::Project;
use crate::rehearse::run::{Found, Watch, run_story};
use crate::rehearse::schedule::schedule;
use crate::rehearse::stage::Stages;
use crate::rehearse::story::{CommitUnit, Delivery, Event, Hold, Recovery, Run, Story};
use crate::rehearse::value::{Cell, Typed, instant_text};

/// A short list of events that breaks a law.
#[derive(Clone, Debug, Serialize)]
pub struct Counterexample {
    /// The law.
    pub law: Law,
    /// The seed of the original story.
    pub seed: u64,
    /// The model whose rows break the law.
    pub model: String,
    /// The key columns of the row with their values, or only the exception key, if the law is
    /// broken for no single row.
    pub row: String,
    /// A description of the break, in one line.
    pub what: String,
    /// The events, in order.
    pub events: Vec<Happening>,
}

/// An event of a counterexample.
#[derive(Clone, Debug, Serialize)]
pub struct Happening {
    /// The time, UTC. It is empty for `periods`.
    pub at: String,
    /// The kind of event: `raw`, `cycle`, `sweep`, `hold`, `lift`, `periods`.
    pub kind: &'static str,
    /// The details.
    pub text: String,
    /// The statements that changed where the copies of the row are.
    pub moves: Vec<Movement>,
}

/// A statement that changed where the copies of a row are.
#[derive(Clone, Debug, Serialize)]
pub struct Movement {
    /// The file of the statement, below the folder of compiled statements.
    pub statement: String,
    /// The places of the copies before the statement, each with its time.
    pub before: Vec<String>,
    /// The places of the copies after the statement.
    pub after: Vec<String>,
    /// Whether this is the last such statement before the law was broken.
    pub is_last: bool,
}

/// Runs a story that breaks a law again, and records the places of the row that breaks it.
pub(super) fn explain(
    engine: &mut dyn Engine,
    project: &Project,
    stages: &mut Stages<'_>,
    seed: u64,
    story: &Story,
    found: &Found,
) -> Result<Counterexample, Error> {
    let facts = &project.facts;
    let broken = &found.broken;
    let table = &facts.tables[broken.table];
    let is_about_one_row = broken.key.len() == table.key.len();
    let watch = Watch { table: broken.table, key: broken.key.clone() };
    let until = Some((broken.law, broken.table));
    let outcome = run_story(engine, project, stages, story, until, is_about_one_row.then_some(&watch))?;
    let mut periods = project.listed;
    let mut events = Vec::new();
    for (event, number) in story.events.iter().zip(0..) {
        let steps = outcome.moves.iter().filter(|step| step.event == number).map(|step| Movement {
            statement: step.statement.clone(),
            before: step.before.clone(),
            after: step.after.clone(),
            is_last: false,
        });
        let (at, kind, text) = describe_event(project, stages, event, &mut periods)?;
        events.push(Happening { at, kind, text, moves: steps.collect() });
    }
    if let Some(last) = events.iter_mut().rev().flat_map(|event| event.moves.iter_mut().rev()).next() {
        last.is_last = true;
    }
    let columns: Vec<_> = if is_about_one_row { table.key.clone() } else { vec![table.exception_key] };
    let row =
        columns.iter().zip(&broken.key).map(|(&column, part)| column_value(&table.columns[column], part.as_deref()));
    Ok(Counterexample {
        law: broken.law,
        seed,
        model: table.model.clone(),
        row: row.collect::<Vec<_>>().join(", "),
        what: broken.what.clone(),
        events,
    })
}

/// A column and its value, as text.
fn column_value(column: &Typed, text: Option<&str>) -> String {
    let value = match text {
        None => "NULL".to_owned(),
        Some(text) => {
            let micros = column.unit.and_then(|_| text.parse().ok());
            micros.map_or_else(|| text.to_owned(), instant_text)
        }
    };
    format!("{} {value}", column.name)
}

fn describe_event(
    project: &Project,
    stages: &mut Stages<'_>,
    event: &Event,
    periods: &mut Periods,
) -> Result<(String, &'static str, String), Error> {
    let facts = &project.facts;
    Ok(match event {
        Event::Deliver(delivery) => (instant_text(delivery.at), "raw", describe_delivery(facts, delivery)),
        Event::Hold(hold) => {
            (instant_text(hold.at), if hold.lift { "lift" } else { "hold" }, describe_hold(facts, hold))
        }
        Event::Erase(erase) => (instant_text(erase.at), "erase", describe_key(facts, erase.table, erase.key)),
        Event::Periods(listed) => {
            *periods = *listed;
            (String::new(), "periods", listed_periods(project, *listed))
        }
        Event::Cycle(run) => (instant_text(run.at), "cycle", describe_run(project, stages, run, *periods, true)?),
        Event::Sweep(run) => (instant_text(run.at), "sweep", describe_run(project, stages, run, *periods, false)?),
    })
}

fn describe_delivery(facts: &Facts, delivery: &Delivery) -> String {
    let table = &facts.tables[delivery.table];
    let cells = table
        .columns
        .iter()
        .zip(&delivery.cells)
        .map(|(column, cell)| column_value(column, column.text(*cell).as_deref()));
    format!("{}: {}", table.model, cells.collect::<Vec<_>>().join(", "))
}

fn describe_hold(facts: &Facts, hold: &Hold) -> String {
    describe_key(facts, hold.table, hold.key)
}

fn describe_key(facts: &Facts, table: usize, key: Cell) -> String {
    let table = &facts.tables[table];
    let column = &table.columns[table.exception_key];
    format!("{}: {}", table.model, column_value(column, column.text(key).as_deref()))
}

fn listed_periods(project: &Project, listed: Periods) -> String {
    let name = |number: usize| project.numbered(number).name.as_str();
    let mut text = format!("{} to {}", name(listed.first), name(listed.end - 1));
    if listed.open_from > listed.first {
        text.push_str(&format!(", sealed up to {}", name(listed.open_from - 1)));
    }
    text
}

/// Describes a run: its stops, a hold that changed during the run, and whether it ran twice.
fn describe_run(
    project: &Project,
    stages: &mut Stages<'_>,
    run: &Run,
    periods: Periods,
    is_cycle: bool,
) -> Result<String, Error> {
    let stage = stages.of(periods)?;
    let statements: Vec<_> = schedule(&stage, run.commit_unit, is_cycle)
        .iter()
        .map(|next| format!("{}/{}", project.facts.tables[next.table].model, next.statement.name))
        .collect();
    let name = |number: usize| statements.get(number).map_or("the end", String::as_str);
    let mut parts = Vec::new();
    match run.commit_unit {
        _ if run.stops.is_empty() => {}
        CommitUnit::Statement => parts.push("each statement commits alone".to_owned()),
        CommitUnit::Hooks => parts.push("the hooks of a table are one transaction".to_owned()),
        CommitUnit::Table => parts.push("the load and hooks of a table are one transaction".to_owned()),
    }
    for stop in &run.stops {
        let then = match stop.then {
            Recovery::GiveUp => "and is given up",
            Recovery::RetryFromStart => "and starts again from the first statement",
            Recovery::RetryFromFailedTable => "and starts again from that table",
        };
        parts.push(format!("stops before {} {then}", name(stop.before.index(statements.len()))));
    }
    if let Some((position, hold)) = &run.hold {
        let verb = if hold.lift { "lifts the hold of" } else { "holds" };
        let before = name(position.index(statements.len()));
        parts.push(format!("before {before}, an operator {verb} {}", describe_hold(&project.facts, hold)));
    }
    if run.twice {
        parts.push("runs twice".to_owned());
    }
    Ok(parts.join("; "))
}
