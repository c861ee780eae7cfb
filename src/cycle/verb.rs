//! The kinds of SQL statements.

use std::fmt;

/// The kind of SQL statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is an SQL keyword")]
#[non_exhaustive]
pub enum Verb {
    Insert,
    Update,
    Delete,
    CreateTable,
    CreateView,
    CreateIndex,
    Grant,
    Select,
    Vacuum,
    Analyze,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verb::Insert => "INSERT",
            Verb::Update => "UPDATE",
            Verb::Delete => "DELETE",
            Verb::CreateTable => "CREATE TABLE",
            Verb::CreateView => "CREATE VIEW",
            Verb::CreateIndex => "CREATE INDEX",
            Verb::Grant => "GRANT",
            Verb::Select => "SELECT",
            Verb::Vacuum => "VACUUM",
            Verb::Analyze => "ANALYZE",
        })
    }
}
