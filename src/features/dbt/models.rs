//! Models: whole ones where the load is Rowkeep's, and the hooks as properties for those who keep their own.

use std::collections::BTreeMap;

use crate::features::dbt::{Model, guard, push_indented, scalar};
use crate::project::{Spec, Table, TableId};

pub(crate) fn emit(spec: &Spec, models: &[Model<'_>], files: &mut BTreeMap<String, String>) {
    let mut described = String::new();
    for model in models {
        let name = &model.node.name;
        files.insert(format!("dbt/properties/{name}.yml"), properties(spec, model));
        if let Some(twice) = &model.texts.twice {
            let about = "{# Every complete key stands in the mart once. #}\n";
            files.insert(format!("dbt/tests/{name}__unique_key.sql"), format!("{about}{twice}\n"));
        }
        if let Some(text) = whole(spec, model) {
            files.insert(format!("dbt/models/{name}.sql"), text);
            described.push_str(&entry(spec, model));
            described.push_str("    config:\n      contract: { enforced: true }\n");
            described.push_str(&columns(spec, model.table));
        }
    }
    if !described.is_empty() {
        let head = "# What the models beside it promise. Compiled by rowkeep: change the specs and compile again.\n";
        files.insert("dbt/models/schema.yml".to_owned(), format!("{head}version: 2\nmodels:\n{described}"));
    }
}

/// The model that loads a mart. What it runs is what was verified: its load is its pre-hooks.
fn whole(spec: &Spec, model: &Model<'_>) -> Option<String> {
    let contract = model.texts.contract.as_ref()?;
    let (name, package) = (&model.node.name, spec.dbt_package());
    let strategy = spec.dialect.rules().dbt_append();
    let mut text = format!(
        "{{# Newest version wins. Compiled by rowkeep: change the spec and compile again.

   The load is the pre-hooks, statement by statement as they were verified. The query below adds no row: with it dbt holds the mart
   to its contract. #}}
{{{{ config(
    materialized='incremental',
    incremental_strategy='{strategy}',
    on_schema_change='fail',
    full_refresh=false,
    pre_hook={package}.{name}_load(),
    post_hook={package}.{name}_hooks()
) }}}}
"
    );
    for &parent in &spec.table(model.table).depends_on {
        text.push_str(&format!("-- depends_on: {{{{ ref('{}') }}}}\n", spec.table(parent).model.value.as_str()));
    }
    text.push_str(&format!("{contract}\n"));
    Some(text)
}

/// The hooks of a model that somebody else wrote.
fn properties(spec: &Spec, model: &Model<'_>) -> String {
    let mut text = format!(
        "# The hooks of {} as properties, for a model that has no other wiring: hooks of all wirings add up.\n# Compiled by rowkeep: change the spec and compile again.\nversion: 2\nmodels:\n{}",
        model.node.name,
        entry(spec, model)
    );
    // A full refresh would rebuild the mart from what raw still has; a column that the spec lacks would be trimmed with its row.
    text.push_str("    config:\n      full_refresh: false\n      contract: { enforced: true }\n      on_schema_change: fail\n      post_hook:\n");
    text.push_str(&format!("        - \"{}\"\n", guard(spec, model.table)));
    for hook in &model.node.post_hooks {
        text.push_str("        - |-\n");
        push_indented(&mut text, &hook.dbt_sql, "          ");
    }
    text.push_str(&columns(spec, model.table));
    text
}

fn entry(spec: &Spec, model: &Model<'_>) -> String {
    let table = spec.table(model.table);
    let history = table.history.name().as_str();
    let about = format!("Rows that have not aged; those that have are in {history}_<period>.");
    format!("  - name: {}\n    description: {}\n", scalar(&model.node.name), scalar(&about))
}

/// Every column with its type, what it promises, and what dbt tests of that.
fn columns(spec: &Spec, id: TableId) -> String {
    let table: &Table = spec.table(id);
    let mut text = "    columns:\n".to_owned();
    for (column, number) in table.columns.iter().zip(0..) {
        text.push_str(&format!("      - name: {}\n", scalar(column.name.as_str())));
        if column.name.sql(spec.dialect).starts_with(spec.dialect.rules().quote()) {
            text.push_str("        quote: true\n");
        }
        // dbt casts NULL to it, to see what the contract asks for.
        text.push_str(&format!("        data_type: {}\n", scalar(&column.ty.cast(spec.dialect))));
        let mut tests = Vec::new();
        if column.not_null {
            text.push_str("        constraints:\n          - type: not_null\n");
            tests.push("not_null");
        }
        if matches!(table.unique_key[..], [only] if only.0 == number) {
            tests.push("unique");
        }
        if !tests.is_empty() {
            text.push_str(&format!("        data_tests: [{}]\n", tests.join(", ")));
        }
    }
    text
}
