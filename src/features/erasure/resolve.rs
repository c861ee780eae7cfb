//! Finds the lists of erased keys that each table obeys.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::Dialect;
use crate::features::erasure::{ErasedKeys, Erasure, KeyForm};
use crate::project::files::ErasedAtEntry;
use crate::project::resolve::relations::relation_of;
use crate::project::shape::{Either, Never};
use crate::project::{Retention, Spec};
use crate::source::Spanned;
use crate::sql::{Relation, SqlType};

/// Reads `erased`: the name of a table, or { table, keys }.
pub(crate) fn stated(
    entry: &Spanned<Either<String, Never, ErasedAtEntry>>,
    schema: &Relation,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<ErasedKeys> {
    let (table, keys) = match &entry.value {
        Either::Scalar(name) => (Spanned { value: name.clone(), span: entry.span }, KeyForm::Plain),
        Either::List(never) => match *never {},
        Either::Map(long) => (long.table.get()?.clone(), long.keys.get().map(|word| word.value.0).unwrap_or_default()),
    };
    let relation = relation_of(&table, "the table of erased keys", schema, dialect, sink)?;
    Some(ErasedKeys { relation, keys, span: table.span })
}

/// Reports a hashed key whose text depends on the engine or the session.
pub(crate) fn can_be_hashed(erased: &ErasedKeys, ty: SqlType, sink: &mut Sink) -> Option<()> {
    let has_one_text = ty.is_whole_number() || matches!(ty, SqlType::Varchar(_) | SqlType::Text | SqlType::Uuid);
    if erased.keys == KeyForm::Plain || has_one_text {
        return Some(());
    }
    let message = format!(
        "the erased keys are of the type {ty}, and equal values of it can have several texts: the hash of an erased key would not be found"
    );
    sink.push(
        Diagnostic::new(Code::ExceptionKey, message, erased.span, "cannot be hashed")
            .help("write `keys: plain`; only whole numbers, texts and uuids can be hashed"),
    );
    None
}

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
