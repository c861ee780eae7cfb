//! Rules that standard SQL and the engines of the PostgreSQL family share. The file of an engine
//! calls those that apply to it.

use crate::sql::{SqlType, TimeUnit, literal};

/// The standard name of a type. `None` for text and JSON, which have a different name on each
/// engine.
pub(super) fn type_name(ty: SqlType) -> Option<String> {
    Some(match ty {
        SqlType::Smallint => "SMALLINT".to_owned(),
        SqlType::Integer => "INTEGER".to_owned(),
        SqlType::Bigint => "BIGINT".to_owned(),
        SqlType::Boolean => "BOOLEAN".to_owned(),
        SqlType::Real => "REAL".to_owned(),
        SqlType::Double => "DOUBLE PRECISION".to_owned(),
        SqlType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        SqlType::Varchar(n) => format!("VARCHAR({n})"),
        SqlType::Date => "DATE".to_owned(),
        SqlType::Timestamp => "TIMESTAMP".to_owned(),
        SqlType::Timestamptz => "TIMESTAMPTZ".to_owned(),
        SqlType::Uuid => "UUID".to_owned(),
        SqlType::Engine(ty) => ty.as_str().to_owned(),
        SqlType::Text | SqlType::Json => return None,
    })
}

/// A type as PostgreSQL's `format_type` writes it. `own` is the engine's name of the type.
#[cfg(feature = "doctor")]
pub(super) fn catalogue_type(ty: SqlType, own: &str) -> String {
    match ty {
        SqlType::Decimal { precision, scale } => format!("numeric({precision},{scale})"),
        SqlType::Varchar(n) => format!("character varying({n})"),
        SqlType::Timestamp => "timestamp without time zone".to_owned(),
        SqlType::Timestamptz => "timestamp with time zone".to_owned(),
        _ => own.to_ascii_lowercase(),
    }
}

/// A literal for the start of a day. For a column with a zone, the literal is in UTC. Without a
/// zone in the literal, the value would depend on the zone of the session.
pub(super) fn instant(day: &str, epoch: i64, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::EpochSeconds => epoch.to_string(),
        // No overflow: years 1 to 9999 in milliseconds need far fewer than 64 bits.
        TimeUnit::EpochMillis => (epoch * 1_000).to_string(),
        TimeUnit::Timestamptz => format!("TIMESTAMPTZ '{}+00'", literal::instant(epoch)),
        TimeUnit::Timestamp => format!("TIMESTAMP '{day} 00:00:00'"),
        TimeUnit::Date => format!("DATE '{day}'"),
    }
}

/// A literal for a number of seconds that is subtracted from a time column.
pub(super) fn duration(seconds: u64, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::EpochSeconds => seconds.to_string(),
        TimeUnit::EpochMillis => (seconds * 1_000).to_string(),
        TimeUnit::Timestamp | TimeUnit::Timestamptz => format!("INTERVAL '{seconds} seconds'"),
        TimeUnit::Date => (seconds / 86_400).to_string(),
    }
}

/// A literal for months of the calendar, which are subtracted from a timestamp.
pub(super) fn months(months: u32) -> String {
    format!("INTERVAL '{months} months'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_literals_of_their_unit() {
        let day = |unit| instant("2025-07-01", 1_751_328_000, unit);
        assert_eq!(day(TimeUnit::EpochMillis), "1751328000000");
        assert_eq!(day(TimeUnit::Timestamptz), "TIMESTAMPTZ '2025-07-01 00:00:00+00'");
        assert_eq!(day(TimeUnit::Date), "DATE '2025-07-01'");
    }
}
