//! Compares the hooks and models in a dbt manifest with what compiles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::artifacts::Artifacts;
use crate::artifacts::manifest::Hook;
use crate::diagnostic::{Code, Diagnostic, Level, Sink, some};
use crate::dialect::Dialect;
use crate::features::dbt::guard;
use crate::project::{Archive, Spec, Table, TableId};

/// A dbt project after `dbt parse`.
#[derive(Clone, Debug)]
pub struct DbtProject {
    /// The name of its manifest in messages.
    pub path: String,
    /// The text of `target/manifest.json`: schema v12, or a schema with the same fields for models.
    pub manifest: String,
}

pub(crate) fn report(spec: &Spec, artifacts: &Artifacts, project: &DbtProject, sink: &mut Sink) {
    let Some(first) = spec.tables.first() else { return };
    let cannot = |message: String, label: &str| Diagnostic::new(Code::DbtManifest, message, first.model.span, label);
    let manifest: Value = match serde_json::from_str(&project.manifest) {
        Ok(manifest) => manifest,
        Err(error) => {
            let message = format!("{} is not JSON: {error}", project.path);
            return sink.push(
                cannot(message, "the hooks of this model are unknown").help("run `dbt parse` in the dbt project"),
            );
        }
    };
    let Some(nodes) = manifest["nodes"].as_object() else {
        let message = format!("{} has no nodes: it is not a dbt manifest", project.path);
        return sink
            .push(cannot(message, "the hooks of this model are unknown").help("run `dbt parse` in the dbt project"));
    };
    let adapter = manifest["metadata"]["adapter_type"].as_str().unwrap_or(spec.dialect.as_str());
    if adapter != spec.dialect.as_str() {
        let message =
            format!("{} is from a target on {adapter}, but the project is compiled for {}", project.path, spec.dialect);
        let parse = "run `dbt parse` with a target on the same engine";
        let help = match Dialect::from_name(adapter) {
            Some(dialect) => format!("pass `--dialect {dialect}` to check for that engine, or {parse}"),
            None => parse.to_owned(),
        };
        return sink.push(cannot(message, "hooks would be in another dialect").help(help));
    }
    let package = spec.dbt_package();
    let found: BTreeMap<_, _> =
        spec.tables().filter_map(|(id, table)| Some((id, Model::of(nodes, table).ok()?))).collect();
    for (id, table) in spec.tables() {
        match found.get(&id) {
            Some(model) => {
                let node = artifacts.manifest().nodes.values().find(|node| node.name == table.model.value.as_str());
                if let Some(node) = node {
                    let guard = guard(spec, id);
                    model.hooks("post-hook", &guard, &package, table, &node.post_hooks, sink);
                    if !node.load.is_empty() {
                        model.hooks("pre-hook", &guard, &package, table, &node.load, sink);
                        model.is_as_compiled(table, artifacts, sink);
                    }
                }
                model.is_called(table, sink);
                model.columns(table, sink);
                model.is_never_rebuilt(table, sink);
                model.is_not_reused(spec, id, sink);
                model.runs_after(spec, table, &found, nodes, sink);
            }
            None => {
                let name = table.model.value.as_str();
                let (message, label, help) = match Model::of(nodes, table).err() {
                    Some(several @ 2..) => (
                        format!(
                            "{} has {several} models with the name {name}: check cannot know which one builds the mart",
                            project.path
                        ),
                        "several versions, or models of several packages",
                        "keep one of them, or rename the others",
                    ),
                    _ => (
                        format!("{} has no enabled model {name}: nothing archives or trims the mart", project.path),
                        "not in the dbt project",
                        "add the model to the dbt project, or remove this spec",
                    ),
                };
                sink.push(Diagnostic::new(Code::DbtModel, message, table.model.span, label).help(help));
            }
        }
    }
    schemas(spec, &found, sink);
    macros(spec, artifacts, &manifest, sink);
}

