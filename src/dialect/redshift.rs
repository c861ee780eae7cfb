//! Amazon Redshift. Quoted titles in comments are pages of its SQL reference.

use sqlparser::ast::Statement;

#[cfg(feature = "doctor")]
use crate::dialect::Server;
use crate::dialect::expression::{
    at_utc, at_zone, before, call, day_rounded_up, epoch, key, plus, since_1970, times, to_bigint, to_date,
    to_timestamp,
};
use crate::dialect::{
    Encoded, Expression, Folding, Forms, GeneratedColumns, Indexes, MaintenanceKind, ReaderKind, Rules, Shell,
    TableLayout, Trap, ViewColumns, standard, traps,
};
use crate::sql::{SqlType, TimeUnit};

pub(super) struct Redshift;

/// The clock. It has no zone, and its time is UTC.
fn clock() -> Expression {
    call("getdate", [])
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

impl Rules for Redshift {
    fn name(&self) -> &'static str {
        "redshift"
    }

    // "Names and identifiers".
    fn max_name_bytes(&self) -> usize {
        127
    }

    fn quote(&self) -> char {
        '"'
    }

    fn quoted_names_keep_case(&self) -> bool {
        false
    }

    fn folding(&self) -> Folding {
        Folding::Lower
    }

    fn reserved_words(&self) -> &'static [&'static str] {
        RESERVED
    }

    // Redshift is derived from PostgreSQL: "System Columns" in PostgreSQL's manual.
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
            // TEXT is VARCHAR(256) here, which is too short. Use the longest VARCHAR: "Character
            // types".
            SqlType::Text => format!("VARCHAR({})", SqlType::MAX_VARCHAR),
            SqlType::Json => "SUPER".to_owned(),
            // Redshift has no type for it: "Unsupported PostgreSQL data types".
            SqlType::Uuid => "VARCHAR(36)".to_owned(),
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
        let ty = match ty {
            SqlType::Text => SqlType::Varchar(SqlType::MAX_VARCHAR),
            SqlType::Uuid => SqlType::Varchar(36),
            ty => ty,
        };
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
        "GETDATE()"
    }

    fn clock_is_called(&self) -> bool {
        // GETDATE is an ordinary function. CURRENT_TIMESTAMP has no parentheses.
        false
    }

    fn functions(&self) -> &'static [&'static str] {
        &["datediff", "getdate", "rtrim", "sha2"]
    }

    fn now_utc(&self) -> Expression {
        clock()
    }

    fn now(&self, unit: TimeUnit, zone: &str) -> Expression {
        // "AT TIME ZONE": a timestamp of a zone becomes an instant, and an instant a timestamp.
        let local = || if zone == "UTC" { clock() } else { at_zone(at_utc(clock()), zone) };
        match unit {
            TimeUnit::EpochSeconds => to_bigint(epoch(clock())),
            TimeUnit::EpochMillis => times(to_bigint(epoch(clock())), "1000"),
            TimeUnit::Timestamptz => at_utc(clock()),
            TimeUnit::Timestamp => local(),
            TimeUnit::Date => to_date(local()),
        }
    }

    fn months(&self, months: u32) -> String {
        standard::months(months)
    }

    fn has_uuids(&self) -> bool {
        false
    }

    fn converted(&self, from: TimeUnit, to: TimeUnit, months: Option<u32>) -> Expression {
        let at = before(utc(from), months.map(|months| self.months(months)), to_timestamp);
        match to {
            TimeUnit::EpochSeconds => to_bigint(epoch(plus(at, "INTERVAL '999999 microseconds'"))),
            TimeUnit::EpochMillis => call(
                "datediff",
                [
                    Expression::Literal("millisecond".into()),
                    Expression::Literal("TIMESTAMP '1970-01-01 00:00:00'".into()),
                    plus(at, "INTERVAL '999 microseconds'"),
                ],
            ),
            TimeUnit::Timestamptz => at_utc(at),
            TimeUnit::Timestamp => at,
            TimeUnit::Date => day_rounded_up(at, to_timestamp),
        }
    }
    // "Character types": comparisons ignore blanks at the end of a text.
    fn hashed(&self, ty: SqlType) -> Expression {
        let text = call("cast VARCHAR(65535)", [key(ty, "cast BIGINT")]);
        call("sha2", [call("rtrim", [text]), Expression::Literal("256".into())])
    }

    fn grammar(&self) -> &'static dyn sqlparser::dialect::Dialect {
        &sqlparser::dialect::RedshiftSqlDialect {}
    }

    fn trap(&self, statement: &Statement) -> Option<Trap> {
        traps::correlated_subquery(statement)
    }

    /// "DELETE", "UPDATE", "QUALIFY clause" and "CREATE TABLE" in its SQL reference. A DELETE has
    /// no alias there, and a subquery beside a correlation has no LIMIT.
    fn forms(&self) -> Forms {
        Forms {
            delete_using: true,
            with_delete: true,
            update_alias: true,
            qualify: true,
            encode: true,
            ..Forms::default()
        }
    }

    fn accepts(&self, layout: &TableLayout<'_>) -> bool {
        !layout.is_clustered && layout.options.is_empty()
    }

    // "CREATE VIEW": the new query must have the same columns.
    fn can_drop_not_null(&self) -> bool {
        false
    }

    fn view_columns(&self) -> ViewColumns {
        ViewColumns::Same
    }

    // "CREATE VIEW": late-binding views.
    fn has_unbound_views(&self) -> bool {
        true
    }

    fn copies_grants_of_views(&self) -> bool {
        false
    }

    fn generated_columns(&self) -> Option<GeneratedColumns> {
        None
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

    // "Compression encodings".
    fn encodings(&self) -> &'static [(&'static str, Encoded)] {
        &[
            ("raw", Encoded::Most),
            ("az64", Encoded::Numbers),
            ("bytedict", Encoded::Most),
            ("delta", Encoded::Numbers),
            ("delta32k", Encoded::Numbers),
            ("lzo", Encoded::Most),
            ("mostly8", Encoded::Numbers),
            ("mostly16", Encoded::Numbers),
            ("mostly32", Encoded::Numbers),
            ("runlength", Encoded::Most),
            ("text255", Encoded::Texts),
            ("text32k", Encoded::Texts),
            ("zstd", Encoded::Most),
        ]
    }

    // "Choose the best sort key" in the manual: a time that statements filter by comes first.
    fn has_sort_keys(&self) -> bool {
        true
    }

    // Redshift chooses the sort key itself if none is stated: "Automatic table optimization".
    fn sorts_by_key(&self) -> bool {
        false
    }

    fn indexes(&self) -> Option<Indexes> {
        None
    }

    // "GRANT": a user has no keyword.
    fn grantee(&self, kind: ReaderKind) -> Option<&'static str> {
        Some(match kind {
            ReaderKind::User => "",
            ReaderKind::Group => "GROUP ",
            ReaderKind::Role => "ROLE ",
        })
    }

    // "VACUUM" and "ANALYZE".
    fn maintenance(&self, run: MaintenanceKind) -> Option<&'static str> {
        Some(match run {
            MaintenanceKind::Vacuum => "VACUUM",
            MaintenanceKind::VacuumDelete => "VACUUM DELETE ONLY",
            MaintenanceKind::VacuumSort => "VACUUM SORT ONLY",
            MaintenanceKind::Analyze => "ANALYZE",
        })
    }

    // "SVV_TABLE_INFO".
    fn table_info(&self) -> Option<&'static str> {
        Some("svv_table_info")
    }

    #[cfg(feature = "doctor")]
    fn enforces_keys(&self) -> bool {
        false
    }

    fn later_grant(&self) -> Option<&'static str> {
        Some("ALTER DEFAULT PRIVILEGES")
    }

    // "Character types": without a length, VARCHAR has 256 bytes.
    fn varchar_is_text(&self) -> bool {
        false
    }

    // "Defining constraints": keys are not enforced.
    fn shared_rows(&self) -> &'static [&'static str] {
        &[]
    }

    // "GETDATE function": the time zone of the session, which is UTC by default.
    fn has_local_clock(&self) -> bool {
        true
    }

    fn escaped_quote(&self) -> &'static str {
        "''"
    }

    fn has_advisory_locks(&self) -> bool {
        false
    }

    fn has_external_schemas(&self) -> bool {
        true
    }

    fn has_windowed_loads(&self) -> bool {
        false
    }

    fn speaks_postgres(&self) -> bool {
        true
    }

    // "Serializable isolation": error 1023.
    fn needs_snapshot_isolation(&self) -> bool {
        true
    }

    #[cfg(feature = "doctor")]
    fn server(&self) -> Option<Server> {
        Some(Server {
            version_mark: "Redshift",
            session: None,
            isolation_help: "run `ALTER DATABASE ... ISOLATION LEVEL SNAPSHOT` while no user is connected; or run one model at a time",
        })
    }

    fn dbt_append(&self) -> &'static str {
        "append"
    }

    fn airflow_connection(&self) -> &'static str {
        "redshift_default"
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

