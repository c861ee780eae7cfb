//! Snowflake. Quoted titles in comments are pages of its SQL reference. Nothing was run on a real
//! account.

use sqlparser::ast::Statement;

#[cfg(feature = "doctor")]
use crate::dialect::Server;
use crate::dialect::expression::{before, call, day_rounded_up, key, name_of, plus, to_date};
use crate::dialect::{
    Encoded, Expression, Folding, Forms, GeneratedColumns, Indexes, MaintenanceKind, ReaderKind, Rules, Shell,
    TableLayout, Trap, ViewColumns, standard,
};
use crate::sql::{SqlType, TimeUnit, literal};

pub(super) struct Snowflake;

/// The start of 1970. TIMESTAMP can mean three types, by a parameter of the account, so it is never
/// written: "TIMESTAMP_LTZ, TIMESTAMP_NTZ, TIMESTAMP_TZ".
const START: &str = "TIMESTAMP_NTZ '1970-01-01 00:00:00'";

/// The same instant, with a zone.
const START_IN_UTC: &str = "TIMESTAMP_TZ '1970-01-01 00:00:00 +00:00'";

/// The clock: when the statement began, in the zone of the session.
fn clock() -> Expression {
    call("current_timestamp", [])
}

/// An instant as a timestamp without a zone, in UTC.
fn in_utc(instant: Expression) -> Expression {
    in_zone(instant, "UTC")
}

/// An instant as a timestamp without a zone.
fn in_zone(instant: Expression, zone: &str) -> Expression {
    to_timestamp(call("convert_timezone", [name_of(zone), instant]))
}

fn to_timestamp(value: Expression) -> Expression {
    call("cast TIMESTAMP_NTZ", [value])
}

/// The number of units that began between 1970 and a timestamp in UTC: it is rounded down.
fn count(unit: &'static str, timestamp: Expression) -> Expression {
    call("datediff", [Expression::Literal(unit.into()), Expression::Literal(START.into()), timestamp])
}

/// A number of units after a start.
fn after(unit: &'static str, number: Expression, start: &'static str) -> Expression {
    call("dateadd", [Expression::Literal(unit.into()), number, Expression::Literal(start.into())])
}

/// A cutoff as a timestamp in UTC.
fn utc(from: TimeUnit) -> Expression {
    match from {
        TimeUnit::EpochSeconds => after("second", Expression::Given, START),
        TimeUnit::EpochMillis => after("millisecond", Expression::Given, START),
        TimeUnit::Timestamptz => in_utc(Expression::Given),
        TimeUnit::Timestamp => Expression::Given,
        TimeUnit::Date => to_timestamp(Expression::Given),
    }
}

