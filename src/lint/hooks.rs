//! Hooks in YAML: `dbt_project.yml`, and the properties of models.

use crate::diagnostic::Sink;
use crate::lint::File;
use crate::lint::jinja::{SCHEMA, Variant, forced};
use crate::lint::read::{NotRead, Runs};
use crate::lint::table::Table;
use crate::lint::unit::Unit;
use crate::project::yaml::{Node, Value, parse};
use crate::source::{FileId, Inputs, line_of};

/// A hook, and whether it runs in the transaction of its model.
#[derive(Clone, Copy, Debug)]
struct Hook<'n> {
    sql: &'n Node,
    in_transaction: bool,
}

/// The hooks of one place in a file.
#[derive(Debug, Default)]
struct Hooks<'n> {
    before: Vec<Hook<'n>>,
    after: Vec<Hook<'n>>,
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
    // The name at the top of dbt_project.yml is that of the project.
    visit(&root, "this", file.name.ends_with("dbt_project.yml"), file, &mut units);
    units
}

fn visit(node: &Node, model: &str, is_project: bool, file: &File<'_>, units: &mut Vec<Unit>) {
    match &node.value {
        Value::Map(entries) => {
            let own = entries.iter().find(|(key, _)| key.value == "name").and_then(|(_, node)| text(node));
            let model = own.filter(|_| !is_project).unwrap_or(model);
            let mut hooks = Hooks::default();
            for (key, value) in entries {
                match key.value.trim_start_matches('+').replace('-', "_").as_str() {
                    "pre_hook" | "on_run_start" => collect(value, &mut hooks.before),
                    "post_hook" | "on_run_end" => collect(value, &mut hooks.after),
                    "unique_key" => hooks.unique_key = names(value),
                    _ => visit(value, model, false, file, units),
                }
            }
            if !hooks.before.is_empty() || !hooks.after.is_empty() {
                for variant in [Variant::Incremental, Variant::Full] {
                    units.push(unit(&hooks, model, file, variant));
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| visit(item, model, false, file, units)),
        Value::Scalar(_) | Value::Null => {}
    }
}

/// The texts of hooks: one, or a list, each a text or a mapping with `sql`.
fn collect<'n>(node: &'n Node, all: &mut Vec<Hook<'n>>) {
    match &node.value {
        Value::Scalar(_) => all.push(Hook { sql: node, in_transaction: true }),
        Value::List(items) => items.iter().for_each(|item| collect(item, all)),
        Value::Map(entries) => {
            let is_outside = entries.iter().any(|(key, value)| {
                key.value == "transaction" && text(value).is_some_and(|value| value.eq_ignore_ascii_case("false"))
            });
            let sql = entries.iter().filter(|(key, _)| key.value == "sql").map(|(_, value)| value);
            all.extend(sql.filter(|sql| text(sql).is_some()).map(|sql| Hook { sql, in_transaction: !is_outside }));
        }
        Value::Null => {}
    }
}

fn unit(hooks: &Hooks<'_>, model: &str, file: &File<'_>, variant: Variant) -> Unit {
    let mut unit = Unit::new(Runs::Hooks);
    unit.model = Some((Table::named(&[SCHEMA, model]), hooks.unique_key.clone()));
    let each = hooks.before.iter().map(|hook| (hook, true)).chain(hooks.after.iter().map(|hook| (hook, false)));
    for (hook, is_before) in each {
        let Some(sql) = text(hook.sql) else { continue };
        let start = hook.sql.span.start;
        let line = line_of(file.text, start);
        // The lines of a block scalar begin below its `|`.
        let first = if file.text[start..].starts_with(['|', '>']) { line + 1 } else { line };
        let forced = if file.is_forced { forced(sql) } else { None };
        let rendering = file.jinja.render(forced.as_deref().unwrap_or(sql), first, model, variant);
        if let Some((what, line)) = rendering.failed {
            unit.not_read.push(NotRead { line, what });
        }
        unit.add_hook(&rendering.body, file.dialect, is_before, hook.in_transaction);
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
