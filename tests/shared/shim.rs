//! BigQuery, as far as a DuckDB can stand in for it: types and functions by other names, and its zone. Whatever statement uses
//! more of BigQuery than stands here fails on DuckDB, which shows.
#![allow(dead_code, reason = "each test takes what it needs")]

use rowkeep::rehearse::{DuckDb, Engine, Record};
use rowkeep::{Dialect, Error};

/// The functions that statements call. A TIMESTAMP of BigQuery is an instant, a DATETIME has no zone.
pub const FUNCTIONS: &str = "
    SET TimeZone = 'UTC';
    CREATE MACRO unix_seconds(t) AS CAST(floor(epoch_us(t) / 1000000.0) AS BIGINT);
    CREATE MACRO unix_millis(t) AS CAST(floor(epoch_us(t) / 1000.0) AS BIGINT);
    CREATE MACRO timestamp_seconds(n) AS TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_microseconds(n * 1000000);
    CREATE MACRO timestamp_millis(n) AS TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_microseconds(n * 1000);
    CREATE MACRO of_datetime(t) AS CAST(t AS TIMESTAMP);
    CREATE MACRO of_date(t) AS CAST(CAST(t AS TIMESTAMP) AS DATE);
    CREATE MACRO of_difference(t, o, unit) AS date_diff(unit, o, t);
    CREATE MACRO of_timestamp(t) AS CAST(CAST(t AS TIMESTAMP) AS TIMESTAMPTZ);
";

/// What begins a line, or its end, about storage.
const LAYOUT: [&str; 4] = [" CLUSTER BY ", "\nCLUSTER BY ", "\nPARTITION BY ", "\nOPTIONS ("];

/// A statement in DuckDB's words.
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
        // The unit of a difference is a text in DuckDB.
        if matches!(piece, "DAY" | "SECOND") && rest.starts_with(')') && out.ends_with(&format!(", {piece}")) {
            out.truncate(out.len() - piece.len());
            out.push_str(&format!("'{}'", piece.to_lowercase()));
        }
        // DuckDB reads a number there that fits in 32 bits, and any text.
        if piece == "INTERVAL"
            && let Some((number, unit)) = rest.trim_start().split_once(' ')
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            out.push_str(&format!(" '{number}' "));
            rest = unit;
        }
        // Where rows are stored, and how long a table stays, is nothing to DuckDB.
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

/// An engine that takes statements for BigQuery. What a rehearsal writes and reads for itself is in DuckDB's words but for the
/// quotes of names.
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
