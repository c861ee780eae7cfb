//! What a dbt project runs, as its manifest says, held against what compiles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::artifacts::Artifacts;
use crate::artifacts::manifest::Hook;
use crate::diagnostic::{Code, Diagnostic, Level, Sink, some};
use crate::dialect::Dialect;
use crate::features::dbt::guard;
use crate::project::{Spec, Table, TableId};

/// A dbt project, as `dbt parse` left it.
#[derive(Clone, Debug)]
pub struct DbtProject {
    /// What its manifest is called.
    pub path: String,
    /// The text of `target/manifest.json`: schema v12, or another that says the same of models.
    pub manifest: String,
}

pub(crate) fn report(spec: &Spec, artifacts: &Artifacts, project: &DbtProject, sink: &mut Sink) {
    let Some(first) = spec.tables.first() else { return };
    let cannot = |message: String, label: &str| Diagnostic::new(Code::DbtManifest, message, first.model.span, label);
    let manifest: Value = match serde_json::from_str(&project.manifest) {
        Ok(manifest) => manifest,
        Err(error) => {
            let message = format!("{} is not JSON: {error}", project.path);
            return sink
                .push(cannot(message, "nothing is known of this model").help("run `dbt parse` in the dbt project"));
        }
    };
    let Some(nodes) = manifest["nodes"].as_object() else {
        let message = format!("{} has no nodes: it is no manifest of dbt's", project.path);
        return sink.push(cannot(message, "nothing is known of this model").help("run `dbt parse` in the dbt project"));
    };
    let adapter = manifest["metadata"]["adapter_type"].as_str().unwrap_or(spec.dialect.as_str());
    if adapter != spec.dialect.as_str() {
        let message =
            format!("{} is of a target on {adapter}, and the project is compiled for {}", project.path, spec.dialect);
        let parse = "run `dbt parse` with a target on the right engine";
        let help = match Dialect::from_name(adapter) {
            Some(dialect) => format!("check with `--dialect {dialect}` if that is meant, or {parse}"),
            None => parse.to_owned(),
        };
        return sink.push(cannot(message, "its hooks would be in another dialect").help(help));
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
                model.runs_after(spec, table, &found, nodes, sink);
            }
            None => {
                let name = table.model.value.as_str();
                let (message, label, help) = match Model::of(nodes, table).err() {
                    Some(several @ 2..) => (
                        format!(
                            "{} has {several} models called {name}: which of them hooks run on cannot be known",
                            project.path
                        ),
                        "versions, or models of several packages",
                        "leave one of them, or give the others another name",
                    ),
                    _ => (
                        format!("{} has no enabled model {name}: nothing archives or trims the mart", project.path),
                        "not in the dbt project",
                        "add the model, or remove this spec",
                    ),
                };
                sink.push(Diagnostic::new(Code::DbtModel, message, table.model.span, label).help(help));
            }
        }
    }
    schemas(spec, &found, sink);
    macros(spec, artifacts, &manifest, sink);
}

/// The package's macros are those that compile now, each in the file where dbt found it.
fn macros(spec: &Spec, artifacts: &Artifacts, manifest: &Value, sink: &mut Sink) {
    let package = spec.dbt_package();
    let is_compiled = |found: &Value| {
        let path = found["original_file_path"].as_str().unwrap_or_default().replace('\\', "/");
        let text = found["macro_sql"].as_str().unwrap_or_default().replace("\r\n", "\n");
        artifacts.get(&format!("dbt/{package}/{path}")).is_some_and(|file| file.contains(text.trim()))
    };
    let macros = manifest["macros"].as_object().into_iter().flatten().map(|(_, found)| found);
    let other: Vec<_> = macros
        .filter(|found| found["package_name"].as_str() == Some(package.as_str()) && !is_compiled(found))
        .filter_map(|found| found["name"].as_str())
        .collect();
    let Some(first) = spec.tables.first().filter(|_| !other.is_empty()) else { return };
    let message = format!("macros of {package} are not what compiles now: {}", some(&other));
    let diagnostic = Diagnostic::new(Code::DbtHookChanged, message, first.model.span, "the package is of this project");
    sink.push(
        diagnostic
            .help("compile into the folder that dbt reads; run `dbt deps` if the package is copied, and `dbt parse`"),
    );
}

/// A model of the dbt project.
struct Model<'m> {
    id: &'m str,
    node: &'m Value,
}

impl<'m> Model<'m> {
    /// The one model of that name; or how many there are, if that is not one: versions of a model are several.
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

