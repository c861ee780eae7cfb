//! SQL literals of texts. Literals of instants and lengths of time differ between engines: see
//! `dialect`.

/// A text as an SQL literal. `None` if the text has a control character, a quote or a backslash.
pub(crate) fn text(text: &str) -> Option<String> {
    // A backslash is an escape character on Redshift and BigQuery, but not on PostgreSQL. A doubled
    // quote means one quote on every engine except BigQuery. Rowkeep needs neither in its literals.
    if text.chars().any(|c| c.is_control() || matches!(c, '\\' | '\'')) {
        return None;
    }
    Some(format!("'{text}'"))
}

/// An instant as text, in UTC: `2026-01-03 00:00:00`.
pub(crate) fn instant(epoch: i64) -> String {
    let at = jiff::Timestamp::from_second(epoch);
    at.map_or_else(|_| format!("{epoch} seconds after 1970"), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_literal() {
        assert_eq!(text("a b").as_deref(), Some("'a b'"));
        assert_eq!(text("a'b"), None);
        assert_eq!(text("a\\"), None);
        assert_eq!(text("a\n"), None);
    }
}
