//! Time and memory of a compilation: a project of 1,000 tables and 20 periods, and the example.
//! Each has a second benchmark that only parses the same statements.
//! docs/explanation/performance.md quotes the ratio of the two.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock and files")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rowkeep::{Compilation, Inputs};
use sqlparser::dialect::RedshiftSqlDialect;
use sqlparser::parser::Parser;

#[path = "../tests/shared/projects.rs"]
mod projects;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

const PERIODS: usize = 20;

fn main() {
    if std::env::args().any(|argument| argument == "--stages") {
        stages();
    } else {
        divan::main();
    }
}

/// A project with this number of tables, in groups of three as in the example: versions of a key,
/// their details, and events. All periods are open.
fn large(tables: usize) -> Inputs {
    let periods: Vec<_> = (0..PERIODS).map(|i| format!("{}_q{}", 2021 + i / 4, i % 4 + 1)).collect();
    let mut project = format!(
        "name: large\ndialect: redshift\nschema: ods\nperiods: [{}]\nexceptions: {{ table: gaps, key: order_id }}\ntables:\n",
        periods.join(", ")
    );
    for i in 0..tables {
        let (key, rows, retention) = match i % 3 {
            0 => ("order_id".to_owned(), "latest", "{ for: 180 days }".to_owned()),
            1 => ("order_id".to_owned(), "latest", format!("{{ while_in: mart_{:04} }}", i - 1)),
            _ => ("[order_id, seen_at]".to_owned(), "events", "{ for: 180 days }".to_owned()),
        };
        project.push_str(&format!(
            "- {{ model: mart_{i:04}, history: hist_{i:04}, unique_key: {key}, time: {{ column: seen_at, unit: epoch_seconds }}, \
             rows: {rows}, retention: {retention}, exception: GAP_{i:04}, source: landing.raw_{i:04}, \
             columns: {{ order_id: bigint not null, seen_at: bigint, state: integer, place: varchar(40), amount: \"decimal(12, 2)\", note: text }} }}\n"
        ));
    }
    Inputs::new("rowkeep.yml", project)
}

fn compile(inputs: &Inputs) -> Compilation {
    rowkeep::compile(inputs).expect("it compiles")
}

/// Every emitted statement.
fn statements(artifacts: &Compilation) -> Vec<String> {
    let manifest = artifacts.manifest();
    let of_nodes = manifest.nodes.values().flat_map(|node| node.load.iter().chain(&node.post_hooks));
    let hooks = of_nodes.chain(manifest.sweep.iter().flat_map(|sweep| &sweep.post_hooks)).map(|hook| hook.sql.clone());
    let operations = manifest.tasks().map(|task| task.sql.clone());
    hooks.chain(manifest.ddl.iter().map(|definition| definition.sql.clone())).chain(operations).collect()
}

fn parse(statements: &[String]) -> usize {
    let parsed = statements.iter().map(|sql| Parser::parse_sql(&RedshiftSqlDialect {}, sql).expect("SQL").len());
    parsed.sum()
}

#[divan::bench(sample_count = 1, sample_size = 1, args = [100, 1_000])]
fn compile_large(bencher: divan::Bencher, tables: usize) {
    let inputs = large(tables);
    bencher.bench_local(|| compile(&inputs));
}

#[divan::bench(sample_count = 1, sample_size = 1, args = [100, 1_000])]
fn parse_alone_large(bencher: divan::Bencher, tables: usize) {
    let statements = statements(&compile(&large(tables)));
    bencher.bench_local(|| parse(&statements));
}

#[divan::bench]
fn compile_example(bencher: divan::Bencher) {
    let inputs = projects::example();
    bencher.bench_local(|| compile(&inputs));
}

#[divan::bench]
fn parse_alone_example(bencher: divan::Bencher) {
    let statements = statements(&compile(&projects::example()));
    bencher.bench_local(|| parse(&statements));
}

/// Prints the time of each stage of one compilation of the large project, and the time of the
/// parser alone: `cargo bench --bench compile -- --stages`.
fn stages() {
    let inputs = large(1_000);
    let mut took: BTreeMap<usize, (&str, Duration)> = BTreeMap::new();
    let begun = Instant::now();
    let mut last = begun;
    let artifacts = rowkeep::compile_watched(&inputs, &mut |stage| {
        took.insert(took.len(), (stage, last.elapsed()));
        last = Instant::now();
    });
    let whole = begun.elapsed();
    let artifacts = artifacts.expect("it compiles");
    let statements = statements(&artifacts);
    let bytes: usize = statements.iter().map(String::len).sum();
    let output: usize = artifacts.files().values().map(String::len).sum();
    drop(artifacts);
    let begun = Instant::now();
    parse(&statements);
    let alone = begun.elapsed();
    println!("{} statements, {} MB of SQL, {} MB of output", statements.len(), bytes / 1_000_000, output / 1_000_000);
    for (stage, time) in took.values() {
        println!("  {stage:8} {:>8.2} s  {:>5.2}", time.as_secs_f64(), time.as_secs_f64() / alone.as_secs_f64());
    }
    println!("  {:8} {:>8.2} s  {:>5.2}", "whole", whole.as_secs_f64(), whole.as_secs_f64() / alone.as_secs_f64());
    println!("  {:8} {:>8.2} s  {:>5.2}", "parse", alone.as_secs_f64(), 1.0);
}
