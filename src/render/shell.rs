//! The clients by which a shell talks to engines, as run-books call them.

use crate::dialect::Dialect;

/// How a shell hands statements to an engine: with all that it says, with errors only, with rows and nothing around them.
pub(super) struct Clients {
    pub(super) loud: &'static str,
    pub(super) quiet: &'static str,
    pub(super) bare: &'static str,
    /// What makes it tell how long each statement took, and what makes it say a word; where it can.
    pub(super) timing: &'static str,
    pub(super) echo_file: &'static str,
}

/// The words of an engine's own client.
pub(super) fn clients(dialect: Dialect) -> Clients {
    match dialect {
        Dialect::DuckDb => Clients {
            loud: "duckdb -bail \"$ROWKEEP_DATABASE\"",
            quiet: "duckdb -bail \"$ROWKEEP_DATABASE\"",
            bare: "duckdb -bail -list -noheader \"$ROWKEEP_DATABASE\"",
            timing: ".timer on",
            echo_file: ".print",
        },
        // One script: it stops at the first error.
        Dialect::BigQuery => Clients {
            loud: "bq query --use_legacy_sql=false",
            quiet: "bq --quiet --format=none query --use_legacy_sql=false",
            bare: "bq --quiet --format=csv query --use_legacy_sql=false",
            timing: "",
            echo_file: "",
        },
        // Not what somebody's own ~/.psqlrc says: without autocommit, nothing would stay.
        Dialect::Redshift | Dialect::Postgres => Clients {
            loud: "psql -X \"$ROWKEEP_URL\" -v ON_ERROR_STOP=1",
            quiet: "psql -X \"$ROWKEEP_URL\" -v ON_ERROR_STOP=1 -q",
            bare: "psql -X \"$ROWKEEP_URL\" -v ON_ERROR_STOP=1 -q -At",
            timing: "\\timing on",
            echo_file: "\\\\echo",
        },
    }
}
