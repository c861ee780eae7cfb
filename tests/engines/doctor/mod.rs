//! `rowkeep doctor` on PostgreSQL: silent where nothing is wrong, and a line for each thing that is.

use crate::projects;
use std::process::{Command, Output};

use rowkeep::doctor::{Checkup, doctor};
use rowkeep::{Artifacts, Dialect, Level, Spec, Style};

mod connection;
mod drifts;

use crate::engine::Engine;

/// Ends long after whoever runs this does, so that no horizon is near; and what came before is sealed.
const PERIODS: &str =
    "{ name: old, start: 2019-01-01, end: 2020-01-01 }, { name: open, start: 2020-01-01, end: 2200-01-01 }";

const UTI: &str = "settlement_ods.mart_uni_tracking_info";
const UTS: &str = "settlement_ods.mart_uni_tracking_spath";
const EXCEPTIONS: &str = "settlement_ods.order_tracking_exceptions";
/// 2021-01-01, seconds since 1970: long due.
const DUE: i64 = 1_609_459_200;
/// As PostgreSQL says it: rows of today are not due.
const NOW: &str = "CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) AS BIGINT)";

struct Ground {
    engine: Engine,
    url: String,
    spec: Spec,
    artifacts: Artifacts,
}

impl Ground {
    /// The example on a database of its own, with an order of today.
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

    fn look(&self) -> Checkup {
        doctor(&self.spec, &self.artifacts, (&self.url, None), &mut |_| {}).expect("the database answers")
    }

    /// What is found: level, code and message.
    fn found(&self) -> Vec<(Level, String, String)> {
        let checkup = self.look();
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

fn typed(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
    command.args(["doctor", "--project", "examples/order_tracking"]).args(arguments);
    command.current_dir(projects::root()).env("NO_COLOR", "1").env_remove("ROWKEEP_URL");
    command.output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn what_is_found_is_printed_at_the_line_of_the_project() {
    let mut ground = Ground::new("doctor_typed", "2025_h2, 2026_h1");
    ground.run(&["ALTER TABLE settlement_ods.mart_uni_tracking_spath ADD station INTEGER"]);
    let url = ground.url.clone();
    let arguments = ["--dialect", "postgres", "--url", &url];
    let output = typed(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    insta::assert_snapshot!("typed", text(&output.stderr) + "\n" + &text(&output.stdout));
    let json: serde_json::Value =
        serde_json::from_slice(&typed(&[&arguments[..], &["--format", "json"]].concat()).stdout).expect("JSON");
    assert_eq!(json["findings"][0]["code"], "RK905");
    assert_eq!((&json["relations"], &json["monitors_asked"]), (&27.into(), &28.into()));
    ground.run(&["ALTER TABLE settlement_ods.mart_uni_tracking_spath DROP station"]);
    let output = typed(&arguments);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert!(text(&output.stdout).starts_with("nothing is wrong\n"));
}

#[test]
fn another_engine_than_the_projects_is_no_drift() {
    let ground = Ground::new("doctor_other", "2025_h2");
    let output = typed(&["--url", &ground.url]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr)
            .contains("the database is postgres, and the project is compiled for redshift: `--dialect postgres`")
    );
    let output = typed(&["--dialect", "duckdb", "--url", &ground.url]);
    assert!(text(&output.stderr).contains("looks at PostgreSQL and Redshift"), "{}", text(&output.stderr));
}
