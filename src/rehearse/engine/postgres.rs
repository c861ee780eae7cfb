//! PostgreSQL, in scratch schemas of somebody's database: made here, dropped here, and nothing else is touched.

use crate::connect::Connection;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::rehearse::engine::{Engine, Record, quoted};

/// What every scratch schema's name begins with.
const PREFIX: &str = "rowkeep_rehearsal_";

/// PostgreSQL, or what speaks its protocol.
pub struct Postgres {
    connection: Connection,
    /// The server's number of this session, by which rehearsals that share a database are told apart.
    session: String,
    /// The project's schemas, each with the scratch schema in which it lives.
    schemas: Vec<(Vec<String>, String)>,
}

impl Postgres {
    /// Connects. `url` is a URL or a list of `key=value` pairs; it is never shown.
    ///
    /// # Errors
    ///
    /// If `url` is none, or nobody answers there.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let mut connection = Connection::open(url, None)?;
        // A session that is not in UTC: a statement that depends on its zone must show it. And no schema but those that it names.
        connection.run(
            "SET TimeZone = 'America/New_York'; SET search_path = ''; SET synchronous_commit = off; SET jit = off; \
             SET client_min_messages = warning",
        )?;
        let session = connection.rows("SELECT pg_backend_pid()")?;
        let session = session.into_iter().flatten().flatten().next().unwrap_or_default();
        Ok(Self { connection, session, schemas: Vec::new() })
    }

    /// Makes a schema that nobody has. One that a rehearsal left behind when it was killed is not ours to drop.
    fn create(&mut self) -> Result<String, Error> {
        let there = self.connection.rows("SELECT nspname FROM pg_catalog.pg_namespace")?;
        let is_there = |name: &str| there.iter().flatten().flatten().any(|known| known == name);
        let mut number = self.schemas.len();
        let mut name = format!("{PREFIX}{}_{number}", self.session);
        while is_there(&name) {
            number += 1;
            name = format!("{PREFIX}{}_{number}", self.session);
        }
        self.connection.run(&format!("CREATE SCHEMA {}", quoted(&name)))?;
        Ok(name)
    }

    /// Drops what was made here.
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
        // A transaction may be open, and a connection gone: then there is nobody left to tell.
        let _ = self.run("ROLLBACK");
        let _ = self.clear();
    }
}

impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::BEHIND_A_URL
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        // What went wrong in an earlier story may have left a transaction open.
        self.run("ROLLBACK")?;
        self.clear()?;
        for schema in schemas {
            let name = self.create()?;
            self.schemas.push((schema.clone(), name));
        }
        Ok(())
    }

    fn place(&self, schema: &[String]) -> Option<String> {
        self.schemas.iter().find(|(known, _)| known == schema).map(|(_, name)| name.clone())
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.run(sql)
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        self.connection.rows(sql)
    }
}
