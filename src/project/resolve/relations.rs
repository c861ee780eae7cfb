//! Names and relations, as a spec writes them.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::Dialect;
use crate::source::{Span, Spanned};
use crate::sql::{Name, NameError, Relation};

/// Reads a plain name, or reports why it is not one. `what` is the named thing, for the message.
pub(crate) fn plain(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<Name> {
    match Name::plain(&text.value) {
        Ok(name) => Some(name),
        Err(error) => {
            sink.push(bad_name(&text.value, text.span, what, error));
            None
        }
    }
}

pub(crate) fn bad_name(text: &str, span: Span, what: &str, error: NameError) -> Diagnostic {
    let plain = "letters, digits and underscores, not starting with a digit";
    match error {
        NameError::Empty => Diagnostic::new(Code::Name, format!("{what} has an empty name"), span, "no name")
            .help(format!("write a name: {plain}")),
        NameError::NotPlain => {
            let message = format!("{what} is named {}, which no engine accepts without quotes", quoted(text));
            Diagnostic::new(Code::Name, message, span, "not a plain name").help(format!("use {plain}"))
        }
        NameError::Forbidden(c) => {
            let harm = match c {
                '"' | '\'' | '`' | '\\' | ';' | '{' | '}' => "could end its quotes or its line",
                '.' => "would begin another part of the name",
                ' ' => "at its beginning or its end could be overlooked",
                c if c.is_control() => "could end its line",
                c if c.is_ascii() => "is in no name that Rowkeep writes",
                _ => "is not visible, or looks like another character",
            };
            let message = format!("{what} is named {}, and {c:?} {harm}", quoted(text));
            Diagnostic::new(Code::Name, message, span, "not a safe name").help(match what {
                "a column" => "inside quotes use letters, digits, spaces, `_`, `-` and `.`",
                _ => "inside quotes use letters, digits, spaces, `_` and `-`",
            })
        }
    }
}

/// Like [`bad_name`], for a name that may be in quotes.
pub(crate) fn bad_quotable_name(text: &str, span: Span, what: &str, error: NameError) -> Diagnostic {
    let diagnostic = bad_name(text, span, what, error);
    if error == NameError::NotPlain {
        diagnostic.help(format!("or quote it, as in '\"{}\"'", text.replace(['"', '\''], "")))
    } else {
        diagnostic
    }
}

/// Reads `schema` or `database.schema`. The result is a relation whose name is a placeholder.
pub(crate) fn schema_of(text: &Spanned<String>, dialect: Dialect, sink: &mut Sink) -> Option<Relation> {
    let parts = parts_of(text, "the schema", 2, dialect, sink)?;
    let name = Name::plain("_").ok()?;
    match parts.as_slice() {
        [schema] => Some(Relation { database: None, schema: schema.clone(), name }),
        [database, schema] => Some(Relation { database: Some(database.clone()), schema: schema.clone(), name }),
        _ => None,
    }
}

/// Reads a relation. The schema of the project completes a name with fewer parts.
pub(crate) fn relation_of(
    text: &Spanned<String>,
    what: &str,
    schema: &Relation,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Relation> {
    let parts = parts_of(text, what, 3, dialect, sink)?;
    match parts.as_slice() {
        [name] => Some(schema.renamed(name.clone())),
        [inner, name] => {
            Some(Relation { database: schema.database.clone(), schema: inner.clone(), name: name.clone() })
        }
        [database, inner, name] => {
            Some(Relation { database: Some(database.clone()), schema: inner.clone(), name: name.clone() })
        }
        _ => None,
    }
}

/// The parts of a dotted name, at most `most`. If there are `most` parts, the first is a database.
pub(crate) fn parts_of(
    text: &Spanned<String>,
    what: &str,
    most: usize,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Vec<Name>> {
    let parts = dotted(&text.value);
    if parts.len() > most {
        let message =
            format!("{what} is named {}, which has {} parts; {most} are allowed", quoted(&text.value), parts.len());
        sink.push(
            Diagnostic::new(Code::Name, message, text.span, "too many dots").help("write database.schema.name at most"),
        );
        return None;
    }
    let is_database = |place: usize| parts.len() == most && place == 0;
    let names = parts.iter().zip(0..).map(|(part, place)| match Name::database(part, dialect) {
        Some(name) if is_database(place) => Some(name),
        _ => match Name::of_relation(part) {
            Ok(name) => Some(name),
            Err(error) => {
                sink.push(bad_quotable_name(part, text.span, what, error));
                None
            }
        },
    });
    names.collect()
}

/// The parts of a name. A dot inside quotes separates nothing.
fn dotted(text: &str) -> Vec<&str> {
    let mut in_quotes = false;
    let separates = |c: char| {
        in_quotes ^= c == '"';
        c == '.' && !in_quotes
    };
    text.split(separates).collect()
}
