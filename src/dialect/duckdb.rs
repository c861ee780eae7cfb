//! DuckDB 1.5 and later.

use sqlparser::ast::Statement;

#[cfg(feature = "doctor")]
use crate::dialect::Server;
use crate::dialect::expression::{
    at_utc, at_zone, before, call, day_rounded_up, epoch, key_or_uuid, times, to_bigint, to_date, to_timestamp,
};
use crate::dialect::{
    Encoded, Expression, Folding, Forms, GeneratedColumns, Indexes, MaintenanceKind, ReaderKind, Rules, Shell,
    TableLayout, Trap, ViewColumns, standard,
};
use crate::sql::{SqlType, TimeUnit};

pub(super) struct DuckDb;

/// The clock. It has a zone.
fn clock() -> Expression {
    call("current_timestamp", [])
}

fn rounded_down(count: Expression) -> Expression {
    to_bigint(call("floor", [count]))
}

fn rounded_up(count: Expression) -> Expression {
    to_bigint(call("ceil", [count]))
}

fn micros_by(instant: Expression, unit: &'static str) -> Expression {
    call("/", [call("epoch_us", [instant]), Expression::Literal(unit.into())])
}

/// A cutoff as a timestamp in UTC.
fn utc(from: TimeUnit) -> Expression {
    match from {
        TimeUnit::EpochSeconds => call("make_timestamp", [times(Expression::Given, "1000000")]),
        TimeUnit::EpochMillis => call("make_timestamp", [times(Expression::Given, "1000")]),
        TimeUnit::Timestamptz => at_utc(Expression::Given),
        TimeUnit::Timestamp => Expression::Given,
        TimeUnit::Date => to_timestamp(Expression::Given),
    }
}

