//! Splits a text into statements, without a grammar: quotes, comments and semicolons. So one
//! statement that no parser reads does not hide the others.

use crate::lint::jinja::Marked;

/// One statement of a text.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    /// The statement without control flow before it, such as `WHILE ... BEGIN`.
    pub(super) marked: Marked,
    /// The body of a function or a block in dollar quotes.
    pub(super) body: Option<Marked>,
    /// The comments before and inside of the statement, each with its line.
    pub(super) comments: Vec<(usize, String)>,
    /// Whether a transaction opens or ends before the statement, or by it. `None`: neither.
    pub(super) opens: Option<bool>,
    /// Whether only BEGIN stands before the statement. In a routine, it opens a block, and no
    /// transaction.
    pub(super) is_after_begin: bool,
    /// Whether a procedure, a function or a trigger begins before the statement.
    pub(super) begins_routine: bool,
}

/// What starts at a byte of SQL.
pub(super) enum Piece {
    Comment,
    /// A text or a name in quotes.
    Quoted,
    /// A text in dollar quotes, or in triple quotes; the length of its quote.
    Dollars(usize),
    /// A command of psql, such as `\copy`, up to the end of its line.
    Command,
    Semicolon,
    Word,
    Other,
}

/// The quote of a text of BigQuery with several lines.
const TRIPLE: &str = "\"\"\"";

/// The kind and the length of what starts at the beginning of a text.
fn piece(text: &str) -> (Piece, usize) {
    let c = text.chars().next().unwrap_or_default();
    let until = |end: &str, from: usize| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    match c {
        '-' if text.starts_with("--") => (Piece::Comment, text.find('\n').unwrap_or(text.len())),
        // BigQuery and MySQL. `#t` is a table of T-SQL.
        '#' if text.starts_with("# ") => (Piece::Comment, text.find('\n').unwrap_or(text.len())),
        '/' if text.starts_with("/*") => (Piece::Comment, until("*/", 2)),
        // A text of BigQuery. With single quotes, it could be a text of any engine that begins with
        // a quote.
        '"' if text.starts_with(TRIPLE) && text[TRIPLE.len()..].contains(TRIPLE) => {
            (Piece::Dollars(TRIPLE.len()), until(TRIPLE, TRIPLE.len()))
        }
        '\'' | '"' | '`' => (Piece::Quoted, quoted_length(text, c)),
        '$' => match dollar_quote(text) {
            Some(quote) => (Piece::Dollars(quote.len()), until(quote, quote.len())),
            None => (Piece::Other, 1),
        },
        ';' => (Piece::Semicolon, 1),
        '\\' if text[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
            (Piece::Command, text.find('\n').unwrap_or(text.len()))
        }
        c if c.is_alphabetic() || c == '_' => {
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            (Piece::Word, end.unwrap_or(text.len()))
        }
        c => (Piece::Other, c.len_utf8().max(1)),
    }
}

/// The length of a quoted text. A doubled quote is one quote, and so is one after a backslash.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
            // `'C:\'` on an engine where a backslash is no escape: the text ends here if a comma, a
            // bracket or the end follows.
            let after = text[at + 2..].trim_start().chars().next();
            if after.is_none_or(|c| matches!(c, ',' | ')' | ';')) {
                return at + 2;
            }
            chars.next();
        } else if c == quote {
            match chars.peek() {
                Some((_, next)) if *next == quote => {
                    chars.next();
                }
                _ => return at + 1,
            }
        }
    }
    text.len()
}

/// The opening quote of a text in dollar quotes, such as `$$` or `$body$`.
fn dollar_quote(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 2;
    text[1..end - 1].chars().all(|c| c.is_alphanumeric() || c == '_').then(|| &text[..end])
}

/// The words that begin a statement which this crate looks at.
const VERBS: [&str; 12] = [
    "insert", "delete", "update", "merge", "truncate", "with", "select", "vacuum", "create", "drop", "execute", "exec",
];
/// The words of a routine, which runs by itself.
const ROUTINES: [&str; 4] = ["procedure", "proc", "function", "trigger"];
/// The words after which a statement can begin inside of control flow.
const OPENERS: [&str; 10] = ["begin", "then", "loop", "do", "else", "as", "atomic", "tran", "transaction", "try"];

