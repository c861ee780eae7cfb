//! What a template may hold, and the filters that alone can write it.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value};

use crate::cycle::render::vocabulary::Place;
use crate::dialect::Dialect;
use crate::sql::{ALIASES, SqlType};

/// Bytes that one statement may have: Redshift's limit is 16 MB.
pub(crate) const MAX_STATEMENT: usize = 16 * 1024 * 1024;
/// Bytes that rendering it may write, captured blocks included.
const MAX_WRITTEN: usize = 4 * MAX_STATEMENT;

/// How far a query inside of another stands to the right.
const QUERY_INDENT: &str = "      ";

/// A value of the context that stands for SQL text, and is written by the filter that belongs to it.
#[derive(Debug)]
pub(crate) enum Sql {
    Relation(Place),
    Column {
        /// As it stands in a statement.
        name: String,
        ty: SqlType,
        not_null: bool,
    },
    /// A literal, quoted where it was made.
    Literal(String),
    /// The alias of a row, made by Rowkeep.
    Alias(String),
    /// A whole query, rendered before.
    Query(String),
    /// What is no SQL: a word of a run-book.
    Word(String),
}

impl Object for Sql {
    fn get_value(self: &std::sync::Arc<Self>, key: &Value) -> Option<Value> {
        match (&**self, key.as_str()?) {
            (Sql::Column { not_null, .. }, "not_null") => Some(Value::from(*not_null)),
            _ => None,
        }
    }

    /// What is there is true: an object that enumerates nothing would count as empty.
    fn is_true(self: &std::sync::Arc<Self>) -> bool {
        true
    }

    fn render(self: &std::sync::Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never written: the formatter refuses it. Compared by `==` in templates.
        match &**self {
            Sql::Relation(place) => f.write_str(&place.full),
            Sql::Column { name, .. } => f.write_str(name),
            Sql::Literal(text) | Sql::Alias(text) | Sql::Query(text) | Sql::Word(text) => f.write_str(text),
        }
    }
}

impl From<Sql> for Value {
    fn from(sql: Sql) -> Value {
        Value::from_object(sql)
    }
}

/// Bytes that one rendering has written so far, captured blocks included: fuel bounds time, not memory.
#[derive(Debug, Default)]
struct Written(usize);

/// Writes what a filter quoted, and refuses everything else.
pub(crate) fn write_quoted(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| value.is_safe()) else {
        return Err(refused(format!("a raw value would be pasted into SQL: {value}")));
    };
    let written = state.get_or_insert_extension(Written::default());
    written.0 += text.len();
    if written.0 > MAX_WRITTEN {
        return Err(refused("the template writes more than any engine takes"));
    }
    out.write_str(text).map_err(Error::from)
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.into())
}

/// A filter got what it does not write.
fn misused(filter: &str, writes: &str, value: &Value) -> Error {
    if value.is_undefined() {
        return Error::new(ErrorKind::UndefinedError, format!("`{filter}` got a name that is not defined"));
    }
    refused(format!("`{filter}` writes {writes}, not {value}"))
}

/// The filters: `full` and `bare` for relations, `name`, `of`, `type` and `cast` for columns, `literal` for literals.
pub(crate) fn add_filters(environment: &mut Environment<'static>, dialect: Dialect) {
    environment.add_filter("full", |value: &Value| relation("full", value, |place| &place.full));
    environment.add_filter("bare", |value: &Value| relation("bare", value, |place| &place.bare));
    environment.add_filter("literal", |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Literal(text)) => Ok(quoted(text.clone())),
        _ => Err(misused("literal", "literals", value)),
    });
    environment.add_filter("query", |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Query(text)) => {
            let lines: Vec<_> = text.lines().map(|line| format!("{QUERY_INDENT}{line}")).collect();
            Ok(quoted(lines.join("\n")))
        }
        _ => Err(misused("query", "queries", value)),
    });
    // Somebody's own query: a text in it may have several lines.
    environment.add_filter("verbatim", |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Query(text)) => Ok(quoted(text.clone())),
        _ => Err(misused("verbatim", "queries", value)),
    });
    environment.add_filter("name", |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Alias(alias)) => Ok(quoted(alias.clone())),
        _ => columns("name", value, |name, _| name.to_owned()),
    });
    environment.add_filter("type", move |value: &Value| columns("type", value, |_, ty| ty.sql(dialect)));
    environment.add_filter("cast", move |value: &Value| columns("cast", value, |_, ty| ty.cast(dialect)));
    environment.add_filter("of", |value: &Value, row: &Value| {
        let row = match row.as_str() {
            Some(text) if row.is_safe() || ALIASES.contains(&text) => text,
            _ => return Err(refused(format!("`of` takes a row by its alias, not {row}"))),
        };
        columns("of", value, |name, _| format!("{row}.{name}"))
    });
}

/// The filters of run-books, which no project can replace: `word` for what is no SQL, `block` for whole statements, `fixed` for what
/// stands in the template itself.
pub(crate) fn add_text_filters(environment: &mut Environment<'static>) {
    environment.add_filter("word", |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Word(text)) => Ok(quoted(text.clone())),
        _ => Err(misused("word", "words", value)),
    });
    environment.add_filter("block", |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Query(text)) => Ok(quoted(text.clone())),
        _ => Err(misused("block", "statements", value)),
    });
    environment.add_filter("fixed", |value: &Value| match value.as_str() {
        Some(text) => Ok(quoted(text.to_owned())),
        None => Err(misused("fixed", "texts", value)),
    });
}

/// Marks a text as quoted: the one place where that happens.
fn quoted(text: String) -> Value {
    Value::from_safe_string(text)
}

fn relation(filter: &str, value: &Value, form: impl Fn(&Place) -> &String) -> Result<Value, Error> {
    match value.downcast_object_ref::<Sql>() {
        Some(Sql::Relation(place)) => Ok(quoted(form(place).clone())),
        _ => Err(misused(filter, "relations", value)),
    }
}

/// One column, or a list of them joined by commas.
fn columns(filter: &str, value: &Value, form: impl Fn(&str, SqlType) -> String) -> Result<Value, Error> {
    let one = |value: &Value| match value.downcast_object_ref::<Sql>() {
        Some(Sql::Column { name, ty, .. }) => Ok(form(name, *ty)),
        _ => Err(misused(filter, "columns", value)),
    };
    if value.is_undefined() || value.downcast_object_ref::<Sql>().is_some() {
        return one(value).map(quoted);
    }
    let parts: Vec<String> = value.try_iter()?.map(|item| one(&item)).collect::<Result<_, _>>()?;
    Ok(quoted(parts.join(", ")))
}

/// Output of which only the length matters.
pub(crate) struct Counted<'w>(pub(crate) &'w AtomicUsize);

impl io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Output that ends where no engine would take more.
#[derive(Default)]
pub(crate) struct Bounded(Vec<u8>);

impl Bounded {
    pub(crate) fn into_string(self) -> Result<String, Error> {
        String::from_utf8(self.0).map_err(|_| refused("the template wrote what is not text"))
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_STATEMENT {
            return Err(io::Error::other("the statement is larger than any engine takes"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
