//! Every statement of every golden and of the example runs on empty tables.

use rowkeep::{Inputs, resolve};

use crate::engine::{ENGINES, Engine, at, cycle, order_tracking, run_at, sweep};
use crate::projects;

#[test]
fn every_statement_of_every_golden_runs() {
    for dialect in ENGINES {
        let names = projects::compiling_for(dialect);
        assert!(names.len() >= 15, "only {} goldens were found", names.len());
        for name in names {
            run_all(
                &projects::golden(&name).with_dialect(dialect),
                dialect,
                &format!("golden_{}", name.replace('/', "_")),
            );
        }
    }
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
    // If the project names its database, the test database must have this name.
    let database = manifest.ddl[0].relation.split('.').rev().nth(2).unwrap_or(name).to_owned();
    let mut engine = Engine::open(dialect, &database);
    let spec = resolve(inputs).expect("it resolves");
    engine.create(&spec, &manifest, dialect);
    let has_uuid = spec.tables().any(|(_, table)| table.column(table.exception_key).ty == rowkeep::sql::SqlType::Uuid);
    let key = if has_uuid { "'00000000-0000-4000-8000-000000000001'" } else { "'1'" };
    engine.define(&manifest);
    run_at(&mut engine, &cycle(&manifest), dialect, 1_780_000_000);
    run_at(&mut engine, &sweep(&manifest), dialect, 1_780_000_000);
    for task in manifest.tasks() {
        let at_bound = crate::engine::bound_of_window(&manifest, &task.path);
        let given = [
            (":key", key),
            (":notes", "'why'"),
            (":type", "'T'"),
            (":expected", "0"),
            (":start", at_bound),
            (":end", at_bound),
        ];
        let sql = given.iter().fold(task.sql.clone(), |sql, (name, value)| sql.replace(name, value));
        engine.run(&at(&sql, dialect, 1_780_000_000));
    }
}
