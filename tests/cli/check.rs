//! `rowkeep check`, `init`, `explain` and `completions`, as a user runs them.

use crate::projects;
use std::collections::BTreeSet;

use rowkeep::Code;

use crate::shop::{ORDERS, PROJECT, Shop};

/// A project with committed artifacts.
fn committed() -> Shop {
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
fn committed_artifacts_equal_what_compiles() {
    let shop = committed();
    let before = shop.tree();
    insta::assert_snapshot!(shop.run(&["check"]), @"
    exit 0
    --- stdout
    87 files compile, and the artifacts are up to date
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
    87 files compile
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
    87 files compile
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
    87 files compile
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
    87 files compile
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
fn many_drifted_files_repeat_the_help_three_times() {
    let shop = committed();
    shop.write("shop/tables/orders.yml", ORDERS.replace("ORDERS_GAP", "ORDERS_LATE"));
    let said = shop.refuses(&["check"]);
    assert_eq!(said.matches("= help: change the project").count(), 3, "{said}");
    assert!(said.matches("error[RK701]").count() > 8, "{said}");
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
    291 files compile; there are no artifacts to compare with
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
       = help: add to rowkeep.yml: `raw: [{ table: settlement_public.ecs_order_info_raw, time: { column: <arrival time of the row> }, keep: 24 hours }]`
    ");
}

#[test]
fn the_horizon_is_reported_in_time() {
    let alone = example("2025_h2");
    insta::assert_snapshot!(alone.run(&["check", "--today", "2026-05-15"]), @"
    exit 0
    --- stdout
    1 warning
    267 files compile; there are no artifacts to compare with
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
    267 files compile
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
    292 files compile; there are no artifacts to compare with
      mart_uni_tracking_info   rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
      mart_ecs_order_info      rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
      mart_uni_tracking_spath  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    --- stderr
    ");
    // Without --today, the output does not depend on the clock.
    insta::assert_snapshot!(alone.run(&["check"]), @"
    exit 0
    --- stdout
    267 files compile; there are no artifacts to compare with
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
    127 files compile; there are no artifacts to compare with
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
    84 files compile
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
    assert_eq!(shop.run(&["compile", "--dialect", "postgres"]).code, Some(0));
}

#[test]
fn compile_writes_its_findings_in_the_same_formats() {
    let shop = committed();
    shop.write("shop/periods.yml", "hist_periods: [2025_h3]\n");
    for format in ["json", "github", "sarif"] {
        let (compiled, checked) =
            (shop.run(&["compile", "--format", format]), shop.run(&["check", "--format", format]));
        assert_eq!((compiled.code, compiled.stderr.as_str()), (Some(1), ""), "{format}");
        assert!(compiled.stdout.contains("RK201"), "{format}: {compiled}");
        if format != "json" {
            assert_eq!(compiled.stdout, checked.stdout);
        }
    }
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let done = shop.run(&["compile", "--allow", "period", "--format", "json"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "{\n  \"findings\": []\n}\n"));
}

#[test]
fn the_format_changes_neither_findings_nor_exit_code() {
    let shop = committed();
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let json = |shop: &Shop, arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&shop.run(arguments).stdout).expect("JSON")
    };
    let found = json(&shop, &["check", "--format", "json"]);
    let findings = found["findings"].as_array().expect("a list");
    let human = shop.run(&["check"]);
    assert_eq!(human.stderr.matches("\nerror[").count() + 1, findings.len());
    let sarif = json(&shop, &["check", "--format", "sarif"]);
    assert_eq!(sarif["runs"][0]["results"].as_array().expect("a list").len(), findings.len());
    let github = shop.run(&["check", "--format", "github"]);
    assert_eq!(github.stdout.matches("::error file=").count(), findings.len());
    for format in ["human", "json", "github", "sarif"] {
        assert_eq!(shop.run(&["check", "--format", format]).code, Some(1), "{format}");
    }
    // The fingerprint of a finding does not depend on the lines above it.
    shop.write("shop/periods.yml", "# above\n# it\nhist_periods: [2025_h2]\n");
    let moved = json(&shop, &["check", "--format", "json"]);
    let prints = |found: &serde_json::Value| -> BTreeSet<String> {
        found["findings"].as_array().expect("a list").iter().map(|finding| finding["fingerprint"].to_string()).collect()
    };
    assert_eq!(prints(&found), prints(&moved));
    assert_ne!(found["findings"][0]["line"], moved["findings"][0]["line"]);
    assert_eq!(prints(&found).len(), findings.len(), "each has its own fingerprint");
}

#[test]
fn findings_have_machine_readable_formats() {
    let shop = Shop::new();
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h2]\n");
    insta::assert_snapshot!(shop.run(&["check", "--format", "json"]), @r#"
    exit 1
    --- stdout
    {
      "edges": [],
      "findings": [
        {
          "code": "RK202",
          "column": 25,
          "end_column": 32,
          "end_line": 1,
          "file": "periods.yml",
          "fingerprint": "3df747b37cbf22dd8829ea09",
          "help": [
            "add the period between them"
          ],
          "labels": [
            {
              "file": "periods.yml",
              "line": 1,
              "text": "starts 2026-07-01"
            },
            {
              "file": "periods.yml",
              "line": 1,
              "text": "ends 2026-01-01"
            }
          ],
          "level": "error",
          "line": 1,
          "message": "no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart",
          "rule": null
        }
      ]
    }
    --- stderr
    "#);
    insta::assert_snapshot!(shop.run(&["check", "--format", "github"]), @"
    exit 1
    --- stdout
    ::error file=periods.yml,line=1,endLine=1,col=25,endColumn=32,title=RK202::no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart%0Ahelp: add the period between them
    --- stderr
    ");
    insta::assert_snapshot!(shop.run(&["check", "--format", "sarif"]), @r#"
    exit 1
    --- stdout
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "unicodeCodePoints",
          "results": [
            {
              "level": "error",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "periods.yml"
                    },
                    "region": {
                      "endColumn": 32,
                      "endLine": 1,
                      "startColumn": 25,
                      "startLine": 1
                    }
                  }
                }
              ],
              "message": {
                "text": "no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart\nhelp: add the period between them"
              },
              "partialFingerprints": {
                "rowkeep/v1": "3df747b37cbf22dd8829ea09"
              },
              "ruleId": "RK202",
              "ruleIndex": 0
            }
          ],
          "tool": {
            "driver": {
              "name": "rowkeep",
              "rules": [
                {
                  "fullDescription": {
                    "text": "There is a gap between two consecutive periods.\n\nNo history table takes due rows from that time. They would stay in the mart, and\nevery cycle would report them.\n\nFix: add the period between the two.\n"
                  },
                  "id": "RK202",
                  "shortDescription": {
                    "text": "There is a gap between two consecutive periods."
                  }
                }
              ],
              "semanticVersion": "0.1.0"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    --- stderr
    "#);
    // A file that is not read is a finding too.
    shop.write("shop/tables/parcels.yaml", ORDERS);
    let left_out = shop.run(&["check", "--format", "json"]);
    assert!(left_out.code == Some(1) && left_out.stdout.contains("\"RK108\""), "{left_out}");
    // An error in a rendered statement is reported at the table's line.
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}templates: templates/\n"));
    shop.write("shop/templates/cycle/trim.sql.j2", "DELETE FROM {{ mart|full }}\n");
    let github = shop.run(&["check", "--format", "github"]).stdout;
    assert!(
        github.starts_with("::error file=tables/orders.yml,line=1,endLine=1,col=8,endColumn=19,title=RK421::"),
        "{github}"
    );
}

/// The JSON Schema of SARIF 2.1.0, from the serde-sarif crate.
fn sarif_schema() -> serde_json::Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(projects::root())
        .output()
        .expect("cargo is there");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo's metadata");
    let packages = metadata["packages"].as_array().expect("a list");
    let found = packages.iter().find(|package| package["name"] == "serde-sarif").expect("it is a dependency");
    let manifest = std::path::Path::new(found["manifest_path"].as_str().expect("a path"));
    let schema = manifest.with_file_name("src").join("schema.json");
    let text = std::fs::read_to_string(schema).expect("the schema is there");
    // A pattern of this schema has one bracket too many.
    serde_json::from_str(&text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}?$")).expect("JSON")
}

#[test]
fn sarif_output_matches_its_schema() {
    let schema = sarif_schema();
    assert!(schema["$id"].as_str().unwrap_or_default().contains("sarif-schema-2.1.0"), "{}", schema["$id"]);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(
        !validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })),
        "the schema refuses nothing"
    );
    let shop = committed();
    let sarif = |shop: &Shop, arguments: &[&str]| -> serde_json::Value {
        let arguments: Vec<_> = ["check", "--format", "sarif"].iter().chain(arguments).copied().collect();
        serde_json::from_str(&shop.run(&arguments).stdout).expect("JSON")
    };
    let clean = sarif(&shop, &[]);
    let warned = sarif(&shop, &["--today", "2026-12-01"]);
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let drifted = sarif(&shop, &[]);
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h2]\n");
    let refused = sarif(&shop, &[]);
    for (sarif, results) in [(&clean, 0..1), (&warned, 1..2), (&drifted, 5..99), (&refused, 1..2)] {
        let errors: Vec<_> = validator.iter_errors(sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert!(results.contains(&sarif["runs"][0]["results"].as_array().expect("a list").len()));
    }
}

