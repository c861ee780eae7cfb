//! Rehearsals: the laws hold for every project here, on both engines, and a broken law is found.

use crate::projects;
use std::path::Path;

use rowkeep::rehearse::{DuckDb, Engine, Law, Ledger, Options, Postgres, Project, Report, rehearse};
use rowkeep::{Dialect, Error, Inputs, Style};

/// The example, monthly readings with text keys, a time outside of the key, a chain of parents with
/// composite keys, and sealed periods, with and without a parent.
const PROJECTS: [&str; 6] = [
    "examples/order_tracking",
    "golden/compile/events_monthly_text_key",
    "golden/compile/events_time_outside_key",
    "golden/compile/chain",
    "golden/compile/periods_sealed",
    "golden/compile/periods_sealed_while_in",
];

/// Every other golden that compiles, also goldens with their own templates.
fn others() -> Vec<String> {
    let names = projects::compiling_for(Dialect::Postgres).into_iter();
    let mut folders: Vec<_> = names.map(|name| format!("golden/{name}")).collect();
    folders.retain(|folder| !PROJECTS.contains(&folder.as_str()));
    folders
}

fn inputs(folder: &str) -> Inputs {
    folder.strip_prefix("golden/").map_or_else(projects::example, projects::golden)
}

fn open(dialect: Dialect) -> Result<Box<dyn Engine>, Error> {
    Ok(match dialect {
        Dialect::DuckDb => Box::new(DuckDb::open()?),
        _ => {
            let url = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
            Box::new(Postgres::connect(&url)?)
        }
    })
}

/// Whether this is a long run, with numbers of seeds of its own.
fn is_long() -> bool {
    std::env::var("ROWKEEP_SEEDS").is_ok()
}

/// The cycles of a story in the test command, where a story is for each golden.
const FEW_CYCLES: usize = 12;

/// The report of the stories. One story in the test command is short; where it archives nothing of
/// a table, it proves nothing of that table, and is told again at its full length.
fn rehearsed(folder: &str, dialect: Dialect, seeds: u64) -> Report {
    let full = Options::default().cycles;
    if seeds == 1 && !is_long() {
        let short = rehearsed_for(folder, dialect, seeds, FEW_CYCLES);
        if !short.is_clean() || short.ledger.iter().all(moves) {
            return short;
        }
    }
    rehearsed_for(folder, dialect, seeds, full)
}

fn rehearsed_for(folder: &str, dialect: Dialect, seeds: u64, cycles: usize) -> Report {
    let inputs = inputs(folder);
    let projects =
        Project::each(&inputs, dialect).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options { seeds: 0..seeds, cycles, workers, ..Options::default() };
    let open = || open(dialect);
    let reports = projects.iter().map(|project| {
        rehearse(project, &options, &open, &|_| {}).unwrap_or_else(|error| panic!("{folder} on {dialect}: {error}"))
    });
    reports.reduce(Report::and).expect("a project")
}

/// The number of seeds for PostgreSQL and DuckDB: a small default, or for example
/// `ROWKEEP_SEEDS=300,100`.
fn seeds() -> [(Dialect, u64); 2] {
    let stated = std::env::var("ROWKEEP_SEEDS").unwrap_or_else(|_| "2,1".to_owned());
    let (postgres, duckdb) = stated.split_once(',').expect("two numbers");
    let number = |text: &str| text.trim().parse().expect("a number of seeds");
    [(Dialect::Postgres, number(postgres)), (Dialect::DuckDb, number(duckdb))]
}

#[test]
fn no_law_is_broken() {
    for (dialect, seeds) in seeds() {
        for folder in PROJECTS {
            no_law_is_broken_by(folder, dialect, seeds);
        }
    }
}

/// Goldens whose statements differ from those of others only in names, or in clauses of the DDL.
const OF_NAMES: [&str; 9] = [
    "/period_lists",
    "/dashed_project",
    "/qualified_names",
    "/quoted_columns",
    "/quoted_tables",
    "/history_names",
    "/layout_encode",
    "/grants",
    "/periods_years",
];

