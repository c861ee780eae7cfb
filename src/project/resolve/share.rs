//! Reads shares of rows.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::Share;
use crate::source::Spanned;

/// Digits behind the point: a row in a million.
const MOST_DIGITS: usize = 4;

/// Reads `20%` or `0.1%`. `what` names what is that large.
pub(crate) fn resolve(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<Share> {
    let share = parse(&text.value);
    // A default that many tables take is wrong once.
    if share.is_none() && !sink.has(Code::Share, text.span) {
        let message = format!("{what} is {}, which is no share of a table's rows", quoted(&text.value));
        sink.push(
            Diagnostic::new(Code::Share, message, text.span, "not a share")
                .help("write per cent, more than 0 and less than 100, as in `20%` or `0.1%`"),
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
    // Below a million, by the digits above.
    let of = 10_u64.pow(u32::try_from(digits.len()).ok()?) * 100;
    (part > 0).then_some(Share { part, of })
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
    fn what_is_none_or_all_is_refused() {
        for text in ["", "%", "20", "0%", "0.0000%", "100%", "-1%", "1e1%", "0.00001%", "a%", ".5%", "٢%"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
