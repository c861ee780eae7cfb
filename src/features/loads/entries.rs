//! The YAML of a windowed load: the keys that each mapping may have, and their types. The comments
//! become the descriptions of the JSON Schema.

use crate::project::files::Names;
use crate::project::scalar::Amount;
use crate::project::shape::{Entries, Word, Words, shape};

/// The end of the window of event dates of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    RunDate,
}

impl Words for Until {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("run_date", Until::RunDate)]
    }
}

shape! {
    #[expected("a windowed load")]
    /// A windowed load. It selects rows by two windows: one of ingestion time, one of event date.
    struct LoadEntry {
        /// The name of the load. It is part of the names of its files, dbt models and temp tables.
        required name: String = "daily_orders",
        /// The table into which rows are ingested.
        required source: String = "landing.orders",
        /// A file with one SELECT that returns `columns`. If not stated, the load reads the source
        /// itself.
        optional model: String = "models/daily_orders.sql",
        /// The columns to select, in order, each with its type.
        required columns: Entries<String> = { "order_id": "bigint", "amount": "decimal(12, 2)" },
        /// The column or columns that identify a row. Required if there is an `aggregate`, which
        /// uses the version that was ingested last.
        optional unique_key: Names = ["order_id", "line_number"],
        /// The window of ingestion time.
        required ingestion: IngestionEntry,
        /// The window of event dates.
        optional event: EventEntry,
        /// Rows with an event date before this day are never loaded, YYYY-MM-DD.
        optional floor: String = "2025-01-01",
        /// How long the source keeps a row, such as 90 days. A run of a date of which the source
        /// has already deleted rows stops. If not stated, the source keeps its rows.
        optional source_keeps: String = "90 days",
        /// A boolean column. Rows in which it is true are left out.
        optional exclude: String = "is_test",
        /// The column by which the monitor of late rows groups them, such as the name of the
        /// source system.
        optional origin: String = "source_system",
        /// The temp table of the batch. Rowkeep adds the run date to its name; tmp_<name> if not
        /// stated.
        optional temp: String = "tmp_orders",
        /// A table of totals per event date, computed from the rows in the window.
        optional aggregate: AggregateEntry,
        /// The limits of the monitors.
        optional alarms: AlarmsEntry,
        /// The BigQuery location of the jobs, such as us or europe-west1; us if not stated.
        optional location: String = "europe-west1",
    }

    #[expected("a mapping with `column` and `within`")]
    /// The window of ingestion time. It ends at the end of the run date.
    struct IngestionEntry {
        /// The column with the ingestion time.
        required column: String = "ingested_at",
        /// How far before the end of the run date the window begins, such as 48 hours.
        required within: String = "48 hours",
    }

    #[expected("a mapping with `column`, `within` and `until`")]
    /// The window of event dates.
    struct EventEntry {
        /// The column with the event date.
        required column: String = "event_date",
        /// How far before the run date the window begins, such as 7 days. If not stated, a run
        /// also loads old rows that were ingested again.
        optional within: String = "7 days",
        /// The last day of the window: run_date, which is included.
        required until: Word<Until>,
    }

    #[expected("a mapping with `into`, `by` and `columns`")]
    /// A table of totals per event date, computed from the newest version of each row in the
    /// window.
    struct AggregateEntry {
        /// The table whose days are replaced.
        required into: String = "analytics.orders_by_day",
        /// The columns to group by: the event column, and any others.
        required by: Names = ["event_date", "country"],
        /// The computed columns: count, or sum, min or max followed by a column.
        required columns: Entries<String> = { "orders": "count", "revenue": "sum amount" },
        /// The temp table of the aggregate. Rowkeep adds the run date to its name;
        /// tmp_<name>_updates if not stated.
        optional temp: String = "tmp_orders_updates",
    }

    #[expected("a mapping with `span`, `run`, `slot_hours`, `cost` and `per_tib`")]
    /// The limits of the monitors of a load. A monitor returns rows if its limit is exceeded.
    struct AlarmsEntry {
        /// The most days between the first and the last event date of a batch. If not stated, the
        /// length of the event window, or 7 days if there is none.
        optional span: String = "7 days",
        /// The longest duration of a statement; 20 minutes if not stated.
        optional run: String = "20 minutes",
        /// The most slot-hours on one day; 30 if not stated.
        optional slot_hours: Amount = 30,
        /// The highest cost of one day. If not stated, there is no monitor of the cost.
        optional cost: Amount = 50,
        /// The price of one billed tebibyte. Required if `cost` is stated.
        optional per_tib: Amount = 6.25,
    }
}
