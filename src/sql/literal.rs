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
