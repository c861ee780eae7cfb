//! Finds the template and the line from which a place in a statement was rendered. Only error
//! messages need it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::{ErrorKind, Value};

use crate::cycle::plan::{Definition, Grant, Index, Scope, Step};
use crate::cycle::render::{Renderer, comment, context, templates, value, vocabulary};
use crate::project::{Spec, TableId};
use crate::source::{Inputs, line_of, line_range};

/// A line of a template.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) range: Range<usize>,
    /// The label of the line in the message.
    pub(crate) label: &'static str,
}

/// The origin of a byte in the statement of a step.
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

/// The origin of a byte in the statement of a definition.
pub(crate) fn of_definition(spec: &Spec, inputs: &Inputs, definition: &Definition, at: usize) -> Option<Origin> {
    let shared = Renderer::new(spec, BTreeMap::new()).shared(definition);
    let context = context::definition(spec, &shared, definition);
    Statement { spec, template: definition.template(), context }.origin(inputs, at)
}

/// The origin of a byte in the statement of an index.
pub(crate) fn of_index(spec: &Spec, inputs: &Inputs, index: &Index, at: usize) -> Option<Origin> {
    Statement { spec, template: index.template(), context: context::index(spec, index) }.origin(inputs, at)
}

/// The origin of a byte in the statement of a grant.
pub(crate) fn of_grant(spec: &Spec, inputs: &Inputs, grant: &Grant, at: usize) -> Option<Origin> {
    Statement { spec, template: grant.template(), context: context::grant(spec, grant) }.origin(inputs, at)
}

/// The values with which a statement can be rendered again.
struct Statement<'a> {
    spec: &'a Spec,
    template: &'static str,
    context: Value,
}

impl Statement<'_> {
    /// The origin of the byte `at`, which counts in the text with real names. The rest of the
    /// search uses the text with marks.
    fn origin(&self, inputs: &Inputs, at: usize) -> Option<Origin> {
        let overrides = templates::overrides(inputs);
        let written = self.text(&overrides)?;
        let at = vocabulary::marked_at(self.spec, &written, at);
        // The overrides that take part in the statement: without one of them, the text is
        // different.
        let has_part = |name: &&String| {
            let others = overrides.iter().filter(|(other, _)| other != name);
            self.text(&others.map(|(name, text)| (name.clone(), text.clone())).collect()).as_ref() != Some(&written)
        };
        let parts: Vec<_> = overrides.keys().filter(has_part).collect();
        let place = self.place(&overrides, &written, at);
        match (place, parts.first()) {
            (Some((name, range)), None) => self.origin_at(&name, &overrides, range),
            (Some((name, range)), Some(_)) if parts.iter().any(|part| **part == name) => {
                self.origin_at(&name, &overrides, range)
            }
            // The output of a macro has only the line of the call. The first line that the project
            // changed in the macro is more useful.
            (_, Some(part)) => {
                let source = overrides.get(*part)?.clone();
                let built_in = templates::replaced(part, self.spec.dialect)?;
                // A line that was only left out shifts the others.
                let added = source.lines().position(|own| built_in.lines().all(|built_in| own != built_in));
                let shifted = || source.lines().zip(built_in.lines()).position(|(own, built_in)| own != built_in);
                let last = || source.lines().count().saturating_sub(1);
                let range = line_range(&source, added.or_else(shifted).unwrap_or_else(last) + 1);
                Some(Origin {
                    name: format!("templates/{part}"),
                    source,
                    range,
                    label: "from this line on, the override differs from the built-in template",
                })
            }
            (None, None) => None,
        }
    }

    fn origin_at(&self, name: &str, overrides: &BTreeMap<String, String>, line: usize) -> Option<Origin> {
        let source = templates::find(name, self.spec.dialect, overrides)?;
        let range = line_range(&source, line);
        Some(Origin { name: format!("templates/{name}"), source, range, label: "rendered from this line" })
    }

    fn text(&self, overrides: &BTreeMap<String, String>) -> Option<String> {
        Renderer::new(self.spec, overrides.clone()).render(self.template, &String::new, self.context.clone()).ok()
    }

    /// The template and the line, from 1, that wrote a byte. The statement is rendered again and
    /// stopped at this byte with an error, because only an error carries the line of a template.
    fn place(&self, overrides: &BTreeMap<String, String>, written: &str, at: usize) -> Option<(String, usize)> {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        let mut renderer = Renderer::new(self.spec, overrides.clone());
        renderer.environment.set_formatter(move |out, state, value| {
            let before = seen.load(Ordering::Relaxed);
            value::write_quoted(out, state, value)?;
            // Output inside a macro is not counted. It is counted when the call writes the result.
            let after = seen.load(Ordering::Relaxed);
            if after > at.max(before) { Err(ErrorKind::WriteFailure.into()) } else { Ok(()) }
        });
        let template = renderer.environment.get_template(self.template).ok()?;
        let error = template.render_captured_to(self.context.clone(), &mut value::Counted(&count)).map(drop).err()?;
        let (name, mut line) = (error.name()?.to_owned(), error.line()?);
        // Literal text of a template has no line of its own. It stands before the value that was
        // found.
        let rendered = written.lines().nth(line_of(written, at.min(written.len())) - 1).unwrap_or_default().trim();
        let source: Vec<_> = error.template_source()?.lines().take(line).collect();
        if let Some(same) = source.iter().rposition(|text| text.trim() == rendered) {
            line = same + 1;
        }
        Some((name, line))
    }
}
