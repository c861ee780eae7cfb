//! Edits that remove a finding, where the edit is mechanical. An edit is kept only if the edited
//! file has the same findings as before without that one, so no edit trades one trap for another.

use std::collections::BTreeMap;

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::diagnostic::Code;
use crate::lint::jinja::is_template;
use crate::lint::{Options, Report, Source, is_yaml, lint};

/// A file after its edits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fixed {
    /// The new text.
    pub text: String,
    /// The rules of the findings that are gone, in the order of the edits.
    pub rules: Vec<Code>,
}

/// The most edits of one file. Each needs a look at the whole file.
const MAX_EDITS: usize = 200;

/// Edits a file of SQL. `None` if no finding can be removed by an edit. Templates and YAML are never
/// edited.
///
/// ```
/// use rowkeep::lint::{Options, Source, fix};
///
/// let sql = "INSERT INTO cold.trips_2025 (id, t) SELECT id, t FROM live.trips WHERE t BETWEEN '2025-01-01' AND '2026-01-01';";
/// let fixed = fix(&Source::new("move.sql", sql), &Options::default()).expect("an edit");
/// assert!(fixed.text.contains("t >= '2025-01-01' AND t < '2026-01-01'"));
/// ```
pub fn fix(source: &Source, options: &Options) -> Option<Fixed> {
    if !source.is_checked || is_yaml(&source.name) || is_template(&source.text) {
        return None;
    }
    let report_of = |text: &str| lint(vec![Source::new(source.name.clone(), text)], options);
    let mut text = source.text.clone();
    let mut report = report_of(&text);
    let mut rules = Vec::new();
    while rules.len() < MAX_EDITS {
        let found = report.findings.iter().map(|finding| (finding.code(), finding.line(&report.inputs).1));
        let next = found.collect::<Vec<_>>().into_iter().find_map(|(code, line)| {
            let edited = edit(code, &text, line)?;
            let after = report_of(&edited);
            let mut expected = counts(&report);
            *expected.findings.entry(code).or_default() -= 1;
            expected.findings.retain(|_, count| *count > 0);
            (counts(&after) == expected).then_some((code, edited, after))
        });
        let Some((code, edited, after)) = next else { break };
        (text, report) = (edited, after);
        rules.push(code);
    }
    (!rules.is_empty()).then_some(Fixed { text, rules })
}

/// What an edit may not change, but for its own finding.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    findings: BTreeMap<Code, usize>,
    not_read: usize,
    statements: usize,
}

fn counts(report: &Report) -> Counts {
    let mut findings: BTreeMap<Code, usize> = BTreeMap::new();
    for finding in report.findings.iter() {
        *findings.entry(finding.code()).or_default() += 1;
    }
    Counts { findings, not_read: report.not_read.len(), statements: report.statements }
}

/// The text with an edit for the finding of a rule in this line.
fn edit(code: Code, text: &str, line: usize) -> Option<String> {
    match code {
        Code::InclusivePeriodBound => Words::from(text, line)?.half_open(text),
        Code::NotInNullable => Words::from(text, line)?.without_nulls(text),
        Code::UnusedAllow => without_comment(text, line),
        _ => None,
    }
}

/// The text without the comment that allows nothing. A line that has only the comment goes.
fn without_comment(text: &str, line: usize) -> Option<String> {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let found = *lines.get(line.checked_sub(1)?)?;
    let at = found.find("-- rowkeep: allow(")?;
    let before = found[..at].trim_end();
    let end = if found.ends_with("\r\n") {
        "\r\n"
    } else if found.ends_with('\n') {
        "\n"
    } else {
        ""
    };
    let kept = if before.is_empty() { String::new() } else { format!("{before}{end}") };
    lines[line - 1] = &kept;
    Some(lines.concat())
}

/// The tokens of a statement, without spaces and comments, each with its place in the text.
struct Words {
    all: Vec<(Token, std::ops::Range<usize>)>,
}

