//! A cycle for an engine whose clock is local stops in a session that is not in UTC. PostgreSQL
//! runs the statement: it has the same setting.

use rowkeep::Dialect;

use crate::engine::Engine;
use crate::projects;

#[test]
fn a_session_in_another_zone_stops_the_cycle() {
    let inputs = projects::golden("latest_for").with_dialect(Dialect::Redshift);
    let manifest = rowkeep::compile(&inputs).expect("it compiles").manifest().clone();
    let hooks = &manifest.nodes.values().next().expect("a table").post_hooks;
    let zone = hooks.first().expect("a statement");
    assert_eq!(zone.name, "01_cutoff_zone");
    let mut engine = Engine::open(Dialect::Postgres, "session_zone");
    engine.run("SET TIME ZONE 'UTC'");
    engine.run(&zone.sql);
    engine.run("SET TIME ZONE 'Asia/Shanghai'");
    let error = engine.try_run(&zone.sql).expect_err("it stops");
    assert!(error.contains("the time zone of this session is Asia/Shanghai"), "{error}");
}