/// Checks that each macro of the compiled package is as compiled now, in the file where dbt found
/// it.
fn macros(spec: &Spec, artifacts: &Artifacts, manifest: &Value, sink: &mut Sink) {
    let package = spec.dbt_package();
    let is_compiled = |found: &Value| {
        let path = found["original_file_path"].as_str().unwrap_or_default().replace('\\', "/");
        let text = found["macro_sql"].as_str().unwrap_or_default().replace("\r\n", "\n");
        artifacts.get(&format!("dbt/{package}/{path}")).is_some_and(|file| file.contains(text.trim()))
    };
    let macros = manifest["macros"].as_object().into_iter().flatten().map(|(_, found)| found);
    let changed: Vec<_> = macros
        .filter(|found| found["package_name"].as_str() == Some(package.as_str()) && !is_compiled(found))
        .filter_map(|found| found["name"].as_str())
        .collect();
    let Some(first) = spec.tables.first().filter(|_| !changed.is_empty()) else { return };
    let message = format!("macros of {package} differ from what compiles now: {}", some(&changed));
    let diagnostic =
        Diagnostic::new(Code::DbtHookChanged, message, first.model.span, "the package belongs to this project");
    sink.push(
        diagnostic
            .help("compile into the folder that dbt reads, run `dbt deps` if dbt copies the package, then `dbt parse`"),
    );
}

/// A model of the dbt project.
struct Model<'m> {
    id: &'m str,
    node: &'m Value,
}

impl<'m> Model<'m> {
    /// The only model with the name of the table's model. Otherwise the number of such models: each
    /// version of a model counts.
    fn of(nodes: &'m serde_json::Map<String, Value>, table: &Table) -> Result<Self, usize> {
        let is_it = |node: &Value| {
            node["resource_type"] == "model" && node["name"].as_str() == Some(table.model.value.as_str())
        };
        let all: Vec<_> = nodes.iter().filter(|(_, node)| is_it(node)).collect();
        match all[..] {
            [(id, node)] => Ok(Self { id, node }),
            _ => Err(all.len()),
        }
    }

    /// The pre-hooks or post-hooks: for each, its text and whether it runs in the transaction.
    fn listed(&self, when: &str) -> Vec<(String, bool)> {
        let config = &self.node["config"];
        let hooks = config[when].as_array().or_else(|| config[when.replace('-', "_")].as_array());
        let one = |hook: &Value| {
            let sql = hook["sql"].as_str().or_else(|| hook.as_str()).unwrap_or_default();
            (sql.replace("\r\n", "\n").trim().to_owned(), hook["transaction"].as_bool().unwrap_or(true))
        };
        hooks.into_iter().flatten().map(one).collect()
    }