impl Words {
    /// The tokens from a line on, until the statement ends.
    fn from(text: &str, line: usize) -> Option<Self> {
        let tokens = Tokenizer::new(&GenericDialect {}, text).with_unescape(false).tokenize_with_location().ok()?;
        let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        // A location counts characters.
        let offset = |line: u64, column: u64| -> Option<usize> {
            let start = *starts.get(usize::try_from(line).ok()?.checked_sub(1)?)?;
            let column = usize::try_from(column).ok()?.checked_sub(1)?;
            let rest = &text[start..];
            Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at))
        };
        let is_code = |token: &TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
        let is_here = |token: &TokenWithSpan| usize::try_from(token.span.start.line).is_ok_and(|at| at >= line);
        let mut all = Vec::new();
        for token in tokens.into_iter().filter(is_here).filter(is_code) {
            if token.token == Token::SemiColon {
                break;
            }
            let (start, end) = (token.span.start, token.span.end);
            all.push((token.token, offset(start.line, start.column)?..offset(end.line, end.column)?));
        }
        Some(Self { all })
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.all.get(at).is_some_and(|(token, _)| matches!(token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word)))
    }

    /// Where the name ends that begins before this token: `t.a.b`.
    fn name_before(&self, at: usize) -> Option<usize> {
        let mut start = at.checked_sub(1)?;
        matches!(self.all[start].0, Token::Word(_)).then_some(())?;
        while start >= 2 && self.all[start - 1].0 == Token::Period && matches!(self.all[start - 2].0, Token::Word(_)) {
            start -= 2;
        }
        Some(start)
    }

    /// A date, or a number, that ends one period and starts the next: midnight of the first day of a
    /// month. Returns whether the token is one.
    fn is_bound(&self, at: usize) -> bool {
        match self.all.get(at).map(|(token, _)| token) {
            Some(Token::SingleQuotedString(text)) => {
                let day = text.get(..10).unwrap_or_default();
                day.ends_with("-01") && text[day.len()..].chars().all(|c| " T:0.".contains(c))
            }
            _ => false,
        }
    }

    /// `a BETWEEN x AND y` as `a >= x AND a < y`, and `a <= y` as `a < y`.
    fn half_open(&self, text: &str) -> Option<String> {
        let between = (0..self.all.len()).find(|&at| self.is(at, "between"));
        if let Some(at) = between {
            let name = self.name_before(at)?;
            // After NOT or another operator, the two comparisons would mean something else.
            let opens = name.checked_sub(1).is_some_and(|before| {
                ["where", "and", "or", "on"].iter().any(|word| self.is(before, word))
                    || self.all[before].0 == Token::LParen
            });
            // Each bound is one literal, or a type and a literal: DATE '2025-01-01'.
            let low = at + 1 + usize::from(matches!(self.all.get(at + 1)?.0, Token::Word(_)));
            let and = low + 1;
            let high = and + 1 + usize::from(matches!(self.all.get(and + 1)?.0, Token::Word(_)));
            let ends = self.all.get(high + 1).is_none_or(|(token, _)| match token {
                Token::RParen => true,
                Token::Word(_) => ["and", "or", "group", "order", "limit"].iter().any(|word| self.is(high + 1, word)),
                _ => false,
            });
            if !opens || !ends || !self.is(and, "and") || !self.is_bound(high) {
                return None;
            }
            let place = |from: usize, to: usize| &text[self.all[from].1.start..self.all[to].1.end];
            let column = place(name, at - 1);
            let new = format!("{column} >= {} AND {column} < {}", place(at + 1, low), place(and + 1, high));
            return Some(replaced(text, self.all[name].1.start..self.all[high].1.end, &new));
        }
        let is_closed = |at: &usize| {
            let typed = usize::from(matches!(self.all.get(at + 1), Some((Token::Word(_), _))));
            self.all[*at].0 == Token::LtEq && self.is_bound(at + 1 + typed)
        };
        let at = (0..self.all.len()).find(is_closed)?;
        Some(replaced(text, self.all[at].1.clone(), "<"))
    }

    /// The query of NOT IN with one more condition: its column is not NULL.
    fn without_nulls(&self, text: &str) -> Option<String> {
        let open = (2..self.all.len()).find(|&at| {
            self.is(at - 2, "not")
                && self.is(at - 1, "in")
                && self.all[at].0 == Token::LParen
                && self.is(at + 1, "select")
        })?;
        let close = self.close_of(open)?;
        let depth_of_query = |at: usize| self.is_at_depth(open, at);
        let inner = |word: &str| (open + 1..close).find(|&at| self.is(at, word) && depth_of_query(at));
        // One column, from one query.
        let from = inner("from")?;
        let is_simple =
            ["union", "except", "intersect", "having", "distinct", "top"].iter().all(|word| inner(word).is_none());
        let first = open + 2;
        if !is_simple || self.name_before(from)? != first {
            return None;
        }
        let column = &text[self.all[first].1.start..self.all[from - 1].1.end];
        let end = ["group", "order", "limit", "qualify", "window", "fetch"]
            .iter()
            .filter_map(|word| inner(word))
            .min()
            .unwrap_or(close);
        let last = &self.all[end - 1].1;
        match inner("where") {
            // A WHERE without a condition.
            Some(at) if at + 1 >= end => None,
            Some(at) => {
                let condition = &text[self.all[at + 1].1.start..last.end];
                let has_or = (at + 1..end).any(|one| self.is(one, "or") && depth_of_query(one));
                let condition = if has_or { format!("({condition})") } else { condition.to_owned() };
                let new = format!("{column} IS NOT NULL AND {condition}");
                Some(replaced(text, self.all[at + 1].1.start..last.end, &new))
            }
            None => Some(replaced(text, last.end..last.end, &format!(" WHERE {column} IS NOT NULL"))),
        }
    }

    /// The parenthesis that closes the one at this token.
    fn close_of(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (open..self.all.len()).find(|&at| {
            match self.all[at].0 {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
    }

    /// Whether a token is directly inside of the parenthesis at `open`.
    fn is_at_depth(&self, open: usize, at: usize) -> bool {
        let count = |token: &Token| self.all[open..at].iter().filter(|(found, _)| found == token).count();
        count(&Token::LParen) == count(&Token::RParen) + 1
    }
}

fn replaced(text: &str, range: std::ops::Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}
