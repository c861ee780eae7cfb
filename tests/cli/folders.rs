//! Project folders and folders of artifacts: files that cannot be read or written, links, paths.

use std::process::Command;

use crate::shop::{ORDERS, PERIODS, PROJECT, Shop};

#[test]
fn the_project_is_found_from_a_folder_inside() {
    let shop = Shop::new();
    let outcome = shop.outcome(shop.command(&["compile"]).current_dir(shop.path("shop/tables")));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(shop.path("shop/target/rowkeep/manifest.json").exists());
}

#[test]
fn a_missing_project_is_reported() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let outcome = shop.outcome(shop.command(&["compile"]).current_dir(elsewhere.path()));
    insta::assert_snapshot!(outcome, @"
    exit 2
    --- stdout
    --- stderr
    error: no rowkeep.yml in . or any folder above it; write a new project with `rowkeep init`, or name one with --project DIR
    ");
    insta::assert_snapshot!(shop.refuses(&["compile", "--project", "nowhere"]), @"
    exit 2
    --- stdout
    --- stderr
    error: no rowkeep.yml in nowhere
    ");
}

#[test]
fn errors_of_several_files_are_reported_at_once() {
    let shop = Shop::new();
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h2]\n");
    shop.write("shop/tables/orders.yml", ORDERS.replace("unique_key: order_id", "unique_key: ordr_id"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK202]: no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart
     --> periods.yml:1:25
      |
    1 | hist_periods: [2025_h2, 2026_h2]
      |                -------  ^^^^^^^ starts 2026-07-01
      |                |
      |                ends 2026-01-01
      |
      = help: add the period between them

    error[RK304]: unique_key of mart_orders names column `ordr_id`, which `columns` does not declare
     --> tables/orders.yml:3:13
      |
    3 | unique_key: ordr_id
      |             ^^^^^^^ no such column
      |
      = help: did you mean `order_id`?

    2 errors; nothing was written
    ");
}

#[test]
fn unreadable_files_are_named() {
    let shop = Shop::new();
    std::fs::remove_file(shop.path("shop/periods.yml")).expect("it was there");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not read periods.yml: no such file or directory; line 4 of rowkeep.yml names it
    ");
    std::fs::create_dir(shop.path("shop/periods.yml")).expect("a folder in its place");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not read periods.yml: it is not a file
    ");
    std::fs::remove_dir(shop.path("shop/periods.yml")).expect("it was there");
    shop.write("shop/periods.yml", b"hist_periods:\n  - \xff\xfe\n");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not read periods.yml: line 2 is not UTF-8 text
    ");
    shop.write("shop/periods.yml", "");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK105]: expected the periods file, found nothing
     --> periods.yml:1:1
      |
    1 |
      | ^ not a mapping
      |
      = help: write its key `hist_periods:`

    1 error; nothing was written
    ");
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let shop = Shop::new();
    let pipe = shop.path("shop/tables/pipe.yml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not read tables/pipe.yml: it is not a file
    ");
}

#[test]
fn hostile_files_are_refused_quickly() {
    let shop = Shop::new();
    shop.write("shop/periods.yml", "x".repeat(100 * 1024 * 1024));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK102]: periods.yml is too large: it has more than 4194304 bytes, so it is not read
     --> periods.yml:1:1
      |
    1 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      | ^ not a project file
      |
      = help: name the YAML file, not a data file

    1 error; nothing was written
    ");
    shop.write("shop/periods.yml", format!("hist_periods: {}\n", "[".repeat(100_000)));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK102]: periods.yml has too many nested or expanded values; it is not read
     --> periods.yml:1:47
      |
    1 | hist_periods: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
      |                                               ^ parsing stopped here
      |
      = help: write the values without anchors, at most 32 levels deep

    1 error; nothing was written
    ");
}

