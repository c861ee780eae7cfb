//! The consequences of a change for rows: one line each, the most severe first.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::artifacts::{Artifacts, MANIFEST};
use crate::check::restructured;
use crate::cycle::plan::Slot;
use crate::diagnostic::some;
use crate::dialect::ViewColumns;
use crate::diff::Version;
use crate::diff::columns::must_drop_view;
use crate::features::loads::WindowedLoad;
use crate::project::naming::{KEY_INDEX, UNIQUE_KEY_INDEX};
use crate::project::{
    Archive, Column, CutoffFrom, Filled, Period, PeriodList, Retention, Spec, Table, TableId, length,
};
use crate::source::{Inputs, Role};

/// One consequence of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Consequence {
    /// Its severity.
    pub weight: Weight,
    /// The code of the rule that the change breaks, if there is one.
    pub code: Option<&'static str>,
    /// The consequence, in one line.
    pub text: String,
}

/// The severity of a consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Weight {
    /// The change leaves archived rows behind. `compile` refuses it without `--allow`.
    Destructive,
    /// An operator must act, or many rows move.
    Notable,
    /// Information only.
    Plain,
}

pub(super) fn of(before: Version<'_>, after: Version<'_>) -> Vec<Consequence> {
    let mut all = Vec::new();
    let mut say = |weight, text: String| all.push(Consequence { weight, code: None, text });
    let (old, new) = (before.spec, after.spec);
    if old.dialect != new.dialect {
        say(Weight::Notable, format!("the project is compiled for {} instead of {}", new.dialect, old.dialect));
    }
    periods(old, new, &mut say);
    for (id, table) in new.tables() {
        let model = table.model.value.as_str();
        match old.tables().find(|(_, old)| old.model.value.as_str() == model) {
            None => say(Weight::Plain, format!("table {model} is new: create its mart, history and work tables")),
            Some((was_id, was)) => {
                anchor(was, table, &mut say);
                conditions(was, table, &mut say);
                let added: Vec<_> = table
                    .columns
                    .iter()
                    .filter(|column| was.columns.iter().all(|was| was.name.as_str() != column.name.as_str()))
                    .map(|column| format!("{} {}", column.name.sql(new.dialect), column.ty.sql(new.dialect)))
                    .collect();
                if !added.is_empty() {
                    let added = added.join(", ");
                    let text = match table.archive {
                        Archive::None => {
                            format!("{model} gets the column {added}: add it to the mart before the next cycle")
                        }
                        Archive::One(_) => format!(
                            "{model} gets the column {added}: add it to the mart and to its history table before the next cycle, or every archive fails"
                        ),
                        Archive::Periods(_) => format!(
                            "{model} gets the column {added}: add it to the mart and to its {} history tables before the next cycle, or every archive fails",
                            old.periods_of(was_id).count()
                        ),
                    };
                    say(Weight::Notable, text);
                }
                not_null(was, table, &mut say);
                readers(new, was, table, &mut say);
                if old.dialect == new.dialect {
                    in_place(new, id, was, table, &mut say);
                }
                let can_append = new.dialect.rules().view_columns() == ViewColumns::Appended;
                let has = |now: &Table, name: &str| now.columns.iter().any(|column| column.name.as_str() == name);
                let keeps_all = was.columns.iter().all(|column| has(table, column.name.as_str()));
                let has_view = !was.is_purged() && !table.is_purged();
                if has_view
                    && old.dialect == new.dialect
                    && can_append
                    && keeps_all
                    && must_drop_view((old, was), (new, table))
                {
                    say(
                        Weight::Notable,
                        format!(
                            "{} and {} must be dropped first, with the views that read them: to keep them, write the new columns as the last of `columns`",
                            new.all_rows(id).sql(new.dialect),
                            new.copies(id).sql(new.dialect)
                        ),
                    );
                }
                let exceptions =
                    |spec: &Spec, table: &Table| spec.exceptions(table.exceptions).relation.sql(spec.dialect);
                let (from, to) = (exceptions(old, was), exceptions(new, table));
                if from != to {
                    say(
                        Weight::Notable,
                        format!(
                            "exceptions of {model} go to {to} instead of {from}: open exceptions in the old table hold no rows any more"
                        ),
                    );
                }
                if was.exception_type != table.exception_type {
                    say(
                        Weight::Notable,
                        format!(
                            "exceptions of {model} have the type {} instead of {}: open exceptions of the old type hold no rows any more",
                            table.exception_type, was.exception_type
                        ),
                    );
                }
            }
        }
    }
    loads(old, new, &mut say);
    templates(before.inputs, after.inputs, &mut say);
    all.extend(destructive(before.artifacts, new));
    all.sort_by_key(|consequence| consequence.weight);
    all
}

