//! Reads the declarations of columns, and finds columns by name, as the engine compares names.

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::dialect::Dialect;
use crate::project::resolve::relations::bad_quotable_name;
use crate::project::shape::Entries;
use crate::project::{Column, ColumnId, Filled};
use crate::source::{Span, Spanned};
use crate::sql::{EngineType, Name, SqlType, is_own_alias};

/// The most columns of a table, on Redshift and on PostgreSQL.
const MAX_COLUMNS: usize = 1_600;

pub(crate) fn position(columns: &[Column], name: &Name, dialect: Dialect) -> Option<ColumnId> {
    let folded = name.folded(dialect);
    columns.iter().position(|column| column.name.folded(dialect) == folded).map(ColumnId)
}

/// The columns of a mart.
pub(crate) fn of_mart(entries: &Entries<String>, dialect: Dialect, sink: &mut Sink) -> Vec<Column> {
    if entries.0.len() > MAX_COLUMNS {
        let at = entries.0[MAX_COLUMNS].0.span;
        let message = format!("{} columns are declared; a table can have {MAX_COLUMNS}", entries.0.len());
        sink.push(Diagnostic::new(Code::Budget, message, at, "one too many").help("split the table"));
        return Vec::new();
    }
    let mut columns: Vec<Column> = Vec::with_capacity(entries.0.len());
    for (key, written) in &entries.0 {
        let name = match Name::column(&key.value) {
            Ok(name) if name.as_str().to_lowercase().starts_with("rowkeep_") => {
                let message = format!(
                    "column {} has the prefix `rowkeep_`, which is reserved for columns that statements compute",
                    quoted(&key.value)
                );
                sink.push(
                    Diagnostic::new(Code::Name, message, key.span, "reserved prefix").help("choose another name"),
                );
                continue;
            }
            Ok(name) if is_own_alias(name.as_str()) => {
                let message = format!(
                    "column {} has the name of an alias in statements, which BigQuery could read as this column",
                    quoted(&key.value)
                );
                sink.push(
                    Diagnostic::new(Code::Name, message, key.span, "name of an alias").help("choose another name"),
                );
                continue;
            }
            Ok(name) => name,
            Err(error) => {
                sink.push(bad_quotable_name(&key.value, key.span, "a column", error));
                continue;
            }
        };
        if let Some(first) = position(&columns, &name, dialect) {
            let message = format!(
                "columns {} and {} are the same name on {dialect}",
                quoted(columns[first.0].name.as_str()),
                quoted(name.as_str())
            );
            sink.push(Diagnostic::new(Code::NameClash, message, key.span, "again here").help("rename or remove one"));
            continue;
        }
        if dialect.rules().system_columns().contains(&name.folded(dialect).as_str()) {
            let message = format!(
                "column {} has the name of a system column of {dialect}; statements would read the system column",
                quoted(name.as_str())
            );
            sink.push(Diagnostic::new(Code::Name, message, key.span, "a system column").help("choose another name"));
            continue;
        }
        if !dialect.rules().allows_dots_in_columns() && name.as_str().contains('.') {
            let message =
                format!("column {} has a dot in its name, which {dialect} does not accept", quoted(name.as_str()));
            sink.push(Diagnostic::new(Code::Name, message, key.span, "not a valid column name").help("remove the dot"));
            continue;
        }
        if name.as_str().len() > dialect.max_name_bytes() {
            let message = format!(
                "the name of column {} is longer than {} bytes; {dialect} would cut it off silently",
                quoted(name.as_str()),
                dialect.max_name_bytes()
            );
            sink.push(Diagnostic::new(Code::NameLength, message, key.span, "would be cut off").help("shorten it"));
            continue;
        }
        let Some(written) = written.get() else { continue };
        let text = written.value.trim();
        let (ty, not_null, filled) = parts(text);
        match type_of(&ty, dialect) {
            Ok(ty) => {
                if let Some(wrong) = unfit(filled, ty, dialect) {
                    let message = format!("column {} is `{}`, but {wrong}", quoted(&key.value), filled.word());
                    sink.push(
                        Diagnostic::new(Code::ColumnType, message, written.span, "cannot be filled like this").help(
                            format!("remove `{}`; the column of the mart must accept stated values", filled.word()),
                        ),
                    );
                }
                // An identity is never NULL.
                columns.push(Column { name, ty, not_null: not_null || filled == Filled::Identity, filled });
            }
            Err(expected) => {
                let message = format!("column {} has type {}; expected {expected}", quoted(&key.value), quoted(text));
                let mut diagnostic =
                    Diagnostic::new(Code::ColumnType, message, written.span, "not a type that Rowkeep maps");
                for filled in [Filled::Identity, Filled::Generated] {
                    let word = filled.word();
                    if text.to_ascii_lowercase().split_whitespace().any(|found| found == word) {
                        let ty = text.split_whitespace().next().unwrap_or_default();
                        diagnostic =
                            diagnostic.help(format!("for a column that the engine fills, write `{ty} {word}`"));
                        break;
                    }
                }
                let lower = text.to_ascii_lowercase();
                if lower.ends_with(" null") && !lower.ends_with("not null") {
                    diagnostic = diagnostic.help("leave out `null`: a column without `not null` may be NULL");
                } else if type_of(ty.split_whitespace().next().unwrap_or_default(), dialect).is_ok()
                    && filled == Filled::ByInsert
                {
                    diagnostic =
                        diagnostic.help("after the type, write `not null`, `identity`, `generated`, or nothing");
                } else if lower.contains(" default ") {
                    diagnostic = diagnostic.help("leave out the default: statements write each column of a row");
                } else if let Some(near) = similar(&ty) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                sink.push(diagnostic);
            }
        }
    }
    columns
}

