//! DuckDB, in this process and in memory.

use std::collections::BTreeSet;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::rehearse::engine::{Engine, Record, quoted};

/// The database in which schemas live that name none.
const HOME: &str = "rowkeep_rehearsal";

/// DuckDB in memory: nothing outlives it, and nothing outside of it can be reached from it.
pub struct DuckDb {
    connection: ::duckdb::Connection,
}

impl DuckDb {
    /// Opens an empty database.
    ///
    /// # Errors
    ///
    /// If the library refuses.
    pub fn open() -> Result<Self, Error> {
        Ok(Self { connection: fresh()? })
    }
}

fn failed(error: &::duckdb::Error) -> Error {
    Error::Engine { engine: "DuckDB", why: error.to_string() }
}

fn fresh() -> Result<::duckdb::Connection, Error> {
    let connection = ::duckdb::Connection::open_in_memory().map_err(|error| failed(&error))?;
    // A session that is not in UTC, as warehouses' sessions are not: a statement that depends on its zone must show it.
    // One thread: the tables are small, and seeds are rehearsed side by side.
    let settings =
        format!("SET TimeZone = 'America/New_York'; SET threads = 1; ATTACH ':memory:' AS {HOME}; USE {HOME}");
    connection.execute_batch(&settings).map_err(|error| failed(&error))?;
    Ok(connection)
}

impl Engine for DuckDb {
    fn dialect(&self) -> Dialect {
        Dialect::IN_PROCESS
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        self.connection = fresh()?;
        let databases: BTreeSet<_> =
            schemas.iter().filter(|schema| schema.len() > 1).map(|schema| &schema[0]).collect();
        for database in databases {
            self.run(&format!("ATTACH ':memory:' AS {}", quoted(database)))?;
        }
        for schema in schemas {
            let name: Vec<_> = schema.iter().map(|part| quoted(part)).collect();
            self.run(&format!("CREATE SCHEMA IF NOT EXISTS {}", name.join(".")))?;
        }
        // From here on statements run that others may have written: no file is theirs.
        self.run("SET enable_external_access = false")
    }

    fn place(&self, _schema: &[String]) -> Option<String> {
        None
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|error| failed(&error))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        let mut statement = self.connection.prepare(sql).map_err(|error| failed(&error))?;
        let mut found = statement.query([]).map_err(|error| failed(&error))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| failed(&error))? {
            let columns = row.as_ref().column_count();
            let record = (0..columns).map(|column| row.get::<_, Option<String>>(column)).collect::<Result<_, _>>();
            rows.push(record.map_err(|error| failed(&error))?);
        }
        Ok(rows)
    }
}
