//! Reads fixed lengths of time.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::{DAY, Length};
use crate::source::Spanned;

/// A hundred years. A longer time is a typing error, and would overflow the intervals of some
/// engines.
const MAX_SECONDS: u64 = 36_525 * DAY;

/// Reads a length of time, such as `180 days`, as seconds. `what` is the name of the setting, for
/// the message.
pub(crate) fn resolve(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<u64> {
    seconds(text, what, false, sink)
}

/// The same. `may_be_calendar`: the setting also takes months and years.
fn seconds(text: &Spanned<String>, what: &str, may_be_calendar: bool, sink: &mut Sink) -> Option<u64> {
    match parse(&text.value) {
        Ok(seconds) => Some(seconds),
        // A default is read once per table. Report it once.
        Err(_) if sink.has(Code::Duration, text.span) => None,
        Err((problem, help)) => {
            let help =
                if may_be_calendar && [FORM, NO_FIXED_LENGTH].contains(&(problem, help)) { CALENDAR } else { help };
            let problem = if may_be_calendar && problem == NO_FIXED_LENGTH.0 { FORM.0 } else { problem };
            let message = format!("{what} is {}, which {problem}", quoted(&text.value));
            let label = match problem {
                _ if problem == FORM.0 => "not a length of time",
                _ if problem == NO_FIXED_LENGTH.0 => "not a fixed length of time",
                _ => "out of range",
            };
            let help = meant(&text.value).map_or_else(|| help.to_owned(), |meant| format!("did you mean `{meant}`?"));
            sink.push(Diagnostic::new(Code::Duration, message, text.span, label).help(help));
            None
        }
    }
}

/// Reads a length of time that may be in months or years of the calendar.
pub(crate) fn length(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<Length> {
    match months(&text.value) {
        Some(months) if (1..=MAX_MONTHS).contains(&months) => Some(Length::Months(months)),
        Some(_) => {
            let message = format!("{what} is {}, which is not between 1 month and 100 years", quoted(&text.value));
            let help = "write a whole number of months or years, as in `6 months`";
            sink.push(Diagnostic::new(Code::Duration, message, text.span, "out of range").help(help));
            None
        }
        None => seconds(text, what, true, sink).map(Length::Seconds),
    }
}

/// The length that an abbreviation means: `15 minutes` for `15 min` and `15m`.
fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().trim_end_matches('.').to_ascii_lowercase().as_str() {
        "min" | "mins" | "minute" | "minutes" => "minutes",
        "h" | "hr" | "hrs" | "hour" | "hours" => "hours",
        "d" | "day" | "days" => "days",
        "w" | "wk" | "wks" | "week" | "weeks" => "weeks",
        _ => return None,
    };
    let meant = format!("{number} {unit}");
    (parse(&meant).is_ok() && parse(text).is_err()).then_some(meant)
}

/// A hundred years.
const MAX_MONTHS: u32 = 1_200;

/// The number of months that a text states. `None` if it has another unit. A number that is too
/// large counts as `u32::MAX`.
fn months(text: &str) -> Option<u32> {
    let (number, unit) = text.trim().split_once(char::is_whitespace)?;
    let unit = match unit.trim() {
        "month" | "months" => 1,
        "year" | "years" => 12,
        _ => return None,
    };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let months = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit));
    is_number.then(|| months.unwrap_or(u32::MAX))
}

const FORM: (&str, &str) =
    ("is not a length of time", "write a whole number and weeks, days, hours or minutes, as in `180 days`");
const NO_FIXED_LENGTH: (&str, &str) =
    ("has no fixed length: whether a row is due would depend on the calendar", "write it in days, as in `180 days`");
const CALENDAR: &str =
    "write a whole number and years, months, weeks, days, hours or minutes, as in `180 days` or `18 months`";

fn parse(text: &str) -> Result<u64, (&'static str, &'static str)> {
    let mut words = text.split_whitespace();
    let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else { return Err(FORM) };
    let unit = match unit {
        "week" | "weeks" => 7 * DAY,
        "day" | "days" => DAY,
        "hour" | "hours" => 3_600,
        "minute" | "minutes" => 60,
        "month" | "months" | "year" | "years" => {
            return Err(NO_FIXED_LENGTH);
        }
        _ => return Err(FORM),
    };
    if number.starts_with('-') && number[1..].bytes().all(|b| b.is_ascii_digit()) {
        return Err(("is negative: rows would be due before they exist", "write a positive number"));
    }
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FORM);
    }
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match seconds {
        Some(0) => Err(("is zero: the time would be over at once", "write a positive number")),
        Some(seconds) if seconds <= MAX_SECONDS => Ok(seconds),
        _ => Err(("is longer than 100 years: some engines cannot compute with it", "write at most `36525 days`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_lengths_are_read() {
        assert_eq!(parse("180 days"), Ok(15_552_000));
        assert_eq!(parse("1 week"), Ok(604_800));
        assert_eq!(parse("90  minutes"), Ok(5_400));
    }

    #[test]
    fn abbreviations_are_understood() {
        assert_eq!(meant("15 min").as_deref(), Some("15 minutes"));
        assert_eq!(meant("90d").as_deref(), Some("90 days"));
        assert_eq!(meant("90 days"), None);
        assert_eq!(meant("0 d"), None);
        assert_eq!(meant("5 m"), None);
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            "180",
            "days",
            "0 days",
            "-3 days",
            "6 months",
            "1.5 days",
            "99999999999999999999 days",
            "40000 days",
            "2 days ago",
            "+1 day",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
