//! The period that follows the last one of a list: its bounds, and its name.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use crate::project::Period;
use crate::project::fiscal_year::FiscalYear;
use crate::project::period_name::{Bounds, bounds, next};

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Whole months: the period begins and ends on the same day of a month.
    Months(i32),
    /// Whole weeks, or one day.
    Days(i64),
}

/// What follows the last period of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Following {
    /// The first day after it. `None`: the list has no pattern, or the day is after the year 9999.
    pub(crate) end: Option<Date>,
    /// The name that continues the names of the list.
    pub(crate) name: Option<String>,
}

/// The bounds and the name that continue a list. `None` if the list is empty.
pub(crate) fn following(periods: &[Period], fiscal_year: Option<FiscalYear>) -> Option<Following> {
    let last = periods.last()?;
    if let Some(next) = carried(last, fiscal_year) {
        return Some(next);
    }
    let Some(length) = length_of_last(periods) else { return Some(Following { end: None, name: None }) };
    let end = last.end.checked_add(length.span()).ok().filter(|end| end.year() <= 9998 || end.to_string().len() == 10);
    let Some(end) = end else { return Some(Following { end: None, name: None }) };
    Some(Following { end: Some(end), name: counted(periods, end, length) })
}

/// A next period for run-books. If the list has no pattern, it has as many days as the last period,
/// and is named after its first day. `None` if the list is empty, or after the year 9999.
pub(crate) fn example(periods: &[Period], fiscal_year: Option<FiscalYear>) -> Option<Period> {
    let last = periods.last()?;
    let Following { end, name } = following(periods, fiscal_year)?;
    let start = last.end;
    let end = end.or_else(|| start.checked_add(start.since(last.start).ok()?).ok())?;
    let name = name.unwrap_or_else(|| format!("from_{:04}_{:02}_{:02}", start.year(), start.month(), start.day()));
    Some(Period { name, start, end, zone: last.zone.clone(), sealed: false })
}

/// The last period whose end breaks the pattern of the periods before it, with the end that the
/// pattern asks for. A rotation that repeated a number of days made such periods: a year of 365
/// days ends a day early after a leap day.
pub(crate) fn drifted(periods: &[Period]) -> Option<(&Period, Date)> {
    let at = periods.iter().rposition(|period| Length::of(period).is_none())?;
    let [.., before] = &periods[..at] else { return None };
    let Some(Length::Months(months)) = Length::of(before) else { return None };
    let period = &periods[at];
    let end = period.start.checked_add(Span::new().try_months(months).ok()?).ok()?;
    // A period of another length is no drift.
    let days = end.since(period.end).ok()?.get_days().abs();
    (1..=3).contains(&days).then_some((period, end))
}

impl Length {
    fn of(period: &Period) -> Option<Self> {
        let months = months_between(period.start, period.end);
        if months > 0 && period.start.day() == period.end.day() {
            return Some(Self::Months(months));
        }
        let days = i64::from(period.end.since(period.start).ok()?.get_days());
        (days == 1 || days % 7 == 0).then_some(Self::Days(days))
    }

    fn span(self) -> Span {
        match self {
            Self::Months(months) => months.months(),
            Self::Days(days) => days.days(),
        }
    }
}

/// The length of the last period, if it is a pattern. Months of a calendar are one. Weeks are one
/// if the period before has as many: in a 4-4-5 calendar, nobody can tell the next length.
fn length_of_last(periods: &[Period]) -> Option<Length> {
    let last = Length::of(periods.last()?)?;
    let before = periods.len().checked_sub(2).map(|at| Length::of(&periods[at]));
    let days = periods.last().and_then(|last| last.end.since(last.start).ok()).map(|span| i64::from(span.get_days()));
    match (last, before) {
        // Four weeks from the first of February are a month too.
        (Length::Months(1), Some(Some(Length::Days(28)))) => None,
        // Thirteen weeks can be three months too. After thirteen weeks, they are weeks.
        (Length::Months(_), Some(Some(Length::Days(weeks)))) if days == Some(weeks) => Some(Length::Days(weeks)),
        // A period of several years holds what came before the others, and is no pattern.
        (Length::Months(months), _) if 12 % months == 0 => Some(last),
        (Length::Months(_), before) => (before == Some(Some(last))).then_some(last),
        // A year of 52 weeks has one of 53 after some years.
        (Length::Days(364..), _) => None,
        (Length::Days(_), Some(before)) => (before == Some(last)).then_some(last),
        (Length::Days(days), None) => (days <= 7).then_some(last),
    }
}

