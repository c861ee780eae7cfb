//! One table, compared with its node of the previous manifest.

use serde_json::Value;

use crate::artifacts::manifest;
use crate::check::restructure::{ListsNow, Restructuring, columns, conditions, erasure, has_periods, place, retention};
use crate::diagnostic::{Code, Diagnostic, some};
use crate::project::{Spec, Table, TableId};
use crate::source::Span;

/// A change that leaves rows behind, and its kind.
pub(super) type Change = (Restructuring, Diagnostic);

/// A change, at a place of the project.
pub(super) fn change(kind: Restructuring, code: Code, at: Span, message: String, label: &str, help: &str) -> Change {
    (kind, Diagnostic::new(code, message, at, label).help(help))
}

/// A table now and before.
pub(super) struct Compared<'a> {
    pub(super) spec: &'a Spec,
    pub(super) id: TableId,
    pub(super) table: &'a Table,
    pub(super) now: manifest::Node,
    /// The node of the previous manifest.
    pub(super) before: &'a Value,
    /// Whether both are of one engine. Another engine quotes names and writes types in another way.
    pub(super) same_engine: bool,
}

impl Compared<'_> {
    pub(super) fn model(&self) -> &str {
        self.table.model.value.as_str()
    }

    /// The texts that the previous node has under a key.
    pub(super) fn listed_before(&self, key: &str) -> Option<Vec<String>> {
        self.before[key].as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

/// Compares a table with its node, and tells each change. Rows that are now deleted for good come
/// first.
pub(super) fn compare(
    spec: &Spec,
    id: TableId,
    previous: (&Value, &ListsNow<'_>),
    (before, same_engine): (&Value, bool),
    say: &mut dyn FnMut(Restructuring, Diagnostic),
) {
    other_list(spec, id, previous, before, say);
    let now = manifest::node(spec, id, Vec::new(), Vec::new());
    let both = Compared { spec, id, table: spec.table(id), now, before, same_engine };
    let changes = place::changes(&both)
        .chain(erasure::changes(&both))
        .chain(retention::changes(&both))
        .chain(conditions::changes(&both))
        .chain(columns::changes(&both));
    for (kind, diagnostic) in changes {
        say(kind, diagnostic);
    }
}

/// Reports a table that has the periods of another list than before, if the new list lacks periods
/// of the old one.
pub(super) fn other_list(
    spec: &Spec,
    id: TableId,
    (previous, lists): (&Value, &ListsNow<'_>),
    node: &Value,
    say: &mut dyn FnMut(Restructuring, Diagnostic),
) {
    let table = spec.table(id);
    let Some(now) = spec.list_of(id).filter(|_| has_periods(node)) else { return };
    let was = node["periods"].as_str();
    // The periods of the list itself are compared elsewhere.
    if lists.get(&was).is_some_and(|&list| Some(list) == table.periods) {
        return;
    }
    let is_there = |old: &Value| {
        spec.listed(now).iter().any(|period| {
            let is = |key: &str, text: &str| old[key].as_str() == Some(text);
            is("name", &period.name) && is("start", &period.start()) && is("end", &period.end())
        })
    };
    let listed = previous["periods"].as_array().into_iter().flatten();
    let gone = listed.filter(|old| old["list"].as_str() == was && !is_there(old));
    let gone: Vec<_> = gone.filter_map(|old| old["name"].as_str()).collect();
    if gone.is_empty() {
        return;
    }
    let message = format!(
        "{} has another list of periods than before, which lacks {}: no statement would read the rows in its history tables of these periods",
        table.model.value.as_str(),
        some(&gone)
    );
    let label = "another list of periods than before";
    let diagnostic = Diagnostic::new(Code::PeriodRemoved, message, table.places.periods, label);
    let help = "restore `periods`, or move the rows to the history tables of the new list in the same change";
    say(Restructuring::Period, diagnostic.help(help));
}
