//! Which grammars read a statement.

use sqlparser::ast::Statement;
use sqlparser::dialect::{
    BigQueryDialect, Dialect as Rules, DuckDbDialect, GenericDialect, MsSqlDialect, MySqlDialect, OracleDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;

use crate::lint::forms::{renamed, rewritten, without_only, without_priority};
use crate::lint::script::skeleton;

/// The engine for which SQL is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the name of an engine")]
#[non_exhaustive]
pub enum Grammar {
    Redshift,
    Postgres,
    Snowflake,
    BigQuery,
    DuckDb,
    MsSql,
    MySql,
    Oracle,
    /// Not known: the first grammar that reads a statement.
    Generic,
}

impl Grammar {
    /// Every grammar, in the order in which they are tried.
    pub const ALL: [Grammar; 9] = [
        Grammar::Generic,
        Grammar::Postgres,
        Grammar::Redshift,
        Grammar::Snowflake,
        Grammar::BigQuery,
        Grammar::DuckDb,
        Grammar::MsSql,
        Grammar::MySql,
        Grammar::Oracle,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Grammar::Redshift => "redshift",
            Grammar::Postgres => "postgres",
            Grammar::Snowflake => "snowflake",
            Grammar::BigQuery => "bigquery",
            Grammar::DuckDb => "duckdb",
            Grammar::MsSql => "tsql",
            Grammar::MySql => "mysql",
            Grammar::Oracle => "oracle",
            Grammar::Generic => "generic",
        }
    }

    /// The grammar with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grammar| grammar.as_str() == name)
    }

    fn grammar(self) -> &'static dyn Rules {
        match self {
            Grammar::Redshift => &RedshiftSqlDialect {},
            Grammar::Postgres => &PostgreSqlDialect {},
            Grammar::Snowflake => &SnowflakeDialect,
            Grammar::BigQuery => &BigQueryDialect,
            Grammar::DuckDb => &DuckDbDialect {},
            Grammar::MsSql => &MsSqlDialect {},
            Grammar::MySql => &MySqlDialect {},
            Grammar::Oracle => &OracleDialect {},
            Grammar::Generic => &GenericDialect {},
        }
    }
}

/// A longer statement is not parsed: its tree could be too deep.
const MAX_BYTES: usize = 512 * 1024;

/// A shorter statement cannot be too deep.
const SHALLOW: usize = 8 * 1024;

/// Parses one statement by a grammar, or by the first other grammar that reads it.
pub(super) fn parse(sql: &str, dialect: Grammar) -> Option<Statement> {
    if sql.len() > MAX_BYTES || (sql.len() > SHALLOW && is_deep(sql)) {
        return None;
    }
    // A parser takes ONLY for the name of a table, and the name for its alias. It reads a call of
    // sp_rename as any other call, and QUICK as a table.
    let whole = without_only(sql).or_else(|| renamed(sql)).or_else(|| without_priority(sql));
    let sql = whole.as_deref().unwrap_or(sql);
    read(sql, dialect).or_else(|| read(&rewritten(sql)?, dialect))
}

fn read(sql: &str, dialect: Grammar) -> Option<Statement> {
    let others = Grammar::ALL.into_iter().filter(|other| *other != dialect);
    std::iter::once(dialect).chain(others).find_map(|dialect| {
        let mut statements = Parser::parse_sql(dialect.grammar(), sql).ok()?;
        (statements.len() == 1).then(|| statements.remove(0))
    })
}

/// Whether the tree of a statement may be too deep for the stack: long chains of operators.
fn is_deep(sql: &str) -> bool {
    const WORDS: [&str; 17] = [
        "and",
        "or",
        "xor",
        "union",
        "except",
        "intersect",
        "case",
        "is",
        "isnull",
        "notnull",
        "like",
        "ilike",
        "at",
        "between",
        "collate",
        "div",
        "not",
    ];
    let skeleton = skeleton(sql);
    let words = skeleton.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| WORDS.contains(word));
    let signs = skeleton.chars().filter(|c| "|+-*/%<>=&^:~!@#[".contains(*c));
    words.count() + signs.count() > 6_000
}
