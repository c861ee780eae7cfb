//! Every statement of every golden and example runs, on empty tables at least.

use std::path::Path;

use rowkeep::{Inputs, resolve};

use crate::engine::{ENGINES, Engine, cycle, order_tracking, run_at, sweep};

#[test]
fn every_statement_of_every_golden_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut ran = 0;
    let mut cases: Vec<_> =
        std::fs::read_dir(folder).expect("there are goldens").map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    for case in cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        // The example's snapshots stand among the goldens; its project does not.
        let Ok(text) = std::fs::read_to_string(case.join("rowkeep.yml")) else { continue };
        if name.starts_with("err_") {
            continue;
        }
        for dialect in ENGINES {
            run_all(
                &Inputs::new("rowkeep.yml", text.clone()).with_dialect(dialect),
                dialect,
                &format!("golden_{name}"),
            );
        }
        ran += 1;
    }
    assert!(ran >= 15, "only {ran} goldens were found");
}

#[test]
fn every_statement_of_the_example_runs() {
    for dialect in ENGINES {
        run_all(&order_tracking(dialect, "2025_h2, 2026_h1"), dialect, "example_statements");
    }
}

fn run_all(inputs: &Inputs, dialect: rowkeep::Dialect, name: &str) {
    let manifest = rowkeep::compile(inputs)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render(inputs, rowkeep::Style::Plain)))
        .manifest()
        .clone();
    // A project that names its database runs in one of that name.
    let database = manifest.ddl[0].relation.split('.').rev().nth(2).unwrap_or(name).to_owned();
    let mut engine = Engine::open(dialect, &database);
    engine.create(&resolve(inputs).expect("it resolves"), &manifest, dialect);
    engine.define(&manifest);
    run_at(&mut engine, &cycle(&manifest), dialect, 1_780_000_000);
    run_at(&mut engine, &sweep(&manifest), dialect, 1_780_000_000);
}
