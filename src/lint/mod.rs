//! Finds the traps in SQL that moves or deletes old rows, whoever wrote it: scripts, and the hooks
//! and macros of dbt projects.
//!
//! A finding comes from statements that were read in full. What cannot be read is listed apart, and
//! is never a finding. This is the reverse of [`compile`](crate::compile), which refuses a statement
//! that it cannot prove.
//!
//! ```
//! use rowkeep::lint::{Options, Source, lint};
//!
//! let sql = "INSERT INTO archive.orders (id) SELECT o.id FROM live.orders AS o WHERE o.day < '2026-01-01';
//!            DELETE FROM live.orders WHERE day < '2026-01-01';";
//! let report = lint(vec![Source::new("move.sql", sql)], &Options::default());
//! let rules: Vec<_> = report.findings.iter().filter_map(|finding| finding.code().rule()).collect();
//! assert!(rules.contains(&"trim-without-proof"));
//! ```

mod action;
mod allow;
mod archives;
mod declared;
mod dynamic;
mod facts;
mod fix;
mod forms;
mod grammar;
mod hooks;
mod jinja;
mod normal;
mod read;
mod rewrite;
mod rules;
mod script;
mod table;
mod unit;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

pub use fix::{Fixed, fix};
pub use grammar::Grammar;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Level, Sink};
use crate::project::RuleLevel;
use crate::source::{FileId, Inputs, Role, Span, line_range};
use jinja::{
    Jinja, Marked, Prepared, RESULT, RUN_DATE, SCHEMA, Variant, calls_of, forced, is_template, macros_of, vars_of,
};
use read::{NotRead, Runs};
use rules::Finding;
use unit::Unit;

/// A file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in messages. Names ending with `.yml` or `.yaml` are read for hooks of dbt, all
    /// others as SQL, with or without Jinja.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether it is checked. Otherwise only its macros are used.
    pub is_checked: bool,
}

impl Source {
    /// A file that is checked.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), is_checked: true }
    }
}

/// How SQL is read, and which rules apply.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The engine. Without it, each statement is read by the first grammar that accepts it.
    pub dialect: Option<Grammar>,
    /// Only these rules, by name or code. Empty: all.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// The levels of rules, which replace their own: see [`lint_rules`](crate::project::lint_rules).
    pub levels: BTreeMap<Code, RuleLevel>,
}

/// The result of [`lint`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The files, which findings point at.
    pub inputs: Inputs,
    /// What was found, in the order of files and lines.
    pub findings: Diagnostics,
    /// The parts that could not be read.
    pub not_read: Vec<Unread>,
    /// The number of statements that were read.
    pub statements: usize,
}

/// A part of a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Unread {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is there.
    pub what: String,
}

