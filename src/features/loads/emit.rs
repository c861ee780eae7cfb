//! `loads/`: what a load runs and asks, with `:run_date` for the day that it runs for; and its dbt models.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifacts::checksum;
use crate::artifacts::manifest::NodeColumn;
use crate::features::dbt::scalar;
use crate::features::loads::WindowedLoad;
use crate::features::loads::render::{self as rendered, RUN_DATE, RenderedLoad, TEMP_DAYS, WRITERS};
use crate::project::naming::LOAD_MARK;
use crate::project::{DAY, Day, Spec};
use crate::sql::{Name, Relation, SqlType};

/// A load that selects by two windows.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Load {
    pub name: String,
    pub source: String,
    /// The temp tables, without the run date.
    pub temp_tables: Vec<String>,
    /// The table that it computes, if it does.
    pub into: Option<String>,
    /// The columns of that table, with the engine's types.
    pub columns: Vec<NodeColumn>,
    /// In run order.
    pub statements: Vec<LoadStatement>,
    pub clean: LoadStatement,
    pub monitors: Vec<LoadStatement>,
}

/// A statement, or a script, with `:run_date` for the day that it runs for.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct LoadStatement {
    pub name: &'static str,
    pub about: String,
    pub sql: String,
    pub path: String,
    /// SHA-256 of `sql`.
    pub checksum: String,
    /// Whether a row that it gives is an alarm.
    pub alarm: bool,
}

impl LoadStatement {
    /// The statement for a run date.
    ///
    /// ```
    /// # let inputs = rowkeep::Inputs::new("rowkeep.yml", "name: shop\ndialect: bigquery\nschema: s\nloads:\n- {name: items, source: raw.items, columns: {id: bigint, day: date, came: timestamptz}, ingestion: {column: came, within: 48 hours}, event: {column: day, within: 7 days, until: run_date}}\n");
    /// let compilation = rowkeep::compile(&inputs).unwrap();
    /// let clean = compilation.artifacts().manifest().loads[0].clean.of_day("2025-11-19".parse().unwrap());
    /// assert!(clean.contains("DROP TABLE IF EXISTS s.`tmp_items_2025-11-19`"));
    /// ```
    pub fn of_day(&self, day: Day) -> String {
        self.sql.replace(RUN_DATE, &day.to_string())
    }
}

pub(crate) fn emit(spec: &Spec, loads: Vec<RenderedLoad>, files: &mut BTreeMap<String, String>) -> Vec<Load> {
    let described = spec.loads.iter().map(models).collect::<String>();
    if !described.is_empty() {
        let head =
            "# What loads read and write. Compiled by rowkeep: change rowkeep.yml and compile again.\nversion: 2\n";
        let sources: String = spec.loads.iter().map(|load| source(spec, load)).collect();
        files.insert("dbt/models/loads.yml".to_owned(), format!("{head}sources:\n{sources}models:\n{described}"));
    }
    spec.loads.iter().zip(loads).map(|(load, rendered)| one(spec, load, rendered, files)).collect()
}

