//! Commands as a user runs them: each snapshot has the exit code, standard output and standard
//! error.

use std::path::Path;
use std::process::Command;

use rowkeep::Code;

use crate::shop::{ORDERS, PERIODS, Shop};

#[test]
fn a_reader_that_stops_early_is_no_failure() {
    let shop = Shop::new();
    let script = format!("{} compile --stdout | head -n 1; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_rowkeep"));
    let outcome = shop.outcome(Command::new("bash").args(["-c", &script]).current_dir(shop.path("shop")));
    insta::assert_snapshot!(outcome, @"
    exit 0
    --- stdout
    ==> compiled/mart_orders/01_cutoff_clear.sql <==
    --- stderr
    ");
}

#[test]
fn a_project_with_the_line_ends_of_windows_compiles() {
    let shop = Shop::new();
    shop.write("shop/periods.yml", PERIODS.replace('\n', "\r\n"));
    shop.write("shop/tables/orders.yml", ORDERS.replace('\n', "\r\n"));
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    shop.write("shop/tables/orders.yml", ORDERS.replace("rows: latest", "rows: last").replace('\n', "\r\n"));
    insta::assert_snapshot!(shop.run(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK107]: expected `latest` or `events`, found `last`
     --> tables/orders.yml:5:7
      |
    5 | rows: last␍
      |       ^^^^ not a known word
      |
      = help: did you mean `latest`?

    1 error; nothing was written
    ");
}

#[test]
fn help_fits_on_a_screen() {
    insta::assert_snapshot!(Shop::new().run(&["--help"]), @"
    exit 0
    --- stdout
    Compiles retention: writes the SQL that moves ageing rows from a mart to its history tables

    Usage: rowkeep <COMMAND>

    Commands:
      init         Write a small new project that compiles; overwrites nothing
      compile      Compile the project: write all statements, all definitions and the manifest
      check        Check the project and its committed artifacts, for CI; writes nothing
      diff         Preview the effect of a new period, or of any other change; writes nothing
      rotate       Add the next period as one line; keeps comments, style and line ends
      runbook      Print a run-book: what to type, what to expect, and how to go back
      lint         Find the traps in SQL that anyone wrote: scripts, and the hooks and macros of dbt
                   projects
      loads        Print the statements that clean up or repeat runs of windowed loads
      trace        Show which statements apply to a row, and where it goes; reads no table
      erase        Print the statements that erase a key from every table; runs nothing
      doctor       Compare a live database with the project; changes nothing in it
      rehearse     Run the statements on a real engine through simulated years, and check the laws
      report       Write an HTML page: timeline, statements, next rotation, last rehearsal
      explain      Explain the code of a finding, and how to fix its cause
      schema       Print the JSON Schema of a project file, for editors
      completions  Print the completion script for a shell
      man          Print the manual page of a command, for `man -l -`
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    --- stderr
    ");
    insta::assert_snapshot!(Shop::new().run(&["compile", "--help"]), @"
    exit 0
    --- stdout
    Compile the project: write all statements, all definitions and the manifest

    Usage: rowkeep compile [OPTIONS]

    Options:
          --project <DIR>
              The folder of rowkeep.yml [default: here, or the nearest folder above]

          --out <DIR>
              Where to write [default: the project's `out:`, or target/rowkeep in it]

          --dialect <DIALECT>
              Compile for another engine than the project's: redshift, postgres, duckdb, bigquery,
              snowflake

          --select <MODEL>
              Write only the statements of these models; needs --stdout, or another --out folder

          --stdout
              Print the files instead of writing them

          --allow <WHAT>
              Allow these structural changes: period, table, key, purge, retention, erasure, history,
              column. Commas separate several

          --format <FORMAT>
              The output format of findings

              Possible values:
              - human:  Text, on standard error
              - json:   One JSON object
              - github: Workflow commands for GitHub Actions
              - sarif:  SARIF 2.1.0
              
              [default: human]

      -q, --quiet
              Print only findings: no summary

      -h, --help
              Print help (see a summary with '-h')
    --- stderr
    ");
}

#[test]
fn committed_schemas_are_current() {
    let shop = Shop::new();
    for file in ["project", "periods", "table", "manifest"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{file}.schema.json"));
        let schema = shop.run(&["schema", file]).stdout;
        if std::env::var_os("ROWKEEP_WRITE").is_some() {
            std::fs::write(&path, &schema).expect("the schema can be written");
        }
        let committed = std::fs::read_to_string(&path).expect("a schema");
        assert_eq!(schema, committed, "{file}: run this test with ROWKEEP_WRITE=1");
    }
    assert!(shop.run(&["schema"]).stdout.contains("Rowkeep project file"));
}

/// The name of each command, in the order of the help.
fn commands(shop: &Shop) -> Vec<String> {
    let help = shop.run(&["--help"]).stdout;
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    let (list, _) = list.split_once("\n\n").expect("the end of the list");
    let names = list.lines().filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_page_of_commands_is_current() {
    let shop = Shop::new();
    let mut page = "# Commands\n\nThis page has what `rowkeep <command> --help` prints. The exit code is 0 if nothing \
                    is wrong, 1 if\nsomething is, and 2 if the command could not do its work.\n"
        .to_owned();
    for command in commands(&shop) {
        let help = shop.run(&[&command, "--help"]).stdout;
        let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        page.push_str(&format!("\n## {command}\n\n```text\n{}\n```\n", help.trim_end()));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/commands.md");
    if std::env::var_os("ROWKEEP_WRITE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).expect("a page");
    assert_eq!(page, committed, "run this test with ROWKEEP_WRITE=1");
}

/// `tests/engines/rehearse_cli.rs` tests the command with engines.
#[cfg(not(feature = "rehearse"))]
#[test]
fn without_engines_rehearse_says_how_to_get_them() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refuses(&["rehearse"]), @"
    exit 2
    --- stdout
    --- stderr
    error: this binary was built without engines to rehearse on; install one that has DuckDB with `cargo install rowkeep --features bundled` (the build takes long, and DuckDB fetches its extension for time zones at first use), or in a checkout run `scripts/with-duckdb cargo run --features rehearse -- rehearse` (fetches DuckDB)
    ");
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
    101 files compile, and the artifacts are up to date
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
    // Every folder name works.
    for name in ["1", "été", "..a b..", "UPPER"] {
        assert_eq!(shop.run(&["init", &format!("../{name}")]).code, Some(0), "{name}");
        assert_eq!(shop.run(&["compile", "--project", &format!("../{name}")]).code, Some(0), "{name}");
    }
}

#[test]
fn init_writes_each_shape_and_each_mixture() {
    let shop = Shop::new();
    let text =
        |folder: &str, file: &str| std::fs::read_to_string(shop.path(folder).join(file)).expect("it was written");
    for shape in
        ["one-table", "purge", "months", "from-now", "until", "soft-delete", "snapshot", "only-when", "while-in"]
    {
        let made = shop.run(&["init", &format!("../{shape}"), "--shape", shape, "--today", "2026-05-15"]);
        assert_eq!(made.code, Some(0), "{made}");
        insta::assert_snapshot!(
            format!("init_{shape}"),
            text(shape, "rowkeep.yml") + &text(shape, "tables/mart_orders.yml")
        );
    }
    insta::assert_snapshot!("init_child", text("while-in", "tables/mart_order_lines.yml"));
    for archive in ["periods", "one-table", "purge"] {
        for due in ["", ",months", ",from-now", ",months,from-now", ",until", ",soft-delete", ",snapshot"] {
            for more in ["", ",only-when", ",while-in", ",only-when,while-in"] {
                let shape = format!("{archive}{due}{more}");
                let folder = format!("../mixtures/{shape}");
                let made = shop.run(&["init", &folder, "--shape", &shape, "--today", "2026-05-15"]);
                if due == ",snapshot" && more.ends_with("while-in") {
                    assert_eq!(made.code, Some(2), "{made}");
                    continue;
                }
                assert_eq!(made.code, Some(0), "{made}");
                assert_eq!(
                    shop.path("mixtures").join(&shape).join("periods.yml").exists(),
                    archive == "periods",
                    "{shape}"
                );
                assert_eq!(shop.run(&["compile", "--project", &folder]).code, Some(0), "{shape}");
                let checked = shop.run(&["check", "--project", &folder, "--today", "2026-05-15"]);
                assert!(checked.code == Some(0) && checked.stderr.is_empty(), "{checked}");
            }
        }
    }
    let before = shop.tree();
    insta::assert_snapshot!(shop.refuses(&["init", "../new", "--shape", "purge,one-table"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --shape cannot have both one-table and purge: due rows go to one place
    ");
    insta::assert_snapshot!(shop.refuses(&["init", "../new", "--shape", "until,from-now"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --shape cannot have both from-now and until: the row says when it leaves, so no length is counted
    ");
    insta::assert_snapshot!(shop.refuses(&["init", "../new", "--shape", "snapshot,soft-delete"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --shape cannot have both soft-delete and snapshot: each is about another time column
    ");
    insta::assert_snapshot!(shop.refuses(&["init", "../new", "--shape", "archive"]), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'archive' for '--shape <SHAPE>'
      [possible values: periods, one-table, purge, months, from-now, until, soft-delete, snapshot, only-when, while-in]

    For more information, try '--help'.
    ");
    assert_eq!(before, shop.tree());
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
    error: invalid value 'RK2O2' for '[CODE]': no finding has that code; did you mean RK202?

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

/// A row without a time is not due yet where the time is the day on which the row expires.
#[test]
fn a_migration_moves_rows_that_are_not_due_yet() {
    let shop = Shop::new();
    let migration = || shop.run(&["runbook", "migration"]).stdout;
    let left_out = "WHERE _b.order_id IS NOT NULL AND _b.updated_at IS NOT NULL";
    assert!(migration().contains(left_out), "{}", migration());
    shop.write("shop/tables/orders.yml", ORDERS.replace("{ for: 180 days }", "{ until: updated_at }"));
    let moved = migration();
    assert!(moved.contains("WHERE _b.order_id IS NOT NULL\n") && !moved.contains(left_out), "{moved}");
    assert!(moved.contains("(_b.updated_at IS NULL OR _h.updated_at >= _b.updated_at)"), "{moved}");
}

#[test]
fn each_command_has_a_manual_page() {
    let shop = Shop::new();
    let page = shop.run(&["man"]).stdout;
    assert!(page.contains(".TH rowkeep 1") && page.contains("rowkeep\\-compile(1)"), "{page}");
    let page = shop.run(&["man", "rehearse"]).stdout;
    assert!(page.contains(".TH rowkeep-rehearse 1") && page.contains("\\-\\-seeds"), "{page}");
    insta::assert_snapshot!(shop.refuses(&["man", "complie"]), @"
    exit 2
    --- stdout
    --- stderr
    error: no command complie; did you mean compile?
    ");
}

#[test]
fn a_quiet_command_prints_findings_only() {
    let shop = Shop::new();
    shop.write("hooks/sound.sql", "SELECT 1;\n");
    for command in [&["compile", "-q"][..], &["check", "--quiet"], &["lint", "-q", "../hooks"]] {
        let said = shop.run(command);
        assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(0), "", ""), "{command:?}");
    }
    let late = shop.refuses(&["check", "-q", "--today", "2027-03-01"]);
    assert!(late.contains("--- stdout\n--- stderr\nnote[RK718]"), "{late}");
}
