//! The period that follows another.

use jiff::civil::Date;

use crate::project::Period;
use crate::project::period::{Bounds, bounds};

impl Period {
    /// The next period of the same length: `2026_h1` after `2025_h2`. If the name of this period
    /// gives no bounds, the next period has the same number of days and is named after its first
    /// day. `None` after the year 9999.
    pub(crate) fn following(&self) -> Option<Self> {
        let (name, end) = match bounds(&self.name) {
            Some(Bounds::Days(start, end)) if (start, end) == (self.start, self.end) => {
                let months = months_between(start, end);
                let year = i32::from(end.year());
                let part = i32::from(end.month()) - 1;
                let name = match months {
                    12 => format!("{year:04}"),
                    6 => format!("{year:04}_h{}", part / 6 + 1),
                    3 => format!("{year:04}_q{}", part / 3 + 1),
                    _ => format!("{year:04}_m{:02}", part + 1),
                };
                let Some(Bounds::Days(_, end)) = bounds(&name) else { return None };
                (name, end)
            }
            _ => {
                let days = self.end.since(self.start).ok()?;
                let name = format!("from_{:04}_{:02}_{:02}", self.end.year(), self.end.month(), self.end.day());
                (name, self.end.checked_add(days).ok()?)
            }
        };
        Some(Self { name, start: self.end, end, sealed: false })
    }
}

fn months_between(start: Date, end: Date) -> i32 {
    let months = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
    months(end) - months(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::period::day;

    #[test]
    fn the_next_period_has_the_same_length() {
        let following = |name: &str| {
            let Some(Bounds::Days(start, end)) = bounds(name) else { panic!("{name} gives no bounds") };
            Period { name: name.to_owned(), start, end, sealed: true }.following().unwrap()
        };
        assert_eq!(following("2025_h2").name, "2026_h1");
        assert_eq!(following("2025_q3").name, "2025_q4");
        assert_eq!(following("2025_m12").name, "2026_m01");
        assert_eq!(following("2025").name, "2026");
        let legacy = Period {
            name: "legacy".to_owned(),
            start: day("2025-01-01").unwrap(),
            end: day("2025-01-31").unwrap(),
            sealed: false,
        };
        let next = legacy.following().unwrap();
        assert_eq!((next.name.as_str(), next.end().as_str()), ("from_2025_01_31", "2025-03-02"));
    }
}
