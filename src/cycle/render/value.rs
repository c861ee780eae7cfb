//! The values of a template context, and the filters that write them.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value};

use crate::cycle::render::vocabulary::Place;
use crate::dialect::Dialect;
use crate::sql::{SqlType, is_plain};

/// The largest size of one statement, in bytes. Redshift's limit is 16 MB.
pub(crate) const MAX_STATEMENT: usize = 16 * 1024 * 1024;
/// The most bytes that rendering one statement may write, captured blocks included.
const MAX_WRITTEN: usize = 4 * MAX_STATEMENT;

/// The indent of a query inside another query.
const QUERY_INDENT: &str = "      ";

/// A context value that stands for SQL text. Each variant has a filter that writes it.
#[derive(Debug)]
pub(crate) enum Sql {
    Relation(Place),
    Column {
        /// The name as a statement writes it, quoted where needed.
        name: String,
        ty: SqlType,
        not_null: bool,
    },
    /// A literal. Invariant: it is quoted already.
    Literal(String),
    /// The alias of a row. Invariant: Rowkeep made it.
    Alias(String),
    /// A rendered query.
    Query(String),
    /// Text of a run-book that is not SQL.
    Word(String),
}

impl Object for Sql {
    fn get_value(self: &std::sync::Arc<Self>, key: &Value) -> Option<Value> {
        match (&**self, key.as_str()?) {
            (Sql::Column { not_null, .. }, "not_null") => Some(Value::from(*not_null)),
            (Sql::Column { ty, .. }, "is_date") => Some(Value::from(*ty == SqlType::Date)),
            _ => None,
        }
    }

    /// Always true. By default, an object without items counts as empty, and so as false.
    fn is_true(self: &std::sync::Arc<Self>) -> bool {
        true
    }

    fn render(self: &std::sync::Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Templates compare this text by `==`. The formatter never writes it.
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

/// The bytes that one rendering has written, captured blocks included. (Fuel limits time, not
/// memory.)
#[derive(Debug, Default)]
struct Written(usize);

/// Writes a value that a filter has quoted. Refuses every other value.
pub(crate) fn write_quoted(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| value.is_safe()) else {
        return Err(refused(format!("the value {value} reaches the SQL without a quoting filter")));
    };
    let written = state.get_or_insert_extension(Written::default());
    written.0 += text.len();
    if written.0 > MAX_WRITTEN {
        return Err(refused("the template writes more than any engine accepts"));
    }
    out.write_str(text).map_err(Error::from)
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.into())
}

/// The error of a filter that got a value of another kind.
fn misused(filter: &str, writes: &str, value: &Value) -> Error {
    if value.is_undefined() {
        return Error::new(ErrorKind::UndefinedError, format!("`{filter}` got a name that is not defined"));
    }
    refused(format!("`{filter}` writes {writes}, not {value}"))
}

/// The filters: `full` and `bare` for relations, `name`, `of`, `type` and `cast` for columns,
/// `literal` for literals.
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
    // A query from the project: a string literal in it may span lines, so it gets no indent.
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
            Some(text) if row.is_safe() || is_plain(text) => text,
            _ => {
                let takes = "the alias of a source: letters, digits and underscores, as in `columns|of(\"_m\")`";
                return Err(refused(format!("`of` takes {takes}, not {row}")));
            }
        };
        columns("of", value, |name, _| format!("{row}.{name}"))
    });
}

/// The filters of run-books: `word` for text that is not SQL, `block` for whole statements, `fixed`
/// for text that the template itself contains. A project cannot replace run-book templates.
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

/// Marks a text as quoted. Invariant: no other code does this.
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

/// Output that counts bytes and stores nothing.
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

/// Output that fails after [`MAX_STATEMENT`] bytes.
#[derive(Default)]
pub(crate) struct Bounded(Vec<u8>);

impl Bounded {
    pub(crate) fn into_string(self) -> Result<String, Error> {
        String::from_utf8(self.0).map_err(|_| refused("the template wrote bytes that are not UTF-8"))
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_STATEMENT {
            return Err(io::Error::other("the statement is larger than any engine accepts"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