/// The statements of a text.
pub(super) fn split(marked: &Marked) -> Vec<Raw> {
    let delimited = with_semicolons(&marked.text).map(|text| marked.rewritten(text));
    let marked = delimited.as_ref().unwrap_or(marked);
    let text = marked.text.as_str();
    let mut all = Vec::new();
    let (mut start, mut at) = (0, 0);
    let (mut body, mut comments): (Option<Marked>, Vec<(usize, String)>) = (None, Vec::new());
    let mut is_empty = true;
    loop {
        let ended = at >= text.len();
        let (found, length) = if ended { (Piece::Semicolon, 0) } else { piece(&text[at..]) };
        let next = at + length;
        match found {
            Piece::Semicolon => {
                if !is_empty || !comments.is_empty() {
                    all.push(raw(marked, start, at, body.take(), std::mem::take(&mut comments)));
                }
                start = next;
                // The rows of `COPY t FROM stdin` stand below it, up to `\.` on a line.
                let has_rows_below = !is_empty && !ended && all.last().is_some_and(has_rows_below);
                is_empty = true;
                if has_rows_below {
                    let end = text[next..].find("\n\\.").map_or(text.len(), |end| next + end + "\n\\.".len());
                    (start, at) = (end, end);
                    continue;
                }
            }
            Piece::Comment => comments.push((marked.line(at), text[at..next].to_owned())),
            // A command ends the statement before it, as `\gexec` does. `\copy` is a statement
            // itself.
            Piece::Command => {
                let end = if is_empty { next } else { at };
                let from = if is_empty { at + 1 } else { start };
                if !is_empty || text[from..].get(..4).is_some_and(|word| word.eq_ignore_ascii_case("copy")) {
                    all.push(raw(marked, from, end, body.take(), std::mem::take(&mut comments)));
                }
                start = next;
                is_empty = true;
            }
            Piece::Dollars(quote) => {
                // A text without its closing quote goes on to the end.
                let is_closed = length >= 2 * quote && text[..next].ends_with(&text[at..at + quote]);
                body = Some(marked.part(at + quote..if is_closed { next - quote } else { next }));
                is_empty = false;
            }
            Piece::Other => is_empty &= text[at..next].trim().is_empty(),
            // `GO` on a line of its own ends a batch of T-SQL.
            Piece::Word if is_alone(text, at..next, "go") => {
                all.push(raw(marked, start, at, body.take(), std::mem::take(&mut comments)));
                start = next;
                is_empty = true;
            }
            Piece::Quoted | Piece::Word => is_empty = false,
        }
        at = next;
        if ended {
            return all;
        }
    }
}

/// Whether the rows of a COPY stand below it.
fn has_rows_below(raw: &Raw) -> bool {
    let first = words(&raw.marked.text, usize::MAX);
    first.first().is_some_and(|word| word == "copy") && first.windows(2).any(|pair| pair == ["from", "stdin"])
}