/// The next period, if the name of the last one gives its bounds: `2026_h1` after `2025_h2`.
fn carried(last: &Period, fiscal_year: Option<FiscalYear>) -> Option<Following> {
    match bounds(&last.name, fiscal_year) {
        Some(Bounds::Days(start, until)) if (start, until) == (last.start, last.end) => {}
        _ => return None,
    }
    let (name, _, end) = next(&last.name, fiscal_year)?;
    Some(Following { end: Some(end), name: Some(name) })
}

/// The next name in a form of the project, such as `fy26q4` or `from_2026_05_03`. The form must
/// give the names of the last periods too: one period that states its days, or two that count.
fn counted(periods: &[Period], end: Date, length: Length) -> Option<String> {
    let last = periods.last()?;
    let dated = || -> Option<String> {
        let [year, month, day] = runs(last)[..] else { return None };
        let parts = |date: Date| [year.written(date.year()), date.month().into(), date.day().into()];
        ([year.value, month.value, day.value] == parts(last.start)).then_some(())?;
        let [in_year, in_month, on_day] = parts(last.end);
        Some(replaced(&last.name, &[(year, in_year), (month, in_month), (day, on_day)]))
    };
    if let Some(name) = dated() {
        return Some(name);
    }
    let per_year = match length {
        Length::Months(months) if 12 % months == 0 => Some(i64::from(12 / months)),
        _ => None,
    };
    let next = |period: &Period| successor(period, per_year);
    let name = next(last)?;
    // Weeks count anew in each year, and nobody can tell whether the last week of a year is its
    // 52nd. A period belongs to the year of its middle, as the weeks of ISO 8601 do.
    if let (Length::Days(days), [year, .., _]) = (length, &runs(last)[..]) {
        let middle = |start: Date| start.checked_add((days / 2).days()).map(|day| day.year());
        let years = (middle(last.start).ok()?, middle(last.end).ok()?);
        if year.value == year.written(years.0) && years.1 != years.0 {
            return None;
        }
    }
    let before = periods.len().checked_sub(2).map(|at| &periods[at]);
    let continues = match before {
        Some(before) => next(before).as_ref() == Some(&last.name),
        // One name counts if its year is the year of the period.
        None => runs(last).first().is_some_and(|run| {
            let years = [last.start.year(), last.end.year()].map(i64::from);
            years.contains(&run.value) || years.map(|year| year % 100).contains(&run.value)
        }),
    };
    (continues && periods.iter().all(|period| period.name != name) && end > last.end).then_some(name)
}

/// A number in a name.
#[derive(Clone, Copy, Debug)]
struct Run {
    at: usize,
    length: usize,
    value: i64,
}

impl Run {
    /// A year with as many digits as this number: `26`, or `2026`.
    fn written(self, year: i16) -> i64 {
        if self.length == 2 { i64::from(year % 100) } else { i64::from(year) }
    }
}

