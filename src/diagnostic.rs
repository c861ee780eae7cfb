//! What is wrong with the user's input: many [`Diagnostic`]s at once, each with a code, the line, and the edit that helps.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{Inputs, Span, line_of};

/// Declares [`Code`]: each variant with its number and, as doc comment, what it means.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// What kind of mistake a [`Diagnostic`] reports. Codes are stable: a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// The code as it is printed, such as `RK202`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = "RK101",
    /// The text is larger, deeper, or expands further than any project file needs to be.
    Budget = "RK102",
    /// A key stands twice in one mapping.
    DuplicateKey = "RK103",
    /// A key that the file format does not know.
    UnknownKey = "RK104",
    /// A value of another shape than the key takes.
    WrongType = "RK105",
    /// A key that must be there is not.
    MissingKey = "RK106",
    /// A word that is none of those the key takes.
    UnknownWord = "RK107",
    /// A path that leads out of the repository, or a file that the project's own rules leave out.
    Path = "RK108",
    /// A reference into another YAML file that leads nowhere.
    Reference = "RK109",
    /// A period's name that carries no bounds.
    PeriodName = "RK201",
    /// Two neighbouring periods leave a gap.
    PeriodGap = "RK202",
    /// Two periods overlap.
    PeriodOverlap = "RK203",
    /// A period stands twice.
    PeriodDuplicate = "RK204",
    /// Periods out of order.
    PeriodOrder = "RK205",
    /// A period that holds no instant.
    PeriodEmpty = "RK206",
    /// A project without periods.
    NoPeriods = "RK207",
    /// Something that is no calendar date of the years 1 to 9999.
    Date = "RK208",
    /// A `sealed_before` that is no period's bound, or that leaves no period open.
    Sealed = "RK209",
    /// A name that could not be emitted safely.
    Name = "RK301",
    /// A name that the engine would cut off.
    NameLength = "RK302",
    /// Two things with one name.
    NameClash = "RK303",
    /// A column that the spec does not declare.
    UnknownColumn = "RK304",
    /// A column type that Rowkeep does not map, or that its use forbids.
    ColumnType = "RK305",
    /// A time column whose type and unit disagree.
    TimeUnit = "RK306",
    /// A duration that is not a fixed, positive, representable length of time.
    Duration = "RK307",
    /// A `while_in` or `after` that names no table, or leads in a circle.
    TableReference = "RK308",
    /// Two tables with one exception type.
    ExceptionType = "RK309",
    /// An exceptions table whose key does not fit its tables.
    ExceptionKey = "RK310",
    /// An `order_by` that would let an older version win.
    OrderBy = "RK311",
    /// `rows: latest` where every version has a key of its own.
    Rows = "RK312",
    /// A project without tables.
    NoTables = "RK313",
    /// A template that could not be rendered.
    Template = "RK401",
    /// A rendered statement that its engine's parser refuses.
    Unparsable = "RK402",
    /// A rendered text that is not exactly one statement.
    NotOneStatement = "RK403",
    /// A rendered statement of another kind, or on another target, than its step names.
    WrongEffect = "RK404",
    /// A rendered statement that touches a relation that its step does not declare.
    UndeclaredRelation = "RK405",
    /// A rendered statement of a form that cannot be shown to do what its step claims.
    Unshown = "RK406",
    /// A rendered statement that writes other columns, or other values, than its step.
    Columns = "RK407",
    /// A rendered statement without its period's bounds, or with others.
    Bounds = "RK408",
    /// A rendered INSERT without its guard against what is there already.
    Guard = "RK409",
    /// A rendered DELETE without proof that an equal row stands elsewhere.
    Proof = "RK410",
    /// A rendered statement that moves what an exception holds.
    Held = "RK411",
    /// A rendered statement that asks otherwise than its step whether a row is due.
    Due = "RK412",
    /// A rendered statement that does not compare, or test, the whole key.
    Key = "RK413",
    /// A rendered statement that compares versions otherwise than its step.
    Version = "RK414",
    /// A rendered statement that asks otherwise than its step for the parent, or for the keys that a batch touched.
    Parent = "RK415",
    /// A rendered load that takes other rows of raw than its step.
    Accepted = "RK416",
    /// A rendered statement that reads or closes other exceptions than its step.
    Exception = "RK417",
    /// A rendered statement with a condition that its step does not have.
    OtherCondition = "RK418",
    /// NOT IN over a query: one NULL in it, and no row passes.
    NotIn = "RK419",
    /// BETWEEN, which takes its upper bound in, where periods are half-open.
    Between = "RK420",
    /// A DELETE or UPDATE without a condition.
    Unconditional = "RK421",
    /// A form that the parser takes and the engine does not.
    Trap = "RK422",
    /// A table whose statements do not cover what its retention demands.
    Steps = "RK423",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place and what is to be said about it.
