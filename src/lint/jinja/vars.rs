//! Values of templates that come from YAML and JSON: the variables of `dbt_project.yml`, and
//! `fromjson`.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::diagnostic::Sink;
use crate::project::yaml::{self, Node, parse};
use crate::source::{FileId, Inputs, Spanned};

/// The variables of a project file. Those of one package are known by their plain names too: the
/// macros of the package use these.
pub(in crate::lint) fn vars_of(inputs: &Inputs, id: FileId) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let Some(root) = parse(inputs, id, &mut Sink::default()) else { return all };
    let project = entry(&root, "name").and_then(scalar).unwrap_or_default().to_owned();
    let Some(yaml::Value::Map(entries)) = entry(&root, "vars").map(|vars| &vars.value) else { return all };
    // The variables of the project itself come last, and win.
    let (own, others): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| key.value == project);
    let of_packages = others.iter().filter_map(|(_, node)| map(node)).flatten();
    let plain = others.iter().copied();
    let of_project = own.iter().filter_map(|(_, node)| map(node)).flatten();
    for (key, node) in of_packages.chain(plain).chain(of_project) {
        all.insert(key.value.clone(), value(node));
    }
    all
}

fn map(node: &Node) -> Option<&Vec<(Spanned<String>, Node)>> {
    match &node.value {
        yaml::Value::Map(entries) => Some(entries),
        _ => None,
    }
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    map(node)?.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        yaml::Value::Scalar(text) => Some(text),
        _ => None,
    }
}

fn value(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::from(()),
        yaml::Value::List(items) => items.iter().map(value).collect(),
        yaml::Value::Map(entries) => {
            let entries = entries.iter().map(|(key, node)| (key.value.clone(), value(node)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        }
        yaml::Value::Scalar(text) => match text.as_str() {
            "true" | "True" => Value::from(true),
            "false" | "False" => Value::from(false),
            text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        },
    }
}

/// A JSON value.
pub(super) fn of_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(flag) => Value::from(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole),
            None => Value::from(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(of_json).collect(),
        serde_json::Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), of_json(value)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        }
    }
}
