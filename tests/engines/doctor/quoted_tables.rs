//! The doctor reads tables whose names are in quotes.

use rowkeep::doctor::doctor;
use rowkeep::{Dialect, resolve};

use crate::engine::Engine;
use crate::projects;

#[test]
fn names_in_quotes_are_found_in_the_catalogue() {
    // No period ends, so that no horizon is near.
    let inputs = projects::golden_with("quoted_tables", |text| {
        text.replace("[2025_h2, 2026_h1]", "[{ name: all, start: 2019-01-01, end: 2200-01-01 }]")
    });
    let spec = resolve(&inputs).expect("it resolves");
    let compilation = rowkeep::compile(&inputs).expect("it compiles");
    let mut engine = Engine::open(Dialect::Postgres, "doctor_quoted");
    engine.create(&spec, compilation.manifest(), Dialect::Postgres);
    let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    let url = stated.replace("dbname=postgres", "dbname=doctor_quoted");
    let findings = || -> Vec<String> {
        let checkup = doctor(&spec, compilation.artifacts(), (&url, None), &mut |_| {}).expect("the database answers");
        checkup.findings.iter().map(|found| format!("{} {}", found.code(), found.message())).collect()
    };
    assert_eq!(findings(), [""; 0]);

    engine.run("DROP TABLE \"Archive\".\"Orders all\" CASCADE");
    let found = findings();
    assert!(found.iter().any(|found| found.starts_with("RK901 \"Archive\".\"Orders all\"")), "{found:#?}");
}
