//! Identifiers and relations: which texts are names, which names are equal, and how a name is
//! written in SQL.

use std::borrow::Cow;

use crate::dialect::{Dialect, Folding};
use crate::sql::reserved;

/// The name of a column, table or schema, as the user wrote it.
///
/// A plain name is written without quotes, unless it is a reserved word of the engine. A quoted
/// name is always written in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    // Invariant: the text of a plain name is `[A-Za-z_][A-Za-z0-9_]*`. The text of a quoted name
    // has no character that could end its quotes.
    text: String,
    quoted: bool,
}

/// The aliases in compiled statements. No mart and no declared column may have one of these names.
/// A DELETE names its target by the bare name of the mart. On BigQuery, a column of an inner query
/// hides an alias of the query around it. A raw table may have columns that the spec does not
/// declare, so the aliases have a prefix that no real column is known to have.
pub(crate) const ALIASES: [&str; 30] = [
    "_m", "_h", "_b", "_p", "_c", "_d", "_e", "_n", "_s", "_u", "_u1", "_u2", "_u3", "_u4", "_u5", "_u6", "_u7", "_u8",
    "_j", "_k", "_l", "_o", "_oldest", "_copies", "_ranked", "_touched", "_found", "_wanted", "_gap", "_newest",
];

/// Whether a text has the name of an alias of compiled statements, in capitals or not.
pub(crate) fn is_own_alias(text: &str) -> bool {
    ALIASES.iter().any(|alias| text.eq_ignore_ascii_case(alias))
}

/// The reason why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    Empty,
    /// The text is not a plain name. In quotes, it may be a valid column name.
    NotPlain,
    /// The text has a character that is not allowed, even in a quoted name.
    Forbidden(char),
}

/// The text by which an engine compares names. A plain name is in lower case. Where the catalogue
/// stores plain names in upper case, a quoted name changes the case of each of its letters: then
/// `"ID"` equals `id`, and `"id"` does not.
pub(crate) fn fold(text: &str, is_quoted: bool, dialect: Dialect) -> Cow<'_, str> {
    let rules = dialect.rules();
    let keeps_case = is_quoted && rules.quoted_names_keep_case();
    if keeps_case && rules.folding() == Folding::Upper {
        let swapped = |c: char| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        return text.chars().map(swapped).collect::<String>().into();
    }
    // Nearly all names are lower case and ASCII already. They need no second text.
    let is_folded = text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if keeps_case || is_folded { text.into() } else { text.to_lowercase().into() }
}

/// Whether a text is a name that needs no quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Name {
    pub(crate) fn plain(text: &str) -> Result<Self, NameError> {
        match text {
            "" => Err(NameError::Empty),
            _ if is_plain(text) => Ok(Self { text: text.to_owned(), quoted: false }),
            _ => Err(NameError::NotPlain),
        }
    }

    /// The name of a database that a spec writes without quotes and that SQL needs in quotes.
    pub(crate) fn database(text: &str, dialect: Dialect) -> Option<Self> {
        dialect.rules().is_dashed_database(text).then(|| Self { text: text.to_owned(), quoted: true })
    }

    /// The name of a column: plain, or in double quotes.
    pub(crate) fn column(text: &str) -> Result<Self, NameError> {
        let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Self::plain(text);
        };
        if inner.trim().is_empty() {
            return Err(NameError::Empty);
        }
        // Invisible letters, and spaces at the ends, are refused: with them, two different names
        // could look the same.
        let invisible = |c| matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
        let allowed = |c: char| (c.is_alphanumeric() && !invisible(c)) || matches!(c, ' ' | '_' | '-' | '.');
        let space_at_end = [inner.chars().next(), inner.chars().last()].into_iter().flatten().find(|&c| c == ' ');
        match inner.chars().find(|&c| !allowed(c)).or(space_at_end) {
            Some(c) => Err(NameError::Forbidden(c)),
            None => Ok(Self { text: inner.to_owned(), quoted: true }),
        }
    }

    /// The name of a table, schema or database: plain, or in double quotes, without a dot.
    pub(crate) fn of_relation(text: &str) -> Result<Self, NameError> {
        let name = Self::column(text)?;
        // In messages and in names of files, the dot would begin another part of the name.
        if name.text.contains('.') { Err(NameError::Forbidden('.')) } else { Ok(name) }
    }

    /// The name of a column that Rowkeep chose. Invariant: it needs no quotes.
    pub(crate) fn of_own(text: &'static str) -> Self {
        Self { text: text.to_owned(), quoted: false }
    }

    /// The name with a suffix, such as the period of a history table.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self { text: format!("{}{suffix}", self.text), quoted: self.quoted }
    }

    /// A name with another text that needs quotes where this one does.
    pub(crate) fn with_text(&self, text: String) -> Self {
        Self { text, quoted: self.quoted }
    }

    pub(crate) fn with_prefix(&self, prefix: &str) -> Self {
        Self { text: format!("{prefix}{}", self.text), quoted: self.quoted }
    }

    /// The same name, always written in quotes.
    pub(crate) fn in_quotes(self) -> Self {
        Self { quoted: true, ..self }
    }

    pub(crate) fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// The name without its quotes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text by which the engine compares names. Two names with equal folded texts are the same
    /// name.
    pub(crate) fn folded(&self, dialect: Dialect) -> String {
        fold(&self.text, self.quoted, dialect).into_owned()
    }

    /// The name as the catalogue of the engine stores it.
    pub(crate) fn in_catalogue(&self, dialect: Dialect) -> String {
        match dialect.rules().folding() {
            Folding::Upper if !self.quoted => self.text.to_uppercase(),
            Folding::Upper | Folding::Kept => self.text.clone(),
            Folding::Lower => self.folded(dialect),
        }
    }

    /// The name as it is written in a statement.
    pub fn sql(&self, dialect: Dialect) -> String {
        let quote = dialect.rules().quote();
        if self.quoted {
            return format!("{quote}{}{quote}", self.text);
        }
        let lower = self.text.to_lowercase();
        if !reserved::is_reserved(&lower, dialect) {
            return self.text.clone();
        }
        // In quotes, a reserved name has the letters that the engine gives a plain name.
        let stored = if dialect.rules().folding() == Folding::Upper { lower.to_uppercase() } else { lower };
        format!("{quote}{stored}{quote}")
    }
}