/// Columns that are declared `not null` from now on: a statement then compares them without a test
/// for NULL.
fn not_null(was: &Table, now: &Table, say: &mut impl FnMut(Weight, String)) {
    let may_be_null = |column: &&Column| {
        let before = was.columns.iter().find(|was| was.name.as_str() == column.name.as_str());
        column.not_null && column.filled == Filled::ByInsert && before.is_none_or(|before| !before.not_null)
    };
    let names: Vec<_> = now.columns.iter().filter(may_be_null).map(|column| column.name.as_str()).collect();
    if !names.is_empty() {
        let model = now.model.value.as_str();
        let text = format!(
            "{model} declares {} `not null`: before the next cycle, fill it in every row of the mart and of history, or a row with NULL stays in both",
            names.join(", ")
        );
        say(Weight::Notable, text);
    }
}

/// Readers that a table gets or loses. No statement takes a privilege back.
fn readers(spec: &Spec, was: &Table, table: &Table, say: &mut dyn FnMut(Weight, String)) {
    let model = table.model.value.as_str();
    let only_in = |these: &Table, those: &Table| -> Vec<String> {
        let readers = these.readers.iter().filter(|reader| !those.readers.contains(reader));
        readers.map(|reader| reader.sql(spec.dialect)).collect()
    };
    let (gained, lost) = (only_in(table, was), only_in(was, table));
    if !gained.is_empty() {
        say(
            Weight::Notable,
            format!("{} may read {model}: run the files of ddl/ that begin with 07", gained.join(", ")),
        );
    }
    if !lost.is_empty() {
        say(
            Weight::Notable,
            format!(
                "{} is no reader of {model} any more: no statement revokes SELECT, so revoke it on the mart, its history tables and its view",
                lost.join(", ")
            ),
        );
    }
}

/// The index to drop if a mart is updated in place from now on, or no longer: `ddl/` drops none.
fn in_place(spec: &Spec, id: TableId, was: &Table, table: &Table, say: &mut dyn FnMut(Weight, String)) {
    let (model, mart) = (table.model.value.as_str(), Slot::Mart(id).relation(spec));
    let name = |suffix| spec.index(&mart, suffix).sql(spec.dialect);
    match (was.is_updated_in_place(), table.is_updated_in_place()) {
        (false, true) => say(
            Weight::Notable,
            format!(
                "{model} is updated in place: run a sweep, so that each key has one row, then the files of ddl/ that begin with 06, and drop the index {}",
                name(KEY_INDEX)
            ),
        ),
        (true, false) => say(
            Weight::Notable,
            format!(
                "{model} is not updated in place any more: drop the index {} before the next cycle, or it refuses newer versions",
                name(UNIQUE_KEY_INDEX)
            ),
        ),
        _ => {}
    }
}

/// Windowed loads that get or lose the limit on their event date.
fn loads(old: &Spec, new: &Spec, say: &mut dyn FnMut(Weight, String)) {
    let within = |load: &WindowedLoad| load.event.as_ref().and_then(|event| event.within);
    for load in &new.loads {
        let name = load.name.value.as_str();
        let Some(was) = old.loads.iter().find(|was| was.name.value.as_str() == name) else { continue };
        match (within(was), within(load)) {
            (Some(days), None) => say(
                Weight::Notable,
                format!(
                    "load {name} reads rows of any event date instead of the last {}: a backfill of the source would flood it",
                    length(days)
                ),
            ),
            (None, Some(days)) => {
                say(Weight::Plain, format!("load {name} reads only event dates of the last {}", length(days)))
            }
            _ => {}
        }
    }
}

/// The changes that `compile` would refuse.
fn destructive(before: &Artifacts, after: &Spec) -> Vec<Consequence> {
    let previous = before.get(MANIFEST).unwrap_or_default();
    let Err(found) = restructured(after, previous, &BTreeSet::new()) else { return Vec::new() };
    let one = |diagnostic: &crate::diagnostic::Diagnostic| Consequence {
        weight: Weight::Destructive,
        code: Some(diagnostic.code().as_str()),
        text: diagnostic.message().to_owned(),
    };
    found.iter().map(one).collect()
}

fn periods(old: &Spec, new: &Spec, say: &mut dyn FnMut(Weight, String)) {
    for (id, list) in new.lists() {
        // The list that the tables had. A list may have another name now.
        let mut tables = new.tables.iter().filter(|table| table.periods == Some(id));
        let before =
            |table: &Table| old.tables().find(|(_, was)| was.model.value == table.model.value).map(|(id, _)| id);
        let was = tables.find_map(|table| old.list_of(before(table)?));
        let was = was.or_else(|| old.list_named(list.name.as_deref()).map(|id| old.list(id)));
        let was = was.map_or(&[][..], |was| old.listed(was));
        let now = new.listed(list);
        changes_of(now, was, &list.in_words(), say);
        for table in new.tables.iter().filter(|table| table.periods == Some(id)) {
            let Some(own) = before(table).and_then(|was| old.list_of(was)) else { continue };
            comes_to_sealed(table, list, now, (old.listed(own), was), say);
        }
    }
}