/// The columns of a table from which a load reads.
pub(crate) fn of_source(entries: &Entries<String>, dialect: Dialect, sink: &mut Sink) -> Vec<Column> {
    let columns = of_mart(entries, dialect, sink);
    for column in columns.iter().filter(|column| column.filled != Filled::ByInsert) {
        let mut stated = entries.0.iter().filter_map(|(key, written)| Some((key, written.get()?)));
        let is_it = |key: &str| Name::column(key).is_ok_and(|name| name == column.name);
        let Some((key, written)) = stated.find(|(key, _)| is_it(&key.value)) else { continue };
        let message = format!(
            "column {} is `{}`, but it is no column of a mart: statements only read it",
            quoted(&key.value),
            column.filled.word()
        );
        sink.push(
            Diagnostic::new(Code::ColumnType, message, written.span, "only for columns of a mart")
                .help(format!("remove `{}`", column.filled.word())),
        );
    }
    columns
}

/// Splits the text of a column into its type, whether it is `not null`, and what fills it.
fn parts(text: &str) -> (String, bool, Filled) {
    let words: Vec<_> = text.split_whitespace().collect();
    let (mut rest, mut not_null, mut filled) = (words.as_slice(), false, Filled::ByInsert);
    let is = |word: &str, other: &str| word.eq_ignore_ascii_case(other);
    loop {
        rest = match rest {
            [ty @ .., not, null] if !not_null && is(not, "not") && is(null, "null") => {
                not_null = true;
                ty
            }
            // The first word is the type.
            [ty @ .., word] if !ty.is_empty() && filled == Filled::ByInsert && is(word, "identity") => {
                filled = Filled::Identity;
                ty
            }
            [ty @ .., word] if !ty.is_empty() && filled == Filled::ByInsert && is(word, "generated") => {
                filled = Filled::Generated;
                ty
            }
            ty => return (ty.join(" "), not_null, filled),
        };
    }
}

/// Why a column of a type cannot be filled in a way.
fn unfit(filled: Filled, ty: SqlType, dialect: Dialect) -> Option<String> {
    match filled {
        Filled::ByInsert => None,
        Filled::Identity if !dialect.rules().forms().overriding => Some(format!(
            "no statement can insert a stated value into such a column on {dialect}, so no row could return"
        )),
        Filled::Identity if !ty.is_whole_number() => Some(format!("{ty} is no whole number")),
        Filled::Generated if dialect.rules().generated_columns().is_none() => {
            Some(format!("{dialect} computes no columns from others"))
        }
        Filled::Identity | Filled::Generated => None,
    }
}