#[test]
fn no_law_is_broken_by_any_shape_of_a_spec() {
    let folders = others();
    assert!(folders.len() > 15, "the goldens moved, and this test finds few of them: {folders:?}");
    // The test command rehearses each golden on one of the engines, a long run on both. DuckDB
    // takes three times as long for statements on few rows. It also tells the stories of the units.
    for (nth, folder) in folders.iter().enumerate() {
        // The test of units tells these stories in every unit. Another test runs every statement of
        // the projects that differ from others in their names.
        let is_told = folder.contains("/unit_") || OF_NAMES.iter().any(|name| folder.ends_with(name));
        if is_told && !is_long() {
            continue;
        }
        let chosen = if nth % 12 == 11 { Dialect::DuckDb } else { Dialect::Postgres };
        for dialect in [Dialect::Postgres, Dialect::DuckDb] {
            let compiles = projects::compiling_for(dialect).iter().any(|name| folder.ends_with(name));
            assert!(compiles || dialect == Dialect::DuckDb, "{folder} has no engine");
            if compiles && (is_long() || dialect == chosen) {
                no_law_is_broken_by(folder, dialect, 1);
            }
        }
    }
}

/// Whether a story archived or purged a row of the table.
fn moves(ledger: &Ledger) -> bool {
    !ledger.archived.is_empty() || ledger.purged > 0
}

fn no_law_is_broken_by(folder: &str, dialect: Dialect, seeds: u64) {
    let report = rehearsed(folder, dialect, seeds);
    println!("{folder} on {dialect}: {} seeds, {:?}", report.seeds, report.done);
    let broken: Vec<_> = report.laws.iter().filter(|verdict| !verdict.broken_by.is_empty()).collect();
    assert!(broken.is_empty(), "{folder} on {dialect}: {broken:#?}");
    assert!(report.ledger.iter().all(|ledger| ledger.closes), "{folder} on {dialect}: {:#?}", report.ledger);
    assert!(report.is_clean());
    // Stories without stops, cycles and sweeps would prove nothing.
    assert_eq!(report.seeds, seeds);
    assert!(report.done.stops > 0 && report.done.cycles > 5 && report.done.sweeps > 0, "{folder}: {:?}", report.done);
    assert!(report.ledger.iter().all(moves), "{folder}: {:?}", report.ledger);
}

#[test]
fn a_seed_runs_the_same_story_on_both_engines() {
    let report = |dialect| serde_json::to_value(rehearsed("examples/order_tracking", dialect, 1)).expect("a report");
    let (postgres, duckdb) = (report(Dialect::Postgres), report(Dialect::DuckDb));
    for key in ["done", "ledger", "laws"] {
        assert_eq!(postgres[key], duckdb[key], "{key}");
    }
}

/// The oracle must not depend on the code that it checks.
#[test]
fn the_oracle_does_not_depend_on_statements() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rehearse");
    let mut seen = 0;
    for file in ["oracle/mod.rs", "oracle/laws.rs", "oracle/laws/bounded.rs", "facts.rs", "value.rs"] {
        let text = std::fs::read_to_string(folder.join(file)).expect("the oracle is there");
        assert!(!text.contains("super::super"), "{file} climbs");
        for room in text.split("crate::").skip(1) {
            seen += 1;
            let allowed = [
                "rehearse::facts::",
                "rehearse::oracle::",
                "rehearse::value::",
                "dialect::Dialect",
                "features::only_when::{Condition, Constant, Test}",
                "features::only_when::{Constant, Test}",
                "project::Column",
                "project::Period",
                "project::naming::",
                "project::period::epoch",
                "project::{CutoffFrom, Filled, Length, Period, Retention, Spec, Table, TableId, Zone}",
                "sql::TimeUnit",
                "sql::{SqlType, TimeUnit}",
            ];
            let line = room.lines().next().unwrap_or_default();
            assert!(allowed.iter().any(|allowed| room.starts_with(allowed)), "{file} must not use {line}");
        }
    }
    assert!(seen > 5, "the paths changed, and this test checks nothing");
}

#[test]
fn a_counterexample_is_reduced_to_a_few_events() {
    let project = Project::new(&inputs("golden/compile/latest_while_in"), Dialect::Postgres).expect("it resolves");
    let alter = |program: &mut rowkeep::rehearse::Program| {
        for table in &mut program.tables {
            table.hooks.retain(|statement| statement.name != "02_restore");
        }
    };
    let options = Options { seeds: 0..4, alter: &alter, ..Options::default() };
    let open = || open(Dialect::Postgres);
    let report = rehearse(&project, &options, &open, &|_| {}).expect("it runs");
    let joined = report.laws.iter().find(|verdict| verdict.law == Law::L7).expect("every law has a verdict");
    let found = joined.counterexample.as_ref().expect("without restore, a child does not come back");
    assert!(found.events.len() <= 6, "{found:#?}");
    assert!(found.events.iter().any(|event| event.moves.iter().any(|step| step.is_last)), "{found:#?}");
    // The seed alone reproduces the counterexample.
    let again = Options { seeds: found.seed..found.seed + 1, alter: &alter, ..Options::default() };
    let again = rehearse(&project, &again, &open, &|_| {}).expect("it runs");
    let again =
        again.laws.iter().find(|verdict| verdict.law == Law::L7).and_then(|verdict| verdict.counterexample.clone());
    assert_eq!(format!("{again:?}"), format!("{:?}", joined.counterexample));
}

