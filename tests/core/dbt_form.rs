//! The dbt form equals the verified form: if real names replace the expressions that dbt resolves,
//! the result is the compiled form, byte for byte.

use std::collections::BTreeSet;

use crate::projects;
use rowkeep::artifacts::manifest::{Hook, Manifest};
use rowkeep::{Compilation, Dialect, Style};

/// Splits a relation, plain or quoted, into its schema and its name.
fn split(relation: &str) -> (&str, &str) {
    relation.rsplit_once('.').expect("a schema")
}

/// The real name for the expression between `{{` and `}}`.
fn real_name(expression: &str, manifest: &Manifest, this: Option<&str>, reads: &[String]) -> String {
    let package = format!("{}_rowkeep.", manifest.metadata.name);
    let mart = |model: &str| {
        let node = manifest.nodes.values().find(|node| node.name == model);
        node.unwrap_or_else(|| panic!("no model {model}")).relation_name.clone()
    };
    // `.render()` gives the same name.
    let expression = expression.strip_suffix(".render()").unwrap_or(expression);
    let (base, form) = expression.split_once(".include(").unwrap_or((expression, ""));
    let quoted = |text: &str| -> Vec<String> { text.split('\'').skip(1).step_by(2).map(str::to_owned).collect() };
    let arguments = quoted(base);
    if ["key", "notes"].contains(&base) {
        return format!(":{base}");
    }
    let relation = if base == "this" {
        this.expect("only hooks know what this is").to_owned()
    } else if base.starts_with("ref(") || base.starts_with(&format!("{package}mart(")) {
        mart(&arguments[0])
    } else if base.starts_with("source(") {
        let is_it = |read: &&String| {
            // dbt quotes names itself.
            let plain = read.replace(['"', '`'], "");
            let (schema, name) = split(&plain);
            (schema.replace(['.', '-'], "_"), name) == (arguments[0].clone(), arguments[1].as_str())
        };
        reads.iter().find(is_it).unwrap_or_else(|| panic!("{expression} is not read")).clone()
    } else if base.starts_with(&format!("{package}in_schema(")) {
        // dbt quotes every part. The compiled form quotes only names that need it.
        let plain = arguments.iter().rev().cloned().collect::<Vec<_>>().join(".");
        let written = reads.iter().map(|read| split(read).0).find(|schema| schema.replace(['"', '`'], "") == plain);
        return written.map_or(plain, str::to_owned);
    } else {
        panic!("{expression}")
    };
    let (schema, name) = split(&relation);
    match form {
        "" => relation.clone(),
        "identifier=false)" => schema.to_owned(),
        "database=false, schema=false)" => name.to_owned(),
        _ => panic!("{expression}"),
    }
}

fn with_real_names(sql: &str, manifest: &Manifest, this: Option<&str>, reads: &[String]) -> String {
    let mut parts = sql.split("{{ ");
    let mut text = parts.next().expect("a text").to_owned();
    for part in parts {
        let (expression, rest) = part.split_once(" }}").expect("an end");
        text.push_str(&real_name(expression, manifest, this, reads));
        text.push_str(rest);
    }
    text
}

