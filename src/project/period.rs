//! Periods and their calendar.

use jiff::civil::Date;

/// A half-open interval of days in UTC, `[start, end)`. Each table has one history table per
/// period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The name of the period, which is also the suffix of its history tables.
    pub name: String,
    pub(crate) start: Date,
    pub(crate) end: Date,
    /// Whether only the nightly sweep reads its history tables.
    pub sealed: bool,
}

impl Period {
    /// The period of all times. BigQuery allows 10,000 partitions, so it has 800 years of months.
    pub(crate) fn whole() -> Self {
        let day = |year| jiff::civil::date(year, 1, 1);
        Self { name: "all".to_owned(), start: day(1700), end: day(2500), sealed: false }
    }

    /// The open period whose name gives its bounds.
    #[cfg(feature = "rehearse")]
    pub(crate) fn named(name: &str) -> Option<Self> {
        match bounds(name)? {
            Bounds::Days(start, end) => Some(Self { name: name.to_owned(), start, end, sealed: false }),
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
        epoch(self.start)
    }

    /// The first instant after the period, in seconds since 1970.
    pub fn end_epoch(&self) -> i64 {
        epoch(self.end)
    }
}

/// Midnight UTC of a day, in seconds since 1970.
pub(crate) fn epoch(day: Date) -> i64 {
    day.duration_since(jiff::civil::date(1970, 1, 1)).as_secs()
}

/// An instant as text, in UTC: `2026-01-03 00:00:00`.
pub(crate) fn instant(epoch: i64) -> String {
    let at = jiff::Timestamp::from_second(epoch);
    at.map_or_else(|_| format!("{epoch} seconds after 1970"), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Reads a timestamp with a zone, or a day, which means its first instant in UTC. Returns seconds
/// since 1970.
pub(crate) fn instant_of(text: &str) -> Option<i64> {
    day(text).map(epoch).or_else(|| text.parse::<jiff::Timestamp>().ok().map(|at| at.as_second()))
}

/// The bounds that a name gives: `2025_h2`, `2025_q3`, `2025_m07`, `2025`. `None` for other names.
pub(super) fn bounds(name: &str) -> Option<Bounds> {
    let (year, part) = name.split_once('_').map_or((name, None), |(year, part)| (year, Some(part)));
    if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year: i16 = year.parse().ok()?;
    // The number of months before the period, and its length in months.
    let (first, months) = match part {
        None => (0, 12),
        Some("h1") => (0, 6),
        Some("h2") => (6, 6),
        Some("q1") => (0, 3),
        Some("q2") => (3, 3),
        Some("q3") => (6, 3),
        Some("q4") => (9, 3),
        Some(part) => {
            let two_digits = |text: &&str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            let digits = part.strip_prefix('m').filter(two_digits)?;
            (digits.parse::<i8>().ok().filter(|month| (1..=12).contains(month))? - 1, 1)
        }
    };
    let last = first + months;
    let start = Date::new(year, first + 1, 1).ok().filter(|_| year > 0);
    let end = if last == 12 { Date::new(year + 1, 1, 1) } else { Date::new(year, last + 1, 1) };
    Some(match (start, end) {
        (Some(start), Ok(end)) => Bounds::Days(start, end),
        _ => Bounds::Unrepresentable,
    })
}

/// The bounds that a name gives, as `YYYY-MM-DD`.
pub(crate) fn bounds_of(name: &str) -> Option<(String, String)> {
    match bounds(name)? {
        Bounds::Days(start, end) => Some((start.to_string(), end.to_string())),
        Bounds::Unrepresentable => None,
    }
}

pub(super) enum Bounds {
    Days(Date, Date),
    /// The name is well formed, but its days are outside of the years 1 to 9999.
    Unrepresentable,
}

/// The names of the half-years from the one of `from` to the one of `until`, both included.
#[cfg(feature = "cli")]
pub(crate) fn half_years(from: Date, until: Date) -> Vec<String> {
    let number = |day: Date| i32::from(day.year()) * 2 + i32::from(day.month() > 6);
    (number(from)..=number(until)).map(|half| format!("{:04}_h{}", half / 2, half % 2 + 1)).collect()
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

    fn check(name: &str, expected: Option<(&str, &str)>) {
        let found = match bounds(name) {
            Some(Bounds::Days(start, end)) => Some((start.to_string(), end.to_string())),
            _ => None,
        };
        assert_eq!(found, expected.map(|(start, end)| (start.to_owned(), end.to_owned())), "{name}");
    }

    #[test]
    fn names_give_half_open_bounds() {
        check("2025_h2", Some(("2025-07-01", "2026-01-01")));
        check("2025_h1", Some(("2025-01-01", "2025-07-01")));
        check("2025_q4", Some(("2025-10-01", "2026-01-01")));
        check("2024_m02", Some(("2024-02-01", "2024-03-01")));
        check("2025_m12", Some(("2025-12-01", "2026-01-01")));
        check("2025", Some(("2025-01-01", "2026-01-01")));
    }

    #[test]
    fn other_names_give_no_bounds() {
        for name in [
            "", "2025_h3", "2025_q0", "2025_m13", "2025_m7", "25_h1", "2025-h2", "2025_H2", "2025_", "+025", "2025_m+1",
        ] {
            check(name, None);
        }
        assert!(matches!(bounds("9999"), Some(Bounds::Unrepresentable)));
        assert!(matches!(bounds("0000_h1"), Some(Bounds::Unrepresentable)));
    }

    #[test]
    fn days_are_strict() {
        assert_eq!(epoch(day("2025-07-01").unwrap()), 1_751_328_000);
        for text in ["2025-7-1", "2025-02-29", "10000-01-01", "2025-07-01T00", "0000-01-01", "2025/07/01", "+025-07-01"]
        {
            assert!(day(text).is_none(), "{text}");
        }
    }
}
