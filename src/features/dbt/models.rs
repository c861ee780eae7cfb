//! dbt models: a complete model for each load that Rowkeep compiles, and the hooks as properties
//! for models that the project writes.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::dialect::Folding;
use crate::features::dbt::package::in_catalogue;
use crate::features::dbt::{Model, guard};
use crate::features::text::{Tags, text, values};
use crate::project::{Archive, Column, Spec};
use crate::sql::Name;

pub(crate) fn emit(spec: &Spec, models: &[Model<'_>], files: &mut BTreeMap<String, String>) {
    let mut described = Vec::new();
    for model in models {
        let name = &model.node.name;
        let entry = entry(spec, model);
        let own = context! {
            model => entry.clone(),
            guard => guard(spec, model.table),
            hooks => values(model.node.post_hooks.iter().map(|hook| hook.dbt_sql.as_str())),
        };
        files.insert(format!("dbt/properties/{name}.yml"), text(Tags::Angled, "dbt/properties.yml.j2", own));
        if let Some(query) = &model.texts.twice {
            let own = context! { query => query.as_str() };
            files.insert(
                format!("dbt/tests/{name}__unique_key.sql"),
                text(Tags::Angled, "dbt/unique_key_test.sql.j2", own),
            );
        }
        if let Some(contract) = &model.texts.contract {
            files.insert(format!("dbt/models/{name}.sql"), load_model(spec, model, contract));
            described.push(entry);
        }
    }
    if !described.is_empty() {
        let schema = text(Tags::Angled, "dbt/schema.yml.j2", context! { models => described });
        files.insert("dbt/models/schema.yml".to_owned(), schema);
    }
}

/// The model that loads a mart. Its pre-hooks are the verified statements of the load.
fn load_model(spec: &Spec, model: &Model<'_>, contract: &str) -> String {
    let parents = spec.table(model.table).depends_on.iter();
    let mart = in_catalogue(spec, spec.table(model.table).relation.name());
    // dbt names a mart like its model, in quotes except where the catalogue stores upper case.
    let has_quotes = spec.dialect.rules().folding() != Folding::Upper;
    let is_named_by_model = if has_quotes {
        mart == model.node.name
    } else {
        Name::plain(&model.node.name).is_ok_and(|name| in_catalogue(spec, &name) == mart)
    };
    let own = context! {
        name => model.node.name.as_str(),
        alias => (!is_named_by_model).then_some(mart),
        package => spec.dbt_package(),
        strategy => spec.dialect.rules().dbt_append(),
        parents => values(parents.map(|&parent| spec.table(parent).model.value.as_str())),
        contract => contract,
    };
    text(Tags::Angled, "dbt/model.sql.j2", own)
}

/// The properties of a model: its name, its history and its columns.
fn entry(spec: &Spec, model: &Model<'_>) -> Value {
    let table = spec.table(model.table);
    let column = |(column, number): (&Column, usize)| {
        context! {
            name => column.name.as_str(),
            is_quoted => column.name.sql(spec.dialect).starts_with(spec.dialect.rules().quote()),
            // dbt casts NULL to this type, to check the contract.
            type => column.ty.cast(spec.dialect),
            not_null => column.not_null,
            unique => matches!(table.unique_key[..], [only] if only.0 == number),
        }
    };
    context! {
        name => model.node.name.as_str(),
        history => match &table.archive {
            Archive::Periods(names) => Some(names.name_of("<period>")),
            Archive::One(history) => Some(history.name().as_str().to_owned()),
            Archive::None => None,
        },
        columns => table.columns.iter().zip(0..).map(column).collect::<Vec<_>>(),
    }
}