#[test]
fn table_specs_that_are_not_read_are_reported() {
    let shop = Shop::new();
    shop.write("shop/tables/lines.yaml", ORDERS);
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK108]: `lines.yaml` is not read: the name of a table spec must end in .yml
     --> rowkeep.yml:6:9
      |
    6 | tables: tables/
      |         ^^^^^^^ in this folder
      |
      = help: rename it to lines.yml

    1 error; nothing was written
    ");
    std::fs::remove_file(shop.path("shop/tables/lines.yaml")).expect("it was there");
    std::fs::remove_file(shop.path("shop/tables/orders.yml")).expect("it was there");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK313]: `tables/` has no table spec; there is nothing to compile
     --> rowkeep.yml:6:9
      |
    6 | tables: tables/
      |         ^^^^^^^ no file here ends in .yml
      |
      = help: add one .yml file per table to that folder

    1 error; nothing was written
    ");
}

#[test]
fn an_extension_in_capitals_is_reported() {
    let shop = Shop::new();
    shop.write("shop/tables/lines.YML", ORDERS);
    let outcome = shop.refuses(&["compile"]);
    assert!(outcome.contains("`lines.YML` is not read") && outcome.contains("rename it to lines.yml"), "{outcome}");
}

#[test]
fn a_file_in_place_of_a_folder_is_reported() {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", PROJECT.replace("tables/", "periods.yml"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not read periods.yml: it is a file, not a folder
    ");
    insta::assert_snapshot!(shop.refuses(&["compile", "--project", "rowkeep.yml"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --project names a file, rowkeep.yml; name its folder
    ");
}

#[test]
fn artifacts_have_a_folder_of_their_own() {
    for out in ["tables", "tables/sql", ".", "./tables/../"] {
        let shop = Shop::new();
        shop.write("shop/rowkeep.yml", format!("{PROJECT}out: {out}\n"));
        let outcome = shop.refuses(&["compile"]);
        assert!(outcome.contains("is not a folder for artifacts alone"), "{outcome}");
        assert!(outcome.contains("--> rowkeep.yml"), "{outcome}");
    }
}

#[test]
fn periods_may_be_in_another_file() {
    let shop = Shop::new();
    shop.write(
        "shop/rowkeep.yml",
        PROJECT.replace("periods.yml", "{ file: ../dbt_project.yml, at: vars.hist_periods }"),
    );
    shop.write("dbt_project.yml", "name: shop\nvars:\n  other: yes\n  hist_periods: [2025_h2, 2026_h1]\n");
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    shop.write("dbt_project.yml", "name: shop\nvars:\n  history_periods: [2025_h2, 2026_h1]\n");
    let outcome = shop.run(&["compile"]);
    insta::assert_snapshot!(outcome, @"
    exit 1
    --- stdout
    --- stderr
    error[RK109]: ../dbt_project.yml has no key `hist_periods` on the way to `vars.hist_periods`
     --> rowkeep.yml:4:42
      |
    4 | periods: { file: ../dbt_project.yml, at: vars.hist_periods }
      |                                          ^^^^^^^^^^^^^^^^^ this key does not exist
      |
     ::: ../dbt_project.yml:3:3
      |
    3 |   history_periods: [2025_h2, 2026_h1]
      |   --------------- `hist_periods` is not here
      |
      = help: write the keys that lead to the list, joined by dots

    1 error; nothing was written
    ");
}

#[test]
fn project_templates_replace_built_in_templates() {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}templates: templates/\n"));
    shop.write("shop/templates/cycle/cutoff_clear.sql.j2", "DELETE FROM {{ cutoff|full }}\nWHERE 1 = 1\n");
    let outcome = shop.run(&["compile", "--stdout"]);
    assert!(outcome.stdout.contains("mart_orders__cutoff\nWHERE 1 = 1"), "{outcome}");
    // The template of an engine stands one folder deeper, and comes first.
    let own = "DELETE FROM {{ cutoff|full }}\nWHERE 2 = 2\n";
    for engine in ["postgres", "redshift"] {
        shop.write(&format!("shop/templates/cycle/{engine}/cutoff_clear.sql.j2"), own);
    }
    let outcome = shop.run(&["compile", "--stdout"]);
    assert!(outcome.stdout.contains("mart_orders__cutoff\nWHERE 2 = 2"), "{outcome}");
    shop.write("shop/templates/redshift/trimm.sql.j2", "DELETE FROM {{ mart|full }}\n");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK108]: template `redshift/trimm.sql.j2` replaces no built-in template, and has no effect
     --> redshift/trimm.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }}
      | ^ not used
      |
      = help: did you mean `cycle/redshift/trim.sql.j2`?

    1 error; nothing was written
    ");
}

