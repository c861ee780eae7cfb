//! Moves the relations of a statement to another schema.

use sqlparser::tokenizer::{Token, Tokenizer};

use crate::dialect::Dialect;
use crate::sql::fold;

/// Replaces the schemas of relations in a text. `new_schema` gets the folded parts of a dotted
/// name. If the name is a relation to move, it returns the new schema. The result is `None` if the
/// text is not SQL.
pub(crate) fn relocate(
    sql: &str,
    dialect: Dialect,
    new_schema: &dyn Fn(&[String]) -> Option<String>,
) -> Option<String> {
    // Without unescaping, each token is written exactly as it was read.
    let tokens = Tokenizer::new(dialect.rules().grammar(), sql).with_unescape(false).tokenize().ok()?;
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => Some(word),
        _ => None,
    };
    // Spaces and comments may be on both sides of a dot.
    let next = |at: usize| {
        (at + 1..tokens.len()).find(|&at| !matches!(tokens[at], Token::Whitespace(_))).unwrap_or(tokens.len())
    };
    let mut moved = String::with_capacity(sql.len() + 64);
    let mut at = 0;
    while at < tokens.len() {
        let (mut parts, mut ends) = (Vec::new(), Vec::new());
        let mut end = at;
        while let Some(found) = word(end) {
            parts.push(fold(&found.value, found.quote_style.is_some(), dialect).into_owned());
            ends.push(end);
            let dot = next(end);
            if tokens.get(dot) != Some(&Token::Period) || word(next(dot)).is_none() {
                break;
            }
            end = next(dot);
        }
        // The name of a column may follow the name of the relation, so the longest match counts.
        let moves = (2..=parts.len()).rev().find_map(|length| Some((new_schema(&parts[..length])?, ends[length - 1])));
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
        let new_schema = |parts: &[String]| (parts == ["ods", "mart"]).then(|| "there".to_owned());
        relocate(sql, Dialect::Postgres, &new_schema).unwrap()
    }

    #[test]
    fn only_relations_are_moved() {
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
