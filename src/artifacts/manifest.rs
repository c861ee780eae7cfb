//! `manifest.json`: describes the artifacts for programs. Its JSON Schema is
//! `docs/schema/manifest.schema.json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifacts::checksum;
use crate::cycle::plan::Slot;
pub use crate::features::layout::OperationEntry;
pub use crate::features::loads::emit::{WindowedLoadEntry, WindowedLoadStatement};
pub use crate::features::maintenance::emit::{Condition, Maintenance};
pub use crate::features::monitors::emit::{Monitor, OtherSystem, Window};
pub use crate::features::raw_trims::emit::RawTrim;
pub use crate::features::repairs::emit::Repair;
use crate::project::{Archive, CutoffFrom, Length, Period, Retention, Spec, TableId};
use crate::source::Inputs;

/// The JSON Schema of the manifest.
pub const JSON_SCHEMA: &str = include_str!("../../docs/schema/manifest.schema.json");

/// The manifest. Its fields are a public interface: they change with `rowkeep_schema_version`.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct Manifest {
    pub rowkeep_schema_version: u32,
    pub metadata: Metadata,
    pub periods: Vec<PeriodEntry>,
    /// Unique ids in run order.
    pub order: Vec<String>,
    pub nodes: BTreeMap<String, Node>,
    /// The statements of the sweep, in run order.
    pub sweep: Vec<Sweep>,
    pub ddl: Vec<Definition>,
    /// Trims of raw tables, in the order of the project.
    pub raw_trims: Vec<RawTrim>,
    pub monitors: Vec<Monitor>,
    /// Maintenance of marts and other tables, in run order.
    pub maintenance: Vec<Maintenance>,
    pub repairs: Vec<Repair>,
    /// Windowed loads, in the order of the project.
    pub loads: Vec<WindowedLoadEntry>,
    /// The paths of all artifacts, including this manifest.
    pub files: Vec<String>,
}

/// The origin of the manifest.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct Metadata {
    pub name: String,
    pub dialect: &'static str,
    pub rowkeep_version: &'static str,
    /// The zone in which periods begin at midnight. Absent: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// SHA-256 of the texts that were compiled.
    pub checksum: String,
}

/// A period.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct PeriodEntry {
    pub name: String,
    pub start: String,
    pub end: String,
    pub start_epoch: i64,
    pub end_epoch: i64,
    pub state: &'static str,
    /// The name of its list. Absent: the list of `periods` in rowkeep.yml.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// A mart and its statements.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct Node {
    pub unique_id: String,
    pub name: String,
    pub relation_name: String,
    /// The name of the history tables, without the suffix of a period. `None` for a purge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    /// The name of the list of its periods. Absent: the list of `periods` in rowkeep.yml, or no
    /// periods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periods: Option<String>,
    /// The type of its exceptions.
    pub exception_type: String,
    /// The exceptions table.
    pub exceptions: String,
    /// The column of the unique key that its exceptions, holds and erased keys record.
    pub exception_key: String,
    /// The day before which rows are no longer kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_before: Option<String>,
    /// The tables that list erased keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<String>,
    /// Those of them that list hashes of keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased_as_hashes: Vec<String>,
    /// Whether the table has one history table, without periods.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_history: bool,
    pub unique_key: Vec<String>,
    pub time: NodeTime,
    pub retention: NodeRetention,
    /// The conditions that a row meets before it is due, each in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_when: Vec<String>,
    pub columns: Vec<NodeColumn>,
    pub depends_on: NodeDependencies,
    pub load: Vec<Hook>,
    pub post_hooks: Vec<Hook>,
}

/// The time column of a node.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct NodeTime {
    pub column: String,
    pub unit: &'static str,
    /// The time zone of a timestamp or a day, if it is not UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// How long a row stays in the mart.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub enum NodeRetention {
    For {
        #[serde(skip_serializing_if = "Option::is_none")]
        for_seconds: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        for_months: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<&'static str>,
    },
    WhileIn {
        while_in: String,
        /// By column of the table: the column of the parent.
        on: BTreeMap<String, String>,
    },
}

/// A column of a node.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct NodeColumn {
    pub name: String,
    pub r#type: String,
    /// `identity` or `generated`, if the engine fills the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled: Option<&'static str>,
}

/// The nodes that run before a node.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct NodeDependencies {
    pub nodes: Vec<String>,
}

/// One statement.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct Hook {
    pub step: &'static str,
    pub period: Option<String>,
    pub name: String,
    pub sql: String,
    /// The statement with `ref()` and `source()`, which dbt resolves for its target.
    pub dbt_sql: String,
    /// Whether it may run inside a transaction.
    pub transaction: bool,
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    pub path: String,
    /// SHA-256 of `sql`.
    pub checksum: String,
}

/// The statements of the sweep of a mart.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct Sweep {
    pub model: String,
    pub post_hooks: Vec<Hook>,
}

/// A table, view or index to create, or a grant.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
#[non_exhaustive]
pub struct Definition {
    pub name: String,
    pub kind: &'static str,
    pub relation: String,
    pub sql: String,
    pub path: String,
}

