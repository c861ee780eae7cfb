//! Resolves `limit:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::source::Spanned;

/// The most rows that a limit can state.
const MOST: u64 = 1 << 40;

/// The number of rows, from a text such as `500000 rows`.
pub(crate) fn resolve(stated: &Spanned<String>, model: &str, sink: &mut Sink) -> Option<u64> {
    let number = stated.value.trim().strip_suffix("rows").or_else(|| stated.value.trim().strip_suffix("row"));
    let number = number.and_then(|number| number.trim().replace('_', "").parse().ok());
    let rows = number.filter(|rows| (1..=MOST).contains(rows));
    if rows.is_none() {
        let message = format!("the limit of {model} is {}, which is not a number of rows", quoted(&stated.value));
        sink.push(
            Diagnostic::new(Code::Limit, message, stated.span, "not a number of rows")
                .help("write a whole number of rows, as in `limit: 500000 rows`"),
        );
    }
    rows
}
