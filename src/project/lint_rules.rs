//! `lint:` of rowkeep.yml: how severe the rules of `rowkeep lint` are in this repository.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Level, Sink, did_you_mean, quoted};
use crate::project::shape::{Entries, Field, Shape, Word, Words};
use crate::project::yaml::{self, Value};
use crate::source::Inputs;

/// How severe the findings of a rule are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleLevel {
    /// The finding has this level.
    Level(Level),
    /// Nothing is reported.
    Ignore,
}

impl Words for RuleLevel {
    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("error", RuleLevel::Level(Level::Error)),
            ("warning", RuleLevel::Level(Level::Warning)),
            ("note", RuleLevel::Level(Level::Note)),
            ("ignore", RuleLevel::Ignore),
        ]
    }
}

/// The rules of a project file that has no other keys, or any. `inputs` has the text of rowkeep.yml.
///
/// # Errors
///
/// If the text is no YAML, or if `lint:` names an unknown rule or level. The other keys are not
/// looked at.
pub fn lint_rules(inputs: &Inputs) -> Result<BTreeMap<Code, RuleLevel>, Diagnostics> {
    let mut sink = Sink::default();
    let root = yaml::parse(inputs, inputs.project(), &mut sink);
    let entries = root.as_ref().and_then(|root| match &root.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.value == "lint"),
        _ => None,
    });
    let rules = entries.and_then(|(_, node)| Entries::read(node, &mut sink)).map(|stated| resolve(&stated, &mut sink));
    sink.finish(Some(rules.unwrap_or_default()))
}

/// The rules by their codes.
pub(super) fn resolve(stated: &Entries<Word<RuleLevel>>, sink: &mut Sink) -> BTreeMap<Code, RuleLevel> {
    let mut rules = BTreeMap::new();
    for (name, level) in &stated.0 {
        let is_named = |code: &&Code| code.rule().is_some_and(|rule| rule == name.value || code.as_str() == name.value);
        match (Code::ALL.iter().find(is_named), level) {
            (Some(&code), Field::Set(level)) => drop(rules.insert(code, level.value.0)),
            (Some(_), _) => {}
            (None, _) => {
                let message = format!("`rowkeep lint` has no rule {}", quoted(&name.value));
                let diagnostic = Diagnostic::new(Code::UnknownKey, message, name.span, "not the name of a rule");
                let names = || Code::ALL.iter().filter_map(|code| code.rule());
                sink.push(match did_you_mean(&name.value, names()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help(format!("the rules: {}", names().collect::<Vec<_>>().join(", "))),
                });
            }
        }
    }
    rules
}
