//! What only the engines can show of a purge: the counts of its ledger, a stop by the tripwire, and
//! what a hold keeps.

use crate::engine::Engine;
use rowkeep::artifacts::Artifacts;
use rowkeep::{Dialect, Inputs};

const PROJECT: &str = "
name: web
dialect: postgres
schema: web
exceptions: { table: web_exceptions, key: id }
tables:
  - model: mart_log
    archive: none
    tripwire: { share: 50%, at_least: 10 }
    unique_key: id
    time: { column: day }
    rows: events
    only_when: { state: done }
    retention: { for: 30 days }
    exception: LOG_GAP
    columns: { id: bigint not null, state: text, day: date not null }
";

/// Runs a cycle. Returns the error of the statement that failed.
fn cycle(engine: &mut Engine, artifacts: &Artifacts) -> Result<(), String> {
    let hooks = &artifacts.manifest().nodes["model.web.mart_log"].post_hooks;
    hooks.iter().try_for_each(|hook| engine.try_run(&hook.sql))
}

fn rows(engine: &mut Engine) -> Vec<String> {
    engine.texts("SELECT CAST(id AS TEXT) FROM web.mart_log AS l ORDER BY l.id")
}

fn tell(dialect: Dialect) {
    let inputs = Inputs::new("rowkeep.yml", PROJECT).with_dialect(dialect);
    let spec = rowkeep::resolve(&inputs).expect("it resolves");
    let artifacts = &rowkeep::compile(&inputs).expect("it compiles").into_artifacts();
    let mut engine = Engine::open(dialect, "purge");
    engine.create(&spec, artifacts.manifest(), dialect);
    // Rows 1 to 4 are due; 2 is held, 3 is not done; 5 to 20 are young.
    let age = |id: i64| if id <= 4 { 40 + id } else { 1 };
    for id in 1..=20 {
        let state = if id == 3 { "open" } else { "done" };
        let day = format!("DATE '2026-03-01' - {}", age(id));
        engine.run(&format!("INSERT INTO web.mart_log SELECT {id}, '{state}', CAST({day} AS DATE)"));
    }
    engine.run("INSERT INTO web.web_exceptions (id, exception_type) VALUES (2, 'LOG_GAP_HOLD')");
    cycle(&mut engine, artifacts).expect("few rows are due");
    let young: Vec<_> = (5..=20).map(|id: i64| id.to_string()).collect();
    let kept = |also: &[&str]| also.iter().map(|id| (*id).to_owned()).chain(young.clone()).collect::<Vec<_>>();
    assert_eq!(rows(&mut engine), kept(&["2", "3"]), "{dialect}: a held row and an unfinished row stay");
    let ledger = "SELECT CAST(row_count AS TEXT) || ' ' || CAST(oldest_time AS TEXT) || ' ' || CAST(newest_time AS TEXT) FROM web.mart_log__purged ORDER BY purged_at";
    assert_eq!(engine.texts(ledger), ["2 2026-01-16 2026-01-19"], "{dialect}");
    // A cycle without due rows writes no line.
    cycle(&mut engine, artifacts).expect("nothing is due");
    assert_eq!(engine.texts(ledger).len(), 1, "{dialect}");
    // The hold ends.
    engine.run("UPDATE web.web_exceptions SET resolved_at = CURRENT_TIMESTAMP WHERE id = 2");
    cycle(&mut engine, artifacts).expect("one row is due");
    assert_eq!(rows(&mut engine), kept(&["3"]), "{dialect}");
    assert_eq!(engine.texts(ledger).last().map(String::as_str), Some("1 2026-01-18 2026-01-18"), "{dialect}");
    // A wrong load makes most rows due. The tripwire stops the cycle before a row leaves.
    engine.run("INSERT INTO web.mart_log VALUES (21, 'done', DATE '2026-06-01')");
    let stopped = cycle(&mut engine, artifacts).expect_err("too many rows are due");
    assert!(stopped.contains("nothing was deleted"), "{dialect}: {stopped}");
    assert_eq!(rows(&mut engine).len(), 18, "{dialect}: no row left");
    assert_eq!(engine.texts(ledger).len(), 2, "{dialect}: nothing was counted");
}

#[test]
fn a_purge_deletes_due_rows_counts_them_and_stops_at_the_tripwire() {
    tell(Dialect::DuckDb);
    tell(Dialect::Postgres);
}
