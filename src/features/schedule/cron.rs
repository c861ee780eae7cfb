//! Cadences and times of day, for cron and for readers.

use crate::features::schedule::{Schedule, TimeOfDay};

pub(crate) fn cron_daily(at: TimeOfDay) -> String {
    format!("{} {} * * *", at.minute, at.hour)
}

/// A cron expression for an interval that divides an hour or a day, counted from midnight;
/// otherwise `None`.
pub(crate) fn cron_every(seconds: u64) -> Option<String> {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (minutes, rest) {
        (60, 0) => Some("0 * * * *".to_owned()),
        (1_440, 0) => Some("0 0 * * *".to_owned()),
        (minutes, 0) if minutes < 60 && 60 % minutes == 0 => Some(format!("*/{minutes} * * * *")),
        (minutes, 0) if minutes % 60 == 0 && minutes < 1_440 && 1_440 % minutes == 0 => {
            Some(format!("0 */{} * * *", minutes / 60))
        }
        _ => None,
    }
}

/// The interval between cycles, in words.
pub(crate) fn every_in_words(schedule: &Schedule) -> String {
    crate::project::length(schedule.cycle_every)
}
