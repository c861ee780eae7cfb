//! What a change means to rows, one line each, the worst first.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::artifacts::{Artifacts, MANIFEST};
use crate::check::restructured;
use crate::features::loads::WindowedLoad;
use crate::project::length;
use crate::project::{Retention, Spec, Table};
use crate::source::{Inputs, Role};

/// What a change means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consequence {
    /// How much it weighs.
    pub weight: Weight,
    /// The code of the rule that speaks against it, if one does.
    pub code: Option<&'static str>,
    /// What happens, in one line.
    pub text: String,
}

/// How much a consequence weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Rows lose their place or their name: `compile` refuses it without `--allow`.
    Destructive,
    /// Something has to be done, or many rows move.
    Notable,
    /// Good to know.
    Plain,
}

type Version<'a> = (&'a Spec, &'a Artifacts, &'a Inputs);

pub(super) fn of(before: Version<'_>, after: Version<'_>) -> Vec<Consequence> {
    let mut all = Vec::new();
    let mut say = |weight, text: String| all.push(Consequence { weight, code: None, text });
    let (old, new) = (before.0, after.0);
    if old.dialect != new.dialect {
        say(Weight::Notable, format!("the project is compiled for {} instead of {}", new.dialect, old.dialect));
    }
    periods(old, new, &mut say);
    for (_, table) in new.tables() {
        let model = table.model.value.as_str();
        match old.tables().find(|(_, old)| old.model.value.as_str() == model) {
            None => {
                say(Weight::Plain, format!("table {model} is new: its mart, history and work tables must be created"))
            }
            Some((_, was)) => {
                retention(was, table, &mut say);
                let added: Vec<_> = table
                    .columns
                    .iter()
                    .filter(|column| was.columns.iter().all(|was| was.name.as_str() != column.name.as_str()))
                    .map(|column| format!("{} {}", column.name.sql(new.dialect), column.ty.sql(new.dialect)))
                    .collect();
                if !added.is_empty() {
                    let histories = old.periods.len();
                    say(
                        Weight::Notable,
                        format!(
                            "{model} gets {}: add it to the mart and to its {histories} history tables before the next cycle, or no archive runs",
                            added.join(", ")
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
                            "exceptions of {model} go to {to} instead of {from}: what is open there holds nothing any more"
                        ),
                    );
                }
                if was.exception_type != table.exception_type {
                    say(
                        Weight::Notable,
                        format!(
                            "exceptions of {model} are of type {} instead of {}: what is open under the old one holds nothing any more",
                            table.exception_type, was.exception_type
                        ),
                    );
                }
            }
        }
    }
    loads(old, new, &mut say);
    templates(before.2, after.2, &mut say);
    all.extend(destructive(before.1, new));
    all.sort_by_key(|consequence| consequence.weight);
    all
}

/// Loads that late data could flood from now on, or no longer.
fn loads(old: &Spec, new: &Spec, say: &mut dyn FnMut(Weight, String)) {
    let within = |load: &WindowedLoad| load.event.as_ref().and_then(|event| event.within);
    for load in &new.loads {
        let name = load.name.value.as_str();
        let Some(was) = old.loads.iter().find(|was| was.name.value.as_str() == name) else { continue };
        match (within(was), within(load)) {
            (Some(days), None) => say(
                Weight::Notable,
                format!(
                    "load {name} takes rows of any day, and no longer of the last {} only: what is ingested again floods it",
                    length(days)
                ),
            ),
            (None, Some(days)) => {
                say(Weight::Plain, format!("load {name} takes rows of the last {} only", length(days)))
            }
            _ => {}
        }
    }
}

/// What `compile` would refuse.
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
    for period in &new.periods {
        match old.periods.iter().find(|was| was.name == period.name) {
            None => {
                let sealed = if period.sealed { ", sealed: only the nightly sweep looks at it" } else { "" };
                say(
                    Weight::Plain,
                    format!("period {} is added: [{}, {}){sealed}", period.name, period.start(), period.end()),
                );
            }
            Some(was) if !was.sealed && period.sealed => say(
                Weight::Notable,
                format!(
                    "period {} is sealed: a row of it that becomes due is held until the nightly sweep, with all rows of its key",
                    period.name
                ),
            ),
            Some(was) if was.sealed && !period.sealed => {
                say(Weight::Plain, format!("period {} is open again: every cycle looks at it", period.name));
            }
            Some(_) => {}
        }
    }
}

fn retention(was: &Table, table: &Table, say: &mut dyn FnMut(Weight, String)) {
    let model = table.model.value.as_str();
    if let (Retention::For { seconds: from }, Retention::For { seconds: to }) = (&was.retention, &table.retention)
        && to < from
    {
        say(
            Weight::Notable,
            format!(
                "{model} keeps {} instead of {}: in the next cycle all rows between the two leave it at once",
                length(*to),
                length(*from)
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
        let what = match (old.get(name), new.get(name)) {
            (None, Some(_)) => "takes the place of the built-in one",
            (Some(_), None) => "gives its place back to the built-in one",
            (Some(from), Some(to)) if from != to => "is another",
            _ => continue,
        };
        say(Weight::Notable, format!("template {name} {what}"));
    }
}
