//! An HTML page about a project: the timeline of its periods, the purpose of each statement, the
//! effect of the next rotation, and the result of the last rehearsal. The page fetches nothing and
//! runs no scripts.

mod timeline;

use minijinja::{Value, context};
use serde_json::Value as Json;

use crate::artifacts::Artifacts;
use crate::artifacts::manifest::{Hook, Manifest, WindowedLoadEntry};
use crate::check::{Day, Edges, edges};
use crate::diagnostic::Diagnostics;
use crate::diff::{Changed, Preview, Weight, diff, hunks};
use crate::features::only_when;
use crate::features::text::{Tags, text};
use crate::project::{Length, Retention, Spec, TableId};
use crate::rotate::{Rotation, rotate};
use crate::source::Inputs;

/// What a report shows in addition to the project.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The current day. With it, the timeline shows the rows that are in the marts. Without it, the
    /// page of a project is the same on every day.
    pub today: Option<Day>,
    /// The output of `rowkeep rehearse --format json`.
    pub rehearsal: Option<&'a str>,
}

/// Writes the page as HTML.
///
/// # Errors
///
/// The findings of the first stage that fails.
///
/// ```
/// use rowkeep::Inputs;
/// use rowkeep::report::{Options, report};
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let page = report(&inputs, Options::default()).unwrap();
/// assert!(page.starts_with("<!doctype html>") && page.contains("until 2026-04-01"));
/// ```
pub fn report(inputs: &Inputs, options: Options<'_>) -> Result<String, Diagnostics> {
    let spec = crate::resolve(inputs)?;
    let artifacts = crate::compile_spec(&spec, inputs)?;
    let manifest = artifacts.manifest();
    let edges = edges(&spec);
    let tables = spec.tables().zip(&edges).map(|((id, _), edges)| table(&spec, id, manifest, edges, options.today));
    // A project that cannot be rotated still has a report.
    let rotations = spec.used_lists().filter_map(|(id, _)| {
        let list = spec.list(id);
        match rotate(inputs, list.name.as_deref(), None, None) {
            Ok(Rotation::Added { inputs: next, period, .. }) => {
                let preview = diff(inputs, &next).ok()?;
                Some(rotation(&format!("{period}{}", list.in_words().replace('`', "")), &preview))
            }
            _ => None,
        }
    });
    let rotations: Vec<_> = rotations.collect();
    let page = context! {
        project => spec.name.as_str(),
        dialect => spec.dialect.as_str(),
        figures => figures(&artifacts),
        horizon => horizon(&edges, options.today),
        loads => manifest.loads.iter().map(load).collect::<Vec<_>>(),
        tables => tables.collect::<Vec<_>>(),
        rotations,
    };
    let rehearsal = options.rehearsal.and_then(|text| serde_json::from_str(text).ok());
    let page = context! { ..page, ..rehearsal.as_ref().map_or_else(no_rehearsal, rehearsed) };
    Ok(text(Tags::Jinja, "report/page.html.j2", page))
}

fn day(day: Option<Day>) -> String {
    day.map_or_else(|| "the year 9999".to_owned(), |day| day.to_string())
}

fn figures(artifacts: &Artifacts) -> Vec<Value> {
    let manifest = artifacts.manifest();
    let cycle: usize = manifest.nodes.values().map(|node| node.load.len() + node.post_hooks.len()).sum();
    let night: usize = manifest.sweep.iter().map(|sweep| sweep.post_hooks.len()).sum();
    let open = manifest.periods.iter().filter(|period| period.state == "open").count();
    let figures = [
        (manifest.nodes.len(), "tables"),
        (manifest.periods.len(), "periods"),
        (open, "of them open"),
        (cycle, "statements a cycle"),
        (night, "statements a night"),
        (manifest.ddl.len(), "relations"),
    ];
    figures.into_iter().map(|(number, what)| context! { number, what }).collect()
}

fn load(load: &WindowedLoadEntry) -> Value {
    context! { name => load.name.as_str(), source => load.source.as_str(), into => load.into.as_deref() }
}

/// The first horizon of the tables with a history table per period.
fn horizon(edges: &[Edges], today: Option<Day>) -> Option<Value> {
    let first = edges.iter().filter(|edge| edge.has_periods).min_by_key(|edge| edge.horizon)?;
    // Rows from before it have a period in no table.
    let lower_edge = edges.iter().filter_map(|edge| edge.lower_edge).min();
    let left = today.zip(first.horizon).map(|(today, horizon)| horizon.days_since(today));
    Some(context! {
        day => day(first.horizon),
        lower_edge => day(lower_edge),
        days => left,
        is_near => left.is_some_and(|left| left <= 60),
        is_past => left.is_some_and(|left| left <= 0),
    })
}

