//! Runs the commands of docs/how-to as written.

use std::process::Command;

use crate::dbt::server;
use crate::projects;

/// Runs the commands of a page in a folder with the tracked files of examples/.
fn run(page: &str) -> String {
    let text = std::fs::read_to_string(projects::root().join("docs/how-to").join(page)).expect("the page");
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("an end"));
    let script: String = blocks.map(|block| format!("{block}\n")).collect();
    assert!(script.lines().count() > 8, "{script}");

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(projects::root().join("periods.yml"), folder.path().join("periods.yml")).expect("periods");
    std::fs::create_dir(folder.path().join(".git")).expect("the root of a repository");
    let examples = projects::root().join("examples");
    for file in projects::files(&examples) {
        let generated = ["rowkeep", "target", "dbt_packages", "logs"];
        if file.components().any(|part| generated.iter().any(|name| part.as_os_str() == *name)) {
            continue;
        }
        let copy = folder.path().join("examples").join(&file);
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
        std::fs::copy(examples.join(&file), copy).expect("a file");
    }
    let rowkeep = std::path::Path::new(env!("CARGO_BIN_EXE_rowkeep")).parent().expect("a folder");
    let dbt = server::program();
    let path = format!("{}:{}:{}", dbt.display(), rowkeep.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .output();
    let output = output.expect("bash is there");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{page}:\n{said}");
    said
}

#[test]
fn using_it_with_dbt() {
    let said = run("use-with-dbt.md");
    assert_eq!(said.matches("Completed successfully").count(), 2, "{said}");
    assert!(said.contains("Completed with 2 warnings"), "{said}");
    let page = std::fs::read_to_string(projects::root().join("docs/how-to/use-with-dbt.md")).expect("the page");
    let project = projects::root().join("examples/order_tracking/dbt_project");
    for (file, what) in
        [("packages.yml", "- local:"), ("dbt_project.yml", "model-paths:"), ("dbt_project.yml", "test-paths:")]
    {
        let text = std::fs::read_to_string(project.join(file)).expect("a text");
        let line = text.lines().find(|line| line.contains(what)).expect("the line");
        assert!(page.contains(&format!("\n{line}\n")), "{file}: {line}");
    }
}

#[test]
fn switching_from_handwritten_hooks() {
    let said = run("switch-from-handwritten-hooks.md");
    for wanted in ["laws are broken", "an old hook is left", "error[RK805]", "Completed successfully"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
