//! What is said of a text that no parser reads.

use crate::lint::script::{skeleton, words};

/// Words that begin a statement of SQL. A text in a procedure that begins with another word is one
/// of its own language: a declaration, an assignment, a handler of errors.
const STATEMENTS: [&str; 17] = [
    "with", "select", "insert", "update", "delete", "merge", "replace", "truncate", "create", "alter", "drop", "copy",
    "unload", "export", "call", "execute", "exec",
];

/// Changes that no rule looks at: settings of retention and storage, and whole tables or partitions
/// that go to another place at once.
const NOT_CHECKED: [&str; 12] = [
    "data_retention_time_in_days",
    "max_data_extension_time_in_days",
    "partition_expiration_days",
    "set options",
    "set schema",
    "attach partition",
    "detach partition",
    "append from",
    "switch partition",
    "alter distkey",
    "alter sortkey",
    "partition function",
];

/// What stands in a text that no parser reads, for "not read: ...". `None` if it changes no rows
/// that a rule could look at.
pub(super) fn named(text: &str) -> Option<String> {
    let first = words(text, 5);
    let word = first.first().map_or("", String::as_str);
    let lower = skeleton(text);
    let is_not_checked = word == "alter" && NOT_CHECKED.iter().any(|words| has_words(&lower, words));
    if is_not_checked {
        return None;
    }
    let changes = change_in(text);
    // A macro that nobody knows is one word.
    let is_known = STATEMENTS.contains(&word) && text.contains(char::is_whitespace);
    match changes {
        None if !is_known || is_header(&first) => None,
        changes => Some(format!("{} statement", changes.unwrap_or_else(|| word.to_owned()).to_uppercase())),
    }
}

/// Whether a text has these words one after another.
fn has_words(text: &str, wanted: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let (all, wanted): (Vec<_>, Vec<_>) = (words.collect(), wanted.split(' ').collect());
    all.windows(wanted.len()).any(|window| window == wanted.as_slice())
}

/// The beginning of a procedure, whose body follows.
fn is_header(first: &[String]) -> bool {
    const KINDS: [&str; 5] = ["procedure", "proc", "function", "trigger", "task"];
    first.iter().any(|word| KINDS.contains(&word.as_str()))
}

/// The first word of a text that changes rows.
pub(super) fn change_in(text: &str) -> Option<String> {
    const WORDS: [&str; 7] = ["delete", "insert", "update", "merge", "truncate", "execute", "exec"];
    let skeleton = skeleton(text);
    let mut words = skeleton.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find(|word| WORDS.contains(word)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_change_rows_is_named() {
        assert_eq!(named("DELETE FROM !"), Some("DELETE statement".to_owned()));
        assert_eq!(named("WITH a AS !"), Some("WITH statement".to_owned()));
        assert_eq!(named("ALTER TABLE t SOMETHING"), Some("ALTER statement".to_owned()));
        for text in [
            "c timestamptz := now() - interval '90 days'",
            "EXCEPTION WHEN OTHERS THEN RAISE",
            "PERFORM pg_advisory_lock(1)",
            "ALTER TABLE t SET data_retention_time_in_days = 30",
            "ALTER TABLE t DETACH PARTITION t_2024 CONCURRENTLY",
            "CREATE FUNCTION f() RETURNS void",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
