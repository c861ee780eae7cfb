//! Renders texts that are not SQL: Airflow DAGs, the files of the dbt package, and the report.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use crate::cycle::render::built_in;

/// The tag delimiters of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tags {
    /// `{{ value }}`, `{% tag %}`.
    Jinja,
    /// `<< value >>`, `<% tag %>`: for output that contains Jinja.
    Angled,
}

/// Templates are parsed once: a project has many files and few templates.
static JINJA: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Tags::Jinja));
static ANGLED: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Tags::Angled));

/// Renders a built-in template. A project cannot replace these templates.
pub(crate) fn text(tags: Tags, template: &str, context: Value) -> String {
    let environment = match tags {
        Tags::Jinja => &JINJA,
        Tags::Angled => &ANGLED,
    };
    let rendered = environment.get_template(template).and_then(|found| found.render(context));
    rendered.unwrap_or_else(|error| unreachable!("a built-in template renders: {error:#}"))
}

fn environment(tags: Tags) -> Environment<'static> {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    if let Tags::Angled = tags {
        syntax.variable_delimiters("<<", ">>").block_delimiters("<%", "%>").comment_delimiters("<#", "#>");
    }
    let mut environment = Environment::empty();
    environment.set_syntax(syntax.build().unwrap_or_else(|error| unreachable!("the delimiters differ: {error}")));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
        .set_auto_escape_callback(|name| if name.ends_with(".html.j2") { AutoEscape::Html } else { AutoEscape::None });
    environment.set_loader(|name| Ok(built_in(name).map(str::to_owned)));
    environment.add_filter("literal", literal);
    environment.add_filter("indented", indented);
    environment
}

/// A text as a JSON string, which is also a valid string in Python and YAML.
pub(crate) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Indents every non-empty line, for a block of YAML.
fn indented(text: &str, indent: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A list of texts, as a context value.
pub(crate) fn values<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    texts.into_iter().map(Value::from).collect()
}
