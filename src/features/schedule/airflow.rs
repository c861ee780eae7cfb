//! Airflow DAGs, for Airflow 2.11 and 3: one file each, which needs nothing but what is compiled beside it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::artifacts::manifest::{Manifest, Monitor, Node};
use crate::cycle::render::verbatim;
use crate::features::schedule::emit::{cron_daily, cron_every, every_in_words};
use crate::features::schedule::{Schedule, TimeOfDay};
use crate::project::{DAY, Spec};
use crate::sql::SqlType;

/// Before whom a task waits, where several wait for the one slot.
const CYCLE_FIRST: u8 = 100;

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

/// A text as Python writes it: JSON's strings are Python's too.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn paths<'p>(paths: impl IntoIterator<Item = &'p str>, indent: &str) -> String {
    let lines: String = paths.into_iter().map(|path| format!("{indent}    {},\n", literal(path))).collect();
    format!("[\n{lines}{indent}]")
}

impl Dags<'_> {
    /// The models in run order.
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.manifest.order.iter().map(|id| &self.manifest.nodes[id])
    }

    fn head(&self, about: &str, imports: &str) -> String {
        let pool = self.spec.pool();
        let mut text = format!(
            "\"\"\"{about}\n\nTimes are UTC. Tasks share the pool {pool}, which has one slot, so that a cycle, a sweep and monitors never run at one time:\n\n    airflow pools set {pool} 1 \"rowkeep: one at a time\"\n\nOn Redshift, the database needs snapshot isolation where marts run side by side.\nCompiled by rowkeep from the schedule in rowkeep.yml: change that and compile again.\n\"\"\"\n\n"
        );
        text.push_str(verbatim("airflow/dag.py"));
        text.insert_str(text.find("from datetime").unwrap_or(0), imports);
        let _ = write!(
            text,
            "\nCONNECTION = {}\nPOOL = {}\nNOTIFY = [{}]\n",
            literal(&self.schedule.connection),
            literal(&pool),
            self.schedule.notify.iter().map(|address| literal(address)).collect::<Vec<_>>().join(", "),
        );
        text
    }

    fn dag(&self, kind: &str, about: &str, schedule: &str) -> String {
        let about = about.split(".\n").next().unwrap_or(about).replace('\n', " ");
        // The hook's own default is the dialect of old.
        let hook = self.spec.dialect.rules().airflow_hook_params();
        let hook = hook.map_or_else(String::new, |params| format!("\n        \"hook_params\": {params},"));
        format!(
            "

with DAG(
    dag_id={},
    description={},
    doc_md=__doc__,
    schedule={schedule},
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={{
        \"execution_timeout\": timedelta(seconds={}),
        \"on_failure_callback\": SmtpNotifier(to=NOTIFY) if NOTIFY else None,{hook}
    }},
    template_searchpath=[ARTIFACTS],
    tags=[\"rowkeep\", {}],
):
",
            literal(&format!("{}_{kind}", self.spec.name)),
            literal(&about),
            self.schedule.timeout,
            literal(&self.spec.name),
        )
    }

    /// Tasks of all marts, each behind those that it depends on.
    fn marts<'p>(&'p self, sql: impl Fn(&'p Node) -> Vec<&'p str>, more: &str) -> String {
        let mut text = "    marts = {}\n".to_owned();
        for node in self.nodes() {
            let name = literal(&node.name);
            let _ = write!(
                text,
                "    marts[{name}] = statements(\n        {name},\n        {},\n        {},\n        pool=POOL,\n{more}    )\n",
                paths(sql(node), "        "),
                self.schedule.mart_timeout,
            );
        }
        for node in self.nodes() {
            for parent in &node.depends_on.nodes {
                let (parent, child) = (literal(&self.manifest.nodes[parent].name), literal(&node.name));
                let _ = writeln!(text, "    marts[{parent}] >> marts[{child}]");
            }
        }
        text
    }

    fn cycle(&self) -> String {
        let schedule = self.schedule;
        let has_trims = !self.manifest.raw_trims.is_empty();
        let about = format!(
            "{}: a cycle every {}.\n\n{}Each mart's load and hooks, parents before children{}{}; at the end, how many exceptions are open.",
            self.spec.name,
            every_in_words(schedule),
            if schedule.extract.is_some() { "Raw rows are landed. " } else { "" },
            if schedule.test.is_some() { "; then tests" } else { "" },
            if has_trims { "; then trims of raw tables, which wait for completed cycles by themselves" } else { "" },
        );
        let mut text = self.head(&about, "");
        let bash = "from airflow.providers.smtp";
        if schedule.test.is_some() {
            let import = "try:\n    from airflow.providers.standard.operators.bash import BashOperator\nexcept ImportError:\n    from airflow.operators.bash import BashOperator\n";
            text.insert_str(text.find(bash).unwrap_or(0), import);
        }
        if let Some((module, name)) = &schedule.extract {
            let import = format!("\nfrom {module} import {name} as extract\n");
            text.insert_str(text.find("\n# Statements are read").unwrap_or(0), &import);
        }
        text.push_str(verbatim("airflow/statements.py"));
        text.push_str("\n\ndef how_many(cursor):\n    return len(cursor.fetchall())\n");
        let cadence = cron_every(schedule.cycle_every)
            .map_or_else(|| format!("timedelta(seconds={})", schedule.cycle_every), |cron| literal(&cron));
        text.push_str(&self.dag("cycle", &about, &cadence));
        let hooks = |node: &'_ Node| -> Vec<String> {
            node.load.iter().chain(&node.post_hooks).map(|hook| hook.path.clone()).collect()
        };
        let of_nodes: BTreeMap<&str, Vec<String>> =
            self.nodes().map(|node| (node.name.as_str(), hooks(node))).collect();
        text.push_str(&self.marts(
            |node| of_nodes[node.name.as_str()].iter().map(String::as_str).collect(),
            &format!("        priority_weight={CYCLE_FIRST},\n        weight_rule=\"absolute\",\n"),
        ));
        if schedule.extract.is_some() {
            text.push_str("    landed = extract()\n    for mart in marts.values():\n        landed >> mart\n");
        }
        text.push_str("    last = list(marts.values())\n");
        if let Some(command) = &schedule.test {
            let _ = write!(
                text,
                "    tests = BashOperator(\n        task_id=\"tests\",\n        bash_command={},\n        execution_timeout=timedelta(seconds={}),\n    )\n    last >> tests\n    last = [tests]\n",
                // A command that ends in .sh would be taken for a file.
                literal(&format!("{} ", self.jinja_safe(command))),
                schedule.tests_timeout,
            );
        }
        if has_trims {
            let trims = self.manifest.raw_trims.iter().map(|trim| trim.statement.path.as_str());
            let _ = write!(
                text,
                "    trim_raw = statements(\"trim_raw\", {}, {}, pool=POOL)\n    last >> trim_raw\n    last = [trim_raw]\n",
                paths(trims, "    "),
                schedule.timeout,
            );
        }
        let unresolved = self.manifest.monitors.iter().filter(|monitor| monitor.kind == "unresolved");
        let _ = write!(
            text,
            "    summary = statements(\n        \"summary\",\n        {},\n        {},\n        pool=POOL,\n        handler=how_many,\n    )\n    last >> summary\n",
            paths(unresolved.map(|monitor| monitor.find.path.as_str()), "        "),
            schedule.timeout,
        );
        text
    }

    /// Jinja is asked to read a command; what would be its own stays as it is.
    fn jinja_safe(&self, command: &str) -> String {
        if ["{{", "{%", "{#"].iter().any(|open| command.contains(open)) {
            format!("{{% raw %}}{command}{{% endraw %}}")
        } else {
            command.to_owned()
        }
    }

    fn maintenance(&self, at: TimeOfDay) -> String {
        let about = format!(
            "{}: upkeep of the marts at {at}.\n\nIn the order of the project, each statement outside of a transaction. A condition that may not be looked up counts as met.",
            self.spec.name
        );
        let mut text = self.head(&about, "");
        text.push_str(verbatim("airflow/days.py"));
        text.push_str(verbatim("airflow/maintenance.py"));
        text.push_str(&self.dag("maintenance", &about, &literal(&cron_daily(at))));
        text.push_str("    last = None\n");
        for upkeep in &self.manifest.maintenance {
            let condition = upkeep.condition.as_ref().map_or_else(String::new, |condition| {
                format!("        condition={},\n", literal(&condition.statement.path))
            });
            let _ = write!(
                text,
                "    task = Run(\n        task_id={},\n        conn_id=CONNECTION,\n        sql={},\n{condition}        every_days={},\n        autocommit=True,\n        split_statements=False,\n        pool=POOL,\n    )\n    if last is not None:\n        last >> task\n    last = task\n",
                literal(&upkeep.statement.name),
                literal(&upkeep.statement.path),
                (upkeep.every_seconds / DAY).max(1),
            );
        }
        text
    }

    fn sweep(&self) -> String {
        let about = format!(
            "{}: the nightly sweep at {}.\n\nThe hooks over every period, sealed ones too, and every key. Monitors that hold only after a sweep are asked in the same task.",
            self.spec.name, self.schedule.sweep
        );
        let mut text = self.head(&about, "import logging\n");
        text.push_str(&monitor_code(false));
        text.push_str(verbatim("airflow/statements.py"));
        text.push_str(&self.dag("sweep", &about, &literal(&cron_daily(self.schedule.sweep))));
        text.push_str(&self.marts(
            |node| {
                let sweep = self.manifest.sweep.iter().filter(|sweep| sweep.model == node.name);
                let hooks = sweep.flat_map(|sweep| &sweep.post_hooks).map(|hook| hook.path.as_str());
                let monitors = self.manifest.monitors.iter();
                let after = monitors.filter(|one| one.after == "sweep" && one.model.as_ref() == Some(&node.unique_id));
                hooks.chain(after.flat_map(asked)).collect()
            },
            "        handler=no_row(\"error\"),\n",
        ));
        text
    }

    fn monitoring(&self) -> String {
        let about = format!(
            "{}: monitors at {}, after the sweep.\n\nEach closes what is cured, records what is new, and fails if it finds anything, or logs it if it is a warning. Then, whatever came of them,\nthe check that no exception is open.",
            self.spec.name, self.schedule.monitoring
        );
        let mut text = self.head(&about, "import logging\n");
        text = text.replacen("    from airflow.sdk import DAG\n", "    from airflow.sdk import DAG, task\n", 1);
        text = text.replacen(
            "    from airflow import DAG\n",
            "    from airflow import DAG\n    from airflow.decorators import task\n",
            1,
        );
        let counts = self.schedule.source_connection.is_some();
        if let Some(source) = &self.schedule.source_connection {
            let import = "try:\n    from airflow.sdk.bases.hook import BaseHook\nexcept ImportError:\n    from airflow.hooks.base import BaseHook\n";
            text.insert_str(text.find("from airflow.providers.common").unwrap_or(0), import);
            let _ = writeln!(text, "SOURCE_CONNECTION = {}", literal(source));
            let [zoned, plain] = [SqlType::Timestamptz, SqlType::Timestamp].map(|ty| ty.sql(self.spec.dialect));
            let _ = writeln!(text, "# What the warehouse calls an instant, with a zone and without.");
            let _ = writeln!(text, "OWN = {{\"timestamptz\": \"{zoned}\", \"timestamp\": \"{plain}\"}}");
        }
        text.push_str(verbatim("airflow/days.py"));
        text.push_str(&monitor_code(counts));
        text.push_str(verbatim("airflow/statements.py"));
        text.push_str(&self.dag("monitoring", &about, &literal(&cron_daily(self.schedule.monitoring))));
        text.push_str("    monitors = []\n");
        for monitor in &self.manifest.monitors {
            let wanted = monitor.kind != "unresolved" && (monitor.other_system.is_none() || counts);
            // With sealed periods, some are asked by the sweep itself.
            if !wanted || monitor.after == "sweep" {
                continue;
            }
            text.push_str(&self.monitor(monitor));
        }
        let unresolved = self.manifest.monitors.iter().filter(|monitor| monitor.kind == "unresolved");
        let _ = write!(
            text,
            "    unresolved = statements(\n        \"unresolved\",\n        {},\n        {},\n        pool=POOL,\n        handler=no_row(\"error\"),\n        trigger_rule=\"all_done\",\n    )\n    monitors >> unresolved\n",
            paths(unresolved.map(|monitor| monitor.find.path.as_str()), "        "),
            self.schedule.timeout,
        );
        text.push_str(
            "
    @task(trigger_rule=\"one_failed\", retries=0)
    def watcher():
        \"\"\"A run counts by its last tasks: one that failed before them makes it fail too.\"\"\"
        raise RuntimeError(\"a monitor failed\")

    [*monitors, unresolved] >> watcher()
",
        );
        text
    }

    fn monitor(&self, monitor: &Monitor) -> String {
        let name = literal(&monitor.name);
        let days = (monitor.every_seconds / DAY).max(1);
        let stated = self.spec.monitors.iter().find(|stated| stated.name.value == monitor.name);
        let (Some(other), Some(stated)) = (&monitor.other_system, stated) else {
            let rarely = match days {
                1 => String::new(),
                days => format!("            operator=EverySoManyDays,\n            every_days={days},\n"),
            };
            return format!(
                "    monitors.append(\n        statements(\n            {name},\n            {},\n            {},\n            pool=POOL,\n{rarely}            handler=no_row({}),\n        )\n    )\n",
                paths(asked(monitor), "            "),
                self.schedule.timeout,
                literal(monitor.severity),
            );
        };
        let unit = self.spec.table(stated.table).time.unit.as_str();
        format!(
            "    monitors.append(\n        CountMatch(\n            task_id={name},\n            conn_id=CONNECTION,\n            sql={},\n            other_system={},\n            within={},\n            until={},\n            unit={},\n            every_days={days},\n            handler=no_row({}),\n            autocommit=True,\n            split_statements=False,\n            pool=POOL,\n        )\n    )\n",
            literal(&monitor.find.path),
            literal(&other.path),
            monitor.window.within_seconds.unwrap_or_default(),
            monitor.window.until_seconds.unwrap_or_default(),
            literal(unit),
            literal(monitor.severity),
        )
    }
}

/// A monitor's statements: what is cured is closed, what is new is recorded, and then it is asked.
fn asked(monitor: &Monitor) -> impl Iterator<Item = &str> {
    let beside = monitor.resolve.iter().chain(&monitor.record);
    beside.chain([&monitor.find]).map(|task| task.path.as_str())
}

/// What handles findings; and, where another system can be asked, what asks it.
fn monitor_code(counts: bool) -> String {
    let text = verbatim("airflow/monitors.py");
    match text.split_once("\n\nclass CountMatch") {
        Some((handler, _)) if !counts => format!("{}\n", handler.trim_end_matches('\n')),
        _ => text.to_owned(),
    }
}
