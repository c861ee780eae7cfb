//! The dbt package: macros that return hooks, create relations, sweep and run repairs, and the raw
//! tables as sources.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::cycle::plan::{DefinitionKind, Slot};
use crate::cycle::render::Vocabulary;
use crate::dialect::{Folding, ViewColumns};
use crate::features::dbt::{Creation, Model, guard};
use crate::features::repairs::emit::Repair;
use crate::features::text::{Tags, text, values};
use crate::project::{Spec, TableId};
use crate::sql::{Name, SqlType};

/// The length of `notes` in the exceptions table.
const NOTES: &str = "512";

pub(crate) fn emit(
    spec: &Spec,
    names: &mut Vocabulary<'_>,
    models: &[Model<'_>],
    exceptions: &[Creation],
    files: &mut BTreeMap<String, String>,
) {
    let package = spec.dbt_package();
    let mut add = |path: &str, template: &str, own: Value| {
        let shared = context! { package => package.as_str() };
        files.insert(format!("dbt/{package}/{path}"), text(Tags::Angled, template, context! { ..own, ..shared }));
    };
    add("dbt_project.yml", "dbt/dbt_project.yml.j2", context! {});
    let view_columns = match spec.dialect.rules().view_columns() {
        ViewColumns::Any => "any",
        ViewColumns::Appended => "appended",
        ViewColumns::Same => "same",
    };
    let has_advisory_locks = spec.dialect.rules().has_advisory_locks();
    add(
        "macros/rowkeep.sql",
        "dbt/rowkeep.sql.j2",
        context! {
            view_columns => view_columns,
            has_advisory_locks => has_advisory_locks,
            stores_upper_case => spec.dialect.rules().folding() == Folding::Upper,
            escaped_quote => spec.dialect.rules().escaped_quote(),
        },
    );
    let own = context! {
        models => values(models.iter().map(|model| model.node.name.as_str())),
        exceptions => exceptions.iter().map(|creation| create(spec, names, creation)).collect::<Vec<_>>(),
    };
    add("macros/operations.sql", "dbt/operations.sql.j2", own);
    for model in models {
        let path = format!("macros/models/{}.sql", model.node.name);
        add(&path, "dbt/model_macros.sql.j2", macros(spec, names, model));
    }
    let sources = sources(spec);
    if !sources.is_empty() {
        add("models/sources.yml", "dbt/sources.yml.j2", context! { sources => sources });
    }
}

/// The context of the macros of one model.
fn macros(spec: &Spec, names: &mut Vocabulary<'_>, model: &Model<'_>) -> Value {
    // History tables and their view are created together, because a view without a new history
    // table does not show its rows. A mart is created only if Rowkeep compiles its load.
    // dbt itself grants on a mart: `+grants`.
    let is_created = |creation: &&Creation| match (creation.kind, creation.on) {
        (DefinitionKind::Grant, Slot::Mart(_)) => false,
        (DefinitionKind::Mart, _) => !model.node.load.is_empty(),
        _ => true,
    };
    let creations = model.creations.iter().filter(is_created);
    context! {
        has_advisory_locks => spec.dialect.rules().has_advisory_locks(),
        name => model.node.name.as_str(),
        mart => spec.table(model.table).relation.name().as_str(),
        guard => guard(spec, model.table),
        load => values(model.node.load.iter().map(|hook| hook.dbt_sql.as_str())),
        hooks => values(model.node.post_hooks.iter().map(|hook| hook.dbt_sql.as_str())),
        sweep => values(model.sweep.iter().map(|hook| hook.dbt_sql.as_str())),
        read_as_mart => read_as_mart(spec, names, model),
        creations => creations.map(|creation| create(spec, names, creation)).collect::<Vec<_>>(),
        repairs => model.repairs.iter().map(|repair| repair_context(spec, model, repair)).collect::<Vec<_>>(),
    }
}

/// The relations that whoever may read the mart may read too.
fn read_as_mart(spec: &Spec, names: &mut Vocabulary<'_>, model: &Model<'_>) -> Vec<Value> {
    let created = model.creations.iter().filter(|creation| !creation.kind.is_added());
    let has_rows = |slot: &Slot| slot.is_view() || matches!(slot, Slot::History(..));
    let relations = created.map(|creation| creation.on).filter(has_rows);
    relations.map(|slot| context! { place => names.place(slot), name => identifier(spec, slot) }).collect()
}

fn repair_context(spec: &Spec, model: &Model<'_>, repair: &Repair) -> Value {
    let column = spec.table(model.table).column(spec.table(model.table).exception_key);
    let (is_text, most) = match column.ty {
        SqlType::Varchar(most) => ("true", most.to_string()),
        SqlType::Uuid => ("true", "36".to_owned()),
        SqlType::Text => ("true", "none".to_owned()),
        _ => ("false", "none".to_owned()),
    };
    let first = repair.statements.first();
    let given = |&name: &&'static str| match name {
        "key" => context! { name => name, example => "key: 42", is_text => is_text, most => most.as_str() },
        _ => context! { name => name, example => "notes: why", is_text => "true", most => NOTES },
    };
    let statements = repair.statements.iter().filter_map(|statement| statement.dbt_sql.as_deref());
    context! {
        name => repair.name,
        about => first.map_or("", |first| reason_of(&first.sql)),
        given => first.map_or(&[][..], |first| first.parameters).iter().map(given).collect::<Vec<_>>(),
        // A repair that copies rows back to the mart must check the mart first.
        reads_mart => repair.statements.iter().any(|one| one.reads.contains(&model.node.relation_name)),
        statements => values(statements),
    }
}

