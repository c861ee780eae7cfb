//! Identifiers and relations: what may be a name, when two names are one, and how a name is written.

use crate::dialect::Dialect;
use crate::sql::reserved;

/// The name of a column, table or schema, as the user wrote it.
///
/// A plain name is emitted as written, and quoted only where the engine reserves it; a quoted one is always quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    // Invariant: plain text is `[A-Za-z_][A-Za-z0-9_]*`; quoted text holds nothing that could end its quotes.
    text: String,
    quoted: bool,
}

/// The words by which statements call their rows. A DELETE calls its target by its bare name, so no mart may be named like one.
pub(crate) const ALIASES: [&str; 24] = [
    "m", "h", "b", "p", "c", "v", "d", "e", "n", "u", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "oldest",
    "copies", "ranked", "touched", "gap", "newest",
];

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    Empty,
    /// A plain name was needed, and this is not one; a quoted name might be legal in its place.
    NotPlain,
    /// A character that not even a quoted name may hold.
    Forbidden(char),
}

/// Whether a text can stand as a name without quotes.
fn is_plain(text: &str) -> bool {
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

    /// A database whose name needs quotes, and may be written without them in a spec.
    pub(crate) fn database(text: &str, dialect: Dialect) -> Option<Self> {
        dialect.rules().is_dashed_database(text).then(|| Self { text: text.to_owned(), quoted: true })
    }

    /// A column: plain, or in double quotes.
    pub(crate) fn column(text: &str) -> Result<Self, NameError> {
        let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Self::plain(text);
        };
        if inner.trim().is_empty() {
            return Err(NameError::Empty);
        }
        // Letters that look like nothing, and blanks at the ends, would make two names that read the same.
        let unseen = |c| matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
        let known = |c: char| (c.is_alphanumeric() && !unseen(c)) || matches!(c, ' ' | '_' | '-' | '.');
        let edge = [inner.chars().next(), inner.chars().last()].into_iter().flatten().find(|&c| c == ' ');
        match inner.chars().find(|&c| !known(c)).or(edge) {
            Some(c) => Err(NameError::Forbidden(c)),
            None => Ok(Self { text: inner.to_owned(), quoted: true }),
        }
    }

    /// A plain name made longer: a history table's period, a work table's suffix.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self { text: format!("{}{suffix}", self.text), quoted: self.quoted }
    }

    pub(crate) fn with_prefix(&self, prefix: &str) -> Self {
        Self { text: format!("{prefix}{}", self.text), quoted: self.quoted }
    }

    /// The same, always quoted.
    pub(crate) fn in_quotes(self) -> Self {
        Self { quoted: true, ..self }
    }

    /// The name without its quotes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the engine compares: two names are one where this is equal.
    pub(crate) fn folded(&self, dialect: Dialect) -> String {
        if self.quoted && dialect.rules().quoted_names_keep_case() {
            self.text.clone()
        } else {
            self.text.to_lowercase()
        }
    }

    /// The name as it stands in a statement.
    pub fn sql(&self, dialect: Dialect) -> String {
        let quote = dialect.rules().quote();
        if self.quoted {
            return format!("{quote}{}{quote}", self.text);
        }
        // A reserved plain name means what the engine would have made of it: the lower-case one.
        let folded = self.text.to_lowercase();
        if reserved::is_reserved(&folded, dialect) { format!("{quote}{folded}{quote}") } else { self.text.clone() }
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
    /// Whether two relations may be one: where only one of them names its database, nobody here knows whether it is that one.
    pub(crate) fn may_be(&self, other: &Relation, dialect: Dialect) -> bool {
        let fold = |name: &Name| name.folded(dialect);
        let databases = self.database.as_ref().zip(other.database.as_ref());
        databases.is_none_or(|(ours, theirs)| fold(ours) == fold(theirs))
            && fold(&self.schema) == fold(&other.schema)
            && fold(&self.name) == fold(&other.name)
    }

    /// The last part.
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

    /// What the engine compares, part by part.
    pub(crate) fn folded(&self, dialect: Dialect) -> Vec<String> {
        self.parts().map(|part| part.folded(dialect)).collect()
    }

    /// What the engine compares of the schema that the relation is in.
    pub(crate) fn schema_folded(&self, dialect: Dialect) -> Vec<String> {
        self.database.iter().chain([&self.schema]).map(|part| part.folded(dialect)).collect()
    }

    /// The relation as it stands in a statement.
    pub fn sql(&self, dialect: Dialect) -> String {
        let parts: Vec<_> = self.parts().map(|part| part.sql(dialect)).collect();
        parts.join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_emitted_as_written_and_quoted_where_reserved() {
        let written = |text: &str, dialect| Name::column(text).unwrap().sql(dialect);
        assert_eq!(written("traceSeq", Dialect::Redshift), "traceSeq");
        assert_eq!(written("Order", Dialect::Postgres), "\"order\"");
        assert_eq!(written("tag", Dialect::Redshift), "\"tag\"");
        assert_eq!(written("tag", Dialect::Postgres), "tag");
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
    fn case_of_a_quoted_name_counts_on_postgres_only() {
        let quoted = Name::column("\"ID\"").unwrap();
        let plain = Name::column("id").unwrap();
        assert_ne!(quoted.folded(Dialect::Postgres), plain.folded(Dialect::Postgres));
        assert_eq!(quoted.folded(Dialect::Redshift), plain.folded(Dialect::Redshift));
    }
}