/// A text of MySQL with semicolons in the place of its own delimiters: `DELIMITER $$`. Each byte
/// keeps its place. `None`: it has none.
fn with_semicolons(text: &str) -> Option<String> {
    const WORD: &str = "delimiter ";
    let states = |line: &str| line.trim_start().get(..WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD));
    if !text.lines().any(states) {
        return None;
    }
    let (mut out, mut delimiter) = (String::with_capacity(text.len()), ";".to_owned());
    for line in text.split_inclusive('\n') {
        if states(line) {
            line.trim_start()[WORD.len()..].trim().clone_into(&mut delimiter);
            out.extend(line.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else if delimiter.is_empty() || delimiter == ";" || !delimiter.is_ascii() {
            out.push_str(line);
        } else {
            out.push_str(&line.replace(&delimiter, &format!("{:<1$}", ";", delimiter.len())));
        }
    }
    (out.len() == text.len()).then_some(out)
}

/// Whether a word is the only one of its line.
fn is_alone(text: &str, range: std::ops::Range<usize>, word: &str) -> bool {
    let before = text[..range.start].rsplit('\n').next().unwrap_or_default();
    let after = text[range.end..].split('\n').next().unwrap_or_default();
    text[range].eq_ignore_ascii_case(word) && before.trim().is_empty() && after.trim().is_empty()
}

/// The statements of a text without semicolons, as T-SQL allows: one begins at each line that
/// begins with a verb, IF, COMMIT or ROLLBACK outside of brackets.
pub(super) fn split_at_verbs(marked: &Marked) -> Vec<Marked> {
    const VERBS: [&str; 14] = [
        "insert",
        "delete",
        "update",
        "merge",
        "truncate",
        "if",
        "commit",
        "rollback",
        "print",
        "declare",
        "while",
        "return",
        "raiserror",
        "waitfor",
    ];
    // `SET @rows = @@ROWCOUNT` and `SET NOCOUNT ON`, but not the SET of an UPDATE.
    let begins = |word: &str, rest: &str| match word.to_ascii_lowercase().as_str() {
        "set" => {
            rest.trim_start().starts_with('@')
                || words(rest, 1).iter().any(|next| next == "nocount" || next == "xact_abort")
        }
        word => VERBS.contains(&word),
    };
    let text = marked.text.as_str();
    let (mut starts, mut depth, mut at) = (vec![0], 0_usize, 0);
    while at < text.len() {
        let (found, length) = piece(&text[at..]);
        match (&found, &text[at..at + length]) {
            (Piece::Other, "(") => depth += 1,
            (Piece::Other, ")") => depth = depth.saturating_sub(1),
            (Piece::Word, word) if depth == 0 && begins(word, &text[at + length..]) => {
                let line = text[..at].rsplit('\n').next().unwrap_or_default();
                if line.trim().is_empty() && at > 0 {
                    starts.push(at);
                }
            }
            _ => {}
        }
        at += length;
    }
    starts.push(text.len());
    starts.windows(2).map(|pair| marked.part(pair[0]..pair[1])).collect()
}

/// The statement between two bytes.
fn raw(marked: &Marked, start: usize, end: usize, body: Option<Marked>, comments: Vec<(usize, String)>) -> Raw {
    let from = start_of(marked, start, end);
    let statement = marked.part(from..end);
    let mut control_flow = words(&marked.text[start..from], usize::MAX);
    let first = words(&statement.text, 1);
    if !first.iter().any(|first| VERBS.contains(&first.as_str())) {
        control_flow.extend(words(&statement.text, usize::MAX));
    }
    // A header without statements before it: `CREATE PROCEDURE p AS BEGIN BEGIN TRAN`.
    let header = words(&statement.text, 5);
    let is_header = body.is_none() && header.first().is_some_and(|word| word == "create" || word == "alter");
    let is_routine = |words: &[String]| words.iter().any(|word| ROUTINES.contains(&word.as_str()));
    let begins_routine = is_routine(&control_flow) || is_header && is_routine(&header);
    let is_after_begin = matches!(control_flow.as_slice(), [only] if only == "begin");
    let opens = opens_transaction(&control_flow);
    Raw { marked: statement, body, comments, opens, is_after_begin, begins_routine }
}

/// Whether the last of these words that does so opens a transaction or ends one. `None`: no word
/// does.
pub(super) fn opens_transaction(words: &[String]) -> Option<bool> {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let at = |at: usize| match (word(at), word(at + 1)) {
        ("begin" | "start", "transaction" | "tran" | "work" | "isolation" | "distributed" | "read" | "name") => {
            Some(true)
        }
        ("set", "implicit_transactions") => Some(word(at + 2) == "on"),
        ("begin" | "start", "") if at == 0 => Some(true),
        // A chained transaction begins at once.
        ("commit" | "rollback", "and") if word(at + 2) == "chain" => Some(true),
        // A ROLLBACK is usually in the branch for errors.
        ("commit", _) => Some(false),
        ("end", "" | "transaction" | "work") if at == 0 => Some(false),
        _ => None,
    };
    (0..words.len()).rev().find_map(at)
}

/// Where the statement between two bytes starts, after comments and control flow.
fn start_of(marked: &Marked, start: usize, end: usize) -> usize {
    let text = &marked.text[..end];
    let mut at = start;
    let mut first = None;
    let mut opened = None;
    let mut after_opener = true;
    let mut depth = 0_usize;
    while at < end {
        let (found, length) = piece(&text[at..]);
        match found {
            Piece::Word => {
                let word = text[at..at + length].to_ascii_lowercase();
                first = first.or(Some(at));
                let is_verb = VERBS.contains(&word.as_str());
                if after_opener && is_verb && first != Some(at) {
                    // `AS (SELECT`, `INSERT ... SELECT` and the like are parts of one statement.
                    opened = Some(at);
                }
                // `IF EXISTS (...) DELETE`: T-SQL needs no word before the statement.
                let is_branch = first.is_some_and(|first| is_word_at(text, first, "if"));
                if is_branch
                    && depth == 0
                    && ["insert", "delete", "update", "merge", "truncate"].contains(&word.as_str())
                {
                    opened = Some(at);
                }
                if first == Some(at) && is_verb && word != "create" {
                    break;
                }
                if opened.is_some() {
                    break;
                }
                after_opener = OPENERS.contains(&word.as_str());
            }
            Piece::Comment => {}
            Piece::Other if text[at..at + length].trim().is_empty() => {}
            _ => {
                match &text[at..at + length] {
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                first = first.or(Some(at));
                after_opener = false;
            }
        }
        at += length;
    }
    let is_with_query = first.is_some_and(|first| {
        let head = text[first..end].to_ascii_lowercase();
        if ["export data", "unload", "copy "].iter().any(|words| head.starts_with(words)) {
            return true;
        }
        head.starts_with("create")
            && !["procedure", "function", "trigger", "task", "event"]
                .iter()
                .any(|word| head.split_whitespace().take(5).any(|part| part == *word))
    });
    let from = if is_with_query { first } else { opened.or(first) };
    from.unwrap_or(end)
}

/// Whether a text has this word at a byte, in capitals or not.
fn is_word_at(text: &str, at: usize, word: &str) -> bool {
    let (_, length) = piece(&text[at..]);
    text[at..at + length].eq_ignore_ascii_case(word)
}

/// The pieces of a text, in order.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (Piece, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (found, length) = piece(rest);
        let (head, tail) = rest.split_at(length.min(rest.len()));
        rest = tail;
        (!head.is_empty()).then_some((found, head))
    })
}

