//! The shapes of the project's YAML files: the keys that each mapping may have, and their types.
//! `resolve` checks whether the values make sense.
//!
//! The comments of structs and fields become the descriptions of the JSON Schemas.

use jiff::civil::Weekday;

use crate::dialect::Indexes;
use crate::dialect::{Dialect, MaintenanceKind};
use crate::features::erasure::KeyForm;
use crate::features::loads::LoadEntry;
use crate::features::monitors::AsksWord;
use crate::features::monitors::Severity;
use crate::features::only_when::ConditionEntry;
use crate::features::purge::NoArchive;
use crate::features::schedule::ScheduleEntry;
use crate::project::scalar::{ListPath, Nullness, Plain, Text};
use crate::project::shape::{Either, Entries, Field, Never, Word, shape};
use crate::project::{CutoffFrom, NamedAfter, QuarterWeeks, Rows, RuleLevel, YearEnd};
use crate::source::Spanned;
use crate::sql::TimeUnit;

/// A path or a name, or a list in place.
pub(crate) type PathOr<L> = Either<String, L, Never>;
/// One name, or a list of names.
pub(crate) type Names = Either<String, Vec<Field<String>>, Never>;
/// A period: its name, or a mapping with its name and bounds.
pub(crate) type PeriodEntry = Either<Text, Never, StatedPeriodEntry>;
/// The periods: the path of another file, a list in place, or a key of another file.
pub(crate) type PeriodsEntry = Either<ListPath, Vec<Field<PeriodEntry>>, PeriodsAtEntry>;
/// A named list: the path of another file, the periods in place, or a mapping with `periods`.
pub(crate) type PeriodListEntry = Either<ListPath, Vec<Field<PeriodEntry>>, StatedPeriodListEntry>;