impl Manifest {
    /// The statements of all operations, in the order of the manifest.
    pub fn tasks(&self) -> impl Iterator<Item = &OperationEntry> {
        let trims = self.raw_trims.iter().map(|trim| &trim.statement);
        let monitors = self.monitors.iter();
        let monitors = monitors.flat_map(|one| std::iter::once(&one.find).chain(&one.record).chain(&one.resolve));
        let maintenance = self.maintenance.iter().flat_map(|one| {
            std::iter::once(&one.statement).chain(one.condition.iter().map(|condition| &condition.statement))
        });
        trims.chain(monitors).chain(maintenance).chain(self.repairs.iter().flat_map(|repair| &repair.statements))
    }

    /// The text of the file, with a newline at its end.
    pub fn to_json(&self) -> String {
        let hooks = self.nodes.values().flat_map(|node| node.load.iter().chain(&node.post_hooks));
        let hooks = hooks.chain(self.sweep.iter().flat_map(|sweep| &sweep.post_hooks));
        // Growing a large buffer is slow, so its size is estimated: the statements, plus the size
        // of the fields of each entry.
        let length: usize = hooks.map(|hook| hook.sql.len() + hook.dbt_sql.len() + 1024).sum();
        let of_task = |task: &OperationEntry| {
            let listed = task.reads.iter().chain(&task.writes).map(|name| name.len() + 16).sum::<usize>();
            task.sql.len() + task.dbt_sql.as_ref().map_or(0, String::len) + listed + 768
        };
        let length = length + self.tasks().map(of_task).sum::<usize>();
        let mut json = Vec::with_capacity(length);
        // Serialising cannot fail: every key is a string. JSON is valid UTF-8.
        let _ = serde_json::to_writer_pretty(&mut json, self);
        json.push(b'\n');
        String::from_utf8(json).unwrap_or_default()
    }
}

pub(super) fn metadata(spec: &Spec, inputs: &Inputs) -> Metadata {
    Metadata {
        name: spec.name.clone(),
        dialect: spec.dialect.as_str(),
        rowkeep_version: env!("CARGO_PKG_VERSION"),
        time_zone: spec.zone.name().map(str::to_owned),
        checksum: checksum(inputs.texts()),
    }
}

/// The periods, list after list.
pub(super) fn periods(spec: &Spec) -> Vec<PeriodEntry> {
    let listed = |(_, list)| spec.listed(list).iter().map(|found| period(found, list.name.clone()));
    spec.lists().flat_map(listed).collect()
}

fn period(period: &Period, list: Option<String>) -> PeriodEntry {
    PeriodEntry {
        list,
        name: period.name.clone(),
        start: period.start(),
        end: period.end(),
        start_epoch: period.start_epoch(),
        end_epoch: period.end_epoch(),
        state: if period.sealed { "sealed" } else { "open" },
    }
}

pub(crate) fn node(spec: &Spec, id: TableId, load: Vec<Hook>, post_hooks: Vec<Hook>) -> Node {
    let table = spec.table(id);
    let name = |column| table.column(column).name.as_str().to_owned();
    let erased = |list| Slot::Erased(list).relation(spec).sql(spec.dialect);
    Node {
        unique_id: spec.unique_id(id),
        name: table.model.value.as_str().to_owned(),
        relation_name: Slot::Mart(id).relation(spec).sql(spec.dialect),
        exception_type: table.exception_type.clone(),
        periods: spec.list_of(id).and_then(|list| list.name.clone()),
        retired_before: spec.retired_before(table).map(|(day, _)| day.to_string()),
        erased: table.erasures.iter().map(|erasure| erased(erasure.list)).collect(),
        erased_as_hashes: table
            .erasures
            .iter()
            .filter(|erasure| spec.exceptions(erasure.list).are_hashed())
            .map(|erasure| erased(erasure.list))
            .collect(),
        exceptions: spec.exceptions(table.exceptions).relation.sql(spec.dialect),
        exception_key: name(table.exception_key),
        one_history: matches!(table.archive, Archive::One(_)),
        history: match &table.archive {
            Archive::Periods(names) => Some(names.sql(spec.dialect)),
            Archive::One(history) => Some(history.sql(spec.dialect)),
            Archive::None => None,
        },
        unique_key: table.unique_key.iter().map(|&column| name(column)).collect(),
        time: NodeTime {
            column: name(table.time.column),
            unit: table.time.unit.as_str(),
            zone: Some(spec.zone.of(table.time.unit)).filter(|zone| *zone != "UTC").map(str::to_owned),
        },
        retention: match &table.retention {
            Retention::For { length, from } => {
                let (for_seconds, for_months) = match *length {
                    Length::Seconds(seconds) => (Some(seconds), None),
                    Length::Months(months) => (None, Some(months)),
                };
                NodeRetention::For { for_seconds, for_months, from: (*from == CutoffFrom::Now).then_some("now") }
            }
            Retention::WhileIn { parent, on, .. } => {
                let parents = spec.table(*parent);
                let theirs = |column| parents.column(column).name.as_str().to_owned();
                NodeRetention::WhileIn {
                    while_in: spec.unique_id(*parent),
                    on: on.iter().map(|&(ours, parent_column)| (name(ours), theirs(parent_column))).collect(),
                }
            }
        },
        only_when: table.only_when.iter().map(|condition| condition.describe(table)).collect(),
        columns: table
            .columns
            .iter()
            .map(|column| NodeColumn {
                name: column.name.as_str().to_owned(),
                r#type: column.ty.sql(spec.dialect),
                filled: Some(column.filled.word()).filter(|word| !word.is_empty()),
            })
            .collect(),
        depends_on: NodeDependencies { nodes: table.depends_on.iter().map(|&parent| spec.unique_id(parent)).collect() },
        load,
        post_hooks,
    }
}
