//! Google's reference implementation runs stories beside DuckDB. After each statement, the changed
//! table must have the same rows on both, and the judge asks all laws.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use rowkeep::rehearse::{Engine, Ledger, Options, Project, Record, rehearse};
use rowkeep::{Dialect, Error, Style};
use serde_json::{Value, json};

use crate::{projects, shim};

/// The columns of a table, each with its type.
type Columns = Vec<(String, String)>;

/// Both engines, with the same tables.
struct Executor {
    duckdb: shim::BigQuery,
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    tables: BTreeMap<String, Columns>,
}

impl Executor {
    fn open() -> Result<Self, Error> {
        let duckdb = shim::BigQuery::open()?;
        let python = std::env::var("ROWKEEP_GOOGLESQL").expect("ROWKEEP_GOOGLESQL is set by scripts/with-googlesql");
        let mut command = Command::new(python);
        command.arg("-B").arg(projects::root().join("tests/tools/googlesql/execute.py"));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let requests = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Ok(Self { duckdb, process, requests, answers, tables: BTreeMap::new() })
    }

    fn ask(&mut self, request: &Value) -> Result<Value, Error> {
        writeln!(self.requests, "{request}").expect("it reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        match answer["error"].as_str() {
            Some(why) => Err(Error::Engine { engine: "GoogleSQL", why: format!("{why}\n{request}") }),
            None => Ok(answer),
        }
    }

    /// The rows of a table on DuckDB, sorted.
    fn rows_of(&mut self, table: &str) -> Result<Vec<Record>, Error> {
        let column = |(name, kind): &(String, String)| match kind.as_str() {
            "DATE" => format!("CAST(date_diff('day', DATE '1970-01-01', `{name}`) AS VARCHAR)"),
            "TIMESTAMP" | "DATETIME" => format!("CAST(epoch_us(`{name}`) AS VARCHAR)"),
            _ => format!("CAST(`{name}` AS VARCHAR)"),
        };
        let columns: Vec<_> = self.tables[table].iter().map(column).collect();
        let mut rows = self.duckdb.rows(&format!("SELECT {} FROM {table}", columns.join(", ")))?;
        rows.sort();
        Ok(rows)
    }
}

/// A value as both engines would write it.
fn plain(kind: &str, text: String) -> String {
    match kind {
        "DOUBLE" => text.parse::<f64>().expect("a number").to_string(),
        "NUMERIC" | "BIGNUMERIC" if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text,
    }
}

impl Engine for Executor {
    fn dialect(&self) -> Dialect {
        Dialect::BigQuery
    }

    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        self.tables.clear();
        self.ask(&json!({ "reset": true }))?;
        self.duckdb.reset(schemas)
    }

    fn place(&self, schema: &[String]) -> Option<String> {
        self.duckdb.place(schema)
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.duckdb.run(sql)?;
        // A delivery is written for DuckDB. Its rows are loaded as they are.
        let into = sql.strip_prefix("INSERT INTO ").filter(|rest| rest.contains(" VALUES ("));
        let names = |table: &&String| {
            into.is_some_and(|rest| rest.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with(' ')))
        };
        if let Some(table) = self.tables.keys().find(names).cloned() {
            let rows = self.rows_of(&table)?;
            return self.ask(&json!({ "load": table, "rows": rows })).map(drop);
        }
        let answer = self.ask(&json!({ "run": with_clock(sql) }))?;
        let Some(table) = answer["table"].as_str() else { return Ok(()) };
        let columns: Columns = serde_json::from_value(answer["columns"].clone()).expect("columns");
        let rows: Vec<Record> = serde_json::from_value(answer["rows"].clone()).expect("rows");
        self.tables.insert(table.to_owned(), columns.clone());
        let normal = |rows: Vec<Record>| {
            let value = |(value, (_, kind)): (Option<String>, &(String, String))| value.map(|text| plain(kind, text));
            let mut rows: Vec<Record> =
                rows.into_iter().map(|row| row.into_iter().zip(&columns).map(value).collect()).collect();
            rows.sort();
            rows
        };
        let on_duckdb = self.rows_of(table)?;
        assert_eq!(normal(rows), normal(on_duckdb), "GoogleSQL and DuckDB differ after:\n{sql}");
        Ok(())
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        self.duckdb.rows(sql)
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The statement with the times of the story as GoogleSQL writes them. A rehearsal writes them as
/// DuckDB does.
fn with_clock(sql: &str) -> String {
    let of_duckdb =
        ["(TIMESTAMPTZ '1970-01-01 00:00:00+00' + INTERVAL '", "(TIMESTAMP '1970-01-01 00:00:00' + INTERVAL '"];
    of_duckdb.iter().fold(sql.to_owned(), |sql, begin| {
        let mut pieces = sql.split(begin);
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (seconds, rest) = piece.split_once(" seconds'").expect("a time");
            out.push_str(&format!("TIMESTAMP_SECONDS({seconds}{rest}"));
        }
        out
    })
}

