//! Diagnostics: findings in the user's input. Each has a code, a message, a place, and a help that
//! names the edit.
//!
//! A stage reports all its findings at once, as [`Diagnostics`].

mod codes;
mod format;
mod render;

use std::fmt;
use std::ops::Range;

pub use codes::Code;
pub use format::Format;

use crate::source::{Inputs, Span, line_of};

/// A place, and a text about what is there.
#[derive(Clone, Debug)]
struct Label {
    place: Place,
    text: String,
}

#[derive(Clone, Debug)]
enum Place {
    Input(Span),
    /// A text that is not an input: a rendered statement or a built-in template.
    Text {
        name: String,
        text: String,
        range: Range<usize>,
    },
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// The job fails.
    Error,
    /// The job succeeds, but the finding can become an error later.
    Warning,
    /// Information only.
    Note,
}

impl Level {
    /// The level as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

/// One finding: a mistake in the user's input, or a fact that can become a mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    code: Code,
    level: Level,
    /// The place in the inputs to which the finding belongs, if its first label is in another text.
    anchor: Option<Span>,
    message: String,
    labels: Vec<Label>,
    help: Vec<String>,
}

/// A place in a text that is not an input.
pub(crate) struct TextPlace {
    name: String,
    text: String,
    range: Range<usize>,
}

impl TextPlace {
    /// `name` is what a message calls the text; the range is in bytes.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>, range: Range<usize>) -> Self {
        Self { name: name.into(), text: text.into(), range }
    }
}

impl Diagnostic {
    /// A mistake at a place in the inputs. `message` is one line in lower case. `label` describes
    /// the place.
    pub(crate) fn new(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        let label = Label { place: Place::Input(span), text: label.into() };
        Self::labelled(code, message, label)
    }

    fn labelled(code: Code, message: impl Into<String>, label: Label) -> Self {
        let message = message.into();
        Self { code, level: Level::Error, anchor: None, message, labels: vec![label], help: Vec::new() }
    }

    /// A mistake at a place in a text that is not an input, such as a rendered statement.
    pub(crate) fn in_text(code: Code, message: impl Into<String>, at: TextPlace, label: impl Into<String>) -> Self {
        let place = Place::Text { name: at.name, text: at.text, range: at.range };
        let label = Label { place, text: label.into() };
        Self::labelled(code, message, label)
    }

    /// Replaces the level, which is `Error` by default.
    #[must_use]
    pub(crate) fn at_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Sets the place in the inputs to which a finding in another text belongs.
    #[must_use]
    pub(crate) fn anchored(self, anchor: Span) -> Self {
        Self { anchor: Some(anchor), ..self }
    }

    /// Adds a place in a text that is not an input.
    #[must_use]
    pub(crate) fn also_in_text(mut self, at: TextPlace, label: impl Into<String>) -> Self {
        let place = Place::Text { name: at.name, text: at.text, range: at.range };
        self.labels.push(Label { place, text: label.into() });
        self
    }

    /// Adds a place in the inputs.
    #[must_use]
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push(Label { place: Place::Input(span), text: label.into() });
        self
    }

    /// Adds a help: one edit that fixes the mistake, in the imperative.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The kind of mistake.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The severity.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The one-line message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file and the line, from 1, of the first label.
    pub fn line<'a>(&'a self, inputs: &'a Inputs) -> (&'a str, usize) {
        let render::Resolved { name, text, range } = self.labels[0].place.resolve(inputs);
        (name, line_of(text, range.start))
    }
}

/// All findings of a stage, in the order of files and lines.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Whether none of them is an error.
    pub fn is_clean(&self) -> bool {
        self.0.iter().all(|diagnostic| diagnostic.level != Level::Error)
    }

    /// Every diagnostic.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

/// Both values, or the findings of both errors.
pub(crate) fn both<A, B>(first: Result<A, Diagnostics>, second: Result<B, Diagnostics>) -> Result<(A, B), Diagnostics> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(mut first), Err(second)) => {
            first.0.extend(second.0);
            Err(first)
        }
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
    }
}

/// One line per finding, with its code and message. [`Diagnostics::render`] also shows places and
/// helps.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}[{}]: {}", diagnostic.level.as_str(), diagnostic.code, diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Whether rendered diagnostics have terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Plain text.
    Plain,
    /// Text with colours, for a terminal.
    Coloured,
}

/// Collects the findings of a stage, so that it can report all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Sink(Vec<Diagnostic>);

impl Sink {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether the first label of a finding with this code is at this place.
    pub(crate) fn has(&self, code: Code, span: Span) -> bool {
        let is_at = |place: &Place| matches!(place, Place::Input(other) if *other == span);
        self.0.iter().any(|diagnostic| diagnostic.code == code && is_at(&diagnostic.labels[0].place))
    }

    /// Returns `value` if there are no findings.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Diagnostics> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.into_diagnostics()),
        }
    }

    fn into_diagnostics(self) -> Diagnostics {
        // Invariant: a stage that gives no value has at least one finding.
        debug_assert!(!self.0.is_empty(), "a stage that fails has a finding");
        self.into_findings()
    }

    /// All findings, in order. There may be none.
    pub(crate) fn into_findings(mut self) -> Diagnostics {
        // The sort is stable: findings at one place keep the order in which the stage reported
        // them.
        self.0.sort_by_key(|d| match &d.labels[0].place {
            Place::Input(span) => (span.file, span.start),
            Place::Text { .. } => (crate::source::FileId::LAST, 0),
        });
        Diagnostics(self.0)
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics(vec![diagnostic])
    }
}

/// Quotes a user's text for a message: in backticks, on one line, at most 60 characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    for c in text.chars().take(60) {
        match c {
            '`' => out.push('\''),
            c if c.is_control() => out.extend(c.escape_debug()),
            c => out.push(c),
        }
    }
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out.push('`');
    out
}

/// Quotes a text for a shell, if it needs quotes.
pub(crate) fn typed(text: &str) -> String {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The first three of a list of names, and the number of the others.
pub(crate) fn some<T: AsRef<str>>(names: &[T]) -> String {
    let text = |names: &[T]| names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.split_at_checked(3) {
        Some((first, rest)) if rest.len() > 1 => format!("{} and {} more", text(first), rest.len()),
        _ => text(names),
    }
}

/// The name in `known` that is nearest to `found`, if one is near enough to be meant.
pub(crate) fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = found.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            let part = lower.len() > 3 && candidate.to_lowercase().contains(&lower);
            part || *distance <= (candidate.chars().count() / 3).clamp(1, 3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_text_stays_on_one_line_and_short() {
        assert_eq!(quoted("a\nb`c\u{1b}"), "`a\\nb'c\\u{1b}`");
        assert_eq!(quoted(&"x".repeat(61)).chars().count(), 63);
    }

    #[test]
    fn suggests_the_nearest_word_and_nothing_far() {
        let known = ["retention", "relation", "rows"];
        assert_eq!(did_you_mean("retension", known), Some("retention"));
        assert_eq!(did_you_mean("Rows", known), Some("rows"));
        assert_eq!(did_you_mean("seconds", ["epoch_seconds", "date"]), Some("epoch_seconds"));
        assert_eq!(did_you_mean("colour", known), None);
    }

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }

    #[test]
    fn a_place_beyond_its_text_renders_without_panic() {
        let diagnostic = Diagnostic::in_text(Code::Syntax, "m", TextPlace::new("f", "aé", 2..99), "l");
        let inputs = Inputs::new("rowkeep.yml", "");
        assert!(Diagnostics::from(diagnostic).render(&inputs, Style::Plain).contains("RK101"));
    }
}