/// The character with which some editors begin a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The most bytes of a file. A larger one is data.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Checks files. The macros of all of them are known in each of them.
pub fn lint(files: Vec<Source>, options: &Options) -> Report {
    let is_checked: Vec<bool> = files.iter().map(|file| file.is_checked).collect();
    let inputs = files.into_iter().fold(Inputs::none(), |inputs, file| {
        let text = file.text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned);
        inputs.with_linted(file.name, text.unwrap_or(file.text))
    });
    let ids: Vec<FileId> = inputs.of_role(Role::Linted).collect();
    let macros = ids.iter().map(|&id| (inputs.name(id), inputs.text(id))).filter(|(name, _)| !is_yaml(name));
    let is_project = |name: &str| name.ends_with("dbt_project.yml");
    let project = ids.iter().find(|&&id| is_project(inputs.name(id)));
    // A single file may be a project file under another name.
    let project = project.or_else(|| ids.iter().find(|&&id| ids.len() == 1 && is_yaml(inputs.name(id))));
    let vars = project.map(|&id| vars_of(&inputs, id)).unwrap_or_default();
    let sizes = ids.iter().filter(|&&id| inputs.text(id).len() <= MAX_BYTES);
    let forced_texts: BTreeMap<FileId, String> = sizes.filter_map(|&id| Some((id, forced(inputs.text(id))?))).collect();
    // Few projects have such a template, and to load all macros twice takes time.
    let forced_jinja = (!forced_texts.is_empty()).then(|| {
        let text = |id: FileId| forced_texts.get(&id).map_or(inputs.text(id), String::as_str);
        let macros = ids.iter().map(|&id| (inputs.name(id), text(id))).filter(|(name, _)| !is_yaml(name));
        Jinja::new(macros, vars.clone())
    });
    let jinja = Jinja::new(macros, vars);
    let called = called_names(&inputs, &ids);
    let dialect = options.dialect.unwrap_or(Grammar::Generic);
    let mut sink = Sink::default();
    let (mut not_read, mut statements, mut found) = (Vec::new(), 0, Vec::new());
    for (&id, _) in ids.iter().zip(is_checked).filter(|(_, is_checked)| *is_checked) {
        let (name, text) = (inputs.name(id), inputs.text(id));
        let file = File { jinja: &jinja, dialect, name, text, called: called.as_ref(), is_forced: false };
        let forced_file = forced_texts.get(&id).zip(forced_jinja.as_ref()).map(|(forced, jinja)| {
            // The hooks of a YAML file have their places in its own text.
            let text = if is_yaml(name) { text } else { forced };
            File { jinja, text, is_forced: true, ..file }
        });
        let units = match () {
            () if text.contains('\0') => {
                not_read.push(Unread { file: name.to_owned(), line: 1, what: "not a text in UTF-8".to_owned() });
                continue;
            }
            () if text.len() > MAX_BYTES => {
                not_read.push(Unread { file: name.to_owned(), line: 1, what: "a file of more than 4 MiB".to_owned() });
                continue;
            }
            () if is_yaml(name) => hooks::units(&file, &inputs, id),
            () if is_template(text) => file.template(&model_of(name)),
            () => vec![file.script(&Marked::plain(text, 1))],
        };
        let forced_units = match forced_file {
            Some(forced) if is_yaml(name) => hooks::units(&forced, &inputs, id),
            Some(forced) => forced.template(&model_of(name)),
            None => Vec::new(),
        };
        let changes = |read: &read::Read| !matches!(read.action(), action::Action::Other);
        let has_none = units
            .iter()
            .chain(&forced_units)
            .all(|unit| !unit.statements.iter().any(changes) && unit.not_read.is_empty());
        // A folder has only files of known kinds, and a user can name any other.
        if has_none && !is_yaml(name) && !name.to_lowercase().ends_with(".sql") {
            let what = "no change of rows in SQL: lint reads SQL, and hooks in YAML".to_owned();
            not_read.push(Unread { file: name.to_owned(), line: 1, what });
        }
        statements += units.iter().chain(&forced_units).map(|unit| unit.statements.len()).max().unwrap_or_default();
        let unread: BTreeSet<NotRead> = units.iter().flat_map(|unit| unit.not_read.iter().cloned()).collect();
        not_read.extend(unread.into_iter().map(|one| Unread { file: name.to_owned(), line: one.line, what: one.what }));
        found.extend(
            findings((&units, &forced_units), &comments_of(name, text), options)
                .into_iter()
                .map(|finding| (id, finding)),
        );
    }
    for (id, finding) in without_callers(&inputs, found) {
        sink.push(diagnostic(&inputs, id, finding, options));
    }
    Report { findings: sink.into_findings(), not_read, statements, inputs }
}

/// The findings without those of hooks that call a macro with the same finding: the macro is the
/// source of both.
fn without_callers(inputs: &Inputs, found: Vec<(FileId, Finding)>) -> Vec<(FileId, Finding)> {
    // The names of the macros with a finding, by its rule.
    let mut of_macros: BTreeMap<Code, BTreeSet<String>> = BTreeMap::new();
    for (id, finding) in &found {
        if is_template(inputs.text(*id)) {
            let names = macros_of(inputs.text(*id)).into_iter().map(|one| one.name);
            of_macros.entry(finding.code).or_default().extend(names);
        }
    }
    let calls = |id: FileId, finding: &Finding| {
        let line = inputs.text(id).lines().nth(finding.line.saturating_sub(1)).unwrap_or_default();
        let own: BTreeSet<_> = macros_of(inputs.text(id)).into_iter().map(|one| one.name).collect();
        let mut names = of_macros.get(&finding.code).into_iter().flatten().filter(|name| !own.contains(*name));
        names.any(|name| {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            line.match_indices(name.as_str())
                .any(|(at, _)| line[at + name.len()..].trim_start().starts_with('(') && !line[..at].ends_with(is_part))
        })
    };
    found.into_iter().filter(|(id, finding)| !calls(*id, finding)).collect()
}

/// The comments outside of SQL that may allow findings, each with its line: of Jinja, and of YAML.
fn comments_of(name: &str, text: &str) -> Vec<(usize, String)> {
    let open = if is_yaml(name) { "#" } else { "{#" };
    let comment = |line: &str| {
        let at = line.find(open)?;
        line[at..].contains("rowkeep: allow(").then(|| line[at..].trim_end_matches("#}").to_owned())
    };
    text.lines().enumerate().filter_map(|(nth, line)| Some((nth + 1, comment(line)?))).collect()
}

fn is_yaml(name: &str) -> bool {
    [".yml", ".yaml"].iter().any(|end| name.to_lowercase().ends_with(end))
}

