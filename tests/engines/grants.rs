//! Grants: a rotation leaves no table without its readers.

use rowkeep::doctor::doctor;
use rowkeep::rotate::Rotation;
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::Engine;

const PROJECT: &str = "name: shop
dialect: postgres
schema: granted
periods: [2025_h2, 2026_h1]
exceptions: { table: shop_exceptions, key: order_id }
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, updated_at: bigint not null }
    grants: { select: [rowkeep_reader, '\"rowkeep-bi\"'] }
";

#[test]
fn a_new_history_table_may_be_read_by_the_readers() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    let spec = resolve(&inputs).expect("it resolves");
    let before = rowkeep::compile(&inputs).expect("it compiles");
    let Ok(Rotation::Added { inputs: later, .. }) = rowkeep::rotate::rotate(&inputs, None, None, None) else {
        panic!("a period is added")
    };
    let after = rowkeep::compile(&later).expect("it compiles");
    let mut engine = Engine::open(Dialect::Postgres, "grants");
    engine.create(&spec, before.manifest(), Dialect::Postgres);
    engine.run("GRANT USAGE ON SCHEMA granted TO rowkeep_reader, \"rowkeep-bi\"");
    engine.define(after.manifest());

    for reader in ["rowkeep_reader", "\"rowkeep-bi\""] {
        engine.run(&format!("SET ROLE {reader}"));
        for relation in [
            "mart_orders",
            "hist_orders_2025_h2",
            "hist_orders_2026_h2",
            "all_hist_orders",
            "all_hist_orders__copies",
            "shop_exceptions",
        ] {
            assert_eq!(
                engine.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM granted.{relation}")),
                ["0"],
                "{relation}"
            );
        }
        let closed = ["SELECT * FROM granted.mart_orders__cutoff", "DELETE FROM granted.mart_orders"];
        for sql in closed {
            let refused = engine.after(sql, "SELECT 'ran'").expect_err("a reader only reads");
            assert!(refused.starts_with("permission denied"), "{refused}");
        }
        engine.run("RESET ROLE");
    }

    // The doctor names a table that a reader may not read.
    let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    let url = stated.replace("dbname=postgres", "dbname=grants");
    let later = resolve(&later).expect("it resolves");
    let findings = || -> Vec<String> {
        let checkup = doctor(&later, after.artifacts(), (&url, None), &mut |_| {}).expect("the database answers");
        let of_readers = checkup.findings.iter().filter(|found| found.code().as_str() == "RK927");
        of_readers.map(|found| found.message().to_owned()).collect()
    };
    assert!(findings().is_empty(), "{:?}", findings());
    engine.run("REVOKE SELECT ON granted.hist_orders_2026_h2 FROM rowkeep_reader");
    let said = "rowkeep_reader may not read granted.hist_orders_2026_h2, but `grants` names it as a reader";
    assert_eq!(findings(), [said]);
}