/// A table that comes from another list, in which a period was open that is sealed in its new list.
/// `was`: the periods of its old list, and those that the new list had before.
fn comes_to_sealed(
    table: &Table,
    list: &PeriodList,
    now: &[Period],
    was: (&[Period], &[Period]),
    say: &mut dyn FnMut(Weight, String),
) {
    let was_open = |all: &[Period], name: &str| all.iter().any(|period| period.name == name && !period.sealed);
    let is_new = |period: &&Period| period.sealed && was_open(was.0, &period.name) && !was_open(was.1, &period.name);
    let sealed: Vec<_> = now.iter().filter(is_new).map(|period| period.name.as_str()).collect();
    if sealed.is_empty() {
        return;
    }
    let list = list.name.as_ref().map_or_else(|| "`periods`".to_owned(), |name| format!("the list `{name}`"));
    say(
        Weight::Notable,
        format!(
            "{} has the periods of {list} now, of which {} sealed: if one of its rows there becomes due, all rows of that key are held until the nightly sweep",
            table.model.value.as_str(),
            if sealed.len() == 1 { format!("{} is", sealed[0]) } else { format!("{} are", some(&sealed)) },
        ),
    );
}

/// The changes of one list. `of_list` says which list it is, after the name of a period.
fn changes_of(now: &[Period], before: &[Period], of_list: &str, say: &mut dyn FnMut(Weight, String)) {
    for period in now {
        match before.iter().find(|was| was.name == period.name) {
            None => {
                let sealed = if period.sealed { ", sealed: only the nightly sweep reads it" } else { "" };
                say(
                    Weight::Plain,
                    format!("period {}{of_list} is added: [{}, {}){sealed}", period.name, period.start(), period.end()),
                );
            }
            Some(was) if !was.sealed && period.sealed => say(
                Weight::Notable,
                format!(
                    "period {}{of_list} is sealed: if one of its rows becomes due, all rows of that key are held until the nightly sweep",
                    period.name
                ),
            ),
            Some(was) if was.sealed && !period.sealed => {
                say(Weight::Plain, format!("period {}{of_list} is open again: every cycle reads it", period.name));
            }
            Some(_) => {}
        }
    }
}

/// A cutoff that follows the clock now, or the newest row again.
fn anchor(was: &Table, table: &Table, say: &mut dyn FnMut(Weight, String)) {
    let model = table.model.value.as_str();
    let from = |table: &Table| match table.retention {
        Retention::For { from, .. } => Some(from),
        Retention::WhileIn { .. } => None,
    };
    match (from(was), from(table)) {
        (Some(CutoffFrom::Newest), Some(CutoffFrom::Now)) => say(
            Weight::Notable,
            format!(
                "the cutoff of {model} follows the clock instead of its newest row: if the load stops, rows still leave"
            ),
        ),
        (Some(CutoffFrom::Now), Some(CutoffFrom::Newest)) => say(
            Weight::Plain,
            format!(
                "the cutoff of {model} follows its newest row instead of the clock: if the load stops, no row leaves"
            ),
        ),
        _ => {}
    }
}

/// Conditions of `only_when` that are new. Those that are gone are destructive.
fn conditions(was: &Table, table: &Table, say: &mut dyn FnMut(Weight, String)) {
    let words = |table: &Table| -> Vec<_> { table.only_when.iter().map(|one| one.describe(table)).collect() };
    let old = words(was);
    let added: Vec<_> = words(table).into_iter().filter(|one| !old.contains(one)).collect();
    if !added.is_empty() {
        say(
            Weight::Notable,
            format!(
                "rows of {} leave the mart only when {}: the others stay, whatever their age",
                table.model.value.as_str(),
                added.join(" and ")
            ),
        );
    }
}

fn templates(before: &Inputs, after: &Inputs, say: &mut dyn FnMut(Weight, String)) {
    let texts = |inputs: &Inputs| -> std::collections::BTreeMap<String, String> {
        inputs
            .of_role(Role::Template)
            .map(|file| (inputs.name(file).to_owned(), inputs.text(file).to_owned()))
            .collect()
    };
    let (old, new) = (texts(before), texts(after));
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let change = match (old.get(name), new.get(name)) {
            (None, Some(_)) => "now replaces the built-in template",
            (Some(_), None) => "no longer replaces the built-in template",
            (Some(from), Some(to)) if from != to => "changed",
            _ => continue,
        };
        say(Weight::Notable, format!("template {name} {change}"));
    }
}