/// The numbers in the name of a period, in order. A year and a month without a sign between them are
/// two. The bounds of the period tell its year: `2612` is December 2026 in a period of this month.
fn runs(period: &Period) -> Vec<Run> {
    let name = period.name.as_str();
    let years = [period.start.year(), period.end.year()].map(i64::from);
    let number = |at: usize, length: usize| name[at..at + length].parse::<i64>().ok();
    let is_year = |at: usize| number(at, 4).is_some_and(|value| years.contains(&value));
    let is_short_year = |at: usize| number(at, 2).is_some_and(|value| years.iter().any(|year| year % 100 == value));
    let mut found = Vec::new();
    let mut at = 0;
    while at < name.len() {
        let length = name[at..].bytes().take_while(u8::is_ascii_digit).count();
        let mut add = |at: usize, length: usize| {
            if let Ok(value) = name[at..at + length].parse() {
                found.push(Run { at, length, value });
            }
        };
        match length {
            0 => {}
            4 | 6 if is_short_year(at) && !is_year(at) => (at..at + length).step_by(2).for_each(|at| add(at, 2)),
            5 if is_year(at) => {
                add(at, 4);
                add(at + 4, 1);
            }
            6 => {
                add(at, 4);
                add(at + 4, 2);
            }
            8 => {
                add(at, 4);
                add(at + 4, 2);
                add(at + 6, 2);
            }
            _ => add(at, length),
        }
        at += length.max(1);
        while !name.is_char_boundary(at) {
            at += 1;
        }
    }
    found
}

/// The name with numbers replaced. They keep their widths.
fn replaced(name: &str, values: &[(Run, i64)]) -> String {
    let mut text = name.to_owned();
    for (run, value) in values.iter().rev() {
        text.replace_range(run.at..run.at + run.length, &format!("{value:0width$}", width = run.length));
    }
    text
}

/// The name with its last number one higher. A number that counts the parts of a year begins again
/// at one, and the number before it rises.
fn successor(period: &Period, per_year: Option<i64>) -> Option<String> {
    let name = period.name.as_str();
    match (&runs(period)[..], per_year) {
        ([.., year, part], Some(most)) if most > 1 && (1..=most).contains(&part.value) => Some(if part.value == most {
            replaced(name, &[(*year, year.value + 1), (*part, 1)])
        } else {
            replaced(name, &[(*part, part.value + 1)])
        }),
        ([only], _) => Some(replaced(name, &[(*only, only.value + 1)])),
        ([.., last], None) => Some(replaced(name, &[(*last, last.value + 1)])),
        _ => None,
    }
}

