//! Airflow DAGs, for Airflow 2.11 and 3. Each DAG is one file, which needs only the other compiled
//! files.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::artifacts::manifest::{Manifest, Monitor, Node};
use crate::features::schedule::cron::{cron_daily, cron_every, every_in_words};
use crate::features::schedule::{Schedule, TimeOfDay};
use crate::features::text::{Tags, literal, text, values};
use crate::project::{DAY, Spec};
use crate::sql::SqlType;

/// The priority of cycle tasks. They run first when several tasks wait for the slot of the pool.
const CYCLE_PRIORITY: u8 = 100;

pub(crate) fn emit(spec: &Spec, schedule: &Schedule, manifest: &Manifest, files: &mut BTreeMap<String, String>) {
    let dags = Dags { spec, schedule, manifest };
    let mut add = |kind: &str, text: String| files.insert(format!("airflow/{}_{kind}.py", spec.name), text);
    add("cycle", dags.cycle());
    if let Some(at) = schedule.maintenance.filter(|_| !manifest.maintenance.is_empty()) {
        add("maintenance", dags.maintenance(at));
    }
    add("sweep", dags.sweep());
    add("monitoring", dags.monitoring());
}

struct Dags<'a> {
    spec: &'a Spec,
    schedule: &'a Schedule,
    manifest: &'a Manifest,
}