    fn hooks(&self, when: &str, guard: &str, package: &str, table: &Table, compiled: &[Hook], sink: &mut Sink) {
        let name = table.model.value.as_str();
        let wire = if when == "pre-hook" {
            format!(
                "connect them with `pre_hook={package}.{name}_load()`, or remove `incremental:` from the spec if you write the load yourself"
            )
        } else {
            format!("connect them with `post_hook={package}.{name}_hooks()`, or with the compiled properties")
        };
        let mut say = |code: Code, message: String, label: &str, help: &str| {
            sink.push(Diagnostic::new(code, message, table.model.span, label).help(help));
        };
        let actual = self.listed(when);
        let compiled = compiled.iter().map(|hook| (hook.name.as_str(), hook.dbt_sql.trim()));
        let expected: Vec<_> = std::iter::once(("guard", guard)).chain(compiled).collect();
        let name_of: BTreeMap<_, _> = expected.iter().map(|&(name, sql)| (sql, name)).collect();

        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (sql, _) in &actual {
            *times.entry(sql.as_str()).or_default() += 1;
        }
        let twice: Vec<_> = expected
            .iter()
            .filter(|(_, sql)| times.get(sql).is_some_and(|&times| times > 1))
            .map(|(name, _)| *name)
            .collect();
        if !twice.is_empty() {
            let message = format!("dbt runs {} of {name} more than once: {}", hooks(twice.len()), some(&twice));
            say(
                Code::DbtHookTwice,
                message,
                "dbt adds up the hooks of several configs",
                "name the hooks in one place: dbt_project.yml, properties, or the config of the model",
            );
        }

        let mut others: Vec<&str> =
            actual.iter().map(|(sql, _)| sql.as_str()).filter(|sql| !name_of.contains_key(sql)).collect();
        let (mut missing, mut changed) = (Vec::new(), Vec::new());
        for (hook, sql) in expected.iter().filter(|(_, sql)| !times.contains_key(sql)) {
            // A hook of an older compilation has the same comment and changes the same relation.
            match others.iter().position(|other| head(other) == head(sql)) {
                Some(at) => {
                    others.remove(at);
                    changed.push(*hook);
                }
                None => missing.push(*hook),
            }
        }
        if missing.len() == expected.len() {
            let message = format!(
                "dbt runs none of the {} compiled {when}s of {name}: {}",
                expected.len(),
                if when == "pre-hook" { "nothing loads the mart" } else { "nothing archives or trims the mart" }
            );
            say(Code::DbtHookMissing, message, "no hooks are connected", &wire);
        } else if !missing.is_empty() {
            let message = format!("dbt does not run {} of {name}: {}", hooks(missing.len()), some(&missing));
            say(Code::DbtHookMissing, message, "every cycle lacks a step", &wire);
        }
        if !changed.is_empty() {
            let message = format!(
                "dbt runs {} of {name} that differ from what compiles now: {}",
                hooks(changed.len()),
                some(&changed)
            );
            let help =
                "compile into the folder that dbt reads, run `dbt deps` if dbt copies the package, then `dbt parse`";
            say(Code::DbtHookChanged, message, "other SQL than the compiled hook", help);
        }
        for other in others {
            self.extra(table, other, sink);
        }

        let mut seen = BTreeSet::new();
        let order: Vec<_> =
            actual.iter().filter_map(|(sql, _)| name_of.get(sql.as_str())).filter(|hook| seen.insert(**hook)).collect();
        let wanted = expected.iter().map(|(hook, _)| hook).filter(|hook| seen.contains(**hook));
        if let Some((found, wanted)) = order.iter().zip(wanted).find(|(found, wanted)| **found != *wanted) {
            let message = format!("dbt runs the hooks of {name} in another order: {found} in the place of {wanted}");
            sink.push(
                Diagnostic::new(
                    Code::DbtHookOrder,
                    message,
                    table.model.span,
                    "each step relies on the steps before it",
                )
                .help(wire),
            );
        }
        let late: Vec<_> = actual
            .iter()
            .filter(|(_, inside)| !inside)
            .filter_map(|(sql, _)| name_of.get(sql.as_str()).copied())
            .collect();
        if !late.is_empty() {
            let message = format!(
                "dbt runs {} of {name} outside of the transaction, after all others: {}",
                hooks(late.len()),
                some(&late)
            );
            sink.push(
                Diagnostic::new(
                    Code::DbtHookOrder,
                    message,
                    table.model.span,
                    "each step relies on the steps before it",
                )
                .help("remove `transaction: false`"),
            );
        }
    }

    /// Reports a hook that Rowkeep did not compile. It is an error if it changes rows of the
    /// table's relations, and a warning if it changes other rows or if its effect is unknown.
    fn extra(&self, table: &Table, sql: &str, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        let words: BTreeSet<String> =
            text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_ascii_uppercase).collect();
        let verbs = ["INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "DROP", "ALTER"];
        let changes = verbs.iter().any(|verb| words.contains(*verb));
        let is_own = |word: &String| {
            word == "THIS"
                || word.starts_with(&name.to_ascii_uppercase())
                || match &table.archive {
                    Archive::Periods(names) => names.may_name(word),
                    Archive::One(history) => word.eq_ignore_ascii_case(history.name().as_str()),
                    Archive::None => false,
                }
        };
        let begins = text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_harmless = ["GRANT", "ANALYZE", "VACUUM", "COMMENT"].contains(&begins.to_ascii_uppercase().as_str());
        if is_harmless && !changes {
            return;
        }
        let level = if changes && words.iter().any(is_own) { Level::Error } else { Level::Warning };
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let shown: String = first.chars().filter(|c| !c.is_control()).take(60).collect();
        let message = format!("dbt runs a hook on {name} that Rowkeep did not compile: `{shown}`");
        let label = "no rehearsal has tested its effect on rows";
        let diagnostic = Diagnostic::new(Code::DbtHookExtra, message, table.model.span, label).at_level(level);
        sink.push(diagnostic.help("remove it if it is a leftover of hand-written retention"));
    }

