//! DuckDB, in this process and in memory.

use std::collections::BTreeSet;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::rehearse::engine::{Engine, Record, quoted};

/// The database of schemas whose names have no database part.
const DEFAULT_DATABASE: &str = "rowkeep_rehearsal";

/// DuckDB in memory. It stores nothing on disk, and its statements cannot read or write files.
pub struct DuckDb {
    connection: ::duckdb::Connection,
}

impl DuckDb {
    /// Opens an empty database.
    ///
    /// # Errors
    ///
    /// DuckDB could not open the database.
    pub fn open() -> Result<Self, Error> {
        Ok(Self { connection: open_empty()? })
    }
}

fn engine_error(error: &::duckdb::Error) -> Error {
    Error::Engine { engine: "DuckDB", why: error.to_string() }
}

fn open_empty() -> Result<::duckdb::Connection, Error> {
    let connection = ::duckdb::Connection::open_in_memory().map_err(|error| engine_error(&error))?;
    // A time zone other than UTC, so that a statement that depends on the time zone of the session
    // breaks a law. One thread, because tables are small and stories run in parallel.
    let settings = format!(
        "SET TimeZone = 'America/New_York'; SET threads = 1; ATTACH ':memory:' AS {DEFAULT_DATABASE}; USE {DEFAULT_DATABASE}"
    );
    connection.execute_batch(&settings).map_err(|error| engine_error(&error))?;
    Ok(connection)
}

impl Engine for DuckDb {
    fn dialect(&self) -> Dialect {
        Dialect::IN_PROCESS
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        self.connection = open_empty()?;
        let databases: BTreeSet<_> =
            schemas.iter().filter(|schema| schema.len() > 1).map(|schema| &schema[0]).collect();
        for database in databases {
            self.run(&format!("ATTACH ':memory:' AS {}", quoted(database)))?;
        }
        for schema in schemas {
            let name: Vec<_> = schema.iter().map(|part| quoted(part)).collect();
            self.run(&format!("CREATE SCHEMA IF NOT EXISTS {}", name.join(".")))?;
        }
        // The next statements may be handwritten. They must not read or write files.
        self.run("SET enable_external_access = false")
    }

    fn place(&self, _schema: &[String]) -> Option<String> {
        None
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|error| engine_error(&error))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        let mut statement = self.connection.prepare(sql).map_err(|error| engine_error(&error))?;
        let mut found = statement.query([]).map_err(|error| engine_error(&error))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| engine_error(&error))? {
            let columns = row.as_ref().column_count();
            let record = (0..columns).map(|column| row.get::<_, Option<String>>(column)).collect::<Result<_, _>>();
            rows.push(record.map_err(|error| engine_error(&error))?);
        }
        Ok(rows)
    }
}
