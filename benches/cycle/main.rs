//! The time of a cycle on DuckDB and PostgreSQL, beside the hand-written hooks and the limit.
//!
//! ```sh
//! scripts/with-engines cargo bench --features rehearse --bench cycle -- --engine duckdb
//! ```
//!
//! Every run is in a transaction that is rolled back, so each run finds the same rows. The candidates
//! take turns. docs/explanation/performance.md prints the result.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock and files")]

mod by_hand;
mod limit;
mod warehouse;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use rowkeep::artifacts::manifest::{Hook, Manifest};
use rowkeep::{Dialect, Spec};
use warehouse::Warehouse;

#[path = "../../tests/shared/engine.rs"]
mod engine;
#[path = "../../tests/shared/projects.rs"]
mod projects;

/// What a cycle finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Situation {
    /// A batch, and rows that have become due.
    Cycle,
    /// No batch, and no due rows.
    Idle,
    /// A third of the mart is due.
    Backlog,
    /// The nightly sweep.
    Sweep,
}

/// Times the hooks of examples/order_tracking.
#[derive(Parser)]
struct Options {
    #[arg(long, default_value = "duckdb", value_parser = dialect)]
    engine: Dialect,
    /// Rows of each mart.
    #[arg(long, default_value_t = 1_000_000)]
    mart: u64,
    /// Rows of the history tables of each mart.
    #[arg(long, default_value_t = 10_000_000)]
    history: u64,
    /// Half-years with a history table. The last four are open.
    #[arg(long, value_delimiter = ',', default_values_t = [5, 10, 40])]
    periods: Vec<usize>,
    #[arg(long, value_delimiter = ',', default_values = ["cycle"])]
    situation: Vec<Situation>,
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Leave out the indexes of `ddl/`.
    #[arg(long)]
    no_indexes: bool,
    /// Print the time of each statement.
    #[arg(long)]
    statements: bool,
    /// Cargo gives it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn dialect(name: &str) -> Result<Dialect, String> {
    match name {
        "duckdb" => Ok(Dialect::DuckDb),
        "postgres" => Ok(Dialect::Postgres),
        other => Err(format!("{other} is not an engine that runs here: duckdb or postgres")),
    }
}

/// Statements with their names, in run order.
type Statements = Vec<(String, String)>;

fn main() {
    let options = Options::parse();
    println!("{} mart rows, {} history rows in each family, 4 open periods", options.mart, options.history);
    for &periods in &options.periods {
        let inputs = warehouse::project(periods, options.engine);
        let spec = rowkeep::resolve(&inputs).expect("the example resolves");
        let compilation = rowkeep::compile(&inputs).expect("the example compiles");
        for &situation in &options.situation {
            let mut warehouse = Warehouse::fill(&options, &spec, compilation.manifest(), situation);
            let candidates = candidates(&spec, compilation.manifest(), situation, options.engine);
            report(&options, periods, situation, &measure(&options, &mut warehouse, &candidates));
        }
    }
}

fn candidates(
    spec: &Spec,
    manifest: &Manifest,
    situation: Situation,
    dialect: Dialect,
) -> Vec<(&'static str, Statements)> {
    let named = |model: &str, hooks: &[Hook]| -> Statements {
        hooks.iter().map(|hook| (format!("{model}/{}", hook.name), hook.sql.clone())).collect()
    };
    if situation == Situation::Sweep {
        let sweep = manifest.sweep.iter().flat_map(|swept| named(&swept.model, &swept.post_hooks)).collect();
        return vec![("rowkeep", sweep)];
    }
    let nodes = manifest.order.iter().map(|id| &manifest.nodes[id]);
    let hooks = nodes.flat_map(|node| named(&node.name, &node.post_hooks)).collect();
    let mut all = vec![("by hand", by_hand::hooks(spec, dialect)), ("rowkeep", hooks)];
    if situation == Situation::Cycle {
        all.push(("limit", limit::statements(spec, dialect)));
    }
    all
}

/// The times of one candidate: of each run, and of each statement over all runs.
#[derive(Default)]
struct Times {
    statements: usize,
    /// The rows that left the marts in a run. Times of candidates that move different rows cannot
    /// be compared.
    left: u64,
    runs: Vec<Duration>,
    each: BTreeMap<String, Vec<Duration>>,
}

/// Runs the candidates in turns. The first turn is not counted.
fn measure(
    options: &Options,
    warehouse: &mut Warehouse,
    candidates: &[(&'static str, Statements)],
) -> Vec<(&'static str, Times)> {
    let mut all: Vec<_> = candidates.iter().map(|(name, _)| (*name, Times::default())).collect();
    let before = warehouse.mart_rows();
    for turn in 0..=options.runs {
        for ((_, statements), (_, times)) in candidates.iter().zip(&mut all) {
            warehouse.engine.run("BEGIN");
            let begun = Instant::now();
            for (name, sql) in statements {
                let at = Instant::now();
                warehouse.engine.run(sql);
                if turn > 0 {
                    times.each.entry(name.clone()).or_default().push(at.elapsed());
                }
            }
            if turn > 0 {
                times.runs.push(begun.elapsed());
            }
            times.left = before - warehouse.mart_rows();
            warehouse.engine.run("ROLLBACK");
            times.statements = statements.len();
            warehouse.after_rollback();
        }
    }
    all
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

fn report(options: &Options, periods: usize, situation: Situation, all: &[(&'static str, Times)]) {
    let by_hand = all.iter().find(|(name, _)| *name == "by hand").map(|(_, times)| median(&times.runs).as_secs_f64());
    println!("\n{} · {periods} periods · {situation:?}", options.engine);
    for (name, times) in all {
        let seconds = median(&times.runs).as_secs_f64();
        let ratio = by_hand.map_or_else(String::new, |by_hand| format!("  {:.2} of by hand", seconds / by_hand));
        let (statements, left) = (times.statements, times.left);
        println!("  {name:<8} {statements:>4} statements  {left:>7} rows left  {seconds:>7.3} s{ratio}");
        if options.statements {
            let mut each: Vec<_> = times.each.iter().map(|(name, each)| (median(each), name)).collect();
            each.sort_by(|a, b| b.cmp(a));
            for (time, name) in each.iter().take(25) {
                println!("           {:>9.1} ms  {name}", time.as_secs_f64() * 1000.0);
            }
        }
    }
}
