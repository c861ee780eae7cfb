//! Hooks in YAML: `dbt_project.yml`, and the properties of models.

use crate::diagnostic::Sink;
use crate::lint::File;
use crate::lint::jinja::{SCHEMA, Variant};
use crate::lint::table::Table;
use crate::lint::unit::{NotRead, Runs, Unit};
use crate::project::yaml::{Node, Value, parse};
use crate::source::{FileId, Inputs, line_of};

/// The hooks of one place in a file.
#[derive(Debug, Default)]
struct Hooks<'n> {
    before: Vec<&'n Node>,
    after: Vec<&'n Node>,
    unique_key: Vec<String>,
}

/// The units of a YAML file: one for each mapping that states hooks.
pub(super) fn units(file: &File<'_>, inputs: &Inputs, id: FileId) -> Vec<Unit> {
    let mut sink = Sink::default();
    let Some(root) = parse(inputs, id, &mut sink) else {
        let mut unit = Unit::new(Runs::Hooks);
        unit.not_read.push(NotRead { line: 1, what: "not a YAML file of one document".to_owned() });
        return vec![unit];
    };
    let mut units = Vec::new();
    visit(&root, "this_model", file, &mut units);
    units
}

fn visit(node: &Node, model: &str, file: &File<'_>, units: &mut Vec<Unit>) {
    match &node.value {
        Value::Map(entries) => {
            let own = entries.iter().find(|(key, _)| key.value == "name").and_then(|(_, node)| text(node));
            let model = own.unwrap_or(model);
            let mut hooks = Hooks::default();
            for (key, value) in entries {
                match key.value.trim_start_matches('+').replace('-', "_").as_str() {
                    "pre_hook" | "on_run_start" => collect(value, &mut hooks.before),
                    "post_hook" | "on_run_end" => collect(value, &mut hooks.after),
                    "unique_key" => hooks.unique_key = names(value),
                    _ => visit(value, model, file, units),
                }
            }
            if !hooks.before.is_empty() || !hooks.after.is_empty() {
                for variant in [Variant::Incremental, Variant::Full] {
                    units.push(unit(&hooks, model, file, variant));
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| visit(item, model, file, units)),
        Value::Scalar(_) | Value::Null => {}
    }
}

/// The texts of hooks: one, or a list, each a text or a mapping with `sql`.
fn collect<'n>(node: &'n Node, all: &mut Vec<&'n Node>) {
    match &node.value {
        Value::Scalar(_) => all.push(node),
        Value::List(items) => items.iter().for_each(|item| collect(item, all)),
        Value::Map(entries) => {
            entries.iter().filter(|(key, _)| key.value == "sql").for_each(|(_, value)| collect(value, all));
        }
        Value::Null => {}
    }
}

fn unit(hooks: &Hooks<'_>, model: &str, file: &File<'_>, variant: Variant) -> Unit {
    let mut unit = Unit::new(Runs::Hooks);
    unit.model = Some((Table::named(&[SCHEMA, model]), hooks.unique_key.clone()));
    let each = hooks.before.iter().map(|hook| (hook, true)).chain(hooks.after.iter().map(|hook| (hook, false)));
    for (hook, is_before) in each {
        let Some(sql) = text(hook) else { continue };
        let line = line_of(file.text, hook.span.start);
        // The lines of a block scalar begin below its `|`.
        let first = if file.text[hook.span.start..].starts_with(['|', '>']) { line + 1 } else { line };
        let rendering = file.jinja.render(sql, first, model, variant);
        if let Some((what, line)) = rendering.failed {
            unit.not_read.push(NotRead { line, what });
        }
        unit.add(&rendering.body, file.dialect, is_before);
    }
    unit
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text) => Some(text),
        _ => None,
    }
}

fn names(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Scalar(text) => vec![text.to_lowercase()],
        Value::List(items) => items.iter().filter_map(text).map(str::to_lowercase).collect(),
        _ => Vec::new(),
    }
}
