//! Windowed loads on the command line: what is compiled and printed, the findings of `check`, and
//! what is refused. tests/engines/loads.rs runs the statements.

use crate::projects;
use crate::shop::Shop;

/// The example of windowed loads in its own folder, with its rowkeep.yml edited.
fn items(edit: impl Fn(String) -> String) -> Shop {
    let shop = Shop::new();
    let read = |path: &str| {
        let path = projects::root().join("examples/order_items").join(path);
        std::fs::read_to_string(path).expect("the example has it")
    };
    for gone in ["shop/periods.yml", "shop/tables/orders.yml"] {
        std::fs::remove_file(shop.path(gone)).expect("it was there");
    }
    shop.write("shop/rowkeep.yml", edit(read("rowkeep.yml")));
    shop.write("shop/queries/return_items.sql", read("queries/return_items.sql"));
    shop
}

fn without(line: &'static str) -> impl Fn(String) -> String {
    move |project| {
        let found: Vec<_> = project.lines().filter(|candidate| candidate.contains(line)).collect();
        assert_eq!(found.len(), 1, "{line}");
        project.replace(&format!("{}\n", found[0]), "")
    }
}

#[test]
fn a_project_of_loads_needs_no_tables() {
    let shop = items(|project| project);
    insta::assert_snapshot!(shop.run(&["compile"]), @"
    exit 0
    --- stdout
    wrote 28 files to target/rowkeep
      load order_items: 5 statements, 7 monitors
      load return_items: 1 statement, 6 monitors
    next, with paths in target/rowkeep:
      every day     run what `rowkeep loads rerun --dates DATE` prints, or the models in dbt/models/
      after that    run loads/*/monitors/: each must return no rows, except writers.sql
    if a load fails: rowkeep runbook load-incident
    --- stderr
    ");
    insta::assert_snapshot!(shop.run(&["check"]), @"
    exit 0
    --- stdout
    28 files compile, and the artifacts are up to date
    --- stderr
    ");
    let diff = shop.run(&["diff"]);
    assert!(diff.code == Some(1) && diff.stderr.contains("error[RK207]"), "{diff}");
    let report = shop.run(&["report"]);
    assert_eq!(report.code, Some(0), "{report}");
    let page = std::fs::read_to_string(shop.path("shop/report.html")).expect("the page");
    assert!(page.contains("<strong>order_items</strong> reads `acme-shop`.shop_raw.order_item_events"), "{page}");
}

#[test]
fn check_finds_a_load_without_an_event_window() {
    let shop = items(|project| without("# the safety net")(project).replace("    source_keeps: 90 days\n", ""));
    insta::assert_snapshot!(shop.run(&["check", "--today", "2025-11-20"]), @"
    exit 0
    --- stdout
    1 warning
    27 files compile; there are no artifacts to compare with
    --- stderr
    warning[RK715]: load order_items limits only the ingestion time: if the source is backfilled, the load reads all old rows
      --> rowkeep.yml:23:7
       |
    23 |       column: order_date
       |       ^^^^^^ no limit on the event date
       |
       = help: limit the event date, as in `event: { column: order_date, within: 7 days, until: run_date }`
    ");
}

#[test]
fn check_reports_that_a_narrow_window_drops_late_rows() {
    let narrow = |project: String| project.replace("within: 7 days          #", "within: 1 day           #");
    insta::assert_snapshot!(items(narrow).run(&["check", "--today", "2025-11-20"]), @"
    exit 0
    --- stdout
    1 warning
    28 files compile; there are no artifacts to compare with
    --- stderr
    warning[RK716]: load order_items reads rows ingested within 2 days, but only event dates within 1 day: no run takes later rows
      --> rowkeep.yml:23:7
       |
    23 |       column: order_date
       |       ^^^^^^ narrower than the ingestion window
       |
       = help: write at least `within: 2 days`, unless late rows may be dropped
    ");
}

#[test]
fn check_finds_a_temp_table_without_partitions() {
    let shop = items(|project| {
        let (head, _) = project.split_once("\n  # The same windows").expect("the second load");
        let (before, rest) = head.split_once("    event:\n").expect("an event");
        let (_, after) = rest.split_once("    floor: 2024-01-01\n").expect("a floor");
        let (after, alarms) = after.split_once("    aggregate:\n").expect("an aggregate");
        let (_, alarms) = alarms.split_once("    alarms:").expect("alarms");
        format!("{before}{after}    alarms:{alarms}\n")
    });
    insta::assert_snapshot!(shop.run(&["check", "--today", "2025-11-20"]), @"
    exit 0
    --- stdout
    2 warnings
    12 files compile; there are no artifacts to compare with
    --- stderr
    warning[RK717]: load order_items has no event column, so its temp table has no partitions: a query for one day reads the whole table
     --> rowkeep.yml:8:5
      |
    8 |   - name: order_items
      |     ^^^^ not partitioned
      |
      = help: name the column in `event:`

    warning[RK715]: load order_items limits only the ingestion time: if the source is backfilled, the load reads all old rows
      --> rowkeep.yml:21:18
       |
    21 |     ingestion: { column: ingested_at, within: 48 hours }
       |                  ^^^^^^ no limit on the event date
       |
       = help: limit the event date, as in `event: { column: order_date, within: 7 days, until: run_date }`
    ");
    let batch = std::fs::read_to_string({
        shop.run(&["compile"]);
        shop.path("shop/target/rowkeep/loads/order_items/01_batch.sql")
    });
    assert!(!batch.expect("a batch").contains("PARTITION BY"));
}

#[test]
fn clean_and_rerun_print_bad_runs_in_order() {
    let shop = items(|project| project);
    let runs = ["--dates", "2025-11-20,2025-11-19,2025-11-20", "--load", "order_items"];
    let clean = shop.run(&[&["loads", "clean"], &runs[..]].concat()).stdout;
    let drops: Vec<_> = clean.lines().filter(|line| line.starts_with("DROP")).collect();
    assert_eq!(
        drops,
        [
            "DROP TABLE IF EXISTS `acme-shop`.insights.`tmp_order_item_details_2025-11-19`;",
            "DROP TABLE IF EXISTS `acme-shop`.insights.`tmp_product_insights_updates_2025-11-19`;",
            "DROP TABLE IF EXISTS `acme-shop`.insights.`tmp_order_item_details_2025-11-20`;",
            "DROP TABLE IF EXISTS `acme-shop`.insights.`tmp_product_insights_updates_2025-11-20`;",
        ]
    );
    assert_eq!(clean.matches("CALL BQ.JOBS.CANCEL").count(), 2);
    let rerun = shop.run(&[&["loads", "rerun"], &runs[..]].concat()).stdout;
    let order: Vec<_> = rerun.lines().filter(|line| line.starts_with("-- ") && line.contains(" of load ")).collect();
    let order: Vec<_> = order.iter().map(|line| line.split(": ").next().expect("a name")).collect();
    assert_eq!(
        order,
        [
            "-- check of load order_items of 2025-11-19",
            "-- create of load order_items of 2025-11-19",
            "-- batch of load order_items of 2025-11-19",
            "-- updates of load order_items of 2025-11-19",
            "-- replace of load order_items of 2025-11-19",
            "-- check of load order_items of 2025-11-20",
            "-- create of load order_items of 2025-11-20",
            "-- batch of load order_items of 2025-11-20",
            "-- updates of load order_items of 2025-11-20",
            "-- replace of load order_items of 2025-11-20",
        ]
    );
    assert!(!rerun.contains(":run_date") && !clean.contains(":run_date"));
}

#[test]
fn wrong_arguments_are_refused() {
    let shop = items(|project| project);
    insta::assert_snapshot!(shop.refuses(&["loads", "clean", "--dates", "2025-11-31"]), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value '2025-11-31' for '--dates <DATES>': expected a day such as 2026-05-15

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.refuses(&["loads", "clean", "--dates", "2025-11-19", "--load", "order_itmes"]), @"
    exit 2
    --- stdout
    --- stderr
    error: there is no windowed load order_itmes; did you mean order_items?
    ");
    insta::assert_snapshot!(shop.refuses(&["loads", "clean"]), @"
    exit 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      --dates <DATES>

    Usage: rowkeep loads clean --dates <DATES>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.refuses(&["runbook", "rotation"]), @"
    exit 2
    --- stdout
    --- stderr
    error: this project has no run-book rotation, because the project has nothing that it is about
    ");
    insta::assert_snapshot!(shop.refuses(&["rotate"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK207]: no table of the project has history tables per period: another period would change nothing
     --> rowkeep.yml:8:3
      |
    8 |   - name: order_items
      |   ^ no periods

    1 error; nothing was written
    ");
    insta::assert_snapshot!(Shop::new().refuses(&["loads", "rerun", "--dates", "2025-11-19"]), @"
    exit 2
    --- stdout
    --- stderr
    error: this project has no windowed loads; rowkeep.yml states them under `loads:`
    ");
}

/// The load puts the query in parentheses. A text that is not exactly one query could close them.
#[test]
fn a_text_that_is_not_exactly_one_query_is_refused() {
    let texts = [
        "SELECT 1 AS a) AS b; DROP TABLE x; SELECT * FROM (SELECT 1 AS a",
        "SELECT 1 AS a;",
        "DELETE FROM x WHERE TRUE",
        "SELECT 1 AS a; SELECT 2 AS a",
        "SELECT {{ ref('x') }}",
        "SELECT 'a",
        "WITH a AS (DELETE FROM x WHERE TRUE RETURNING id) SELECT * FROM a",
        "SELECT 1 AS a FOR UPDATE",
        "VALUES (1, 2, 3, 4)",
        "SELECT a FROM x WHERE a = @b",
        "",
    ];
    for text in texts {
        let shop = items(|project| project);
        shop.write("shop/queries/return_items.sql", text);
        let said = shop.refuses(&["compile"]);
        assert!(said.contains("error[RK319]: the query of load `return_items` cannot be used"), "{text}: {said}");
        assert!(said.contains("--> queries/return_items.sql:") || text.is_empty(), "{text}: {said}");
    }
    let up = "../".repeat(12);
    let shop = items(|project| project.replace("queries/return_items.sql", &format!("{up}etc/passwd")));
    let said = shop.refuses(&["compile"]);
    assert!(said.contains("error[RK108]") && said.contains("leads out of the repository"), "{said}");
}

/// A byte order mark and carriage returns are removed. Line breaks inside a string literal stay.
#[test]
fn a_query_is_emitted_as_written() {
    let shop = items(|project| project);
    shop.write("shop/queries/return_items.sql", "\u{feff}SELECT a\r\nFROM x -- why\r\nWHERE b = 'one\r\ntwo'\r\n");
    let outcome = shop.run(&["compile"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let batch =
        std::fs::read_to_string(shop.path("shop/target/rowkeep/loads/return_items/01_batch.sql")).expect("a batch");
    assert!(batch.contains("FROM (\nSELECT a\nFROM x -- why\nWHERE b = 'one\ntwo'\n) AS _b\n"), "{batch}");
}

fn git(shop: &Shop, arguments: &[&str]) {
    let user = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"];
    let status = std::process::Command::new("git").args(user).args(arguments).current_dir(shop.path("")).output();
    assert!(status.expect("git starts").status.success(), "{arguments:?}");
}

#[test]
fn a_changed_load_is_shown_and_a_changed_table_must_be_allowed() {
    let shop = items(|project| project);
    std::fs::remove_file(shop.path(".git/HEAD")).expect("it was there");
    std::fs::remove_dir(shop.path(".git")).expect("nothing else was");
    git(&shop, &["init", "-q"]);
    git(&shop, &["add", "-A"]);
    git(&shop, &["commit", "-q", "-m", "as it was"]);
    insta::assert_snapshot!(shop.run(&["diff", "--against", "HEAD"]), @"
    exit 0
    --- stdout
    nothing changes
    --- stderr
    ");

    shop.run(&["compile"]);
    let project = std::fs::read_to_string(shop.path("shop/rowkeep.yml")).expect("a project");
    let narrower = project.replace("within: 7 days          #", "within: 3 days          #");
    shop.write("shop/rowkeep.yml", &narrower);
    let said = shop.run(&["diff", "--against", "HEAD"]);
    assert!(said.stdout.contains("order_items") && said.stdout.contains("batch"), "{said}");
    assert_eq!(shop.run(&["compile"]).code, Some(0));

    shop.write("shop/rowkeep.yml", narrower.replace("items: count", "orders: count"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK727]: the aggregate of load order_items has other columns than its table: the next run could not write into it
     --> rowkeep.yml:8:11
      |
    8 |   - name: order_items
      |           ^^^^^^^^^^^ its `by` or `columns` changed
      |
      = help: alter the table in the same change, or drop it and run its days again
      = help: if the change is intended and you have taken care of its rows: `--allow column`

    1 error; nothing was written
    ");
    assert_eq!(shop.run(&["compile", "--allow", "column"]).code, Some(0));

    // Artifacts of a removed load are removed.
    let (head, _) = narrower.split_once("\n  # The same windows").expect("the second load");
    shop.write("shop/rowkeep.yml", format!("{head}\n"));
    shop.run(&["compile", "--allow", "column"]);
    assert!(!shop.path("shop/target/rowkeep/loads/return_items").exists());
}

#[test]
fn periods_without_tables_are_refused() {
    let shop = items(|project| format!("{project}periods: [2025_h1]\n"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK319]: `periods` is stated, but the project has no tables
      --> rowkeep.yml:49:10
       |
    49 | periods: [2025_h1]
       |          ^ would have no effect
       |
       = help: add `tables:`, or remove `periods:`

    1 error; nothing was written
    ");
    let shop = items(|project| project.replace("\nloads:", "\nlaods:"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK104]: unknown key `laods` in the project file
     --> rowkeep.yml:7:1
      |
    7 | laods:
      | ^^^^^ not a known key
      |
      = help: did you mean `loads`?

    1 error; nothing was written
    ");
}

#[test]
fn a_project_has_tables_or_loads_or_both() {
    let shop = items(|project| format!("{project}tables: []\n"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK207]: the project has no periods; due rows could not be archived
     --> rowkeep.yml:8:3
      |
    8 |   - name: order_items
      |   ^ empty
      |
      = help: add `periods: [2025_h2]`, or give each table `history: { table: ... }` or `archive: none`

    1 error; nothing was written
    ");
    let both = Shop::new();
    let project = std::fs::read_to_string(both.path("shop/rowkeep.yml")).expect("a project");
    let load = "loads:\n  - { name: items, source: landing.items, columns: { id: bigint, day: date, came: timestamptz }, ingestion: { column: came, within: 48 hours }, event: { column: day, within: 7 days, until: run_date } }\n";
    both.write("shop/rowkeep.yml", format!("{}{load}", project.replace("redshift", "bigquery")));
    insta::assert_snapshot!(both.run(&["compile"]), @"
    exit 0
    --- stdout
    wrote 100 files to target/rowkeep
      load items: 1 statement, 6 monitors
      bigquery for 1 table, 2 periods (2 open): 14 statements a cycle, 14 a night, 8 relations to create
    next, with paths in target/rowkeep:
      once          run ddl/ in the order of its names
      every cycle   run what runbooks/cycle.txt lists (a model without 00_load: after your own load)
      every night   run what runbooks/sweep.txt lists, while no cycle runs
      after that    run what runbooks/laws.txt lists: each query must return no rows
      every day     run what `rowkeep loads rerun --dates DATE` prints, or the models in dbt/models/
    step by step: rowkeep runbook installation
    --- stderr
    ");
}
