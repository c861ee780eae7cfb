//! Resolves `history:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::purge;
use crate::project::files::TableFile;
use crate::project::shape::{Either, Field};
use crate::project::{Archive, HistoryNames, PERIOD};
use crate::source::{Span, Spanned};
use crate::sql::Relation;

/// Where due rows go. A table spec must state `history` or `archive: none`.
pub(crate) fn archive(
    raw: &TableFile,
    what: &str,
    span: Span,
    relation: &dyn Fn(&Spanned<String>, &mut Sink) -> Option<Relation>,
    sink: &mut Sink,
) -> Option<Archive> {
    match (&raw.history, &raw.archive) {
        (Field::Set(stated), Field::Missing) => match &stated.value {
            Either::Scalar(name) => {
                if ["none", "no", "false", "null"].contains(&name.to_lowercase().as_str()) {
                    let message = format!(
                        "{what} has the history {}, which would be the name of its history tables",
                        quoted(name)
                    );
                    sink.push(
                        Diagnostic::new(Code::Purge, message, stated.span, "a name, not a word")
                            .help("did you mean `archive: none`? It deletes due rows for good"),
                    );
                    return None;
                }
                let name = Spanned { value: name.clone(), span: stated.span };
                history_names(&name, what, relation, sink).map(Archive::Periods)
            }
            Either::List(never) => match *never {},
            Either::Map(one) => Some(Archive::One(relation(one.table.get()?, sink)?)),
        },
        (Field::Missing, Field::Set(_)) => Some(Archive::None),
        (Field::Set(_), Field::Set(stated)) => {
            purge::contradicts(what, stated.span, sink);
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

/// The names of the history tables. `{period}` in the stated name is the place of the period.
fn history_names(
    stated: &Spanned<String>,
    what: &str,
    relation: &dyn Fn(&Spanned<String>, &mut Sink) -> Option<Relation>,
    sink: &mut Sink,
) -> Option<HistoryNames> {
    let refused = |message: &str, label: &str| {
        let message = format!("the history tables of {what} are named {}, {message}", quoted(&stated.value));
        Diagnostic::new(Code::Name, message, stated.span, label).help(format!(
            "write `{PERIOD}` where the name of the period stands, in the last part of the name, as in `orders_{PERIOD}_hist`"
        ))
    };
    let Some((before, after)) = stated.value.split_once(PERIOD) else {
        if stated.value.contains('{') {
            sink.push(refused("with another word in braces than `period`", "not a known word"));
            return None;
        }
        return relation(stated, sink).map(HistoryNames::ending_in_period);
    };
    if after.contains('.') {
        sink.push(refused("with the period in the name of the schema", "each period would have its own schema"));
        return None;
    }
    // The names of most periods begin with a digit.
    // Messages about a name of some period would show a period that the project does not have.
    let some = Spanned { value: format!("{before}2025{after}"), span: stated.span };
    let Some(some) = relation(&some, &mut Sink::default()) else {
        let diagnostic = refused("which is no name of a table", "not a name");
        sink.push(diagnostic.help("a name without quotes begins with a letter; otherwise, quote the whole last part, as in 'archive.\"Orders {period}\"'"));
        return None;
    };
    // The texts of the name beside the period, without quotes. The name is read already, so a dot
    // ends the schema.
    let before = before.rsplit('.').next().unwrap_or_default();
    let (before, after) = (before.strip_prefix('"').unwrap_or(before), after.strip_suffix('"').unwrap_or(after));
    let names = HistoryNames::around_period(&some, before, after);
    if names.is_none() {
        sink.push(refused("with no letter beside the period", "the view of all rows would have no name"));
    }
    names
}
