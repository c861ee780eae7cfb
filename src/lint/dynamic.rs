//! The SQL of EXECUTE: a text, texts joined with variables, or `format()`. Each variable stands for
//! itself.

use crate::lint::jinja::Marked;
use crate::lint::script::{Piece, pieces};
use crate::lint::unread::change_in;

/// The statement that an EXECUTE runs, if it changes rows. It has the line of the EXECUTE.
pub(super) fn executed(marked: &Marked) -> Option<Marked> {
    let sql = joined(&marked.text).or_else(|| formatted(&marked.text))?;
    let line = marked.line(marked.text.len() - marked.text.trim_start().len());
    change_in(&sql).map(|_| Marked::plain(&sql.replace('\n', " "), line))
}

/// Whether the texts of an EXECUTE have a word that changes rows.
pub(super) fn may_change_rows(text: &str) -> bool {
    let texts = pieces(text).filter_map(|(kind, part)| match kind {
        Piece::Quoted => Some(content(part)),
        Piece::Dollars(quote) => Some(in_dollars(part, quote).to_owned()),
        _ => None,
    });
    texts.into_iter().any(|text| change_in(&text).is_some())
}

/// `EXECUTE IMMEDIATE 'TRUNCATE TABLE t'`, or `EXECUTE 'DELETE FROM ' || name || ' WHERE ...'`.
fn joined(text: &str) -> Option<String> {
    const SILENT: [&str; 7] = ["execute", "exec", "immediate", "quote_ident", "quote_literal", "sp_executesql", "n"];
    let is = |part: &str, words: &[&str]| words.iter().any(|word| part.eq_ignore_ascii_case(word));
    let (mut sql, mut before, mut name_at) = (String::new(), "", 0);
    for (kind, part) in pieces(text) {
        match kind {
            Piece::Quoted if part.starts_with('\'') => sql.push_str(&content(part)),
            Piece::Dollars(quote) => sql.push_str(in_dollars(part, quote)),
            // The parameters of sp_executesql.
            Piece::Other if part == "," && text.to_ascii_lowercase().contains("sp_executesql") => break,
            Piece::Word if is(part, &SILENT) => {}
            // `USING cutoff`, and `INTO n`.
            Piece::Word if is(part, &["using", "into"]) => break,
            Piece::Word if matches!(before, "|" | "+" | "(" | "@" | ":") => {
                name_at = sql.len();
                sql.push_str(part);
            }
            // `r.name` is called `name`.
            Piece::Word if before == "." => sql.push_str(part),
            Piece::Other if part == "." && sql[name_at..].chars().all(|c| c.is_alphanumeric() || c == '_') => {
                sql.truncate(name_at);
            }
            Piece::Other if matches!(part, "|" | "+" | "(" | ")" | "@" | ":") || part.trim().is_empty() => {}
            Piece::Comment => {}
            _ => return None,
        }
        if !part.trim().is_empty() {
            before = part;
        }
    }
    Some(sql)
}

/// `EXECUTE format('DELETE FROM %I WHERE day < %L', name, cutoff)`.
fn formatted(text: &str) -> Option<String> {
    let mut parts = pieces(text).filter(|(kind, part)| !matches!(kind, Piece::Comment) && !part.trim().is_empty());
    parts.find(|(_, part)| part.eq_ignore_ascii_case("format"))?;
    parts.next().filter(|(_, part)| *part == "(")?;
    let (kind, template) = parts.next()?;
    let template = match kind {
        Piece::Quoted => content(template),
        Piece::Dollars(quote) => in_dollars(template, quote).to_owned(),
        _ => return None,
    };
    let (mut arguments, mut depth, mut last) = (Vec::new(), 1, String::new());
    for (kind, part) in parts {
        match part {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 1 => arguments.push(std::mem::take(&mut last)),
            // The last word of an expression: `r` of `quote_ident(r)`, and `name` of `r.name`.
            part if matches!(kind, Piece::Word) => part.clone_into(&mut last),
            part if matches!(kind, Piece::Quoted) => last = content(part),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    arguments.push(last);
    // What stands before the first comma is the end of the template.
    let given: Vec<String> = arguments.into_iter().skip(1).collect();
    let mut next = 0;
    let mut sql = String::new();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        sql.push_str(before);
        // `%1$I` names its argument.
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let stated =
            after[digits..].strip_prefix('$').and_then(|rest| Some((after[..digits].parse::<usize>().ok()?, rest)));
        let after = stated.map_or(&after[digits..], |(_, rest)| rest);
        let mut argument = || {
            let at = stated.map_or(next, |(number, _)| number.saturating_sub(1));
            next = at + 1;
            given.get(at).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| "item".to_owned())
        };
        match after.chars().next()? {
            '%' => sql.push('%'),
            'L' => sql.extend(["'", &argument(), "'"]),
            'I' | 's' => sql.push_str(&argument()),
            _ => return None,
        }
        rest = &after[1..];
    }
    sql.push_str(rest);
    Some(sql)
}

/// The text between dollar quotes.
fn in_dollars(part: &str, quote: usize) -> &str {
    let (open, rest) = part.split_at(quote.min(part.len()));
    rest.strip_suffix(open).unwrap_or(rest)
}

/// The text between quotes.
fn content(quoted: &str) -> String {
    let mut chars = quoted.chars();
    let quote = chars.next().unwrap_or_default();
    // A text without its closing quote goes on to the end.
    chars.as_str().strip_suffix(quote).unwrap_or(chars.as_str()).replace("''", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_for_itself() {
        let cases = [
            ("EXECUTE 'DELETE FROM a'", "DELETE FROM a"),
            (
                "EXECUTE IMMEDIATE 'DELETE FROM ' || src || ' WHERE d < ''2026-01-01'''",
                "DELETE FROM src WHERE d < '2026-01-01'",
            ),
            (
                "EXECUTE format('DELETE FROM %I.%I WHERE d < %L', schema, r.name, cutoff)",
                "DELETE FROM schema.name WHERE d < 'cutoff'",
            ),
            ("EXEC ('DELETE FROM ' + @t)", "DELETE FROM t"),
            ("EXECUTE 'DELETE FROM a.' || r.name || ' WHERE d < ' || :cutoff", "DELETE FROM a.name WHERE d < cutoff"),
        ];
        for (text, sql) in cases {
            assert_eq!(executed(&Marked::plain(text, 1)).map(|marked| marked.text).as_deref(), Some(sql));
        }
        assert!(may_change_rows("EXECUTE build('DELETE FROM ', t)"));
        assert!(executed(&Marked::plain("EXECUTE build('DELETE FROM ', t)", 1)).is_none());
    }
}
