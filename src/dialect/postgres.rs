//! PostgreSQL 15 and later. Quoted titles in comments are pages of its manual.

use sqlparser::ast::Statement;

#[cfg(feature = "doctor")]
use crate::dialect::Server;
use crate::dialect::expression::{
    at_utc, at_zone, before, call, day_rounded_up, epoch, key_or_uuid, since_1970, times, to_bigint, to_date,
    to_timestamp,
};
use crate::dialect::{
    Encoded, Expression, Folding, Forms, GeneratedColumns, Indexes, MaintenanceKind, ReaderKind, Rules, Shell,
    TableLayout, Trap, ViewColumns, standard,
};
use crate::sql::{SqlType, TimeUnit};

pub(super) struct Postgres;

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

/// A cutoff as a timestamp in UTC.
fn utc(from: TimeUnit) -> Expression {
    match from {
        TimeUnit::EpochSeconds => since_1970(Expression::Given, "INTERVAL '1 second'"),
        TimeUnit::EpochMillis => since_1970(Expression::Given, "INTERVAL '1 millisecond'"),
        TimeUnit::Timestamptz => at_utc(Expression::Given),
        TimeUnit::Timestamp => Expression::Given,
        TimeUnit::Date => to_timestamp(Expression::Given),
    }
}

impl Rules for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    // NAMEDATALEN minus 1: "Identifiers and Key Words".
    fn max_name_bytes(&self) -> usize {
        63
    }

    fn quote(&self) -> char {
        '"'
    }

    fn quoted_names_keep_case(&self) -> bool {
        true
    }

    fn folding(&self) -> Folding {
        Folding::Lower
    }

    fn reserved_words(&self) -> &'static [&'static str] {
        RESERVED
    }

    // "System Columns".
    fn system_columns(&self) -> &'static [&'static str] {
        &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]
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
            // Type json has no equality, and the load compares columns to find a corrected row:
            // "JSON Types".
            SqlType::Json => "JSONB".to_owned(),
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
        standard::catalogue_type(ty, &self.type_name(ty))
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
        &["convert_to", "encode", "sha256"]
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
            TimeUnit::EpochSeconds => rounded_up(epoch(at)),
            TimeUnit::EpochMillis => rounded_up(times(epoch(at), "1000")),
            TimeUnit::Timestamptz => at_utc(at),
            TimeUnit::Timestamp => at,
            TimeUnit::Date => day_rounded_up(at, to_timestamp),
        }
    }
    // "Binary String Functions": the hash of the bytes, which ENCODE writes in lower case.
    fn hashed(&self, ty: SqlType) -> Expression {
        let text = call("cast TEXT", [key_or_uuid(ty)]);
        let bytes = call("convert_to", [text, Expression::Literal("'UTF8'".into())]);
        call("encode", [call("sha256", [bytes]), Expression::Literal("'hex'".into())])
    }

    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect {
        &sqlparser::dialect::PostgreSqlDialect {}
    }

    // PostgreSQL runs every form that verify accepts as verify reads it, or refuses it with an
    // error.
    fn trap(&self, _statement: &Statement) -> Option<Trap> {
        None
    }

    /// "DELETE", "UPDATE", "SELECT" and "Comparison Functions and Operators" in its manual.
    fn forms(&self) -> Forms {
        Forms {
            delete_using: true,
            with_delete: true,
            delete_alias: true,
            update_alias: true,
            limit_in_exists: true,
            is_distinct_from: true,
            distinct_on: true,
            now: true,
            overriding: true,
            on_conflict: true,
            ..Forms::default()
        }
    }

    fn accepts(&self, layout: &TableLayout<'_>) -> bool {
        !layout.is_distributed && !layout.is_clustered && layout.options.is_empty()
    }

    // "CREATE VIEW": it can only add columns at the end.
    fn can_drop_not_null(&self) -> bool {
        true
    }

    fn view_columns(&self) -> ViewColumns {
        ViewColumns::Appended
    }

    fn has_unbound_views(&self) -> bool {
        false
    }

    fn copies_grants_of_views(&self) -> bool {
        false
    }

    fn generated_columns(&self) -> Option<GeneratedColumns> {
        Some(GeneratedColumns::Stored)
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

    // Without an index, a cycle reads every open history table as a whole.
    fn indexes(&self) -> Option<Indexes> {
        Some(Indexes::Unique)
    }

    // Users and groups are roles: "GRANT".
    fn grantee(&self, _kind: ReaderKind) -> Option<&'static str> {
        Some("")
    }

    // PostgreSQL keeps no sort order of rows, so there is no VACUUM that sorts.
    fn maintenance(&self, run: MaintenanceKind) -> Option<&'static str> {
        match run {
            MaintenanceKind::Vacuum | MaintenanceKind::VacuumDelete => Some("VACUUM"),
            MaintenanceKind::VacuumSort => None,
            MaintenanceKind::Analyze => Some("ANALYZE"),
        }
    }

    fn table_info(&self) -> Option<&'static str> {
        None
    }

    #[cfg(feature = "doctor")]
    fn enforces_keys(&self) -> bool {
        true
    }

    fn later_grant(&self) -> Option<&'static str> {
        Some("ALTER DEFAULT PRIVILEGES")
    }

    // "Character Types": without a length, any size.
    fn varchar_is_text(&self) -> bool {
        true
    }

    fn shared_rows(&self) -> &'static [&'static str] {
        &["pg_catalog.pg_constraint", "pg_catalog.pg_inherits"]
    }

    fn has_local_clock(&self) -> bool {
        false
    }

    fn escaped_quote(&self) -> &'static str {
        "''"
    }

    // "Advisory Locks".
    fn has_advisory_locks(&self) -> bool {
        true
    }

    fn has_external_schemas(&self) -> bool {
        false
    }

    fn has_windowed_loads(&self) -> bool {
        false
    }

    fn speaks_postgres(&self) -> bool {
        true
    }

    fn needs_snapshot_isolation(&self) -> bool {
        false
    }

    #[cfg(feature = "doctor")]
    fn server(&self) -> Option<Server> {
        Some(Server {
            version_mark: "PostgreSQL",
            // DDL blocks readers of its table. The doctor stops waiting after this time.
            session: Some("SET lock_timeout = '20s'"),
            isolation_help: "set default_transaction_isolation to read committed for the role that runs cycles; or run one model at a time",
        })
    }

    fn dbt_append(&self) -> &'static str {
        "append"
    }

    fn airflow_connection(&self) -> &'static str {
        "postgres_default"
    }

    fn airflow_hook_params(&self) -> Option<&'static str> {
        None
    }

    fn shell(&self) -> Shell {
        Shell {
            has_variables: true,
            // -X ignores ~/.psqlrc. It can turn autocommit off, and then nothing is committed.
            loud: "psql -X \"$ROWKEEP_URL\" -v ON_ERROR_STOP=1",
            quiet: "psql -X \"$ROWKEEP_URL\" -v ON_ERROR_STOP=1 -q",
            bare: "psql -X \"$ROWKEEP_URL\" -v ON_ERROR_STOP=1 -q -At",
            timing: "\\timing on",
            echo: "\\\\echo",
        }
    }

    #[cfg(feature = "rehearse")]
    fn epoch_micros(&self, column: &str) -> String {
        format!("CAST(EXTRACT(EPOCH FROM {column}) * 1000000 AS BIGINT)")
    }
}

/// Appendix "SQL Key Words": reserved, and reserved (can be function or type).
const RESERVED: &[&str] = &["collation", "concurrently", "system_user"];
