//! Reads shares of rows, such as 20%.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::Share;
use crate::source::Spanned;

/// The most digits after the decimal point. The smallest share is one row in a million.
const MOST_DIGITS: usize = 4;

/// Reads a share, such as `20%` or `0.1%`. `what` is the name of the setting, for the message.
pub(crate) fn resolve(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<Share> {
    let share = parse(&text.value);
    // A default is read once per table. Report it once.
    if share.is_none() && !sink.has(Code::Share, text.span) {
        let message = format!("{what} is {}, which is not a share of the rows of a table", quoted(&text.value));
        sink.push(
            Diagnostic::new(Code::Share, message, text.span, "not a share")
                .help("write a percentage of more than 0 and less than 100, as in `20%` or `0.1%`"),
        );
    }
    share
}

fn parse(text: &str) -> Option<Share> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let (whole, digits) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 2 || digits.len() > MOST_DIGITS || !is_number(whole) || !is_number(digits) {
        return None;
    }
    let part: u64 = format!("{whole}{digits}").parse().ok()?;
    // At most a million, because of MOST_DIGITS.
    let whole_table = 10_u64.pow(u32::try_from(digits.len()).ok()?) * 100;
    (part > 0).then_some(Share { part, of: whole_table })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        assert_eq!(parse("20%"), Some(Share { part: 20, of: 100 }));
        assert_eq!(parse("0.1 %"), Some(Share { part: 1, of: 1_000 }));
        assert_eq!(parse("12.5%"), Some(Share { part: 125, of: 1_000 }));
        assert_eq!(parse("99.9999%"), Some(Share { part: 999_999, of: 1_000_000 }));
    }

    #[test]
    fn zero_all_and_other_texts_are_refused() {
        for text in ["", "%", "20", "0%", "0.0000%", "100%", "-1%", "1e1%", "0.00001%", "a%", ".5%", "٢%"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
