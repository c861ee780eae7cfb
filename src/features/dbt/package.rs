//! The package: macros that return hooks, create relations, sweep and hold; raw tables as sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifacts::manifest::Hook;
use crate::cycle::plan::Slot;
use crate::cycle::render::{Vocabulary, built_in};
use crate::features::dbt::{Creation, Model, guard, scalar};
use crate::project::{Spec, TableId};
use crate::sql::SqlType;

pub(crate) fn emit(
    spec: &Spec,
    names: &mut Vocabulary<'_>,
    models: &[Model<'_>],
    exceptions: &[Creation],
    files: &mut BTreeMap<String, String>,
) {
    let package = spec.dbt_package();
    let mut add = |path: &str, text: String| files.insert(format!("dbt/{package}/{path}"), text);
    add("dbt_project.yml", project(&package));
    add("macros/rowkeep.sql", built_in("dbt/rowkeep.sql").unwrap_or_default().replace("PACKAGE", &package));
    add("macros/operations.sql", operations(spec, names, models, exceptions));
    for model in models {
        let name = &model.node.name;
        add(&format!("macros/models/{name}.sql"), macros(spec, names, model));
    }
    if let Some(sources) = sources(spec) {
        add("models/sources.yml", sources);
    }
}

fn project(package: &str) -> String {
    format!(
        "# A dbt package. Compiled by rowkeep: change the specs and compile again.
name: {package}
version: 1.0.0
config-version: 2
require-dbt-version: \">=1.8.0\"
macro-paths: [macros]
model-paths: [models]

# History, work and exceptions tables are there before the first hook that needs them.
on-run-start:
  - \"{{{{ {package}.on_run_start() }}}}\"
"
    )
}

/// What is run by name, and what walks over all models.
fn operations(spec: &Spec, names: &mut Vocabulary<'_>, models: &[Model<'_>], exceptions: &[Creation]) -> String {
    let package = spec.dbt_package();
    let quoted: Vec<_> = models.iter().map(|model| format!("'{}'", model.node.name)).collect();
    let mut text = format!(
        "{{# The models that have a table spec, in the order in which they run. #}}
{{% macro models() %}}
  {{{{ return([{}]) }}}}
{{% endmacro %}}

{{# Creates every relation that is missing: dbt run-operation {package}.create_relations #}}
{{% macro create_relations(new_only=false) %}}
  {{% set there = {{'made': {{}}, 'new_only': new_only}} %}}
",
        quoted.join(", "),
    );
    for creation in exceptions {
        text.push_str(&create(spec, names, creation));
    }
    for model in models {
        let name = &model.node.name;
        text.push_str(&format!(
            "  {{% if {package}.is_in_dbt('{name}') %}}{{% do {package}.{name}_create(there) %}}{{% endif %}}\n"
        ));
    }
    text.push_str(&format!(
        "  {{% do {package}.commit(there) %}}
{{% endmacro %}}

{{# The nightly form of the hooks, each statement committed: dbt run-operation {package}.sweep
   Never while a run goes on that has these models in it. #}}
{{% macro sweep() %}}
  {{% do {package}.create_relations() %}}
"
    ));
    for model in models {
        let name = &model.node.name;
        text.push_str(&format!(
            "  {{% if {package}.is_in_dbt('{name}') %}}{{% do {package}.{name}_sweep() %}}{{% endif %}}\n"
        ));
    }
    text.push_str("{% endmacro %}\n");
    text
}

/// The macros of one model.
fn macros(spec: &Spec, names: &mut Vocabulary<'_>, model: &Model<'_>) -> String {
    let (name, package) = (&model.node.name, spec.dbt_package());
    let guard = guard(spec, model.table);
    let mut text = format!("{{# What rowkeep compiled for {name}. Change its spec and compile again. #}}\n\n");
    if !model.node.load.is_empty() {
        text.push_str("{# Its load: its pre-hooks, in order. #}\n");
        text.push_str(&list(&format!("{name}_load"), &guard, &model.node.load));
    }
    text.push_str("{# Its post-hooks, in order. #}\n");
    text.push_str(&list(&format!("{name}_hooks"), &guard, &model.node.post_hooks));
    text.push_str("{# What must be there before it runs. #}\n");
    text.push_str(&format!("{{% macro {name}_create(there) %}}\n"));
    // History tables and the view over them come together: a view that lacks one hides its rows.
    text.push_str(&format!(
        "  {{% do {package}.check_mart('{name}', '{}') %}}\n",
        spec.table(model.table).relation.name().as_str()
    ));
    for creation in &model.creations {
        // A mart that somebody else loads is somebody else's to create.
        if !matches!(creation.creates, Slot::Mart(_)) || !model.node.load.is_empty() {
            text.push_str(&create(spec, names, creation));
        }
    }
    text.push_str(&format!("  {{% do {package}.commit(there) %}}\n"));
    text.push_str("{% endmacro %}\n\n{# The nightly form of its hooks. #}\n");
    text.push_str(&format!("{{% macro {name}_sweep() %}}\n"));
    for hook in model.sweep {
        for part in ["  {% call ", &package, ".run_alone() %}\n", &hook.dbt_sql, "\n  {% endcall %}\n"] {
            text.push_str(part);
        }
    }
    text.push_str("{% endmacro %}\n");
    let column = spec.table(model.table).column(spec.table(model.table).exception_key);
    let (is_text, most) = match column.ty {
        SqlType::Varchar(most) => ("true", most.to_string()),
        SqlType::Text => ("true", "none".to_owned()),
        _ => ("false", "none".to_owned()),
    };
    for repair in &model.repairs {
        let (verb, about) = (repair.name, repair.statements.first().map_or("", |first| reason_of(&first.sql)));
        let given = repair.statements.first().map_or(&[][..], |first| first.parameters);
        let args: Vec<_> = given.iter().map(|name| if *name == "key" { "key: 42" } else { "notes: why" }).collect();
        text.push_str(&format!(
            "\n{{# {about}: dbt run-operation {package}.{name}_{verb} --args '{{{}}}' #}}\n{{% macro {name}_{verb}({}) %}}\n",
            args.join(", "),
            given.join(", ")
        ));
        for name in given {
            let (is_text, most) = if *name == "key" { (is_text, most.as_str()) } else { ("true", "512") };
            text.push_str(&format!("  {{% set {name} = {package}.given({name}, {is_text}, {most}) %}}\n"));
        }
        // Rows come back to a mart, which must be one.
        if repair.statements.iter().any(|statement| statement.reads.contains(&model.node.relation_name)) {
            let mart = spec.table(model.table).relation.name().as_str();
            text.push_str(&format!("  {{% do {package}.check_mart('{name}', '{mart}') %}}\n"));
        }
        for sql in repair.statements.iter().filter_map(|statement| statement.dbt_sql.as_ref()) {
            text.push_str(&format!("  {{% call {package}.run_alone() %}}\n{sql}\n  {{% endcall %}}\n"));
        }
        text.push_str("{% endmacro %}\n");
    }
    text
}

/// What a statement says of itself in its first line.
fn reason_of(sql: &str) -> &str {
    sql.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, reason)| reason)
}

/// A macro that returns statements as they are: dbt resolves their names when it runs them.
fn list(name: &str, guard: &str, hooks: &[Hook]) -> String {
    let mut text = format!("{{% macro {name}() %}}\n  {{% set hooks = [] %}}\n");
    for sql in [guard].into_iter().chain(hooks.iter().map(|hook| hook.dbt_sql.as_str())) {
        text.push_str("  {% set hook %}{% raw -%}\n");
        text.push_str(sql);
        text.push_str("\n  {%- endraw %}{% endset %}{% do hooks.append(hook) %}\n");
    }
    text.push_str("  {{ return(hooks) }}\n{% endmacro %}\n\n");
    text
}

fn create(spec: &Spec, names: &mut Vocabulary<'_>, creation: &Creation) -> String {
    let (package, name) = (spec.dbt_package(), identifier(spec, creation.creates));
    let mart = |table: TableId| format!("{package}.mart('{}')", spec.table(table).model.value.as_str());
    let place = names.place(creation.creates);
    let call = match creation.creates {
        Slot::AllRows(table) => format!("create_view(there, {place}, '{name}', {})", mart(table)),
        Slot::Mart(table) => format!("create_table(there, {0}, {0}.identifier)", mart(table)),
        _ => format!("create_table(there, {place}, '{name}')"),
    };
    format!("  {{% call {package}.{call} %}}\n{}\n  {{% endcall %}}\n", creation.sql)
}

/// A relation's name as the engine's catalogue has it.
fn identifier(spec: &Spec, slot: Slot) -> String {
    let relation = slot.relation(spec);
    let name = relation.name().as_str();
    if spec.dialect.rules().folds_plain_names() { name.to_lowercase() } else { name.to_owned() }
}

/// The raw tables, as sources: under every target they are where they are.
fn sources(spec: &Spec) -> Option<String> {
    let mut by_source: BTreeMap<String, (TableId, BTreeSet<String>)> = BTreeMap::new();
    for (id, table) in spec.tables() {
        if let Some((source, name)) = table.dbt_source() {
            by_source.entry(source).or_insert_with(|| (id, BTreeSet::new())).1.insert(name);
        }
    }
    if by_source.is_empty() {
        return None;
    }
    let mut text =
        "# The raw tables that loads and hooks read. Compiled by rowkeep.\nversion: 2\nsources:\n".to_owned();
    for (source, (id, tables)) in by_source {
        let raw = spec.table(id).source.as_ref()?;
        text.push_str(&format!("  - name: {}\n", scalar(&source)));
        if let Some(database) = &raw.database {
            text.push_str(&format!("    database: {}\n", scalar(database.as_str())));
        }
        text.push_str(&format!("    schema: {}\n    tables:\n", scalar(&raw.schema.folded(spec.dialect))));
        for table in tables {
            // dbt quotes what it finds here.
            let identifier =
                if spec.dialect.rules().folds_plain_names() { table.to_lowercase() } else { table.clone() };
            text.push_str(&format!("      - name: {}\n        identifier: {}\n", scalar(&table), scalar(&identifier)));
        }
    }
    Some(text)
}