impl Rules for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    // DuckDB documents no limit. 255 is the common limit of file systems and catalogues.
    fn max_name_bytes(&self) -> usize {
        255
    }

    fn quote(&self) -> char {
        '"'
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

    fn system_columns(&self) -> &'static [&'static str] {
        &[]
    }

    fn allows_dots_in_columns(&self) -> bool {
        true
    }

    fn is_dashed_database(&self, _name: &str) -> bool {
        false
    }

    fn creates_schemas_in_databases(&self) -> bool {
        false
    }

    fn type_name(&self, ty: SqlType) -> String {
        match ty {
            SqlType::Text => "TEXT".to_owned(),
            SqlType::Json => "JSON".to_owned(),
            _ => standard::type_name(ty).unwrap_or_else(|| unreachable!("only text and JSON have no standard name")),
        }
    }

    fn former_type_names(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn cast_type(&self, ty: SqlType) -> String {
        self.type_name(ty)
    }

    #[cfg(feature = "doctor")]
    fn catalogue_type(&self, ty: SqlType) -> String {
        unreachable!("the doctor connects only to engines with PostgreSQL's protocol, for {ty}")
    }

    fn instant(&self, day: &str, epoch: i64, unit: TimeUnit) -> String {
        standard::instant(day, epoch, unit)
    }

    fn duration(&self, seconds: u64, unit: TimeUnit) -> String {
        standard::duration(seconds, unit)
    }

    fn stored_instant(&self) -> SqlType {
        SqlType::Timestamp
    }

    fn clock_token(&self) -> &'static str {
        "CURRENT_TIMESTAMP"
    }

    fn clock_is_called(&self) -> bool {
        false
    }

    fn functions(&self) -> &'static [&'static str] {
        &["epoch_us", "make_timestamp", "sha256"]
    }

    fn now_utc(&self) -> Expression {
        at_utc(clock())
    }

    fn now(&self, unit: TimeUnit, zone: &str) -> Expression {
        match unit {
            TimeUnit::EpochSeconds => rounded_down(epoch(clock())),
            TimeUnit::EpochMillis => rounded_down(times(epoch(clock()), "1000")),
            TimeUnit::Timestamptz => clock(),
            TimeUnit::Timestamp => at_zone(clock(), zone),
            TimeUnit::Date => to_date(at_zone(clock(), zone)),
        }
    }

    fn months(&self, months: u32) -> String {
        standard::months(months)
    }

    fn has_uuids(&self) -> bool {
        true
    }

    fn converted(&self, from: TimeUnit, to: TimeUnit, months: Option<u32>) -> Expression {
        let at = before(utc(from), months.map(|months| self.months(months)), to_timestamp);
        match to {
            TimeUnit::EpochSeconds => rounded_up(micros_by(at, "1000000.0")),
            TimeUnit::EpochMillis => rounded_up(micros_by(at, "1000.0")),
            TimeUnit::Timestamptz => at_utc(at),
            TimeUnit::Timestamp => at,
            TimeUnit::Date => day_rounded_up(at, to_timestamp),
        }
    }
    // The hash comes as a text.
    fn hashed(&self, ty: SqlType) -> Expression {
        call("sha256", [call("cast TEXT", [key_or_uuid(ty)])])
    }

    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect {
        &sqlparser::dialect::DuckDbDialect {}
    }

    // DuckDB runs every form that verify accepts as verify reads it, or refuses it with an error.
    fn trap(&self, _statement: &Statement) -> Option<Trap> {
        None
    }

    /// "DELETE", "UPDATE", "QUALIFY" and "SELECT" in its manual.
    fn forms(&self) -> Forms {
        Forms {
            delete_using: true,
            with_delete: true,
            delete_alias: true,
            update_alias: true,
            limit_in_exists: true,
            is_distinct_from: true,
            qualify: true,
            distinct_on: true,
            now: true,
            on_conflict: true,
            ..Forms::default()
        }
    }

    fn accepts(&self, layout: &TableLayout<'_>) -> bool {
        !layout.is_distributed && !layout.is_clustered && layout.options.is_empty()
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

    fn generated_columns(&self) -> Option<GeneratedColumns> {
        Some(GeneratedColumns::Virtual)
    }

    fn reads_by_partition(&self) -> bool {
        false
    }

    fn partition(&self, _column: &str, _unit: TimeUnit, _start: i64, _end: i64) -> Option<String> {
        None
    }

    fn sorts_by(&self, _ty: SqlType) -> bool {
        true
    }

    fn encodings(&self) -> &'static [(&'static str, Encoded)] {
        &[]
    }

    fn sorts_by_key(&self) -> bool {
        false
    }

    fn has_sort_keys(&self) -> bool {
        false
    }

    // DuckDB joins by hash tables. An index makes inserts and deletes slower: see "A cycle" in
    // docs/explanation/performance.md.
    fn indexes(&self) -> Option<Indexes> {
        Some(Indexes::None)
    }

    // DuckDB has no users.
    fn grantee(&self, _kind: ReaderKind) -> Option<&'static str> {
        None
    }

    // DuckDB accepts VACUUM, but VACUUM does nothing.
    fn maintenance(&self, run: MaintenanceKind) -> Option<&'static str> {
        (run == MaintenanceKind::Analyze).then_some("ANALYZE")
    }

    fn table_info(&self) -> Option<&'static str> {
        None
    }

    #[cfg(feature = "doctor")]
    fn enforces_keys(&self) -> bool {
        true
    }

    fn later_grant(&self) -> Option<&'static str> {
        None
    }

    // "Text Types": VARCHAR and TEXT are one type.
    fn varchar_is_text(&self) -> bool {
        true
    }

    // "Constraints": a foreign key has no ON DELETE CASCADE.
    fn shared_rows(&self) -> &'static [&'static str] {
        &[]
    }

    fn has_local_clock(&self) -> bool {
        false
    }

    fn escaped_quote(&self) -> &'static str {
        "''"
    }

    fn has_advisory_locks(&self) -> bool {
        false
    }

    fn has_external_schemas(&self) -> bool {
        false
    }

    fn has_windowed_loads(&self) -> bool {
        false
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

    fn dbt_append(&self) -> &'static str {
        "append"
    }

    fn airflow_connection(&self) -> &'static str {
        "duckdb_default"
    }

    fn airflow_hook_params(&self) -> Option<&'static str> {
        None
    }

    fn shell(&self) -> Shell {
        Shell {
            has_variables: false,
            loud: "duckdb -bail \"$ROWKEEP_DATABASE\"",
            quiet: "duckdb -bail \"$ROWKEEP_DATABASE\"",
            bare: "duckdb -bail -list -noheader \"$ROWKEEP_DATABASE\"",
            timing: ".timer on",
            echo: ".print",
        }
    }

    #[cfg(feature = "rehearse")]
    fn epoch_micros(&self, column: &str) -> String {
        format!("epoch_us({column})")
    }
}

/// The reserved words of duckdb_keywords().
const RESERVED: &[&str] = &[
    "anti",
    "asof",
    "at",
    "collation",
    "columns",
    "concurrently",
    "describe",
    "generated",
    "glob",
    "lambda",
    "map",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "positional",
    "qualify",
    "semi",
    "show",
    "struct",
    "summarize",
    "try_cast",
    "unpack",
    "unpivot",
];