fn one(spec: &Spec, load: &WindowedLoad, texts: RenderedLoad, files: &mut BTreeMap<String, String>) -> Load {
    let name = load.name.value.as_str();
    let mut keep = |statement: rendered::LoadStatement, path: String, alarm: bool| {
        files.insert(path.clone(), format!("{}\n", statement.sql));
        LoadStatement {
            name: statement.name,
            about: statement.about,
            checksum: checksum([statement.sql.as_str()]),
            sql: statement.sql,
            path,
            alarm,
        }
    };
    // The number of a step is the same, whether the load has an aggregate or not.
    let number = |name: &str| ["create", "batch", "updates", "replace"].iter().position(|step| *step == name);
    let statements = texts.statements.into_iter().map(|statement| {
        let path = format!("loads/{name}/{:02}_{}.sql", number(statement.name).unwrap_or_default(), statement.name);
        keep(statement, path, false)
    });
    let statements = statements.collect();
    let clean = keep(texts.clean, format!("loads/{name}/clean.sql"), false);
    let monitors = texts.monitors.into_iter().map(|statement| {
        let (path, alarm) = (format!("loads/{name}/monitors/{}.sql", statement.name), statement.name != WRITERS);
        keep(statement, path, alarm)
    });
    let monitors = monitors.collect();
    for ((text, model), config) in texts.models.iter().zip(load.dbt_models()).zip(configs(spec, load)) {
        files.insert(format!("dbt/models/{model}.sql"), format!("{config}{text}"));
    }
    let temps = std::iter::once(&load.temp).chain(load.aggregate.as_ref().map(|aggregate| &aggregate.temp));
    Load {
        name: name.to_owned(),
        source: load.source.sql(spec.dialect),
        temp_tables: temps.map(|temp| temp.sql(spec.dialect)).collect(),
        into: load.aggregate.as_ref().map(|aggregate| aggregate.into.sql(spec.dialect)),
        columns: load
            .aggregate_columns()
            .into_iter()
            .map(|(name, ty)| NodeColumn { name: name.as_str().to_owned(), r#type: ty.sql(spec.dialect) })
            .collect(),
        statements,
        clean,
        monitors,
    }
}

/// A run without a run date would take no rows, and replace no days: it is stopped. While dbt parses, no variable is needed.
const GUARD: &str = "{% set run_date = var('run_date', 'run_date') | string %}
{% if execute and run_date == 'run_date' %}
  {{ exceptions.raise_compiler_error(\"rowkeep: say for which day the load runs: --vars '{run_date: 2025-11-19}'\") }}
{% endif %}
";

/// What stands before the query of each model of a load.
fn configs(spec: &Spec, load: &WindowedLoad) -> Vec<String> {
    let name = load.name.value.as_str();
    let about = "{# Compiled by rowkeep: change rowkeep.yml and compile again. #}\n";
    let partition = |column: &Name, ty: SqlType| {
        let ty = match ty {
            SqlType::Date => "date",
            SqlType::Timestamptz => "timestamp",
            _ => "datetime",
        };
        format!(
            "    partition_by={{'field': '{}', 'data_type': '{ty}', 'granularity': 'day'}},\n",
            column.sql(spec.dialect)
        )
    };
    let of_event = load.event.as_ref().map(|event| {
        let column = load.column(event.column);
        partition(&column.name, column.ty)
    });
    let of_event = of_event.unwrap_or_default();
    // Where the project's own dataset is, dbt's target is.
    let elsewhere = |relation: &Relation| {
        let other = |part: Option<&Name>, own: Option<&Name>, key: &str| match part {
            Some(name) if own.is_none_or(|own| own.as_str() != name.as_str()) => {
                format!("    {key}='{}',\n", name.as_str())
            }
            _ => String::new(),
        };
        let schema = other(Some(&relation.schema), Some(&spec.schema.schema), "schema");
        format!("{}{schema}", other(relation.database.as_ref(), spec.schema.database.as_ref(), "database"))
    };
    let temp = |temp: &Relation| {
        let (name, elsewhere) = (temp.name().as_str(), elsewhere(temp));
        format!(
            "{about}{GUARD}{{{{ config(\n    materialized='table',\n    alias='{name}_' ~ run_date,\n{elsewhere}{of_event}    hours_to_expiration={},\n    tags=['rowkeep_load']\n) }}}}\n",
            TEMP_DAYS * 24
        )
    };
    let mut all = vec![temp(&load.temp)];
    if let Some(aggregate) = &load.aggregate {
        all.push(temp(&aggregate.temp));
        let days = load.event.as_ref().and_then(|event| event.within).map(|within| within / DAY);
        let floor = load.floor.map_or_else(String::new, |floor| {
            format!(" if (first - modules.datetime.timedelta(days=back)).isoformat() >= '{floor}'")
        });
        let (list, partitions) = match days {
            Some(days) => (
                format!(
                    "{{% set first = modules.datetime.date.fromisoformat(run_date if run_date != 'run_date' else '9999-12-31') %}}\n{{% set days = [] %}}\n{{% for back in range({}){floor} %}}{{% do days.append(\"/* {LOAD_MARK}{name} of \" ~ run_date ~ \" */ DATE '\" ~ run_date ~ \"' - \" ~ back) %}}{{% endfor %}}\n",
                    days + 1
                ),
                "    partitions=days,\n",
            ),
            None => (String::new(), ""),
        };
        let event = load.event.as_ref().map(|event| event.column);
        let rest = aggregate.by.iter().filter(|id| Some(**id) != event).take(4);
        let rest: Vec<_> = rest.map(|id| format!("'{}'", load.column(*id).name.sql(spec.dialect))).collect();
        let cluster = if rest.is_empty() { String::new() } else { format!("    cluster_by=[{}],\n", rest.join(", ")) };
        let (into, elsewhere) = (aggregate.into.name().as_str(), elsewhere(&aggregate.into));
        let config = format!(
            "{about}{GUARD}{list}{{{{ config(\n    materialized='incremental',\n    incremental_strategy='insert_overwrite',\n    alias='{into}',\n{elsewhere}{of_event}{cluster}{partitions}    require_partition_filter=true,\n    on_schema_change='fail',\n    full_refresh=false,\n    tags=['rowkeep_load']\n) }}}}\n"
        );
        all.push(config);
    }
    all
}

fn source(spec: &Spec, load: &WindowedLoad) -> String {
    let parts: Vec<_> = load.source.parts().map(Name::as_str).collect();
    let database =
        parts.iter().rev().nth(2).map_or_else(String::new, |name| format!("    database: {}\n", scalar(name)));
    let schema = parts.iter().rev().nth(1).copied().unwrap_or_default();
    let (name, table) = (load.dbt_source(spec), load.source.name().as_str());
    let (name, schema, table) = (scalar(&name), scalar(schema), scalar(table));
    format!("  - name: {name}\n{database}    schema: {schema}\n    tables:\n      - name: {table}\n")
}

fn models(load: &WindowedLoad) -> String {
    let described = load.dbt_models().into_iter().zip([
        "What was ingested lately, of the days that the load looks at: a table for each run date.",
        "The aggregate of these days, from all that was ingested of them: a table for each run date.",
        "The aggregate; a run replaces its days.",
    ]);
    described
        .map(|(name, about)| format!("  - name: {}\n    description: {}\n", scalar(&name), scalar(about)))
        .collect()
}
