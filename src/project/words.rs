//! The words of YAML files: the fixed sets of values for types such as engines and units.

use jiff::civil::Weekday;

use crate::dialect::{Dialect, Indexes, MaintenanceKind};
use crate::features::erasure::KeyForm;
use crate::features::monitors::Severity;
use crate::project::shape::Words;
use crate::project::{CutoffFrom, NamedAfter, QuarterWeeks, Rows, YearEnd};
use crate::sql::TimeUnit;

impl Words for Dialect {
    fn words() -> Vec<(&'static str, Self)> {
        Dialect::ALL.into_iter().map(|dialect| (dialect.as_str(), dialect)).collect()
    }
}

impl Words for Severity {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("error", Severity::Error), ("warn", Severity::Warn)]
    }
}

impl Words for MaintenanceKind {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("vacuum", MaintenanceKind::Vacuum),
            ("vacuum_delete", MaintenanceKind::VacuumDelete),
            ("vacuum_sort", MaintenanceKind::VacuumSort),
            ("analyze", MaintenanceKind::Analyze),
        ]
    }
}

impl Words for KeyForm {
    fn words() -> Vec<(&'static str, Self)> {
        [KeyForm::Plain, KeyForm::Hashed].into_iter().map(|form| (form.as_str(), form)).collect()
    }
}

impl Words for Indexes {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("unique", Indexes::Unique),
            ("unique_key", Indexes::UniqueKey),
            ("plain", Indexes::Plain),
            ("none", Indexes::None),
        ]
    }
}

impl Words for Rows {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("latest", Rows::Latest), ("events", Rows::Events)]
    }
}

impl Words for CutoffFrom {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("newest", CutoffFrom::Newest), ("now", CutoffFrom::Now)]
    }
}

impl Words for NamedAfter {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("first_day", NamedAfter::FirstDay), ("last_day", NamedAfter::LastDay)]
    }
}

impl Words for QuarterWeeks {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("4-4-5", QuarterWeeks::FourFourFive),
            ("4-5-4", QuarterWeeks::FourFiveFour),
            ("5-4-4", QuarterWeeks::FiveFourFour),
        ]
    }
}

impl Words for YearEnd {
    fn words() -> Vec<(&'static str, Self)> {
        vec![("last_in_month", YearEnd::LastInMonth), ("nearest_month_end", YearEnd::NearestMonthEnd)]
    }
}

impl Words for Weekday {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("monday", Weekday::Monday),
            ("tuesday", Weekday::Tuesday),
            ("wednesday", Weekday::Wednesday),
            ("thursday", Weekday::Thursday),
            ("friday", Weekday::Friday),
            ("saturday", Weekday::Saturday),
            ("sunday", Weekday::Sunday),
        ]
    }
}

impl Words for TimeUnit {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("epoch_seconds", TimeUnit::EpochSeconds),
            ("epoch_millis", TimeUnit::EpochMillis),
            ("timestamp", TimeUnit::Timestamp),
            ("date", TimeUnit::Date),
        ]
    }
}
