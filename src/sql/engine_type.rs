//! Types of an engine that Rowkeep does not map. A column outside of the key and the time may have
//! one: its values are copied as they are.

use std::fmt;

use crate::dialect::Dialect;
use crate::sql::parse::is_data_type;

/// The longest text of such a type, in bytes.
const MAX: usize = 64;

/// A type of an engine, as the spec writes it. Its syntax was checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EngineType {
    // Invariant: the first `length` bytes are ASCII.
    bytes: [u8; MAX],
    length: u8,
}

/// Types whose values the engine cannot compare by `=`, or compares by something else than their
/// value: "Comparison Functions and Operators", "JSON Types", "XML Type" and "Geometric Functions"
/// in the manual of PostgreSQL; "Data types" in the reference of GoogleSQL; "SUPER type" and
/// "Spatial data" of Redshift.
const NOT_COMPARABLE: [&str; 18] = [
    "json",
    "xml",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "geometry",
    "geography",
    "hllsketch",
    "super",
    "variant",
    "object",
    "struct",
    "array",
    "txid_snapshot",
];

/// Types of engines by their first word. A word that is none of them, and similar to a type that
/// Rowkeep maps, is a mistake.
const KNOWN: [&str; 57] = [
    "array",
    "bignumeric",
    "binary",
    "bit",
    "blob",
    "box",
    "bpchar",
    "bytea",
    "bytes",
    "char",
    "character",
    "cidr",
    "circle",
    "citext",
    "datetime",
    "decimal",
    "enum",
    "float",
    "geography",
    "geometry",
    "hllsketch",
    "hstore",
    "hugeint",
    "inet",
    "int4range",
    "int8range",
    "interval",
    "json",
    "line",
    "list",
    "lseg",
    "macaddr",
    "macaddr8",
    "map",
    "money",
    "number",
    "numeric",
    "numrange",
    "object",
    "oid",
    "path",
    "point",
    "polygon",
    "range",
    "struct",
    "super",
    "time",
    "timetz",
    "tinyint",
    "tsquery",
    "tsvector",
    "ubigint",
    "uinteger",
    "varbit",
    "varbyte",
    "variant",
    "xml",
];

impl EngineType {
    /// Reads a type. `None`: the engine's parser does not read the text as one type, or it has
    /// characters that no type needs.
    pub(crate) fn parse(text: &str, dialect: Dialect) -> Option<Self> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_ (),.<>[]".contains(c);
        let is_plain =
            text.len() <= MAX && text.chars().all(allowed) && text.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_plain || !is_data_type(&text, dialect) {
            return None;
        }
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }

    /// The type as the spec writes it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// The first word of the type, in lower case.
    pub(crate) fn word(&self) -> String {
        let end = self.as_str().find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        self.as_str()[..end.unwrap_or(self.as_str().len())].to_ascii_lowercase()
    }

    /// Whether the word is a type of an engine, and no mistake for another one.
    pub(crate) fn is_known(&self) -> bool {
        KNOWN.contains(&self.word().as_str())
    }

    /// A text that is a value of many types, for probes and rehearsals.
    pub(crate) fn sample(&self) -> &'static str {
        if self.as_str().ends_with(']') {
            return "{}";
        }
        match self.word().as_str() {
            "inet" | "cidr" => "127.0.0.1",
            "macaddr" => "08:00:2b:01:02:03",
            "macaddr8" => "08:00:2b:01:02:03:04:05",
            "interval" => "1 day",
            "time" | "timetz" => "10:00:00",
            "json" | "hstore" => "{}",
            "xml" => "<a/>",
            "bit" | "varbit" => "1",
            "int4range" | "int8range" | "numrange" => "[1,2)",
            "point" => "(1,2)",
            "box" | "lseg" | "path" | "polygon" => "((0,0),(1,1))",
            "line" => "{1,2,3}",
            "circle" => "<(0,0),1>",
            "bytea" | "blob" | "bytes" | "varbyte" | "char" | "character" | "bpchar" | "citext" | "tsvector"
            | "tsquery" => "a",
            _ => "1",
        }
    }

    /// Whether `=` compares two values.
    pub(crate) fn is_comparable(&self) -> bool {
        // The name can have a schema: `pg_catalog.json`.
        let name = self.as_str().split(['(', '[', '<']).next().unwrap_or_default();
        let word = name.rsplit('.').next().unwrap_or_default().trim().to_ascii_lowercase();
        let first = self.word();
        ![word.as_str(), first.as_str()].iter().any(|word| NOT_COMPARABLE.contains(word))
    }
}

impl fmt::Debug for EngineType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_type_is_read() {
        for text in ["bytea", "text[]", "inet", "numeric", "mood", "char(3)", "interval", "time(3)", "ops.mood"] {
            let read = EngineType::parse(text, Dialect::Postgres);
            assert_eq!(read.map(|ty| ty.as_str().to_owned()).as_deref(), Some(text));
        }
        for text in ["", "int8; drop", "int -- x", "text default 5", "a b c", "'x'", "text collate x", "x)", "(x", "5"]
        {
            assert_eq!(EngineType::parse(text, Dialect::Postgres), None, "{text}");
        }
        assert!(EngineType::parse("STRUCT<a INT64, b ARRAY<STRING>>", Dialect::BigQuery).is_some());
        assert!(EngineType::parse(&"x".repeat(65), Dialect::Postgres).is_none());
    }

    #[test]
    fn the_words_are_sorted() {
        assert!(KNOWN.is_sorted());
    }
}
