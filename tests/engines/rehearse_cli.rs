//! `rowkeep rehearse`, as a user runs it.

use std::path::Path;
use std::process::{Command, Output};

const EXAMPLE: [&str; 3] = ["rehearse", "--project", "examples/order_tracking"];

fn rehearse(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(EXAMPLE)
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("ROWKEEP_URL");
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The server of scripts/with-engines, with a password. The server uses trust authentication, so it
/// ignores the password.
fn url() -> String {
    let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    format!("{stated} password=s3cret")
}

fn refused(arguments: &[&str]) -> String {
    let output = rehearse(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(output.stdout.is_empty());
    let said = text(&output.stderr);
    assert!(!said.contains("s3cret"), "a password was printed: {said}");
    said
}

#[test]
fn hand_written_hooks_break_laws_with_readable_counterexamples() {
    let output = rehearse(&["--hooks", "examples/handwritten", "--seeds", "2"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for law in ["L1", "L2", "L4", "L7"] {
        assert!(said.contains(&format!("✗ {law}")), "{law} holds:\n{said}");
    }
    insta::assert_snapshot!("handwritten", said);
}

#[test]
fn the_documentation_shows_the_real_output() {
    let read = |page: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let block = |text: &str, language: &str, n: usize| {
        let fence = format!("```{language}\n");
        let rest = text.split(&fence).nth(n).unwrap_or_else(|| panic!("block {n} of {language}")).to_owned();
        rest.split("```").next().expect("a closing fence").to_owned()
    };
    let shown = block(&read("docs/explanation/testing.md"), "text", 1);
    let output = read("tests/engines/snapshots/engines__rehearse_cli__handwritten.snap");
    assert!(output.contains(&shown), "docs/explanation/testing.md shows a counterexample that does not come out");
}

#[test]
fn a_rehearsal_on_postgres_touches_only_a_scratch_schema() {
    // A database of its own: other tests make scratch schemas in the server's first database.
    let server = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    let connect = |server: &str| postgres::Client::connect(server, postgres::NoTls).expect("PostgreSQL answers");
    connect(&server).batch_execute("CREATE DATABASE rehearse_cli").expect("a database");
    let mut client = connect(&format!("{server} dbname=rehearse_cli"));
    client
        .batch_execute(
            "CREATE SCHEMA settlement_ods; CREATE TABLE settlement_ods.mart_uni_tracking_info (order_id BIGINT, state INTEGER, update_time BIGINT);
             INSERT INTO settlement_ods.mart_uni_tracking_info VALUES (1, 1, 1)",
        )
        .expect("a mart of production");
    let output = rehearse(&["--url", &format!("{} dbname=rehearse_cli", url()), "--seeds", "1", "--cycles", "6"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).starts_with("rehearsed order_tracking on postgres: 1 story\n"));
    let rows: i64 = client
        .query_one("SELECT COUNT(*) FROM settlement_ods.mart_uni_tracking_info", &[])
        .expect("it is there")
        .get(0);
    assert_eq!(rows, 1);
    let tables: i64 = client
        .query_one("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE 'settlement%'", &[])
        .expect("it can be asked")
        .get(0);
    assert_eq!(tables, 1);
    let left: i64 = client
        .query_one("SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'rowkeep_rehearsal%'", &[])
        .expect("it can be asked")
        .get(0);
    assert_eq!(left, 0, "a scratch schema was left behind");
}

#[test]
fn wrong_arguments_are_refused() {
    insta::assert_snapshot!(refused(&["--engine", "postgres"]), @"error: --engine postgres needs --url: a database in which scratch schemas may be created");
    insta::assert_snapshot!(refused(&["--url", "postgres://me:s3cret@localhost:port/db"]), @"error: database: the URL is neither postgres://user:password@host:5432/database nor a list of key=value pairs, or has an unknown option; write @, : and / in a password as %40, %3A and %2F");
    insta::assert_snapshot!(refused(&["--url", "host=/nowhere user=me password=s3cret"]), @"error: database: no server answers at /nowhere:5432: the socket does not exist");
    insta::assert_snapshot!(refused(&["--hooks", "examples/nowhere"]), @"error: could not read examples/nowhere: no such file or directory");
    insta::assert_snapshot!(refused(&["--hooks", "examples"]), @"error: examples has a folder handwritten, which no table spec describes");
    insta::assert_snapshot!(refused(&["--seed", "18446744073709551615"]), @"
    error: invalid value '18446744073709551615' for '--seed <N>': 18446744073709551615 is not in 0..18446744073709551615

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(refused(&["--seeds", "0"]), @"
    error: invalid value '0' for '--seeds <N>': 0 is not in 1..=1000000

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(refused(&["--seed", "1", "--seeds", "2"]), @"
    error: the argument '--seed <N>' cannot be used with '--seeds <N>'

    Usage: rowkeep rehearse --project <DIR> --seed <N>

    For more information, try '--help'.
    ");
}

#[test]
fn hooks_that_reach_outside_of_the_project_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |sql: &str| {
        let model = folder.path().join("mart_uni_tracking_info");
        std::fs::create_dir_all(&model).expect("a folder");
        std::fs::write(model.join("01_mine.sql"), sql).expect("a file");
        let said = refused(&["--hooks", folder.path().to_str().expect("a path")]);
        assert!(!Path::new("stolen.csv").exists());
        said
    };
    insta::assert_snapshot!(write("DROP SCHEMA settlement_ods CASCADE"), @"error: mart_uni_tracking_info/01_mine.sql is not an INSERT, UPDATE, DELETE or MERGE");
    insta::assert_snapshot!(write("DELETE FROM payroll.salaries"), @"error: mart_uni_tracking_info/01_mine.sql touches `payroll.salaries`, which is not a relation of the project");
    insta::assert_snapshot!(write("COPY settlement_ods.mart_uni_tracking_info TO 'stolen.csv'"), @"error: mart_uni_tracking_info/01_mine.sql is not an INSERT, UPDATE, DELETE or MERGE");
    insta::assert_snapshot!(write("DELETE FROM settlement_ods.mart_uni_tracking_info; DROP TABLE x"), @"error: mart_uni_tracking_info/01_mine.sql has 2 statements, but a file is exactly one statement");
    let mart = "settlement_ods.mart_uni_tracking_info";
    insta::assert_snapshot!(write(&format!("DELETE FROM {mart} WHERE pg_sleep(9) IS NULL")), @"error: mart_uni_tracking_info/01_mine.sql uses pg_sleep, which a rehearsal does not allow; write the clock as CURRENT_TIMESTAMP or GETDATE()");
    insta::assert_snapshot!(write(&format!("DELETE FROM {mart} WHERE state IN (SELECT a FROM read_csv('x.csv'))")), @"error: mart_uni_tracking_info/01_mine.sql touches `read_csv('x.csv')`, which is not a relation of the project");
    insta::assert_snapshot!(write(&format!("DELETE FROM {mart} WHERE 'now'::timestamp > now()")), @"error: mart_uni_tracking_info/01_mine.sql uses 'now', which a rehearsal does not allow; write the clock as CURRENT_TIMESTAMP or GETDATE()");
    insta::assert_snapshot!(write("DELETE FORM settlement_ods.mart_uni_tracking_info"), @"error: mart_uni_tracking_info/01_mine.sql is not duckdb SQL: Expected: FROM, found: settlement_ods at Line: 1, Column: 13");
    insta::assert_snapshot!(write("DELETE FROM settlement_ods.mart_uni_tracking_info WHERE no_such_column = 1"), @r#"
    error: DuckDB: in the story of seed 0, mart_uni_tracking_info/01_mine.sql: Binder Error: Referenced column "no_such_column" not found in FROM clause!
    Candidate bindings: "order_id"

    LINE 1: DELETE FROM settlement_ods.mart_uni_tracking_info WHERE no_such_column = 1
                                                                    ^
    "#);
}

#[test]
fn folders_without_hooks_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path").to_owned();
    std::fs::create_dir(folder.path().join("mart_uni_tracking_info")).expect("a folder");
    let empty = refused(&["--hooks", &path]);
    assert!(empty.ends_with("/mart_uni_tracking_info holds no statement: no file in it ends in .sql\n"), "{empty}");
    std::fs::write(folder.path().join("01_trim.sql"), "DELETE FROM x").expect("a file");
    let stray = refused(&["--hooks", &path]);
    assert!(stray.starts_with("error: 01_trim.sql is in "), "{stray}");
    assert!(stray.ends_with("so it belongs to no model; move it into a folder named after its model\n"), "{stray}");
}

#[test]
fn the_json_report_has_the_same_exit_code() {
    let hooks = ["--hooks", "examples/handwritten", "--seed", "0", "--cycles", "8", "--format", "json"];
    let output = rehearse(&[&hooks[..], &["--url", &url()]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["project"], "order_tracking");
    assert_eq!(report["seeds"], 1);
    assert_eq!(report["laws"].as_array().map(Vec::len), Some(10));
    let broken = report["laws"].as_array().expect("a list").iter().find(|law| law["counterexample"].is_object());
    let broken = broken.expect("one law is broken at least");
    assert!(broken["counterexample"]["events"].as_array().is_some_and(|events| !events.is_empty()));
}
