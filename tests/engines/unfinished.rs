//! A row whose time is NULL until it is finished. If an archived row comes back without a time, it
//! stays, and its archived copy leaves.

use rowkeep::artifacts::manifest::{Hook, Manifest};
use rowkeep::{Dialect, Inputs, resolve};

use crate::engine::{Engine, at, cycle, sweep};

const PROJECT: &str = "name: shop
dialect: postgres
schema: ods
periods: [2025_h1, 2025_h2, 2026_h1]
sealed_before: 2025-07-01
exceptions: { table: shop_exceptions, key: id }
tables:
  - model: mart_tickets
    history: hist_tickets
    unique_key: id
    time: { column: closed_at }
    rows: latest
    only_when: { closed_at: { is: not null } }
    retention: { for: 90 days }
    exception: TICKETS_GAP
    columns: { id: bigint not null, state: text, closed_at: timestamptz }
  - model: mart_accounts
    history: { table: accounts_archive }
    unique_key: id
    time: { column: deleted_at }
    rows: latest
    retention: { until: deleted_at }
    exception: ACCOUNTS_GAP
    columns: { id: bigint not null, state: text, deleted_at: timestamptz }
";

const NOW: i64 = 1_772_323_200; // 2026-03-01

fn run(engine: &mut Engine, hooks: &[&Hook], dialect: Dialect) {
    hooks.iter().for_each(|hook| engine.run(&at(&hook.sql, dialect, NOW)));
}

fn installed(dialect: Dialect, database: &str) -> (Engine, Manifest) {
    let inputs = Inputs::new("rowkeep.yml", PROJECT).with_dialect(dialect);
    let manifest = rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{wrong}")).manifest().clone();
    let mut engine = Engine::open(dialect, database);
    engine.create(&resolve(&inputs).expect("it resolves"), &manifest, dialect);
    (engine, manifest)
}

fn rows(engine: &mut Engine, table: &str) -> Vec<String> {
    engine.texts(&format!("SELECT CONCAT_WS(' ', id, state) FROM ods.{table} ORDER BY id, state"))
}

#[test]
fn a_row_that_is_opened_again_stays() {
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let (mut engine, manifest) = installed(dialect, "unfinished");
        for (table, time) in [("mart_tickets", "closed_at"), ("mart_accounts", "deleted_at")] {
            engine.run(&format!(
                "INSERT INTO ods.{table} (id, state, {time}) VALUES (1, 'done', '2025-08-01 00:00:00+00'), \
                 (2, 'done', '2025-08-02 00:00:00+00'), (3, 'done', '2026-02-27 00:00:00+00'), (4, 'open', NULL), \
                 (5, 'done', '2025-03-01 00:00:00+00')"
            ));
        }
        run(&mut engine, &sweep(&manifest), dialect);
        assert_eq!(rows(&mut engine, "hist_tickets_2025_h2"), ["1 done", "2 done"], "{dialect}");
        assert_eq!(rows(&mut engine, "hist_tickets_2025_h1"), ["5 done"], "{dialect}");

        // One row is opened again, in a mart that another tool loads. One that is still there is
        // set back.
        for (table, time) in [("mart_tickets", "closed_at"), ("mart_accounts", "deleted_at")] {
            engine.run(&format!("INSERT INTO ods.{table} (id, state) VALUES (1, 'open again'), (5, 'open again')"));
            engine.run(&format!("UPDATE ods.{table} SET state = 'open again', {time} = NULL WHERE id = 3"));
        }
        // The views show the open rows at once, also in a sealed period, and after every statement.
        // The account 3 has expired, so it was archived before it could be set back.
        let of = |third| ["1 open again", "2 done", third, "4 open", "5 open again"];
        let views_are_correct = |engine: &mut Engine, after: &str| {
            for (view, third) in [("all_hist_tickets", "3 open again"), ("all_accounts_archive", "3 done")] {
                assert_eq!(rows(engine, view), of(third), "{dialect}: {view} after {after}");
            }
        };
        views_are_correct(&mut engine, "the load");
        for hook in cycle(&manifest).iter().chain(&cycle(&manifest)) {
            engine.run(&at(&hook.sql, dialect, NOW));
            views_are_correct(&mut engine, &hook.name);
        }
        let open = ["1 open again", "3 open again", "4 open", "5 open again"];
        assert_eq!(rows(&mut engine, "mart_tickets"), open, "{dialect}");
        assert_eq!(rows(&mut engine, "hist_tickets_2025_h2"), ["2 done"], "{dialect}");
        // A cycle does not read a sealed period.
        assert_eq!(rows(&mut engine, "hist_tickets_2025_h1"), ["5 done"], "{dialect}");
        run(&mut engine, &sweep(&manifest), dialect);
        assert!(rows(&mut engine, "hist_tickets_2025_h1").is_empty(), "{dialect}");
        let open = rows(&mut engine, "mart_accounts");
        assert!(
            open.contains(&"1 open again".to_owned()) && open.contains(&"4 open".to_owned()),
            "{dialect}: {open:?}"
        );
        let archived = rows(&mut engine, "accounts_archive");
        assert!(!archived.iter().any(|row| row.starts_with('1') || row.starts_with('5')), "{dialect}: {archived:?}");

        // Closed again, it is archived again, and a row without a time beside a closed one is the
        // older one.
        engine.run("UPDATE ods.mart_tickets SET state = 'done', closed_at = '2025-09-01 00:00:00+00' WHERE id = 1");
        engine.run("INSERT INTO ods.mart_tickets (id, state, closed_at) VALUES (4, 'done', '2026-02-28 00:00:00+00')");
        run(&mut engine, &cycle(&manifest), dialect);
        assert_eq!(rows(&mut engine, "mart_tickets"), ["3 open again", "4 done", "5 open again"], "{dialect}");
        assert_eq!(rows(&mut engine, "hist_tickets_2025_h2"), ["1 done", "2 done"], "{dialect}");
        let exceptions = engine.texts("SELECT exception_type FROM ods.shop_exceptions WHERE resolved_at IS NULL");
        assert!(exceptions.is_empty(), "{dialect}: {exceptions:?}");
    }
}

/// The row is opened between archive and trim, so mart and history have it for a moment.
#[test]
fn a_row_that_is_opened_before_its_trim_stays() {
    for dialect in [Dialect::Postgres, Dialect::DuckDb] {
        let (mut engine, manifest) = installed(dialect, "unfinished_race");
        engine.run(
            "INSERT INTO ods.mart_tickets (id, state, closed_at) VALUES (1, 'done', '2025-08-01 00:00:00+00'), \
             (2, 'done', '2025-08-02 00:00:00+00'), (3, 'new', '2026-02-28 00:00:00+00')",
        );
        for hook in cycle(&manifest) {
            if hook.step == "trim" && hook.path.contains("mart_tickets") && hook.period.as_deref() == Some("2025_h2") {
                engine.run("UPDATE ods.mart_tickets SET state = 'open again', closed_at = NULL WHERE id = 1");
            }
            engine.run(&at(&hook.sql, dialect, NOW));
        }
        for _ in 0..2 {
            run(&mut engine, &cycle(&manifest), dialect);
        }
        assert_eq!(rows(&mut engine, "mart_tickets"), ["1 open again", "3 new"], "{dialect}");
        assert_eq!(rows(&mut engine, "hist_tickets_2025_h2"), ["2 done"], "{dialect}");
    }
}
