//! Forms of statements that the parser does not know, written as forms that it knows.
//!
//! Each keeps what the rules look at: the tables, the conditions and the columns.

use crate::lint::script::{Piece, pieces, words};

/// The statement in a form that the parser may know. `None`: there is none.
pub(super) fn rewritten(sql: &str) -> Option<String> {
    let mut text = sql.to_owned();
    let rewrites = [
        with_values,
        without_modifiers,
        without_hints,
        without_second_from,
        without_including,
        without_storage,
        without_row_locks,
        with_file,
        without_star_of_target,
        without_top,
        with_top_in_select,
        with_from,
        without_copy_options,
        with_output_after_table,
        with_text_in_quotes,
        without_psql_quotes,
        without_by_name,
        with_select,
    ];
    for rewrite in rewrites {
        if let Some(changed) = rewrite(&text) {
            text = changed;
        }
    }
    (text != sql).then_some(text)
}

/// The statement with names and texts in the place of variables that a tool fills in: `${schema}`,
/// `$(schema)`, `&&schema.`, `&{schema}`, `:"schema"`, `{schema}`, `#{cutoff}`, `%(cutoff)s`, `%s`.
/// Each stands for its own name: as a part of a name, after a word such as FROM, or else as a text.
fn with_values(sql: &str) -> Option<String> {
    let mut out = String::with_capacity(sql.len());
    let (mut at, mut is_changed, mut word) = (0, false, String::new());
    while at < sql.len() {
        let rest = &sql[at..];
        if let Some((name, length)) = variable(rest) {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            let names = ["from", "into", "join", "table", "update", "using", "only", "exists"];
            let is_name =
                out.ends_with(is_part) || sql[at + length..].starts_with(is_part) || names.contains(&word.as_str());
            out.push_str(&if is_name { name } else { format!("'{name}'") });
            (at, is_changed) = (at + length, true);
            word.clear();
            continue;
        }
        // The pieces of the whole text have other bounds: `$(` could begin a text in dollar quotes.
        let (kind, part) = pieces(rest).next()?;
        // A word may contain `$`, and `t_$(year)` is a word and a variable.
        let part = part.strip_suffix('$').filter(|word| !word.is_empty()).unwrap_or(part);
        match kind {
            Piece::Word => word = part.to_ascii_lowercase(),
            _ if part.trim().is_empty() => {}
            _ => word.clear(),
        }
        out.push_str(part);
        at += part.len();
    }
    is_changed.then_some(out)
}

/// The name of the variable at the beginning of a text, and the length of its place.
fn variable(text: &str) -> Option<(String, usize)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let word = |inner: &str| {
        let words = inner.split(|c: char| !is_part(c)).filter(|word| !word.is_empty());
        let name = words.collect::<Vec<_>>().join("_");
        name.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(name)
    };
    for (open, close) in [("${", "}"), ("$(", ")"), ("&{", "}"), ("#{", "}"), ("%(", ")s"), (":\"", "\""), ("{", "}")] {
        if let Some(rest) = text.strip_prefix(open) {
            let end = rest.find(close).filter(|end| *end < 80 && !rest[..*end].contains(['\n', '{']))?;
            return Some((word(&rest[..end])?, open.len() + end + close.len()));
        }
    }
    if text.starts_with("%s") && !text[2..].starts_with(is_part) {
        return Some(("value".to_owned(), 2));
    }
    // `&&schema..orders`: the first dot ends the name.
    let rest = text.strip_prefix("&&").or_else(|| text.strip_prefix('&'))?;
    let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    let name = word(&rest[..end])?;
    let dot = usize::from(rest[end..].starts_with('.'));
    Some((name, text.len() - rest.len() + end + dot))
}

