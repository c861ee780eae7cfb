//! Finds the lists of erased keys that each table obeys.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::erasure::Erasure;
use crate::project::{Retention, Spec};

/// Sets the lists of every table: the list of its own exceptions table, and those of its ancestors.
/// The rows of a child leave with the erased key of their parent.
pub(crate) fn resolve(spec: &mut Spec, sink: &mut Sink) {
    // Invariant: a parent comes before its children.
    for number in 0..spec.tables.len() {
        let table = &spec.tables[number];
        let own = Erasure { list: table.exceptions, column: table.exception_key };
        let mut all: Vec<_> = spec.exceptions(own.list).erased.is_some().then_some(own).into_iter().collect();
        if let Retention::WhileIn { parent, on, .. } = &table.retention {
            for theirs in &spec.table(*parent).erasures {
                let ours = on.iter().find(|(_, column)| *column == theirs.column).map(|&(ours, _)| ours);
                match ours.map(|column| Erasure { list: theirs.list, column }) {
                    Some(erasure) if all.contains(&erasure) => {}
                    Some(erasure) => all.push(erasure),
                    None => {
                        let (model, parent) = (table.model.value.as_str(), spec.table(*parent));
                        let message = format!(
                            "{model} does not find its parent by {}, the key that is erased from {}: rows of an erased key would stay in {model}",
                            quoted(parent.column(theirs.column).name.as_str()),
                            parent.model.value.as_str()
                        );
                        let diagnostic = Diagnostic::new(
                            Code::ExceptionKey,
                            message,
                            table.places.retention,
                            "joined by other columns",
                        );
                        sink.push(diagnostic.help("add the column to `on` of `while_in`, or remove `erased`"));
                    }
                }
            }
        }
        spec.tables[number].erasures = all;
    }
}