/// The model of a file: its name without folder and ending, as a name that needs no quotes.
fn model_of(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let model: String = stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if model.starts_with(|c: char| c.is_ascii_digit()) { format!("_{model}") } else { model }
}

/// The findings of the units of a file, each once, without those that comments allow.
///
/// `forced` are the units of the file in which each condition holds. Only their findings in
/// statements that no other rendering has count.
fn findings((units, forced): (&[Unit], &[Unit]), outside: &[(usize, String)], options: &Options) -> Vec<Finding> {
    let is_change = |read: &&read::Read| !matches!(read.action(), action::Action::Other);
    let seen: BTreeSet<usize> =
        units.iter().flat_map(|unit| &unit.statements).filter(is_change).flat_map(read::Read::lines).collect();
    let unseen = forced.iter().flat_map(rules::check).filter(|finding| !seen.contains(&finding.line));
    let mut found: Vec<Finding> = Vec::new();
    for finding in units.iter().flat_map(rules::check).chain(unseen) {
        // The branches of a template have the same statements.
        if !found.iter().any(|other| (other.code, other.line) == (finding.code, finding.line)) {
            found.push(finding);
        }
    }
    let of_units = units.iter().chain(forced).flat_map(|unit| unit.comments.iter());
    let comments: BTreeMap<usize, String> = of_units.chain(outside).cloned().collect();
    let mut found = allow::apply(found, &comments);
    let named = |finding: &Finding, names: &[String]| {
        names.iter().any(|name| name == finding.code.as_str() || Some(name.as_str()) == finding.code.rule())
    };
    found.retain(|finding| options.select.is_empty() || named(finding, &options.select));
    found.retain(|finding| !named(finding, &options.ignore));
    found.retain(|finding| options.levels.get(&finding.code) != Some(&RuleLevel::Ignore));
    found.sort_by_key(|finding| (finding.line, finding.code));
    found
}

fn diagnostic(inputs: &Inputs, file: FileId, finding: Finding, options: &Options) -> Diagnostic {
    let range = line_range(inputs.text(file), finding.line);
    let level = match options.levels.get(&finding.code) {
        Some(RuleLevel::Level(level)) => *level,
        _ if loses_rows(finding.code) => Level::Error,
        _ => Level::Warning,
    };
    let span = Span { file, start: range.start, end: range.end };
    // A message must not show the name of a stand-in, which no file has.
    // `{{ target.schema }}_archive` is another schema.
    let schema = format!("{SCHEMA}_");
    let shown =
        |text: String| text.replace(RUN_DATE, "<run date>").replace(RESULT, "<result>").replace(&schema, "<schema>_");
    Diagnostic::new(finding.code, shown(finding.message), span, finding.label).at_level(level).help(shown(finding.help))
}

/// Whether rows are lost, or stay wrong, by what a rule finds. The others stop a run, or make it
/// depend on its circumstances.
fn loses_rows(code: Code) -> bool {
    !matches!(
        code,
        Code::SelectStar
            | Code::PositionalInsert
            | Code::ArchiveWithoutGuard
            | Code::VacuumInTransaction
            | Code::UnusedAllow
            | Code::AllowWithoutReason
            | Code::DropAfterCopy
    )
}

/// The names that a project calls while dbt compiles. `None` if the files are not a whole project:
/// then nothing is known of the calls.
fn called_names(inputs: &Inputs, ids: &[FileId]) -> Option<BTreeSet<String>> {
    if !ids.iter().any(|&id| inputs.name(id).ends_with("dbt_project.yml")) {
        return None;
    }
    let mut of_macros: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut rest = Vec::new();
    // Hooks in YAML are rendered when they run.
    for &id in ids.iter().filter(|&&id| !is_yaml(inputs.name(id))) {
        for (caller, name) in calls_of(inputs.text(id)) {
            match caller {
                Some(caller) => of_macros.entry(caller).or_default().push(name),
                None => rest.push(name),
            }
        }
    }
    let mut called = BTreeSet::new();
    while let Some(name) = rest.pop() {
        if called.insert(name.to_owned()) {
            rest.extend(of_macros.get(name).into_iter().flatten());
        }
    }
    Some(called)
}

/// A file, and how its templates are rendered.
struct File<'a> {
    jinja: &'a Jinja,
    dialect: Grammar,
    name: &'a str,
    text: &'a str,
    /// The names that the project calls. A macro that nothing calls is an operation, which dbt runs
    /// only when it is asked to.
    called: Option<&'a BTreeSet<String>>,
    /// Whether each condition of its templates holds.
    is_forced: bool,
}

