//! The differences between engines. Each engine has one file with all of its rules. No code outside
//! of this folder names an engine.
//!
//! [`Rules`] lists what each engine must define. It has no default methods, so a new engine
//! compiles only when it is complete.

mod bigquery;
mod duckdb;
mod expression;
mod postgres;
mod redshift;
mod snowflake;
mod standard;
mod traps;

use std::fmt;

use sqlparser::ast::Statement;

pub(crate) use expression::Expression;
pub(crate) use traps::Trap;

use crate::sql::{SqlType, TimeUnit};

/// An engine for which statements are compiled.
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
    /// Snowflake.
    Snowflake,
}

/// The rules of an engine.
pub(crate) trait Rules: Sync {
    /// The name of the engine, as `dialect:` and `--dialect` spell it.
    fn name(&self) -> &'static str;

    // Names.

    /// The largest length of a name in bytes. Most engines shorten a longer name without an error.
    fn max_name_bytes(&self) -> usize;
    /// The quote character of names.
    fn quote(&self) -> char;
    /// Whether quoted names that differ only in case are different names.
    fn quoted_names_keep_case(&self) -> bool;
    /// What the engine does with the letters of plain names.
    fn folding(&self) -> Folding;
    /// The reserved words of this engine, in lower case, without the words that every engine
    /// reserves. Invariant: sorted.
    fn reserved_words(&self) -> &'static [&'static str];
    /// The system columns of every table, in lower case. No table can declare them, quoted or not.
    fn system_columns(&self) -> &'static [&'static str];
    /// Whether a quoted column name may contain a dot.
    fn allows_dots_in_columns(&self) -> bool;
    /// Whether the database name contains dashes, and a spec may state it without quotes.
    fn is_dashed_database(&self, name: &str) -> bool;
    /// Whether CREATE SCHEMA needs the name of the database.
    fn creates_schemas_in_databases(&self) -> bool;

    // Types and literals.

    /// The type as a column definition writes it.
    fn type_name(&self, ty: SqlType) -> String;
    /// Types that an earlier version wrote as synonyms: the synonym, and the type as it is written
    /// now.
    fn former_type_names(&self) -> &'static [(&'static str, &'static str)];
    /// The type as a CAST writes it.
    fn cast_type(&self, ty: SqlType) -> String;
    /// The type as the catalogue writes it. Only for engines with [`Rules::speaks_postgres`].
    #[cfg(feature = "doctor")]
    fn catalogue_type(&self, ty: SqlType) -> String;
    /// A literal for the start of a day, for a time column of a unit. The day comes as
    /// `YYYY-MM-DD`, and its first instant in seconds since 1970. The two differ if the project has
    /// a time zone.
    fn instant(&self, day: &str, epoch: i64, unit: TimeUnit) -> String;
    /// A literal for a number of seconds that is subtracted from a time column of a unit. The
    /// length is fixed: never calendar days or months. For a date, it is a number of whole days.
    fn duration(&self, seconds: u64, unit: TimeUnit) -> String;
    /// The type of `resolved_at`, `detected_at`, `completed_at` and `purged_at`. They hold instants
    /// in UTC.
    fn stored_instant(&self) -> SqlType;

    // The clock. `templates/cycle/<engine>/time.sql.j2` implements the same rules independently.

    /// The only text with which a statement reads the clock. A rehearsal replaces it.
    fn clock_token(&self) -> &'static str;
    /// Whether CURRENT_TIMESTAMP is written as a call, with parentheses.
    fn clock_is_called(&self) -> bool;
    /// The lower-case names of the functions that `time.sql.j2` calls, where other engines do not
    /// have them. They are pure functions of one row.
    fn functions(&self) -> &'static [&'static str];
    /// The literal of a number of months that is subtracted from a timestamp.
    fn months(&self, months: u32) -> String;
    /// The current time in UTC, as the exceptions table stores it.
    fn now_utc(&self) -> Expression;
    /// The current time in a unit. `zone`: the zone of a timestamp or a day, such as UTC or
    /// Europe/Berlin. Other units are instants.
    fn now(&self, unit: TimeUnit, zone: &str) -> Expression;
    /// The [given](Expression::Given) cutoff, converted from one unit to another. It is rounded up,
    /// so that `<` selects the same rows. With `months`: so many months of the calendar before the
    /// start of its day in UTC.
    fn converted(&self, from: TimeUnit, to: TimeUnit, months: Option<u32>) -> Expression;

    /// Whether a uuid has a type of its own. On other engines it is a text.
    fn has_uuids(&self) -> bool;
    /// The SHA-256 of the [given](Expression::Given) key as a text, in lower-case hexadecimal digits.
    /// `templates/cycle/<engine>/hash.sql.j2` implements the same rule independently.
    fn hashed(&self, ty: SqlType) -> Expression;

    // Statements.

    /// The grammar of the parser for this engine.
    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect;
    /// The first form in a statement that the parser accepts, but the engine refuses or reads
    /// differently.
    fn trap(&self, statement: &Statement) -> Option<Trap>;
    /// The optional forms of SQL that the manual of the engine documents.
    fn forms(&self) -> Forms;
    /// Whether CREATE TABLE may have the layout.
    fn accepts(&self, layout: &TableLayout<'_>) -> bool;
    /// Whether ALTER TABLE can drop NOT NULL of a column.
    fn can_drop_not_null(&self) -> bool;
    /// The columns with which CREATE OR REPLACE VIEW can replace a view.
    fn view_columns(&self) -> ViewColumns;
    /// Whether views are created WITH NO SCHEMA BINDING. Such views do not lock the tables that
    /// they read.
    fn has_unbound_views(&self) -> bool;
    /// Whether views are created with COPY GRANTS. Without it, CREATE OR REPLACE VIEW takes a view
    /// away from its readers.
    fn copies_grants_of_views(&self) -> bool;

    // Storage.

    /// How the engine keeps the columns that it computes from others. `None`: it computes none.
    fn generated_columns(&self) -> Option<GeneratedColumns>;
    /// Whether history tables need a partition filter. If so, each statement must state the bounds
    /// of the period.
    fn reads_by_partition(&self) -> bool;
    /// The PARTITION BY expression of a history table, if the engine has partitions. The period is
    /// `[start, end)` in seconds since 1970.
    fn partition(&self, column: &str, unit: TimeUnit, start: i64, end: i64) -> Option<String>;
    /// Whether rows can be clustered or sorted by a column of a type.
    fn sorts_by(&self, ty: SqlType) -> bool;
    /// The compressions that a column may state, and what they compress. Empty: the engine chooses
    /// them.
    fn encodings(&self) -> &'static [(&'static str, Encoded)];
    /// Whether the rows of a table without a stated sort key are sorted by its unique key.
    fn sorts_by_key(&self) -> bool;
    /// Whether a sort key decides which blocks of a table a statement reads.
    fn has_sort_keys(&self) -> bool;
    /// The indexes of a table, if its spec does not state them. `None`: the engine has no indexes.
    fn indexes(&self) -> Option<Indexes>;
    /// The keyword before the name of a reader in a GRANT statement. `None`: Rowkeep grants nothing
    /// on this engine.
    fn grantee(&self, kind: ReaderKind) -> Option<&'static str>;
    /// The keywords of a maintenance statement before the table name. `None` if the engine has no
    /// such statement.
    fn maintenance(&self, run: MaintenanceKind) -> Option<&'static str>;
    /// The catalogue view that states the unsorted share of a table, if the engine has one.
    fn table_info(&self) -> Option<&'static str>;
    /// Whether the engine enforces primary, unique and foreign keys.
    #[cfg(feature = "doctor")]
    fn enforces_keys(&self) -> bool;
    /// The words of the statement that grants a privilege on all later tables. `None`: a new table
    /// has the readers of its dataset, or the engine has no users.
    fn later_grant(&self) -> Option<&'static str>;
    /// Whether `varchar` without a length holds texts of any length.
    fn varchar_is_text(&self) -> bool;
    /// The catalogues of foreign keys and of inheritance, if the engine has a foreign key that deletes
    /// the rows that refer to a row, or tables whose rows are also rows of another table.
    fn shared_rows(&self) -> &'static [&'static str];
    /// Whether the clock of statements is in the time zone of the session.
    fn has_local_clock(&self) -> bool;
    /// How a text literal writes a quote.
    fn escaped_quote(&self) -> &'static str;
    /// Whether the engine has advisory locks, which end with the transaction or the session that
    /// takes them.
    fn has_advisory_locks(&self) -> bool;
    /// Whether the engine has external schemas, with a separate catalogue for their tables.
    fn has_external_schemas(&self) -> bool;

    // Capabilities and clients.

    /// Whether windowed loads can be compiled for this engine.
    fn has_windowed_loads(&self) -> bool;
    /// Whether the engine uses PostgreSQL's protocol and catalogues.
    fn speaks_postgres(&self) -> bool;
    /// Whether models that run at the same time need snapshot isolation.
    fn needs_snapshot_isolation(&self) -> bool;
    /// How the doctor connects. Only for engines with [`Rules::speaks_postgres`].
    #[cfg(feature = "doctor")]
    fn server(&self) -> Option<Server>;
    /// The value of dbt's `incremental_strategy` that inserts rows and changes no row.
    fn dbt_append(&self) -> &'static str;
    /// The default Airflow connection id.
    fn airflow_connection(&self) -> &'static str;
    /// Parameters of the Airflow hook, as a Python dictionary, if the hook needs them.
    fn airflow_hook_params(&self) -> Option<&'static str>;
    /// The command-line client, as run-books call it.
    fn shell(&self) -> Shell;
    /// An expression that converts a date or timestamp column to microseconds since 1970, for
    /// rehearsals.
    #[cfg(feature = "rehearse")]
    fn epoch_micros(&self, column: &str) -> String;
}

