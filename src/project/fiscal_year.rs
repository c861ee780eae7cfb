//! Fiscal years: of months of the calendar, or of whole weeks, such as 4-4-5.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// The fiscal year of a project, for names such as `fy2026` and `fy2026_q1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FiscalYear {
    /// The month in which it starts, 1 to 12. Without `weeks`, it starts on the first day of this
    /// month.
    pub first_month: i8,
    /// The day whose calendar year is the number of the fiscal year. With `weeks`: the first day of
    /// `first_month`, or the last day of the month before it, near which the year begins or ends.
    pub named_after: NamedAfter,
    /// Its weeks, if it has whole weeks.
    pub weeks: Option<FiscalWeeks>,
}

/// The day of a fiscal year whose calendar year is the number of the fiscal year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedAfter {
    /// `fy2026` starts in 2026, or near the first month of 2026.
    FirstDay,
    /// `fy2026` ends in 2026, or near the end of a month of 2026.
    LastDay,
}

/// A fiscal year of 52 or 53 weeks. A quarter has 13 weeks. A 53rd week is in the last month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FiscalWeeks {
    /// The weeks of each month of a quarter.
    pub months: QuarterWeeks,
    /// The day of the week on which a year ends.
    pub last_day: Weekday,
    /// Which of these days ends a year.
    pub ends: YearEnd,
}

/// The weeks of each month of a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarterWeeks {
    /// 4-4-5.
    FourFourFive,
    /// 4-5-4.
    FourFiveFour,
    /// 5-4-4.
    FiveFourFour,
}

/// Which day of the week ends a fiscal year of weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearEnd {
    /// The last one in the month before the first month.
    LastInMonth,
    /// The one that is nearest to the end of that month, before or after it.
    NearestMonthEnd,
}

impl QuarterWeeks {
    fn weeks(self) -> [i32; 3] {
        match self {
            Self::FourFourFive => [4, 4, 5],
            Self::FourFiveFour => [4, 5, 4],
            Self::FiveFourFour => [5, 4, 4],
        }
    }
}

impl FiscalYear {
    /// The first day that comes so many fiscal months after the start of a fiscal year: 0 to 12.
    /// `None` outside of the years 1 to 9999.
    pub(crate) fn day(self, number: i16, months: i8) -> Option<Date> {
        let Some(weeks) = self.weeks else {
            return month(self.first_calendar_year(number), self.first_month - 1 + months);
        };
        if months == 12 {
            return self.day(number.checked_add(1)?, 0);
        }
        let first_of_month = month(self.first_calendar_year(number), self.first_month - 1)?;
        let last_of_year = weeks.last_of_year(first_of_month.yesterday().ok()?)?;
        let (quarters, rest) = (i32::from(months / 3), usize::try_from(months % 3).ok()?);
        let weeks = quarters * 13 + weeks.months.weeks()[..rest].iter().sum::<i32>();
        let day = last_of_year.tomorrow().ok()?.checked_add(weeks.weeks()).ok()?;
        Some(day).filter(|day| (1..=9999).contains(&day.year()))
    }

    /// The number of the fiscal year in which a day is, and the number of fiscal months before it.
    /// Invariant: a fiscal month begins on this day.
    pub(crate) fn place(self, day: Date) -> Option<(i16, i8)> {
        let near = day.year().saturating_sub(2)..=day.year().saturating_add(2);
        let number = near.rev().find(|number| self.day(*number, 0).is_some_and(|first| first <= day))?;
        let months = (0..12).rev().find(|months| self.day(number, *months).is_some_and(|first| first <= day))?;
        Some((number, months))
    }

    /// The calendar year in whose `first_month` the fiscal year begins.
    fn first_calendar_year(self, number: i16) -> i16 {
        if self.named_after == NamedAfter::LastDay && self.first_month > 1 { number - 1 } else { number }
    }
}