/// A table or view: `schema.name`, or `database.schema.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    pub(crate) database: Option<Name>,
    pub(crate) schema: Name,
    pub(crate) name: Name,
}

impl Relation {
    /// Whether two relations may be the same. If only one of them names its database, they may be
    /// the same, because the database of the other is not known.
    pub(crate) fn may_be(&self, other: &Relation, dialect: Dialect) -> bool {
        let fold = |name: &Name| name.folded(dialect);
        let databases = self.database.as_ref().zip(other.database.as_ref());
        databases.is_none_or(|(ours, theirs)| fold(ours) == fold(theirs))
            && fold(&self.schema) == fold(&other.schema)
            && fold(&self.name) == fold(&other.name)
    }

    /// The last part, without database and schema.
    pub fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn renamed(&self, name: Name) -> Self {
        Self { name, ..self.clone() }
    }

    /// Every part, outermost first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Name> {
        self.database.iter().chain([&self.schema, &self.name])
    }

    /// The folded text of every part, by which the engine compares relations.
    pub(crate) fn folded(&self, dialect: Dialect) -> Vec<String> {
        self.parts().map(|part| part.folded(dialect)).collect()
    }

    /// The folded text of the database and the schema.
    pub(crate) fn schema_folded(&self, dialect: Dialect) -> Vec<String> {
        self.database.iter().chain([&self.schema]).map(|part| part.folded(dialect)).collect()
    }

    /// The relation as it is written in a statement.
    pub fn sql(&self, dialect: Dialect) -> String {
        let parts: Vec<_> = self.parts().map(|part| part.sql(dialect)).collect();
        parts.join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_written_without_quotes_unless_reserved() {
        let written = |text: &str, dialect| Name::column(text).unwrap().sql(dialect);
        assert_eq!(written("traceSeq", Dialect::Redshift), "traceSeq");
        assert_eq!(written("Order", Dialect::Postgres), "\"order\"");
        assert_eq!(written("tag", Dialect::Redshift), "\"tag\"");
        assert_eq!(written("tag", Dialect::Postgres), "tag");
        assert_eq!(written("Order", Dialect::Snowflake), "\"ORDER\"");
        assert_eq!(written("\"Trace Seq\"", Dialect::DuckDb), "\"Trace Seq\"");
    }

    #[test]
    fn a_quoted_name_cannot_end_its_quotes() {
        for text in ["\"a\"b\"", "\"a;b\"", "\"a{b\"", "\"a\nb\"", "\"a'b\"", "\"a\\b\"", "\" a\"", "\"\u{3164}\""] {
            assert!(matches!(Name::column(text), Err(NameError::Forbidden(_))), "{text}");
        }
        assert_eq!(Name::column("\"\""), Err(NameError::Empty));
        assert_eq!(Name::column("\""), Err(NameError::NotPlain));
    }

    #[test]
    fn some_engines_compare_the_case_of_quoted_names() {
        let is_plain = |quoted: &str, dialect| {
            Name::column(quoted).unwrap().folded(dialect) == Name::column("id").unwrap().folded(dialect)
        };
        assert!(!is_plain("\"ID\"", Dialect::Postgres) && is_plain("\"id\"", Dialect::Postgres));
        assert!(is_plain("\"ID\"", Dialect::Snowflake) && !is_plain("\"id\"", Dialect::Snowflake));
        assert!(is_plain("\"ID\"", Dialect::Redshift) && is_plain("\"id\"", Dialect::Redshift));
    }
}
