//! Compares the project with its previous manifest, to find changes that leave archived rows
//! behind.
//!
//! Archived rows stay in their history tables. If a change removes their period or table, or
//! changes their key, statements do not find them any more.

mod columns;
mod conditions;
mod erasure;
mod place;
mod retention;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, quoted};
use crate::project::{PeriodId, PeriodList, PeriodListId, Spec, Table, TableId};

/// A kind of change that leaves archived rows behind. `--allow` takes its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Restructuring {
    /// A period was removed, or its bounds changed.
    Period,
    /// A table was removed.
    Table,
    /// A unique key or a time column changed.
    Key,
    /// Rows that were archived are purged now, or the other way round.
    Purge,
    /// A retention became longer or shorter, its kind changed, a condition of `only_when` was
    /// removed, or holds are looked for in another place.
    Retention,
    /// A table of erased keys was removed, or another one is read.
    Erasure,
    /// History tables were renamed.
    History,
    /// A column was removed, or its type changed.
    Column,
}

impl Restructuring {
    /// Every kind.
    pub const ALL: [Restructuring; 8] = [
        Restructuring::Period,
        Restructuring::Table,
        Restructuring::Key,
        Restructuring::Purge,
        Restructuring::Retention,
        Restructuring::Erasure,
        Restructuring::History,
        Restructuring::Column,
    ];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Restructuring::Period => "period",
            Restructuring::Table => "table",
            Restructuring::Key => "key",
            Restructuring::Purge => "purge",
            Restructuring::Retention => "retention",
            Restructuring::Erasure => "erasure",
            Restructuring::History => "history",
            Restructuring::Column => "column",
        }
    }
}

impl fmt::Display for Restructuring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Restructuring {
    type Err = UnknownRestructuring;

    fn from_str(text: &str) -> Result<Self, UnknownRestructuring> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownRestructuring(()))
    }
}

/// A text that is not the name of a [`Restructuring`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", Restructuring::ALL.map(Restructuring::as_str).join(", "))]
pub struct UnknownRestructuring(());

/// Refuses changes since the previous manifest that leave archived rows behind.
///
/// # Errors
///
/// All such changes, except of the kinds in `allow`.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use rowkeep::check::{Restructuring, restructured};
/// use rowkeep::{Inputs, compile, resolve};
/// use rowkeep::artifacts::MANIFEST;
///
/// let project = |periods: &str| Inputs::new("rowkeep.yml", format!("name: shop\ndialect: duckdb\nschema: s\nperiods: {periods}\nexceptions: x\ntables:\n- {{model: mart, history: hist, unique_key: id, time: {{column: day}}, rows: latest, retention: {{for: 90 days}}, exception: GAP, columns: {{id: bigint, day: date}}}}\n"));
/// let before = compile(&project("[2025, 2026]")).unwrap();
/// let after = resolve(&project("[2025]")).unwrap();
/// let previous = before.get(MANIFEST).unwrap();
/// let wrong = restructured(&after, previous, &BTreeSet::new()).unwrap_err();
/// assert_eq!(wrong.iter().next().unwrap().code().as_str(), "RK721");
/// assert!(restructured(&after, previous, &BTreeSet::from([Restructuring::Period])).is_ok());
/// ```
pub fn restructured(spec: &Spec, previous: &str, allow: &BTreeSet<Restructuring>) -> Result<(), Diagnostics> {
    let mut sink = Sink::default();
    report(spec, previous, allow, &mut sink);
    sink.finish(Some(()))
}

