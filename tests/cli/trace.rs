//! `rowkeep trace`: the path of one row through the statements.

use crate::projects;
use crate::shop::Shop;

/// The example, with its first period sealed.
fn example() -> Shop {
    let shop = Shop::new();
    let read = |path: &str| {
        std::fs::read_to_string(projects::root().join("examples/order_tracking").join(path)).expect("a text")
    };
    let project = read("rowkeep.yml").replace("../../periods.yml", "periods.yml\nsealed_before: 2026-01-01");
    shop.write("shop/rowkeep.yml", project);
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h1]\n");
    std::fs::remove_file(shop.path("shop/tables/orders.yml")).expect("it was there");
    for table in ["ecs", "uti", "uts"] {
        shop.write(&format!("shop/tables/{table}.yml"), read(&format!("tables/{table}.yml")));
    }
    shop
}

#[test]
fn trace_shows_the_statements_that_apply_to_a_row() {
    let shop = example();
    let trace =
        |key: &str, time: &str, model: &str| shop.run(&["trace", "--key", key, "--time", time, "--model", model]);
    insta::assert_snapshot!(trace("order_id=42", "2026-01-03T00:00:00Z", "mart_uni_tracking_spath"), @"
    exit 0
    --- stdout
    mart_uni_tracking_spath: order_id 42, 2026-01-03 00:00:00
      mart       settlement_ods.mart_uni_tracking_spath
      not given  traceSeq: the path is the same for every value
      period     2026_h1, [2026-01-01, 2026-07-01): settlement_ods.hist_uni_tracking_spath_2026_h1
      due        when the newest row of mart_uni_tracking_spath is later than 2026-07-02 00:00:00 (180 days after this row)
      the load
      > 00_load_correct              a row that is delivered again with the same time replaces the row in the mart
      > 00_load_insert               rows whose key is new to the mart, or that are newer than the row in the mart
      each cycle
        01_cutoff_zone               fail, and stop the cycle, if the clock of the session is not in UTC
        01_cutoff_clear              delete the cutoff of the last cycle: without a cutoff, no row is due
        01_cutoff_fill               store one cutoff for all statements of the cycle: never later than now less the retention
      > 05_cleanup__2026_h1          delete the copy of an event that is delivered and due again
        07_resolve                   close exceptions whose cause is gone
        07_resolve_tripwire          fail, and stop the cycle, if more rows are due than allowed
      > 08_archive__2026_h1          copy due rows of the period, unless they are held or archived already
      > 09_trim__2026_h1             delete due rows whose copy, equal in every column, is in the history table
        10_safety_check              record rows that cannot leave the mart, once per key
        11_complete_note             stamp this cycle as completed: raw trims wait for it
    --- stderr
    ");
    insta::assert_snapshot!(trace("order_id=42", "2025-12-31T23:59:59Z", "mart_ecs_order_info"), @"
    exit 0
    --- stdout
    mart_ecs_order_info: order_id 42, 2025-12-31 23:59:59
      mart       settlement_ods.mart_ecs_order_info
      period     2025_h2, [2025-07-01, 2026-01-01): settlement_ods.hist_ecs_order_info_2025_h2
      due        when its key has left mart_uni_tracking_info and the newest row of mart_uni_tracking_info is later than 2026-06-29 23:59:59 (180 days after this row)
      then       it stays in the mart, reported as ARCHIVE_ROUTING_GAP_ECS: the period of its time is sealed, so only the sweep archives it
      the load
      > 00_load_correct              a row that is delivered again with the same time replaces the row in the mart
      > 00_load_insert               rows whose key is new to the mart, or that are newer than the row in the mart
      each cycle
        01_cutoff_zone               fail, and stop the cycle, if the clock of the session is not in UTC
        01_cutoff_clear              delete the cutoff of the last cycle: without a cutoff, no row is due
        01_cutoff_fill               store one cutoff for all statements of the cycle: never later than now less the retention
      > 02_restore                   copy rows back whose parent is in its mart again
        03_stale_fill                list older versions, and copies of rows that are in the mart
      > 04_supersede                 delete the older versions that the list has for the mart
        05_cleanup_clear             empty the list: a trim deletes no row that it has
        06_due_clear                 delete the list of the last cycle
        06_due_fill                  list rows older than the cutoff whose parent has left its mart
        07_resolve                   close exceptions whose cause is gone
        07_resolve_tripwire          fail, and stop the cycle, if more rows are due than allowed
        10_safety_check              record rows that cannot leave the mart, once per key
        11_complete_note             stamp this cycle as completed: raw trims wait for it
      the nightly sweep
        01_cutoff_zone               fail, and stop the cycle, if the clock of the session is not in UTC
        01_cutoff_clear              delete the cutoff of the last cycle: without a cutoff, no row is due
        01_cutoff_fill               store one cutoff for all statements of the cycle: never later than now less the retention
      > 02_restore                   copy rows back whose parent is in its mart again
        03_stale_fill                list older versions, and copies of rows that are in the mart
      > 04_supersede                 delete the older versions that the list has for the mart
      > 05_cleanup__2025_h2          delete the rows that the list has for this history table
        05_cleanup_clear             empty the list: a trim deletes no row that it has
        06_due_clear                 delete the list of the last cycle
        06_due_fill                  list rows older than the cutoff whose parent has left its mart
        07_resolve                   close exceptions whose cause is gone
        07_resolve_tripwire          fail, and stop the cycle, if more rows are due than allowed
      > 08_archive__2025_h2          copy due rows of the period, unless they are held or archived already
      > 09_trim__2025_h2             delete due rows whose copy, equal in every column, is in the history table
        10_safety_check              record rows that cannot leave the mart, once per key
        11_complete_forget           delete all stamps but those of the last two completed cycles
    --- stderr
    ");
    insta::assert_snapshot!(trace("order_id=42", "2019-05-01", "mart_uni_tracking_info"), @"
    exit 0
    --- stdout
    mart_uni_tracking_info: order_id 42, 2019-05-01 00:00:00
      mart       settlement_ods.mart_uni_tracking_info
      period     none covers its time
      due        when the newest row of mart_uni_tracking_info is later than 2019-10-28 00:00:00 (180 days after this row)
      then       it stays in the mart, reported as ARCHIVE_ROUTING_GAP: no period covers its time
      the load
      > 00_load_correct              a row that is delivered again with the same time replaces the row in the mart
      > 00_load_insert               rows whose key is new to the mart, or that are newer than the row in the mart
      each cycle
        01_cutoff_zone               fail, and stop the cycle, if the clock of the session is not in UTC
        01_cutoff_clear              delete the cutoff of the last cycle: without a cutoff, no row is due
        01_cutoff_fill               store one cutoff for all statements of the cycle: never later than now less the retention
        03_stale_fill                list older versions, and copies of rows that are in the mart
      > 04_supersede                 delete the older versions that the list has for the mart
        05_cleanup_clear             empty the list: a trim deletes no row that it has
        07_resolve                   close exceptions whose cause is gone
        07_resolve_tripwire          fail, and stop the cycle, if more rows are due than allowed
        10_safety_check              record rows that cannot leave the mart, once per key
        11_complete_note             stamp this cycle as completed: raw trims wait for it
    --- stderr
    ");
}

/// JSON has every table with the key columns. Each step names a compiled file, and no file of
/// another period.
#[test]
fn json_names_compiled_files_only() {
    let shop = example();
    assert!(shop.run(&["compile"]).stdout.contains("wrote"));
    let said = shop.run(&["trace", "--key", "order_id=42", "--time", "2026-07-01T01:30:00+02:00", "--format", "json"]);
    let traces: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let traces = traces.as_array().expect("a list");
    assert_eq!(traces.len(), 3);
    for trace in traces {
        assert_eq!(trace["time"], "2026-06-30 23:30:00");
        assert_eq!(trace["period"], "2026_h1");
        let steps = trace["steps"].as_array().expect("steps");
        assert!(steps.len() > 10);
        for step in steps {
            let path = step["path"].as_str().expect("a path");
            assert!(shop.path(&format!("shop/target/rowkeep/{path}")).exists(), "{path}");
            assert!(!path.contains("__2025_h2"), "{path}");
        }
        let archives =
            steps.iter().filter(|step| step["path"].as_str().is_some_and(|path| path.contains("08_archive")));
        assert_eq!(archives.filter(|step| step["moves"] == true).count(), 1);
    }
}

#[test]
fn unknown_columns_and_models_are_reported() {
    let shop = example();
    let refuses = |arguments: &[&str]| shop.refuses(&[&["trace"], arguments].concat());
    insta::assert_snapshot!(refuses(&["--key", "order=42", "--time", "2026-01-03"]), @"
    exit 2
    --- stdout
    --- stderr
    error: no table has the columns order; did you mean order_id?
    ");
    insta::assert_snapshot!(refuses(&["--key", "order_id=42", "--time", "2026-01-03", "--model", "mart_uti"]), @"
    exit 2
    --- stdout
    --- stderr
    error: no table spec describes mart_uti
    ");
    insta::assert_snapshot!(refuses(&["--key", "order_id=42", "--time", "2026-01-03T00:00:00"]), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value '2026-01-03T00:00:00' for '--time <TIME>': expected a time with its zone, such as 2026-01-03T00:00:00Z, or a day
    ");
}
