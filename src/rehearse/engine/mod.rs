//! The engines on which a rehearsal can run.

mod duckdb;
mod postgres;

pub use duckdb::DuckDb;
pub use postgres::Postgres;

pub use crate::connect::Record;
use crate::dialect::Dialect;
use crate::error::Error;

/// A database that belongs to one rehearsal, which creates and drops its relations.
pub trait Engine {
    /// The dialect of the statements that the engine runs.
    fn dialect(&self) -> Dialect;

    /// Deletes everything, and creates these schemas. Each schema is a list of name parts:
    /// `[schema]` or `[database, schema]`.
    ///
    /// # Errors
    ///
    /// The engine refused a statement.
    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error>;

    /// The name of the scratch schema for a schema of the project. `None`: the schema has its own
    /// name.
    fn place(&self, schema: &[String]) -> Option<String>;

    /// Runs one or more statements, separated by semicolons.
    ///
    /// # Errors
    ///
    /// The engine refused a statement.
    fn run(&mut self, sql: &str) -> Result<(), Error>;

    /// Runs a query whose columns are all texts.
    ///
    /// # Errors
    ///
    /// The engine refused the query.
    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error>;
}

/// A name in double quotes.
///
/// Invariant: names of schemas come from specs, and a spec cannot contain a quote in such a name.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