fn months_between(start: Date, end: Date) -> i32 {
    let months = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
    months(end) - months(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Zone;
    use crate::project::period::day;

    fn period(name: &str, start: &str, end: &str) -> Period {
        Period {
            name: name.to_owned(),
            start: day(start).unwrap(),
            end: day(end).unwrap(),
            zone: Zone::default(),
            sealed: false,
        }
    }

    /// The next periods of a list, as many as are asked for.
    fn continued(mut periods: Vec<Period>, count: usize) -> Vec<String> {
        let mut added = Vec::new();
        for _ in 0..count {
            let Some(Following { end: Some(end), name: Some(name) }) = following(&periods, None) else { break };
            let start = periods.last().unwrap().end;
            added.push(format!("{name} {end}"));
            periods.push(Period { name, start, end, zone: Zone::default(), sealed: false });
        }
        added
    }

    #[test]
    fn stated_bounds_continue_by_whole_months_and_weeks() {
        let cases = [
            (
                vec![period("fy2025", "2025-04-01", "2026-04-01"), period("fy2026", "2026-04-01", "2027-04-01")],
                vec!["fy2027 2028-04-01", "fy2028 2029-04-01", "fy2029 2030-04-01"],
            ),
            (vec![period("fy2026", "2026-04-01", "2027-04-01")], vec!["fy2027 2028-04-01"]),
            (
                vec![period("m202611", "2026-11-01", "2026-12-01"), period("m202612", "2026-12-01", "2027-01-01")],
                vec!["m202701 2027-02-01", "m202702 2027-03-01"],
            ),
            (
                vec![period("fy26q3", "2026-10-01", "2027-01-01"), period("fy26q4", "2027-01-01", "2027-04-01")],
                vec![
                    "fy27q1 2027-07-01",
                    "fy27q2 2027-10-01",
                    "fy27q3 2028-01-01",
                    "fy27q4 2028-04-01",
                    "fy28q1 2028-07-01",
                ],
            ),
            (
                vec![period("w01", "2026-01-05", "2026-01-12"), period("w02", "2026-01-12", "2026-01-19")],
                vec!["w03 2026-01-26", "w04 2026-02-02"],
            ),
            (
                vec![period("m2611", "2026-11-01", "2026-12-01"), period("m2612", "2026-12-01", "2027-01-01")],
                vec!["m2701 2027-02-01", "m2702 2027-03-01"],
            ),
            (
                vec![period("d261129", "2026-11-29", "2026-11-30"), period("d261130", "2026-11-30", "2026-12-01")],
                vec!["d261201 2026-12-02", "d261202 2026-12-03"],
            ),
            (
                vec![period("p20263", "2026-07-01", "2026-10-01"), period("p20264", "2026-10-01", "2027-01-01")],
                vec!["p20271 2027-04-01", "p20272 2027-07-01"],
            ),
            (
                vec![period("from_2026_01_15", "2026-01-15", "2026-02-15")],
                vec!["from_2026_02_15 2026-03-15", "from_2026_03_15 2026-04-15"],
            ),
        ];
        for (periods, expected) in cases {
            let name = periods[0].name.clone();
            assert_eq!(continued(periods, expected.len()), expected, "{name}");
        }
    }

    #[test]
    fn a_list_without_a_pattern_has_no_next_period() {
        let four_four_five = [
            period("p01", "2026-02-01", "2026-03-01"),
            period("p02", "2026-03-01", "2026-03-29"),
            period("p03", "2026-03-29", "2026-05-03"),
        ];
        for length in 1..=3 {
            let following = following(&four_four_five[..length], None).unwrap();
            assert!(following.end.is_none() || length == 1, "{length}: {following:?}");
        }
        // Its bounds have a pattern, but its name has none.
        let legacy = following(&[period("legacy", "2024-01-01", "2025-01-01")], None).unwrap();
        assert_eq!((legacy.end, legacy.name), (day("2026-01-01"), None));
        assert!(following(&[], None).is_none());
        // What came before the first period is longer than a period.
        let several_years = following(&[period("legacy", "2019-01-01", "2026-07-01")], None).unwrap();
        assert_eq!(several_years.end, None);
        // The next year has 364 days, or 371.
        let years = [period("fy25", "2025-02-02", "2026-02-01"), period("fy26", "2026-02-01", "2027-01-31")];
        assert_eq!(following(&years, None).unwrap().end, None);
    }

    #[test]
    fn weeks_that_count_in_a_year_end_with_it() {
        let weeks = |first: &str, second: &str, start: &str, middle: &str, end: &str| {
            following(&[period(first, start, middle), period(second, middle, end)], None).unwrap().name
        };
        let next = weeks("wk2026_51", "wk2026_52", "2026-12-14", "2026-12-21", "2026-12-28");
        assert_eq!(next.as_deref(), Some("wk2026_53"));
        assert_eq!(weeks("wk2026_52", "wk2026_53", "2026-12-21", "2026-12-28", "2027-01-04"), None);
        assert_eq!(weeks("w2652", "w2653", "2026-12-21", "2026-12-28", "2027-01-04"), None);
        // Thirteen weeks, of which the last also end on the day of a month.
        let quarters = [period("y26q3", "2026-06-29", "2026-09-28"), period("y26q4", "2026-09-28", "2026-12-28")];
        assert_eq!(following(&quarters, None).unwrap().end, day("2027-03-29"));
        assert_eq!(weeks("p2026_12", "p2026_13", "2026-11-05", "2026-12-03", "2026-12-31"), None);
    }

    #[test]
    fn a_period_that_repeats_a_number_of_days_has_drifted() {
        let mut periods =
            vec![period("fy2026", "2026-04-01", "2027-04-01"), period("from_2027_04_01", "2027-04-01", "2028-03-31")];
        assert_eq!(
            drifted(&periods).map(|(period, end)| (period.name.as_str(), end)),
            Some(("from_2027_04_01", day("2028-04-01").unwrap()))
        );
        periods[1].end = day("2028-04-01").unwrap();
        assert_eq!(drifted(&periods), None);
        // A period that was cut short on purpose has not.
        periods[1].end = day("2027-09-15").unwrap();
        assert_eq!(drifted(&periods), None);
    }
}