#[derive(Clone, Debug)]
struct Label {
    place: Place,
    text: String,
}

#[derive(Clone, Debug)]
enum Place {
    Input(Span),
    /// A text that is no input: a rendered statement, or a built-in template.
    Text {
        name: String,
        text: String,
        range: Range<usize>,
    },
}

/// One mistake in the user's input.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    code: Code,
    message: String,
    labels: Vec<Label>,
    help: Vec<String>,
}

impl Diagnostic {
    /// A mistake at a place of the inputs. `message` is one line, lower case; `label` says what stands there.
    pub(crate) fn new(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        let label = Label { place: Place::Input(span), text: label.into() };
        Self { code, message: message.into(), labels: vec![label], help: Vec::new() }
    }

    /// A mistake at a place of a text that is no input, such as a rendered statement.
    pub(crate) fn in_text(
        code: Code,
        message: impl Into<String>,
        (name, text, range): (impl Into<String>, impl Into<String>, Range<usize>),
        label: impl Into<String>,
    ) -> Self {
        let place = Place::Text { name: name.into(), text: text.into(), range };
        let label = Label { place, text: label.into() };
        Self { code, message: message.into(), labels: vec![label], help: Vec::new() }
    }

    /// A second place, in a text that is no input.
    #[must_use]
    pub(crate) fn also_in_text(
        mut self,
        (name, text, range): (impl Into<String>, impl Into<String>, Range<usize>),
        label: impl Into<String>,
    ) -> Self {
        let place = Place::Text { name: name.into(), text: text.into(), range };
        self.labels.push(Label { place, text: label.into() });
        self
    }