#[test]
fn paths_stay_inside_the_repository() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let there = elsewhere.path().join("periods.yml");
    std::fs::write(&there, PERIODS).expect("a file");
    let named = PROJECT.replace("periods.yml", there.to_str().expect("a path"));
    shop.write("shop/rowkeep.yml", named);
    let outcome = shop.refuses(&["compile"]).replace(elsewhere.path().to_str().expect("a path"), "[elsewhere]");
    assert!(outcome.contains("exit 1") && outcome.contains("leads out of the repository"), "{outcome}");

    shop.write("shop/rowkeep.yml", PROJECT);
    #[cfg(unix)]
    {
        std::fs::remove_file(shop.path("shop/periods.yml")).expect("it was there");
        std::os::unix::fs::symlink(&there, shop.path("shop/periods.yml")).expect("a link");
        insta::assert_snapshot!(shop.refuses(&["compile"]), @"
        exit 1
        --- stdout
        --- stderr
        error[RK108]: `periods.yml` leads out of the repository; a build must not depend on files there
         --> rowkeep.yml:4:10
          |
        4 | periods: periods.yml
          |          ^^^^^^^^^^^ outside of ../
          |
          = help: name a path inside of the repository

        1 error; nothing was written
        ");
        std::fs::remove_file(shop.path("shop/periods.yml")).expect("it was there");
        shop.write("shop/periods.yml", PERIODS);
        std::os::unix::fs::symlink(&there, shop.path("shop/tables/lines.yml")).expect("a link");
        insta::assert_snapshot!(shop.refuses(&["compile"]), @"
        exit 1
        --- stdout
        --- stderr
        error[RK108]: `tables/lines.yml` leads out of the repository; a build must not depend on files there
         --> rowkeep.yml:6:9
          |
        6 | tables: tables/
          |         ^^^^^^^ outside of ../
          |
          = help: name a path inside of the repository

        1 error; nothing was written
        ");
        std::fs::remove_file(shop.path("shop/tables/lines.yml")).expect("it was there");
    }
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: ../../elsewhere\n"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK108]: `../../elsewhere` leads out of the repository; a build must not depend on files there
     --> rowkeep.yml:7:6
      |
    7 | out: ../../elsewhere
      |      ^^^^^^^^^^^^^^^ outside of ../
      |
      = help: name a path inside of the repository

    1 error; nothing was written
    ");
    // A path may climb to the root of the repository.
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: ../artifacts\n"));
    assert_eq!(shop.run(&["compile"]).code, Some(0));
}

#[cfg(unix)]
#[test]
fn links_out_of_the_repository_are_refused() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::write(elsewhere.path().join("rowkeep.yml"), PROJECT).expect("a file");
    std::fs::remove_file(shop.path("shop/rowkeep.yml")).expect("it was there");
    std::os::unix::fs::symlink(elsewhere.path().join("rowkeep.yml"), shop.path("shop/rowkeep.yml")).expect("a link");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not read rowkeep.yml: it is a link that leads out of the repository
    ");
    std::fs::remove_file(shop.path("shop/rowkeep.yml")).expect("it was there");
    shop.write("shop/rowkeep.yml", PROJECT);
    std::os::unix::fs::symlink(elsewhere.path(), shop.path("shop/target")).expect("a link");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write target/rowkeep: a link leads out of the repository
    ");
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    shop.write("shop/target/rowkeep/.keep", "");
    std::os::unix::fs::symlink(elsewhere.path(), shop.path("shop/target/rowkeep/compiled")).expect("a link");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write [root]/shop/target/rowkeep/compiled: it is a link; artifacts are written into folders only
    ");
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("a folder").count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_reported() {
    let shop = Shop::new();
    // Even root cannot write there.
    insta::assert_snapshot!(shop.refuses(&["compile", "--out", "/proc/rowkeep"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write /proc/rowkeep: no such file or directory
    ");
    insta::assert_snapshot!(shop.refuses(&["compile", "--out", "rowkeep.yml"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --out rowkeep.yml: it is a file; name a folder
    ");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_tree() {
    let shop = Shop::new();
    shop.run(&["compile"]);
    shop.write("shop/periods.yml", format!("{PERIODS}  - 2026_h2\n"));
    let before = shop.tree();
    // No file may be larger than 8 KiB, so the larger artifacts cannot be written.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {} compile", env!("CARGO_BIN_EXE_rowkeep"));
    let outcome = shop.outcome(Command::new("bash").args(["-c", &script]).current_dir(shop.path("shop")));
    insta::assert_snapshot!(outcome, @"
    exit 2
    --- stdout
    --- stderr
    error: could not write target/rowkeep/dbt/properties/mart_orders.yml: file too large
    ");
    assert_eq!(before, shop.tree(), "something was changed on disk");
}

/// The last file cannot be renamed to its path, so the renamed files are rolled back.
#[test]
fn a_file_that_cannot_be_renamed_leaves_the_old_tree() {
    let shop = Shop::new();
    shop.run(&["compile"]);
    let view = shop.path("shop/target/rowkeep/ddl/05_ods.all_hist_orders.sql");
    std::fs::remove_file(&view).expect("it was there");
    shop.write("shop/target/rowkeep/ddl/05_ods.all_hist_orders.sql/mine", "mine");
    shop.write("shop/periods.yml", format!("{PERIODS}  - 2026_h2\n"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 2
    --- stdout
    --- stderr
    error: could not write target/rowkeep/ddl/05_ods.all_hist_orders.sql: it is a folder, but must be a file
    ");
}

/// A killed process leaves its stage: the next one removes it. A folder that it had moved away
/// comes back, with the files that Rowkeep did not write.
#[test]
fn the_stage_of_a_killed_process_is_removed() {
    let shop = Shop::new();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let out = shop.path("shop/target/rowkeep");
    std::fs::write(out.join("compiled/notes.txt"), "mine").expect("a file");
    let beside = shop.path("shop/target/.rowkeep-4000000001");
    std::fs::create_dir_all(beside.join("old")).expect("a stage");
    std::fs::write(beside.join("lock"), "").expect("a lock");
    std::fs::rename(out.join("compiled"), beside.join("old/compiled")).expect("it is moved");
    // Earlier versions had the stage inside, without a lock.
    std::fs::create_dir_all(out.join(".rowkeep-4000000002/new")).expect("a stage");
    std::fs::create_dir_all(out.join(".rowkeep-mine")).expect("no stage");
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let names = |folder: &std::path::Path| {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let hidden = entries.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with('.'));
        hidden.collect::<Vec<_>>()
    };
    assert_eq!((names(&out), names(&shop.path("shop/target"))), (vec![".rowkeep-mine".to_owned()], vec![]));
    assert_eq!(std::fs::read_to_string(out.join("compiled/notes.txt")).expect("it stays"), "mine");
    std::fs::remove_file(out.join("compiled/notes.txt")).expect("it was there");
    assert_eq!(shop.run(&["check"]).code, Some(0));
}

/// A spec in a folder below the folder of table specs is read, and not ignored.
#[test]
fn table_specs_in_subfolders_are_read() {
    let shop = Shop::new();
    let spec = std::fs::read_to_string(shop.path("shop/tables/orders.yml")).expect("a spec");
    std::fs::remove_file(shop.path("shop/tables/orders.yml")).expect("it was there");
    shop.write("shop/tables/sales/eu/orders.yml", spec);
    let compiled = shop.run(&["compile"]);
    assert_eq!(compiled.code, Some(0), "{compiled}");
    assert!(shop.path("shop/target/rowkeep/compiled/mart_orders").is_dir());
    let deep = "a/".repeat(10);
    shop.write(&format!("shop/tables/{deep}more.yml"), "x: 1\n");
    let refused = shop.refuses(&["compile"]).to_string();
    assert!(refused.contains("is not read: it is more than 8 folders deep"), "{refused}");
}
