//! The shapes of the project's YAML files: what may stand where, before anything is known to make sense.

use crate::dialect::{Dialect, MaintenanceKind};
use crate::features::monitors::Severity;
use crate::project::Rows;
use crate::project::shape::{Amount, Either, Entries, Field, Never, Text, Word, Words, shape};
use crate::sql::TimeUnit;

/// A path, or a list in place.
pub(crate) type PathOr<L> = Either<String, L, Never>;
/// One name, or a list of names.
pub(crate) type Names = Either<String, Vec<Field<String>>, Never>;
/// A period: its name, or a name with stated bounds.
pub(crate) type PeriodEntry = Either<Text, Never, StatedPeriodEntry>;
/// Where the periods stand: in another file, here, or under a key of another file.
pub(crate) type PeriodsEntry = Either<String, Vec<Field<PeriodEntry>>, PeriodsAtEntry>;

shape! {
    #[expected("the project file")]
    /// rowkeep.yml: one project of rolling tables and the periods that their aged rows go to.
    struct ProjectFile {
        /// The project's name; part of the names of what is generated.
        required name: String,
        /// The SQL engine to compile for.
        required dialect: Word<Dialect>,
        /// Where marts, history and work tables live: schema or database.schema.
        required schema: String,
        /// Needed where there are `tables`. The periods: a path to a file with `hist_periods`, a list in place, or { file, at } for a key in another YAML file.
        optional periods: PeriodsEntry,
        /// A bound of a period: periods that end by then take part in the nightly sweep only. Nothing is sealed without it.
        optional sealed_before: String,
        /// Needed where there are `tables`. The table that records due rows which no history table holds: { table, key }, or just its name.
        optional exceptions: ExceptionsEntry,
        /// Needed unless there are `loads`. A folder of table specs (each *.yml in it, in name order), or a list in place.
        optional tables: PathOr<Vec<Field<TableFile>>>,
        /// Where artifacts go; target/rowkeep/ if not stated.
        optional out: String,
        /// A folder of templates that take the place of built-in ones of the same name.
        optional templates: String,
        /// What every table takes where its own spec says nothing.
        optional defaults: DefaultsEntry,
        /// RawTable tables, each with how long its rows stay.
        optional raw: Vec<Field<RawTrimEntry>>,
        /// What is asked of the rows beyond what is asked of every table.
        optional monitors: Vec<Field<MonitorEntry>>,
        /// VACUUM and ANALYZE of the marts, in order.
        optional maintenance: Vec<Field<MaintenanceEntry>>,
        /// When what runs, UTC: asks for schedule.json and Airflow DAGs.
        optional schedule: ScheduleEntry,
        /// Loads that select by when a row came and by what day it is of, on BigQuery.
        optional loads: Vec<Field<LoadEntry>>,
    }

    #[expected("a load")]
    /// A load whose batch is bounded by two windows: when a row was ingested, and what day it is of.
    struct LoadEntry {
        /// Its name; its files are called like it.
        required name: String,
        /// The table that rows are ingested into.
        required source: String,
        /// A file with a query over the source that gives `columns`; without it, the source itself is read.
        optional model: String,
        /// What is selected, in order, each column with its type.
        required columns: Entries<String>,
        /// The column, or columns, that name a row; of several the one that was ingested last counts in the aggregate.
        optional unique_key: Names,
        /// The window of ingestion time.
        required ingestion: IngestionEntry,
        /// The window of the day that a row is of.
        optional event: EventEntry,
        /// Rows of days before it are never loaded, YYYY-MM-DD.
        optional floor: String,
        /// A boolean column: rows in which it is true are left out.
        optional exclude: String,
        /// The column that says where a row came from, for the monitor of late rows.
        optional origin: String,
        /// The batch's temp table, to which the run date is added; tmp_<name> if not stated.
        optional temp: String,
        /// What is computed from the rows of the window.
        optional aggregate: AggregateEntry,
        /// When monitors speak.
        optional alarms: AlarmsEntry,
        /// Where its jobs run, such as us or europe-west1; us if not stated.
        optional location: String,
    }

    #[expected("a mapping with `column` and `within`")]
    /// The window of ingestion time, which ends with the run date.
    struct IngestionEntry {
        /// The column that says when a row was ingested.
        required column: String,
        /// How far before the end of the run date it begins, such as 48 hours.
        required within: String,
    }

    #[expected("a mapping with `column`, `within` and `until`")]
    /// The window of the day that a row is of.
    struct EventEntry {
        /// The column that says what day a row is of.
        required column: String,
        /// How far before the run date it begins, such as 7 days. Without it, nothing keeps re-ingested history out.
        optional within: String,
        /// Where it ends: run_date, that day included.
        required until: Word<Until>,
    }

    #[expected("a mapping with `into`, `by` and `columns`")]
    /// What is computed, day by day, from the newest version of each row of the window.
    struct AggregateEntry {
        /// The table whose days it replaces.
        required into: String,
        /// What it is computed for: the event column, and what else is told apart.
        required by: Names,
        /// What is computed: count, or sum, min or max and a column.
        required columns: Entries<String>,
        /// Its temp table, to which the run date is added; tmp_<name>_updates if not stated.
        optional temp: String,
    }

    #[expected("a mapping with `span`, `run`, `slot_hours`, `cost` and `per_tib`")]
    /// When the monitors of a load speak.
    struct AlarmsEntry {
        /// More days than this between the first and the last of a batch; the event window if not stated, 7 days without one.
        optional span: String,
        /// A statement that runs longer; 20 minutes if not stated.
        optional run: String,
        /// More slot-hours than this on one day; 30 if not stated.
        optional slot_hours: Amount,
        /// A higher price than this on one day; nobody is told if it is not stated.
        optional cost: Amount,
        /// The price of a tebibyte that is billed; needed where `cost` is stated.
        optional per_tib: Amount,
    }

    #[expected("a schedule")]
    /// When what runs, UTC, and who is told when it fails.
    struct ScheduleEntry {
        /// How often a cycle begins.
        required cycle: CycleEntry,
        /// When upkeep is done each night; needed where there is `maintenance`.
        optional maintenance: AtEntry,
        /// When the sweep begins each night.
        required sweep: AtEntry,
        /// When monitors are asked each night.
        required monitoring: AtEntry,
        /// How long tasks may take.
        optional timeouts: TimeoutsEntry,
        /// Who gets mail when a task fails: an address, or a list of them.
        optional notify: Names,
        /// The connection to the warehouse; redshift_default, postgres_default or duckdb_default if not stated.
        optional connection: String,
        /// The connection to the other system that count_match asks.
        optional source_connection: String,
    }

    #[expected("a mapping with `every`")]
    /// How often a cycle begins, and what belongs to it beyond Rowkeep's own statements.
    struct CycleEntry {
        /// How often, such as 15 minutes.
        required every: String,
        /// A Python function, module.function, that adds the tasks which land raw rows, and returns what the marts wait for.
        optional extract: String,
        /// A command to run once the marts are built, such as dbt test --select mart.
        optional test: String,
    }

    #[expected("a mapping with `at`")]
    /// A time of day.
    struct AtEntry {
        /// Hours and minutes, UTC, such as 02:30.
        required at: Text,
    }

    #[expected("a mapping with `mart`, `tests` and `otherwise`")]
    /// How long tasks may take.
    struct TimeoutsEntry {
        /// A mart's statements, in a cycle or a sweep; 10 minutes if not stated.
        optional mart: String,
        /// The cycle's tests; 5 minutes if not stated.
        optional tests: String,
        /// Any other task; 60 minutes if not stated.
        optional otherwise: String,
    }

    #[expected("an entry of `raw`")]
    /// A raw table, and how long its rows stay.
    struct RawTrimEntry {
        /// The raw table, as the `source` of a table spec names it.
        required table: String,
        /// The column that says when a row was landed, and its unit.
        required time: TimeEntry,
        /// How long a row stays, such as 24 hours, measured back from a completed cycle.
        required keep: String,
    }

    #[expected("a monitor")]
    /// A question to which no row is the right answer.
    struct MonitorEntry {
        /// Its name; its files are called like it.
        required name: String,
        /// What is asked: count_match, latest_matches, has_rows_in, has_parent or compare.
        required kind: Word<AsksWord>,
        /// The model whose rows are looked at.
        required model: String,
        /// latest_matches, has_rows_in, has_parent: the other model.
        optional r#in: String,
        /// latest_matches, has_rows_in, has_parent: this model's columns, each with the other's that it must equal; the unique key by name if not stated.
        optional on: Entries<String>,
        /// count_match: the other system's table. compare: a relation that this engine can read.
        optional with: String,
        /// compare: the columns; all but the key if not stated.
        optional columns: Names,
        /// compare: the share of rows that may differ, such as 0.1%.
        optional more_than: String,
        /// Which rows, by their time: all if not stated.
        optional window: WindowEntry,
        /// The type under which offending keys are recorded; without it, nothing is recorded.
        optional exception: String,
        /// error or warn; error if not stated.
        optional severity: Word<Severity>,
        /// How often it is to run, such as 1 day, which it is if not stated.
        optional every: String,
    }

    #[expected("a mapping with `within` and `until`")]
    /// A span of time up to now.
    struct WindowEntry {
        /// How far back it begins, such as 24 hours.
        optional within: String,
        /// How far back it ends, such as 5 minutes: what is newer is left out.
        optional until: String,
    }

    #[expected("an entry of `maintenance`")]
    /// Maintenance of marts.
    struct MaintenanceEntry {
        /// vacuum, vacuum_delete, vacuum_sort or analyze.
        required run: Word<MaintenanceKind>,
        /// The models whose marts it is for; all if not stated.
        optional models: Names,
        /// How often, such as 1 day, which it is if not stated.
        optional every: String,
        /// A condition, `unsorted > 15` (per cent of rows); without one it always runs.
        optional when: String,
    }

    #[expected("a mapping with `share` and `at_least`")]
    /// When a cycle stops before it archives.
    struct TripwireEntry {
        /// The share of the mart's rows that may be due, such as 20%.
        required share: String,
        /// Fewer due rows than this never stop a cycle, such as 1000.
        optional at_least: Text,
    }

    #[expected("the periods file")]
    /// periods.yml: one line per period.
    struct PeriodsFile {
        /// The periods, oldest first, without gaps.
        required hist_periods: Vec<Field<PeriodEntry>>,
    }

    #[expected("a mapping with `file` and `at`")]
    /// Periods under a key of another YAML file.
    struct PeriodsAtEntry {
        /// Path of the file.
        required file: String,
        /// The keys that lead to the list, joined by dots, such as vars.hist_periods.
        required at: String,
    }

    #[expected("a mapping with `name`, `start` and `end`")]
    /// A period whose name does not carry its bounds.
    struct StatedPeriodEntry {
        /// The suffix of its history tables.
        required name: Text,
        /// First day, YYYY-MM-DD, in UTC.
        required start: String,
        /// First day that no longer belongs to it, YYYY-MM-DD, in UTC.
        required end: String,
    }

    #[expected("a mapping with `table` and `key`")]
    /// The exceptions table and the column that names what an exception is about.
    struct ExceptionsAtEntry {
        /// The table: a name, or schema.name.
        required table: String,
        /// Its key column; a member of every unique key, unless a table states its own `exception_key`.
        required key: String,
    }

    #[expected("`defaults`")]
    /// What every table takes where its own spec says nothing.
    struct DefaultsEntry {
        /// How long a row stays in the mart, or while what.
        optional retention: RetentionEntry,
        /// The time column and its unit.
        optional time: TimeEntry,
        /// Whether rows have versions.
        optional rows: Word<Rows>,
        /// Physical layout, for engines that have one.
        optional layout: LayoutEntry,
        /// The share of a mart's rows that may be due, such as 20%; a cycle that finds more stops before it archives.
        optional tripwire: Either<String, Never, TripwireEntry>,
    }

    #[expected("a table spec")]
    /// One rolling table: its mart, its history tables, and when a row moves from one to the other.
    struct TableFile {
        /// The dbt model that builds the mart.
        required model: String,
        /// The mart itself; schema.model if not stated.
        optional relation: String,
        /// Name of the history tables without their period's suffix.
        required history: String,
        /// The column, or columns, that name a row.
        required unique_key: Names,
        /// The time column and its unit.
        optional time: TimeEntry,
        /// latest: the newest version per key wins. events: rows do not change; a redelivered one replaces its copy.
        optional rows: Word<Rows>,
        /// How long a row stays in the mart ({ for: 180 days }), or while what ({ while_in: other_model }).
        optional retention: RetentionEntry,
        /// The type of this table's exceptions, unique in the project.
        required exception: String,
        /// An exceptions table of this table's own.
        optional exceptions: ExceptionsEntry,
        /// The member of the unique key that this table's exceptions are recorded under.
        optional exception_key: String,
        /// Every column of the mart, in order, with its type.
        required columns: Entries<String>,
        /// Physical layout, for engines that have one.
        optional layout: LayoutEntry,
        /// The share of the mart's rows that may be due, such as 20%, or { share, at_least }; a cycle that finds more stops before it archives.
        optional tripwire: Either<String, Never, TripwireEntry>,
        /// Models whose hooks run before this one's, beyond what while_in says.
        optional after: Names,
        /// The raw table whose rows are a cycle's batch; without it each cycle looks at the whole table.
        optional source: String,
        /// Emit the mart's load too: newest version wins.
        optional incremental: IncrementalEntry,
        /// Columns that the raw table has beyond `columns`.
        optional source_columns: Entries<String>,
    }

    #[expected("a mapping with `column` and `unit`")]
    /// The time column and its unit.
    struct TimeEntry {
        /// The column.
        required column: String,
        /// epoch_seconds, epoch_millis, timestamp or date; may be left out where the column's type says it.
        optional unit: Word<TimeUnit>,
    }

    #[expected("a mapping with `for` or `while_in`")]
    /// How long a row stays in the mart, or while what.
    struct RetentionEntry {
        /// A fixed length of time in weeks, days, hours or minutes, such as 180 days.
        optional r#for: String,
        /// The parent model: a row stays while its key is there.
        optional while_in: Either<String, Never, WhileInEntry>,
    }

    #[expected("a mapping with `model` and `on`")]
    /// The parent model, and how its rows are found.
    struct WhileInEntry {
        /// The parent model.
        required model: String,
        /// This table's columns, each with the parent's that it must equal.
        required on: Entries<String>,
    }

    #[expected("a mapping with `dist_key` and `sort_key`")]
    /// Physical layout, for engines that have one; others ignore it.
    struct LayoutEntry {
        /// The column that rows are distributed by.
        optional dist_key: String,
        /// The columns that rows are sorted by.
        optional sort_key: Names,
    }

    #[expected("a mapping with `order_by`")]
    /// The mart's load.
    struct IncrementalEntry {
        /// Which of several raw rows of one key counts: a total order, the time descending first.
        required order_by: Names,
        /// Read only what raw received lately.
        optional lookback: LookbackEntry,
    }

    #[expected("a mapping with `column` and `within`")]
    /// A slice of raw, measured from a column's newest value.
    struct LookbackEntry {
        /// The column.
        required column: String,
        /// How far back, such as 2 hours.
        required within: String,
    }
}

