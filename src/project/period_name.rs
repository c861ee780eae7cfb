//! Names of periods that give their bounds.

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::{Span, ToSpan};

use crate::project::fiscal_year::{FiscalYear, month};

/// The bounds that a name gives.
pub(crate) enum Bounds {
    Days(Date, Date),
    /// The name is well formed, but its days are outside of the years 1 to 9999.
    Unrepresentable,
}

/// The form of a name, in which the next name is written too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A number of months that divides the year: `2025`, `2025_h2`, `2025_q3`, `2025_m07`.
    Part { months: i8, letter: Option<char> },
    /// The same of the fiscal year: `fy2026_q1`.
    Fiscal { months: i8, letter: Option<char>, year: FiscalYear },
    /// A month without a letter: `2025_07`.
    Month,
    /// A week of ISO 8601: `2025_w01`.
    Week,
    /// A day: `2025_07_01`.
    Day,
}

/// The bounds that a name gives. `None` for names that give none, and for `fy` without a fiscal
/// year.
pub(crate) fn bounds(name: &str, fiscal_year: Option<FiscalYear>) -> Option<Bounds> {
    let (form, start) = read(name, fiscal_year)?;
    let days = start.and_then(|start| Some((start, form.end(start)?)));
    Some(days.map_or(Bounds::Unrepresentable, |(start, end)| Bounds::Days(start, end)))
}

/// The name and the bounds of the period that follows one whose name gives its bounds.
pub(crate) fn next(name: &str, fiscal_year: Option<FiscalYear>) -> Option<(String, Date, Date)> {
    let (form, start) = read(name, fiscal_year)?;
    let start = form.end(start?)?;
    Some((form.name(start), start, form.end(start)?))
}

/// The form of a name and the first day, which is `None` outside of the years 1 to 9999.
fn read(name: &str, fiscal_year: Option<FiscalYear>) -> Option<(Form, Option<Date>)> {
    let (name, fiscal_year) = match name.strip_prefix("fy") {
        Some(rest) => (rest, Some(fiscal_year?)),
        None => (name, None),
    };
    let mut parts = name.split('_');
    let year = number(parts.next()?, 4)?;
    let parts: Vec<_> = parts.collect();
    let part = |months: i8, letter: Option<char>, part: i8| {
        // Invariant: the number of the part is one of the year.
        let months_before = (part - 1) * months;
        Some(match fiscal_year {
            None => (Form::Part { months, letter }, month(year, months_before)),
            Some(fiscal) => (Form::Fiscal { months, letter, year: fiscal }, fiscal.day(year, months_before)),
        })
    };
    let day_of = |date: Option<Date>| date.filter(|_| year > 0);
    match &parts[..] {
        [] => part(12, None, 1),
        [text] if text.starts_with(['h', 'q', 'm', 'w']) => {
            let (letter, digits) = text.split_at(1);
            let within = |width, most| number(digits, width).filter(|number| (1..=most).contains(number));
            match letter {
                "h" => part(6, Some('h'), within(1, 2)?.try_into().ok()?),
                "q" => part(3, Some('q'), within(1, 4)?.try_into().ok()?),
                "m" => part(1, Some('m'), within(2, 12)?.try_into().ok()?),
                _ if fiscal_year.is_some() => None,
                _ => {
                    let week = ISOWeekDate::new(year, within(2, 53)?.try_into().ok()?, Weekday::Monday);
                    // A year without a week 53 is no name.
                    Some((Form::Week, day_of(Some(week.ok()?.date()))))
                }
            }
        }
        [text] if fiscal_year.is_none() => {
            let number = number(text, 2).filter(|number| (1..=12).contains(number))?;
            Some((Form::Month, month(year, i8::try_from(number).ok()? - 1)))
        }
        [of_year, of_month] if fiscal_year.is_none() => {
            let [of_year, of_month] = [number(of_year, 2)?, number(of_month, 2)?].map(i8::try_from);
            Some((Form::Day, day_of(Some(Date::new(year, of_year.ok()?, of_month.ok()?).ok()?))))
        }
        _ => None,
    }
}

impl Form {
    /// The first day after a period that starts on this day.
    fn end(self, start: Date) -> Option<Date> {
        let length: Span = match self {
            Form::Fiscal { months, year, .. } => {
                let (number, months_before) = year.place(start)?;
                return year.day(number, months_before + months);
            }
            Form::Part { months, .. } => months.months(),
            Form::Month => 1.month(),
            Form::Week => 7.days(),
            Form::Day => 1.day(),
        };
        start.checked_add(length).ok()
    }

    /// The name of the period that starts on this day.
    fn name(self, start: Date) -> String {
        let suffix = |letter: Option<char>, part: i8| match letter {
            None => String::new(),
            Some('m') => format!("_m{part:02}"),
            Some(letter) => format!("_{letter}{part}"),
        };
        match self {
            Form::Part { months, letter } => {
                format!("{:04}{}", start.year(), suffix(letter, (start.month() - 1) / months + 1))
            }
            Form::Fiscal { months, letter, year } => {
                // Invariant: the first day of a fiscal month has a place.
                let (number, months_before) = year.place(start).unwrap_or((start.year(), 0));
                format!("fy{number:04}{}", suffix(letter, months_before / months + 1))
            }
            Form::Month => format!("{:04}_{:02}", start.year(), start.month()),
            Form::Week => {
                let week = start.iso_week_date();
                format!("{:04}_w{:02}", week.year(), week.week())
            }
            Form::Day => format!("{:04}_{:02}_{:02}", start.year(), start.month(), start.day()),
        }
    }
}