fn check(artifacts: &Compilation, case: &str) -> usize {
    let manifest = artifacts.manifest();
    let mut checked = 0;
    let mut one = |hook: &Hook, this: Option<&str>| {
        let relations: Vec<_> = hook.reads.iter().chain(&hook.writes).cloned().collect();
        assert_eq!(with_real_names(&hook.dbt_sql, manifest, this, &relations), hook.sql, "{case}: {}", hook.path);
        checked += 1;
    };
    for node in manifest.nodes.values() {
        node.load.iter().chain(&node.post_hooks).for_each(|hook| one(hook, Some(&node.relation_name)));
    }
    manifest.sweep.iter().flat_map(|sweep| &sweep.post_hooks).for_each(|hook| one(hook, None));

    for task in manifest.tasks() {
        let Some(dbt) = &task.dbt_sql else { continue };
        let relations: Vec<_> = task.reads.iter().chain(&task.writes).cloned().collect();
        assert_eq!(with_real_names(dbt, manifest, None, &relations), task.sql, "{case}: {}", task.path);
        checked += 1;
    }
    for monitor in &manifest.monitors {
        let test = artifacts.get(&format!("dbt/tests/monitors/{}.sql", monitor.name));
        // A dbt test cannot query another system.
        assert_eq!(test.is_some(), monitor.other_system.is_none(), "{case}: {}", monitor.name);
        if let (Some(test), Some(dbt)) = (test, &monitor.find.dbt_sql) {
            let config = format!(
                "{{{{ config(enabled=var('rowkeep_monitors', false), severity='{}', tags=['rowkeep_monitor']) }}}}",
                monitor.severity
            );
            assert_eq!(test, format!("{config}\n{dbt}\n"), "{case}: {}", monitor.name);
        }
    }

    // The package contains exactly these statements.
    let package = format!("dbt/{}_rowkeep", manifest.metadata.name);
    let operations = artifacts.get(&format!("{package}/macros/operations.sql")).expect("operations").to_owned();
    let mut macros = operations;
    for node in manifest.nodes.values() {
        let text = artifacts.get(&format!("{package}/macros/models/{}.sql", node.name)).expect("macros");
        let returned =
            text.split("{% raw -%}\n").skip(1).map(|rest| rest.split("\n  {%- endraw %}").next().expect("an end"));
        let mart = split(&node.relation_name).1.trim_matches(['"', '`']);
        let guard = format!("{{{{ {}_rowkeep.guard(this, '{mart}') }}}}", manifest.metadata.name);
        let lists = [&node.load, &node.post_hooks].into_iter().filter(|list| !list.is_empty());
        let expected =
            lists.flat_map(|list| std::iter::once(guard.as_str()).chain(list.iter().map(|hook| hook.dbt_sql.as_str())));
        assert_eq!(returned.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{case}: {}", node.name);
        let sweep_macro =
            text.split_once(&format!("macro {}_hold(", node.name)).expect("what operators run comes last").0;
        let swept = sweep_macro
            .split(".run_alone() %}\n")
            .skip(1)
            .map(|rest| rest.split("\n  {% endcall %}").next().expect("an end"));
        let sweep = manifest.sweep.iter().find(|sweep| sweep.model == node.name).expect("a sweep");
        assert!(swept.eq(sweep.post_hooks.iter().map(|hook| hook.dbt_sql.as_str())), "{case}: {}", node.name);
        macros.push_str(text);
    }
    // The query of a model returns no rows: only its pre-hooks load rows.
    for node in manifest.nodes.values().filter(|node| !node.load.is_empty()) {
        let model = artifacts.get(&format!("dbt/models/{}.sql", node.name)).expect("a model");
        assert!(model.ends_with("FROM {{ this }} AS _m\nWHERE FALSE\n"), "{case}: {model}");
    }
    // The package runs the compiled definitions, except those of marts that Rowkeep does not load,
    // and grants on marts, which are dbt's.
    let creates = |rest: &&str| rest.split_once('(').is_some_and(|(called, _)| called.contains("_rowkeep.create_"));
    let relations: Vec<_> = manifest.ddl.iter().map(|definition| definition.relation.clone()).collect();
    let bodies = macros.split("{% call ").filter(creates).map(|rest| {
        let (_, body) = rest.split_once(" %}\n").expect("a call");
        with_real_names(body.split("\n  {% endcall %}").next().expect("an end"), manifest, None, &relations)
    });
    let mut created: Vec<_> = bodies.collect();
    let is_created = |definition: &&rowkeep::artifacts::manifest::Definition| {
        let node = manifest.nodes.values().find(|node| node.relation_name == definition.relation);
        node.is_none_or(|node| !node.load.is_empty() && definition.kind != "grant")
    };
    let mut expected: Vec<_> =
        manifest.ddl.iter().filter(is_created).map(|definition| definition.sql.clone()).collect();
    created.sort();
    expected.sort();
    assert_eq!(created, expected, "{case}");
    checked
}

/// What the package uses of dbt: functions of its documentation, `adapter.cache_added`, and macros
/// that dbt itself defines, from `apply_grants` to `statement`. Look up a name that is not here for
/// each version of dbt that the tests run.
const OF_DBT: [&str; 29] = [
    "adapter.cache_added",
    "adapter.check_schema_exists",
    "adapter.commit",
    "adapter.create_schema",
    "adapter.get_columns_in_relation",
    "adapter.get_relation",
    "api.Relation.create",
    "apply_grants",
    "config",
    "exceptions.raise_compiler_error",
    "exceptions.warn",
    "execute",
    "flags.WHICH",
    "generate_database_name",
    "generate_schema_name",
    "graph.nodes.values",
    "list_relations_without_caching",
    "load_cached_relation",
    "log",
    "ref",
    "return",
    "run_query",
    "selected_resources",
    "source",
    "statement",
    "target.database",
    "target.schema",
    "this",
    "var",
];

/// The filters of Jinja that the package uses.
const FILTERS: [&str; 9] = ["join", "length", "list", "lower", "map", "select", "string", "trim", "upper"];

/// The code of a template: what is between `{{` and `}}`, or between `{%` and `%}`.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let openings =
        text.match_indices("{{").map(|found| (found, "}}")).chain(text.match_indices("{%").map(|found| (found, "%}")));
    openings.filter_map(|((at, _), end)| text[at + 2..].split(end).next())
}

