//! Real Airflow reads the DAGs, and its operators run the statements on PostgreSQL.
//! `scripts/with-airflow` installs its versions.

use crate::projects;
use std::path::Path;
use std::process::Command;

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::{Compilation, Dialect, Inputs, resolve};
use serde_json::Value;

use crate::engine::Engine;

const DAGS: [&str; 4] =
    ["order_tracking_cycle", "order_tracking_maintenance", "order_tracking_monitoring", "order_tracking_sweep"];

fn pythons() -> Vec<String> {
    let all = std::env::var("ROWKEEP_AIRFLOW").expect("ROWKEEP_AIRFLOW is set by scripts/with-airflow");
    let all: Vec<_> = all.split(':').map(str::to_owned).collect();
    assert_eq!(all.len(), 2, "Airflow 3 and 2.11");
    all
}

/// Writes the artifacts into a temporary folder.
fn written(artifacts: &Compilation) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in artifacts.files() {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    folder
}

/// What Airflow reads from a folder of artifacts. The DAGs in `run` are run.
fn look(python: &str, folder: &Path, database: &str, run: &[&str]) -> Value {
    let home = tempfile::tempdir().expect("a folder");
    let url = std::env::var("ROWKEEP_POSTGRES").unwrap_or_default();
    let of = |key: &str| {
        let part = url.split_whitespace().find_map(|part| part.strip_prefix(&format!("{key}=")));
        part.unwrap_or_default().to_owned()
    };
    let connection =
        serde_json::json!({"conn_type": "postgres", "host": of("host"), "login": of("user"), "schema": database});
    let mut command = Command::new(python);
    command.arg(projects::root().join("tests/tools/airflow/look.py")).arg(folder.join("airflow")).args(run);
    command.env("AIRFLOW_HOME", home.path()).env("AIRFLOW__CORE__LOAD_EXAMPLES", "False");
    command.env("PYTHONPATH", folder).env("PYTHONDONTWRITEBYTECODE", "1");
    for name in ["REDSHIFT_DEFAULT", "POSTGRES_DEFAULT", "MYSQL_DEFAULT"] {
        command.env(format!("AIRFLOW_CONN_{name}"), connection.to_string());
    }
    let output = command.output().expect("Python starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let said =
        text.split("\n==>").nth(1).unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    let said: Value = serde_json::from_str(said.trim()).expect("JSON");
    assert_eq!(said["errors"], serde_json::json!({}), "{python}");
    assert_eq!(said["warnings"], serde_json::json!([]), "{python}");
    said
}

fn compiled(inputs: &Inputs) -> Compilation {
    rowkeep::compile(inputs).expect("it compiles")
}

fn upstream(dag: &Value, task: &str) -> Vec<String> {
    let upstream = dag["tasks"][task]["upstream"].as_array().unwrap_or_else(|| panic!("no task {task}"));
    upstream.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

#[test]
fn dags_have_the_order_the_pool_and_the_timeouts_of_the_project() {
    let folder = written(&compiled(&projects::example()));
    for python in pythons() {
        let said = look(&python, folder.path(), "postgres", &[]);
        let names: Vec<_> = said["dags"].as_object().expect("DAGs").keys().map(String::as_str).collect();
        assert_eq!(names, DAGS);
        let crons = [
            ("cycle", "*/15 * * * *"),
            ("maintenance", "0 2 * * *"),
            ("monitoring", "0 3 * * *"),
            ("sweep", "30 2 * * *"),
        ];
        for (name, cron) in crons {
            let dag = &said["dags"][format!("order_tracking_{name}")];
            assert_eq!(
                (&dag["schedule"], &dag["catchup"], &dag["max_active_runs"]),
                (&cron.into(), &false.into(), &1.into())
            );
            for (task, about) in dag["tasks"].as_object().expect("tasks") {
                let is_watcher = task == "watcher";
                let pool = if is_watcher { "default_pool" } else { "order_tracking_rowkeep" };
                assert_eq!(about["pool"], pool, "{name}/{task}");
                let mart = task.starts_with("mart_") && !task.contains("__");
                assert_eq!(about["timeout"], if mart { 600.0 } else { 3600.0 }, "{name}/{task}");
                assert_eq!(about["notifies"], true, "{name}/{task}");
                assert_eq!(about["retries"], if mart && name != "maintenance" { 3 } else { 0 }, "{name}/{task}");
                if !is_watcher {
                    assert_eq!(
                        (&about["autocommit"], &about["connection"]),
                        (&true.into(), &"redshift_default".into())
                    );
                }
            }
        }
        // Only a conflict with another transaction is tried again: a tripwire stays.
        let raised: Vec<_> = said["after_failures"].as_object().expect("failures").values().cloned().collect();
        assert_eq!(raised, ["RuntimeError", "RuntimeError", "AirflowFailException"]);
        let (uti, ecs, uts) = ("mart_uni_tracking_info", "mart_ecs_order_info", "mart_uni_tracking_spath");
        let cycle = &said["dags"]["order_tracking_cycle"];
        assert_eq!(
            (upstream(cycle, uti), upstream(cycle, ecs), upstream(cycle, uts)),
            (vec![], vec![uti.to_owned()], vec![uti.to_owned()])
        );
        assert_eq!(upstream(cycle, "trim_raw"), [ecs, uti, uts]);
        assert_eq!(upstream(cycle, "summary"), ["trim_raw"]);
        let maintenance = &said["dags"]["order_tracking_maintenance"];
        assert_eq!(upstream(maintenance, "07_vacuum_sort_mart_ecs_order_info"), ["06_analyze_mart_uni_tracking_spath"]);
        let monitoring = &said["dags"]["order_tracking_monitoring"];
        let asked = upstream(monitoring, "unresolved");
        assert_eq!(asked.len(), monitoring["tasks"].as_object().expect("tasks").len() - 2);
        assert!(asked.contains(&"uti_extracted".to_owned()), "{asked:?}");
        assert_eq!(monitoring["tasks"]["unresolved"]["trigger_rule"], "all_done");
        assert_eq!(monitoring["tasks"]["watcher"]["trigger_rule"], "one_failed");
    }
}

/// `schedule:` is the only source of a time of day.
#[test]
fn another_time_changes_every_place_where_it_is_written() {
    let artifacts = |from: &str, to: &str| {
        let text =
            std::fs::read_to_string(projects::root().join("examples/order_tracking/rowkeep.yml")).expect("a text");
        assert!(text.contains(from), "{from}");
        let inputs = Inputs::new("rowkeep.yml", text.replace(from, to));
        let read = |path: &str| std::fs::read_to_string(projects::root().join(path)).expect("a text");
        let inputs = ["ecs", "uti", "uts"].into_iter().fold(inputs, |inputs, table| {
            inputs
                .with_table(format!("tables/{table}.yml"), read(&format!("examples/order_tracking/tables/{table}.yml")))
        });
        compiled(&inputs.with_periods("periods.yml", read("periods.yml")))
    };
    let moved = artifacts("monitoring: { at: 03:00 }", "monitoring: { at: 04:45 }");
    let of_schedule = |artifacts: &Compilation| -> String {
        let files = artifacts
            .files()
            .iter()
            .filter(|(path, _)| *path == rowkeep::features::schedule::SCHEDULE || path.starts_with("airflow/"));
        files.map(|(_, text)| text.as_str()).collect()
    };
    let (text, before) = (of_schedule(&moved), of_schedule(&compiled(&projects::example())));
    for (old, new) in [("03:00", "04:45"), ("0 3 * * *", "45 4 * * *")] {
        assert!(before.contains(old) && !text.contains(old), "{old} is still there");
        assert_eq!(text.matches(new).count(), before.matches(old).count(), "{new}");
    }
    let slower = of_schedule(&artifacts("every: 15 minutes", "every: 20 minutes"));
    assert!(!slower.contains("15 minutes") && !slower.contains("*/15") && slower.contains("a cycle every 20 minutes"));
}

/// A team can add its own tasks for extraction and tests to the cycle.
#[test]
fn a_cycle_has_the_extraction_and_the_tests_of_the_team() {
    let text = std::fs::read_to_string(projects::root().join("examples/order_tracking/rowkeep.yml")).expect("a text");
    let text = text.replace(
        "cycle: { every: 15 minutes }",
        "cycle: { every: 7 minutes, extract: order_tracking_extract.tasks, test: \"dbt test --select 'mart' --args '{{ x }}'\" }",
    );
    let read = |path: &str| std::fs::read_to_string(projects::root().join(path)).expect("a text");
    let inputs = ["ecs", "uti", "uts"].into_iter().fold(Inputs::new("rowkeep.yml", text), |inputs, table| {
        inputs.with_table(format!("tables/{table}.yml"), read(&format!("examples/order_tracking/tables/{table}.yml")))
    });
    let folder = written(&compiled(&inputs.with_periods("periods.yml", read("periods.yml"))));
    std::fs::write(
        folder.path().join("order_tracking_extract.py"),
        "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n\n\ndef tasks():\n    return [SQLExecuteQueryOperator(task_id=name, conn_id=\"x\", sql=\"SELECT 1\") for name in (\"a\", \"b\")]\n",
    )
    .expect("a file");
    for python in pythons() {
        let said = look(&python, folder.path(), "postgres", &[]);
        let cycle = &said["dags"]["order_tracking_cycle"];
        assert_eq!(upstream(cycle, "mart_uni_tracking_info"), ["a", "b"]);
        assert_eq!(upstream(cycle, "mart_ecs_order_info"), ["a", "b", "mart_uni_tracking_info"]);
        assert_eq!(upstream(cycle, "tests").len(), 3);
        assert_eq!(cycle["tasks"]["tests"]["timeout"], 300.0);
        assert_eq!(
            cycle["tasks"]["tests"]["command"],
            "{% raw %}dbt test --select 'mart' --args '{{ x }}'{% endraw %} "
        );
        assert_eq!(upstream(cycle, "trim_raw"), ["tests"]);
        assert_eq!(cycle["schedule"], "0:07:00", "an interval that does not divide an hour is a timedelta");
    }
}

/// Airflow's operators run the statements of every task on PostgreSQL: a cycle, maintenance, the
/// sweep, monitors.
#[test]
fn every_task_runs() {
    let inputs = projects::example().with_dialect(Dialect::Postgres);
    let artifacts = compiled(&inputs);
    let manifest: &Manifest = artifacts.manifest();
    let folder = written(&artifacts);
    for (number, python) in pythons().iter().enumerate() {
        let name = format!("airflow_{number}");
        let mut engine = Engine::open(Dialect::Postgres, &name);
        engine.create(&resolve(&inputs).expect("it resolves"), manifest, Dialect::Postgres);
        // The other system and raw have the same two orders: an old one, and a new one.
        // Read once: the next second could begin between two statements.
        let now = engine.texts("SELECT CAST(CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) AS BIGINT) AS TEXT)").remove(0);
        for (table, columns) in [
            ("uni_tracking_info", "order_id, state, update_time"),
            ("ecs_order_info", "order_id, partner_id, add_time"),
            ("uni_tracking_spath", "order_id, traceSeq, pathTime"),
        ] {
            let time = columns.rsplit(", ").next().expect("a time");
            engine.run(&format!("CREATE TABLE public.{table} (order_id BIGINT, {time} BIGINT)"));
            for (key, at) in [(1, "1752000000".to_owned()), (2, format!("{now} - 3600"))] {
                engine.run(&format!(
                    "INSERT INTO settlement_public.{table}_raw ({columns}, row_id) VALUES ({key}, 1, {at}, {key})"
                ));
                engine.run(&format!("INSERT INTO public.{table} VALUES ({key}, {at})"));
            }
        }
        let run = |dags: &[&str]| look(python, folder.path(), &name, dags)["outcome"].clone();
        let all_ok = |outcome: &Value| {
            for (dag, tasks) in outcome.as_object().expect("DAGs") {
                for (task, said) in tasks.as_object().expect("tasks") {
                    assert_eq!(said, "ok", "{dag}/{task} with {python}");
                }
            }
        };
        all_ok(&run(&["order_tracking_cycle", "order_tracking_maintenance", "order_tracking_sweep"]));
        assert_eq!(
            engine.texts("SELECT CAST(order_id AS VARCHAR) FROM settlement_ods.hist_uni_tracking_info_2025_h2"),
            ["1"]
        );
        for source in ["ecs_order_info", "uni_tracking_spath"] {
            engine.run(&format!("INSERT INTO mysql_source.{source} SELECT * FROM settlement_ods.mart_{source}"));
        }
        all_ok(&run(&["order_tracking_monitoring"]));

        // A row that is missing in raw, and an order without events: two monitors fail, and the
        // last check fails too.
        engine.run(&format!("INSERT INTO public.uni_tracking_info VALUES (3, {now} - 3600)"));
        engine.run(&format!("INSERT INTO settlement_ods.mart_uni_tracking_info VALUES (4, 1, {now} - 3600)"));
        engine.run("INSERT INTO settlement_ods.mart_ecs_order_info VALUES (4, 1, 1752000000)");
        let outcome = run(&["order_tracking_monitoring"]);
        let outcome = outcome["order_tracking_monitoring"].as_object().expect("tasks").clone();
        let failed: Vec<_> = outcome.iter().filter(|(_, said)| *said != "ok").map(|(task, _)| task.as_str()).collect();
        assert_eq!(failed, ["unresolved", "uti_extracted", "uti_has_events"], "{outcome:#?}");
        assert!(outcome["uti_extracted"].as_str().expect("a text").contains("(2, 1)"), "{outcome:#?}");
    }
}
