//! What runs around the cycles: `monitors/` and `maintenance/`, and their entries in the manifest.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifacts::manifest::{checksum, unique_id};
use crate::plan::{self, Slot, Verb};
use crate::render::{self, Statement, Vocabulary};
use crate::spec::{Spec, TableId};

/// A statement that runs apart from a table's cycle.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Task {
    pub name: String,
    /// With `:name` for each of its parameters.
    pub sql: String,
    /// The same, with relations that dbt resolves; where dbt can run it.
    pub dbt_sql: Option<String>,
    pub transaction: bool,
    pub parameters: &'static [&'static str],
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    pub path: String,
    /// SHA-256 of `sql`.
    pub checksum: String,
}

/// The trim of a landing table.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct RawTrim {
    pub table: String,
    pub keep_seconds: u64,
    /// The nodes whose completed cycles it waits for.
    pub waits_for: Vec<String>,
    pub statement: Task,
}

/// A question to which no row is the right answer.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Monitor {
    pub name: String,
    pub kind: &'static str,
    pub model: Option<String>,
    pub severity: &'static str,
    pub exception_type: Option<String>,
    pub every_seconds: u64,
    /// `cycle` or `sweep`: what must have been completed before it is asked.
    pub after: &'static str,
    pub window: Window,
    pub find: Task,
    pub record: Option<Task>,
    pub resolve: Option<Task>,
    pub other_system: Option<OtherSystem>,
}

/// A span of time up to now.
#[derive(Clone, Copy, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Window {
    pub within_seconds: Option<u64>,
    pub until_seconds: Option<u64>,
}

/// What another system is asked.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct OtherSystem {
    pub sql: String,
    pub path: String,
}

/// Run of one mart.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Maintenance {
    pub run: &'static str,
    pub model: String,
    pub every_seconds: u64,
    pub statement: Task,
    pub condition: Option<Condition>,
}

/// When an upkeep is to be done.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Condition {
    /// A query that gives a row if it is.
    pub statement: Task,
    /// What to do where the query is refused for want of a grant.
    pub if_refused: &'static str,
}

/// What an operator may do about one key.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct Repair {
    pub name: &'static str,
    pub model: Option<String>,
    pub statements: Vec<Task>,
}

/// What is laid out around the cycles.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    pub(super) raw_trims: Vec<RawTrim>,
    pub(super) monitors: Vec<Monitor>,
    pub(super) maintenance: Vec<Maintenance>,
    pub(super) repairs: Vec<(Option<TableId>, Repair)>,
}

pub(super) fn emit<'s>(
    spec: &'s Spec,
    names: &mut Vocabulary<'s>,
    rendered: render::Around<'_>,
    files: &mut BTreeMap<String, String>,
) -> Around {
    let mut layout = Layout { names, files };
    let raw_trims = rendered.raw_trims.into_iter().map(|(plan, statement)| {
        let landing = &spec.landings[plan.landing];
        RawTrim {
            table: landing.relation.sql(spec.dialect),
            keep_seconds: landing.keep,
            waits_for: plan.readers.iter().map(|&id| unique_id(spec, id)).collect(),
            // Under a developer's target, the marts are the developer's and the landing table is everybody's.
            statement: layout.task(statement, "maintenance/raw", None),
        }
    });
    let raw_trims = raw_trims.collect();
    let monitors = rendered.monitors.into_iter().map(|monitor| {
        let plan = monitor.plan;
        let for_dbt = plan.find.parameters.is_empty();
        let other_system = monitor.other_system.map(|sql| {
            let path = format!("monitors/{}__other_system.sql", plan.name);
            layout.files.insert(path.clone(), format!("{sql}\n"));
            OtherSystem { sql, path }
        });
        let dbt = for_dbt.then(|| monitor.find.dbt.clone());
        Monitor {
            name: plan.name.clone(),
            kind: plan.kind.as_str(spec),
            model: plan.table.map(|id| unique_id(spec, id)),
            severity: plan.severity.as_str(),
            exception_type: plan.exception_type.clone(),
            every_seconds: plan.every,
            after: if plan.after_sweep { "sweep" } else { "cycle" },
            window: Window { within_seconds: plan.window.within, until_seconds: plan.window.until },
            find: layout.task(monitor.find, "monitors", dbt),
            record: monitor.record.map(|beside| layout.task(beside.statement, "monitors", None)),
            resolve: monitor.resolve.map(|beside| layout.task(beside.statement, "monitors", None)),
            other_system,
        }
    });
    let monitors = monitors.collect();
    let maintenance = rendered.maintenance.into_iter().map(|upkeep| {
        let condition = upkeep.condition.map(|statement| Condition {
            statement: layout.task(statement, "maintenance/upkeep", None),
            if_refused: "run",
        });
        Maintenance {
            run: upkeep.plan.run.as_str(),
            model: unique_id(spec, upkeep.plan.table),
            every_seconds: upkeep.plan.every,
            statement: layout.task(upkeep.run, "maintenance/upkeep", None),
            condition,
        }
    });
    let maintenance = maintenance.collect();
    let repairs = rendered.repairs.into_iter().map(|(plan, statements)| {
        let folder = match plan.table {
            Some(id) => format!("maintenance/repairs/{}", spec.table(id).model.value.as_str()),
            None => "maintenance/repairs".to_owned(),
        };
        let statements = statements.into_iter().map(|statement| {
            let dbt = plan.table.map(|_| statement.dbt.clone());
            layout.task(statement, &folder, dbt)
        });
        let statements = statements.collect();
        (plan.table, Repair { name: plan.name, model: plan.table.map(|id| unique_id(spec, id)), statements })
    });
    let repairs = repairs.collect();
    Around { raw_trims, monitors, maintenance, repairs }
}

struct Layout<'a, 's> {
    names: &'a mut Vocabulary<'s>,
    files: &'a mut BTreeMap<String, String>,
}

impl Layout<'_, '_> {
    fn task(&mut self, statement: Statement<'_, plan::Task>, folder: &str, dbt_sql: Option<String>) -> Task {
        let task = statement.step;
        let path = format!("{folder}/{}.sql", task.name);
        self.files.insert(path.clone(), format!("{}\n", statement.sql));
        let changes = !matches!(task.verb, Verb::Select);
        let mut written = |slot: Slot| self.names.full(slot).to_owned();
        Task {
            name: task.name.clone(),
            checksum: checksum([statement.sql.as_str()]),
            sql: statement.sql,
            dbt_sql,
            transaction: task.transaction(),
            parameters: task.parameters,
            reads: task.reads.iter().map(|&slot| written(slot)).collect(),
            writes: if changes { vec![written(task.writes)] } else { Vec::new() },
            path,
        }
    }
}
