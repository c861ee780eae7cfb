//! Which line of which template a place in a statement came from: asked only once something is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::{ErrorKind, Value};

use crate::cycle::plan::{Definition, Scope, Step};
use crate::cycle::render::{Renderer, comment, context, templates, value, vocabulary};
use crate::project::{Spec, TableId};
use crate::source::{Inputs, line_of, line_range};

/// A line of a template.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) range: Range<usize>,
    /// What is to be said about the line.
    pub(crate) label: &'static str,
}

/// Where the byte of a step's statement came from.
pub(crate) fn of_step(
    spec: &Spec,
    inputs: &Inputs,
    table: TableId,
    scope: &Scope,
    step: &Step,
    at: usize,
) -> Option<Origin> {
    let context = context::step(spec, table, &context::table(spec, table, scope), step);
    Statement { spec, template: step.kind.template(), context }.origin(inputs, at.checked_sub(comment(step).len())?)
}

/// Where the byte of a definition came from.
pub(crate) fn of_definition(spec: &Spec, inputs: &Inputs, definition: &Definition, at: usize) -> Option<Origin> {
    let shared = Renderer::new(spec, BTreeMap::new()).shared(definition);
    let context = context::definition(spec, &shared, definition);
    Statement { spec, template: definition.template(), context }.origin(inputs, at)
}

/// What is needed to render a statement again.
struct Statement<'a> {
    spec: &'a Spec,
    template: &'static str,
    context: Value,
}

impl Statement<'_> {
    /// `at` counts in the text with real names; from here on, only the one with marks is looked at.
    fn origin(&self, inputs: &Inputs, at: usize) -> Option<Origin> {
        let overrides = templates::overrides(inputs);
        let written = self.text(&overrides)?;
        let at = vocabulary::marked_at(self.spec, &written, at);
        // Without which of the project's own templates is it another text?
        let has_part = |name: &&String| {
            let others = overrides.iter().filter(|(other, _)| other != name);
            self.text(&others.map(|(name, text)| (name.clone(), text.clone())).collect()).as_ref() != Some(&written)
        };
        let parts: Vec<_> = overrides.keys().filter(has_part).collect();
        let place = self.place(&overrides, &written, at);
        match (place, parts.first()) {
            (Some((name, range)), None) => self.found(&name, &overrides, range),
            (Some((name, range)), Some(_)) if parts.iter().any(|part| **part == name) => {
                self.found(&name, &overrides, range)
            }
            // A macro's words are known by the line that calls it. What the project changed of the macro is more to the point.
            (_, Some(part)) => {
                let source = overrides.get(*part)?.clone();
                let built_in = templates::replaced(part, self.spec.dialect)?;
                let changed = source.lines().zip(built_in.lines()).position(|(own, built_in)| own != built_in);
                let range =
                    line_range(&source, changed.unwrap_or_else(|| source.lines().count().saturating_sub(1)) + 1);
                Some(Origin {
                    name: format!("templates/{part}"),
                    source,
                    range,
                    label: "from here on, it is not the built-in template",
                })
            }
            (None, None) => None,
        }
    }

    fn found(&self, name: &str, overrides: &BTreeMap<String, String>, line: usize) -> Option<Origin> {
        let source = templates::find(name, self.spec.dialect, overrides)?;
        let range = line_range(&source, line);
        Some(Origin { name: format!("templates/{name}"), source, range, label: "rendered from this line" })
    }

    fn text(&self, overrides: &BTreeMap<String, String>) -> Option<String> {
        Renderer::new(self.spec, overrides.clone()).render(self.template, &String::new, self.context.clone()).ok()
    }

    /// The template and the line, from 1, whose words stand at a byte. The statement is rendered once more, and stopped there: an
    /// error is all that tells of a template's lines.
    fn place(&self, overrides: &BTreeMap<String, String>, written: &str, at: usize) -> Option<(String, usize)> {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        let mut renderer = Renderer::new(self.spec, overrides.clone());
        renderer.environment.set_formatter(move |out, state, value| {
            let before = seen.load(Ordering::Relaxed);
            value::write_quoted(out, state, value)?;
            // Inside a macro nothing is counted: what it writes is, when it is written out at the place of the call.
            let after = seen.load(Ordering::Relaxed);
            if after > at.max(before) { Err(ErrorKind::WriteFailure.into()) } else { Ok(()) }
        });
        let template = renderer.environment.get_template(self.template).ok()?;
        let error = template.render_captured_to(self.context.clone(), &mut value::Counted(&count)).map(drop).err()?;
        let (name, mut line) = (error.name()?.to_owned(), error.line()?);
        // Words that stand in the template as they are have no place of their own: they come before the value found.
        let own = written.lines().nth(line_of(written, at.min(written.len())) - 1).unwrap_or_default().trim();
        let source: Vec<_> = error.template_source()?.lines().take(line).collect();
        if let Some(same) = source.iter().rposition(|text| text.trim() == own) {
            line = same + 1;
        }
        Some((name, line))
    }
}
