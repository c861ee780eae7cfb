//! The judge: the laws hold for every project here, on both engines; and it says so when they do not.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may look at the world")]

use std::path::Path;

use rowkeep::rehearse::{DuckDb, Engine, Law, Options, Postgres, Project, Report, rehearse};
use rowkeep::{Dialect, Error, Inputs, Style};

/// The example, months of readings known by texts, a time that is not in the key, a chain of two levels with a composite key, and
/// sealed periods; then the other shapes of a spec.
const PROJECTS: [&str; 14] = [
    "examples/order_tracking",
    "golden/events_monthly_text_key",
    "golden/events_time_outside_key",
    "golden/chain",
    "golden/periods_sealed",
    "golden/periods_sealed_while_in",
    "golden/qualified_names",
    "golden/load_lookback",
    "golden/no_source",
    "golden/own_exceptions",
    "golden/events_while_in",
    "golden/types",
    "golden/quoted_columns",
    "golden/unit_date",
];

fn inputs(folder: &str) -> Inputs {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut inputs = Inputs::new("rowkeep.yml", read(&format!("{folder}/rowkeep.yml")));
    if folder.starts_with("examples") {
        inputs = inputs.with_periods("periods.yml", read("periods.yml"));
        for table in ["ecs", "uti", "uts"] {
            inputs = inputs.with_table(format!("{table}.yml"), read(&format!("{folder}/tables/{table}.yml")));
        }
    }
    inputs
}

fn open(dialect: Dialect, name: &str, worker: usize) -> Result<Box<dyn Engine>, Error> {
    Ok(match dialect {
        Dialect::DuckDb => Box::new(DuckDb::open()?),
        _ => {
            let url = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
            Box::new(Postgres::connect(&url, &format!("{name}_{}_{worker}", std::process::id()))?)
        }
    })
}

fn told(folder: &str, dialect: Dialect, seeds: u64) -> Report {
    let inputs = inputs(folder);
    let project =
        Project::new(&inputs, dialect).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options { seeds: 0..seeds, workers, ..Options::default() };
    let open = |worker| open(dialect, "laws", worker);
    rehearse(&project, &options, &open, &|_| {}).unwrap_or_else(|error| panic!("{folder} on {dialect}: {error}"))
}

/// How many seeds: a moderate number, or what `ROWKEEP_SEEDS=300,100` says, for PostgreSQL and DuckDB.
fn seeds() -> [(Dialect, u64); 2] {
    let stated = std::env::var("ROWKEEP_SEEDS").unwrap_or_else(|_| "6,1".to_owned());
    let (postgres, duckdb) = stated.split_once(',').expect("two numbers");
    let number = |text: &str| text.trim().parse().expect("a number of seeds");
    [(Dialect::Postgres, number(postgres)), (Dialect::DuckDb, number(duckdb))]
}

#[test]
fn no_law_is_broken() {
    let mut broken = Vec::new();
    for (dialect, seeds) in seeds() {
        for folder in PROJECTS {
            let report = told(folder, dialect, seeds);
            println!("{folder} on {dialect}: {} seeds, {:?}", report.seeds, report.done);
            assert_eq!(report.seeds, seeds);
            assert!(report.done.stops > 0 && report.done.cycles > 10, "{folder}: nothing much happened");
            for verdict in report.laws.iter().filter(|verdict| !verdict.broken_by.is_empty()) {
                broken.push(format!(
                    "{folder} on {dialect}: {} in {:?}\n{:#?}",
                    verdict.law, verdict.broken_by, verdict.counterexample
                ));
            }
            for ledger in report.ledger.iter().filter(|ledger| !ledger.closes) {
                broken.push(format!("{folder} on {dialect}: the sum does not close: {ledger:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_seed_tells_the_same_story_on_both_engines() {
    let report = |dialect| serde_json::to_value(told("examples/order_tracking", dialect, 1)).expect("a report");
    let (postgres, duckdb) = (report(Dialect::Postgres), report(Dialect::DuckDb));
    for key in ["done", "ledger", "laws"] {
        assert_eq!(postgres[key], duckdb[key], "{key}");
    }
}

/// What the oracle knows must not come from those whom it judges.
#[test]
fn the_oracle_knows_nothing_of_statements() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rehearse");
    let mut seen = 0;
    for file in ["oracle/mod.rs", "oracle/laws.rs", "facts.rs", "value.rs"] {
        let text = std::fs::read_to_string(folder.join(file)).expect("the oracle is there");
        for line in text.lines().filter(|line| line.contains("crate::")) {
            seen += 1;
            let room = line.split("crate::").nth(1).expect("a path");
            let allowed = [
                "rehearse::facts",
                "rehearse::oracle",
                "rehearse::value",
                "dialect::",
                "spec::",
                "sql::{SqlType",
                "sql::TimeUnit",
            ];
            assert!(allowed.iter().any(|allowed| room.starts_with(allowed)), "{file} knows too much: {line}");
        }
    }
    assert!(seen > 5, "the paths moved, and this test looks at nothing");
}

#[test]
fn a_broken_law_is_cut_down_to_a_few_events() {
    let project = Project::new(&inputs("golden/latest_while_in"), Dialect::DuckDb).expect("it resolves");
    let alter = |program: &mut rowkeep::rehearse::Program| {
        for table in &mut program.tables {
            table.hooks.retain(|statement| statement.name != "04_restore");
        }
    };
    let options = Options { seeds: 0..4, alter: &alter, ..Options::default() };
    let open = |worker| open(Dialect::DuckDb, "shrink", worker);
    let report = rehearse(&project, &options, &open, &|_| {}).expect("it runs");
    let joined = report.laws.iter().find(|verdict| verdict.law == Law::L7).expect("every law has a verdict");
    let found = joined.counterexample.as_ref().expect("without restore, a child does not come back");
    assert!(found.events.len() <= 6, "{found:#?}");
    assert!(found.events.iter().any(|event| event.moves.iter().any(|step| step.is_last)), "{found:#?}");
    // The seed alone tells it again.
    let again = Options { seeds: found.seed..found.seed + 1, alter: &alter, ..Options::default() };
    let again = rehearse(&project, &again, &open, &|_| {}).expect("it runs");
    let again =
        again.laws.iter().find(|verdict| verdict.law == Law::L7).and_then(|verdict| verdict.counterexample.clone());
    assert_eq!(format!("{again:?}"), format!("{:?}", joined.counterexample));
}