/// A number that has exactly this many digits.
fn number(text: &str, width: usize) -> Option<i16> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The names of the half-years from the one of `from` to the one of `until`, both included.
#[cfg(feature = "cli")]
pub(crate) fn half_years(from: Date, until: Date) -> Vec<String> {
    let number = |day: Date| i32::from(day.year()) * 2 + i32::from(day.month() > 6);
    (number(from)..=number(until)).map(|half| format!("{:04}_h{}", half / 2, half % 2 + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::fiscal_year::{FiscalWeeks, NamedAfter, QuarterWeeks, YearEnd};

    fn fiscal(first_month: i8, named_after: NamedAfter) -> Option<FiscalYear> {
        Some(FiscalYear { first_month, named_after, weeks: None })
    }

    fn check(name: &str, fiscal_year: Option<FiscalYear>, expected: Option<&str>) {
        let found = match bounds(name, fiscal_year) {
            Some(Bounds::Days(start, end)) => Some(format!("{start} {end}")),
            _ => None,
        };
        assert_eq!(found.as_deref(), expected, "{name}");
    }

    #[test]
    fn names_give_half_open_bounds() {
        for (name, bounds) in [
            ("2025_h2", "2025-07-01 2026-01-01"),
            ("2025_h1", "2025-01-01 2025-07-01"),
            ("2025_q4", "2025-10-01 2026-01-01"),
            ("2024_m02", "2024-02-01 2024-03-01"),
            ("2025_m12", "2025-12-01 2026-01-01"),
            ("2025_12", "2025-12-01 2026-01-01"),
            ("2025", "2025-01-01 2026-01-01"),
            ("2026_w01", "2025-12-29 2026-01-05"),
            ("2026_w53", "2026-12-28 2027-01-04"),
            ("2024_02_29", "2024-02-29 2024-03-01"),
        ] {
            check(name, None, Some(bounds));
        }
    }

    #[test]
    fn fiscal_years_start_in_their_month() {
        let (first, last) = (NamedAfter::FirstDay, NamedAfter::LastDay);
        for (name, fiscal_year, bounds) in [
            ("fy2026", fiscal(4, first), "2026-04-01 2027-04-01"),
            ("fy2026", fiscal(4, last), "2025-04-01 2026-04-01"),
            ("fy2026_q4", fiscal(4, first), "2027-01-01 2027-04-01"),
            ("fy2026_h2", fiscal(10, last), "2026-04-01 2026-10-01"),
            ("fy2026_m12", fiscal(7, last), "2026-06-01 2026-07-01"),
            ("fy2026", fiscal(1, last), "2026-01-01 2027-01-01"),
        ] {
            check(name, fiscal_year, Some(bounds));
        }
        check("fy2026", None, None);
        // Calendar years keep their meaning.
        check("2026", fiscal(4, first), Some("2026-01-01 2027-01-01"));
    }

    #[test]
    fn other_names_give_no_bounds() {
        for name in [
            "",
            "2025_h3",
            "2025_q0",
            "2025_m13",
            "2025_m7",
            "25_h1",
            "2025-h2",
            "2025_H2",
            "2025_",
            "+025",
            "2025_m+1",
            "2025_w53",
            "2025_w00",
            "2025_13",
            "2025_00",
            "2025_02_29",
            "2025_1_01",
            "2025_01_01_01",
            "fy2026_w01",
            "fy2026_01",
            "fy26",
            "2025_hé",
        ] {
            check(name, fiscal(4, NamedAfter::FirstDay), None);
        }
        for name in ["9999", "0000_h1", "0000_01_01"] {
            assert!(matches!(bounds(name, None), Some(Bounds::Unrepresentable)), "{name}");
        }
    }

    /// Ten years of each form follow each other without a gap, and each name gives its bounds.
    #[test]
    fn names_continue_for_ten_years() {
        let weeks = FiscalWeeks {
            months: QuarterWeeks::FourFourFive,
            last_day: Weekday::Saturday,
            ends: YearEnd::NearestMonthEnd,
        };
        let of_months = fiscal(10, NamedAfter::LastDay);
        let of_weeks = of_months.map(|year| FiscalYear { weeks: Some(weeks), ..year });
        for fiscal_year in [of_months, of_weeks] {
            continue_for_ten_years(fiscal_year);
        }
    }

    fn continue_for_ten_years(fiscal_year: Option<FiscalYear>) {
        for (first, count, last) in [
            ("2024", 10, "2034"),
            ("2024_h2", 20, "2034_h2"),
            ("2024_q4", 40, "2034_q4"),
            ("2024_m12", 120, "2034_m12"),
            ("2024_12", 120, "2034_12"),
            ("2024_w52", 522, "2034_w52"),
            ("2024_02_28", 3653, "2034_02_28"),
            ("fy2024", 10, "fy2034"),
            ("fy2024_q3", 40, "fy2034_q3"),
            ("fy2024_m12", 120, "fy2034_m12"),
        ] {
            let mut name = first.to_owned();
            for _ in 0..count {
                let Some(Bounds::Days(_, before)) = bounds(&name, fiscal_year) else { panic!("{name}") };
                let (after, start, end) = next(&name, fiscal_year).unwrap();
                assert_eq!(start, before, "{after}");
                let Some(Bounds::Days(named, until)) = bounds(&after, fiscal_year) else { panic!("{after}") };
                assert_eq!((named, until), (start, end), "{after}");
                name = after;
            }
            assert_eq!(name, last);
        }
    }
}
