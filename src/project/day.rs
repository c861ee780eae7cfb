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

impl FromStr for Day {
    type Err = String;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, String> {
        period::day(text).map(Self).ok_or_else(|| "expected a day such as 2026-05-15".to_owned())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The seconds of a day. In UTC every day has the same length.
pub(crate) const DAY: u64 = 86_400;

/// A length of time as text, in the largest unit that gives a whole number.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    let number = seconds / unit;
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}