fn table(spec: &Spec, id: TableId, manifest: &Manifest, edges: &Edges, today: Option<Day>) -> Value {
    let table = spec.table(id);
    let model = table.model.value.as_str();
    let stays = match &table.retention {
        Retention::For { length: Length::Seconds(0), .. } => "Rows stay until they expire".to_owned(),
        Retention::For { length, .. } => format!("Rows stay {length}"),
        Retention::WhileIn { parent, .. } => {
            format!("Rows stay while their key is in {}", spec.table(*parent).model.value.as_str())
        }
    };
    let moves_to = table.history_sql("<period>", spec.dialect);
    let key: Vec<_> = table.unique_key.iter().map(|&column| table.column(column).name.as_str()).collect();
    let node = manifest.nodes.values().find(|node| node.name == model);
    let node = node.unwrap_or_else(|| unreachable!("each table has a node in the manifest"));
    let sweep = manifest.sweep.iter().find(|sweep| sweep.model == model);
    context! {
        model,
        stays,
        moves_to,
        conditions => only_when::describe(table),
        time => table.column(table.time.column).name.as_str(),
        key => key.join(", "),
        horizon => table.has_periods().then(|| day(edges.horizon)),
        timeline => timeline::timeline(spec, id, edges, today),
        cycle => run(node.load.iter().chain(&node.post_hooks)),
        sweep => sweep.map(|sweep| run(&sweep.post_hooks)),
    }
}

/// Statements that run one after another.
fn run<'h>(hooks: impl IntoIterator<Item = &'h Hook>) -> Value {
    let statements: Vec<_> = hooks.into_iter().map(statement).collect();
    context! { count => statements.len(), statements }
}

/// A statement, with the words of the comment on its first line.
fn statement(hook: &Hook) -> Value {
    let (comment, sql) = hook.sql.split_once('\n').unwrap_or(("", &hook.sql));
    let words = comment.strip_prefix("-- ").and_then(|line| line.split_once(": ")).map_or("", |(_, words)| words);
    context! { name => hook.name.as_str(), words, sql }
}

fn rotation(period: &str, preview: &Preview) -> Value {
    let consequences = preview
        .consequences
        .iter()
        .map(|one| context! { text => one.text.as_str(), is_destructive => one.weight == Weight::Destructive });
    let flows = preview
        .flows
        .iter()
        .map(|flow| context! { from => flow.from.as_deref(), model => flow.model.as_str(), to => flow.to.as_str() });
    let models = preview.statements.chunk_by(|one, next| one.model == next.model);
    let models = models.map(
        |changes| context! { model => changes[0].model.as_str(), count => changes.len(), changes => changes.iter().map(change).collect::<Vec<_>>() },
    );
    context! {
        period,
        numbers => preview.numbers(),
        consequences => consequences.collect::<Vec<_>>(),
        flows => flows.collect::<Vec<_>>(),
        models => models.collect::<Vec<_>>(),
    }
}

fn change(changed: &Changed) -> Value {
    let runs = match changed.runs {
        "load" | "cycle" => String::new(),
        "sweep" => "each night, ".to_owned(),
        other => format!("{other}, "),
    };
    let lines = hunks(changed).into_iter().map(|text| {
        let class = match text.chars().next() {
            Some('+') => Some("add"),
            Some('-') => Some("drop"),
            _ => None,
        };
        context! { text, class }
    });
    context! {
        runs,
        name => changed.name.as_str(),
        how => changed.how.as_str(),
        words => changed.words.as_str(),
        lines => lines.collect::<Vec<_>>(),
    }
}

/// The columns of the ledger of a rehearsal.
const LEDGER: [&str; 7] = ["accepted", "in_mart", "superseded", "archived", "purged", "held", "restored"];

fn no_rehearsal() -> Value {
    context! { rehearsal => () }
}

/// The output of `rowkeep rehearse --format json`. What it lacks is shown as empty.
fn rehearsed(report: &Json) -> Value {
    let number = |value: &Json| value.as_u64().map_or_else(String::new, |number| number.to_string());
    let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let figure = |value: &Json| match value {
        Json::Array(periods) => periods.iter().filter_map(|period| period["rows"].as_u64()).sum::<u64>().to_string(),
        other => number(other),
    };
    let ledger = report["ledger"].as_array().into_iter().flatten().map(|ledger| {
        let figures: Vec<_> = LEDGER.iter().map(|column| figure(&ledger[column])).collect();
        context! { model => word(&ledger["model"]), figures }
    });
    let laws = report["laws"].as_array().into_iter().flatten().map(|law| {
        let is_broken = law["broken_by"].as_array().is_some_and(|seeds| !seeds.is_empty());
        context! { name => word(&law["law"]), title => word(&law["title"]), is_broken }
    });
    context! {
        rehearsal => context! {
            seeds => number(&report["seeds"]),
            dialect => word(&report["dialect"]),
            cycles => number(&report["cycles"]),
            done => context! {
                deliveries => number(&report["done"]["deliveries"]),
                statements => number(&report["done"]["statements"]),
                stops => number(&report["done"]["stops"]),
            },
        },
        ledger_columns => LEDGER.map(|column| column.replace('_', " ")),
        ledger => ledger.collect::<Vec<_>>(),
        laws => laws.collect::<Vec<_>>(),
    }
}
