//! Google BigQuery, GoogleSQL. Quoted titles in comments are pages of its manual.

use sqlparser::ast::Statement;

#[cfg(feature = "doctor")]
use crate::dialect::Server;
use crate::dialect::expression::{call, key, name_of, plus};
use crate::dialect::{
    Encoded, Expression, Folding, Forms, GeneratedColumns, Indexes, MaintenanceKind, ReaderKind, Rules, Shell,
    TableLayout, Trap, ViewColumns, standard, traps,
};
use crate::sql::{SqlType, TimeUnit, literal};

pub(super) struct BigQuery;

/// The longest period, in days, with one partition per day. A longer period has partitions of about
/// a month. A table has at most 10,000 partitions, and one job changes at most 4,000: "Quotas and
/// limits".
const MOST_DAYS: i64 = 2_000;

/// The clock. It has a zone.
fn clock() -> Expression {
    call("current_timestamp", [])
}

/// An instant with a zone, converted to a unit. The functions round down.
fn counted(instant: Expression, unit: TimeUnit) -> Expression {
    match unit {
        TimeUnit::EpochSeconds => call("unix_seconds", [instant]),
        TimeUnit::EpochMillis => call("unix_millis", [instant]),
        TimeUnit::Date => call("date", [instant]),
        TimeUnit::Timestamptz => instant,
        TimeUnit::Timestamp => call("datetime", [instant]),
    }
}

