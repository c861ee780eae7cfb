//! Warns of a layout or a key that makes each cycle slow on the engine.

use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted};
use crate::project::{Retention, Spec};
use crate::sql::SqlType;

/// The length of a text in a key, in bytes, above which the warning comes. The usual identifiers
/// are shorter.
const LONG: u32 = 1_024;

pub(super) fn report(spec: &Spec, sink: &mut Sink) {
    if !spec.dialect.rules().has_sort_keys() {
        return;
    }
    for (_, table) in spec.tables() {
        let (model, at) = (table.model.value.as_str(), table.model.span);
        let mut warn = |code: Code, message: String, label: &str, help: String| {
            sink.push(Diagnostic::new(code, message, at, label).at_level(Level::Warning).help(help));
        };
        let time = table.time.column;
        let name = |column| quoted(table.column(column).name.as_str());
        // A child finds its due rows by the keys of its parent.
        let is_by_time = matches!(table.retention, Retention::For { .. });
        if is_by_time && table.layout.sort_key.first().is_some_and(|&first| first != time) {
            warn(
                Code::SortKey,
                format!(
                    "the sort key of {model} does not begin with {}: a cycle finds due rows by their time, and reads all blocks",
                    name(time)
                ),
                "its sort key begins with another column",
                format!("write {} first in `sort_key`, or leave `sort_key` out", name(time)),
            );
        }
        for &column in &table.unique_key {
            if let SqlType::Varchar(length) = table.column(column).ty
                && length > LONG
            {
                warn(
                    Code::WideKey,
                    format!(
                        "{} in the key of {model} is a varchar({length}): each join by the key takes memory for the whole length",
                        name(column)
                    ),
                    "its key has a long text",
                    "declare the longest length that occurs, as in `varchar(64)`".to_owned(),
                );
            }
        }
    }
}