/// Where each column is stated.
pub(crate) fn places(entries: &Entries<String>, columns: &[Column], dialect: Dialect) -> Vec<Span> {
    let stated: Vec<_> = entries
        .0
        .iter()
        .filter_map(|(key, _)| Some((Name::column(&key.value).ok()?.folded(dialect), key.span)))
        .collect();
    let place = |column: &Column| {
        let folded = column.name.folded(dialect);
        stated.iter().find(|(name, _)| *name == folded).map(|(_, span)| *span)
    };
    columns.iter().filter_map(place).collect()
}

/// The declared columns that are not among the valid ones.
pub(crate) fn refused(entries: &Entries<String>, columns: &[Column], dialect: Dialect) -> Vec<Name> {
    let names = entries.0.iter().filter_map(|(key, _)| Name::column(&key.value).ok());
    names.filter(|name| position(columns, name, dialect).is_none()).collect()
}

/// Reads a type: one that Rowkeep maps, another spelling of it, or another type of the engine.
/// `Err` has a description of the expected text.
fn type_of(text: &str, dialect: Dialect) -> Result<SqlType, String> {
    let expected = match SqlType::parse(text) {
        Ok(ty) => return Ok(ty),
        Err(expected) => expected,
    };
    if let Some(ty) = SqlType::spelled(text) {
        return Ok(ty);
    }
    let is_unlimited = ["varchar", "character varying"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_unlimited && dialect.rules().varchar_is_text() {
        return Ok(SqlType::Text);
    }
    let ty = EngineType::parse(text, dialect).ok_or_else(|| expected.clone())?;
    // `varchar` without its length is a mistake, and `bigit` is one too.
    let word = ty.word();
    let is_mapped = SqlType::WORDS.iter().any(|own| own.split('(').next() == Some(word.as_str()));
    let is_mistake = is_mapped || (!ty.is_known() && similar(text).is_some());
    if is_mistake && !text.contains(['[', '<']) { Err(expected) } else { Ok(SqlType::Engine(ty)) }
}

/// The type that a text is probably meant to be.
pub(super) fn similar(text: &str) -> Option<&'static str> {
    let word = text.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
    match word.as_str() {
        "nvarchar" | "character varying" => Some("varchar(n)"),
        "timestamp_ntz" | "datetime" => Some("timestamp"),
        "timestamp_tz" => Some("timestamptz"),
        "bigserial" | "serial8" => Some("bigint"),
        "serial" | "serial4" => Some("integer"),
        _ => did_you_mean(text, SqlType::WORDS),
    }
}

/// The columns among which a name is looked up. `what` names their owner in messages.
pub(crate) struct Scope<'a> {
    pub(crate) what: &'a str,
    pub(crate) columns: &'a [Column],
    /// Declared columns that were refused. Each has an error already.
    pub(crate) refused: &'a [Name],
    pub(crate) dialect: Dialect,
}

impl Scope<'_> {
    pub(crate) fn column(&self, text: &Spanned<String>, role: &str, sink: &mut Sink) -> Option<ColumnId> {
        let name = Name::column(&text.value).ok();
        let found = name.as_ref().and_then(|name| position(self.columns, name, self.dialect));
        let is_refused =
            |name: &Name| self.refused.iter().any(|other| other.folded(self.dialect) == name.folded(self.dialect));
        if found.is_none() && !name.as_ref().is_some_and(is_refused) {
            sink.push(unknown_column(text, role, self.what, self.columns, "columns"));
        }
        found
    }
}

pub(crate) fn unknown_column(
    text: &Spanned<String>,
    role: &str,
    what: &str,
    columns: &[Column],
    list: &str,
) -> Diagnostic {
    let message = format!("{role} of {what} names column {}, which `{list}` does not declare", quoted(&text.value));
    let diagnostic = Diagnostic::new(Code::UnknownColumn, message, text.span, "no such column");
    match did_you_mean(&text.value, columns.iter().map(|column| column.name.as_str())) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("declare it under `{list}`, with its type")),
    }
}
