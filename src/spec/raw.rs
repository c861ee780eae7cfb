//! The shapes of the project's YAML files: what may stand where, before anything is known to make sense.

use crate::dialect::Dialect;
use crate::spec::Rows;
use crate::spec::shape::{Either, Entries, Field, Never, Text, Word, Words, shape};
use crate::sql::TimeUnit;

/// A path, or a list in place.
pub(crate) type PathOr<L> = Either<String, L, Never>;
/// One name, or a list of names.
pub(crate) type Names = Either<String, Vec<Field<String>>, Never>;
/// A period: its name, or a name with stated bounds.
pub(crate) type RawPeriod = Either<Text, Never, RawStatedPeriod>;
/// Where the periods stand: in another file, here, or under a key of another file.
pub(crate) type RawPeriods = Either<String, Vec<Field<RawPeriod>>, RawPeriodsAt>;

shape! {
    #[expected("the project file")]
    /// rowkeep.yml: one project of rolling tables and the periods that their aged rows go to.
    struct RawProject {
        /// The project's name; part of the names of what is generated.
        required name: String,
        /// The SQL engine to compile for.
        required dialect: Word<Dialect>,
        /// Where marts, history and work tables live: schema or database.schema.
        required schema: String,
        /// The periods: a path to a file with `hist_periods`, a list in place, or { file, at } for a key in another YAML file.
        required periods: RawPeriods,
        /// A bound of a period: periods that end by then take part in the nightly sweep only. Nothing is sealed without it.
        optional sealed_before: String,
        /// The table that records due rows which no history table holds: { table, key }, or just its name.
        required exceptions: RawExceptions,
        /// A folder of table specs (each *.yml in it, in name order), or a list in place.
        required tables: PathOr<Vec<Field<RawTable>>>,
        /// Where artifacts go; target/rowkeep/ if not stated.
        optional out: String,
        /// A folder of templates that take the place of built-in ones of the same name.
        optional templates: String,
        /// What every table takes where its own spec says nothing.
        optional defaults: RawDefaults,
    }

    #[expected("the periods file")]
    /// periods.yml: one line per period.
    struct RawPeriodsFile {
        /// The periods, oldest first, without gaps.
        required hist_periods: Vec<Field<RawPeriod>>,
    }

    #[expected("a mapping with `file` and `at`")]
    /// Periods under a key of another YAML file.
    struct RawPeriodsAt {
        /// Path of the file.
        required file: String,
        /// The keys that lead to the list, joined by dots, such as vars.hist_periods.
        required at: String,
    }

    #[expected("a mapping with `name`, `start` and `end`")]
    /// A period whose name does not carry its bounds.
    struct RawStatedPeriod {
        /// The suffix of its history tables.
        required name: Text,
        /// First day, YYYY-MM-DD, in UTC.
        required start: String,
        /// First day that no longer belongs to it, YYYY-MM-DD, in UTC.
        required end: String,
    }

    #[expected("a mapping with `table` and `key`")]
    /// The exceptions table and the column that names what an exception is about.
    struct RawExceptionsAt {
        /// The table: a name, or schema.name.
        required table: String,
        /// Its key column; a member of every unique key, unless a table states its own `exception_key`.
        required key: String,
    }

    #[expected("`defaults`")]
    /// What every table takes where its own spec says nothing.
    struct RawDefaults {
        /// How long a row stays in the mart, or while what.
        optional retention: RawRetention,
        /// The time column and its unit.
        optional time: RawTime,
        /// Whether rows have versions.
        optional rows: Word<Rows>,
        /// Physical layout, for engines that have one.
        optional layout: RawLayout,
    }

    #[expected("a table spec")]
    /// One rolling table: its mart, its history tables, and when a row moves from one to the other.
    struct RawTable {
        /// The dbt model that builds the mart.
        required model: String,
        /// The mart itself; schema.model if not stated.
        optional relation: String,
        /// Name of the history tables without their period's suffix.
        required history: String,
        /// The column, or columns, that name a row.
        required unique_key: Names,
        /// The time column and its unit.
        optional time: RawTime,
        /// latest: the newest version per key wins. events: rows do not change; a redelivered one replaces its copy.
        optional rows: Word<Rows>,
        /// How long a row stays in the mart ({ for: 180 days }), or while what ({ while_in: other_model }).
        optional retention: RawRetention,
        /// The type of this table's exceptions, unique in the project.
        required exception: String,
        /// An exceptions table of this table's own.
        optional exceptions: RawExceptions,
        /// The member of the unique key that this table's exceptions are recorded under.
        optional exception_key: String,
        /// Every column of the mart, in order, with its type.
        required columns: Entries<String>,
        /// Physical layout, for engines that have one.
        optional layout: RawLayout,
        /// Models whose hooks run before this one's, beyond what while_in says.
        optional after: Names,
        /// The raw landing table whose rows are a cycle's batch; without it each cycle looks at the whole table.
        optional source: String,
        /// Emit the mart's load too: newest version wins.
        optional incremental: RawIncremental,
        /// Columns that the raw table has beyond `columns`.
        optional source_columns: Entries<String>,
    }

    #[expected("a mapping with `column` and `unit`")]
    /// The time column and its unit.
    struct RawTime {
        /// The column.
        required column: String,
        /// epoch_seconds, epoch_millis, timestamp or date; may be left out where the column's type says it.
        optional unit: Word<TimeUnit>,
    }

    #[expected("a mapping with `for` or `while_in`")]
    /// How long a row stays in the mart, or while what.
    struct RawRetention {
        /// A fixed length of time in weeks, days, hours or minutes, such as 180 days.
        optional r#for: String,
        /// The parent model: a row stays while its key is there.
        optional while_in: Either<String, Never, RawWhileIn>,
    }

    #[expected("a mapping with `model` and `on`")]
    /// The parent model, and how its rows are found.
    struct RawWhileIn {
        /// The parent model.
        required model: String,
        /// This table's columns, each with the parent's that it must equal.
        required on: Entries<String>,
    }

    #[expected("a mapping with `dist_key` and `sort_key`")]
    /// Physical layout, for engines that have one; others ignore it.
    struct RawLayout {
        /// The column that rows are distributed by.
        optional dist_key: String,
        /// The columns that rows are sorted by.
        optional sort_key: Names,
    }

    #[expected("a mapping with `order_by`")]
    /// The mart's load.
    struct RawIncremental {
        /// Which of several raw rows of one key counts: a total order, the time descending first.
        required order_by: Names,
        /// Read only what raw received lately.
        optional lookback: RawLookback,
    }

    #[expected("a mapping with `column` and `within`")]
    /// A slice of raw, measured from a column's newest value.
    struct RawLookback {
        /// The column.
        required column: String,
        /// How far back, such as 2 hours.
        required within: String,
    }
}

/// The exceptions table: its name, or its name and key.
pub(crate) type RawExceptions = Either<String, Never, RawExceptionsAt>;

impl Words for Dialect {
    const WORDS: &'static [(&'static str, Self)] =
        &[("redshift", Dialect::Redshift), ("postgres", Dialect::Postgres), ("duckdb", Dialect::DuckDb)];
}

impl Words for Rows {
    const WORDS: &'static [(&'static str, Self)] = &[("latest", Rows::Latest), ("events", Rows::Events)];
}

impl Words for TimeUnit {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("epoch_seconds", TimeUnit::EpochSeconds),
        ("epoch_millis", TimeUnit::EpochMillis),
        ("timestamp", TimeUnit::Timestamp),
        ("date", TimeUnit::Date),
    ];
}
