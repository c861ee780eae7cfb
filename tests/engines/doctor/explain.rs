//! `rowkeep doctor --explain` on PostgreSQL: every statement of a golden is planned, a statement
//! that the server refuses is named, and nothing is left behind.

use rowkeep::doctor::{Explained, explain};
use rowkeep::{Dialect, Inputs, Style};

use crate::doctor::{run_doctor, text};
use crate::engine::Engine;
use crate::projects;

/// Goldens that have each kind of statement. `ROWKEEP_EXPLAIN=all` takes those of `golden/compile`.
const GOLDENS: [&str; 6] = ["chain", "in_place", "limit", "only_when", "purge", "types"];

fn url(name: &str) -> String {
    let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    stated.replace("dbname=postgres", &format!("dbname={name}"))
}

fn explained(inputs: &Inputs, url: &str) -> Explained {
    let spec = rowkeep::resolve(inputs).unwrap_or_else(|wrong| panic!("{}", wrong.render(inputs, Style::Plain)));
    let compilation = rowkeep::compile(inputs).expect("it compiles");
    explain(&spec, compilation.artifacts(), (url, None), &mut |_| {}).expect("the database answers")
}

const SCHEMAS: &str = "SELECT nspname FROM pg_catalog.pg_namespace ORDER BY 1";

#[test]
fn every_statement_is_planned_and_nothing_is_left() {
    let mut engine = Engine::open(Dialect::Postgres, "explain_all");
    engine.run("CREATE TYPE public.mood AS ENUM ('calm', 'angry')");
    let before = engine.texts(SCHEMAS);
    let all = std::env::var("ROWKEEP_EXPLAIN").is_ok();
    let names = projects::compiling_for(Dialect::Postgres);
    let names = names.iter().filter_map(|name| name.strip_prefix("compile/"));
    // Its tables are in a database of another name.
    let names = names.filter(|name| (all && *name != "qualified_names") || GOLDENS.contains(name));
    let mut tried = 0;
    for name in names {
        let inputs = projects::golden(name).with_dialect(Dialect::Postgres);
        let explained = explained(&inputs, &url("explain_all"));
        let said = explained.findings.render(&inputs, Style::Plain);
        assert!(explained.findings.is_clean(), "{name}: {said}");
        assert!(explained.statements > 20, "{name}: {} statements", explained.statements);
        tried += 1;
    }
    assert!(tried >= GOLDENS.len(), "{tried} goldens");
    assert_eq!(engine.texts(SCHEMAS), before, "the new schemas were rolled back");
}

#[test]
fn a_refused_statement_is_named_with_the_answer_of_the_database() {
    let mut engine = Engine::open(Dialect::Postgres, "explain_refused");
    let before = engine.texts(SCHEMAS);
    // The server has no type of this name.
    let inputs = projects::golden_with("chain", |text| text.replacen("columns: { ", "columns: { place: geometry, ", 1));
    let inputs = inputs.with_dialect(Dialect::Postgres);
    let found = explained(&inputs, &url("explain_refused"));
    insta::assert_snapshot!("refused", found.findings.render(&inputs, Style::Plain));
    assert_eq!(engine.texts(SCHEMAS), before, "the new schemas were rolled back");
}

#[test]
fn the_command_prints_what_it_gave_to_the_database() {
    let _engine = Engine::open(Dialect::Postgres, "explain_typed");
    let url = url("explain_typed");
    let arguments = ["--explain", "--dialect", "postgres", "--url", &url];
    let output = run_doctor(&arguments);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let said = text(&output.stdout);
    assert!(said.starts_with("nothing is refused\ngave "), "{said}");
    assert!(said.ends_with(" statements to database explain_typed, in new schemas that were rolled back\n"), "{said}");
    let json = run_doctor(&[&arguments[..], &["--format", "json"]].concat()).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!((&json["database"], json["findings"].as_array().map(Vec::len)), (&"explain_typed".into(), Some(0)));
    assert!(json["statements"].as_u64().is_some_and(|count| count > 100), "{json}");
}

/// A role that may only read cannot create the tables.
#[test]
fn a_role_that_may_create_no_schema_is_told_so() {
    let mut engine = Engine::open(Dialect::Postgres, "explain_reader");
    engine.run("DROP ROLE IF EXISTS explain_reader_role; CREATE ROLE explain_reader_role LOGIN");
    let url = format!("{} options='-c role=explain_reader_role'", url("explain_reader"));
    let output = run_doctor(&["--explain", "--dialect", "postgres", "--url", &url]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(said.contains("permission denied for database") && said.contains("--explain"), "{said}");
}
