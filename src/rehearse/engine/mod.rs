//! Real engines behind one small interface.

mod duckdb;
mod postgres;

pub use duckdb::DuckDb;
pub use postgres::Postgres;

pub use crate::connect::Record;
use crate::dialect::Dialect;
use crate::error::Error;

/// A database of its own that a rehearsal may fill, ask and throw away.
pub trait Engine {
    /// The dialect whose statements it runs.
    fn dialect(&self) -> Dialect;

    /// Forgets everything and makes schemas of these names, each given as its parts: `[schema]` or `[database, schema]`.
    ///
    /// # Errors
    ///
    /// If the engine refuses.
    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error>;

    /// The name of the schema in which one of the project really lives; `None` if it lives under its own name.
    fn place(&self, schema: &[String]) -> Option<String>;

    /// Runs statements, separated by semicolons.
    ///
    /// # Errors
    ///
    /// If the engine refuses one of them.
    fn run(&mut self, sql: &str) -> Result<(), Error>;

    /// Runs a query whose columns are texts.
    ///
    /// # Errors
    ///
    /// If the engine refuses it.
    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error>;
}

/// A name in quotes. Names of schemas come from specs, where none can hold a quote.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