impl FiscalWeeks {
    /// The last day of the fiscal year that ends about the end of a month.
    fn last_of_year(self, end_of_month: Date) -> Option<Date> {
        let after = i32::from(self.last_day.since(end_of_month.weekday()));
        let days = match self.ends {
            _ if after == 0 => 0,
            YearEnd::NearestMonthEnd if after <= 3 => after,
            YearEnd::LastInMonth | YearEnd::NearestMonthEnd => after - 7,
        };
        end_of_month.checked_add(days.days()).ok()
    }
}

/// The first day of the month that comes so many months after January of a year.
pub(crate) fn month(year: i16, months: i8) -> Option<Date> {
    let (year, month) = (year + i16::from(months / 12), months % 12 + 1);
    Date::new(year, month, 1).ok().filter(|_| year > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(year: FiscalYear, number: i16) -> String {
        let [first, next] = [0, 12].map(|months| year.day(number, months).unwrap());
        format!("{first} {next} {}", first.until(next).unwrap().get_days() / 7)
    }

    /// The calendar of the National Retail Federation of the USA: 4-5-4, until the Saturday nearest
    /// to the end of January.
    #[test]
    fn years_of_retail_end_near_the_end_of_january() {
        let weeks = FiscalWeeks {
            months: QuarterWeeks::FourFiveFour,
            last_day: Weekday::Saturday,
            ends: YearEnd::NearestMonthEnd,
        };
        let year = FiscalYear { first_month: 2, named_after: NamedAfter::FirstDay, weeks: Some(weeks) };
        assert_eq!(days(year, 2022), "2022-01-30 2023-01-29 52");
        assert_eq!(days(year, 2023), "2023-01-29 2024-02-04 53");
        assert_eq!(days(year, 2024), "2024-02-04 2025-02-02 52");
        let starts: Vec<_> = (0..4).map(|months| year.day(2024, months).unwrap().to_string()).collect();
        assert_eq!(starts, ["2024-02-04", "2024-03-03", "2024-04-07", "2024-05-05"]);
        // The 53rd week is in the last month.
        assert_eq!(year.day(2023, 11).unwrap().to_string(), "2023-12-31");
        assert_eq!(year.place("2024-01-31".parse().unwrap()), Some((2023, 11)));
    }

    #[test]
    fn years_may_end_on_the_last_day_of_the_week_in_a_month() {
        let weeks =
            FiscalWeeks { months: QuarterWeeks::FourFourFive, last_day: Weekday::Saturday, ends: YearEnd::LastInMonth };
        let year = FiscalYear { first_month: 10, named_after: NamedAfter::LastDay, weeks: Some(weeks) };
        assert_eq!(days(year, 2023), "2022-09-25 2023-10-01 53");
        assert_eq!(days(year, 2024), "2023-10-01 2024-09-29 52");
    }

    /// Each month of a hundred years begins where the one before ends, and has whole weeks.
    #[test]
    fn months_of_weeks_follow_each_other() {
        for (months, sizes) in [
            (QuarterWeeks::FourFourFive, [4, 4, 5]),
            (QuarterWeeks::FourFiveFour, [4, 5, 4]),
            (QuarterWeeks::FiveFourFour, [5, 4, 4]),
        ] {
            for (ends, last_day) in
                [(YearEnd::LastInMonth, Weekday::Friday), (YearEnd::NearestMonthEnd, Weekday::Sunday)]
            {
                let weeks = FiscalWeeks { months, last_day, ends };
                let year = FiscalYear { first_month: 1, named_after: NamedAfter::LastDay, weeks: Some(weeks) };
                for number in 2000..2100 {
                    for month in 0..12_i8 {
                        let [first, next] = [month, month + 1].map(|months| year.day(number, months).unwrap());
                        let found = first.until(next).unwrap().get_days();
                        let expected = sizes[usize::try_from(month % 3).unwrap()] * 7;
                        assert!(found == expected || (month == 11 && found == expected + 7), "{first} {next}");
                        assert_eq!(year.place(first), Some((number, month)));
                    }
                    assert_eq!(year.day(number, 12), year.day(number + 1, 0));
                    assert_eq!(year.day(number, 12).unwrap().yesterday().unwrap().weekday(), last_day);
                }
            }
        }
    }
}