/// What an engine does with the letters of plain names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folding {
    /// The catalogue stores a plain name in lower case.
    Lower,
    /// The catalogue stores a plain name in upper case.
    Upper,
    /// The catalogue stores a plain name as it was written. Names are compared without their case.
    Kept,
}

/// The columns with which CREATE OR REPLACE VIEW can replace a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewColumns {
    /// Any columns.
    Any,
    /// The same columns, and others after them.
    Appended,
    /// The same columns.
    Same,
}

/// The columns that a compression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// Columns of most types.
    Most,
    /// Whole numbers, decimals, dates and timestamps.
    Numbers,
    /// Texts.
    Texts,
}

impl Encoded {
    /// Whether the compression cannot be for a column of a type. Of a type that Rowkeep does not
    /// map, only the engine knows.
    pub(crate) fn refuses(self, ty: SqlType) -> bool {
        use SqlType::{Boolean, Double, Engine, Json, Real, Text, Uuid, Varchar};
        match self {
            Self::Most => false,
            Self::Numbers => matches!(ty, Boolean | Real | Double | Varchar(_) | Text | Json | Uuid),
            Self::Texts => !matches!(ty, Varchar(_) | Text | Uuid | Engine(_)),
        }
    }
}

/// The forms of SQL that only some engines document. A project's template may use those of its
/// engine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Forms {
    /// `DELETE FROM t USING u`.
    pub(crate) delete_using: bool,
    /// `WITH c AS (...) DELETE FROM t`.
    pub(crate) with_delete: bool,
    /// `DELETE FROM t AS a`.
    pub(crate) delete_alias: bool,
    /// `UPDATE t AS a SET`.
    pub(crate) update_alias: bool,
    /// `EXISTS (SELECT ... LIMIT 1)`.
    pub(crate) limit_in_exists: bool,
    /// `a IS DISTINCT FROM b`.
    pub(crate) is_distinct_from: bool,
    /// `QUALIFY ROW_NUMBER() OVER (...) = 1`.
    pub(crate) qualify: bool,
    /// `SELECT DISTINCT ON (k) ... ORDER BY k, t`.
    pub(crate) distinct_on: bool,
    /// `now()` for CURRENT_TIMESTAMP.
    pub(crate) now: bool,
    /// `ENCODE az64` after the type of a column.
    pub(crate) encode: bool,
    /// `INSERT INTO t (...) OVERRIDING SYSTEM VALUE`, which states the value of an identity.
    pub(crate) overriding: bool,
    /// `INSERT INTO t SELECT ... ON CONFLICT (k) DO UPDATE`.
    pub(crate) on_conflict: bool,
}

