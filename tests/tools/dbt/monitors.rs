//! Monitors as dbt tests, and repairs as dbt operations.

use rowkeep::Dialect;

use crate::dbt::days::{DAYS, begin, deliver, must, standing};

/// Runs the monitors, except those that read a source that does not exist here.
const MONITORS: [&str; 7] = [
    "test",
    "--vars",
    "rowkeep_monitors: true",
    "--select",
    "tag:rowkeep_monitor",
    "--exclude",
    "ecs_equals_source uts_equals_source",
];

#[test]
fn monitors_are_silent_until_something_is_wrong() {
    let project = begin(Dialect::DuckDb, "dbt_monitors");
    // Leaves out the order that is older than every period.
    deliver(&project, &DAYS[0][..3]);
    must(&project, &["run"]);
    deliver(&project, DAYS[1]);
    must(&project, &["run"]);
    assert_eq!(standing(&project, 1), "hist_uni_tracking_info_2012_h1 10");
    let said = project.dbt(&MONITORS);
    assert!(said.success && said.text.contains("PASS=2"), "{}", said.text);

    // A finding does not stop dbt from building marts.
    project.database.execute("INSERT INTO settlement_public.uni_tracking_info_raw VALUES (NULL, 1, 1, 1)");
    must(&project, &["build"]);
    let said = project.dbt(&MONITORS);
    assert!(!said.success && said.text.contains("FAIL 1 mart_uni_tracking_info__refused"), "{}", said.text);
    project.database.execute("DELETE FROM settlement_public.uni_tracking_info_raw WHERE order_id IS NULL");

    let history = "settlement_ods.hist_uni_tracking_info_2012_h1";
    project.database.execute(&format!("INSERT INTO {history} VALUES (77, 1, 1341100800)"));
    let said = project.dbt(&MONITORS);
    assert!(!said.success && said.text.contains("FAIL 1 mart_uni_tracking_info__routed"), "{}", said.text);
    project.database.execute(&format!("DELETE FROM {history} WHERE order_id = 77"));

    // An archived key is restored. It is due, so the next run archives it again.
    must(&project, &["run-operation", "order_tracking_rowkeep.mart_uni_tracking_info_restore", "--args", "{key: 1}"]);
    assert_eq!(standing(&project, 1), "mart_uni_tracking_info 10");
    must(&project, &["run"]);
    assert_eq!(standing(&project, 1), "hist_uni_tracking_info_2012_h1 10");
    let said = project.dbt(&["run-operation", "order_tracking_rowkeep.mart_uni_tracking_info_restore"]);
    assert!(!said.success, "a key must be given: {}", said.text);
}
