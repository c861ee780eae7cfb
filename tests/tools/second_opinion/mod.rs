//! Two more parsers read the statements for engines that cannot run here: sqlglot and sqlfluff.
//! `scripts/with-sqlglot` installs both.

use crate::projects;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use rowkeep::Dialect;
use rowkeep::artifacts::manifest::{Hook, Manifest, OperationEntry};

/// Tables that require a filter on partitions, each with its partition column.
type Partitioned = BTreeMap<String, String>;

fn partitioned(artifacts: &rowkeep::Compilation, dialect: Dialect) -> Partitioned {
    let manifest = artifacts.manifest();
    let of_node = |node: &rowkeep::artifacts::manifest::Node| {
        // A purged table has no history tables.
        let Some(history) = &node.history else { return Vec::new() };
        let (name, column) = (history.rsplit('.').next().expect("a name").to_owned(), node.time.column.clone());
        manifest.periods.iter().map(|period| (format!("{name}_{}", period.name), column.clone())).collect::<Vec<_>>()
    };
    let all = manifest.nodes.values().flat_map(of_node);
    all.filter(|_| dialect == Dialect::BigQuery).collect()
}

/// Statements that the parser must refuse. Otherwise the test proves nothing. BigQuery would refuse
/// the last one.
const BROKEN: [&str; 4] = [
    "DELETE FROM WHERE TRUE",
    "SELECT a FROM t; SELECT b FROM t",
    "RETAIN a FOR b",
    "DELETE FROM s.hist_x WHERE hist_x.t < (SELECT MAX(t) FROM s.m)",
];

/// Every statement of a manifest, with values instead of parameters.
pub(crate) fn statements(manifest: &Manifest) -> impl Iterator<Item = (String, String)> + '_ {
    let nodes = manifest.nodes.values().flat_map(|node| node.load.iter().chain(&node.post_hooks));
    let hooks = nodes.chain(manifest.sweep.iter().flat_map(|sweep| &sweep.post_hooks));
    let hooks = hooks.map(|hook: &Hook| (hook.path.clone(), hook.sql.clone()));
    let ddl = manifest.ddl.iter().map(|definition| (definition.path.clone(), definition.sql.clone()));
    let given = |operation: &OperationEntry| {
        operation.parameters.iter().fold(operation.sql.clone(), |sql, name| {
            let value = match *name {
                "start" | "end" => crate::engine::bound_of_window(manifest, &operation.path),
                "expected" => "7",
                _ => "'7'",
            };
            sql.replace(&format!(":{name}"), value)
        })
    };
    let tasks: Vec<_> = manifest.tasks().map(|operation| (operation.path.clone(), given(operation))).collect();
    hooks.chain(ddl).chain(tasks)
}

/// The number of statements, and the statements that the second parser refuses, by file.
fn refused(dialect: Dialect) -> (usize, Vec<(String, String)>) {
    let mut all = BTreeMap::new();
    let goldens = projects::compiling_for(dialect).into_iter().map(|name| (projects::golden(&name), name));
    let example = (projects::example(), "examples/order_tracking".to_owned());
    for (inputs, golden) in goldens.chain([example]) {
        let artifacts = rowkeep::compile(&inputs.with_dialect(dialect)).expect(&golden);
        let partitioned = partitioned(&artifacts, dialect);
        // Statements that differ only in digits, such as those of two periods, have the same
        // grammar.
        for (path, sql) in statements(artifacts.manifest()) {
            let shape = sql.replace(|c: char| c.is_ascii_digit(), "0");
            all.entry(shape).or_insert_with(|| (sql, format!("{golden}: {path}"), partitioned.clone()));
        }
    }
    if dialect == Dialect::BigQuery {
        let artifacts = rowkeep::compile(&projects::order_items()).expect("the example compiles");
        let day = "2025-11-19".parse().expect("a day");
        for load in &artifacts.manifest().loads {
            for statement in load.statements.iter().chain([&load.clean]).chain(&load.monitors) {
                // The statements of a script are parsed one by one.
                for (number, sql) in statement.of_day(day).split(";\n").enumerate() {
                    let name = format!("{}, {number}", statement.path);
                    all.insert(sql.to_owned(), (sql.to_owned(), name, Partitioned::new()));
                }
            }
        }
    }
    for broken in BROKEN {
        let partitioned = Partitioned::from([("hist_x".to_owned(), "t".to_owned())]);
        all.insert(broken.to_owned(), (broken.to_owned(), broken.to_owned(), partitioned));
    }
    let pairs: Vec<_> = all.values().map(|(sql, name, partitioned)| (name, sql, partitioned)).collect();
    let mut refused = run("parse.py", dialect, &serde_json::to_string(&pairs).expect("JSON"));
    let all_refused = refused.len();
    refused.retain(|(name, _)| !BROKEN.contains(&name.as_str()));
    assert_eq!(all_refused - refused.len(), BROKEN.len(), "it accepts wrong statements");
    (pairs.len(), refused)
}