/// The first words of a statement, in lower case.
pub(super) fn words(text: &str, count: usize) -> Vec<String> {
    let words = pieces(text).filter(|(found, _)| matches!(found, Piece::Word));
    words.take(count).map(|(_, word)| word.to_ascii_lowercase()).collect()
}

/// The text without comments and without the contents of quotes, in lower case: for a search of
/// words.
pub(super) fn skeleton(text: &str) -> String {
    let kept = |(found, part): (Piece, &str)| match found {
        Piece::Comment => " ".to_owned(),
        Piece::Quoted => "''".to_owned(),
        Piece::Dollars(_) => "$$".to_owned(),
        _ => part.to_ascii_lowercase(),
    };
    pieces(text).map(kept).collect()
}

/// The text in lower case, with spaces in the place of comments and texts. Each byte keeps its
/// place.
pub(super) fn blanked(text: &str) -> String {
    let kept = |(found, part): (Piece, &str)| match found {
        Piece::Comment => " ".repeat(part.len()),
        Piece::Quoted if part.starts_with('\'') => " ".repeat(part.len()),
        _ => part.to_ascii_lowercase(),
    };
    pieces(text).map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<String> {
        split(&Marked::plain(sql, 1)).into_iter().map(|raw| raw.marked.text.trim().to_owned()).collect()
    }

    #[test]
    fn a_semicolon_in_quotes_or_comments_ends_nothing() {
        let sql = "SELECT ';' -- a;\n, \"b;\" /* ; */; DELETE FROM t";
        assert_eq!(texts(sql), ["SELECT ';' -- a;\n, \"b;\" /* ; */", "DELETE FROM t"]);
        assert_eq!(texts("SELECT 'it''s; fine'; SELECT $q$ ; $q$"), ["SELECT 'it''s; fine'", "SELECT $q$ ; $q$"]);
    }

    #[test]
    fn control_flow_before_a_statement_is_left_out() {
        assert_eq!(texts("CREATE PROCEDURE p AS BEGIN DELETE FROM t; END")[0], "DELETE FROM t");
        assert_eq!(texts("WHILE @n > 0 BEGIN DELETE FROM t"), ["DELETE FROM t"]);
        assert_eq!(texts("CREATE TABLE a AS SELECT * FROM b"), ["CREATE TABLE a AS SELECT * FROM b"]);
        assert_eq!(texts("INSERT INTO a SELECT 1"), ["INSERT INTO a SELECT 1"]);
        assert_eq!(texts("IF EXISTS (SELECT 1 FROM a)\n  DELETE FROM t WHERE x = 1"), ["DELETE FROM t WHERE x = 1"]);
        assert_eq!(texts("IF @n > 0 UPDATE t SET a = 1"), ["UPDATE t SET a = 1"]);
    }

    #[test]
    fn a_delimiter_of_mysql_and_a_command_of_psql_end_statements() {
        let sql =
            "DELIMITER $$\nCREATE PROCEDURE p()\nBEGIN\nDELETE FROM a;\nDELETE FROM b;\nEND$$\nDELIMITER ;\nSELECT 1;";
        assert_eq!(texts(sql)[..3], ["DELETE FROM a", "DELETE FROM b", "END"]);
        assert_eq!(
            texts("\\set x 1\n\\copy (SELECT 1) TO 'f'\nDELETE FROM t"),
            ["copy (SELECT 1) TO 'f'", "DELETE FROM t"]
        );
    }

    #[test]
    fn a_block_in_dollar_quotes_has_a_body() {
        let raw = &split(&Marked::plain("DO $$\nBEGIN\n  DELETE FROM t;\nEND $$;", 1))[0];
        let body = raw.body.as_ref().expect("a body");
        assert_eq!(split(body)[0].marked.text.trim(), "DELETE FROM t");
        assert_eq!(split(body)[0].marked.line(0), 3);
    }
}
