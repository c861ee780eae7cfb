//! Periods and their calendar.

use jiff::civil::Date;

use crate::project::Zone;
#[cfg(feature = "rehearse")]
use crate::project::period_name::{Bounds, bounds};

/// A half-open interval of days, `[start, end)`, in the time zone of the project. Each table has
/// one history table per period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The name of the period, which is also the suffix of its history tables.
    pub name: String,
    pub(crate) start: Date,
    pub(crate) end: Date,
    pub(crate) zone: Zone,
    /// Whether only the nightly sweep reads its history tables.
    pub sealed: bool,
}

impl Period {
    /// The period of all times. BigQuery allows 10,000 partitions, so it has 800 years of months.
    pub(crate) fn whole() -> Self {
        let day = |year| jiff::civil::date(year, 1, 1);
        Self { name: "all".to_owned(), start: day(1700), end: day(2500), zone: Zone::default(), sealed: false }
    }

    /// The open period whose name gives its bounds.
    #[cfg(feature = "rehearse")]
    pub(crate) fn named(name: &str) -> Option<Self> {
        match bounds(name, None)? {
            Bounds::Days(start, end) => {
                Some(Self { name: name.to_owned(), start, end, zone: Zone::default(), sealed: false })
            }
            Bounds::Unrepresentable => None,
        }
    }

    /// The first day, as `YYYY-MM-DD`.
    pub fn start(&self) -> String {
        self.start.to_string()
    }

    /// The first day after the period, as `YYYY-MM-DD`.
    pub fn end(&self) -> String {
        self.end.to_string()
    }

    /// The first instant, in seconds since 1970.
    pub fn start_epoch(&self) -> i64 {
        self.zone.start_of(self.start)
    }

    /// The first instant after the period, in seconds since 1970.
    pub fn end_epoch(&self) -> i64 {
        self.zone.start_of(self.end)
    }

    /// Midnight of the first day and of the day after the period, as times without a zone, in
    /// seconds since midnight of the first day of 1970.
    pub(crate) fn midnights(&self) -> std::ops::Range<i64> {
        epoch(self.start)..epoch(self.end)
    }
}

/// Midnight UTC of a day, in seconds since 1970.
pub(crate) fn epoch(day: Date) -> i64 {
    day.duration_since(jiff::civil::date(1970, 1, 1)).as_secs()
}

/// Reads a timestamp with a zone, or a day, which means its first instant. In a project with a time
/// zone, also a local time. Returns seconds since 1970.
pub(crate) fn instant_of(text: &str, zone: &Zone) -> Option<i64> {
    day(text)
        .map(|day| zone.start_of(day))
        .or_else(|| text.parse::<jiff::Timestamp>().ok().map(|at| at.as_second()))
        .or_else(|| zone.name().and_then(|_| zone.instant_of(text.parse().ok()?)))
}

/// Reads a day, `YYYY-MM-DD`, of the years 1 to 9999.
pub(crate) fn day(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    if !shape {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
        .ok()
        .filter(|day| day.year() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_strict() {
        assert_eq!(epoch(day("2025-07-01").unwrap()), 1_751_328_000);
        for text in ["2025-7-1", "2025-02-29", "10000-01-01", "2025-07-01T00", "0000-01-01", "2025/07/01", "+025-07-01"]
        {
            assert!(day(text).is_none(), "{text}");
        }
    }
}