/// `FROM t` for `FROM ONLY t`. `None`: there is none.
pub(super) fn without_only(sql: &str) -> Option<String> {
    const FROM_ONLY: &str = "from only ";
    let lower = sql.to_ascii_lowercase();
    let is_word = |at: &usize| !lower[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let found: Vec<_> = lower.match_indices(FROM_ONLY).map(|(at, _)| at).filter(is_word).collect();
    let mut text = sql.to_owned();
    for at in found.iter().rev() {
        text.replace_range(at..&(at + FROM_ONLY.len()), "FROM ");
    }
    (!found.is_empty()).then_some(text)
}

/// The statement without words that change nothing for the rules: `WITH (TABLOCK)`, `OVERRIDING
/// SYSTEM VALUE`, `LOW_PRIORITY`. `LOG ERRORS REJECT LIMIT` skips rows, as ON CONFLICT DO
/// NOTHING does.
fn without_modifiers(sql: &str) -> Option<String> {
    let verb = words(sql, 1).into_iter().next()?;
    let phrases: &[&str] = match verb.as_str() {
        "insert" => &["with (tablock)", "with (tablockx)", "overriding system value", "low_priority", "high_priority"],
        "delete" => &["low_priority", "quick"],
        _ => return None,
    };
    let mut text = sql.to_owned();
    for phrase in phrases {
        // Only in the head of the statement, before its query and conditions.
        let lower = text.to_ascii_lowercase().replace(['\n', '\r', '\t'], " ");
        let head = lower.find("select").or_else(|| lower.find("where")).unwrap_or(lower.len());
        let Some(at) = lower[..head].find(&format!(" {phrase} ")) else { continue };
        text.replace_range(at..=at + phrase.len(), "");
    }
    if let Some(at) = text.to_ascii_lowercase().find("log errors").filter(|_| verb == "insert") {
        text.truncate(at);
        text.push_str("ON CONFLICT DO NOTHING");
    }
    (text != sql).then_some(text)
}

/// A statement of T-SQL without its hints: `WITH (HOLDLOCK)` after a table, and `OPTION (RECOMPILE)`
/// at the end.
fn without_hints(sql: &str) -> Option<String> {
    const HINTS: [&str; 15] = [
        "holdlock",
        "tablock",
        "tablockx",
        "updlock",
        "rowlock",
        "paglock",
        "nolock",
        "xlock",
        "readpast",
        "serializable",
        "readuncommitted",
        "readcommitted",
        "repeatableread",
        "nowait",
        "forceseek",
    ];
    const OPTIONS: [&str; 6] = ["recompile", "maxdop", "hash", "merge", "loop", "force"];
    let mut text = sql.to_owned();
    let is_list = |list: &str, known: &[&str]| {
        let mut all = list.split(',').map(|one| one.split_whitespace().next().unwrap_or_default()).peekable();
        all.peek().is_some() && all.all(|one| known.contains(&one))
    };
    for (opener, known) in [("with (", &HINTS[..]), ("with(", &HINTS), ("option (", &OPTIONS), ("option(", &OPTIONS)] {
        let mut from = 0;
        loop {
            let lower = text.to_ascii_lowercase();
            let Some(at) = lower[from..].find(opener).map(|at| from + at) else { break };
            let inner = at + opener.len();
            let Some(close) = lower[inner..].find(')').map(|close| inner + close) else { break };
            if is_list(&lower[inner..close], known) {
                text.replace_range(at..=close, "");
                from = at;
            } else {
                from = inner;
            }
        }
    }
    (text != sql).then_some(text)
}

/// `DELETE b FROM bills b` for `DELETE FROM b FROM bills b` of T-SQL.
fn without_second_from(sql: &str) -> Option<String> {
    let mut words = sql.split_whitespace();
    let is = |word: Option<&str>, wanted: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    if !is(words.next(), "delete") || !is(words.next(), "from") {
        return None;
    }
    let target = words.next()?;
    if !is(words.next(), "from") {
        return None;
    }
    let rest: Vec<_> = words.collect();
    Some(format!("DELETE {target} FROM {}", rest.join(" ")))
}

/// `DELETE FROM t` for `DELETE LOW_PRIORITY QUICK IGNORE FROM t` of MySQL.
pub(super) fn without_priority(sql: &str) -> Option<String> {
    let first = words(sql, 5);
    let modifiers =
        first.iter().skip(1).take_while(|word| ["low_priority", "quick", "ignore"].contains(&word.as_str()));
    let count = modifiers.count();
    if first.first()? != "delete" || count == 0 || first.get(count + 1)? != "from" {
        return None;
    }
    let from = sql.to_ascii_lowercase().find("from")?;
    Some(format!("DELETE {}", &sql[from..]))
}

/// `CREATE TABLE t AS SELECT` without what says how the engine stores the table: `TABLESPACE x NOLOGGING`
/// of Oracle, and `COMPOUND SORTKEY (a)` of Redshift.
fn without_storage(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    if !lower.starts_with("create table") {
        return None;
    }
    let end = [" as select", " as (select", "\nas select", "\nas (select", " as with", "\nas with"]
        .iter()
        .filter_map(|as_| lower.find(as_))
        .min()?;
    let name = "create table".len();
    let name_end = name
        + lower[name..end].trim_start().find(char::is_whitespace)?
        + (lower[name..end].len() - lower[name..end].trim_start().len());
    const STORAGE: [&str; 12] = [
        "tablespace",
        "nologging",
        "logging",
        "compress",
        "nocompress",
        "parallel",
        "pctfree",
        "compound",
        "interleaved",
        "sortkey",
        "diststyle",
        "distkey",
    ];
    let first = words(&lower[name_end..end], 1).into_iter().next()?;
    STORAGE.contains(&first.as_str()).then(|| format!("{}{}", &sql[..name_end], &sql[end..]))
}

/// An INSERT of MySQL without `LOCK IN SHARE MODE` or `FOR UPDATE` after its SELECT.
fn without_row_locks(sql: &str) -> Option<String> {
    let trimmed = sql.trim_end();
    let lower = trimmed.to_ascii_lowercase();
    let suffix =
        ["lock in share mode", "for update", "for share"].into_iter().find(|suffix| lower.ends_with(suffix))?;
    lower.starts_with("insert").then(|| trimmed[..trimmed.len() - suffix.len()].to_owned())
}

/// `COPY (SELECT ... FROM t) TO 'file'` for `SELECT ... INTO OUTFILE 'file' FROM t` of MySQL.
fn with_file(sql: &str) -> Option<String> {
    let flat: String =
        sql.chars().map(|c| if c.is_ascii_whitespace() { ' ' } else { c.to_ascii_lowercase() }).collect();
    let into = flat.find(" into outfile ").filter(|_| flat.starts_with("select"))?;
    let from = into + flat[into..].find(" from ")?;
    Some(format!("COPY ({}{}) TO 'file'", &sql[..into], &sql[from..]))
}

/// `DELETE b FROM bills b` for `DELETE b.* FROM bills b` of MySQL.
fn without_star_of_target(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let from = lower.find(" from ").filter(|_| lower.starts_with("delete "))?;
    let head = sql[..from].strip_suffix(".*")?;
    Some(format!("{head}{}", &sql[from..]))
}

/// `(LIKE t)` for `(LIKE t INCLUDING ALL)`.
fn without_including(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    if !lower.starts_with("create") || !lower.contains("like ") {
        return None;
    }
    let mut text = sql.to_owned();
    for word in ["including ", "excluding "] {
        while let Some(at) = text.to_ascii_lowercase().find(word) {
            let rest = &text[at + word.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            text.replace_range(at..at + word.len() + end, "");
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

/// `INSERT INTO a SELECT TOP (5000)` for `INSERT TOP (5000) INTO a SELECT` of T-SQL.
fn with_top_in_select(sql: &str) -> Option<String> {
    let rest = sql.get(..6).filter(|word| word.eq_ignore_ascii_case("insert")).and_then(|_| sql.get(6..))?;
    let rest = rest.trim_start();
    let rest = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("top")).and_then(|_| rest.get(3..))?;
    let (rows, rest) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let select = rest.to_ascii_lowercase().find("select")? + "select".len();
    Some(format!("INSERT{} TOP ({rows}){}", &rest[..select], &rest[select..]))
}

/// `DELETE FROM [dbo].[t]` for `DELETE [dbo].[t]` of T-SQL.
fn with_from(sql: &str) -> Option<String> {
    let rest = sql.get(..6).filter(|word| word.eq_ignore_ascii_case("delete")).and_then(|_| sql.get(6..))?;
    rest.trim_start().starts_with('[').then(|| format!("DELETE FROM{rest}"))
}

/// `COPY ... TO 'file'` without its options, of which DuckDB has more than the parser.
fn without_copy_options(sql: &str) -> Option<String> {
    let text = sql.trim_end();
    sql.get(..4).filter(|word| word.eq_ignore_ascii_case("copy"))?;
    let open = text.strip_suffix(')')?.rfind("' (")?;
    text.to_ascii_lowercase()[..open].contains(" to '").then(|| text[..=open].to_owned())
}

/// `DELETE FROM t OUTPUT ... INTO a WHERE` for `DELETE o OUTPUT ... INTO a FROM t AS o WHERE` of
/// T-SQL.
fn with_output_after_table(sql: &str) -> Option<String> {
    // Each byte keeps its place.
    let flat: String =
        sql.chars().map(|c| if c.is_ascii_whitespace() { ' ' } else { c.to_ascii_lowercase() }).collect();
    let output = flat.find(" output ").filter(|_| flat.starts_with("delete "))?;
    let into = output + flat[output..].find(" into ")?;
    let from = into + flat[into..].find(" from ")?;
    let target = sql[..output].split_whitespace().next_back()?;
    let mut words = sql[from + " from ".len()..].split_whitespace();
    let table = words.next()?;
    let mut rest = words.clone();
    let alias = match rest.next()? {
        word if word.eq_ignore_ascii_case("as") => rest.next()?,
        word => word,
    };
    let is_alias = alias.eq_ignore_ascii_case(target) && !flat[from..].contains(" join ");
    let conditions = rest.collect::<Vec<_>>().join(" ");
    is_alias.then(|| format!("DELETE FROM {table}{} {conditions}", &sql[output..from]))
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

/// `ALTER TABLE dbo.orders RENAME TO orders_old` for `EXEC sp_rename 'dbo.orders', 'orders_old'`. With
/// a third argument, another object may be renamed.
pub(super) fn renamed(sql: &str) -> Option<String> {
    if !sql.get(..4)?.eq_ignore_ascii_case("exec") {
        return None;
    }
    let is_code = |(kind, part): &(Piece, &str)| !matches!(kind, Piece::Comment) && !part.trim().is_empty();
    let all: Vec<_> = pieces(sql).filter(is_code).map(|(_, part)| part).collect();
    let at = all.iter().position(|part| part.trim_matches(['[', ']']).eq_ignore_ascii_case("sp_rename"))?;
    let text = |part: &&str| Some(part.strip_prefix('\'')?.strip_suffix('\'')?.replace(['[', ']'], ""));
    let [from, ",", to] = &all[at + 1..] else { return None };
    let (from, to) = (text(from)?, text(to)?);
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.$#".contains(c));
    (is_name(&from) && is_name(&to)).then(|| format!("ALTER TABLE {from} RENAME TO {to}"))
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
            ("DELETE [dbo].[t] WHERE x = 1", "DELETE FROM [dbo].[t] WHERE x = 1"),
            ("DELETE TOP (5) [t] WHERE x = 1", "DELETE FROM [t] WHERE x = 1"),
            ("INSERT TOP (5) INTO a (x) SELECT x FROM b", "INSERT INTO a (x) SELECT TOP (5) x FROM b"),
            (
                "COPY (SELECT x FROM t) TO 'f.parquet' (FORMAT parquet, PARTITION_BY (y))",
                "COPY (SELECT x FROM t) TO 'f.parquet'",
            ),
            ("DELETE FROM ${db}.t WHERE d < ${cutoff}", "DELETE FROM db.t WHERE d < 'cutoff'"),
            ("DELETE FROM t_$(year) WHERE d < '$(cutoff)'", "DELETE FROM t_year WHERE d < '$(cutoff)'"),
            ("DELETE FROM &&db..t WHERE d < %(cutoff)s", "DELETE FROM db.t WHERE d < 'cutoff'"),
            ("DELETE FROM {schema}.t WHERE d < %s", "DELETE FROM schema.t WHERE d < 'value'"),
            ("DELETE FROM ${ref(\"x\")} WHERE d < 1", "DELETE FROM ref_x WHERE d < 1"),
            ("INSERT INTO a (x) OVERRIDING SYSTEM VALUE\nSELECT x FROM b", "INSERT INTO a (x)\nSELECT x FROM b"),
            ("INSERT INTO a WITH (TABLOCK) (x) SELECT x FROM b", "INSERT INTO a (x) SELECT x FROM b"),
            (
                "DELETE TOP (5) o OUTPUT deleted.id INTO a.t (id) FROM b.t AS o WHERE o.d < 1",
                "DELETE FROM b.t OUTPUT deleted.id INTO a.t (id) WHERE o.d < 1",
            ),
            (
                "INSERT INTO a SELECT x FROM b LOG ERRORS REJECT LIMIT 5",
                "INSERT INTO a SELECT x FROM b ON CONFLICT DO NOTHING",
            ),
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
        assert_eq!(without_only("DELETE FROM ONLY t").as_deref(), Some("DELETE FROM t"));
        assert_eq!(without_only("DELETE FROM t"), None);
        // Letters and spaces of several bytes.
        for sql in [
            "delete é\u{a0}\u{a0} o output d.x into a from é as o é",
            "INSERT low_priority high_priority ééééé SELECT é",
            "delete é\u{2003}output é into é from é é",
        ] {
            let _ = rewritten(sql);
        }
    }
}
