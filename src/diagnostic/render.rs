//! Renders diagnostics like those of rustc, with source lines and carets.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Title, Renderer, Snippet};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Level, Place, Style};
use crate::source::{Inputs, line_of};

impl Diagnostics {
    /// Renders the findings like those of rustc, with a last line that counts them. `inputs` must
    /// be the inputs that caused them.
    pub fn render(&self, inputs: &Inputs, style: Style) -> String {
        let mut out = self.render_each(inputs, style);
        out.push_str(&format!("{}; nothing was written\n", self.count()));
        out
    }

    /// The same without the last line.
    pub(crate) fn render_each(&self, inputs: &Inputs, style: Style) -> String {
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        let mut out = String::new();
        let mut counts = BTreeMap::new();
        let mut equal: BTreeMap<_, Vec<&Diagnostic>> = BTreeMap::new();
        for diagnostic in self.iter() {
            equal.entry(diagnostic.says()).or_default().push(diagnostic);
        }
        let is_first = |one: &&Diagnostic| equal[&one.says()].first().is_some_and(|first| std::ptr::eq(*first, *one));
        for diagnostic in self.iter().filter(is_first).take(SHOWN) {
            let times = counts.entry(diagnostic.code()).or_insert(0);
            *times += 1;
            // One change of a project can make many files drift. After the first few, the message
            // is enough.
            if *times > IN_FULL && diagnostic.code().as_str() >= Code::Drift.as_str() {
                let title = title(diagnostic.level()).primary_title(&diagnostic.message).id(id(diagnostic.code()));
                out.push_str(&renderer.render(&[Group::with_title(title)]));
                out.push('\n');
                continue;
            }
            out.push_str(&diagnostic.render(&equal[&diagnostic.says()][1..], inputs, &renderer));
            out.push_str("\n\n");
        }
        out
    }

    /// The number of findings of each level, such as `1 error and 2 warnings`.
    pub(crate) fn count(&self) -> String {
        let levels = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")];
        let each = levels.into_iter().filter_map(|(level, noun)| {
            let count = self.iter().filter(|diagnostic| diagnostic.level() == level).count();
            (count > 0).then(|| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        });
        let distinct: BTreeSet<_> = self.iter().map(Diagnostic::says).collect();
        let first =
            if distinct.len() > SHOWN { format!(", of which the first {SHOWN} are shown") } else { String::new() };
        format!("{}{first}", each.collect::<Vec<_>>().join(" and "))
    }
}

/// A code, with the name of its rule.
fn id(code: Code) -> String {
    code.rule().map_or_else(|| code.as_str().to_owned(), |rule| format!("{} {rule}", code.as_str()))
}

fn title(level: Level) -> Title<'static> {
    match level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
        Level::Note => Title::NOTE,
    }
}

/// The most findings that are shown. More than this means that the whole file is wrong.
const SHOWN: usize = 100;
/// The most findings per code about committed files that are shown with their source lines.
const IN_FULL: usize = 3;
/// The most places of equal findings that are listed.
const PLACES: usize = 5;

impl Diagnostic {
    /// What a reader learns, without the place. Equal findings are shown once.
    fn says(&self) -> (Code, &str, &[String]) {
        (self.code, &self.message, &self.help)
    }

    /// Renders one diagnostic, with the places of equal ones.
    fn render(&self, equal: &[&Diagnostic], inputs: &Inputs, renderer: &Renderer) -> String {
        let mut group = Group::with_title(title(self.level).primary_title(&self.message).id(id(self.code)));
        let mut rest = self.labels.as_slice();
        let mut kind = AnnotationKind::Primary;
        // Labels in one text share a snippet. Each other text has its own snippet.
        while let Some(first) = rest.first() {
            let Resolved { name, text, .. } = first.place.resolve(inputs);
            let here = rest.iter().take_while(|label| label.place.resolve(inputs).name == name).count();
            let ranges: Vec<_> = rest[..here].iter().map(|label| label.place.resolve(inputs).range).collect();
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
            group = group.element(Title::HELP.message(help));
        }
        if !equal.is_empty() {
            let place = |other: &&Diagnostic| {
                let Resolved { name, text, range } = other.labels[0].place.resolve(inputs);
                format!("{name}:{}", line_of(text, range.start))
            };
            let mut places: Vec<_> = equal.iter().take(PLACES).map(place).collect();
            if equal.len() > PLACES {
                places.push("...".to_owned());
            }
            let noun = if equal.len() == 1 { "place" } else { "places" };
            let more = format!("the same at {} more {noun}: {}", equal.len(), places.join(", "));
            group = group.element(Title::NOTE.message(more));
        }
        renderer.render(&[group])
    }
}

/// The part of a text to show: the lines of the labels, or a part of a line that is too long to
/// read.
///
/// Without this, the renderer would scan the whole text for every diagnostic.
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

/// A place of a text.
pub(super) struct Resolved<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    /// Invariant: it is inside of the text, on character bounds.
    pub(super) range: Range<usize>,
}

impl Place {
    pub(super) fn resolve<'a>(&'a self, inputs: &'a Inputs) -> Resolved<'a> {
        let (name, text, range) = match self {
            Place::Input(span) => (inputs.name(span.file), inputs.text(span.file), span.start..span.end),
            Place::Text { name, text, range } => (name.as_str(), text.as_str(), range.clone()),
        };
        // Places come from parsers of external texts, so this code ensures the invariant instead of
        // assuming it.
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end.max(range.start)).max(start);
        Resolved { name, text, range: start..end }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
