//! What the engines differ in. Each engine has one file, which says all that is particular to it;
//! nothing outside of this folder names an engine.
//!
//! [`Rules`] is the list of what an engine must say. It has no defaults: the compiler finds what a
//! new engine leaves out.

mod bigquery;
mod duckdb;
mod expression;
mod postgres;
mod redshift;
mod standard;
mod traps;

use std::fmt;

use sqlparser::ast::Statement;

pub(crate) use expression::Expression;
pub(crate) use traps::Trap;

use crate::sql::{SqlType, TimeUnit};

/// An SQL engine that statements are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// Amazon Redshift.
    Redshift,
    /// PostgreSQL 15 and later.
    Postgres,
    /// DuckDB 1.5 and later.
    DuckDb,
    /// Google BigQuery, GoogleSQL.
    BigQuery,
}

/// All that is particular to an engine.
pub(crate) trait Rules: Sync {
    /// Its name, as `dialect:` and `--dialect` spell it.
    fn name(&self) -> &'static str;

    // Names.

    /// The largest length of a name in bytes. Most engines cut a longer one off without an error.
    fn max_name_bytes(&self) -> usize;
    /// The character on both sides of a quoted name.
    fn quote(&self) -> char;
    /// Whether two quoted names that differ only in case are two names.
    fn quoted_names_keep_case(&self) -> bool;
    /// Whether the catalogue holds plain names in lower case.
    fn folds_plain_names(&self) -> bool;
    /// The lower-case words that must be quoted, beyond those that every engine reserves. Sorted.
    fn reserved_words(&self) -> &'static [&'static str];
    /// Lower-case names of columns that every table has already. Quotes do not free them.
    fn system_columns(&self) -> &'static [&'static str];
    /// Whether a quoted column name may hold a dot.
    fn allows_dots_in_columns(&self) -> bool;
    /// Whether a database of that name needs quotes and may be written without them in a spec.
    fn is_dashed_database(&self, name: &str) -> bool;
    /// Whether a schema is created with the name of its database in front.
    fn creates_schemas_in_databases(&self) -> bool;

    // Types and literals.

    /// The type as a column definition writes it.
    fn type_name(&self, ty: SqlType) -> String;
    /// The type as a CAST writes it.
    fn cast_type(&self, ty: SqlType) -> String;
    /// The type as the catalogue writes it, where [`Rules::speaks_postgres`].
    #[cfg(feature = "doctor")]
    fn catalogue_type(&self, ty: SqlType) -> String;
    /// Midnight UTC of a day (`YYYY-MM-DD`, and its seconds since 1970) in a time column of that
    /// unit.
    fn instant(&self, day: &str, epoch: i64, unit: TimeUnit) -> String;
    /// A number of seconds, as it is subtracted from a time column of that unit: fixed, never
    /// calendar days or months. Whole days where the unit is a date.
    fn duration(&self, seconds: u64, unit: TimeUnit) -> String;
    /// The text `resolved_at`, `detected_at` and `completed_at` are typed with: an instant in UTC.
    fn stored_instant_type(&self) -> &'static str;

    // The clock. `templates/cycle/<engine>/time.sql.j2` says the same, written apart.

    /// The only text through which a statement reads the clock. A rehearsal replaces it.
    fn clock_token(&self) -> &'static str;
    /// Whether the clock is written as a call, with parentheses.
    fn clock_is_called(&self) -> bool;
    /// Now in UTC, as the exceptions table stores it.
    fn now_utc(&self) -> Expression;
    /// Now, in a time column of that unit.
    fn now(&self, unit: TimeUnit) -> Expression;
    /// The [given](Expression::Given) cutoff of one unit in another unit, rounded up: `<` keeps its
    /// meaning.
    fn converted(&self, from: TimeUnit, to: TimeUnit) -> Expression;

    // Statements.

    /// The parser's name for the engine.
    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect;
    /// The first form in a statement that the parser takes and the engine refuses or reads
    /// differently.
    fn trap(&self, statement: &Statement) -> Option<Trap>;
    /// Whether CREATE TABLE may have that layout.
    fn accepts(&self, layout: &TableLayout<'_>) -> bool;
    /// Whether views are created WITH NO SCHEMA BINDING, so that they do not lock the tables that
    /// they read.
    fn has_unbound_views(&self) -> bool;

    // Storage.

    /// Whether history tables are read by their partitions only: each statement must then state the
    /// bounds of the period.
    fn reads_by_partition(&self) -> bool;
    /// The PARTITION BY expression of a history table whose period is `[start, end)` in seconds
    /// since 1970, where tables have partitions.
    fn partition(&self, column: &str, unit: TimeUnit, start: i64, end: i64) -> Option<String>;
    /// Whether rows can be clustered or sorted by a column of that type.
    fn sorts_by(&self, ty: SqlType) -> bool;
    /// The words of a maintenance statement in front of its table, where the engine has it.
    fn maintenance(&self, run: MaintenanceKind) -> Option<&'static str>;
    /// The catalogue's view that says what share of a table is unsorted, where there is one.
    fn table_info(&self) -> Option<&'static str>;
    /// Whether tables of other systems stand in a catalogue of their own, in external schemas.
    fn has_external_schemas(&self) -> bool;

    // What it can do, and who talks to it.

    /// Whether windowed loads are compiled for it.
    fn has_windowed_loads(&self) -> bool;
    /// Whether it is reached over PostgreSQL's protocol, and has its catalogues.
    fn speaks_postgres(&self) -> bool;
    /// Whether models that run at once need snapshot isolation.
    fn needs_snapshot_isolation(&self) -> bool;
    /// How the doctor talks to it, where [`Rules::speaks_postgres`].
    #[cfg(feature = "doctor")]
    fn server(&self) -> Option<Server>;
    /// The value of dbt's `incremental_strategy` that adds rows and changes none.
    fn dbt_append(&self) -> &'static str;
    /// Airflow's connection id, where the project names none.
    fn airflow_connection(&self) -> &'static str;
    /// Parameters of Airflow's hook, as a Python dictionary, where it needs some.
    fn airflow_hook_params(&self) -> Option<&'static str>;
    /// Its command-line client, as run-books call it.
    fn shell(&self) -> Shell;
    /// An expression of microseconds since 1970 from a date or timestamp column, for rehearsals.
    #[cfg(feature = "rehearse")]
    fn epoch_micros(&self, column: &str) -> String;
}

