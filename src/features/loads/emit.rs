//! `loads/`: the statements and monitors of windowed loads, with `:run_date` for the run date, and
//! their dbt models.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::Serialize;

use crate::artifacts::checksum;
use crate::artifacts::manifest::NodeColumn;
use crate::features::loads::WindowedLoad;
use crate::features::loads::render::{self as rendered, RUN_DATE, RenderedWindowedLoad, TEMP_DAYS, WRITERS};
use crate::features::text::{Tags, text};
use crate::project::naming::LOAD_MARK;
use crate::project::{DAY, Day, Spec};
use crate::sql::{Name, Relation, SqlType};

/// A windowed load, in the manifest.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct WindowedLoadEntry {
    pub name: String,
    pub source: String,
    /// The temp tables, without the run date.
    pub temp_tables: Vec<String>,
    /// The aggregate table that the load writes, if any.
    pub into: Option<String>,
    /// The columns of the aggregate table, with the types of the engine.
    pub columns: Vec<NodeColumn>,
    /// In run order.
    pub statements: Vec<WindowedLoadStatement>,
    pub clean: WindowedLoadStatement,
    pub monitors: Vec<WindowedLoadStatement>,
}

/// A statement or a script, with `:run_date` for the run date.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct WindowedLoadStatement {
    pub name: &'static str,
    pub about: String,
    pub sql: String,
    pub path: String,
    /// SHA-256 of `sql`.
    pub checksum: String,
    /// Whether a returned row is an alarm.
    pub alarm: bool,
}

impl WindowedLoadStatement {
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

pub(crate) fn emit(
    spec: &Spec,
    loads: Vec<RenderedWindowedLoad>,
    files: &mut BTreeMap<String, String>,
) -> Vec<WindowedLoadEntry> {
    if !spec.loads.is_empty() {
        let own = context! {
            sources => spec.loads.iter().map(|load| source(spec, load)).collect::<Vec<_>>(),
            models => spec.loads.iter().flat_map(described).collect::<Vec<_>>(),
        };
        files.insert("dbt/models/loads.yml".to_owned(), text(Tags::Angled, "dbt/loads.yml.j2", own));
    }
    spec.loads.iter().zip(loads).map(|(load, rendered)| one(spec, load, rendered, files)).collect()
}

fn one(
    spec: &Spec,
    load: &WindowedLoad,
    texts: RenderedWindowedLoad,
    files: &mut BTreeMap<String, String>,
) -> WindowedLoadEntry {
    let name = load.name.value.as_str();
    let mut keep = |statement: rendered::WindowedLoadStatement, path: String, alarm: bool| {
        files.insert(path.clone(), format!("{}\n", statement.sql));
        WindowedLoadStatement {
            name: statement.name,
            about: statement.about,
            checksum: checksum([statement.sql.as_str()]),
            sql: statement.sql,
            path,
            alarm,
        }
    };
    // Invariant: the number of a step does not depend on whether the load has an aggregate.
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
    for ((query, model), config) in texts.models.iter().zip(load.dbt_models()).zip(configs(spec, load)) {
        let own = context! {
            query => query.as_str(),
            check => texts.check.as_deref(),
            nothing => texts.nothing.as_deref(),
            ..config
        };
        files.insert(format!("dbt/models/{model}.sql"), text(Tags::Angled, "dbt/load_model.sql.j2", own));
    }
    let temps = std::iter::once(&load.temp).chain(load.aggregate.as_ref().map(|aggregate| &aggregate.temp));
    WindowedLoadEntry {
        name: name.to_owned(),
        source: load.source.sql(spec.dialect),
        temp_tables: temps.map(|temp| temp.sql(spec.dialect)).collect(),
        into: load.aggregate.as_ref().map(|aggregate| aggregate.into.sql(spec.dialect)),
        columns: load
            .aggregate_columns()
            .into_iter()
            .map(|(name, ty)| NodeColumn { name: name.as_str().to_owned(), r#type: ty.sql(spec.dialect), filled: None })
            .collect(),
        statements,
        clean,
        monitors,
    }
}

/// The dbt configuration of each model of a load: the batch, and for an aggregate also the updates
/// and the aggregate.
fn configs(spec: &Spec, load: &WindowedLoad) -> Vec<Value> {
    let partition = load.event.as_ref().map(|event| {
        let column = load.column(event.column);
        let ty = match column.ty {
            SqlType::Date => "date",
            SqlType::Timestamptz => "timestamp",
            _ => "datetime",
        };
        context! { field => column.name.sql(spec.dialect), type => ty }
    });
    // dbt's target replaces the dataset of the project. Only other datasets are stated.
    let place = |relation: &Relation| {
        let other = |part: Option<&Name>, own: Option<&Name>| {
            part.filter(|name| own.is_none_or(|own| own.as_str() != name.as_str())).map(|name| name.as_str().to_owned())
        };
        context! {
            alias => relation.name().as_str(),
            database => other(relation.database.as_ref(), spec.schema.database.as_ref()),
            schema => other(Some(&relation.schema), Some(&spec.schema.schema)),
            partition => partition.clone(),
        }
    };
    let temp = |temp: &Relation| {
        context! {
            is_aggregate => false,
            days => (),
            cluster_by => (),
            expires_after_hours => TEMP_DAYS * 24,
            ..place(temp)
        }
    };
    let mut all = vec![temp(&load.temp)];
    if let Some(aggregate) = &load.aggregate {
        let within = load.event.as_ref().and_then(|event| event.within);
        let event = load.event.as_ref().map(|event| event.column);
        let rest = aggregate.by.iter().filter(|id| Some(**id) != event).take(MOST_CLUSTERED);
        let rest: Vec<_> = rest.map(|id| Value::from(load.column(*id).name.sql(spec.dialect))).collect();
        all.push(temp(&aggregate.temp));
        all.push(context! {
            is_aggregate => true,
            days => within.map(|within| within / DAY + 1),
            floor => load.floor.map(|floor| floor.to_string()),
            mark => format!("{LOAD_MARK}{}", load.name.value.as_str()),
            cluster_by => rest,
            ..place(&aggregate.into)
        });
    }
    all
}

/// A table can be clustered by at most four columns: "Clustered tables" in BigQuery's manual.
const MOST_CLUSTERED: usize = 4;

fn source(spec: &Spec, load: &WindowedLoad) -> Value {
    let parts: Vec<_> = load.source.parts().map(Name::as_str).collect();
    let from_end = |place: usize| parts.iter().rev().nth(place).copied();
    context! {
        name => load.dbt_source(spec),
        database => from_end(2),
        schema => from_end(1).unwrap_or_default(),
        table => load.source.name().as_str(),
    }
}

fn described(load: &WindowedLoad) -> Vec<Value> {
    let about = [
        "The recently ingested rows of the days in the event window. One table per run date.",
        "The aggregate of these days, computed from all ingested rows of the days. One table per run date.",
        "The aggregate. A run replaces the days that it computed.",
    ];
    let models = load.dbt_models().into_iter().zip(about);
    models.map(|(name, about)| context! { name => name, about => about }).collect()
}
