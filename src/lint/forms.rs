//! Forms of statements that the parser does not know, written as forms that it knows.
//!
//! Each keeps what the rules look at: the tables, the conditions and the columns.

use crate::lint::script::{Piece, pieces};

/// The statement in a form that the parser may know. `None`: there is none.
pub(super) fn rewritten(sql: &str) -> Option<String> {
    let mut text = sql.to_owned();
    for rewrite in [without_top, with_text_in_quotes, without_psql_quotes, without_by_name, with_select] {
        if let Some(changed) = rewrite(&text) {
            text = changed;
        }
    }
    (text != sql).then_some(text)
}

/// `DELETE FROM t` for `DELETE TOP (5000) FROM t`. Whether a DELETE stops after some rows matters
/// only beside a copy, which has its own TOP.
fn without_top(sql: &str) -> Option<String> {
    let rest = sql.get(..6).filter(|word| word.eq_ignore_ascii_case("delete")).and_then(|_| sql.get(6..))?;
    let rest = rest.trim_start();
    let rest = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("top")).and_then(|_| rest.get(3..))?;
    let (_, rest) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    Some(format!("DELETE{rest}"))
}

/// `UNLOAD ('SELECT ...')` for `UNLOAD ($$SELECT ...$$)`.
fn with_text_in_quotes(sql: &str) -> Option<String> {
    let is_unload = sql.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("unload"));
    let part = |(kind, part): (Piece, &str)| match kind {
        Piece::Dollars(quote) => {
            let (open, rest) = part.split_at(quote);
            format!("'{}'", rest.strip_suffix(open).unwrap_or(rest).replace('\'', "''"))
        }
        _ => part.to_owned(),
    };
    is_unload.then(|| pieces(sql).map(part).collect())
}

/// `'cutoff'` for `:'cutoff'`, a variable of psql.
fn without_psql_quotes(sql: &str) -> Option<String> {
    sql.contains(":'").then(|| sql.replace(":'", "'"))
}

/// `INSERT INTO t (by_name) SELECT` for `INSERT INTO t BY NAME SELECT` of DuckDB, which does not
/// depend on the order of columns either.
fn without_by_name(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let at = lower.find(" by name").filter(|_| lower.starts_with("insert"))?;
    Some(format!("{} (by_name){}", &sql[..at], &sql[at + " by name".len()..]))
}

/// `SELECT * FROM t` for `FROM t`, as DuckDB allows: in brackets, after AS, and in an INSERT.
fn with_select(sql: &str) -> Option<String> {
    let mut out = String::with_capacity(sql.len() + 16);
    let (mut before, mut is_changed, mut depth) = (String::new(), false, 0_usize);
    // In an INSERT, the first FROM outside of brackets may have no SELECT before it.
    let mut awaits_query = sql.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("insert"));
    for (kind, part) in pieces(sql) {
        match (&kind, part) {
            (Piece::Word, word) => {
                let word = word.to_ascii_lowercase();
                let opens = matches!(before.as_str(), "(" | "as") || awaits_query && depth == 0;
                if word == "from" && opens {
                    out.push_str("SELECT * ");
                    is_changed = true;
                }
                if matches!(word.as_str(), "select" | "values" | "from") {
                    awaits_query = false;
                }
                before = word;
            }
            (Piece::Other, "(") => {
                depth += 1;
                "(".clone_into(&mut before);
            }
            (Piece::Other, ")") => {
                depth = depth.saturating_sub(1);
                ")".clone_into(&mut before);
            }
            (Piece::Other, space) if space.trim().is_empty() => {}
            (Piece::Comment, _) => {}
            _ => before.clear(),
        }
        out.push_str(part);
    }
    is_changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_one_that_the_parser_knows() {
        let cases = [
            ("DELETE TOP (5000) FROM t WHERE x = 1", "DELETE FROM t WHERE x = 1"),
            ("UNLOAD ($$SELECT 'a' FROM t$$) TO 's3'", "UNLOAD ('SELECT ''a'' FROM t') TO 's3'"),
            ("DELETE FROM t WHERE d < :'cutoff'", "DELETE FROM t WHERE d < 'cutoff'"),
            ("INSERT INTO a BY NAME SELECT * FROM b", "INSERT INTO a (by_name) SELECT * FROM b"),
            ("INSERT INTO a FROM b WHERE x", "INSERT INTO a SELECT * FROM b WHERE x"),
            ("CREATE TABLE a AS FROM b", "CREATE TABLE a AS SELECT * FROM b"),
            ("DELETE FROM a WHERE EXISTS (FROM b)", "DELETE FROM a WHERE EXISTS (SELECT * FROM b)"),
        ];
        for (sql, known) in cases {
            assert_eq!(rewritten(sql).as_deref(), Some(known));
        }
        assert_eq!(rewritten("INSERT INTO a (x) SELECT extract(year FROM d) FROM b"), None);
    }
}
