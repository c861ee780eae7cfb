//! Calendar days, and the text form of lengths of time.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::project::period;

/// A day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(crate) Date);

impl Day {
    /// The day of an instant, which is in seconds since 1970. `None` outside of the years 1 to
    /// 9999.
    pub fn of_epoch(seconds: i64) -> Option<Self> {
        let days = jiff::Span::new().try_days(seconds.div_euclid(86_400)).ok()?;
        jiff::civil::date(1970, 1, 1).checked_add(days).ok().filter(|day| day.year() > 0).map(Self)
    }

    pub(crate) fn date(self) -> Date {
        self.0
    }

    /// The first instant of the day, in seconds since 1970.
    pub fn epoch(self) -> i64 {
        period::epoch(self.0)
    }

    /// The number of days from `other` to this day.
    pub fn days_since(self, other: Day) -> i64 {
        (self.epoch() - other.epoch()) / 86_400
    }
}

/// A text that is not a day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a day such as 2026-05-15")]
pub struct InvalidDay;

impl FromStr for Day {
    type Err = InvalidDay;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        period::day(text).map(Self).ok_or(InvalidDay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The seconds of a day. In UTC every day has the same length.
pub(crate) const DAY: u64 = 86_400;

const DAY_SECONDS: i64 = DAY.cast_signed();

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// A fixed number of seconds.
    Seconds(u64),
    /// Months of the calendar, in UTC, counted from the start of a day. A day that a month does not
    /// have is its last day.
    ///
    /// Invariant: a later instant never leads to an earlier cutoff. The hour of the day would break
    /// this: 6 months before the 30th and the 31st of August are the same day of February.
    Months(u32),
}

impl Length {
    /// The instant that is this length before another one, in seconds since 1970. Lengths that lead
    /// out of the calendar end at its edge.
    pub fn before(self, epoch: i64) -> i64 {
        match self {
            Length::Seconds(seconds) => epoch.saturating_sub_unsigned(seconds),
            Length::Months(months) => shifted(start_of_day(epoch), -i64::from(months)),
        }
    }

    /// The first instant whose cutoff is not before `epoch`. Both are in seconds since 1970.
    pub fn after(self, epoch: i64) -> i64 {
        match self {
            Length::Seconds(seconds) => epoch.saturating_add_unsigned(seconds),
            Length::Months(months) => {
                let day = start_of_day(epoch.saturating_add(DAY_SECONDS - 1));
                let first = shifted(day, i64::from(months));
                // A month has 28 to 31 days, so at most three days are missing.
                let days = (0..=3).map(|days| first.saturating_add(days * DAY_SECONDS));
                days.into_iter().find(|day| self.before(*day) >= epoch).unwrap_or(first)
            }
        }
    }

    /// The shortest and the longest possible length, in seconds.
    pub fn bounds(self) -> (u64, u64) {
        match self {
            Length::Seconds(seconds) => (seconds, seconds),
            // Twelve months have 365 or 366 days. The rest has months of 28 to 31 days.
            Length::Months(months) => {
                let (years, rest) = (u64::from(months / 12), u64::from(months % 12));
                ((years * 365 + rest * 28) * DAY, (years * 366 + rest * 31) * DAY)
            }
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match *self {
            Length::Seconds(seconds) => return f.write_str(&length(seconds)),
            Length::Months(months) if months % 12 == 0 => (months / 12, "year"),
            Length::Months(months) => (months, "month"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// The start of the day of an instant, in UTC.
fn start_of_day(epoch: i64) -> i64 {
    epoch - epoch.rem_euclid(DAY_SECONDS)
}

/// The start of a day, moved by months.
fn shifted(epoch: i64, months: i64) -> i64 {
    let span = jiff::Span::new().try_months(months);
    let day = Day::of_epoch(epoch).map(Day::date);
    let moved = day.zip(span.ok()).and_then(|(day, span)| day.checked_add(span).ok());
    match moved {
        Some(day) => period::epoch(day),
        None if months < 0 => i64::MIN / 2,
        None => i64::MAX / 2,
    }
}

/// A length of time as text, in the largest unit that gives a whole number.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    let number = seconds / unit;
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str, seconds: i64) -> i64 {
        text.parse::<Day>().unwrap().epoch() + seconds
    }

    #[test]
    fn months_count_from_the_start_of_a_day() {
        let half_year = Length::Months(6);
        assert_eq!(half_year.before(instant("2026-08-31", 3_600)), instant("2026-02-28", 0));
        assert_eq!(half_year.after(instant("2026-01-01", 0)), instant("2026-07-01", 0));
        assert_eq!(half_year.after(instant("2026-01-01", 1)), instant("2026-07-02", 0));
        // Six months before the 28th of February is the 28th of August.
        assert_eq!(half_year.after(instant("2025-08-31", 0)), instant("2026-03-01", 0));
    }

    #[test]
    fn a_later_instant_never_has_an_earlier_cutoff() {
        let start = instant("2023-12-01", 0);
        for length in [1, 6, 12, 48].map(Length::Months) {
            let cutoffs: Vec<i64> = (0..500 * 4).map(|quarter| length.before(start + quarter * 21_600)).collect();
            assert!(cutoffs.is_sorted(), "{length}");
        }
    }

    #[test]
    fn after_is_the_first_instant_that_leads_back() {
        let start = instant("2023-12-01", 0);
        for length in [1, 6, 11].map(Length::Months) {
            for time in (0..500 * 2).map(|half| start + half * 43_200) {
                let first = length.after(time);
                assert!(length.before(first) >= time && length.before(first - 1) < time, "{length}, {time}");
            }
        }
    }
}