pub(super) fn report(spec: &Spec, previous: &str, allow: &BTreeSet<Restructuring>, sink: &mut Sink) {
    // A manifest that cannot be parsed is reported as drift.
    let Ok(previous) = serde_json::from_str::<Value>(previous) else { return };
    let mut say = |kind: Restructuring, diagnostic: Diagnostic| {
        if !allow.contains(&kind) {
            sink.push(
                diagnostic
                    .help(format!("if the change is intended and you have taken care of its rows: `--allow {kind}`")),
            );
        }
    };
    let lists = lists_now(spec, &previous);
    periods(spec, &previous, &lists, &mut say);
    // Another engine quotes names and writes types in another way.
    let same_engine = previous["metadata"]["dialect"].as_str() == Some(spec.dialect.as_str());
    // Tables are matched by their models, so a renamed project still has the same tables.
    for load in previous["loads"].as_array().into_iter().flatten() {
        aggregate(spec, load, &mut say);
    }
    for node in previous["nodes"].as_object().into_iter().flat_map(|nodes| nodes.values()) {
        let Some(name) = node["name"].as_str() else { continue };
        match spec.tables().find(|(_, table)| table.model.value.as_str() == name) {
            Some((id, _)) => table::compare(spec, id, (&previous, &lists), (node, same_engine), &mut say),
            None => {
                if let Some(id) = table_now(spec, node).filter(|_| same_engine) {
                    let table = spec.table(id);
                    let message = format!(
                        "model {} is now {}: its work tables, monitors and files get new names, and dbt does not find the hooks of the old one",
                        quoted(name),
                        quoted(table.model.value.as_str())
                    );
                    let diagnostic = Diagnostic::new(
                        Code::TableDropped,
                        message,
                        table.model.span,
                        "another model for the same mart",
                    );
                    let help =
                        "restore the name, or run `ddl/` after the change and drop the work tables of the old name";
                    say(Restructuring::Table, diagnostic.help(help));
                    table::other_list(spec, id, (&previous, &lists), node, &mut say);
                    continue;
                }
                let message = format!(
                    "table {} was removed: no statement would read its mart or its history tables",
                    quoted(name)
                );
                let at = spec.tables.first().map_or(spec.places.periods, |table| table.model.span);
                let label = "the first table that is left";
                say(
                    Restructuring::Table,
                    Diagnostic::new(Code::TableDropped, message, at, label).help("put its spec back"),
                );
            }
        }
    }
}

/// Reports an aggregate with other columns than before. Its table is created once, so a run could
/// not write other columns into it.
fn aggregate(spec: &Spec, previous: &Value, say: &mut dyn FnMut(Restructuring, Diagnostic)) {
    let found = spec.loads.iter().find(|load| {
        let into = load.aggregate.as_ref().map(|aggregate| aggregate.into.sql(spec.dialect));
        into.is_some() && into.as_deref() == previous["into"].as_str()
    });
    let Some(load) = found else { return };
    let now = load.aggregate_columns();
    let now = now.iter().map(|(name, ty)| (name.as_str(), ty.sql(spec.dialect)));
    let was = previous["columns"].as_array().into_iter().flatten();
    let was =
        was.map(|column| (column["name"].as_str().unwrap_or_default(), column["type"].as_str().unwrap_or_default()));
    let (now, was): (Vec<_>, Vec<_>) = (now.collect(), was.collect());
    if now.iter().map(|(name, ty)| (*name, ty.as_str())).eq(was.iter().copied()) {
        return;
    }
    let message = format!(
        "the aggregate of load {} has other columns than its table: the next run could not write into it",
        load.name.value.as_str()
    );
    say(
        Restructuring::Column,
        Diagnostic::new(Code::ColumnDropped, message, load.name.span, "its `by` or `columns` changed")
            .help("alter the table in the same change, or drop it and run its days again"),
    );
}

/// The table of a node of the previous manifest: of the same model, or else of the same mart.
fn table_now(spec: &Spec, node: &Value) -> Option<TableId> {
    let (name, mart) = (node["name"].as_str()?, node["relation_name"].as_str());
    let of_model = spec.tables().find(|(_, table)| table.model.value.as_str() == name);
    let of_mart = || spec.tables().find(|(_, table)| Some(table.relation.sql(spec.dialect).as_str()) == mart);
    of_model.or_else(of_mart).map(|(id, _)| id)
}

/// For each list of the previous manifest, by its name: the list that its tables have now.
type ListsNow<'p> = BTreeMap<Option<&'p str>, PeriodListId>;