/// How an engine keeps the columns that it computes from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeneratedColumns {
    /// It computes them when it reads a row. They have no constraints.
    Virtual,
    /// It stores them.
    Stored,
}

/// The layout in a CREATE TABLE statement.
#[derive(Debug)]
pub(crate) struct TableLayout<'a> {
    /// Whether it states distribution, sort keys or backups.
    pub(crate) is_distributed: bool,
    /// Whether it states clusters or partitions.
    pub(crate) is_clustered: bool,
    /// The names of its options, in lower case.
    pub(crate) options: Vec<&'a str>,
}

/// The facts that the doctor needs about a server.
#[cfg(feature = "doctor")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    /// A text that only the version of this engine contains.
    pub(crate) version_mark: &'static str,
    /// The first statement of a session.
    pub(crate) session: Option<&'static str>,
    /// The help text for serializable isolation when two models run at the same time.
    pub(crate) isolation_help: &'static str,
}

/// A command-line client: the program, and three command lines. `loud` prints everything, `quiet`
/// prints only errors, `bare` prints only rows. `timing` and `echo` are the commands that show
/// execution times and print a text. They are empty if the client has no such command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell {
    /// Whether the client replaces `:name` by a value.
    pub(crate) has_variables: bool,
    pub(crate) loud: &'static str,
    pub(crate) quiet: &'static str,
    pub(crate) bare: &'static str,
    pub(crate) timing: &'static str,
    pub(crate) echo: &'static str,
}