/// A raw trim must wait for completed cycles. The rehearsal finds a trim that does not wait.
#[test]
fn a_raw_trim_that_does_not_wait_is_found() {
    let project = Project::new(&projects::example(), Dialect::Postgres).expect("it resolves");
    let open = || open(Dialect::Postgres);
    let verdict = |alter: &(dyn Fn(&mut rowkeep::rehearse::Program) + Sync)| {
        let options = Options { seeds: 0..2, until_broken: true, alter, ..Options::default() };
        let report = rehearse(&project, &options, &open, &|_| {}).expect("it runs");
        report.laws.into_iter().find(|verdict| verdict.law == Law::L1).expect("every law has a verdict")
    };
    let by_the_clock = |program: &mut rowkeep::rehearse::Program| {
        for trim in &mut program.raw_trims {
            let (before, _) = trim.sql.split_once("WHERE").expect("a condition");
            trim.sql = format!("{before}WHERE loaded_at < TIMESTAMP '2100-01-01 00:00:00'");
        }
    };
    assert!(!verdict(&by_the_clock).broken_by.is_empty(), "the trim deletes rows that no cycle has seen");
    let one_stamp = |program: &mut rowkeep::rehearse::Program| {
        for trim in &mut program.raw_trims {
            let newest = trim.sql.replace("n.completed_at < (SELECT MAX", "n.completed_at <= (SELECT MAX");
            assert_ne!(newest, trim.sql);
            trim.sql = newest.replace("- INTERVAL", "+ INTERVAL");
        }
    };
    assert!(!verdict(&one_stamp).broken_by.is_empty(), "the trim deletes rows that no completed cycle has seen");
    assert!(verdict(&|_| {}).broken_by.is_empty());
}

/// A parent without periods may have children of several lists. Each list is rehearsed with it.
#[test]
fn a_parent_of_two_lists_is_rehearsed_with_both() {
    let table = |model: &str, keys: &str| {
        format!(
            "  - {{ model: {model}, {keys}, unique_key: id, time: {{ column: t, unit: epoch_seconds }}, rows: latest, exception: {model}_gap, columns: {{ id: bigint not null, t: bigint not null }} }}\n"
        )
    };
    let project = [
        "name: shop\ndialect: duckdb\nschema: ods\nperiod_lists: { weekly: [2026_w01, 2026_w02], yearly: [2025, 2026] }\nexceptions: { table: gaps, key: id }\ntables:\n".to_owned(),
        table("a", "history: hist_a, periods: weekly, retention: { for: 30 days }"),
        table("b", "history: { table: b_archive }, retention: { while_in: a }"),
        table("c", "history: hist_c, retention: { while_in: b }"),
        table("p", "archive: none, tripwire: 90%, retention: { for: 30 days }"),
        table("q", "history: hist_q, periods: weekly, retention: { while_in: p }"),
        table("r", "history: hist_r, periods: yearly, retention: { while_in: p }"),
    ];
    let inputs = Inputs::new("rowkeep.yml", project.concat());
    let projects = Project::each(&inputs, Dialect::DuckDb).expect("it compiles");
    let models: Vec<Vec<&str>> = projects.iter().map(|project| project.models().collect()).collect();
    assert_eq!(models, [vec!["a", "b", "c", "p", "q"], vec!["p", "r"]]);
    let options = Options { seeds: 0..1, cycles: 6, ..Options::default() };
    let reports = projects
        .iter()
        .map(|project| rehearse(project, &options, &|| open(Dialect::DuckDb), &|_| {}).expect("a rehearsal"));
    let report = reports.reduce(Report::and).expect("two reports");
    assert!(report.is_clean(), "{:?}", report.laws);
    assert_eq!(report.ledger.len(), 6);
}