/// The statements that a script refuses, by name, each with the error.
fn run(script: &str, dialect: Dialect, input: &str) -> Vec<(String, String)> {
    let python = std::env::var("ROWKEEP_SQLGLOT").expect("ROWKEEP_SQLGLOT is set by scripts/with-sqlglot");
    let mut command = Command::new(python);
    command.arg(projects::root().join("tests/tools/second_opinion").join(script)).arg(dialect.as_str());
    let mut parser = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    parser.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = parser.wait_with_output().expect("it ends");
    assert!(output.status.success(), "it failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// sqlfluff reads 15 statements in a second, so it reads those of the example. In a long run
/// (`ROWKEEP_SEEDS`), it reads those of every golden.
fn fluff_parses(dialect: Dialect) {
    // Its grammar of Redshift has GROUP and ROLE only as the first of several readers, and no type
    // of PostgreSQL alone.
    let is_unknown =
        |name: &str| dialect == Dialect::Redshift && ["compile/grants", "compile/engine_types"].contains(&name);
    let is_read = |name: &String| std::env::var("ROWKEEP_SEEDS").is_ok() && !is_unknown(name);
    let goldens = projects::compiling_for(dialect).into_iter().filter(is_read);
    let goldens = goldens.map(|name| projects::golden(&name));
    let mut all = BTreeMap::new();
    for inputs in goldens.chain([projects::example()]) {
        let artifacts = rowkeep::compile(&inputs.with_dialect(dialect)).expect("it compiles");
        // The sweep has the forms of the cycle, without batches.
        let is_read = |path: &str| std::env::var("ROWKEEP_SEEDS").is_ok() || !path.starts_with("compiled/sweep/");
        for (path, sql) in statements(artifacts.manifest()).filter(|(path, _)| is_read(path)) {
            let shape = sql.replace(|c: char| c.is_ascii_digit(), "0");
            all.entry(shape).or_insert((path, sql));
        }
    }
    let broken = "DELETE FROM WHERE TRUE";
    let mut pairs: Vec<_> = all.into_values().collect();
    pairs.push((broken.to_owned(), broken.to_owned()));
    let refused = run("fluff.py", dialect, &serde_json::to_string(&pairs).expect("JSON"));
    println!("{dialect}: {} statements", pairs.len());
    assert!(pairs.len() > 100, "only {} statements were read", pairs.len());
    let names: Vec<_> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [broken], "{refused:#?}");
}

#[test]
fn sqlfluff_reads_the_statements_of_redshift() {
    fluff_parses(Dialect::Redshift);
}

#[test]
fn sqlfluff_reads_the_statements_of_bigquery() {
    fluff_parses(Dialect::BigQuery);
}

#[test]
fn sqlfluff_reads_the_statements_of_snowflake() {
    fluff_parses(Dialect::Snowflake);
}

fn all_parse(dialect: Dialect) {
    let (read, refused) = refused(dialect);
    println!("{dialect}: {read} statements");
    assert!(read > 1_000, "only {read} statements were read");
    assert!(refused.is_empty(), "{} of {read}:\n{refused:#?}", refused.len());
}

#[test]
fn every_redshift_statement_parses_as_redshift() {
    all_parse(Dialect::Redshift);
}

#[test]
fn every_bigquery_statement_parses_as_bigquery() {
    all_parse(Dialect::BigQuery);
}

#[test]
fn every_snowflake_statement_parses_as_snowflake() {
    all_parse(Dialect::Snowflake);
}