    /// Its hooks before or after: texts, and whether each is in the transaction.
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
                "wire them as `pre_hook={package}.{name}_load()`, or take `incremental:` out of the spec if the load is yours"
            )
        } else {
            format!("wire them as `post_hook={package}.{name}_hooks()`, or by the compiled properties")
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
                "two wirings add up",
                "keep one wiring: dbt_project.yml, properties or the model's config",
            );
        }

        let mut others: Vec<&str> =
            actual.iter().map(|(sql, _)| sql.as_str()).filter(|sql| !name_of.contains_key(sql)).collect();
        let (mut missing, mut changed) = (Vec::new(), Vec::new());
        for (hook, sql) in expected.iter().filter(|(_, sql)| !times.contains_key(sql)) {
            // A hook of an older compilation says the same of itself, and changes the same relation.
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
            say(Code::DbtHookMissing, message, "its hooks are not wired", &wire);
        } else if !missing.is_empty() {
            let message = format!("dbt leaves {} of {name} out: {}", hooks(missing.len()), some(&missing));
            say(Code::DbtHookMissing, message, "a step is left out of every cycle", &wire);
        }
        if !changed.is_empty() {
            let message =
                format!("dbt runs {} of {name} otherwise than compiled now: {}", hooks(changed.len()), some(&changed));
            let help =
                "compile into the folder that dbt reads; run `dbt deps` if the package is copied, and `dbt parse`";
            say(Code::DbtHookChanged, message, "another text than the compiled one", help);
        }
        for other in others {
            self.extra(table, other, sink);
        }

        let mut seen = BTreeSet::new();
        let order: Vec<_> =
            actual.iter().filter_map(|(sql, _)| name_of.get(sql.as_str())).filter(|hook| seen.insert(**hook)).collect();
        let wanted = expected.iter().map(|(hook, _)| hook).filter(|hook| seen.contains(**hook));
        if let Some((found, wanted)) = order.iter().zip(wanted).find(|(found, wanted)| **found != *wanted) {
            let message = format!("dbt runs the hooks of {name} in another order: {found} where {wanted} belongs");
            sink.push(
                Diagnostic::new(Code::DbtHookOrder, message, table.model.span, "steps rely on those before them")
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
                Diagnostic::new(Code::DbtHookOrder, message, table.model.span, "steps rely on those before them")
                    .help("leave `transaction: false` out"),
            );
        }
    }

    /// A hook that was not compiled. What changes rows of the table's relations is an error; of others, and what cannot be known,
    /// a warning.
    fn extra(&self, table: &Table, sql: &str, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        let words: BTreeSet<String> =
            text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_ascii_uppercase).collect();
        let verbs = ["INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "DROP", "ALTER"];
        let changes = verbs.iter().any(|verb| words.contains(*verb));
        let history = table.history.name().as_str().to_ascii_uppercase();
        let is_own = |word: &String| {
            word == "THIS" || word.starts_with(&name.to_ascii_uppercase()) || word.starts_with(&history)
        };
        let begins = text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_upkeep = ["GRANT", "ANALYZE", "VACUUM", "COMMENT"].contains(&begins.to_ascii_uppercase().as_str());
        if is_upkeep && !changes {
            return;
        }
        let level = if changes && words.iter().any(is_own) { Level::Error } else { Level::Warning };
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let shown: String = first.chars().filter(|c| !c.is_control()).take(60).collect();
        let message = format!("dbt runs a hook on {name} that was not compiled: `{shown}`");
        let label = "no rehearsal has seen what it does to rows";
        let diagnostic = Diagnostic::new(Code::DbtHookExtra, message, table.model.span, label).at_level(level);
        sink.push(diagnostic.help("remove it, if it is left of hand-written retention"));
    }

    /// A model that Rowkeep loads has the compiled text: any other query would add rows beside the load.
    fn is_as_compiled(&self, table: &Table, artifacts: &Artifacts, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let Some(compiled) = artifacts.get(&format!("dbt/models/{name}.sql")) else { return };
        let Some(found) = self.node["raw_code"].as_str() else { return };
        if found.replace("\r\n", "\n").trim() != compiled.trim() {
            let message =
                format!("the dbt model {name} is not the compiled one: its query may load what the load leaves out");
            let diagnostic = Diagnostic::new(Code::DbtHookChanged, message, table.model.span, "another text");
            sink.push(
                diagnostic.help("take the compiled model, or take `incremental:` out of the spec if the load is yours"),
            );
        }
    }

    /// History, work and exceptions tables have their names from the spec: a mart of another name would share them.
    fn is_called(&self, table: &Table, sink: &mut Sink) {
        let (wanted, Some(alias)) = (table.relation.name().as_str(), self.node["alias"].as_str()) else { return };
        if !alias.eq_ignore_ascii_case(wanted) {
            let name = table.model.value.as_str();
            let message = format!(
                "dbt calls the mart of {name} {alias}, and it is compiled as {wanted}: targets told apart by names would share history"
            );
            let diagnostic = Diagnostic::new(Code::DbtAlias, message, table.model.span, "another name in dbt");
            sink.push(diagnostic.help("give each target a schema of its own, or state `relation:` with that name"));
        }
    }

    fn columns(&self, table: &Table, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let config = &self.node["config"];
        let grows = matches!(config["on_schema_change"].as_str(), Some("append_new_columns" | "sync_all_columns"));
        if grows || config["contract"]["enforced"] != Value::Bool(true) {
            let message = if grows {
                format!("dbt adds columns to {name} by itself: they would not be archived, and their rows trimmed")
            } else {
                format!(
                    "nothing holds the dbt model {name} to the columns of its spec: one more would not be archived, and its rows trimmed"
                )
            };
            let diagnostic = Diagnostic::new(Code::DbtColumn, message, table.model.span, "no enforced contract");
            sink.push(diagnostic.help(
                "write `contract: { enforced: true }`, `on_schema_change: fail` and the columns into its properties",
            ));
        }
        let is_known = |name: &str| table.columns.iter().any(|column| column.name.as_str().eq_ignore_ascii_case(name));
        let columns = self.node["columns"].as_object().into_iter().flatten();
        let unknown: Vec<_> = columns
            .map(|(key, column)| column["name"].as_str().unwrap_or(key))
            .filter(|name| !is_known(name))
            .collect();
        if !unknown.is_empty() {
            let message = format!(
                "the dbt model {name} has columns that its spec lacks: {}; they would not be archived, and their rows trimmed",
                some(&unknown)
            );
            let diagnostic = Diagnostic::new(Code::DbtColumn, message, table.places.columns, "not among these");
            sink.push(diagnostic.help("add them here and to the history tables, or take them out of the model"));
        }
    }

    fn is_never_rebuilt(&self, table: &Table, sink: &mut Sink) {
        let name = table.model.value.as_str();
        let config = &self.node["config"];
        let rebuilt = match config["materialized"].as_str() {
            Some(kind @ ("table" | "view" | "ephemeral" | "materialized_view")) => {
                format!(
                    "the dbt model {name} is a {kind}: every run makes it from what raw still holds, and loses the rest"
                )
            }
            _ if config["full_refresh"] == Value::Bool(false) => return,
            _ => format!("`dbt run --full-refresh` would rebuild {name} from what raw still holds, and lose the rest"),
        };
        let diagnostic =
            Diagnostic::new(Code::DbtFullRefresh, rebuilt, table.model.span, "its rows cannot be made again");
        sink.push(diagnostic.help("write `materialized='incremental', full_refresh=false` into the model's config"));
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
                let message = format!("dbt may run {name} before {parent}, on which its hooks rely");
                let diagnostic =
                    Diagnostic::new(Code::DbtRunOrder, message, table.model.span, "nothing says that it comes later");
                sink.push(diagnostic.help(format!("write `-- depends_on: {{{{ ref('{parent}') }}}}` into the model")));
            }
        }
    }

    /// Where dbt puts it.
    fn schema(&self) -> (Option<&str>, Option<&str>) {
        (self.node["database"].as_str(), self.node["schema"].as_str())
    }
}

/// Marts of one schema must be in one schema.
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
                "dbt puts {name} into {} and {other} into {}, and the project has both in one schema: each would have history and exceptions of its own",
                shown(here),
                shown(there)
            );
            let diagnostic =
                Diagnostic::new(Code::DbtSchemas, message, table.model.span, "in another schema than its neighbour");
            sink.push(
                diagnostic.help("give them one schema in dbt, or state this one's as `relation: its_schema.its_name`"),
            );
        }
    }
}

/// By what a hook is known again after its text has changed: what it says of itself, and which relation it changes.
fn head(sql: &str) -> (Option<&str>, Option<&str>) {
    let is_comment = |line: &&str| line.starts_with("--");
    let verb = sql.lines().find(|line| !is_comment(line));
    (sql.lines().take_while(is_comment).last(), verb.map(|line| line.split(" (").next().unwrap_or(line)))
}

fn hooks(count: usize) -> String {
    format!("{count} {}", if count == 1 { "hook" } else { "hooks" })
}
