//! Line marks in a template. They are rendered with the text, so each rendered character has the
//! line of the source that wrote it.

/// The characters before and after the number of a line. No SQL has these private-use characters.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// The verbs of statements in hooks. A string with one of them is SQL, and gets marks.
const VERBS: [&str; 12] = [
    "delete", "insert", "update", "merge", "truncate", "drop", "create", "vacuum", "grant", "analyze", "alter", "copy",
];

/// A rendered text, and the source line of each of its bytes, as pairs of a first byte and a line.
#[derive(Clone, Debug, Default)]
pub(in crate::lint) struct Marked {
    pub(in crate::lint) text: String,
    lines: Vec<(usize, usize)>,
}

impl Marked {
    /// A text that is its own source. `first` is the line of its first character.
    pub(in crate::lint) fn plain(text: &str, first: usize) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text: text.to_owned(), lines: starts.zip(first..).collect() }
    }

    /// Takes the marks out of a rendered text.
    pub(in crate::lint) fn read(rendered: &str, first: usize) -> Self {
        let mut marked = Self { text: String::with_capacity(rendered.len()), lines: vec![(0, first)] };
        let mut rest = rendered;
        while let Some(at) = rest.find([OPEN, CLOSE]) {
            marked.text.push_str(&rest[..at]);
            rest = &rest[at..];
            let inside = rest.strip_prefix(OPEN).and_then(|after| after.split_once(CLOSE));
            match inside.and_then(|(number, after)| Some((number.parse().ok()?, after))) {
                Some((line, after)) => {
                    marked.lines.push((marked.text.len(), line));
                    rest = after;
                }
                // A filter has cut the mark.
                None => rest = &rest[OPEN.len_utf8()..],
            }
        }
        marked.text.push_str(rest);
        marked
    }

    /// Another text of the same length, in which each byte keeps its line.
    pub(in crate::lint) fn rewritten(&self, text: String) -> Self {
        Self { text, lines: self.lines.clone() }
    }

    /// The source line of a byte.
    pub(in crate::lint) fn line(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|(start, _)| *start <= at);
        self.lines.get(after.saturating_sub(1)).map_or(1, |(_, line)| *line)
    }

    /// A part of the text.
    pub(in crate::lint) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let mut lines = vec![(0, self.line(range.start))];
        let from = self.lines.partition_point(|(at, _)| *at <= range.start);
        let until = self.lines.partition_point(|(at, _)| *at < range.end);
        let inside = self.lines.get(from..until).unwrap_or_default();
        lines.extend(inside.iter().map(|(at, line)| (at - range.start, *line)));
        Self { text: self.text[range].to_owned(), lines }
    }
}

/// Removes the marks of a text that is not SQL.
pub(in crate::lint) fn unmarked(text: &str) -> String {
    if text.contains(OPEN) { Marked::read(text, 1).text } else { text.to_owned() }
}

/// Adds marks to a template: at the start of each line of its text, and of each line of a string
/// that is SQL.
pub(in crate::lint) fn mark(template: &str, first: usize) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut line = first;
    let put = |out: &mut String, line: usize| {
        out.push(OPEN);
        out.push_str(&line.to_string());
        out.push(CLOSE);
    };
    put(&mut out, line);
    let mut at = 0;
    while at < template.len() {
        let rest = &template[at..];
        let tag = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].into_iter().find(|(open, _)| rest.starts_with(open));
        let Some((open, close)) = tag else {
            let c = rest.chars().next().unwrap_or_default();
            let next = c.len_utf8();
            let length = rest[next..].find(['{', '\n']).map_or(rest.len(), |found| next + found);
            let length = if c == '\n' { 1 } else { length };
            out.push_str(&rest[..length]);
            at += length;
            if c == '\n' {
                line += 1;
                put(&mut out, line);
            }
            continue;
        };
        let length =
            if open == "{#" { rest.find(close).map_or(rest.len(), |end| end + 2) } else { tag_length(rest, close) };
        let inside = &rest[..length];
        if open == "{#" {
            out.push_str(inside);
        } else {
            mark_strings(inside, line, &mut out);
        }
        line += inside.matches('\n').count();
        at += length;
        // A mark after each tag: the text behind it can be on a later line.
        put(&mut out, line);
    }
    out
}

/// The length of a tag with its brackets. Brackets in strings do not end it.
fn tag_length(text: &str, close: &str) -> usize {
    let mut at = 2;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(close) {
            return at + 2;
        }
        let c = rest.chars().next().unwrap_or_default();
        at += if matches!(c, '\'' | '"') { string_length(rest, c) } else { c.len_utf8() };
    }
    text.len()
}

/// The length of a string with its quotes.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Copies a tag, with marks in its strings that are SQL.
fn mark_strings(tag: &str, first: usize, out: &mut String) {
    let mut line = first;
    let mut at = 0;
    while at < tag.len() {
        let rest = &tag[at..];
        let c = rest.chars().next().unwrap_or_default();
        if !matches!(c, '\'' | '"') {
            line += usize::from(c == '\n');
            out.push(c);
            at += c.len_utf8();
            continue;
        }
        let string = &rest[..string_length(rest, c)];
        at += string.len();
        if !is_sql(string) {
            out.push_str(string);
            line += string.matches('\n').count();
            continue;
        }
        // A mark inside of a nested tag would be a syntax error there.
        let mut depth = 0;
        let mut before = '\0';
        for (nth, c) in string.char_indices() {
            out.push(c);
            match (before, c) {
                ('{', '{' | '%') => depth += 1,
                ('}' | '%', '}') if depth > 0 => depth -= 1,
                _ => {}
            }
            before = c;
            line += usize::from(c == '\n');
            if (nth == 0 || c == '\n') && depth == 0 {
                out.push(OPEN);
                out.push_str(&line.to_string());
                out.push(CLOSE);
            }
        }
    }
}

fn is_sql(string: &str) -> bool {
    let lower = string.to_ascii_lowercase();
    let is_word = |verb: &str| {
        lower.match_indices(verb).any(|(at, _)| {
            let after = lower[at + verb.len()..].chars().next();
            let before = lower[..at].chars().next_back();
            after.is_some_and(|c| c.is_whitespace() || c == '{')
                && before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    };
    VERBS.iter().any(|verb| is_word(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_has_the_line_of_its_source() {
        let template = "a\n{{ config(post_hook=[\n  \"delete from t\n   where x\"]) }}\nb";
        let marked = mark(template, 1);
        let hook = &marked[marked.find("delete").expect("the hook")..];
        assert!(marked.contains("\u{E000}3\u{E001}delete from t\n\u{E000}4\u{E001}   where x"), "{hook:?}");
        let read = Marked::read("\u{E000}7\u{E001}x\ny\u{E000}9\u{E001}z", 1);
        assert_eq!(read.text, "x\nyz");
        assert_eq!([read.line(0), read.line(2), read.line(3)], [7, 7, 9]);
    }

    #[test]
    fn a_string_that_names_something_has_no_mark() {
        let template = "{{ var('deleted_at') }}{{ ref(\"updates\") }}";
        assert_eq!(unmarked(&mark(template, 1)), template);
        assert!(mark(template, 1).contains("var('deleted_at')"));
    }
}
