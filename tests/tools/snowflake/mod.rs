//! The judge of rehearsals on fakesnow, which runs statements for Snowflake on DuckDB.
//! `scripts/with-fakesnow` installs it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rowkeep::rehearse::{Engine, Options, Project, Record, rehearse};
use rowkeep::{Dialect, Error, Inputs, Style};
use serde_json::{Value, json};

use crate::projects;

/// A golden with time columns of every unit, in parents and children.
const UNITS: &str = "features/operations_units";

/// An account in a Python process. The process ends with its input.
pub struct Fakesnow {
    _process: Child,
    asks: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Fakesnow {
    /// Opens an account without a database.
    pub fn open() -> Self {
        let python = std::env::var("ROWKEEP_FAKESNOW").expect("ROWKEEP_FAKESNOW is set by scripts/with-fakesnow");
        let mut command = Command::new(python);
        command.arg(projects::root().join("tests/tools/snowflake/fake.py"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("Python starts");
        let asks = process.stdin.take().expect("a pipe");
        let says = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { _process: process, asks, says }
    }

    /// Starts a server for clients of Snowflake, and returns its port.
    pub fn serve(&mut self) -> String {
        let mut rows = self.ask(&json!({ "serve": true })).expect("it listens");
        rows[0].remove(0).expect("a port")
    }

    fn ask(&mut self, asked: &Value) -> Result<Vec<Record>, Error> {
        writeln!(self.asks, "{asked}").expect("it reads");
        let mut line = String::new();
        self.says.read_line(&mut line).expect("it answers");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{asked}: {error}: {line}"));
        match said["error"].as_str() {
            Some(why) => Err(Error::Engine { engine: "fakesnow", why: format!("{why}\n{asked}") }),
            None => Ok(serde_json::from_value(said["rows"].clone()).expect("rows of texts")),
        }
    }
}

impl Engine for Fakesnow {
    fn dialect(&self) -> Dialect {
        Dialect::Snowflake
    }

    /// Rehearsals give the names of schemas in lower case, as they compare them.
    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        let swapped = |c: char| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        let stored = |part: &String| part.chars().map(swapped).collect::<String>();
        let schemas: Vec<Vec<_>> = schemas.iter().map(|parts| parts.iter().map(stored).collect()).collect();
        self.ask(&json!({ "reset": schemas })).map(drop)
    }

    fn place(&self, _schema: &[String]) -> Option<String> {
        None
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.ask(&json!({ "run": sql })).map(drop)
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        self.ask(&json!({ "rows": sql }))
    }
}

/// Tells a story of a project, and asks all laws.
fn no_law_is_broken_by(name: &str, inputs: &Inputs) {
    let project = Project::new(inputs, Dialect::Snowflake)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render(inputs, Style::Plain)));
    let options = Options { seeds: 0..1, cycles: 12, workers: 1, ..Options::default() };
    let open = || Ok(Box::new(Fakesnow::open()) as Box<dyn Engine>);
    let report = rehearse(&project, &options, &open, &|_| {}).unwrap_or_else(|error| panic!("{name}: {error}"));
    println!("{name}: {:?}", report.done);
    let broken: Vec<_> = report.laws.iter().filter(|verdict| !verdict.broken_by.is_empty()).collect();
    assert!(broken.is_empty() && report.is_clean(), "{name}: {broken:#?}");
    assert!(report.done.stops > 0 && report.done.cycles > 5 && report.done.sweeps > 0, "{name}: {:?}", report.done);
}

#[test]
fn no_law_is_broken_by_what_is_compiled_for_snowflake() {
    no_law_is_broken_by(UNITS, &projects::golden(UNITS));
    // The long run tells a story of every golden.
    if std::env::var("ROWKEEP_SEEDS").is_ok() {
        no_law_is_broken_by("the example", &projects::example());
        for golden in projects::compiling_for(Dialect::Snowflake) {
            no_law_is_broken_by(&golden, &projects::golden(&golden));
        }
    }
}

/// Otherwise the stories prove nothing.
#[test]
fn fakesnow_refuses_what_snowflake_refuses() {
    let mut account = Fakesnow::open();
    account.reset(&[vec!["ods".to_owned()]]).expect("an empty account");
    account.run("CREATE TABLE IF NOT EXISTS ods.orders (order_id BIGINT NOT NULL)").expect("a table");
    for wrong in ["DELETE FROM ods.items WHERE TRUE", "INSERT INTO ods.orders (order_id) VALUES (NULL)", "SELEC 1"] {
        assert!(account.run(wrong).is_err(), "{wrong}");
    }
}