impl File<'_> {
    /// A text that runs from its beginning to its end.
    fn script(&self, text: &Marked) -> Unit {
        let mut unit = Unit::new(Runs::Script);
        unit.add(text, self.dialect, false);
        unit
    }

    /// A template: the text itself, its hooks, what it runs while dbt compiles, and its macros.
    fn template(&self, model: &str) -> Vec<Unit> {
        self.jinja.with(self.name, self.text, |prepared| match prepared {
            Ok(prepared) => self.units_of(prepared, model),
            Err((what, line)) => {
                let mut unit = Unit::new(Runs::Script);
                unit.not_read.push(NotRead { line, what });
                vec![unit]
            }
        })
    }

    fn units_of(&self, prepared: &Prepared<'_, '_>, model: &str) -> Vec<Unit> {
        let has = |words: &[&str]| words.iter().any(|word| self.text.contains(word));
        // Most templates have one branch.
        let variants: &[Variant] = if has(&["is_incremental", "full_refresh", "false)", "False)"]) {
            &[Variant::Incremental, Variant::Full]
        } else {
            &[Variant::Full]
        };
        let has_queries = has(&["run_query", "statement", "adapter."]);
        let mut units = Vec::new();
        // What a run gives to `run_query`.
        let mut of_run = Vec::new();
        for &variant in variants {
            let mut rendering = prepared.render(model, variant);
            // `{{ this }}` of the hooks is the table that `alias` names.
            let is_plain = |alias: &&String| alias.chars().all(|c| c.is_alphanumeric() || c == '_');
            if let Some(alias) = rendering.alias.clone().as_ref().filter(is_plain) {
                rendering = prepared.render(alias, variant);
            }
            of_run.clone_from(&rendering.queries);
            let mut unit = Unit::new(Runs::Hooks);
            let table = table::Table::named(&[SCHEMA, rendering.alias.as_deref().unwrap_or(model)]);
            unit.model = Some((table, rendering.unique_key.clone()));
            if let Some((what, line)) = rendering.failed {
                unit.not_read.push(NotRead { line, what });
            }
            for hook in &rendering.before {
                unit.add_hook(&hook.sql, self.dialect, true, hook.in_transaction);
            }
            let before = unit.statements.len();
            for hook in &rendering.after {
                unit.add_hook(&hook.sql, self.dialect, false, hook.in_transaction);
            }
            // A view keeps no rows.
            if has(&["incremental"]) || rendering.is_table {
                unit.add_model(before, &rendering.body, self.dialect, rendering.is_table);
            }
            if !unit.texts.is_empty() || !unit.not_read.is_empty() {
                units.push(unit);
            }
            units.push(self.of_body(&rendering.body));
        }
        if has_queries {
            let at_compile = prepared.render(model, Variant::Compile).queries;
            // The others are behind a test such as `flags.WHICH in ('run', 'build')`.
            if of_run.len() > at_compile.len() {
                units.push(self.queries(&of_run, Runs::Operation));
            }
            units.extend(self.at_compile(&at_compile));
        }
        for called in macros_of(self.text) {
            let mut of_run = Vec::new();
            for &variant in variants {
                let rendering = prepared.call(&called, variant);
                of_run.clone_from(&rendering.queries);
                let mut unit = self.of_body(&rendering.body);
                if let Some((what, line)) = rendering.failed {
                    unit.not_read.push(NotRead { line, what });
                }
                units.push(unit);
            }
            // What a macro runs one after another, when a run or an operation calls it.
            if has_queries {
                let of_operation = prepared.call(&called, Variant::Operation).queries;
                let more = if of_run.len() > of_operation.len() { &of_run } else { &of_operation };
                units.push(self.queries(more, Runs::Operation));
            }
            if has_queries && self.called.is_none_or(|names| names.contains(&called.name)) {
                units.extend(self.at_compile(&prepared.call(&called, Variant::Compile).queries));
            }
        }
        units
    }

    /// The statements of a rendered text. The SELECT of a model is no concern here, and a macro can
    /// return any part of a statement: a text that changes nothing need not be read.
    fn of_body(&self, body: &Marked) -> Unit {
        let mut unit = self.script(body);
        if unit.statements.iter().all(|read| matches!(read.action(), action::Action::Other)) {
            unit.not_read.clear();
        }
        unit
    }

    /// What a template gives to `run_query` or `statement`.
    fn queries(&self, queries: &[Marked], runs: Runs) -> Unit {
        let mut unit = Unit::new(runs);
        queries.iter().for_each(|query| unit.add(query, self.dialect, false));
        unit
    }

    fn at_compile(&self, queries: &[Marked]) -> Option<Unit> {
        let unit = self.queries(queries, Runs::AtCompile);
        (!unit.texts.is_empty()).then_some(unit)
    }
}