/// Adds the names and the filters that the files of the package and its models use. Each file must
/// be a template that minijinja reads too: dbt v2 renders with it.
fn add_words(artifacts: &Compilation, case: &str, words: &mut BTreeSet<String>, filters: &mut BTreeSet<String>) {
    let package = artifacts.files().keys().find_map(|path| path.strip_suffix("/dbt_project.yml")).unwrap_or_default();
    let package = package.rsplit('/').next().unwrap_or_default();
    for (path, text) in artifacts.files().iter().filter(|(path, _)| path.starts_with("dbt/") && path.ends_with(".sql"))
    {
        let mut templates = minijinja::Environment::new();
        templates.add_template(path, text).unwrap_or_else(|error| panic!("{case}: {path}: {error:#}"));
        let template = templates.get_template(path).expect("it was added");
        let own = |name: &String| name.split('.').next() != Some(package);
        words.extend(template.undeclared_variables(true).into_iter().filter(own));
        for code in code(text) {
            let outside_of_texts: String = code.split(['\'', '"']).step_by(2).collect();
            let names = outside_of_texts.split('|').skip(1).map(|rest| rest.trim_start());
            let name = |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned);
            filters.extend(names.filter_map(name));
        }
    }
}

#[test]
fn the_dbt_form_with_real_names_equals_the_compiled_form() {
    let mut checked = 0;
    let (mut words, mut filters) = (BTreeSet::new(), BTreeSet::new());
    // Each golden for Redshift and for one other dialect, in turn; in a long run, for all.
    let is_long = std::env::var("ROWKEEP_SEEDS").is_ok();
    for (turn, dialect) in Dialect::ALL.into_iter().enumerate() {
        let names = projects::compiling_for(dialect).into_iter().enumerate();
        let is_due = |number: usize| is_long || dialect == Dialect::Redshift || number % Dialect::ALL.len() == turn;
        for (_, name) in names.filter(|(number, _)| is_due(*number)) {
            let inputs = projects::golden(&name).with_dialect(dialect);
            let artifacts = rowkeep::compile(&inputs)
                .unwrap_or_else(|wrong| panic!("{name}, {dialect}:\n{}", wrong.render(&inputs, Style::Plain)));
            let case = format!("{name} for {dialect}");
            checked += check(&artifacts, &case);
            add_words(&artifacts, &case, &mut words, &mut filters);
        }
    }
    checked += check(&rowkeep::compile(&projects::example()).expect("it compiles"), "the example");
    assert!(checked > 1_500, "{checked}");
    assert_eq!(words.iter().map(String::as_str).collect::<Vec<_>>(), OF_DBT);
    assert_eq!(filters.iter().map(String::as_str).collect::<Vec<_>>(), FILTERS);
}
