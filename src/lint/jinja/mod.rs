//! Renders templates of dbt without dbt: by minijinja, with a stand-in for each name.

mod forced;
mod mark;
mod relation;
mod stubs;
mod vars;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use minijinja::value::Kwargs;
use minijinja::{Environment, State, Template, UndefinedBehavior, Value};

pub(super) use forced::forced;
pub(super) use mark::Marked;
pub(super) use stubs::{RESULT, RUN_DATE, SCHEMA};

use mark::mark;
use relation::relation;
use stubs::{Names, Scene, unknown};
pub(super) use vars::vars_of;

/// The steps after which a template is given up.
const FUEL: u64 = 200_000;

/// The filters of dbt and of Jinja2 that minijinja does not have. Each gives its value back.
const FILTERS: [&str; 15] = [
    "ds",
    "ds_nodash",
    "ts",
    "ts_nodash",
    "as_bool",
    "as_number",
    "as_native",
    "as_text",
    "tojson",
    "fromjson",
    "toyaml",
    "fromyaml",
    "set",
    "pprint",
    "xmlattr",
];

/// The run for which a template is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// A run in which the table exists.
    Incremental,
    /// A run that builds the table.
    Full,
    /// `dbt compile`, which must change nothing.
    Compile,
    /// A macro that `dbt run-operation` calls.
    Operation,
}

impl Variant {
    fn command(self) -> &'static str {
        match self {
            Variant::Compile => "compile",
            Variant::Operation => "run-operation",
            Variant::Incremental | Variant::Full => "run",
        }
    }

    fn is_incremental(self) -> bool {
        self != Variant::Full
    }
}

/// A hook as `config()` states it, before its own Jinja is rendered.
#[derive(Clone, Debug)]
struct Hook {
    is_before: bool,
    in_transaction: bool,
    sql: String,
}

/// What the calls in a template stated.
#[derive(Debug, Default)]
struct Captured {
    hooks: Vec<Hook>,
    unique_key: Vec<String>,
    alias: Option<String>,
    is_table: bool,
    queries: Vec<String>,
}

/// The SQL of a hook.
#[derive(Clone, Debug)]
pub(super) struct RenderedHook {
    pub(super) sql: Marked,
    /// Whether dbt runs it in the transaction of the model.
    pub(super) in_transaction: bool,
}

/// A rendered template.
#[derive(Debug, Default)]
pub(super) struct Rendering {
    /// Its text.
    pub(super) body: Marked,
    /// The hooks of its `config()`, rendered: those before the model, and those after it.
    pub(super) before: Vec<RenderedHook>,
    pub(super) after: Vec<RenderedHook>,
    /// The SQL that it gave to `run_query` or `statement`.
    pub(super) queries: Vec<Marked>,
    /// The columns of `unique_key`, in lower case.
    pub(super) unique_key: Vec<String>,
    /// The name of its table, if `alias` states it.
    pub(super) alias: Option<String>,
    /// Whether each run builds its table anew: `materialized='table'`.
    pub(super) is_table: bool,
    /// Why a part of it could not be rendered, and the line of that part.
    pub(super) failed: Option<(String, usize)>,
}

/// Renders the templates of one project.
#[derive(Debug)]
pub(super) struct Jinja {
    environment: Environment<'static>,
    macros: Arc<Macros>,
    /// The variables of `dbt_project.yml`.
    vars: Arc<BTreeMap<String, Value>>,
}

/// The macros of a project: for each name, the files that define it.
type Macros = BTreeMap<String, Vec<String>>;

/// The end of the name of a template in which each line has its mark. A macro of the same file is
/// called there, so that a finding points at its line. The lines of another file would mean
/// nothing.
const WITH_LINES: &str = "#lines";

/// The beginning of the names of macros in templates. The plain name is that of a stand-in, which
/// also gives what `return` returns.
const OF_MACRO: &str = "rowkeep_macro_";

/// A macro of a file.
#[derive(Clone, Debug)]
pub(super) struct Macro {
    pub(super) name: String,
    /// The parameters without a default.
    required: Vec<String>,
}