/// If the tables of an old list have several lists now, the one of the same name takes its place, or
/// else the first one.
fn lists_now<'p>(spec: &Spec, previous: &'p Value) -> ListsNow<'p> {
    let mut lists = ListsNow::new();
    let nodes = previous["nodes"].as_object().into_iter().flat_map(|nodes| nodes.values());
    for node in nodes.filter(|node| has_periods(node)) {
        let Some(now) = table_now(spec, node).and_then(|id| spec.table(id).periods) else { continue };
        let was = node["periods"].as_str();
        let chosen = lists.entry(was).or_insert(now);
        if spec.list(now).name.as_deref() == was {
            *chosen = now;
        }
    }
    lists
}

/// Whether a node of the previous manifest had one history table per period.
fn has_periods(node: &Value) -> bool {
    node["history"].is_string() && !node["one_history"].as_bool().unwrap_or(false)
}

fn periods(spec: &Spec, previous: &Value, lists: &ListsNow<'_>, say: &mut dyn FnMut(Restructuring, Diagnostic)) {
    // A change of the time zone keeps the days, and moves the bounds of instants.
    let mut moved = false;
    let has_instants = |list: &PeriodList| {
        let is_instant = |table: &Table| !spec.zone.is_local(table.time.unit);
        spec.tables().any(|(id, table)| spec.list_of(id).is_some_and(|own| own.ids == list.ids) && is_instant(table))
    };
    let listed = previous["periods"].as_array().into_iter().flatten();
    for period in listed.clone() {
        let (Some(name), Some(start), Some(end)) =
            (period["name"].as_str(), period["start"].as_str(), period["end"].as_str())
        else {
            continue;
        };
        let was = period["list"].as_str();
        // If no table of the list is left, each of them is reported.
        let Some(list) = lists.get(&was).map(|&id| spec.list(id)) else { continue };
        match list.ids.clone().map(PeriodId).find(|&id| spec.period(id).name == name) {
            None => {
                let message = format!(
                    "period {}{} was removed: no statement would read the rows in its history tables",
                    quoted(name),
                    list.in_words()
                );
                let diagnostic =
                    Diagnostic::new(Code::PeriodRemoved, message, list.places.list, "the period was in this list");
                let first = listed.clone().find(|period| period["list"].as_str() == was);
                let is_first = first.is_some_and(|first| first["name"] == *name);
                let diagnostic = diagnostic.help(format!("put `- {name}` back"));
                say(
                    Restructuring::Period,
                    if is_first {
                        let book = list.runbook("retire-period");
                        diagnostic.help(format!("if its rows need not be kept any more: `rowkeep runbook {book}`"))
                    } else {
                        diagnostic
                    },
                );
            }
            Some(id) => {
                let now = spec.period(id);
                if (now.start().as_str(), now.end().as_str()) == (start, end) {
                    let bounds = (period["start_epoch"].as_i64(), period["end_epoch"].as_i64());
                    let are_equal = bounds == (Some(now.start_epoch()), Some(now.end_epoch()));
                    moved |= !are_equal && bounds.0.is_some() && has_instants(list);
                    continue;
                }
                let message = format!(
                    "period {}{} was [{start}, {end}) and is now [{}, {}): rows in its history tables could be outside of it",
                    quoted(name),
                    list.in_words(),
                    now.start(),
                    now.end()
                );
                let diagnostic =
                    Diagnostic::new(Code::PeriodRebounded, message, spec.span_of(id), "other bounds than before");
                say(Restructuring::Period, diagnostic.help("restore its bounds, and add another period for the rest"));
            }
        }
    }
    if moved {
        let was = previous["metadata"]["time_zone"].as_str().unwrap_or("UTC");
        let message = format!(
            "periods began at midnight in {was} and now begin at midnight in {}: rows in history tables could be outside of their period",
            spec.zone().name().unwrap_or("UTC")
        );
        let diagnostic =
            Diagnostic::new(Code::PeriodRebounded, message, spec.places.periods, "the same days, at other hours");
        say(Restructuring::Period, diagnostic.help("restore `time_zone`"));
    }
}
