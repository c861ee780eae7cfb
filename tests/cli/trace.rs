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
      > 00_load_correct              a row delivered again under its own time replaces what the mart has of it
      > 00_load_insert               rows whose key is new to the mart, or newer than there
      each cycle
        01_cutoff_clear              forget the last cycle's cutoff: without one, nothing is due
        01_cutoff_fill               one cutoff for every statement of the cycle, never later than now less the retention
      > 05_cleanup__2026_h1          a redelivered event replaces its archived copy
        07_resolve_keyed             an exception whose rows can be routed again is closed, before they are archived
        07_resolve_tripwire          fails, and with it the cycle, where more rows are due than may be
      > 08_archive__2026_h1          due rows of the period, unless held or already there
      > 09_trim                      due rows of which an exact copy is seen in a history table
      > 09_trim_kept__2026_h1        a row that the trim left in the mart, held since it was archived, stands there alone
        10_safety_check              whatever is due and still here is the gap: somebody is told, once
        11_complete_forget           forget all completed cycles but the last
        11_complete_note             write down that this cycle is completed: raw rows landed before the last one were seen by all of it
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
      > 00_load_correct              a row delivered again under its own time replaces what the mart has of it
      > 00_load_insert               rows whose key is new to the mart, or newer than there
      each cycle
        01_cutoff_clear              forget the last cycle's cutoff: without one, nothing is due
        01_cutoff_fill               one cutoff for every statement of the cycle, never later than now less the retention
        02_versions_clear            forget the last cycle's versions
        02_versions_fill             the newest time of every key that stands more than once
      > 03_supersede_older           a late, older version gives way to the newer one, wherever that stands
      > 04_restore                   rows whose parent is back return with it
        06_due_clear                 forget the last cycle's list
        06_due_fill                  rows older than the cutoff whose parent has left its mart
        07_resolve_keyed             an exception whose rows can be routed again is closed, before they are archived
        07_resolve_tripwire          fails, and with it the cycle, where more rows are due than may be
      > 09_trim                      due rows of which an exact copy is seen in a history table
        10_safety_check              whatever is due and still here is the gap: somebody is told, once
        11_complete_forget           forget all completed cycles but the last
        11_complete_note             write down that this cycle is completed: raw rows landed before the last one were seen by all of it
      the nightly sweep
        01_cutoff_clear              forget the last cycle's cutoff: without one, nothing is due
        01_cutoff_fill               one cutoff for every statement of the cycle, never later than now less the retention
        02_versions_clear            forget the last cycle's versions
        02_versions_fill             the newest time of every key that stands more than once
      > 03_supersede_older           a late, older version gives way to the newer one, wherever that stands
      > 04_restore                   rows whose parent is back return with it
      > 05_cleanup_returned__2025_h2 a row that is back in the mart leaves its history table
      > 05_cleanup_stale__2025_h2    an archived version gives way to a newer one, wherever that stands
        06_due_clear                 forget the last cycle's list
        06_due_fill                  rows older than the cutoff whose parent has left its mart
        07_resolve_keyed             an exception whose rows can be routed again is closed, before they are archived
        07_resolve_tripwire          fails, and with it the cycle, where more rows are due than may be
      > 08_archive__2025_h2          due rows of the period, unless held or already there
      > 09_trim                      due rows of which an exact copy is seen in a history table
      > 09_trim_kept__2025_h2        a row that the trim left in the mart, held since it was archived, stands there alone
        10_safety_check              whatever is due and still here is the gap: somebody is told, once
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
      > 00_load_correct              a row delivered again under its own time replaces what the mart has of it
      > 00_load_insert               rows whose key is new to the mart, or newer than there
      each cycle
        01_cutoff_clear              forget the last cycle's cutoff: without one, nothing is due
        01_cutoff_fill               one cutoff for every statement of the cycle, never later than now less the retention
        02_versions_clear            forget the last cycle's versions
        02_versions_fill             the newest time of every key that stands more than once
      > 03_supersede_older           a late, older version gives way to the newer one, wherever that stands
        07_resolve_keyed             an exception whose rows can be routed again is closed, before they are archived
        07_resolve_tripwire          fails, and with it the cycle, where more rows are due than may be
      > 09_trim                      due rows of which an exact copy is seen in a history table
        10_safety_check              whatever is due and still here is the gap: somebody is told, once
        11_complete_forget           forget all completed cycles but the last
        11_complete_note             write down that this cycle is completed: raw rows landed before the last one were seen by all of it
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

    For more information, try '--help'.
    ");
}