/// The reason of a statement, from its first line.
fn reason_of(sql: &str) -> &str {
    sql.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, reason)| reason)
}

fn create(spec: &Spec, names: &mut Vocabulary<'_>, creation: &Creation) -> Value {
    let mart = |table: TableId| format!("{}.mart('{}')", spec.dbt_package(), spec.table(table).model.value.as_str());
    let kind = match creation.kind {
        DefinitionKind::Index => "index",
        DefinitionKind::Grant => "grant",
        DefinitionKind::View => "view",
        DefinitionKind::Mart | DefinitionKind::History | DefinitionKind::Exceptions | DefinitionKind::Work => "table",
    };
    let mart = match (creation.kind, creation.on) {
        (DefinitionKind::Grant, _) => None,
        (_, Slot::Mart(table) | Slot::AllRows(table) | Slot::Copies(table)) => Some(mart(table)),
        _ => None,
    };
    // The columns of a view that the engine cannot replace by one with any other columns.
    let columns = match creation.on {
        Slot::AllRows(table) | Slot::Copies(table)
            if creation.kind == DefinitionKind::View && spec.dialect.rules().view_columns() != ViewColumns::Any =>
        {
            spec.table(table).columns.iter().map(|column| column.name.folded(spec.dialect)).collect()
        }
        _ => Vec::new(),
    };
    context! {
        columns => columns,
        kind => kind,
        mart => mart,
        place => names.place(creation.on),
        name => identifier(spec, creation.on),
        sql => creation.sql.as_str(),
    }
}

/// The name of a relation as the catalogue of the engine stores it.
fn identifier(spec: &Spec, slot: Slot) -> String {
    in_catalogue(spec, slot.relation(spec).name())
}

/// A name as the catalogue of the engine stores it. dbt quotes it.
pub(super) fn in_catalogue(spec: &Spec, name: &Name) -> String {
    name.in_catalogue(spec.dialect)
}

/// The raw tables, as dbt sources. A source has the same schema for every target.
fn sources(spec: &Spec) -> Vec<Value> {
    let mut by_source: BTreeMap<String, (TableId, BTreeMap<String, String>)> = BTreeMap::new();
    for (id, table) in spec.tables() {
        if let (Some((source, name)), Some(raw)) = (table.dbt_source(), &table.raw) {
            let tables = &mut by_source.entry(source).or_insert_with(|| (id, BTreeMap::new())).1;
            tables.insert(name, in_catalogue(spec, raw.name()));
        }
    }
    let source = |(name, (id, tables)): (String, (TableId, BTreeMap<String, String>))| {
        let raw = spec.table(id).raw.as_ref()?;
        // dbt quotes these identifiers.
        let table = |(name, identifier): (&String, &String)| context! { name => name, identifier => identifier };
        Some(context! {
            name => name,
            database => raw.database.as_ref().map(|name| name.as_str()),
            schema => in_catalogue(spec, &raw.schema),
            tables => tables.iter().map(table).collect::<Vec<_>>(),
        })
    };
    by_source.into_iter().filter_map(source).collect()
}