impl Jinja {
    /// Loads the macros of a project: files by name.
    pub(super) fn new<'t>(files: impl Iterator<Item = (&'t str, &'t str)>, vars: BTreeMap<String, Value>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_unknown_method_callback(method);
        for name in FILTERS {
            environment.add_filter(name, |value: Value| value);
        }
        let mut macros = Macros::new();
        for (name, text) in files {
            let found = macros_of(text);
            let is_added = !found.is_empty()
                && environment.add_template_owned(name.to_owned(), prepared(text)).is_ok()
                && environment.add_template_owned(format!("{name}{WITH_LINES}"), marked(text, 1)).is_ok();
            for one in found.into_iter().filter(|_| is_added) {
                macros.entry(one.name).or_default().push(name.to_owned());
            }
        }
        Self { environment, macros: Arc::new(macros), vars: Arc::new(vars) }
    }

    /// Renders a text once, such as a hook in YAML. `first` is its line in the file.
    pub(super) fn render(&self, text: &str, first: usize, model: &str, variant: Variant) -> Rendering {
        let marked = marked(text, first);
        match self.environment.template_from_str(&marked) {
            Ok(template) => Prepared { jinja: self, template, first }.render(model, variant),
            Err(error) => Rendering { failed: Some(reason(&error, first)), ..Rendering::default() },
        }
    }

    /// Gives a file to a function, parsed once for all of its renderings.
    pub(super) fn with<R>(
        &self,
        name: &str,
        text: &str,
        f: impl FnOnce(Result<&Prepared<'_, '_>, (String, usize)>) -> R,
    ) -> R {
        let marked = marked(text, 1);
        match self.environment.template_from_named_str(&format!("{name}{WITH_LINES}"), &marked) {
            Ok(template) => f(Ok(&Prepared { jinja: self, template, first: 1 })),
            Err(error) => f(Err(reason(&error, 1))),
        }
    }

    fn scene(&self, model: &str, variant: Variant) -> Arc<Scene> {
        Arc::new(Scene {
            model: model.to_owned(),
            variant,
            macros: Arc::clone(&self.macros),
            vars: Arc::clone(&self.vars),
            captured: Mutex::default(),
            returned: Mutex::default(),
            active: Mutex::default(),
        })
    }
}

/// A parsed template.
pub(super) struct Prepared<'e, 's> {
    jinja: &'e Jinja,
    template: Template<'e, 's>,
    first: usize,
}

impl Prepared<'_, '_> {
    /// Renders the template, and the hooks that it states.
    pub(super) fn render(&self, model: &str, variant: Variant) -> Rendering {
        let (first, scene) = (self.first, self.jinja.scene(model, variant));
        let names = || Value::from_object(Names(Arc::clone(&scene)));
        let mut rendering = Rendering::default();
        match self.template.render(names()) {
            Ok(rendered) => rendering.body = Marked::read(&rendered, first),
            // A model that returns writes nothing.
            Err(_) if scene.take_returned().is_some() => {}
            Err(error) => rendering.failed = Some(reason(&error, first)),
        }
        let hooks = scene.captured.lock().map(|captured| captured.hooks.clone()).unwrap_or_default();
        for hook in hooks {
            match self.jinja.environment.render_str(&hook.sql, names()) {
                Ok(rendered) => {
                    let sql = Marked::read(&rendered, first);
                    let all = if hook.is_before { &mut rendering.before } else { &mut rendering.after };
                    all.push(RenderedHook { sql, in_transaction: hook.in_transaction });
                }
                Err(error) => {
                    let line = Marked::read(&hook.sql, first).line(0);
                    rendering.failed = Some((reason(&error, first).0, line));
                }
            }
        }
        rendering.take(&scene, first);
        rendering
    }