/// The indexes of marts and history tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Indexes {
    /// Indexes, of which the one by key and time is unique: a table cannot have a row twice.
    Unique,
    /// Indexes. That of the mart by the unique key is unique, so a mart has one row per key.
    UniqueKey,
    /// Indexes, none of which is unique.
    Plain,
    /// No indexes.
    #[default]
    None,
}

/// What the name of a reader is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReaderKind {
    /// A user. On PostgreSQL every reader is a role, and roles share their names.
    User,
    /// A group of users.
    Group,
    /// A role.
    Role,
}

/// A maintenance statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
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
    /// The name in YAML.
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
    /// Every dialect. The first is the base dialect of the goldens.
    pub const ALL: [Dialect; 5] =
        [Dialect::Redshift, Dialect::Postgres, Dialect::DuckDb, Dialect::BigQuery, Dialect::Snowflake];

    /// The engine that a rehearsal runs in this process.
    #[cfg(feature = "rehearse")]
    pub(crate) const IN_PROCESS: Dialect = Dialect::DuckDb;
    /// The engine that a rehearsal connects to by URL.
    #[cfg(feature = "rehearse")]
    pub(crate) const BEHIND_A_URL: Dialect = Dialect::Postgres;
    /// The engine for which hand-written hooks may be written, on any rehearsal engine. Its clock
    /// has no zone.
    #[cfg(feature = "rehearse")]
    pub(crate) const OF_HANDWRITTEN_HOOKS: Dialect = Dialect::Redshift;

    pub(crate) fn rules(self) -> &'static dyn Rules {
        match self {
            Dialect::Redshift => &redshift::Redshift,
            Dialect::Postgres => &postgres::Postgres,
            Dialect::DuckDb => &duckdb::DuckDb,
            Dialect::BigQuery => &bigquery::BigQuery,
            Dialect::Snowflake => &snowflake::Snowflake,
        }
    }

    /// The name of the dialect, as `dialect:` and `--dialect` spell it.
    pub fn as_str(self) -> &'static str {
        self.rules().name()
    }

    /// The dialect with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }

    /// The largest length of a name in bytes.
    pub fn max_name_bytes(self) -> usize {
        self.rules().max_name_bytes()
    }

    /// The only text with which a statement reads the clock. A rehearsal replaces it.
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

    /// The lines of the files below `folder` that contain one of `words`. Folders named in `except`
    /// are left out, and so are comments and unit tests, which are at the end of a file.
    fn lines_with(words: &[String], folder: &str, except: &[&str]) -> Vec<String> {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        let mut found = Vec::new();
        #[allow(clippy::disallowed_methods, reason = "a test reads the source")]
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
                    folders.extend((!except.contains(&name)).then_some(path));
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let is_code = |line: &&str| !line.trim_start().starts_with("//");
                let names = |line: &&str| words.iter().any(|word| line.contains(word.as_str()));
                found.extend(
                    code.lines().filter(is_code).filter(names).map(|line| format!("{}: {line}", path.display())),
                );
            }
        }
        found
    }

    #[test]
    fn no_other_folder_names_an_engine() {
        let variants = Dialect::ALL.iter().map(|dialect| format!("Dialect::{dialect:?}"));
        let imports = ["Dialect::{", "Dialect::*"].map(str::to_owned);
        let named = lines_with(&variants.chain(imports).collect::<Vec<_>>(), "src", &["dialect"]);
        assert!(named.is_empty(), "ask `dialect.rules()` instead:\n{}", named.join("\n"));
    }

    #[test]
    fn a_template_names_an_engine_only_in_the_folder_of_the_engine() {
        let engines = Dialect::ALL.map(Dialect::as_str);
        let quoted =
            engines.iter().chain(&["psql", "bq"]).flat_map(|name| [format!("'{name}'"), format!("\"{name}\"")]);
        let named = lines_with(&quoted.collect::<Vec<_>>(), "templates", &engines);
        assert!(named.is_empty(), "write `templates/<feature>/<engine>/` instead:\n{}", named.join("\n"));
    }
}
