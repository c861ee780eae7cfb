//! Resolves `grants:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::{Dialect, ReaderKind};
use crate::project::Reader;
use crate::project::files::GrantsEntry;
use crate::project::resolve::list::list;
use crate::project::resolve::relations::bad_quotable_name;
use crate::sql::Name;

/// The readers: users, then groups, then roles, each in the stated order. Empty on engines where
/// Rowkeep grants nothing.
pub(crate) fn resolve(stated: &GrantsEntry, model: &str, dialect: Dialect, sink: &mut Sink) -> Vec<Reader> {
    let mut readers: Vec<Reader> = Vec::new();
    let Some(select) = stated.select.get() else { return readers };
    let names = list(&select.value, select.span);
    // Defaults are read once per table. Report each mistake once.
    if names.is_empty() && !sink.has(Code::MissingKey, select.span) {
        let message = format!("grants of {model} name no reader");
        sink.push(
            Diagnostic::new(Code::MissingKey, message, select.span, "empty").help("name a reader, or remove `grants:`"),
        );
    }
    for text in names {
        if sink.has(Code::Name, text.span) || sink.has(Code::NameClash, text.span) {
            continue;
        }
        let (kind, name) = match text.value.split_once(':') {
            Some(("group", name)) => (ReaderKind::Group, name),
            Some(("role", name)) => (ReaderKind::Role, name),
            _ => (ReaderKind::User, text.value.as_str()),
        };
        let what = format!("a reader of {model}");
        let name = match Name::column(name) {
            Ok(name) => name,
            Err(error) => {
                sink.push(bad_quotable_name(name, text.span, &what, error));
                continue;
            }
        };
        let reader = Reader { kind, name };
        if readers.iter().any(|other| other.folded(dialect) == reader.folded(dialect)) {
            let message = format!("grants of {model} name the reader {} twice", quoted(&text.value));
            sink.push(Diagnostic::new(Code::NameClash, message, text.span, "again here").help("remove one"));
            continue;
        }
        readers.push(reader);
    }
    // Users come first: the parser extends a keyword to the names that follow it.
    readers.sort_by_key(|reader| reader.kind);
    readers.retain(|reader| dialect.rules().grantee(reader.kind).is_some());
    readers
}
