//! A shim that runs statements for BigQuery on DuckDB. It renames types and functions, and sets the
//! time zone. A statement that needs more of BigQuery fails on DuckDB, so the gap is visible.
#![allow(dead_code, reason = "each test target uses a part")]

use rowkeep::rehearse::{DuckDb, Engine, Record};
use rowkeep::{Dialect, Error};

/// The functions that statements call. A BigQuery TIMESTAMP is an instant, and a DATETIME has no
/// zone.
pub const FUNCTIONS: &str = "
    SET TimeZone = 'UTC';
    CREATE MACRO unix_seconds(t) AS CAST(floor(epoch_us(t) / 1000000.0) AS BIGINT);
    CREATE MACRO unix_millis(t) AS CAST(floor(epoch_us(t) / 1000.0) AS BIGINT);
    CREATE MACRO timestamp_seconds(n) AS TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_microseconds(n * 1000000);
    CREATE MACRO timestamp_millis(n) AS TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_microseconds(n * 1000);
    CREATE MACRO of_datetime(t) AS CAST(t AS TIMESTAMP), (t, zone) AS timezone(zone, CAST(t AS TIMESTAMPTZ));
    CREATE MACRO of_sha256(t) AS unhex(sha256(t));
    CREATE MACRO of_hex(b) AS lower(hex(b));
    CREATE MACRO of_date(t) AS CAST(CAST(t AS TIMESTAMP) AS DATE);
    CREATE MACRO of_difference(t, o, unit) AS date_diff(unit, o, t);
    CREATE MACRO of_timestamp(t) AS CAST(CAST(t AS TIMESTAMP) AS TIMESTAMPTZ);
";

/// Clauses about storage start with these texts.
const LAYOUT: [&str; 4] = [" CLUSTER BY ", "\nCLUSTER BY ", "\nPARTITION BY ", "\nOPTIONS ("];

/// Translates a statement from BigQuery to DuckDB.
pub fn in_duckdb(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => 1 + rest[1..].find('\'').map_or(rest.len() - 1, |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        out.push_str(match (piece, behind.starts_with('(')) {
            ("`", _) => "\"",
            ("DATE", true) => "of_date",
            ("DATE_DIFF" | "TIMESTAMP_DIFF", true) => "of_difference",
            ("DATETIME", true) => "of_datetime",
            ("SHA256", true) => "of_sha256",
            ("TO_HEX", true) => "of_hex",
            ("TIMESTAMP", true) => "of_timestamp",
            ("DATETIME", false) => "TIMESTAMP",
            ("TIMESTAMP", false) => "TIMESTAMPTZ",
            ("INT64", _) => "BIGINT",
            ("FLOAT64", _) => "DOUBLE",
            ("STRING", _) => "VARCHAR",
            ("BIGNUMERIC", _) => "NUMERIC",
            _ => piece,
        });
        rest = behind;
        // In DuckDB, the unit of a difference is a string.
        if matches!(piece, "DAY" | "SECOND") && rest.starts_with(')') && out.ends_with(&format!(", {piece}")) {
            out.truncate(out.len() - piece.len());
            out.push_str(&format!("'{}'", piece.to_lowercase()));
        }
        // In INTERVAL, DuckDB accepts a number only up to 32 bits, but any string.
        if piece == "INTERVAL"
            && let Some((number, unit)) = rest.trim_start().split_once(' ')
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            out.push_str(&format!(" '{number}' "));
            rest = unit;
        }
        // DuckDB has no clauses for storage and expiration, so they are removed.
        while let Some(skipped) = LAYOUT.iter().find(|begin| rest.starts_with(**begin)) {
            let end = rest[skipped.len()..].find('\n').map_or(rest.len(), |end| end + skipped.len());
            if rest[..end].ends_with(" AS") {
                out.push_str(" AS");
            }
            rest = &rest[end..];
        }
    }
    out
}

/// An engine that takes statements for BigQuery. The own statements of a rehearsal are DuckDB
/// statements with BigQuery quotes.
pub struct BigQuery(DuckDb);

impl BigQuery {
    pub fn open() -> Result<Self, Error> {
        DuckDb::open().map(Self)
    }
}

impl Engine for BigQuery {
    fn dialect(&self) -> Dialect {
        Dialect::BigQuery
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        self.0.reset(schemas)?;
        self.0.run(FUNCTIONS)
    }

    fn place(&self, schema: &[String]) -> Option<String> {
        self.0.place(schema)
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        let is_own = sql.starts_with("INSERT INTO") && sql.contains(" VALUES (");
        self.0.run(&if is_own { sql.replace('`', "\"") } else { in_duckdb(sql) })
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        self.0.rows(&sql.replace('`', "\"").replace("UNIX_MICROS(TIMESTAMP(", "epoch_us(("))
    }
}