    /// Calls a macro of the file. A parameter without a default gets its own name as its value.
    pub(super) fn call(&self, called: &Macro, variant: Variant) -> Rendering {
        let scene = self.jinja.scene("this", variant);
        let names = Value::from_object(Names(Arc::clone(&scene)));
        let arguments: Kwargs = called.required.iter().map(|name| (name.as_str(), unknown(name))).collect();
        let result = self.template.render_captured(names).and_then(|mut captured| {
            captured.with_state_mut(|state| {
                state.call_macro(&format!("{OF_MACRO}{}", called.name), &[Value::from(arguments)])
            })
        });
        let mut rendering = Rendering::default();
        match (result, scene.take_returned()) {
            (Ok(rendered), _) => rendering.body = Marked::read(&rendered, 1),
            (Err(_), Some(returned)) => rendering.body = Marked::read(&returned.to_string(), 1),
            (Err(error), None) => rendering.failed = Some(reason(&error, 1)),
        }
        rendering.take(&scene, 1);
        rendering
    }
}

impl Rendering {
    /// Takes what the calls stated.
    fn take(&mut self, scene: &Scene, first: usize) {
        if let Ok(captured) = scene.captured.lock() {
            self.queries = captured.queries.iter().map(|sql| Marked::read(sql, first)).collect();
            self.is_table = captured.is_table;
            self.unique_key.clone_from(&captured.unique_key);
            self.alias.clone_from(&captured.alias);
        }
    }
}

/// A text with marks, without the blocks that only dbt knows.
fn marked(text: &str, first: usize) -> String {
    mark(&prepared(text), first)
}

/// A text that minijinja can parse: blocks of dbt are left out, and empty lists can be changed.
fn prepared(text: &str) -> String {
    let mut out = text.to_owned();
    for block in ["test", "materialization", "docs", "data_test"] {
        out = without_block(&out, block);
    }
    // A snapshot has hooks like a model.
    for word in ["snapshot", "endsnapshot"] {
        while let Some(range) = tag(&out, word) {
            let lines = "\n".repeat(out[range.clone()].matches('\n').count());
            out.replace_range(range, &lines);
        }
    }
    let mut rest = out.as_str();
    let mut changed = String::with_capacity(out.len());
    // Only inside of `{% set x = [] %}`.
    while let Some(at) = rest.find("[]") {
        let before = &rest[..at];
        let tag = before.rfind("{%").map_or("", |open| &before[open..]);
        let is_set = !tag.contains("%}") && tag.contains("set ") && before.trim_end().ends_with('=');
        changed.push_str(before);
        changed.push_str(if is_set { "rowkeep_list()" } else { "[]" });
        rest = &rest[at + 2..];
    }
    changed.push_str(rest);
    without_shifts(&with_names_of_macros(&changed))
}