/// The layout that a CREATE TABLE states.
#[derive(Debug)]
pub(crate) struct TableLayout<'a> {
    /// Distribution, sort keys or backups are stated.
    pub(crate) is_distributed: bool,
    /// Clusters or partitions are stated.
    pub(crate) is_clustered: bool,
    /// The lower-case names of options.
    pub(crate) options: Vec<&'a str>,
}

/// What the doctor must know of a server.
#[cfg(feature = "doctor")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    /// What its version text contains, and that of no other engine does.
    pub(crate) version_mark: &'static str,
    /// What a session runs first.
    pub(crate) session: Option<&'static str>,
    /// Whether UNIQUE is enforced.
    pub(crate) enforces_unique: bool,
    /// What cures serializable isolation where two models run at once.
    pub(crate) isolation_help: &'static str,
}

/// A command-line client: how it is called with all that it says, with errors only, and with rows
/// and nothing around them; and what makes it show times and print a word, where it can.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell {
    pub(crate) client: &'static str,
    pub(crate) loud: &'static str,
    pub(crate) quiet: &'static str,
    pub(crate) bare: &'static str,
    pub(crate) timing: &'static str,
    pub(crate) echo: &'static str,
}

/// A maintenance statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MaintenanceKind {
    /// Frees the space of deleted rows and sorts the rest.
    Vacuum,
    /// Frees the space of deleted rows.
    VacuumDelete,
    /// Sorts rows.
    VacuumSort,
    /// Refreshes the planner's statistics.
    Analyze,
}

impl MaintenanceKind {
    /// Its name in YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            MaintenanceKind::Vacuum => "vacuum",
            MaintenanceKind::VacuumDelete => "vacuum_delete",
            MaintenanceKind::VacuumSort => "vacuum_sort",
            MaintenanceKind::Analyze => "analyze",
        }
    }
}

impl Dialect {
    /// Every dialect, the base dialect of the goldens first.
    pub const ALL: [Dialect; 4] = [Dialect::Redshift, Dialect::Postgres, Dialect::DuckDb, Dialect::BigQuery];

    /// The engine that a rehearsal runs in this process.
    #[cfg(feature = "rehearse")]
    pub(crate) const IN_PROCESS: Dialect = Dialect::DuckDb;
    /// The engine that a rehearsal runs behind a URL.
    #[cfg(feature = "rehearse")]
    pub(crate) const BEHIND_A_URL: Dialect = Dialect::Postgres;
    /// The engine that hand-written hooks may be written for, whatever engine rehearses them: its
    /// clock has no zone.
    #[cfg(feature = "rehearse")]
    pub(crate) const OF_HANDWRITTEN_HOOKS: Dialect = Dialect::Redshift;

    pub(crate) fn rules(self) -> &'static dyn Rules {
        match self {
            Dialect::Redshift => &redshift::Redshift,
            Dialect::Postgres => &postgres::Postgres,
            Dialect::DuckDb => &duckdb::DuckDb,
            Dialect::BigQuery => &bigquery::BigQuery,
        }
    }

    /// Its name, as `dialect:` and `--dialect` spell it.
    pub fn as_str(self) -> &'static str {
        self.rules().name()
    }

    /// The dialect of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }

    /// The largest length of a name in bytes.
    pub fn max_name_bytes(self) -> usize {
        self.rules().max_name_bytes()
    }

    /// The only text through which a statement reads the clock. A rehearsal replaces it.
    pub fn clock_token(self) -> &'static str {
        self.rules().clock_token()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted_for_binary_search() {
        for dialect in Dialect::ALL {
            assert!(dialect.rules().reserved_words().is_sorted(), "{dialect}");
        }
    }

    #[test]
    fn no_other_folder_names_an_engine() {
        let variants: Vec<_> = Dialect::ALL.iter().map(|dialect| format!("Dialect::{dialect:?}")).collect();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut named = Vec::new();
        #[allow(clippy::disallowed_methods, reason = "a test reads the source")]
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.ends_with("src/dialect") {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    // Unit tests stand at the end of a file and may name engines.
                    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                    let names = |line: &&str| {
                        !line.trim_start().starts_with("//")
                            && variants.iter().any(|variant| line.contains(variant.as_str()))
                    };
                    named.extend(code.lines().filter(names).map(|line| format!("{}: {line}", path.display())));
                }
            }
        }
        assert!(named.is_empty(), "ask `dialect.rules()` instead:\n{}", named.join("\n"));
    }
}
