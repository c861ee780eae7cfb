//! A broken law as a story that a person understands in one reading.

use serde::Serialize;

use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::Facts;
use crate::rehearse::oracle::Law;
use crate::rehearse::program::{Project, Stages};
use crate::rehearse::run::{Found, Watch, tell};
use crate::rehearse::schedule::schedule;
use crate::rehearse::story::{Delivery, Event, Hold, Periods, Recovery, Regime, Run, Story};
use crate::rehearse::value::{Typed, shown};

/// How a law was broken, in as few events as it takes.
#[derive(Clone, Debug, Serialize)]
pub struct Counterexample {
    /// The law.
    pub law: Law,
    /// The seed whose story it was cut from.
    pub seed: u64,
    /// The model whose rows it is about.
    pub model: String,
    /// The row: its key's columns and their values; or the exception key alone, if it is not about one row.
    pub row: String,
    /// What is wrong, in one line.
    pub what: String,
    /// What happened, in order.
    pub events: Vec<Happening>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Happening {
    /// When, UTC; empty for `periods`.
    pub at: String,
    /// What, in a word: `raw`, `cycle`, `sweep`, `hold`, `lift`, `periods`.
    pub kind: &'static str,
    /// More of it.
    pub text: String,
    /// The statements that changed where the row stands.
    pub moves: Vec<Movement>,
}

/// A statement that changed where a row stands.
#[derive(Clone, Debug, Serialize)]
pub struct Movement {
    /// The statement's file, below the folder of compiled statements.
    pub statement: String,
    /// Where copies stood, each with its time.
    pub before: Vec<String>,
    /// Where copies stand after it.
    pub after: Vec<String>,
    /// Whether it is the last one that changed anything before the law was broken.
    pub is_last: bool,
}

/// Tells a story that breaks a law once more, with an eye on the row that it is about.
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
    let is_about_one = broken.key.len() == table.key.len();
    let watch = Watch { table: broken.table, key: broken.key.clone() };
    let until = Some((broken.law, broken.table));
    let told = tell(engine, project, stages, story, until, is_about_one.then_some(&watch))?;
    let mut periods = project.listed;
    let mut events = Vec::new();
    for (event, number) in story.events.iter().zip(0..) {
        let steps = told.moves.iter().filter(|step| step.event == number).map(|step| Movement {
            statement: step.statement.clone(),
            before: step.before.clone(),
            after: step.after.clone(),
            is_last: false,
        });
        let (at, kind, text) = words(project, stages, event, &mut periods)?;
        events.push(Happening { at, kind, text, moves: steps.collect() });
    }
    if let Some(last) = events.iter_mut().rev().flat_map(|event| event.moves.iter_mut().rev()).next() {
        last.is_last = true;
    }
    let columns: Vec<_> = if is_about_one { table.key.clone() } else { vec![table.exception_key] };
    let row = columns.iter().zip(&broken.key).map(|(&column, part)| named(&table.columns[column], part.as_deref()));
    Ok(Counterexample {
        law: broken.law,
        seed,
        model: table.model.clone(),
        row: row.collect::<Vec<_>>().join(", "),
        what: broken.what.clone(),
        events,
    })
}

/// A column and its value, read back as a text.
fn named(column: &Typed, text: Option<&str>) -> String {
    let value = match text {
        None => "NULL".to_owned(),
        Some(text) => {
            let micros = column.unit.and_then(|_| text.parse().ok());
            micros.map_or_else(|| text.to_owned(), shown)
        }
    };
    format!("{} {value}", column.name)
}

fn words(
    project: &Project,
    stages: &mut Stages<'_>,
    event: &Event,
    periods: &mut Periods,
) -> Result<(String, &'static str, String), Error> {
    let facts = &project.facts;
    Ok(match event {
        Event::Deliver(delivery) => (shown(delivery.at), "raw", delivered(facts, delivery)),
        Event::Hold(hold) => (shown(hold.at), if hold.lift { "lift" } else { "hold" }, held(facts, hold)),
        Event::Periods(listed) => {
            *periods = *listed;
            (String::new(), "periods", listed_periods(project, *listed))
        }
        Event::Cycle(run) => (shown(run.at), "cycle", ran(project, stages, run, *periods, true)?),
        Event::Sweep(run) => (shown(run.at), "sweep", ran(project, stages, run, *periods, false)?),
    })
}

fn delivered(facts: &Facts, delivery: &Delivery) -> String {
    let table = &facts.tables[delivery.table];
    let cells =
        table.columns.iter().zip(&delivery.cells).map(|(column, cell)| named(column, column.text(*cell).as_deref()));
    format!("{}: {}", table.model, cells.collect::<Vec<_>>().join(", "))
}

fn held(facts: &Facts, hold: &Hold) -> String {
    let table = &facts.tables[hold.table];
    let column = &table.columns[table.exception_key];
    format!("{}: {}", table.model, named(column, column.text(hold.key).as_deref()))
}

fn listed_periods(project: &Project, listed: Periods) -> String {
    let name = |number: usize| project.calendar.get(number).map_or("", |period| period.name.as_str());
    let mut text = format!("{} to {}", name(listed.first), name(listed.end - 1));
    if listed.open_from > listed.first {
        text.push_str(&format!(", sealed up to {}", name(listed.open_from - 1)));
    }
    text
}

/// How a run went: where it stopped, what an operator did meanwhile, whether it ran twice.
fn ran(
    project: &Project,
    stages: &mut Stages<'_>,
    run: &Run,
    periods: Periods,
    is_cycle: bool,
) -> Result<String, Error> {
    let stage = stages.of(periods)?;
    let statements: Vec<_> = schedule(&stage, run.regime, is_cycle)
        .iter()
        .map(|next| format!("{}/{}", project.facts.tables[next.table].model, next.statement.name))
        .collect();
    let name = |number: usize| statements.get(number).map_or("the end", String::as_str);
    let mut said = Vec::new();
    match run.regime {
        _ if run.stops.is_empty() => {}
        Regime::Statement => said.push("each statement commits alone".to_owned()),
        Regime::Hooks => said.push("a table's hooks are one transaction".to_owned()),
        Regime::Table => said.push("a table's load and hooks are one transaction".to_owned()),
    }
    for stop in &run.stops {
        let then = match stop.then {
            Recovery::GiveUp => "and is given up",
            Recovery::RetryFromStart => "and starts again",
            Recovery::RetryFromFailedTable => "and goes on from that table",
        };
        said.push(format!("stops before {} {then}", name(stop.before.of(statements.len()))));
    }
    if let Some((place, hold)) = &run.hold {
        let what = if hold.lift { "lifts the hold of" } else { "holds" };
        let before = name(place.of(statements.len()));
        said.push(format!("before {before}, an operator {what} {}", held(&project.facts, hold)));
    }
    if run.twice {
        said.push("runs twice".to_owned());
    }
    Ok(said.join("; "))
}