/// The example, and goldens that together have every unit, type and form: folder, seed and cycles.
/// These are the shortest stories in which a row leaves each mart and a run stops.
const STORIES: [(&str, u64, usize); 7] = [
    ("examples/order_tracking", 1, 6),
    ("golden/compile/erasure_hashed", 5, 4),
    ("golden/compile/composite_text_key", 2, 6),
    ("golden/compile/unit_timestamp", 2, 6),
    ("golden/compile/unit_date", 2, 6),
    ("golden/compile/types", 0, 3),
    ("golden/compile/purge_only", 3, 5),
];

fn no_law_is_broken_by(folder: &str, seed: u64, cycles: usize) {
    let inputs = folder.strip_prefix("golden/").map_or_else(projects::example, projects::golden);
    let projects = Project::each(&inputs, Dialect::BigQuery)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)));
    let options = Options { seeds: seed..seed + 1, cycles, workers: 1, ..Options::default() };
    for project in &projects {
        let open = || Ok(Box::new(Executor::open()?) as Box<dyn Engine>);
        let report = rehearse(project, &options, &open, &|_| {}).unwrap_or_else(|error| panic!("{folder}: {error}"));
        println!("{folder}: {:?}", report.done);
        let broken: Vec<_> = report.laws.iter().filter(|verdict| !verdict.broken_by.is_empty()).collect();
        assert!(broken.is_empty() && report.is_clean(), "{folder}: {broken:#?}");
        assert!(report.ledger.iter().all(|ledger| ledger.closes), "{folder}: {:#?}", report.ledger);
        if STORIES.contains(&(folder, seed, cycles)) {
            // A story without stops, or that moves nothing, would prove little.
            let moves = |ledger: &Ledger| !ledger.archived.is_empty() || ledger.purged > 0;
            assert!(report.done.stops > 0 && report.ledger.iter().all(moves), "{folder}: {:#?}", report.ledger);
        }
    }
}

/// A long run, with ROWKEEP_SEEDS, tells a story of each golden.
#[test]
fn no_law_is_broken_on_the_reference_implementation() {
    let goldens = projects::compiling_for(Dialect::BigQuery).into_iter().map(|name| format!("golden/{name}"));
    let is_long = std::env::var_os("ROWKEEP_SEEDS").is_some();
    let long = goldens.filter(|_| is_long).map(|folder| (folder, 0, 12));
    let stories: Vec<_> =
        STORIES.iter().map(|(folder, seed, cycles)| ((*folder).to_owned(), *seed, *cycles)).chain(long).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((folder, seed, cycles)) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    no_law_is_broken_by(folder, *seed, *cycles);
                }
            });
        }
    });
}

/// The comparison must see a row that only one of the two has.
#[test]
#[should_panic(expected = "GoogleSQL and DuckDB differ")]
fn a_difference_is_found() {
    let mut executor = Executor::open().expect("it opens");
    executor.reset(&[vec!["ods".to_owned()]]).expect("it resets");
    for sql in ["CREATE TABLE ods.m (id INT64)", "INSERT INTO ods.m (id) SELECT 1"] {
        executor.run(sql).expect(sql);
    }
    executor.duckdb.run("INSERT INTO ods.m (id) VALUES (2)").expect("DuckDB takes it");
    let _ = executor.run("DELETE FROM ods.m WHERE m.id = 1");
}
