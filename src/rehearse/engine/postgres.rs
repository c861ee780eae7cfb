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
        // A session that is not in UTC: a statement that depends on its zone must show it. And no schema but those that it names.
        client
            .batch_execute(
                "SET TimeZone = 'America/New_York'; SET search_path = ''; SET synchronous_commit = off; SET jit = off; \
                 SET client_min_messages = warning",
            )
            .map_err(|error| failed(&error))?;
        // Two machines may have a process of that number; a server has each of its own once.
        let server = client.query_one("SELECT pg_backend_pid()", &[]).map_err(|error| failed(&error))?.get::<_, i32>(0);
        Ok(Self { client, token: format!("{token}_{server}"), schemas: Vec::new() })
    }

    fn scratch(&self, number: usize) -> String {
        format!("{PREFIX}{}_{number}", self.token)
    }

    /// Drops what was made here.
    fn clear(&mut self) -> Result<(), Error> {
        while let Some(number) = self.schemas.len().checked_sub(1) {
            let drop = format!("DROP SCHEMA {} CASCADE", self.scratch(number));
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
        for (number, schema) in schemas.iter().enumerate() {
            // Fails if it exists: then it is not ours.
            let create = format!("CREATE SCHEMA {}", self.scratch(number));
            self.client.batch_execute(&create).map_err(|error| failed(&error))?;
            self.schemas.push(schema.clone());
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