    /// Checks that a model that Rowkeep loads has the compiled text. Another query would add rows
    /// beside the load.
    fn is_as_compiled(&self, table: &Table, artifacts: &Artifacts, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let Some(compiled) = artifacts.get(&format!("dbt/models/{name}.sql")) else { return };
        let Some(found) = self.node["raw_code"].as_str() else { return };
        if found.replace("\r\n", "\n").trim() != compiled.trim() {
            let message = format!(
                "the dbt model {name} differs from the compiled model: its query may load rows that the load leaves out"
            );
            let diagnostic =
                Diagnostic::new(Code::DbtHookChanged, message, table.model.span, "other SQL than the compiled model");
            sink.push(
                diagnostic.help(
                    "use the compiled model, or remove `incremental:` from the spec if you write the load yourself",
                ),
            );
        }
    }

    /// Checks the name of the mart. History, work and exceptions tables have their names from the
    /// spec, so a mart with another name would share them.
    fn is_called(&self, table: &Table, sink: &mut Sink) {
        let (wanted, Some(alias)) = (table.relation.name().as_str(), self.node["alias"].as_str()) else { return };
        if !alias.eq_ignore_ascii_case(wanted) {
            let name = table.model.value.as_str();
            let message = format!(
                "the mart of {name} is {alias} in dbt but compiled as {wanted}: targets that differ only in names would share history"
            );
            let diagnostic = Diagnostic::new(Code::DbtAlias, message, table.model.span, "another name in dbt");
            sink.push(diagnostic.help("give each target its own schema, or state `relation:` with that name"));
        }
    }

    fn columns(&self, table: &Table, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let config = &self.node["config"];
        let grows = matches!(config["on_schema_change"].as_str(), Some("append_new_columns" | "sync_all_columns"));
        if grows || config["contract"]["enforced"] != Value::Bool(true) {
            let (verb, label) = match grows {
                true => ("adds", "`on_schema_change` adds columns"),
                false => ("may add", "no enforced contract"),
            };
            let message = format!(
                "dbt {verb} columns to {name} that its spec lacks: archive would not copy them, and trim would delete their rows"
            );
            let diagnostic = Diagnostic::new(Code::DbtColumn, message, table.model.span, label);
            sink.push(diagnostic.help(
                "write `contract: { enforced: true }`, `on_schema_change: fail` and the columns in its properties",
            ));
        }
        let is_declared =
            |name: &str| table.columns.iter().any(|column| column.name.as_str().eq_ignore_ascii_case(name));
        let columns = self.node["columns"].as_object().into_iter().flatten();
        let unknown: Vec<_> = columns
            .map(|(key, column)| column["name"].as_str().unwrap_or(key))
            .filter(|name| !is_declared(name))
            .collect();
        if !unknown.is_empty() {
            let message = format!(
                "the dbt model {name} has columns that its spec lacks: {}; archive would not copy them, and trim would delete their rows",
                some(&unknown)
            );
            let diagnostic = Diagnostic::new(Code::DbtColumn, message, table.places.columns, "the columns of the spec");
            sink.push(diagnostic.help("add them here and to the history tables, or remove them from the model"));
        }
    }

    fn is_never_rebuilt(&self, table: &Table, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let config = &self.node["config"];
        let rebuilt = match config["materialized"].as_str() {
            Some(kind @ ("table" | "view" | "ephemeral" | "materialized_view")) => {
                format!(
                    "the dbt model {name} is a {kind}: every run rebuilds it from the raw table, and loses rows that raw no longer has"
                )
            }
            _ if config["full_refresh"] == Value::Bool(false) => return,
            _ => format!(
                "`dbt run --full-refresh` would rebuild {name} from the raw table, and lose rows that raw no longer has"
            ),
        };
        let diagnostic =
            Diagnostic::new(Code::DbtFullRefresh, rebuilt, table.model.span, "lost rows cannot be restored");
        sink.push(diagnostic.help("write `materialized='incremental', full_refresh=false` in the config of the model"));
    }