impl Rules for BigQuery {
    fn name(&self) -> &'static str {
        "bigquery"
    }

    // A column name has at most 300 characters: "Schemas". A table name may be longer.
    fn max_name_bytes(&self) -> usize {
        300
    }

    // "Quoted identifiers": double quotes are for strings.
    fn quote(&self) -> char {
        '`'
    }

    fn quoted_names_keep_case(&self) -> bool {
        false
    }

    fn folding(&self) -> Folding {
        Folding::Kept
    }

    fn reserved_words(&self) -> &'static [&'static str] {
        RESERVED
    }

    // Pseudocolumns of partitioned and of ingested tables.
    fn system_columns(&self) -> &'static [&'static str] {
        &["_partitiontime", "_partitiondate", "_table_suffix", "_file_name"]
    }

    // "Column names": a dot separates a record and its field.
    fn allows_dots_in_columns(&self) -> bool {
        false
    }

    // "Project identifiers": lower-case letters, digits and hyphens.
    fn is_dashed_database(&self, name: &str) -> bool {
        name.contains('-')
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('-')
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }

    // The default project of the client can be a different one.
    fn creates_schemas_in_databases(&self) -> bool {
        true
    }

    // "Data types". A timestamp without a zone is a DATETIME. JSON has no equality.
    fn type_name(&self, ty: SqlType) -> String {
        match ty {
            SqlType::Smallint | SqlType::Integer | SqlType::Bigint => "INT64".to_owned(),
            SqlType::Boolean => "BOOL".to_owned(),
            SqlType::Real | SqlType::Double => "FLOAT64".to_owned(),
            SqlType::Decimal { precision, scale } if scale > 9 || precision - scale > 29 => {
                format!("BIGNUMERIC({precision}, {scale})")
            }
            SqlType::Decimal { precision, scale } => format!("NUMERIC({precision}, {scale})"),
            SqlType::Varchar(n) => format!("STRING({n})"),
            SqlType::Text | SqlType::Json | SqlType::Uuid => "STRING".to_owned(),
            SqlType::Engine(ty) => ty.as_str().to_owned(),
            SqlType::Date => "DATE".to_owned(),
            SqlType::Timestamp => "DATETIME".to_owned(),
            SqlType::Timestamptz => "TIMESTAMP".to_owned(),
        }
    }

    fn former_type_names(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    // "Parameterized data types": only columns have parameters.
    fn cast_type(&self, ty: SqlType) -> String {
        let mut written = self.type_name(ty);
        written.truncate(written.find('(').unwrap_or(written.len()));
        written
    }

    #[cfg(feature = "doctor")]
    fn catalogue_type(&self, ty: SqlType) -> String {
        unreachable!("the doctor connects only to engines with PostgreSQL's protocol, for {ty}")
    }

    fn instant(&self, day: &str, epoch: i64, unit: TimeUnit) -> String {
        match unit {
            TimeUnit::Timestamptz => format!("TIMESTAMP '{}+00'", literal::instant(epoch)),
            TimeUnit::Timestamp => format!("DATETIME '{day} 00:00:00'"),
            TimeUnit::EpochSeconds | TimeUnit::EpochMillis | TimeUnit::Date => standard::instant(day, epoch, unit),
        }
    }

    fn duration(&self, seconds: u64, unit: TimeUnit) -> String {
        match unit {
            TimeUnit::Timestamp | TimeUnit::Timestamptz => format!("INTERVAL {seconds} SECOND"),
            TimeUnit::EpochSeconds | TimeUnit::EpochMillis | TimeUnit::Date => standard::duration(seconds, unit),
        }
    }

    fn stored_instant(&self) -> SqlType {
        SqlType::Timestamptz
    }

    fn clock_token(&self) -> &'static str {
        "CURRENT_TIMESTAMP()"
    }

    fn clock_is_called(&self) -> bool {
        true
    }

    fn functions(&self) -> &'static [&'static str] {
        &[
            "date",
            "datetime",
            "sha256",
            "timestamp",
            "timestamp_millis",
            "timestamp_seconds",
            "to_hex",
            "unix_millis",
            "unix_seconds",
        ]
    }

    fn now_utc(&self) -> Expression {
        clock()
    }

    // DATETIME and DATE take the name of a zone as their second argument.
    fn now(&self, unit: TimeUnit, zone: &str) -> Expression {
        match unit {
            TimeUnit::Timestamp if zone != "UTC" => call("datetime", [clock(), name_of(zone)]),
            TimeUnit::Date if zone != "UTC" => call("date", [clock(), name_of(zone)]),
            _ => counted(clock(), unit),
        }
    }

    fn months(&self, months: u32) -> String {
        format!("INTERVAL {months} MONTH")
    }

    fn has_uuids(&self) -> bool {
        false
    }

    // Rounds up: the functions round down, so almost one unit is added first.
    fn converted(&self, from: TimeUnit, to: TimeUnit, months: Option<u32>) -> Expression {
        let instant = match from {
            TimeUnit::EpochSeconds => call("timestamp_seconds", [Expression::Given]),
            TimeUnit::EpochMillis => call("timestamp_millis", [Expression::Given]),
            TimeUnit::Timestamptz => Expression::Given,
            TimeUnit::Timestamp | TimeUnit::Date => call("timestamp", [Expression::Given]),
        };
        // "Interval arithmetic" in its manual: a TIMESTAMP has no months, a DATETIME has.
        let instant = match months {
            Some(months) => {
                let day = call("datetime", [call("date", [instant])]);
                call("timestamp", [call("-", [day, Expression::Literal(self.months(months).into())])])
            }
            None => instant,
        };
        let instant = match to {
            TimeUnit::EpochSeconds => plus(instant, "INTERVAL 999999 MICROSECOND"),
            TimeUnit::EpochMillis => plus(instant, "INTERVAL 999 MICROSECOND"),
            TimeUnit::Date => plus(instant, "INTERVAL 86399999999 MICROSECOND"),
            TimeUnit::Timestamp | TimeUnit::Timestamptz => instant,
        };
        counted(instant, to)
    }
    // SHA256 returns bytes, and TO_HEX writes them in lower case.
    fn hashed(&self, ty: SqlType) -> Expression {
        call("to_hex", [call("sha256", [call("cast STRING", [key(ty, "cast INT64")])])])
    }

    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect {
        &sqlparser::dialect::BigQueryDialect {}
    }

    fn trap(&self, statement: &Statement) -> Option<Trap> {
        traps::not_googlesql(statement)
    }

    // These options only describe a table or its reads. Other options can expire rows:
    // "table_option_list".
    /// "DML statements" and "Query syntax" in the reference of GoogleSQL.
    fn forms(&self) -> Forms {
        Forms { delete_alias: true, update_alias: true, is_distinct_from: true, qualify: true, ..Forms::default() }
    }

    fn accepts(&self, layout: &TableLayout<'_>) -> bool {
        const HARMLESS: [&str; 4] = ["require_partition_filter", "description", "friendly_name", "labels"];
        !layout.is_distributed && layout.options.iter().all(|option| HARMLESS.contains(option))
    }

    fn can_drop_not_null(&self) -> bool {
        true
    }

    fn view_columns(&self) -> ViewColumns {
        ViewColumns::Any
    }

    fn has_unbound_views(&self) -> bool {
        false
    }

    fn copies_grants_of_views(&self) -> bool {
        false
    }

    // "Set the partition filter requirement".
    fn generated_columns(&self) -> Option<GeneratedColumns> {
        None
    }

    fn reads_by_partition(&self) -> bool {
        true
    }

    // "Partition expression" of CREATE TABLE: integers are partitioned into equal steps of a range.
    fn partition(&self, column: &str, unit: TimeUnit, start: i64, end: i64) -> Option<String> {
        let is_long = (end - start) / 86_400 > MOST_DAYS;
        let (grain, step) = if is_long { ("MONTH", 31 * 86_400) } else { ("DAY", 86_400) };
        let steps = |per_second: i64| {
            let [start, end, step] = [start, end, step].map(|seconds| seconds * per_second);
            format!("RANGE_BUCKET({column}, GENERATE_ARRAY({start}, {end}, {step}))")
        };
        Some(match unit {
            TimeUnit::EpochSeconds => steps(1),
            TimeUnit::EpochMillis => steps(1_000),
            TimeUnit::Date if is_long => format!("DATE_TRUNC({column}, {grain})"),
            TimeUnit::Date => column.to_owned(),
            TimeUnit::Timestamptz => format!("TIMESTAMP_TRUNC({column}, {grain})"),
            TimeUnit::Timestamp => format!("DATETIME_TRUNC({column}, {grain})"),
        })
    }

    // "Clustered columns": a FLOAT64 column cannot cluster rows.
    fn sorts_by(&self, ty: SqlType) -> bool {
        !matches!(ty, SqlType::Real | SqlType::Double)
    }

    fn encodings(&self) -> &'static [(&'static str, Encoded)] {
        &[]
    }

    // A cycle finds rows by their key: "Introduction to clustered tables".
    fn sorts_by_key(&self) -> bool {
        true
    }

    fn has_sort_keys(&self) -> bool {
        false
    }

    fn indexes(&self) -> Option<Indexes> {
        None
    }

    // A table has the access of its dataset: "Control access to resources with IAM".
    fn grantee(&self, _kind: ReaderKind) -> Option<&'static str> {
        None
    }

    // BigQuery maintains its storage automatically.
    fn maintenance(&self, _run: MaintenanceKind) -> Option<&'static str> {
        None
    }

    fn table_info(&self) -> Option<&'static str> {
        None
    }

    #[cfg(feature = "doctor")]
    fn enforces_keys(&self) -> bool {
        false
    }

    fn later_grant(&self) -> Option<&'static str> {
        None
    }

    // "Data types": it has no VARCHAR.
    fn varchar_is_text(&self) -> bool {
        false
    }

    fn shared_rows(&self) -> &'static [&'static str] {
        &[]
    }

    fn has_local_clock(&self) -> bool {
        false
    }

    // "String and bytes literals" in the reference of GoogleSQL.
    fn escaped_quote(&self) -> &'static str {
        "\\'"
    }

    fn has_advisory_locks(&self) -> bool {
        false
    }

    fn has_external_schemas(&self) -> bool {
        false
    }

    fn has_windowed_loads(&self) -> bool {
        true
    }

    fn speaks_postgres(&self) -> bool {
        false
    }

    fn needs_snapshot_isolation(&self) -> bool {
        false
    }

    #[cfg(feature = "doctor")]
    fn server(&self) -> Option<Server> {
        None
    }

    // dbt-bigquery has no `append`. `merge` without a unique key only inserts.
    fn dbt_append(&self) -> &'static str {
        "merge"
    }

    fn airflow_connection(&self) -> &'static str {
        "bigquery_default"
    }

    fn airflow_hook_params(&self) -> Option<&'static str> {
        Some("{\"use_legacy_sql\": False}")
    }

    fn shell(&self) -> Shell {
        // bq runs all statements as one script, which stops at the first error.
        Shell {
            has_variables: false,
            loud: "bq query --use_legacy_sql=false",
            quiet: "bq --quiet --format=none query --use_legacy_sql=false",
            bare: "bq --quiet --format=csv query --use_legacy_sql=false",
            timing: "",
            echo: "",
        }
    }

    #[cfg(feature = "rehearse")]
    fn epoch_micros(&self, column: &str) -> String {
        format!("UNIX_MICROS(TIMESTAMP({column}))")
    }
}

/// "Reserved keywords". The common list has a few words that BigQuery does not reserve. To quote
/// them is harmless.
const RESERVED: &[&str] = &[
    "assert_rows_modified",
    "at",
    "by",
    "contains",
    "cube",
    "current",
    "define",
    "enum",
    "escape",
    "exclude",
    "exists",
    "extract",
    "following",
    "grouping",
    "groups",
    "hash",
    "if",
    "ignore",
    "interval",
    "lookup",
    "merge",
    "new",
    "no",
    "nulls",
    "of",
    "over",
    "partition",
    "preceding",
    "proto",
    "qualify",
    "range",
    "recursive",
    "respect",
    "rollup",
    "rows",
    "set",
    "struct",
    "treat",
    "unbounded",
    "unnest",
    "within",
];