impl Dags<'_> {
    /// The models in run order.
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.manifest.order.iter().map(|id| &self.manifest.nodes[id])
    }

    /// A DAG file: the context that all DAGs share, and the context of this DAG.
    fn dag(&self, kind: &str, headline: &str, about: &str, schedule: &str, own: Value) -> String {
        let shared = context! {
            name => self.spec.name.as_str(),
            headline => headline,
            about => about,
            dag_id => format!("{}_{kind}", self.spec.name),
            schedule => schedule,
            pool => self.spec.pool(),
            connection => self.schedule.connection.as_str(),
            notify => values(self.schedule.notify.iter().map(String::as_str)),
            timeout => self.schedule.timeout,
            mart_timeout => self.schedule.mart_timeout,
            needs_snapshot_isolation => self.spec.dialect.rules().needs_snapshot_isolation(),
            // BigQuery's hook uses legacy SQL by default.
            hook_params => self.spec.dialect.rules().airflow_hook_params(),
        };
        text(Tags::Jinja, &format!("airflow/{kind}.py.j2"), context! { ..own, ..shared })
    }

    /// Every model, with the paths of its statements and its parents.
    fn marts<'p>(&'p self, paths: impl Fn(&'p Node) -> Vec<Value>) -> Vec<Value> {
        let mart = |node: &'p Node| {
            let parents = node.depends_on.nodes.iter().map(|parent| self.manifest.nodes[parent].name.as_str());
            context! { name => node.name.as_str(), paths => paths(node), parents => values(parents) }
        };
        self.nodes().map(mart).collect()
    }

    /// The paths of the monitors that find open exceptions.
    fn unresolved(&self) -> Vec<Value> {
        let monitors = self.manifest.monitors.iter().filter(|monitor| monitor.kind == "unresolved");
        values(monitors.map(|monitor| monitor.find.path.as_str()))
    }

    fn cycle(&self) -> String {
        let schedule = self.schedule;
        let raw_trims = values(self.manifest.raw_trims.iter().map(|trim| trim.statement.path.as_str()));
        let about = format!(
            "{}Runs the load and the hooks of each mart, parents before children{}{}. The last task counts the open exceptions.",
            if schedule.extract.is_some() { "Writes the raw tables first. " } else { "" },
            if schedule.test.is_some() { ", then tests" } else { "" },
            if raw_trims.is_empty() {
                ""
            } else {
                ", then the trims of raw tables, which delete only rows that completed cycles have read"
            },
        );
        let cadence = cron_every(schedule.cycle_every)
            .map_or_else(|| format!("timedelta(seconds={})", schedule.cycle_every), |cron| literal(&cron));
        let hooks = |node: &Node| values(node.load.iter().chain(&node.post_hooks).map(|hook| hook.path.as_str()));
        let own = context! {
            nodes => self.marts(hooks),
            priority => CYCLE_PRIORITY,
            extract => schedule.extract.as_ref().map(|(module, name)| context! { module => module.as_str(), name => name.as_str() }),
            // The space at the end: Airflow reads a command that ends in .sh as the path of a file.
            test => schedule.test.as_ref().map(|command| format!("{} ", jinja_safe(command))),
            tests_timeout => schedule.tests_timeout,
            raw_trims => raw_trims,
            unresolved => self.unresolved(),
        };
        self.dag("cycle", &format!("a cycle every {}", every_in_words(schedule)), &about, &cadence, own)
    }

    fn maintenance(&self, at: TimeOfDay) -> String {
        let about = "Runs the maintenance statements in the order of the project, each outside of a transaction. If a condition cannot be read,\nits statement runs.";
        let one = |maintenance: &crate::artifacts::manifest::Maintenance| {
            context! {
                name => maintenance.statement.name.as_str(),
                path => maintenance.statement.path.as_str(),
                condition => maintenance.condition.as_ref().map(|condition| condition.statement.path.as_str()),
                every_days => (maintenance.every_seconds / DAY).max(1),
            }
        };
        let own = context! { maintenance => self.manifest.maintenance.iter().map(one).collect::<Vec<_>>() };
        let headline = format!("maintenance of tables at {at}");
        self.dag("maintenance", &headline, about, &literal(&cron_daily(at)), own)
    }

    fn sweep(&self) -> String {
        let about = "Runs the hooks for every period, sealed periods included, and for every key. Monitors that are valid only after a sweep run\nin the task of their mart.";
        let paths = |node: &Node| {
            let sweep = self.manifest.sweep.iter().filter(|sweep| sweep.model == node.name);
            let hooks = sweep.flat_map(|sweep| &sweep.post_hooks).map(|hook| hook.path.as_str());
            let monitors = self.manifest.monitors.iter();
            let after = monitors.filter(|one| one.after == "sweep" && one.model.as_ref() == Some(&node.unique_id));
            values(hooks.chain(after.flat_map(statement_paths)))
        };
        let at = self.schedule.sweep;
        let headline = format!("the nightly sweep at {at}");
        self.dag("sweep", &headline, about, &literal(&cron_daily(at)), context! { nodes => self.marts(paths) })
    }

    fn monitoring(&self) -> String {
        let about = "Each monitor closes resolved exceptions and records new ones. It fails if its query returns rows; a warning only logs them.\nThe last task always runs. It fails if an exception is open.";
        let counts = self.schedule.source_connection.is_some();
        // The sweep runs the monitors that are valid only after a sweep.
        let is_wanted = |monitor: &&Monitor| {
            let is_count = monitor.other_system.is_some();
            monitor.kind != "unresolved" && (!is_count || counts) && monitor.after != "sweep"
        };
        let monitors = self.manifest.monitors.iter().filter(is_wanted);
        let own = context! {
            source_connection => self.schedule.source_connection.as_deref(),
            is_local => counts && self.spec.zone.name().is_some(),
            timestamptz => SqlType::Timestamptz.sql(self.spec.dialect),
            timestamp => SqlType::Timestamp.sql(self.spec.dialect),
            monitors => monitors.map(|monitor| self.monitor(monitor)).collect::<Vec<_>>(),
            unresolved => self.unresolved(),
        };
        let at = self.schedule.monitoring;
        let headline = format!("monitors at {at}, after the sweep");
        self.dag("monitoring", &headline, about, &literal(&cron_daily(at)), own)
    }

    fn monitor(&self, monitor: &Monitor) -> Value {
        let stated = self.spec.monitors.iter().find(|stated| stated.name.value == monitor.name);
        let count = monitor.other_system.as_ref().zip(stated).map(|(other, stated)| {
            let unit = self.spec.table(stated.table).time.unit;
            let zone = self.spec.zone.of(unit);
            context! {
                find => monitor.find.path.as_str(),
                other_system => other.path.as_str(),
                within => monitor.window.within_seconds.unwrap_or_default(),
                until => monitor.window.until_seconds.unwrap_or_default(),
                unit => unit.as_str(),
                zone => (zone != "UTC").then_some(zone),
            }
        });
        context! {
            name => monitor.name.as_str(),
            severity => monitor.severity,
            every_days => (monitor.every_seconds / DAY).max(1),
            paths => values(statement_paths(monitor)),
            count => count,
        }
    }
}

/// Protects braces in a command, because Airflow renders the command with Jinja.
fn jinja_safe(command: &str) -> String {
    if ["{{", "{%", "{#"].iter().any(|open| command.contains(open)) {
        format!("{{% raw %}}{command}{{% endraw %}}")
    } else {
        command.to_owned()
    }
}

/// The statements of a monitor, in run order: close resolved exceptions, record new ones, then run
/// the query that must return no rows.
fn statement_paths(monitor: &Monitor) -> impl Iterator<Item = &str> {
    let beside = monitor.resolve.iter().chain(&monitor.record);
    beside.chain([&monitor.find]).map(|operation| operation.path.as_str())
}
