//! PostgreSQL, in scratch schemas of an existing database.
//!
//! Invariant: a rehearsal creates and drops only its own scratch schemas.

use crate::connect::Connection;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::rehearse::engine::{Engine, Record, quoted};

/// The prefix of the names of scratch schemas.
const PREFIX: &str = "rowkeep_rehearsal_";

/// PostgreSQL, or an engine with the same protocol.
pub struct Postgres {
    connection: Connection,
    /// The process ID of the server session. It distinguishes rehearsals that share a database.
    session: String,
    /// The schemas of the project, each with its scratch schema.
    schemas: Vec<(Vec<String>, String)>,
}

impl Postgres {
    /// Connects. `url` is a URL or a list of `key=value` pairs, and no message shows it.
    ///
    /// # Errors
    ///
    /// `url` is invalid, or no connection is possible.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let mut connection = Connection::open(url, None)?;
        // A time zone other than UTC, so that a statement that depends on the time zone of the
        // session breaks a law. An empty search path, so that a statement without schema names
        // fails.
        connection.run(
            "SET TimeZone = 'America/New_York'; SET search_path = ''; SET synchronous_commit = off; SET jit = off; \
             SET client_min_messages = warning",
        )?;
        let session = connection.rows("SELECT pg_backend_pid()")?;
        let session = session.into_iter().flatten().flatten().next().unwrap_or_default();
        Ok(Self { connection, session, schemas: Vec::new() })
    }

    /// Creates a schema with an unused name. A schema that a killed rehearsal left behind is not
    /// dropped, because it may belong to another rehearsal.
    fn create(&mut self) -> Result<String, Error> {
        let existing = self.connection.rows("SELECT nspname FROM pg_catalog.pg_namespace")?;
        let exists = |name: &str| existing.iter().flatten().flatten().any(|schema| schema == name);
        let mut number = self.schemas.len();
        let mut name = format!("{PREFIX}{}_{number}", self.session);
        while exists(&name) {
            number += 1;
            name = format!("{PREFIX}{}_{number}", self.session);
        }
        self.connection.run(&format!("CREATE SCHEMA {}", quoted(&name)))?;
        Ok(name)
    }

    /// Drops the scratch schemas.
    fn clear(&mut self) -> Result<(), Error> {
        while let Some((_, name)) = self.schemas.last() {
            let drop = format!("DROP SCHEMA {} CASCADE", quoted(name));
            self.connection.run(&drop)?;
            self.schemas.pop();
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A transaction may be open. Errors are ignored, because the connection may be lost.
        let _ = self.run("ROLLBACK");
        let _ = self.clear();
    }
}

impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::BEHIND_A_URL
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        // An error in an earlier story may have left a transaction open.
        self.run("ROLLBACK")?;
        self.clear()?;
        for schema in schemas {
            let name = self.create()?;
            self.schemas.push((schema.clone(), name));
        }
        Ok(())
    }

    fn place(&self, schema: &[String]) -> Option<String> {
        self.schemas.iter().find(|(original, _)| original == schema).map(|(_, name)| name.clone())
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.run(sql)
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        self.connection.rows(sql)
    }
}
