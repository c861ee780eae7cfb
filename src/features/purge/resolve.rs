//! Resolves `archive:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::project::files::TableFile;
use crate::project::shape::Words;
use crate::source::Span;

/// The only value of `archive:`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoArchive;

impl Words for NoArchive {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("none", NoArchive)]
    }
}

/// Reports a table spec with both `history` and `archive: none`.
pub(crate) fn contradicts(what: &str, archive: Span, sink: &mut Sink) {
    let message = format!(
        "{what} has both `history` and `archive: none`: its due rows would be either moved or deleted for good"
    );
    sink.push(
        Diagnostic::new(Code::Purge, message, archive, "contradicts `history`")
            .help("remove `archive: none` to keep the rows, or remove `history` to delete them"),
    );
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
