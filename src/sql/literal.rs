//! Literals: texts, instants and lengths of time.

use crate::dialect::Dialect;

/// How a time column counts. All of them are UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// A timestamp, with or without a zone.
    Timestamp,
    /// A day.
    Date,
}

impl TimeUnit {
    /// The unit in one word; a timestamp with a zone is a unit of its own.
    pub(crate) fn name(self, zoned: bool) -> &'static str {
        match self {
            Self::EpochSeconds => "epoch_seconds",
            Self::EpochMillis => "epoch_millis",
            Self::Timestamp if zoned => "timestamptz",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
        }
    }
}

/// A text as an SQL literal; `None` if it holds what no engine should have to interpret.
pub(crate) fn text(text: &str) -> Option<String> {
    // A backslash escapes on Redshift and BigQuery and not on PostgreSQL; a doubled quote is one everywhere but on BigQuery.
    // Nothing that Rowkeep writes needs either.
    if text.chars().any(|c| c.is_control() || matches!(c, '\\' | '\'')) {
        return None;
    }
    Some(format!("'{text}'"))
}

/// Midnight UTC of a day (`YYYY-MM-DD`, and its seconds since 1970) as a column of that unit holds it.
///
/// A zoned column gets a zoned literal: a bare one would shift with the session's zone.
pub(crate) fn instant(day: &str, epoch: i64, unit: TimeUnit, zoned: bool, dialect: Dialect) -> String {
    match unit {
        TimeUnit::EpochSeconds => epoch.to_string(),
        // Years 1 to 9999 in milliseconds stay far below what 64 bits hold.
        TimeUnit::EpochMillis => (epoch * 1_000).to_string(),
        TimeUnit::Timestamp if zoned && dialect == Dialect::BigQuery => format!("TIMESTAMP '{day} 00:00:00+00'"),
        TimeUnit::Timestamp if dialect == Dialect::BigQuery => format!("DATETIME '{day} 00:00:00'"),
        TimeUnit::Timestamp if zoned => format!("TIMESTAMPTZ '{day} 00:00:00+00'"),
        TimeUnit::Timestamp => format!("TIMESTAMP '{day} 00:00:00'"),
        TimeUnit::Date => format!("DATE '{day}'"),
    }
}

/// A length of time, as it is taken from a column of that unit: fixed, never calendar days or months.
///
/// Invariant, by resolve: whole days where the unit is a date, and at most a hundred years.
pub(crate) fn duration(seconds: u64, unit: TimeUnit, dialect: Dialect) -> String {
    match unit {
        TimeUnit::EpochSeconds => seconds.to_string(),
        TimeUnit::EpochMillis => (seconds * 1_000).to_string(),
        TimeUnit::Timestamp if dialect == Dialect::BigQuery => format!("INTERVAL {seconds} SECOND"),
        TimeUnit::Timestamp => format!("INTERVAL '{seconds} seconds'"),
        TimeUnit::Date => (seconds / 86_400).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_itself() {
        assert_eq!(text("a b").as_deref(), Some("'a b'"));
        assert_eq!(text("a'b"), None);
        assert_eq!(text("a\\"), None);
        assert_eq!(text("a\n"), None);
    }

    #[test]
    fn instants_count_as_their_column_does() {
        let day = |unit, zoned| instant("2025-07-01", 1_751_328_000, unit, zoned, Dialect::Postgres);
        assert_eq!(day(TimeUnit::EpochMillis, false), "1751328000000");
        assert_eq!(day(TimeUnit::Timestamp, true), "TIMESTAMPTZ '2025-07-01 00:00:00+00'");
        assert_eq!(day(TimeUnit::Date, false), "DATE '2025-07-01'");
    }
}