impl Rules for Snowflake {
    fn name(&self) -> &'static str {
        "snowflake"
    }

    // "Identifier requirements".
    fn max_name_bytes(&self) -> usize {
        255
    }

    fn quote(&self) -> char {
        '"'
    }

    fn quoted_names_keep_case(&self) -> bool {
        true
    }

    // "Identifier requirements".
    fn folding(&self) -> Folding {
        Folding::Upper
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
        true
    }

    // "Numeric data types": an integer of any size is a NUMBER(38, 0), and FLOAT has 64 bits.
    // "Semi-structured data types": VARIANT.
    fn type_name(&self, ty: SqlType) -> String {
        match ty {
            SqlType::Real | SqlType::Double => "FLOAT".to_owned(),
            SqlType::Text => "VARCHAR".to_owned(),
            SqlType::Json => "VARIANT".to_owned(),
            SqlType::Uuid => "VARCHAR(36)".to_owned(),
            SqlType::Timestamp => "TIMESTAMP_NTZ".to_owned(),
            // TIMESTAMPTZ is a synonym, which not every other parser knows.
            SqlType::Timestamptz => "TIMESTAMP_TZ".to_owned(),
            _ => standard::type_name(ty).unwrap_or_else(|| unreachable!("only text and JSON have no standard name")),
        }
    }

    fn former_type_names(&self) -> &'static [(&'static str, &'static str)] {
        &[("TIMESTAMPTZ", "TIMESTAMP_TZ")]
    }

    fn cast_type(&self, ty: SqlType) -> String {
        self.type_name(ty)
    }

    #[cfg(feature = "doctor")]
    fn catalogue_type(&self, ty: SqlType) -> String {
        unreachable!("the doctor connects only to engines with PostgreSQL's protocol, for {ty}")
    }

    // "Date and time input and output formats": both forms are recognized by default.
    fn instant(&self, day: &str, epoch: i64, unit: TimeUnit) -> String {
        match unit {
            TimeUnit::Timestamptz => format!("CAST('{} +00:00' AS TIMESTAMP_TZ)", literal::instant(epoch)),
            TimeUnit::Timestamp => format!("CAST('{day} 00:00:00' AS TIMESTAMP_NTZ)"),
            TimeUnit::EpochSeconds | TimeUnit::EpochMillis | TimeUnit::Date => standard::instant(day, epoch, unit),
        }
    }

    fn duration(&self, seconds: u64, unit: TimeUnit) -> String {
        standard::duration(seconds, unit)
    }

    fn stored_instant(&self) -> SqlType {
        SqlType::Timestamp
    }

    fn clock_token(&self) -> &'static str {
        "CURRENT_TIMESTAMP()"
    }

    fn clock_is_called(&self) -> bool {
        true
    }

    fn functions(&self) -> &'static [&'static str] {
        &["convert_timezone", "date_part", "dateadd", "datediff", "sha2"]
    }

    fn months(&self, months: u32) -> String {
        standard::months(months)
    }

    fn now_utc(&self) -> Expression {
        in_utc(clock())
    }

    fn now(&self, unit: TimeUnit, zone: &str) -> Expression {
        match unit {
            TimeUnit::EpochSeconds => call("date_part", [Expression::Literal("epoch_second".into()), clock()]),
            TimeUnit::EpochMillis => call("date_part", [Expression::Literal("epoch_millisecond".into()), clock()]),
            TimeUnit::Timestamptz => call("cast TIMESTAMP_TZ", [clock()]),
            TimeUnit::Timestamp => in_zone(clock(), zone),
            TimeUnit::Date => to_date(in_zone(clock(), zone)),
        }
    }

    fn has_uuids(&self) -> bool {
        false
    }

    // Rounds up: DATEDIFF counts the units that began, so almost one unit is added first. Parts of
    // a microsecond can be lost: then a row of this microsecond waits for the next cycle.
    fn converted(&self, from: TimeUnit, to: TimeUnit, months: Option<u32>) -> Expression {
        let at = before(utc(from), months.map(|months| self.months(months)), to_timestamp);
        match to {
            TimeUnit::EpochSeconds => count("second", plus(at, "INTERVAL '999999 microseconds'")),
            TimeUnit::EpochMillis => count("millisecond", plus(at, "INTERVAL '999 microseconds'")),
            TimeUnit::Timestamptz => after("microsecond", count("microsecond", at), START_IN_UTC),
            TimeUnit::Timestamp => at,
            TimeUnit::Date => day_rounded_up(at, to_timestamp),
        }
    }
    fn hashed(&self, ty: SqlType) -> Expression {
        let text = call("cast VARCHAR", [key(ty, "cast BIGINT")]);
        call("sha2", [text, Expression::Literal("256".into())])
    }

    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect {
        &sqlparser::dialect::SnowflakeDialect
    }

    fn trap(&self, _statement: &Statement) -> Option<Trap> {
        None
    }

    // "DELETE", "UPDATE" and "QUALIFY".
    fn forms(&self) -> Forms {
        Forms { delete_using: true, qualify: true, is_distinct_from: true, ..Forms::default() }
    }

    fn accepts(&self, layout: &TableLayout<'_>) -> bool {
        !layout.is_distributed && layout.options.is_empty()
    }

    // "ALTER TABLE ... ALTER COLUMN".
    fn can_drop_not_null(&self) -> bool {
        true
    }

    // "CREATE VIEW": OR REPLACE drops the view.
    fn view_columns(&self) -> ViewColumns {
        ViewColumns::Any
    }

    fn has_unbound_views(&self) -> bool {
        false
    }

    // "CREATE VIEW".
    fn copies_grants_of_views(&self) -> bool {
        true
    }

    fn generated_columns(&self) -> Option<GeneratedColumns> {
        None
    }

    // "Micro-partitions & Data Clustering": they need no clause.
    fn reads_by_partition(&self) -> bool {
        false
    }

    fn partition(&self, _column: &str, _unit: TimeUnit, _start: i64, _end: i64) -> Option<String> {
        None
    }

    // "Clustering Keys & Clustered Tables": no semi-structured column.
    fn sorts_by(&self, ty: SqlType) -> bool {
        ty != SqlType::Json
    }

    fn encodings(&self) -> &'static [(&'static str, Encoded)] {
        &[]
    }

    // Automatic clustering costs credits, so a spec asks for it.
    fn sorts_by_key(&self) -> bool {
        false
    }

    fn has_sort_keys(&self) -> bool {
        false
    }

    // A standard table has no indexes.
    fn indexes(&self) -> Option<Indexes> {
        None
    }

    // A GRANT names one role. Future grants cover the tables that are created later: "GRANT
    // <privileges>".
    fn grantee(&self, _kind: ReaderKind) -> Option<&'static str> {
        None
    }

    // Snowflake maintains its storage automatically.
    fn maintenance(&self, _run: MaintenanceKind) -> Option<&'static str> {
        None
    }

    fn table_info(&self) -> Option<&'static str> {
        None
    }

    // "Overview of Constraints": only NOT NULL is enforced in standard tables.
    #[cfg(feature = "doctor")]
    fn enforces_keys(&self) -> bool {
        false
    }

    fn later_grant(&self) -> Option<&'static str> {
        Some("GRANT SELECT ON FUTURE TABLES")
    }

    // "String & Binary Data Types": the default length is the largest one.
    fn varchar_is_text(&self) -> bool {
        true
    }

    fn shared_rows(&self) -> &'static [&'static str] {
        &[]
    }

    // The templates convert the clock to UTC.
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

    // "Transactions": statements that change one table wait for each other.
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
        "snowflake_default"
    }

    fn airflow_hook_params(&self) -> Option<&'static str> {
        None
    }

    fn shell(&self) -> Shell {
        // The Snowflake CLI stops at the first error. It would read `<%` and `&` as its own syntax.
        // Each answer has a heading, and an empty line after it.
        Shell {
            has_variables: false,
            loud: "snow sql --enable-templating NONE --stdin",
            quiet: "snow sql --enable-templating NONE --stdin --silent",
            bare: "snow sql --enable-templating NONE --stdin --silent --format CSV | awk 'NF && !first; { first = !NF }' first=1",
            timing: "",
            echo: "",
        }
    }

    #[cfg(feature = "rehearse")]
    fn epoch_micros(&self, column: &str) -> String {
        format!("DATE_PART(epoch_microsecond, {column})")
    }
}

/// "Reserved & limited keywords", and the word of "AT | BEFORE".
const RESERVED: &[&str] = &[
    "alter",
    "at",
    "by",
    "connect",
    "current",
    "delete",
    "drop",
    "exists",
    "following",
    "increment",
    "insert",
    "issue",
    "minus",
    "of",
    "qualify",
    "regexp",
    "revoke",
    "rlike",
    "row",
    "rows",
    "sample",
    "set",
    "start",
    "trigger",
    "try_cast",
    "update",
    "values",
    "whenever",
];
