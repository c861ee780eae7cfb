//! PostgreSQL, in scratch schemas of somebody's database: made here, dropped here, and nothing else is touched.

use std::str::FromStr;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::rehearse::engine::{Engine, Record, quoted};

/// What every scratch schema's name begins with.
const PREFIX: &str = "rowkeep_rehearsal_";

/// PostgreSQL, or what speaks its protocol.
pub struct Postgres {
    client: ::postgres::Client,
    /// The server's number of this session, by which rehearsals that share a database are told apart.
    session: i32,
    /// The project's schemas, each with the scratch schema in which it lives.
    schemas: Vec<(Vec<String>, String)>,
}

impl Postgres {
    /// Connects, without encryption. `url` is a URL or a list of `key=value` pairs; it is never shown.
    ///
    /// # Errors
    ///
    /// If `url` is none, or nobody answers there.
    pub fn connect(url: &str) -> Result<Self, Error> {
        // What the parser says may repeat parts of the text, a password among them.
        let config = ::postgres::Config::from_str(url).map_err(|_| Error::Engine {
            engine: "PostgreSQL",
            why: "--url is neither postgres://user@host/database nor a list of key=value pairs".to_owned(),
        })?;
        let mut client = config.connect(::postgres::NoTls).map_err(|error| failed(&error))?;
        // A session that is not in UTC: a statement that depends on its zone must show it. And no schema but those that it names.
        client
            .batch_execute(
                "SET TimeZone = 'America/New_York'; SET search_path = ''; SET synchronous_commit = off; SET jit = off; \
                 SET client_min_messages = warning",
            )
            .map_err(|error| failed(&error))?;
        let session =
            client.query_one("SELECT pg_backend_pid()", &[]).map_err(|error| failed(&error))?.get::<_, i32>(0);
        Ok(Self { client, session, schemas: Vec::new() })
    }

    /// Makes a schema that nobody has. One that a rehearsal left behind when it was killed is not ours to drop.
    fn create(&mut self) -> Result<String, Error> {
        let mut number = self.schemas.len();
        loop {
            let name = format!("{PREFIX}{}_{number}", self.session);
            match self.client.batch_execute(&format!("CREATE SCHEMA {}", quoted(&name))) {
                Ok(()) => return Ok(name),
                Err(error) if error.code() == Some(&::postgres::error::SqlState::DUPLICATE_SCHEMA) => number += 1,
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Drops what was made here.
    fn clear(&mut self) -> Result<(), Error> {
        while let Some((_, name)) = self.schemas.last() {
            let drop = format!("DROP SCHEMA {} CASCADE", quoted(name));
            self.client.batch_execute(&drop).map_err(|error| failed(&error))?;
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

/// What the server said, without the text of the statement or of the connection.
fn failed(error: &::postgres::Error) -> Error {
    let why = match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => {
            let said =
                std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
            said.split(" (os error").next().unwrap_or(&said).to_owned()
        }
    };
    Error::Engine { engine: "PostgreSQL", why }
}

impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
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
        self.client.batch_execute(sql).map_err(|error| failed(&error))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        let found = self.client.simple_query(sql).map_err(|error| failed(&error))?;
        let rows = found.iter().filter_map(|message| match message {
            ::postgres::SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }
}