#[test]
fn init_writes_a_project_that_compiles_and_overwrites_nothing() {
    let shop = Shop::new();
    let here = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        std::fs::create_dir_all(shop.path("new place")).expect("a folder");
        shop.outcome(command.current_dir(shop.path("new place")))
    };
    insta::assert_snapshot!(here(&["init", "--today", "2026-05-15"]), @"
    exit 0
    --- stdout
    wrote a project of one table:
      rowkeep.yml
      periods.yml
      tables/mart_orders.yml
    next: edit the files, run `rowkeep compile`, commit rowkeep/, and let CI run `rowkeep check --today now`
    --- stderr
    ");
    for file in ["rowkeep.yml", "periods.yml", "tables/mart_orders.yml"] {
        let text = std::fs::read_to_string(shop.path("new place").join(file)).expect("it was written");
        insta::assert_snapshot!(format!("init_{}", file.replace(['/', '.'], "_")), text);
    }
    assert_eq!(here(&["compile"]).code, Some(0));
    insta::assert_snapshot!(here(&["check", "--today", "2026-05-15"]), @"
    exit 0
    --- stdout
    98 files compile, and the artifacts are up to date
      mart_orders  rows from 2025-07-01 on have a period; due rows have one until 2026-12-28
    --- stderr
    ");
    let before = shop.tree();
    insta::assert_snapshot!(here(&["init"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write rowkeep.yml: it already exists, and init overwrites nothing
    ");
    assert_eq!(before, shop.tree());
    // One existing file is enough to refuse: init then writes no file.
    shop.write("other/tables/mart_orders.yml", "mine");
    let before = shop.tree();
    assert!(shop.refuses(&["init", "../other"]).contains("other/tables/mart_orders.yml"));
    assert_eq!(before, shop.tree());
    for shape in ["one-table", "purge"] {
        let folder = format!("../{shape}");
        assert_eq!(shop.run(&["init", &folder, "--shape", shape]).code, Some(0), "{shape}");
        let text = |file: &str| std::fs::read_to_string(shop.path(shape).join(file)).expect("it was written");
        insta::assert_snapshot!(format!("init_{shape}"), text("rowkeep.yml") + &text("tables/mart_orders.yml"));
        assert!(!shop.path(shape).join("periods.yml").exists(), "{shape}");
        assert_eq!(shop.run(&["compile", "--project", &folder]).code, Some(0), "{shape}");
        let checked = shop.run(&["check", "--project", &folder, "--today", "2026-05-15"]);
        assert_eq!(checked.code, Some(0), "{checked}");
    }
    // Every folder name works.
    for name in ["1", "été", "..a b..", "UPPER"] {
        assert_eq!(shop.run(&["init", &format!("../{name}")]).code, Some(0), "{name}");
        assert_eq!(shop.run(&["compile", "--project", &format!("../{name}")]).code, Some(0), "{name}");
    }
}

#[test]
fn every_code_is_explained() {
    let shop = Shop::new();
    for code in Code::ALL {
        let said = shop.run(&["explain", code.as_str()]);
        assert!(said.stdout.starts_with(&format!("{code}\n\n")) && said.stdout.contains("\nFix: "), "{said}");
    }
    insta::assert_snapshot!(shop.run(&["explain", "rk202"]), @"
    exit 0
    --- stdout
    RK202

    There is a gap between two consecutive periods.

    No history table takes due rows from that time. They would stay in the mart, and
    every cycle would report them.

    Fix: add the period between the two.
    --- stderr
    ");
    insta::assert_snapshot!(shop.refuses(&["explain", "RK2O2"]), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'RK2O2' for '<CODE>': no finding has that code; did you mean RK202?

    For more information, try '--help'.
    ");
}

#[test]
fn shells_complete_commands() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = shop.run(&["completions", shell]);
        assert!(said.code == Some(0) && said.stdout.contains("rehearse"), "{shell}");
    }
}
