//! Resolves `layout:`: how an engine stores a table.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::Indexes;
use crate::project::files::LayoutEntry;
use crate::project::resolve::columns::Scope;
use crate::project::resolve::list::list;
use crate::project::shape::Entries;
use crate::project::{ColumnId, Layout};
use crate::source::Spanned;
use crate::sql::SqlType;

pub(super) fn layout(stated: &LayoutEntry, scope: &Scope<'_>, sink: &mut Sink) -> Layout {
    let dist_key: Vec<_> = stated.dist_key.get().cloned().into_iter().collect();
    let sort_key = stated.sort_key.get().map_or_else(Vec::new, |names| list(&names.value, names.span));
    let mut columns = |names: &[Spanned<String>], role: &str| {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let Some(id) = scope.column(name, role, sink) else { continue };
            let ty = scope.columns[id.0].ty;
            if found.contains(&id) {
                let message = format!("{role} of {} names column {} twice", scope.what, quoted(&name.value));
                sink.push(Diagnostic::new(Code::NameClash, message, name.span, "again here").help("remove one"));
            } else if ty == SqlType::Json || !ty.is_comparable() {
                // Redshift documentation, "Limitations" of SUPER: it cannot be a distribution key
                // or a sort key.
                let message =
                    format!("{role} of {} names {}, a {ty}, which has no order", scope.what, quoted(&name.value));
                sink.push(
                    Diagnostic::new(Code::ColumnType, message, name.span, "cannot be in a layout")
                        .help("use another column"),
                );
            } else {
                found.push(id);
            }
        }
        found
    };
    Layout {
        dist_key: columns(&dist_key, "dist_key").first().copied(),
        sort_key: columns(&sort_key, "sort_key"),
        encode: stated.encode.get().map_or_else(Vec::new, |encode| self::encode(&encode.value, scope, sink)),
        indexes: Indexes::None,
    }
}

/// The compression of columns. Another engine than the one that is compiled for may know the words,
/// so an engine that chooses its compression itself checks only the columns.
fn encode(stated: &Entries<String>, scope: &Scope<'_>, sink: &mut Sink) -> Vec<(ColumnId, String)> {
    let known = scope.dialect.rules().encodings();
    let mut all = Vec::new();
    for (name, encoding) in &stated.0 {
        let (Some(id), Some(word)) = (scope.column(name, "encode", sink), encoding.get()) else { continue };
        let lower = word.value.to_ascii_lowercase();
        if known.is_empty() {
            continue;
        }
        let Some((_, encoded)) = known.iter().find(|(word, _)| *word == lower) else {
            let message = format!("{} has no compression {}", scope.dialect, quoted(&word.value));
            let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
            sink.push(
                Diagnostic::new(Code::UnknownWord, message, word.span, "not a known word")
                    .help(format!("write one of {}", words.join(", "))),
            );
            continue;
        };
        let ty = scope.columns[id.0].ty;
        if encoded.refuses(ty) {
            let message = format!("{} refuses the compression {lower} for {}, a {ty}", scope.dialect, name.value);
            sink.push(
                Diagnostic::new(Code::ColumnType, message, word.span, "not for this type")
                    .help("write `zstd`, which all types can have, or leave the column out"),
            );
            continue;
        }
        all.push((id, lower));
    }
    all
}
