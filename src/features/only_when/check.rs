//! Checks that a row which is opened again stays.

use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted};
use crate::project::Spec;

/// Reports each table with conditions whose rows may lose their time when they are opened again.
pub(crate) fn report(spec: &Spec, sink: &mut Sink) {
    for table in &spec.tables {
        let time = table.column(table.time.column);
        let has_conditions = !table.only_when.is_empty() && table.is_versioned();
        if !has_conditions || time.not_null || table.has_unfinished_rows() {
            continue;
        }
        let (model, name) = (table.model.value.as_str(), quoted(time.name.as_str()));
        let message = format!(
            "a row of {model} that is opened again, and then has no {name}, is deleted: without a time, it counts as the older version of its key"
        );
        let label = format!("does not ask for a value in {name}");
        let help = format!(
            "if {name} can be NULL, add the condition `{{ is: not null }}` on it; if not, declare it as `not null`"
        );
        sink.push(
            Diagnostic::new(Code::Reopened, message, table.places.only_when, label).at_level(Level::Warning).help(help),
        );
    }
}
