//! The name of a table.

use std::cmp::Ordering;
use std::fmt;

use sqlparser::ast::{ObjectName, ObjectNamePart};

use crate::lint::jinja::SCHEMA;

/// The name of a table. Two names that differ only in case are equal.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The parts in lower case, without quotes.
    parts: Vec<String>,
    /// The name as it was written first.
    shown: String,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Table {}

impl PartialOrd for Table {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Table {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

impl Table {
    pub(super) fn of(name: &ObjectName) -> Self {
        let part =
            |part: &ObjectNamePart| part.as_ident().map_or_else(|| part.to_string(), |ident| ident.value.clone());
        let parts: Vec<String> = name.0.iter().map(part).collect();
        Self::named(&parts.iter().flat_map(|part| part.split('.')).collect::<Vec<_>>())
    }

    pub(super) fn named(parts: &[&str]) -> Self {
        let shown = if parts.len() > 1 && parts[0] == SCHEMA { &parts[1..] } else { parts };
        Self { parts: parts.iter().map(|part| part.to_lowercase()).collect(), shown: shown.join(".") }
    }

    /// All parts, also the schema of models, which is not shown.
    pub(super) fn full(&self) -> String {
        self.parts.join(".")
    }

    /// Whether it is a variable of T-SQL, or a temporary table of it.
    pub(super) fn is_variable(&self) -> bool {
        self.name().starts_with(['@', '#'])
    }

    /// Whether it is a table in which an engine describes itself.
    pub(super) fn is_of_catalog(&self) -> bool {
        let schema = self.parts.iter().rev().nth(1);
        schema.is_some_and(|schema| ["sys", "information_schema", "pg_catalog"].contains(&schema.as_str()))
    }

    /// Whether it has no schema.
    pub(super) fn is_bare(&self) -> bool {
        self.parts.len() == 1
    }

    /// The name without schema, in lower case.
    pub(super) fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Whether two names can be of one table. A name without a schema can be in any, except in that
    /// of an archive: `archive.orders` is not `orders`.
    pub(super) fn is(&self, other: &Table) -> bool {
        // Rules compare all tables of a file with each other, and most differ in their names.
        let is_same = || self.parts.iter().rev().zip(other.parts.iter().rev()).all(|(a, b)| a == b);
        self.name() == other.name() && is_same() && self.has_archive_schema() == other.has_archive_schema()
    }

    /// Whether a part before its name says that it is an archive.
    fn has_archive_schema(&self) -> bool {
        self.parts.iter().rev().skip(1).any(|part| says_archive(part))
    }

    /// Whether its name says that it is an archive.
    pub(super) fn is_named_as_archive(&self) -> bool {
        says_archive(&self.shown.to_lowercase()) || self.period().is_some()
    }

    /// Whether its name says that it is emptied and filled in each run.
    pub(super) fn is_named_as_temporary(&self) -> bool {
        const WORDS: [&str; 5] = ["tmp", "temp", "stg", "stage", "staging"];
        let mut ends = [self.name().split('_').next(), self.name().rsplit('_').next()].into_iter().flatten();
        let is_schema = self.parts.iter().rev().nth(1).is_some_and(|schema| WORDS.contains(&schema.as_str()));
        self.name().starts_with(['#', '@']) || is_schema || ends.any(|word| WORDS.contains(&word))
    }

    /// The name without its period, and the period: `orders_` and `2025_h2`.
    pub(super) fn period(&self) -> Option<(&str, &str)> {
        let name = self.name();
        let year = name.char_indices().find_map(|(at, c)| {
            let is_start = c.is_ascii_digit() && !name[..at].ends_with(|c: char| c.is_ascii_digit());
            let digits = name[at..].chars().take_while(char::is_ascii_digit).count();
            // `iso3166` and `form1099` have no year.
            let is_year = name
                .get(at..at + 4)
                .and_then(|year| year.parse().ok())
                .is_some_and(|year: u16| (1980..2100).contains(&year));
            (is_start && at > 0 && digits >= 4 && is_year).then_some(at)
        })?;
        Some(name.split_at(year))
    }
}

/// Whether a word of a name means an archive: `orders_hist` and `ordersarchive`, but not `search`.
pub(super) fn says_archive(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.into_iter().any(|word| {
        let is_word = ["arch", "archiv", "hist", "histo", "bkp", "bak", "cold"].contains(&word);
        let stems = ["archive", "archived", "history", "histories", "historic", "historical", "backup", "backups"];
        is_word || stems.iter().any(|stem| word.starts_with(stem) || word.ends_with(stem)) || word.ends_with("hist")
    })
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
