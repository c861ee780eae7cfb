//! Texts as literals. Instants and lengths of time are the engine's: see `dialect`.

/// A text as an SQL literal; `None` if it holds what no engine should have to interpret.
pub(crate) fn text(text: &str) -> Option<String> {
    // A backslash escapes on Redshift and BigQuery and not on PostgreSQL; a doubled quote is one everywhere but on BigQuery.
    // Nothing that Rowkeep writes needs either.
    if text.chars().any(|c| c.is_control() || matches!(c, '\\' | '\'')) {
        return None;
    }
    Some(format!("'{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_itself() {
        assert_eq!(text("a b").as_deref(), Some("'a b'"));
        assert_eq!(text("a'b"), None);
        assert_eq!(text("a\\"), None);
        assert_eq!(text("a\n"), None);
    }
}