/// The exceptions table: its name, or its name and key.
pub(crate) type ExceptionsEntry = Either<String, Never, ExceptionsAtEntry>;

impl Words for Dialect {
    fn words() -> Vec<(&'static str, Self)> {
        Dialect::ALL.into_iter().map(|dialect| (dialect.as_str(), dialect)).collect()
    }
}

/// What a monitor asks, before it is known of which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsksWord {
    CountMatch,
    LatestMatches,
    HasRowsIn,
    HasParent,
    Compare,
}

impl Words for AsksWord {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("count_match", AsksWord::CountMatch),
            ("latest_matches", AsksWord::LatestMatches),
            ("has_rows_in", AsksWord::HasRowsIn),
            ("has_parent", AsksWord::HasParent),
            ("compare", AsksWord::Compare),
        ]
    }
}

/// Where the window of a load's days ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    RunDate,
}

impl Words for Until {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("run_date", Until::RunDate)]
    }
}

impl Words for Severity {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("error", Severity::Error), ("warn", Severity::Warn)]
    }
}

impl Words for MaintenanceKind {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("vacuum", MaintenanceKind::Vacuum),
            ("vacuum_delete", MaintenanceKind::VacuumDelete),
            ("vacuum_sort", MaintenanceKind::VacuumSort),
            ("analyze", MaintenanceKind::Analyze),
        ]
    }
}

impl Words for Rows {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("latest", Rows::Latest), ("events", Rows::Events)]
    }
}

impl Words for TimeUnit {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("epoch_seconds", TimeUnit::EpochSeconds),
            ("epoch_millis", TimeUnit::EpochMillis),
            ("timestamp", TimeUnit::Timestamp),
            ("date", TimeUnit::Date),
        ]
    }
}