/// "Reserved words".
const RESERVED: &[&str] = &[
    "aes128",
    "aes256",
    "allowoverwrite",
    "az64",
    "backup",
    "blanksasnull",
    "bytedict",
    "bzip2",
    "connect",
    "credentials",
    "current_user_id",
    "deflate",
    "defrag",
    "delta",
    "delta32k",
    "disable",
    "emptyasnull",
    "enable",
    "encode",
    "encrypt",
    "encryption",
    "explicit",
    "globaldict256",
    "globaldict64k",
    "gzip",
    "identity",
    "ignore",
    "interval",
    "language",
    "luns",
    "lzo",
    "lzop",
    "minus",
    "mostly16",
    "mostly32",
    "mostly8",
    "new",
    "nulls",
    "off",
    "offline",
    "oid",
    "old",
    "open",
    "parallel",
    "partition",
    "percent",
    "permissions",
    "pivot",
    "qualify",
    "raw",
    "readratio",
    "recover",
    "rejectlog",
    "resort",
    "respect",
    "restore",
    "snapshot",
    "sysdate",
    "system",
    "tag",
    "tdes",
    "text255",
    "text32k",
    "timestamp",
    "top",
    "truncatecolumns",
    "unnest",
    "unpivot",
    "wallet",
    "without",
];
