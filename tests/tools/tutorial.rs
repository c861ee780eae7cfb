//! The tutorial, from its first command to its last, with the command line of DuckDB.

use std::path::Path;
use std::process::Command;

use crate::projects;

/// A line without the time of the exception, which is the time of the test.
fn without_time(line: &str) -> String {
    line.split(',').filter(|field| field.matches(':').count() != 2).collect::<Vec<_>>().join(",")
}

#[test]
fn each_command_prints_what_the_tutorial_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let rowkeep = Path::new(env!("CARGO_BIN_EXE_rowkeep")).parent().expect("a folder of programs");
    let duckdb = std::env::var("ROWKEEP_DUCKDB_CLI").expect("ROWKEEP_DUCKDB_CLI is set by scripts/with-duckdb-cli");
    let path = format!("{}:{duckdb}:{}", rowkeep.display(), std::env::var("PATH").expect("PATH"));
    let tutorial = std::fs::read_to_string(projects::root().join("docs/tutorial.md")).expect("the tutorial");
    let mut here = folder.path().to_owned();
    let (mut ran, mut compared) = (0, 0);
    for part in tutorial.split("```sh\n").skip(1) {
        let (commands, rest) = part.split_once("```").expect("a closing fence");
        let output = Command::new("bash").args(["-ec", commands]).current_dir(&here).env("PATH", &path).output();
        let output = output.expect("bash starts");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(output.status.success(), "{commands}{said}");
        ran += 1;
        if commands.lines().any(|line| line == "cd shop") {
            here = here.join("shop");
        }
        // A text between two blocks of commands is what the first one prints.
        if let Some((_, shown)) = rest.split_once("```text\n") {
            let shown = shown.split("```").next().expect("a closing fence").trim_end();
            let [shown, said] =
                [shown, &said].map(|text| text.lines().map(without_time).collect::<Vec<_>>().join("\n"));
            assert!(said.contains(&shown), "{commands}does not print:\n{shown}\nbut:\n{said}");
            compared += 1;
        }
    }
    assert!(ran >= 18 && compared >= 8, "{ran} blocks, {compared} outputs");
}