/// A text in which `{% macro archive(` is `{% macro rowkeep_macro_archive(`.
fn with_names_of_macros(text: &str) -> String {
    let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
    for (at, _) in text.match_indices("{%") {
        let inside = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        if let Some(rest) = inside.strip_prefix("macro ") {
            let name = text.len() - rest.trim_start().len();
            out.push_str(&text[copied..name]);
            out.push_str(OF_MACRO);
            copied = name;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// A text in which `ds[:4]` and `ds_nodash[:6]` are `ds` and `ds_nodash`: parts of a day are chosen by
/// the run too.
fn without_slices(text: &str) -> String {
    let mut out = text.to_owned();
    for name in ["ds[", "ds_nodash[", "ts_nodash["] {
        let mut from = 0;
        while let Some(at) = out[from..].find(name).map(|at| from + at) {
            from = at + name.len();
            let is_word = !out[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let Some(close) = out[from..].find(']').filter(|close| *close < 12 && is_word) else { continue };
            out.replace_range(from - 1..=from + close, "");
        }
    }
    out
}

/// A text in which `time - timedelta(days=90)` is `time|default(timedelta(days=90))`: both are a
/// time that depends on the run, and objects of minijinja have no operators.
fn without_shifts(text: &str) -> String {
    const CALLS: [&str; 4] =
        ["modules.datetime.timedelta(", "macros.datetime.timedelta(", "macros.timedelta(", "datetime.timedelta("];
    let mut out = without_slices(text);
    let mut from = 0;
    while let Some((at, call)) = CALLS.iter().find_map(|call| Some((from + out[from..].find(call)?, call))) {
        from = at + call.len();
        let before = out[..at].trim_end();
        // `{{-` is no operator.
        let is_operator = |at: &usize| before.ends_with(['-', '+']) && !before[..*at].ends_with(['{', '%']);
        let Some(operator) = before.len().checked_sub(1).filter(is_operator) else { continue };
        let mut depth = 1;
        let close = out[from..].char_indices().find_map(|(at, c)| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            (depth == 0).then_some(from + at)
        });
        let Some(close) = close else { break };
        out.insert(close, ')');
        out.replace_range(operator..=operator, "|default(");
        from = close + "|default(".len();
    }
    out
}

/// A text in which the blocks of a kind are empty lines.
fn without_block(text: &str, block: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = tag(rest, block) {
        let Some(end) = tag(&rest[begin.start..], &format!("end{block}")) else { break };
        let end = begin.start + end.end;
        out.push_str(&rest[..begin.start]);
        out.extend(rest[begin.start..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The first tag with a word.
fn tag(text: &str, word: &str) -> Option<Range<usize>> {
    text.match_indices("{%").find_map(|(at, _)| {
        let inside = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let after = inside.strip_prefix(word)?;
        after.starts_with(|c: char| c.is_whitespace() || matches!(c, '-' | '%')).then_some(())?;
        Some(at..at + text[at..].find("%}")? + 2)
    })
}

/// The macros that a text defines.
pub(super) fn macros_of(text: &str) -> Vec<Macro> {
    let starts = text.match_indices("{%").filter_map(|(at, _)| {
        text[at + 2..].trim_start_matches(['-', '+']).trim_start().strip_prefix("macro ").map(str::trim_start)
    });
    let macros = starts.filter_map(|rest| {
        let (name, rest) = rest.split_once('(')?;
        let mut depth = 1;
        let end = rest.char_indices().find_map(|(at, c)| {
            depth += match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
            (depth == 0).then_some(at)
        })?;
        let mut required = Vec::new();
        let (mut depth, mut parameter) = (0, String::new());
        for c in rest[..end].chars().chain([',']) {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            if c == ',' && depth == 0 {
                let name = std::mem::take(&mut parameter);
                let name = name.trim();
                if !name.is_empty() && !name.contains('=') {
                    required.push(name.to_owned());
                }
            } else {
                parameter.push(c);
            }
        }
        Some(Macro { name: name.trim().to_owned(), required })
    });
    macros.collect()
}

/// The names that a text calls while dbt compiles, each with the macro that calls it. A string such
/// as `"{{ archive() }}"` is a hook, which dbt renders when it runs.
pub(super) fn calls_of(text: &str) -> Vec<(Option<String>, &str)> {
    let tags: Vec<(usize, Option<String>)> = text
        .match_indices("{%")
        .filter_map(|(at, _)| {
            let inside = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
            let named = inside.strip_prefix("macro ").and_then(|rest| rest.split_once('(')).map(|(name, _)| name);
            match named {
                Some(name) => Some((at, Some(name.trim().to_owned()))),
                None => inside.starts_with("endmacro").then_some((at, None)),
            }
        })
        .collect();
    let calls = text.match_indices('(').filter_map(|(at, _)| {
        let name = text[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let before = text[..at - name.len()].trim_end();
        let is_late = before.strip_suffix("{{").is_some_and(|rest| rest.trim_end().ends_with(['"', '\'']));
        let after = tags.partition_point(|(start, _)| *start <= at);
        let caller = after.checked_sub(1).and_then(|last| tags[last].1.clone());
        (!name.is_empty() && !is_late && !before.ends_with("macro")).then_some((caller, name))
    });
    calls.collect()
}

/// Whether a text has Jinja.
pub(super) fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

fn reason(error: &minijinja::Error, first: usize) -> (String, usize) {
    let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    (format!("Jinja: {why}"), first + error.line().unwrap_or(1).saturating_sub(1))
}

/// Methods of Python that templates call.
#[allow(clippy::needless_pass_by_value, reason = "the signature is given")]
fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, minijinja::Error> {
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, args).or_else(|_| {
        Ok(match name {
            "format" | "append" | "extend" | "update" => value.clone(),
            "render" | "include" | "quote" => relation(SCHEMA, &value.to_string()),
            _ => unknown(name),
        })
    })
}
