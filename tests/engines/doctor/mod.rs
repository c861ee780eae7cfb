//! `rowkeep doctor` on PostgreSQL: no findings for a correct database, and a finding for each
//! drift.

use crate::projects;
use std::process::{Command, Output};

use rowkeep::artifacts::Artifacts;
use rowkeep::diagnostic::Level;
use rowkeep::doctor::{Checkup, doctor};
use rowkeep::{Dialect, Spec, Style};

mod connection;
mod drifts;
mod explain;
mod quoted_tables;

use crate::engine::Engine;

/// The last period ends in 2200, so that no horizon is near. The first period is sealed.
const PERIODS: &str =
    "{ name: old, start: 2019-01-01, end: 2020-01-01 }, { name: open, start: 2020-01-01, end: 2200-01-01 }";

const UTI: &str = "settlement_ods.mart_uni_tracking_info";
const UTS: &str = "settlement_ods.mart_uni_tracking_spath";
const EXCEPTIONS: &str = "settlement_ods.order_tracking_exceptions";
/// 2021-01-01 in seconds since 1970: due for years.
const DUE: i64 = 1_609_459_200;
/// The current time as a PostgreSQL expression. Rows of today are not due.
const NOW: &str = "CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) AS BIGINT)";

struct Fixture {
    engine: Engine,
    url: String,
    spec: Spec,
    artifacts: Artifacts,
}

impl Fixture {
    /// The example, installed in its own database.
    fn new(name: &str, periods: &str) -> Self {
        let sealed = |text: String| text.replace("exceptions: {", "sealed_before: 2020-01-01\nexceptions: {");
        let own = |text: String| if periods == PERIODS { sealed(text) } else { text };
        let inputs = projects::order_tracking_with(&format!("hist_periods: [{periods}]"), own);
        let inputs = inputs.with_dialect(Dialect::Postgres);
        let spec = rowkeep::resolve(&inputs).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)));
        let artifacts = rowkeep::compile(&inputs).expect("it compiles").into_artifacts();
        let mut engine = Engine::open(Dialect::Postgres, name);
        engine.create(&spec, artifacts.manifest(), Dialect::Postgres);
        let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
        let url = stated.replace("dbname=postgres", &format!("dbname={name}"));
        Self { engine, url, spec, artifacts }
    }

    fn checkup(&self) -> Checkup {
        doctor(&self.spec, &self.artifacts, (&self.url, None), &mut |_| {}).expect("the database answers")
    }

    /// The findings: level, code and message.
    fn found(&self) -> Vec<(Level, String, String)> {
        let checkup = self.checkup();
        let said = checkup.findings.iter();
        said.map(|found| (found.level(), found.code().to_string(), found.message().to_owned())).collect()
    }

    /// The statement of a view.
    fn view(&self, name: &str) -> String {
        let ddl = &self.artifacts.manifest().ddl;
        ddl.iter().find(|definition| definition.name == name).expect("a view of that name").sql.clone()
    }

    fn run(&mut self, statements: &[&str]) {
        statements.iter().for_each(|sql| self.engine.run(sql));
    }
}

fn run_doctor(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
    command.args(["doctor", "--project", "examples/order_tracking"]).args(arguments);
    command.current_dir(projects::root()).env("NO_COLOR", "1").env_remove("ROWKEEP_URL");
    command.output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn findings_are_printed_with_the_line_of_the_project() {
    let mut fixture = Fixture::new("doctor_typed", "2025_h2, 2026_h1");
    fixture.run(&["ALTER TABLE settlement_ods.mart_uni_tracking_spath ADD station INTEGER"]);
    let url = fixture.url.clone();
    let arguments = ["--dialect", "postgres", "--url", &url];
    let output = run_doctor(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    insta::assert_snapshot!("typed", text(&output.stderr) + "\n" + &text(&output.stdout));
    let json: serde_json::Value =
        serde_json::from_slice(&run_doctor(&[&arguments[..], &["--format", "json"]].concat()).stdout).expect("JSON");
    assert_eq!(json["findings"][0]["code"], "RK905");
    assert_eq!((&json["relations"], &json["monitors_asked"]), (&30.into(), &28.into()));
    fixture.run(&["ALTER TABLE settlement_ods.mart_uni_tracking_spath DROP station"]);
    let output = run_doctor(&arguments);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert!(text(&output.stdout).starts_with("nothing is wrong\n"));
}

#[test]
fn a_database_of_another_engine_is_refused() {
    let fixture = Fixture::new("doctor_other", "2025_h2");
    let output = run_doctor(&["--url", &fixture.url]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr)
            .contains("the database is postgres, but the project is compiled for redshift; use `--dialect postgres`")
    );
    let output = run_doctor(&["--dialect", "duckdb", "--url", &fixture.url]);
    assert!(text(&output.stderr).contains("supports PostgreSQL and Redshift"), "{}", text(&output.stderr));
}
