//! The parser's grammar of each engine, for tests that parse statements themselves.

use rowkeep::Dialect;
use sqlparser::dialect::{BigQueryDialect, DuckDbDialect, PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect};

pub fn grammar(dialect: Dialect) -> &'static dyn sqlparser::dialect::Dialect {
    match dialect {
        Dialect::Redshift => &RedshiftSqlDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::DuckDb => &DuckDbDialect {},
        Dialect::BigQuery => &BigQueryDialect {},
        Dialect::Snowflake => &SnowflakeDialect,
        // `Dialect` will grow, so the compiler asks for this arm.
        other => panic!("name the parser's grammar of {other} here"),
    }
}