    /// A cycle without its load must not count as completed.
    fn is_not_reused(&self, spec: &Spec, id: TableId, sink: &mut Sink) {
        let table = spec.table(id);
        let runs_hooks = self.node["config"]["state"]["execute_hooks_on_any_reuse"] == Value::Bool(true);
        let is_trimmed = spec.raw_tables.iter().any(|raw_table| raw_table.read_by.contains(&id));
        if !runs_hooks || !is_trimmed || table.load.is_some() {
            return;
        }
        let message = format!(
            "dbt may reuse {} and run its hooks: they note a completed cycle that has not read raw, and rows that no cycle has read are trimmed",
            table.model.value.as_str()
        );
        let diagnostic = Diagnostic::new(Code::DbtReuse, message, table.model.span, "its hooks run without its load");
        sink.push(
            diagnostic
                .help("remove `execute_hooks_on_any_reuse` from the config of the model: rows then wait for the next cycle")
                .help("or write `incremental:` in its spec: Rowkeep's load is a hook too"),
        );
    }

    fn runs_after(
        &self,
        spec: &Spec,
        table: &Table,
        found: &BTreeMap<TableId, Model<'_>>,
        nodes: &serde_json::Map<String, Value>,
        sink: &mut Sink,
    ) {
        for parent in table.depends_on.iter().filter_map(|id| Some((spec.table(*id), found.get(id)?))) {
            let (wanted, mut rest, mut seen) = (parent.1.id, vec![self.id], BTreeSet::new());
            let mut reached = false;
            while let Some(next) = rest.pop() {
                reached |= next == wanted;
                if seen.insert(next) {
                    let above = nodes.get(next).and_then(|node| node["depends_on"]["nodes"].as_array());
                    rest.extend(above.into_iter().flatten().filter_map(Value::as_str));
                }
            }
            if !reached {
                let (name, parent) = (table.model.value.as_str(), parent.0.model.value.as_str());
                let message = format!("dbt may run {name} before {parent}, but the hooks of {name} read {parent}");
                let diagnostic =
                    Diagnostic::new(Code::DbtRunOrder, message, table.model.span, "does not depend on its parent");
                sink.push(diagnostic.help(format!("write `-- depends_on: {{{{ ref('{parent}') }}}}` in the model")));
            }
        }
    }

    /// The database and schema in which dbt builds the mart.
    fn schema(&self) -> (Option<&str>, Option<&str>) {
        (self.node["database"].as_str(), self.node["schema"].as_str())
    }
}

/// Checks that marts of one schema in the project are in one schema in dbt.
fn schemas(spec: &Spec, found: &BTreeMap<TableId, Model<'_>>, sink: &mut Sink) {
    let mut first: BTreeMap<Vec<String>, TableId> = BTreeMap::new();
    for (id, table) in spec.tables().filter(|(id, _)| found.contains_key(id)) {
        let other = *first.entry(table.relation.schema_folded(spec.dialect)).or_insert(id);
        let (here, there) = (found[&id].schema(), found[&other].schema());
        if here != there {
            let shown = |(database, schema): (Option<&str>, Option<&str>)| {
                [database, schema].into_iter().flatten().collect::<Vec<_>>().join(".")
            };
            let (name, other) = (table.model.value.as_str(), spec.table(other).model.value.as_str());
            let message = format!(
                "dbt builds {name} in {} and {other} in {}, but the project has both in one schema: each would have its own history and exceptions",
                shown(here),
                shown(there)
            );
            let diagnostic = Diagnostic::new(Code::DbtSchemas, message, table.model.span, "in another schema in dbt");
            sink.push(diagnostic.help(
                "give them one schema in dbt, or state the schema of this one as `relation: its_schema.its_name`",
            ));
        }
    }
}

/// Identifies a hook even if its text has changed: by the last line of its comment, and the
/// relation that it changes.
fn head(sql: &str) -> (Option<&str>, Option<&str>) {
    let is_comment = |line: &&str| line.starts_with("--");
    let verb = sql.lines().find(|line| !is_comment(line));
    (sql.lines().take_while(is_comment).last(), verb.map(|line| line.split(" (").next().unwrap_or(line)))
}

fn hooks(count: usize) -> String {
    format!("{count} {}", if count == 1 { "hook" } else { "hooks" })
}
