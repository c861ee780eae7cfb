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
    /// Tells rehearsals that share a database apart.
    token: String,
    /// The project's schemas; the one numbered n lives in the scratch schema of that number.
    schemas: Vec<Vec<String>>,
}

impl Postgres {
    /// Connects. `url` is a URL or a list of `key=value` pairs; it is never shown. `token` tells rehearsals that share a
    /// database apart: letters, digits and underscores.
    ///
    /// # Errors
    ///
    /// If `url` is none, or nobody answers there.
    pub fn connect(url: &str, token: &str) -> Result<Self, Error> {
        // What the parser says may repeat parts of the text, a password among them.
        let config = ::postgres::Config::from_str(url).map_err(|_| Error::Engine {
            engine: "PostgreSQL",
            why: "--url is neither postgres://user@host/database nor a list of key=value pairs".to_owned(),
        })?;
        let mut client = config.connect(::postgres::NoTls).map_err(|error| failed(&error))?;
        // A session that is not in UTC: a statement that depends on its zone must show it.
        client
            .batch_execute(
                "SET TimeZone = 'America/New_York'; SET synchronous_commit = off; SET jit = off; \
                 SET client_min_messages = warning",
            )
            .map_err(|error| failed(&error))?;
        Ok(Self { client, token: token.to_owned(), schemas: Vec::new() })
    }

    fn scratch(&self, number: usize) -> String {
        format!("{PREFIX}{}_{number}", self.token)
    }

    /// Drops what was made here.
    fn clear(&mut self) -> Result<(), Error> {
        for number in 0..self.schemas.len() {
            let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.scratch(number));
            self.client.batch_execute(&drop).map_err(|error| failed(&error))?;
        }
        self.schemas.clear();
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A transaction may be open, and a connection gone: then there is nobody left to tell.
        let _ = self.client.batch_execute("ROLLBACK");
        let _ = self.clear();
    }
}

/// What the server said, without the text of the statement or of the connection.
fn failed(error: &::postgres::Error) -> Error {
    let why = match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    };
    Error::Engine { engine: "PostgreSQL", why }
}

impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        self.clear()?;
        for number in 0..schemas.len() {
            // Fails if it exists: then it is not ours.
            let create = format!("CREATE SCHEMA {}", self.scratch(number));
            self.client.batch_execute(&create).map_err(|error| failed(&error))?;
            self.schemas.push(schemas[number].clone());
        }
        Ok(())
    }

    fn place(&self, schema: &[String]) -> Option<String> {
        let number = self.schemas.iter().position(|known| known == schema)?;
        Some(quoted(&self.scratch(number)))
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