    /// A second place that the reader must see.
    #[must_use]
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push(Label { place: Place::Input(span), text: label.into() });
        self
    }

    /// The edit that helps, as an imperative.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What kind of mistake this is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The one-line message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Name and 1-based line of the place that the diagnostic points at.
    pub fn line<'a>(&'a self, inputs: &'a Inputs) -> (&'a str, usize) {
        let (name, text, range) = self.labels[0].place.resolve(inputs);
        (name, line_of(text, range.start))
    }

    /// The diagnostic as rustc would print it.
    fn render(&self, inputs: &Inputs, renderer: &Renderer) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(&self.message).id(self.code.as_str()));
        let mut rest = self.labels.as_slice();
        let mut kind = AnnotationKind::Primary;
        // Labels of one text share a snippet; each further text gets its own.
        while let Some(first) = rest.first() {
            let (name, text, _) = first.place.resolve(inputs);
            let here = rest.iter().take_while(|label| label.place.resolve(inputs).0 == name).count();
            let ranges: Vec<_> = rest[..here].iter().map(|label| label.place.resolve(inputs).2).collect();
            let window = window(text, &ranges);
            let line = line_of(text, window.start);
            let mut snippet = Snippet::source(&text[window.clone()]).path(name).line_start(line);
            for (label, range) in rest.iter().zip(ranges) {
                let within = range.start.clamp(window.start, window.end) - window.start
                    ..range.end.clamp(window.start, window.end) - window.start;
                snippet = snippet.annotation(kind.span(within).label(&label.text));
                kind = AnnotationKind::Context;
            }
            group = group.element(snippet);
            rest = &rest[here..];
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// The part of a text that is shown: the lines of the labels, or less of a line that is too long to be read.
///
/// A renderer that got the whole text would look through all of it for every diagnostic.
fn window(text: &str, ranges: &[Range<usize>]) -> Range<usize> {
    const READABLE: usize = 400;
    const AROUND: usize = 60;
    let Some(main) = ranges.first() else { return 0..0 };
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    let is_long = |range: &Range<usize>| line_end(range.start) - line_start(range.start) > READABLE;
    if ranges.iter().any(is_long) {
        let start = floor_boundary(text, main.start.saturating_sub(AROUND)).max(line_start(main.start));
        let end = floor_boundary(text, main.end.min(main.start + READABLE) + AROUND).min(line_end(main.start));
        return start..end.max(start);
    }
    let first = ranges.iter().map(|range| range.start).min().unwrap_or(main.start);
    let last = ranges.iter().map(|range| range.end).max().unwrap_or(main.end);
    line_start(first)..line_end(last)
}

impl Place {
    fn resolve<'a>(&'a self, inputs: &'a Inputs) -> (&'a str, &'a str, Range<usize>) {
        let (name, text, range) = match self {
            Place::Input(span) => (inputs.name(span.file), inputs.text(span.file), span.start..span.end),
            Place::Text { name, text, range } => (name.as_str(), text.as_str(), range.clone()),
        };
        // Invariant of what follows: a range lies in its text, on character bounds. Places come from parsers of foreign
        // texts, so it is made true here rather than believed.
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end.max(range.start)).max(start);
        (name, text, start..end)
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// All that a stage found wrong, in the order of the files.
#[derive(Clone, Debug)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Every diagnostic.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// As rustc would print them, with a closing line. `inputs` are those that were compiled.
    pub fn render(&self, inputs: &Inputs, style: Style) -> String {
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        // More than a person reads at once says one thing: something is wrong with the file as a whole.
        const SHOWN: usize = 100;
        let mut out = String::new();
        for diagnostic in self.0.iter().take(SHOWN) {
            out.push_str(&diagnostic.render(inputs, &renderer));
            out.push_str("\n\n");
        }
        let count = self.0.len();
        let noun = if count == 1 { "error" } else { "errors" };
        let first = if count > SHOWN { format!(", of which the first {SHOWN} are shown") } else { String::new() };
        out.push_str(&format!("{count} {noun}{first}; nothing was written\n"));
        out
    }
}

/// Codes and messages, a line each; [`Diagnostics::render`] shows the places and the edits too.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "error[{}]: {}", diagnostic.code, diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Whether rendered diagnostics carry terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone: the same bytes everywhere.
    Plain,
    /// With colours, for a terminal.
    Coloured,
}

/// Collects what a stage finds wrong, so that the user hears of everything at once.
#[derive(Debug, Default)]
pub(crate) struct Sink(Vec<Diagnostic>);

impl Sink {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether something of this kind was said about this place.
    pub(crate) fn has(&self, code: Code, span: Span) -> bool {
        let at = |place: &Place| matches!(place, Place::Input(known) if *known == span);
        self.0.iter().any(|diagnostic| diagnostic.code == code && at(&diagnostic.labels[0].place))
    }

    /// `value` if nothing was found wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Diagnostics> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.into_diagnostics()),
        }
    }

    fn into_diagnostics(mut self) -> Diagnostics {
        // Invariant: a stage that gives no value has said why.
        debug_assert!(!self.0.is_empty(), "a stage that fails says why");
        // Stable: what a stage says about one line keeps its order.
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

/// A user's text inside a message: in backticks, on one line, at most 60 characters.
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

/// The one of `known` that `found` was probably meant to be.
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
        let diagnostic = Diagnostic::in_text(Code::Syntax, "m", ("f", "aé", 2..99), "l");
        let inputs = Inputs::new("rowkeep.yml", "");
        assert!(Diagnostics::from(diagnostic).render(&inputs, Style::Plain).contains("RK101"));
    }
}
