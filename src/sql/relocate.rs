//! Statements whose relations live in another schema than the one that the text names.

use sqlparser::tokenizer::{Token, Tokenizer};

use crate::dialect::Dialect;

/// The text with the schemas of its relations replaced. `place` is given the folded parts of a dotted name and says which schema
/// it is in, if the name is that of a relation to be moved. `None` if the text is no SQL.
pub(crate) fn relocate(sql: &str, dialect: Dialect, place: &dyn Fn(&[String]) -> Option<String>) -> Option<String> {
    // Without unescaping, a token is written as it was read.
    let tokens = Tokenizer::new(dialect.rules().grammar(), sql).with_unescape(false).tokenize().ok()?;
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => Some(word),
        _ => None,
    };
    // Spaces and comments may stand on both sides of a dot.
    let next = |at: usize| {
        (at + 1..tokens.len()).find(|&at| !matches!(tokens[at], Token::Whitespace(_))).unwrap_or(tokens.len())
    };
    let mut moved = String::with_capacity(sql.len() + 64);
    let mut at = 0;
    while at < tokens.len() {
        let (mut parts, mut ends) = (Vec::new(), Vec::new());
        let mut end = at;
        while let Some(found) = word(end) {
            let keeps_case = found.quote_style.is_some() && dialect.rules().quoted_names_keep_case();
            parts.push(if keeps_case { found.value.clone() } else { found.value.to_lowercase() });
            ends.push(end);
            let dot = next(end);
            if tokens.get(dot) != Some(&Token::Period) || word(next(dot)).is_none() {
                break;
            }
            end = next(dot);
        }
        // A column may follow the relation's name.
        let moves = (2..=parts.len()).rev().find_map(|length| Some((place(&parts[..length])?, ends[length - 1])));
        match moves {
            Some((schema, name)) => {
                moved.push_str(&format!("\"{schema}\"."));
                moved.extend(tokens[name..=end].iter().map(Token::to_string));
            }
            None => moved.extend(tokens[at..=end].iter().map(Token::to_string)),
        }
        at = end + 1;
    }
    Some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(sql: &str) -> String {
        let place = |parts: &[String]| (parts == ["ods", "mart"]).then(|| "there".to_owned());
        relocate(sql, Dialect::Postgres, &place).unwrap()
    }

    #[test]
    fn relations_move_and_nothing_else_does() {
        let sql = "DELETE FROM ods.mart\nWHERE mart.ods > 'ods.mart' AND ods.other.x = 'it''s' /* ods.mart */";
        assert_eq!(moved(sql), sql.replacen("ods.mart", "\"there\".mart", 1));
        assert_eq!(
            moved(
                "SELECT 1 FROM ODS /*x*/ .
mart, ods.\"mart\""
            ),
            "SELECT 1 FROM \"there\".mart, \"there\".\"mart\""
        );
        assert_eq!(moved("UPDATE ods.mart SET a = ods.mart.b"), "UPDATE \"there\".mart SET a = \"there\".mart.b");
        assert_eq!(moved("SELECT 1 FROM ods.\"Mart\""), "SELECT 1 FROM ods.\"Mart\"");
    }
}