shape! {
    #[expected("the project file")]
    /// rowkeep.yml: a project of rolling tables, and the periods to which their old rows go.
    struct ProjectFile {
        /// The name of the project. It is part of the generated names.
        required name: String = "order_tracking",
        /// The engine to compile for.
        required dialect: Word<Dialect>,
        /// The schema of marts, history tables and work tables: schema or database.schema.
        required schema: String = "analytics",
        /// Required if there are `tables`. The periods: the path of a file with `hist_periods`, a
        /// list in place, or { file, at } for a key of another YAML file.
        optional periods: PeriodsEntry = ["2025_h2", "2026_h1"],
        /// Further lists of periods by name, for tables that state `periods: name`. A list is
        /// written as in `periods`, or as a mapping with `periods`.
        optional period_lists: Entries<PeriodListEntry> = { "weekly": ["2026_w01", "2026_w02"] },
        /// A date that is a bound of a period. Periods that end on or before this date are sealed:
        /// only the nightly sweep reads them. If not stated, no period is sealed.
        optional sealed_before: String = "2026-01-01",
        /// The start of the first period. Rows from before it are no longer kept: when they are
        /// due, a cycle deletes them for good. If not stated, they stay in the mart, with an
        /// exception.
        optional retired_before: String = "2023-01-01",
        /// How long archived rows must be kept, such as 5 years after the end of their period.
        /// `check` tells when the oldest period may be retired.
        optional keep_history: String = "5 years",
        /// The time zone in which periods begin at midnight, and in which times without a zone
        /// are, such as Europe/Berlin; UTC if not stated.
        optional time_zone: String = "Europe/Berlin",
        /// The fiscal year, for periods with names such as fy2026 and fy2026_q1.
        optional fiscal_year: FiscalYearEntry,
        /// Required if there are `tables`. The table that records due rows which no history table
        /// has: { table, key }, or only the name of the table.
        optional exceptions: ExceptionsEntry = { "table": "order_exceptions", "key": "order_id" },
        /// Required if there are no `loads`. The table specs: a folder, of which Rowkeep reads each
        /// *.yml file in name order, or a list in place.
        optional tables: PathOr<Vec<Field<TableFile>>> = "tables/",
        /// The folder for the artifacts; target/rowkeep if not stated.
        optional out: String = "rowkeep/",
        /// A folder of templates. Each replaces the built-in template of the same name.
        optional templates: String = "templates/",
        /// Values for all tables. A table spec that states the same key uses its own value.
        optional defaults: DefaultsEntry,
        /// The raw tables that Rowkeep trims, and how long their rows stay.
        optional raw: Vec<Field<RawTrimEntry>>,
        /// Monitors beyond those that every table has.
        optional monitors: Vec<Field<MonitorEntry>>,
        /// VACUUM and ANALYZE of marts, work tables and exceptions tables. The entries run in the
        /// order of the list.
        optional maintenance: Vec<Field<MaintenanceEntry>>,
        /// When cycles, maintenance, sweeps and monitors run, in UTC. If stated, Rowkeep writes
        /// schedule.json and Airflow DAGs.
        optional schedule: ScheduleEntry,
        /// Windowed loads, which select rows by ingestion time and by event date. BigQuery only.
        optional loads: Vec<Field<LoadEntry>>,
        /// By rule of `rowkeep lint`: error, warning, note or ignore. A rule that is not named keeps
        /// its level.
        optional lint: Entries<Word<RuleLevel>> = { "time-zone": "ignore" },
    }

    #[expected("a mapping with `first_month` and `named_after`")]
    /// The fiscal year. It starts on the first day of a month, or has whole weeks.
    struct FiscalYearEntry {
        /// The month in which it starts, 1 to 12.
        required first_month: Text = 4,
        /// Which day gives the fiscal year its number: with first_day, fy2026 starts in 2026; with
        /// last_day, it ends in 2026. With `weeks`: near first_month of 2026, or near the end of the
        /// month before it in 2026.
        required named_after: Word<NamedAfter>,
        /// Its weeks, if it has 52 or 53 whole weeks, such as 4-4-5. The year then ends near the end
        /// of the month before `first_month`.
        optional weeks: FiscalWeeksEntry,
    }

    #[expected("a mapping with `months`, `last_day` and `ends`")]
    /// A fiscal year of 52 or 53 whole weeks. A 53rd week is in the last month.
    struct FiscalWeeksEntry {
        /// The weeks of the three months of a quarter: 4-4-5, 4-5-4 or 5-4-4.
        required months: Word<QuarterWeeks>,
        /// The day of the week on which a year ends, such as saturday.
        required last_day: Word<Weekday>,
        /// last_in_month: a year ends on the last such day in the month before `first_month`.
        /// nearest_month_end: on the one that is nearest to the end of that month.
        required ends: Word<YearEnd>,
    }

    #[expected("an entry of `raw`")]
    /// A raw table that Rowkeep trims, and how long its rows stay.
    struct RawTrimEntry {
        /// The raw table, written as in `source` of a table spec.
        required table: String = "landing.orders_raw",
        /// The column with the time at which a row arrived in the raw table, and its unit.
        required time: TimeEntry,
        /// How long a row stays, such as 24 hours, measured back from a completed cycle.
        required keep: String = "24 hours",
    }

    #[expected("a monitor")]
    /// A monitor: a query that must return no rows.
    struct MonitorEntry {
        /// The name of the monitor and of its files.
        required name: String = "orders_extracted",
        /// What the monitor checks.
        required kind: Word<AsksWord>,
        /// The model whose rows are checked.
        required model: String = "mart_orders",
        /// The other model; for latest_matches, has_rows_in and has_parent.
        optional r#in: String = "mart_order_lines",
        /// Pairs of columns that must be equal: a column of this model, and one of the other
        /// model; for latest_matches, has_rows_in and has_parent. If not stated, the columns of the
        /// unique key, by name.
        optional on: Entries<String> = { "order_id": "order_id" },
        /// For count_match, the table of the other system. For compare, a relation that this
        /// engine can read.
        optional with: String = "shop.orders",
        /// The columns to compare; for compare. All but the key if not stated.
        optional columns: Names = ["state", "amount"],
        /// The share of rows that may differ, such as 0.1%; for compare.
        optional more_than: String = "0.1%",
        /// Which rows are checked, by their time; all rows if not stated.
        optional window: WindowEntry,
        /// The exception type for the keys that the monitor finds. If not stated, nothing is
        /// recorded.
        optional exception: String = "ORDER_GAP",
        /// error or warn; error if not stated.
        optional severity: Word<Severity>,
        /// How often the monitor runs, such as 7 days; 1 day if not stated.
        optional every: String = "7 days",
    }

    #[expected("a mapping with `within` and `until`")]
    /// An interval of time before now.
    struct WindowEntry {
        /// How long ago the window begins, such as 24 hours.
        optional within: String = "24 hours",
        /// How long ago the window ends, such as 5 minutes. Newer rows are left out.
        optional until: String = "5 minutes",
    }

    #[expected("an entry of `maintenance`")]
    /// Maintenance of marts, and of their work tables and exceptions tables.
    struct MaintenanceEntry {
        /// vacuum, vacuum_delete, vacuum_sort or analyze.
        required run: Word<MaintenanceKind>,
        /// The models whose tables are maintained; all models if not stated.
        optional models: Names = ["mart_orders"],
        /// How often, such as 7 days; 1 day if not stated.
        optional every: String = "7 days",
        /// A condition such as `unsorted > 15`, in per cent of rows. If not stated, the
        /// maintenance always runs.
        optional when: String = "unsorted > 15",
    }

    #[expected("a mapping with `share` and `at_least`")]
    /// The limit of due rows. A cycle that finds more stops before it archives.
    struct TripwireEntry {
        /// The share of the mart's rows that may be due, such as 20%.
        required share: String = "20%",
        /// A number of rows, such as 1000. Fewer due rows than this never stop a cycle.
        optional at_least: Text = 1000,
    }

    #[expected("the periods file")]
    /// periods.yml: one line per period.
    struct PeriodsFile {
        /// The periods, oldest first, without gaps.
        required hist_periods: Vec<Field<PeriodEntry>> = ["2025_h2", "2026_h1"],
    }

    #[expected("a mapping with `file` and `at`")]
    /// Periods that are listed under a key of another YAML file.
    struct PeriodsAtEntry {
        /// The path of the file.
        required file: String = "dbt_project.yml",
        /// The keys that lead to the list, joined by dots, such as vars.hist_periods.
        required at: String = "vars.hist_periods",
    }

    #[expected("a named list")]
    /// A list of periods that tables choose by its name.
    struct StatedPeriodListEntry {
        /// The periods: the path of a file with `hist_periods`, a list in place, or { file, at }
        /// for a key of another YAML file.
        required periods: PeriodsEntry = ["2026_w01", "2026_w02"],
        /// A date that is a bound of a period. Periods that end on or before this date are sealed:
        /// only the nightly sweep reads them. If not stated, no period of the list is sealed.
        optional sealed_before: String = "2026-01-01",
        /// The start of the first period. Rows from before it are no longer kept: when they are
        /// due, a cycle deletes them for good. If not stated, they stay in the mart, with an
        /// exception.
        optional retired_before: String = "2023-01-01",
        /// How long archived rows must be kept, such as 5 years after the end of their period.
        /// `check` tells when the oldest period may be retired.
        optional keep_history: String = "5 years",
    }

    #[expected("a list of its own")]
    /// A list of periods for this table only.
    struct OwnPeriodListEntry {
        /// The periods, oldest first, without gaps.
        required periods: Vec<Field<PeriodEntry>> = ["2026_w01", "2026_w02"],
        /// A date that is a bound of a period. Periods that end on or before this date are sealed:
        /// only the nightly sweep reads them. If not stated, no period of the list is sealed.
        optional sealed_before: String = "2026-01-01",
        /// The start of the first period. Rows from before it are no longer kept: when they are
        /// due, a cycle deletes them for good. If not stated, they stay in the mart, with an
        /// exception.
        optional retired_before: String = "2023-01-01",
        /// How long archived rows must be kept, such as 5 years after the end of their period.
        /// `check` tells when the oldest period may be retired.
        optional keep_history: String = "5 years",
    }

    #[expected("a mapping with `name`, `start` and `end`")]
    /// A period whose name does not give its bounds.
    struct StatedPeriodEntry {
        /// The suffix of the names of its history tables.
        required name: Text = "legacy",
        /// The first day of the period, YYYY-MM-DD, in UTC.
        required start: String = "2019-01-01",
        /// The first day after the period, YYYY-MM-DD, in UTC.
        required end: String = "2025-07-01",
    }

    #[expected("a mapping with `table` and `key`")]
    /// The exceptions table and its key column.
    struct ExceptionsAtEntry {
        /// The table: name or schema.name.
        required table: String = "order_exceptions",
        /// The key column. It must be in the unique key of every table, except of tables that
        /// state their own `exception_key`.
        required key: String = "order_id",
        /// A table that lists erased keys: name or schema.name, or { table, keys }. No load brings
        /// such a key back. If not stated, keys cannot be erased.
        optional erased: Either<String, Never, ErasedAtEntry> = "erased_orders",
    }

    #[expected("a mapping with `table` and `keys`")]
    /// The table that lists erased keys, and how it holds them.
    struct ErasedAtEntry {
        /// The table: name or schema.name.
        required table: String = "erased_orders",
        /// plain: the table holds the key itself. hashed: it holds the SHA-256 of the key.
        optional keys: Word<KeyForm>,
    }

    #[expected("`defaults`")]
    /// Values for all tables. A table spec that states the same key uses its own value.
    struct DefaultsEntry {
        /// The name of a list of `period_lists`, for tables with one history table per period.
        optional periods: String = "weekly",
        /// How long a row stays in the mart.
        optional retention: RetentionEntry,
        /// The time column and its unit.
        optional time: TimeEntry,
        /// Whether a row can have several versions: latest or events.
        optional rows: Word<Rows>,
        /// The physical layout, for engines that have one.
        optional layout: LayoutEntry,
        /// Who may read the mart, its history tables, its view and its exceptions, for engines with
        /// roles.
        optional grants: GrantsEntry,
        /// The share of a mart's rows that may be due, such as 20%, or { share, at_least }. A cycle
        /// that finds more stops before it archives.
        optional tripwire: Either<String, Never, TripwireEntry> = "20%",
        /// The most rows of open periods that one run archives, such as 500000 rows. The others
        /// wait for the next runs.
        optional limit: String = "500000 rows",
    }

    #[expected("a table spec")]
    /// A rolling table: its mart, its history tables, and when a row moves from the mart to
    /// history.
    struct TableFile {
        /// The dbt model that builds the mart. Or a list of models, which share the spec: {model}
        /// in `history`, `exception`, `relation` and `source` is the name of each.
        required model: Names = "mart_orders",
        /// The relation of the mart; schema.model if not stated.
        optional relation: String = "analytics.mart_orders",
        /// The name of the history tables. The name of the period follows it, or stands where the
        /// name has {period}. Or { table: name }, for one history table without periods. Required,
        /// unless `archive: none` is stated.
        optional history: Either<String, Never, HistoryEntry> = "hist_orders",
        /// The periods of this table: the name of a list of `period_lists`, or a list of its own,
        /// which has the name of the model. If not stated, the list of the parent of `while_in`;
        /// without a parent, the list of `periods` in rowkeep.yml.
        optional periods: Either<String, Vec<Field<PeriodEntry>>, OwnPeriodListEntry> = "weekly",
        /// none: due rows are deleted from the mart, and no copy is kept. If not stated, due rows
        /// are moved to the history tables.
        optional archive: Word<NoArchive>,
        /// The column or columns that identify a row.
        /// A log without a key names the columns that tell two rows apart.
        required unique_key: Names = ["order_id", "line_number"],
        /// The time column and its unit.
        optional time: TimeEntry,
        /// latest: the newest version of a key wins. events: rows do not change, and a row that is
        /// delivered again replaces its copy.
        optional rows: Word<Rows>,
        /// How long a row stays in the mart: { for: 180 days }, or { while_in: other_model } to
        /// keep it while its key is in another mart.
        optional retention: RetentionEntry,
        /// The conditions under which a row may leave the mart, by column: a value, a list of
        /// values, or a comparison. A row that does not meet all of them stays, whatever its age.
        optional only_when: Entries<ConditionEntry> = { "status": ["closed", "cancelled"] },
        /// The exception type of this table. It must be unique in the project.
        required exception: String = "ORDER_GAP",
        /// The exceptions table of this table, if it differs from that of the project.
        optional exceptions: ExceptionsEntry = { "table": "order_exceptions", "key": "order_id" },
        /// The column of the unique key that the exceptions of this table record.
        optional exception_key: String = "order_id",
        /// Every column of the mart, in order, with its type.
        required columns: Entries<String> = { "order_id": "bigint not null", "updated_at": "timestamp" },
        /// The physical layout, for engines that have one.
        optional layout: LayoutEntry,
        /// Who may read the mart, its history tables, its view and its exceptions, for engines with
        /// roles.
        optional grants: GrantsEntry,
        /// The share of the mart's rows that may be due, such as 20%, or { share, at_least }. A
        /// cycle that finds more stops before it archives.
        optional tripwire: Either<String, Never, TripwireEntry> = "20%",
        /// The most rows of open periods that one run archives, such as 500000 rows. The others
        /// wait for the next runs.
        optional limit: String = "500000 rows",
        /// Models whose hooks must run before those of this model. The model of `while_in` always
        /// runs before and needs no entry.
        optional after: Names = ["mart_orders"],
        /// The raw table. Its rows are the batch of a cycle. If not stated, each cycle checks every
        /// key of the mart.
        optional source: String = "landing.orders_raw",
        /// If stated, Rowkeep also writes the load of the mart. The newest version of a key wins.
        optional incremental: IncrementalEntry,
        /// Columns that the raw table has and the mart does not have.
        optional source_columns: Entries<String> = { "loaded_at": "timestamp" },
    }

    #[expected("a mapping with `table`")]
    /// One history table for the rows of all times.
    struct HistoryEntry {
        /// The table: name or schema.name.
        required table: String = "orders_archive",
    }

    #[expected("a mapping with `column` and `unit`")]
    /// The time column and its unit.
    struct TimeEntry {
        /// The column.
        required column: String = "updated_at",
        /// epoch_seconds, epoch_millis, timestamp or date. Not required if the type of the column
        /// is date, timestamp or timestamptz.
        optional unit: Word<TimeUnit>,
    }

    #[expected("a mapping with `for`, `until` or `while_in`")]
    /// How long a row stays in the mart: for a length of time, until a time that the row states, or
    /// while its key is in another mart.
    struct RetentionEntry {
        /// A length of time in weeks, days, hours or minutes, such as 180 days, or in months or
        /// years of the calendar, such as 6 months.
        optional r#for: String = "180 days",
        /// With `for`, from when the length is measured back. newest: the newest row of the mart,
        /// but never later than now. now: the clock. newest if not stated.
        optional from: Word<CutoffFrom>,
        /// The time column, if it states when the row expires. A row without a value never expires.
        optional until: String = "expires_at",
        /// The parent model. A row stays while its key is in the mart of this model.
        optional while_in: Either<String, Never, WhileInEntry> = "mart_orders",
    }

    #[expected("a mapping with a comparison")]
    /// Comparisons of one column, all of which must hold.
    struct ComparisonEntry {
        /// null, or not null.
        optional is: Nullness,
        /// One value, or a list of values, that the column must not have. NULL is no such value.
        optional not: Either<Plain, Vec<Field<Plain>>, Never> = ["open", "waiting"],
        /// The lowest value.
        optional at_least: Plain = 10,
        /// The column must have a higher value.
        optional more_than: Plain = 10,
        /// The highest value.
        optional at_most: Plain = 100,
        /// The column must have a lower value.
        optional less_than: Plain = 100,
    }

    #[expected("a mapping with `model` and `on`")]
    /// The parent model, and the columns of the join to it.
    struct WhileInEntry {
        /// The parent model.
        required model: String = "mart_orders",
        /// Pairs of columns that must be equal: a column of this table, and one of the parent.
        required on: Entries<String> = { "order_id": "order_id" },
    }

    #[expected("a mapping with `dist_key`, `sort_key`, `encode` and `index`")]
    /// The physical layout. Engines that have no such layout ignore it.
    struct LayoutEntry {
        /// The column by which rows are distributed.
        optional dist_key: String = "order_id",
        /// The columns by which rows are sorted.
        optional sort_key: Names = ["updated_at", "order_id"],
        /// The compression of columns, such as { note: zstd }, for engines that state it by column.
        optional encode: Entries<String> = { "note": "zstd" },
        /// The indexes of the mart and its history tables: `unique` refuses to store a row twice,
        /// and `unique_key` also refuses a second row of a key in the mart.
        optional index: Word<Indexes>,
    }

    #[expected("a mapping with `select`")]
    /// The privileges that are granted when a table or view is created.
    struct GrantsEntry {
        /// One reader, or a list: a role, or on Redshift a user, group:name or role:name.
        required select: Names = ["reporting", "group:analysts"],
    }

    #[expected("a mapping with `order_by`")]
    /// The load of the mart from its raw table.
    struct IncrementalEntry {
        /// The order that decides which of several raw rows of one key is loaded: the first row. It
        /// must be a total order. If the time is not in the unique key, it must start with the time
        /// descending.
        required order_by: Names = ["updated_at desc", "row_id desc"],
        /// If stated, the load reads only rows that arrived recently. If not stated, it reads the
        /// whole raw table.
        optional lookback: LookbackEntry,
    }

    #[expected("a mapping with `column` and `within`")]
    /// The newest part of the raw table, measured back from the newest value of a column.
    struct LookbackEntry {
        /// The column.
        required column: String = "loaded_at",
        /// How far back, such as 2 hours.
        required within: String = "2 hours",
    }
}

/// The exceptions table: its name, or a mapping with its name and key.
pub(crate) type ExceptionsEntry = Either<String, Never, ExceptionsAtEntry>;

impl TableFile {
    /// The model. `None` if it has an error.
    pub(crate) fn model(&self) -> Option<Spanned<String>> {
        let stated = self.model.get()?;
        match &stated.value {
            Either::Scalar(name) => Some(Spanned { value: name.clone(), span: stated.span }),
            // Invariant: `expand` has made one spec of each model.
            Either::List(_) => None,
            Either::Map(never) => match *never {},
        }
    }

    /// Whether the table has one history table per period. A spec with errors does not need
    /// periods, because its errors are reported.
    pub(crate) fn needs_periods(&self) -> bool {
        match &self.history {
            Field::Set(history) => matches!(history.value, Either::Scalar(_)),
            Field::Missing => matches!(self.archive, Field::Missing),
            Field::Invalid => false,
        }
    }
}
