//! `rowkeep compile`: what it writes, and what it removes.

use std::path::Path;

use crate::shop::{PROJECT, Shop};

#[test]
fn compile_lists_what_was_written_and_the_next_steps() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(&["compile"]), @"
    exit 0
    --- stdout
    wrote 91 files to target/rowkeep
      redshift for 1 table, 2 periods (2 open): 15 statements a cycle, 15 a night, 8 relations to create
    next, with paths in target/rowkeep:
      once          run ddl/ in the order of its names
      every cycle   run what runbooks/cycle.txt lists (a model without 00_load: after your own load)
      every night   run what runbooks/sweep.txt lists, while no cycle runs
      after that    run what runbooks/laws.txt lists: each query must return no rows
    step by step: rowkeep runbook installation
    --- stderr
    ");
    assert!(shop.path("shop/target/rowkeep/manifest.json").exists());
    assert!(shop.path("shop/target/rowkeep/compiled/mart_orders/09_trim__2025_h2.sql").exists());
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    let shop = Shop::new();
    shop.run(&["compile"]);
    let once = shop.tree();
    shop.run(&["compile", "--project", "."]);
    assert_eq!(once, shop.tree());
}

#[test]
fn the_manifest_lists_every_written_file() {
    let shop = Shop::new();
    shop.run(&["compile", "--out", "../out"]);
    let root = shop.path("out");
    let tree = shop.tree();
    let found: Vec<_> =
        tree.keys().filter_map(|path| path.strip_prefix(&root).ok()).map(|path| path.display().to_string()).collect();
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(root.join("manifest.json")).expect("a manifest")).expect("JSON");
    let mut listed: Vec<_> = manifest["files"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|file| file.as_str().expect("a path").to_owned())
        .collect();
    listed.sort_by(|a, b| Path::new(a).cmp(Path::new(b)));
    assert_eq!(found, listed);
}

#[test]
fn stale_artifacts_are_removed_and_other_files_stay() {
    let shop = Shop::new();
    shop.run(&["compile"]);
    shop.write("shop/target/rowkeep/compiled/mart_orders/mine.sql", "mine");
    shop.write("shop/target/rowkeep/notes.txt", "mine");
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let outcome = shop.run(&["compile", "--allow", "period"]);
    assert!(outcome.stdout.contains("removed 10 files no longer needed"), "{outcome}");
    assert!(!shop.path("shop/target/rowkeep/compiled/mart_orders/08_archive__2026_h1.sql").exists());
    assert!(shop.path("shop/target/rowkeep/compiled/mart_orders/mine.sql").exists());
    assert!(shop.path("shop/target/rowkeep/notes.txt").exists());
}

#[test]
fn a_manifest_of_another_tool_is_not_overwritten() {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: target\n"));
    shop.write("shop/target/manifest.json", "{\"metadata\": {\"dbt_schema_version\": \"v12\"}}");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write target/manifest.json: it was not written by Rowkeep; choose another folder, so that nothing is overwritten
    ");
}

#[test]
fn a_manifest_with_conflict_markers_names_the_way_out() {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: rowkeep\n"));
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let manifest = std::fs::read_to_string(shop.path("shop/rowkeep/manifest.json")).expect("a manifest");
    shop.write("shop/rowkeep/manifest.json", format!("<<<<<<< HEAD\n{manifest}=======\n{manifest}>>>>>>> other\n"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write rowkeep/manifest.json: it has conflict markers of git: take one side, as in `git checkout --ours FILE`, and compile again; `rowkeep check --against REF` then compares with the other branch
    ");
}

#[test]
fn a_hostile_manifest_removes_no_file_outside_of_out() {
    let shop = Shop::new();
    shop.write("precious", "mine");
    let out = shop.path("shop/target/rowkeep/manifest.json");
    shop.write(
        "shop/target/rowkeep/manifest.json",
        "{\"rowkeep_schema_version\": 1, \"files\": [\"../../../precious\", \"/etc/hostname\", 5]}",
    );
    let outcome = shop.run(&["compile"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(shop.path("precious").exists() && out.exists());
}

#[test]
fn the_dialect_can_be_chosen() {
    let shop = Shop::new();
    let outcome = shop.run(&["compile", "--stdout", "--dialect", "duckdb", "--select", "mart_orders"]);
    assert!(outcome.stdout.contains("CURRENT_TIMESTAMP") && !outcome.stdout.contains("GETDATE"), "{outcome}");
    insta::assert_snapshot!(shop.refuses(&["compile", "--dialect", "oracle"]), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'oracle' for '--dialect <DIALECT>': expected redshift, postgres, duckdb, bigquery, snowflake

    For more information, try '--help'.
    ");
}

#[test]
fn another_dialect_does_not_replace_the_artifacts() {
    let shop = Shop::new();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    insta::assert_snapshot!(shop.refuses(&["compile", "--dialect", "duckdb"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --dialect duckdb would replace the artifacts in target/rowkeep, which are for redshift: add --stdout, or --out with another folder
    ");
    assert_eq!(shop.run(&["compile", "--dialect", "duckdb", "--out", "../duckdb"]).code, Some(0));
}

#[test]
fn artifacts_are_not_written_among_the_files_of_the_project() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refuses(&["compile", "--out", "tables"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --out tables: the folder has files of the project, and artifacts need a folder of their own, as in --out rowkeep
    ");
    for folder in [".", "tables/out", "../shop", "./tables/../tables", ".."] {
        let said = shop.refuses(&["compile", "--out", folder]);
        assert!(said.contains("has files of the project"), "{folder}: {said}");
    }
}

#[test]
fn a_selection_is_printed_or_written_elsewhere() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refuses(&["compile", "--select", "mart_orders"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --select would leave the project's artifacts incomplete: add --stdout, or --out with another folder
    ");
    insta::assert_snapshot!(shop.refuses(&["compile", "--select", "mart_order", "--stdout"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --select names mart_order, which no table spec describes; did you mean mart_orders?
    ");
    insta::assert_snapshot!(shop.run(&["compile", "--select", "mart_orders", "--out", "../some"]), @"
    exit 0
    --- stdout
    wrote 53 files to ../some
    this is a selection of statements: it has no manifest, and is no complete project
    --- stderr
    ");
    assert!(!shop.path("some/manifest.json").exists());
    shop.run(&["compile", "--out", "../whole"]);
    insta::assert_snapshot!(shop.refuses(&["compile", "--select", "mart_orders", "--out", "../whole"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write ../whole/manifest.json: the folder has all artifacts of a project, which a selection would break; choose another folder
    ");
}
