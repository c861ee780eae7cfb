//! Resolves `archive:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::project::files::TableFile;
use crate::project::shape::{Field, Words};
use crate::source::Span;

/// The only value of `archive:`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoArchive;

impl Words for NoArchive {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("none", NoArchive)]
    }
}

/// The place where a table spec states what happens to its due rows: `history`, or `archive: none`.
/// It must state exactly one of them.
pub(crate) fn archive(raw: &TableFile, what: &str, span: Span, sink: &mut Sink) -> Option<Span> {
    match (&raw.history, &raw.archive) {
        (Field::Set(history), Field::Missing) => Some(history.span),
        (Field::Missing, Field::Set(archive)) => Some(archive.span),
        (Field::Set(_), Field::Set(archive)) => {
            let message = format!(
                "{what} has both `history` and `archive: none`: its due rows would be either moved or deleted for good"
            );
            sink.push(
                Diagnostic::new(Code::Purge, message, archive.span, "contradicts `history`")
                    .help("remove `archive: none` to keep the rows, or remove `history` to delete them"),
            );
            None
        }
        (Field::Missing, Field::Missing) => {
            let message = format!("{what} lacks its key `history`: its due rows would have no place");
            sink.push(
                Diagnostic::new(Code::MissingKey, message, span, "in this table spec")
                    .help("add `history:`, or `archive: none` if due rows may be deleted for good"),
            );
            None
        }
        (Field::Invalid, _) | (_, Field::Invalid) => None,
    }
}

/// A purge cannot be undone. So a table that is purged needs a limit of due rows, after which a
/// cycle stops.
pub(crate) fn needs_tripwire(raw: &TableFile, what: &str, sink: &mut Sink) {
    if let Some(archive) = raw.archive.get() {
        let message = format!(
            "{what} is purged, but has no `tripwire`: after a wrong load or a wrong clock, one cycle could delete all rows for good"
        );
        sink.push(
            Diagnostic::new(Code::Purge, message, archive.span, "deletes rows without a copy")
                .help("add `tripwire: 20%`, the largest share of the mart that one cycle may delete"),
        );
    }
}
