//! What each engine can do and how it spells things, as data.

use std::fmt;

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

/// What is done to a table's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Upkeep {
    /// Frees the room of deleted rows and sorts the rest.
    Vacuum,
    /// Frees the room of deleted rows.
    VacuumDelete,
    /// Sorts rows.
    VacuumSort,
    /// Renews what the planner knows of the table.
    Analyze,
}

impl Upkeep {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Upkeep::Vacuum => "vacuum",
            Upkeep::VacuumDelete => "vacuum_delete",
            Upkeep::VacuumSort => "vacuum_sort",
            Upkeep::Analyze => "analyze",
        }
    }
}

impl Dialect {
    /// Every dialect, the base dialect of the goldens first.
    pub const ALL: [Dialect; 4] = [Dialect::Redshift, Dialect::Postgres, Dialect::DuckDb, Dialect::BigQuery];

    /// As `dialect:` and `--dialect` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Redshift => "redshift",
            Dialect::Postgres => "postgres",
            Dialect::DuckDb => "duckdb",
            Dialect::BigQuery => "bigquery",
        }
    }

    /// The dialect of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }

    /// The most bytes of a name that the engine keeps; it cuts off what is longer, without a word.
    ///
    /// Redshift: "Names and identifiers" in its SQL reference. PostgreSQL: NAMEDATALEN less one. DuckDB states no limit; 255 is
    /// what file systems and catalogues around it agree on. BigQuery: 300 characters of a column's name ("Schemas" in its manual);
    /// a table's may be longer.
    pub fn max_name_bytes(self) -> usize {
        match self {
            Dialect::Redshift => 127,
            Dialect::Postgres => 63,
            Dialect::DuckDb => 255,
            Dialect::BigQuery => 300,
        }
    }

    /// Whether two quoted names that differ only in case are two names.
    pub(crate) fn quoted_names_keep_case(self) -> bool {
        self == Dialect::Postgres
    }

    /// Whether the catalogue has plain names in lower case.
    pub(crate) fn folds_plain_names(self) -> bool {
        !matches!(self, Dialect::DuckDb | Dialect::BigQuery)
    }

    /// Columns that every table has already; quoting does not free their names.
    ///
    /// PostgreSQL: "System Columns" in its manual; Redshift descends from it. BigQuery: pseudocolumns of partitioned and ingested tables.
    pub(crate) fn system_columns(self) -> &'static [&'static str] {
        match self {
            Dialect::Redshift | Dialect::Postgres => &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"],
            Dialect::DuckDb => &[],
            Dialect::BigQuery => &["_partitiontime", "_partitiondate", "_table_suffix", "_file_name"],
        }
    }

    /// Whether the engine does that upkeep, table by table.
    ///
    /// Redshift: "VACUUM" and "ANALYZE" in its SQL reference. PostgreSQL keeps no order of rows that could be restored. DuckDB
    /// takes VACUUM and does nothing for it. BigQuery looks after its storage by itself.
    pub(crate) fn has_upkeep(self, run: Upkeep) -> bool {
        match self {
            Dialect::Redshift => true,
            Dialect::Postgres => run != Upkeep::VacuumSort,
            Dialect::DuckDb => run == Upkeep::Analyze,
            Dialect::BigQuery => false,
        }
    }

    /// Whether it is reached over PostgreSQL's protocol, and has its catalogues.
    pub(crate) fn speaks_postgres(self) -> bool {
        matches!(self, Dialect::Redshift | Dialect::Postgres)
    }

    /// Whether tables of other systems stand in a catalogue of their own, in schemas that nobody else must take.
    ///
    /// Redshift: "CREATE EXTERNAL SCHEMA" and "SVV_EXTERNAL_TABLES" in its SQL reference.
    pub(crate) fn has_external_schemas(self) -> bool {
        self == Dialect::Redshift
    }

    /// The sign around names that must be quoted.
    ///
    /// BigQuery: "Quoted identifiers" in its lexical structure; double quotes make a text there.
    pub(crate) fn quote(self) -> char {
        if self == Dialect::BigQuery { '`' } else { '"' }
    }

    /// Whether history tables are read by their partitions only, which a statement has to name.
    ///
    /// BigQuery: "Set the partition filter requirement" in its manual.
    pub(crate) fn reads_by_partition(self) -> bool {
        self == Dialect::BigQuery
    }

    /// How dbt adds the rows of a query and changes no other.
    ///
    /// dbt-bigquery has no `append`; its `merge` without a unique key is one.
    pub(crate) fn dbt_append(self) -> &'static str {
        if self == Dialect::BigQuery { "merge" } else { "append" }
    }

    /// The catalogue's view that says how many rows of a table are unsorted, where there is one.
    ///
    /// Redshift: "SVV_TABLE_INFO" in its SQL reference.
    pub(crate) fn table_info(self) -> Option<&'static str> {
        (self == Dialect::Redshift).then_some("svv_table_info")
    }

    /// The only text through which a statement reads the clock, and so the only one that a rehearsal replaces.
    pub fn clock_token(self) -> &'static str {
        match self {
            Dialect::Redshift => "GETDATE()",
            Dialect::Postgres | Dialect::DuckDb => "CURRENT_TIMESTAMP",
            Dialect::BigQuery => "CURRENT_TIMESTAMP()",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
