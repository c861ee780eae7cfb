//! Google's own analyzer resolves every BigQuery statement against the tables that `ddl/` creates.
//! `scripts/with-googlesql` installs it.

mod executor;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use rowkeep::{Dialect, Inputs, resolve};
use serde_json::{Value, json};

use crate::second_opinion::statements;
use crate::{engine, projects};

/// The aliases of the templates. Raw tables may have columns of these names, which no spec
/// declares.
fn aliases() -> BTreeSet<String> {
    let folder = projects::root().join("templates");
    let of_file = |file: std::path::PathBuf| {
        let text = std::fs::read_to_string(folder.join(file)).expect("a template");
        let names = text
            .split(" AS ")
            .skip(1)
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned());
        names.filter(|name| name.starts_with('_')).collect::<Vec<_>>()
    };
    projects::files(&folder).into_iter().flat_map(of_file).collect()
}

/// A statement without literals and names of tables, and with the type of each column in the place
/// of its name.
fn shape(sql: &str, types: &BTreeMap<String, BTreeSet<String>>) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut shape = String::new();
    for (nth, piece) in sql.split('\'').enumerate() {
        // Every second piece is a text.
        if nth % 2 == 1 {
            shape.push_str("''");
            continue;
        }
        for part in piece.split_inclusive(|c: char| !is_part(c) && c != '.') {
            let word = part.trim_end_matches(|c: char| !is_part(c) && c != '.');
            let column = word.rsplit('.').next().unwrap_or_default();
            match types.get(column) {
                Some(types) => {
                    // Templates begin their aliases with `_`. Other qualifiers are names of tables.
                    let qualifier = &word[..word.len() - column.len()];
                    shape.push_str(if qualifier.starts_with('_') || qualifier.is_empty() { qualifier } else { "t." });
                    shape.push_str(&types.iter().map(String::as_str).collect::<Vec<_>>().join("/"));
                }
                None if word.starts_with(|c: char| c.is_ascii_digit()) || word.contains('.') => shape.push('_'),
                None => shape.push_str(word),
            }
            shape.push_str(&part[word.len()..]);
        }
    }
    shape
}

/// A project as the analyzer takes it: what creates its tables, and its statements. A statement is
/// left out if earlier ones have each part of its lines, unless ROWKEEP_GOOGLESQL_ALL is set:
/// goldens repeat most.
fn project(name: &str, inputs: &Inputs, parts: &mut BTreeSet<String>) -> Value {
    let inputs = inputs.clone().with_dialect(Dialect::BigQuery);
    let compilation = rowkeep::compile(&inputs).expect(name);
    let spec = resolve(&inputs).expect("it resolves");
    let more: String = aliases().iter().map(|alias| format!(", {alias} INT64")).collect();
    let given = engine::given_tables(&spec, Dialect::BigQuery);
    let given = given.into_iter().map(|(table, columns)| {
        (format!("{table}, which the project is given"), format!("CREATE TABLE {table} ({columns}{more})"))
    });
    let manifest = compilation.manifest();
    let ddl = manifest.ddl.iter().map(|definition| (definition.path.clone(), definition.sql.clone()));
    let definitions: Vec<_> = given.chain(ddl).collect();
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, table) in spec.tables() {
        for column in table.columns.iter().chain(&table.raw_columns) {
            let ty = column.ty.sql(Dialect::BigQuery).to_string();
            let ty = ty.split('(').next().unwrap_or_default().to_owned();
            types.entry(column.name.sql(Dialect::BigQuery).to_string()).or_default().insert(ty);
        }
    }
    let all = std::env::var_os("ROWKEEP_GOOGLESQL_ALL").is_some();
    let statements = statements(manifest).filter(|(_, sql)| {
        let before = parts.len();
        let shape = shape(sql, &types);
        let code = shape.lines().map(str::trim).filter(|line| !line.starts_with("--"));
        // A list says no more with two columns of one type than with one.
        parts.extend(code.flat_map(|line| line.split(", ")).map(str::to_owned));
        all || parts.len() > before
    });
    json!({ "name": name, "definitions": definitions, "statements": statements.collect::<Vec<_>>() })
}

/// What the analyzer refuses: project, path and reason.
fn refused(projects: &[Value]) -> Vec<(String, String, String)> {
    let python = std::env::var("ROWKEEP_GOOGLESQL").expect("ROWKEEP_GOOGLESQL is set by scripts/with-googlesql");
    let mut command = Command::new(python);
    command.arg("-B").arg(projects::root().join("tests/tools/googlesql/analyze.py"));
    let mut analyzer = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    let json = serde_json::to_string(projects).expect("JSON");
    analyzer.stdin.take().expect("a pipe").write_all(json.as_bytes()).expect("it reads");
    let output = analyzer.wait_with_output().expect("it ends");
    assert!(output.status.success(), "it failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Statements that the analyzer must refuse. Otherwise the test proves nothing.
const BROKEN: [(&str, &str); 3] = [
    ("a type", "DELETE FROM ods.hist WHERE closed_at < 'x' || 'y'"),
    ("a column", "SELECT r.closed FROM landing.raw AS r"),
    // The column `h` of the inner table hides the alias `h`.
    ("an alias", "SELECT 1 FROM ods.hist AS h WHERE EXISTS (SELECT 1 FROM landing.raw AS r WHERE r.id = h.id)"),
];

fn broken() -> Value {
    let definitions = [
        ("hist", "CREATE TABLE ods.hist (id INT64, closed_at TIMESTAMP)"),
        ("raw", "CREATE TABLE landing.raw (id INT64, closed_at TIMESTAMP, h INT64)"),
    ];
    json!({ "name": "broken", "definitions": definitions, "statements": BROKEN })
}

#[test]
fn every_bigquery_statement_is_analyzed() {
    let goldens = projects::compiling_for(Dialect::BigQuery);
    let mut parts = BTreeSet::new();
    let mut all = vec![project("examples/order_tracking", &projects::example(), &mut parts)];
    all.extend(goldens.iter().map(|name| project(name, &projects::golden(name), &mut parts)));
    let read: usize = all.iter().map(|one| one["statements"].as_array().map_or(0, Vec::len)).sum();
    assert!(read > 800, "only {read} statements were read");
    println!("{read} statements");
    all.push(broken());
    let (broken, refused): (Vec<_>, Vec<_>) = refused(&all).into_iter().partition(|(name, ..)| name == "broken");
    assert_eq!(broken.len(), BROKEN.len(), "it accepts wrong statements: {broken:#?}");
    assert!(refused.is_empty(), "{} of {read}:\n{refused:#?}", refused.len());
}
