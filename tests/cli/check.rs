//! `rowkeep check`, as a user runs it.

use crate::projects;
use crate::shop::{ORDERS, PERIODS, PROJECT, Shop};

/// A project with committed artifacts.
pub fn committed() -> Shop {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: sql/\n"));
    shop.run(&["compile"]);
    shop
}

/// The example with these periods.
fn example(periods: &str) -> Shop {
    let shop = Shop::new();
    let folder = projects::root().join("examples/order_tracking");
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect("the example is there");
    shop.write("shop/rowkeep.yml", read("rowkeep.yml").replace("../../periods.yml", "periods.yml"));
    shop.write("shop/periods.yml", format!("hist_periods: [{periods}]\n"));
    std::fs::remove_file(shop.path("shop/tables/orders.yml")).expect("it was there");
    for table in ["ecs", "uti", "uts"] {
        shop.write(&format!("shop/tables/{table}.yml"), read(&format!("tables/{table}.yml")));
    }
    shop
}

#[test]
fn a_slow_layout_is_a_warning_on_redshift() {
    let shop = Shop::new();
    let slow = ORDERS.replace("order_id: bigint not null", "order_id: varchar(65535) not null");
    shop.write("shop/tables/orders.yml", format!("{slow}layout: {{ sort_key: [order_id] }}\n"));
    let said = shop.run(&["check"]).stderr;
    let warnings: Vec<_> = said.lines().filter(|line| line.starts_with("warning")).collect();
    insta::assert_debug_snapshot!(warnings, @r#"
    [
        "warning[RK733]: the sort key of mart_orders does not begin with `updated_at`: a cycle finds due rows by their time, and reads all blocks",
        "warning[RK734]: `order_id` in the key of mart_orders is a varchar(65535): each join by the key takes memory for the whole length",
    ]
    "#);
    shop.write("shop/tables/orders.yml", format!("{ORDERS}layout: {{ sort_key: [updated_at, order_id] }}\n"));
    assert_eq!(shop.run(&["check"]).stderr, "");
}

/// A row without a time counts as the older version, unless a condition asks for its time.
#[test]
fn a_row_that_is_opened_again_may_be_deleted() {
    let shop = Shop::new();
    let spec = |time: &str, conditions: &str| {
        let columns = format!("{{ order_id: bigint not null, state: integer, updated_at: bigint{time} }}");
        let spec = ORDERS.replace("{ order_id: bigint not null, updated_at: bigint }", &columns);
        shop.write("shop/tables/orders.yml", format!("{spec}{conditions}"));
        shop.run(&["check"]).stderr
    };
    insta::assert_snapshot!(spec("", "only_when: { state: 8 }\n"), @r"
    warning[RK735]: a row of mart_orders that is opened again, and then has no `updated_at`, is deleted: without a time, it counts as the older version of its key
     --> tables/orders.yml:9:14
      |
    9 | only_when: { state: 8 }
      |              ^^^^^ does not ask for a value in `updated_at`
      |
      = help: if `updated_at` can be NULL, add the condition `{ is: not null }` on it; if not, declare it as `not null`
    ");
    assert_eq!(spec("", "only_when: { state: 8, updated_at: { is: not null } }\n"), "");
    assert_eq!(spec(" not null", "only_when: { state: 8 }\n"), "");
    assert_eq!(spec("", ""), "");
}

#[test]
fn committed_artifacts_equal_what_compiles() {
    let shop = committed();
    let before = shop.tree();
    insta::assert_snapshot!(shop.run(&["check"]), @"
    exit 0
    --- stdout
    91 files compile, and the artifacts are up to date
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    ");
    assert_eq!(before, shop.tree(), "check writes nothing");
    // A comment in a table spec changes no statement.
    shop.write("shop/tables/orders.yml", format!("# a comment\n{ORDERS}"));
    assert_eq!(shop.run(&["check"]).code, Some(0));
}

#[test]
fn changed_missing_and_additional_files_are_found() {
    let shop = committed();
    let trim = "shop/sql/compiled/mart_orders/09_trim__2025_h2.sql";
    let text = std::fs::read_to_string(shop.path(trim)).expect("it was compiled");
    shop.write(trim, text.replacen('<', ">", 1));
    insta::assert_snapshot!(shop.refuses(&["check"]), @"
    exit 1
    --- stdout
    1 error
    91 files compile
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    error[RK701]: sql/compiled/mart_orders/09_trim__2025_h2.sql differs from what compiles now, from line 3 on
     --> sql/compiled/mart_orders/09_trim__2025_h2.sql:3:1
      |
    3 | WHERE mart_orders.updated_at >= 1751328000 AND mart_orders.updated_at > 1767225600
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ committed
      |
      = help: the line that compiles now is `WHERE mart_orders.updated_at >= 1751328000 AND mart_orders.updated_at < 1767225600`
      = help: change the project, not the artifact; run `rowkeep compile`, and commit the result
    ");
    shop.write(trim, text.replace('\n', "\r\n"));
    assert!(shop.refuses(&["check"]).contains("add `* text eol=lf` to .gitattributes"));
    std::fs::remove_file(shop.path(trim)).expect("it was there");
    insta::assert_snapshot!(shop.refuses(&["check"]), @"
    exit 1
    --- stdout
    1 error
    91 files compile
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    error[RK702]: sql/compiled/mart_orders/09_trim__2025_h2.sql is missing: a deployment of the committed files would lack it
     --> sql/compiled/mart_orders/09_trim__2025_h2.sql:1:1
      |
    1 | -- trim: delete due rows whose copy, equal in every column, is in the history table
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ its first line
      |
      = help: run `rowkeep compile`, and commit the result
    ");
    shop.write(trim, &text);
    shop.write("shop/sql/compiled/mart_orders/09_trim_more.sql", "DELETE FROM mart_orders\n");
    insta::assert_snapshot!(shop.refuses(&["check"]), @"
    exit 1
    --- stdout
    1 error
    91 files compile
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    error[RK703]: sql/compiled/mart_orders/09_trim_more.sql is not an artifact of the project: a job that runs the folder would run it too
     --> sql/compiled/mart_orders/09_trim_more.sql:1:1
      |
    1 | DELETE FROM mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^ not part of the project
      |
      = help: run `rowkeep compile`, which removes the files of an earlier compilation; remove other files by hand
    ");
}

#[test]
fn a_missing_out_folder_is_drift() {
    let shop = Shop::new();
    assert_eq!(shop.run(&["check"]).code, Some(0));
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: sql/\n"));
    insta::assert_snapshot!(shop.refuses(&["check"]), @"
    exit 1
    --- stdout
    1 error
    91 files compile
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    error[RK702]: sql is the folder for artifacts, but has none
     --> rowkeep.yml:7:6
      |
    7 | out: sql/
      |      ^^^^ no artifacts there
      |
      = help: run `rowkeep compile`, and commit the result
    ");
}

#[test]
fn many_drifted_files_are_counted() {
    let shop = committed();
    shop.write("shop/tables/orders.yml", ORDERS.replace("ORDERS_GAP", "ORDERS_LATE"));
    let said = shop.refuses(&["check"]);
    assert_eq!(said.matches("error[RK701]").count(), 4, "{said}");
    assert!(said.contains("more files differ from what compiles now: sql/"), "{said}");
}

/// Each raw table without a trim is reported once, although several marts may read it.
#[test]
fn a_raw_table_without_a_trim_is_found() {
    let shop = example("2025_h2, 2026_h1");
    let text = std::fs::read_to_string(shop.path("shop/rowkeep.yml")).expect("a project");
    let ecs = text.lines().find(|line| line.contains("ecs_order_info_raw, time")).expect("a trim").to_owned();
    shop.write("shop/rowkeep.yml", text.replace(&format!("{ecs}\n"), ""));
    insta::assert_snapshot!(shop.run(&["check"]), @"
    exit 0
    --- stdout
    1 warning
    321 files compile; there are no artifacts to compare with
      mart_uni_tracking_info   rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
      mart_ecs_order_info      rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
      mart_uni_tracking_spath  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    warning[RK714]: no raw trim covers `settlement_public.ecs_order_info_raw`, which mart_ecs_order_info reads: it grows with each delivery, and cycles become slower
      --> tables/ecs.yml:14:9
       |
    14 | source: settlement_public.ecs_order_info_raw
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ never trimmed
       |
       = help: add to `raw:` in rowkeep.yml: `- { table: settlement_public.ecs_order_info_raw, time: { column: <arrival time of the row> }, keep: 24 hours }`
    ");
}

#[test]
fn the_horizon_is_reported_in_time() {
    let alone = example("2025_h2");
    insta::assert_snapshot!(alone.run(&["check", "--today", "2026-05-15"]), @"
    exit 0
    --- stdout
    1 warning
    296 files compile; there are no artifacts to compare with
      mart_uni_tracking_info   rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
      mart_ecs_order_info      rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
      mart_uni_tracking_spath  rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
    --- stderr
    warning[RK711]: from 2026-06-30 on, in 46 days, due rows of mart_uni_tracking_info, mart_ecs_order_info, mart_uni_tracking_spath will fall into no period
     --> periods.yml:1:16
      |
    1 | hist_periods: [2025_h2]
      |                ^^^^^^^ the last period
      |
      = help: run `rowkeep rotate`: it adds `2026_h1`
    ");
    insta::assert_snapshot!(alone.run(&["check", "--today", "2026-07-01"]), @"
    exit 1
    --- stdout
    1 error
    296 files compile
      mart_uni_tracking_info   rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
      mart_ecs_order_info      rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
      mart_uni_tracking_spath  rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
    --- stderr
    error[RK712]: since 2026-06-30, due rows of mart_uni_tracking_info, mart_ecs_order_info, mart_uni_tracking_spath fall into no period: they stay in their mart and are reported
     --> periods.yml:1:16
      |
    1 | hist_periods: [2025_h2]
      |                ^^^^^^^ the last period
      |
      = help: run `rowkeep rotate`: it adds `2026_h1`
    ");
    assert_eq!(alone.run(&["check", "--today", "2026-06-29"]).code, Some(0));
    assert_eq!(alone.run(&["check", "--today", "2026-06-30"]).code, Some(1));
    assert_eq!(alone.run(&["check", "--today", "2026-05-15", "--warn-days", "45"]).stderr, "");
    let both = example("2025_h2, 2026_h1");
    insta::assert_snapshot!(both.run(&["check", "--today", "2026-07-01"]), @"
    exit 0
    --- stdout
    322 files compile; there are no artifacts to compare with
      mart_uni_tracking_info   rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
      mart_ecs_order_info      rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
      mart_uni_tracking_spath  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    --- stderr
    ");
    // Without --today, the output does not depend on the clock.
    insta::assert_snapshot!(alone.run(&["check"]), @"
    exit 0
    --- stdout
    296 files compile; there are no artifacts to compare with
      mart_uni_tracking_info   rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
      mart_ecs_order_info      rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
      mart_uni_tracking_spath  rows from 2025-07-01 on have a period; due rows have one until 2026-06-30
    the horizon was not checked; add --today now to check it
    --- stderr
    ");
    assert_eq!(both.run(&["check", "--today", "now"]).code.map(|code| code < 2), Some(true));
    insta::assert_snapshot!(both.refuses(&["check", "--today", "tomorrow"]), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'tomorrow' for '--today <DATE>': expected a day such as 2026-05-15, or now

    For more information, try '--help'.
    ");
}

#[test]
fn old_open_periods_are_named_with_the_line_that_seals_them() {
    let shop = Shop::new();
    let years = "2023_h1, 2023_h2, 2024_h1, 2024_h2, 2025_h1, 2025_h2, 2026_h1";
    shop.write("shop/periods.yml", format!("hist_periods: [{years}]\n"));
    insta::assert_snapshot!(shop.run(&["check", "--today", "2026-01-10"]), @"
    exit 0
    --- stdout
    1 note
    131 files compile; there are no artifacts to compare with
      mart_orders  rows from 2023-01-01 on have a period; due rows have one until 2026-12-28
    --- stderr
    note[RK718]: 5 open periods ended before the earliest cutoff, 2025-07-14: each cycle looks up its keys in all of them
     --> periods.yml:1:15
      |
    1 | hist_periods: [2023_h1, 2023_h2, 2024_h1, 2024_h2, 2025_h1, 2025_h2, 2026_h1]
      |               ^ open periods
      |
      = help: write `sealed_before: 2025-01-01` in rowkeep.yml: only the nightly sweep then reads older periods, and rows that arrive late for them wait for it
    ");
    // The proposed line is accepted, and nothing more is proposed.
    shop.write("shop/rowkeep.yml", format!("{PROJECT}sealed_before: 2025-01-01\n"));
    let sealed = shop.run(&["check", "--today", "2026-01-10"]);
    assert_eq!((sealed.code, sealed.stderr.as_str()), (Some(0), ""));
}

#[test]
fn periods_are_not_sealed_while_rows_age_into_them() {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}sealed_before: 2026-01-01\n"));
    insta::assert_snapshot!(shop.refuses(&["check", "--today", "2026-05-15"]), @"
    exit 1
    --- stdout
    1 error
    88 files compile
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    --- stderr
    error[RK713]: sealed_before 2026-01-01 seals periods in which rows of mart_orders still become due: its cutoff is 2025-11-16, and each such row would wait for the sweep
     --> rowkeep.yml:7:16
      |
    7 | sealed_before: 2026-01-01
      |                ^^^^^^^^^^ after the cutoff
      |
      = help: write the start of the period that contains the cutoff, or remove the key
    ");
    assert_eq!(shop.run(&["check", "--today", "2026-07-01"]).code, Some(0));
}

/// Structural changes: the word for `--allow`, the changed file, and its new text.
fn structural_changes() -> Vec<(&'static str, &'static str, String)> {
    let orders = |from: &str, to: &str| ("shop/tables/orders.yml", ORDERS.replace(from, to));
    let with = |allow, (file, text)| (allow, file, text);
    vec![
        ("period", "shop/periods.yml", "hist_periods: [2025_h2]\n".to_owned()),
        (
            "period",
            "shop/periods.yml",
            "hist_periods:\n- 2025_h2\n- {name: \"first\", start: 2026-01-01, end: 2026-07-01}\n".to_owned(),
        ),
        with("table", orders("mart_orders", "mart_parcels")),
        with("key", orders("unique_key: order_id", "unique_key: [order_id, updated_at]").clone()),
        with("purge", orders("history: hist_orders", "archive: none\ntripwire: 20%")),
        with("retention", orders("180 days", "181 days")),
        with("retention", orders("180 days", "90 days")),
        with("history", orders("hist_orders", "hist_parcels")),
        with("history", orders("history: hist_orders", "history: { table: hist_orders }")),
        with("column", orders(", updated_at: bigint", ", updated_at: bigint, state: integer")),
    ]
}

#[test]
fn structural_changes_are_refused_until_they_are_allowed() {
    let mut said = String::new();
    for (allow, file, text) in structural_changes() {
        let shop = committed();
        // An added column is no structural change. Its removal is one.
        if allow == "column" {
            shop.write(file, &text);
            assert_eq!(shop.run(&["compile"]).code, Some(0));
            shop.write(file, ORDERS);
        } else {
            let text = if allow == "key" { text.replace("rows: latest", "rows: events") } else { text };
            shop.write(file, text);
        }
        let refused = shop.refuses(&["compile"]);
        said.push_str(&format!("==> {allow} <==\n{refused}\n"));
        let by_check = shop.refuses(&["check"]);
        let is_restructuring = |line: &&str| line.starts_with("error[RK72") || line.starts_with("error[RK73");
        let first = refused.lines().find(is_restructuring).expect("a restructuring").to_owned();
        assert!(by_check.contains(&first), "{by_check}");
        let allowed = shop.run(&["check", "--allow", allow]).stderr;
        assert!(!allowed.lines().any(|line| is_restructuring(&line)), "{allow}: {allowed}");
        assert_eq!(shop.run(&["compile", "--allow", allow]).code, Some(0), "{allow}");
        assert_eq!(shop.run(&["check"]).code, Some(0), "{allow}: what was allowed is the new state");
    }
    insta::assert_snapshot!("restructured", said);
}

/// The committed artifacts of a moved or deleted folder cannot show what changed. An earlier version
/// of the project can.
#[test]
fn a_change_that_was_compiled_already_is_refused_against_an_earlier_version() {
    let shop = committed();
    shop.write("before/rowkeep.yml", PROJECT);
    shop.write("before/periods.yml", PERIODS);
    shop.write("before/tables/orders.yml", ORDERS);
    shop.write("shop/periods.yml", "hist_periods: [2026_h1]\n");
    assert_eq!(shop.run(&["compile", "--allow", "period"]).code, Some(0));
    assert_eq!(shop.run(&["check"]).code, Some(0));
    let against = ["check", "--against", "../before"];
    insta::assert_snapshot!(shop.refuses(&against), @"
    exit 1
    --- stdout
    1 error
    81 files compile
      mart_orders  rows from 2026-01-01 on have a period; due rows have one until 2026-12-28
    the horizon was not checked; add --today now to check it
    --- stderr
    error[RK721]: period `2025_h2` was removed: no statement would read the rows in its history tables
     --> periods.yml:1:15
      |
    1 | hist_periods: [2026_h1]
      |               ^ the period was in this list
      |
      = help: put `- 2025_h2` back
      = help: if its rows need not be kept any more: `rowkeep runbook retire-period`
      = help: if the change is intended and you have taken care of its rows: `--allow period`
    ");
    assert_eq!(shop.run(&[&against[..], &["--allow", "period"]].concat()).code, Some(0));
}

#[test]
fn a_period_with_other_bounds_is_refused() {
    let shop = Shop::new();
    let stated = |end: &str| format!("hist_periods:\n- {{ name: legacy, start: 2025-01-01, end: {end} }}\n");
    shop.write("shop/periods.yml", stated("2026-01-01"));
    shop.run(&["compile"]);
    shop.write("shop/periods.yml", stated("2026-07-01"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK722]: period `legacy` was [2025-01-01, 2026-01-01) and is now [2025-01-01, 2026-07-01): rows in its history tables could be outside of it
     --> periods.yml:2:5
      |
    2 | - { name: legacy, start: 2025-01-01, end: 2026-07-01 }
      |     ^^^^ other bounds than before
      |
      = help: restore its bounds, and add another period for the rest
      = help: if the change is intended and you have taken care of its rows: `--allow period`

    1 error; nothing was written
    ");
    // Another engine quotes names in another way. This is no structural change.
    let shop = committed();
    let project = std::fs::read_to_string(shop.path("shop/rowkeep.yml")).expect("a project");
    shop.write("shop/rowkeep.yml", project.replace("dialect: redshift", "dialect: postgres"));
    assert_eq!(shop.run(&["compile"]).code, Some(0));
}

#[test]
fn the_end_of_history_is_told_ahead() {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}keep_history: 3 years\n"));
    // The first period ends on 2026-01-01.
    let said = |day: &str| shop.run(&["check", "--today", day]).stderr;
    assert!(!said("2028-10-01").contains("RK719"));
    let rotated = "hist_periods: [2025_h2, 2026_h1, 2026_h2, 2027_h1, 2027_h2, 2028_h1, 2028_h2, 2029_h1]\n";
    shop.write("shop/periods.yml", rotated);
    let found = |day: &str| -> String {
        let text = said(day);
        let from = text.find("[RK719]").map(|at| text[..at].rfind('\n').map_or(0, |line| line + 1));
        from.map(|from| text[from..].split("\n\n").next().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    insta::assert_snapshot!(found("2028-12-01"), @"
    note[RK719]: from 2029-01-01 on, in 31 days, the rows of period `2025_h2` need not be kept
     --> periods.yml:1:16
      |
    1 | hist_periods: [2025_h2, 2026_h1, 2026_h2, 2027_h1, 2027_h2, 2028_h1, 2028_h2, 2029_h1]
      |                ^^^^^^^ the oldest period
      |
      = help: follow `rowkeep runbook retire-period`; Rowkeep drops nothing itself
    ");
    insta::assert_snapshot!(found("2029-01-01"), @"
    warning[RK719]: the rows of period `2025_h2` need not be kept since 2029-01-01: it ended on 2026-01-01, and keep_history is 3 years
     --> periods.yml:1:16
      |
    1 | hist_periods: [2025_h2, 2026_h1, 2026_h2, 2027_h1, 2027_h2, 2028_h1, 2028_h2, 2029_h1]
      |                ^^^^^^^ the oldest period
      |
      = help: follow `rowkeep runbook retire-period`; Rowkeep drops nothing itself
    ");
    // Retired: the next period has its own day.
    shop.write("shop/rowkeep.yml", format!("{PROJECT}keep_history: 3 years\nretired_before: 2026-01-01\n"));
    shop.write("shop/periods.yml", rotated.replace("2025_h2, ", ""));
    assert_eq!(found("2029-03-01"), "");
    assert_eq!(shop.run(&["compile"]).code, Some(0));
}
