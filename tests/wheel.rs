//! What a release has. The wheel is built, installed into an empty environment, and used from a
//! shell and from Python. The archive is built and unpacked. The builds replace the program that
//! other tests run, so these tests run alone, after them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The output of a command that must succeed. The DuckDB library must be found without the variable
/// that names its folder.
fn run(folder: &Path, program: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(folder).env_remove("LD_LIBRARY_PATH").output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Uses each function of the module. Prints nothing.
const PYTHON: &str = r#"
import rowkeep

files = rowkeep.compile("shop")
assert "archive: copy due rows" in files["compiled/mart_orders/08_archive__2026_h1.sql"], sorted(files)
assert rowkeep.compile("shop", dialect="duckdb") != files
assert rowkeep.check("shop", today="2026-05-01") == []
assert "RK712" in [found["code"] for found in rowkeep.check("shop", today="2029-01-01")]

with open("trim.sql", "w") as file:
    file.write("INSERT INTO log_archive (id, at) SELECT id, at FROM log WHERE at < '2026-01-01';\n")
    file.write("DELETE FROM log WHERE at < '2026-02-01';\n")
rules = lambda **options: {found["rule"] for found in rowkeep.lint(["trim.sql"], **options)}
assert rules() == {"archive-without-guard", "trim-without-proof"}, rules()
assert rules(ignore=["trim-without-proof"]) == {"archive-without-guard"}
assert len(rowkeep.lint("trim.sql", select=["RK602"])) == 1

with open("shop/periods.yml", "a") as file:
    file.write("  - 2099_h2\n")
try:
    rowkeep.compile("shop")
except rowkeep.Error as error:
    assert [found["code"] for found in error.findings] == ["RK202"], error
else:
    raise AssertionError("a gap is an error")
try:
    rowkeep.lint([])
except rowkeep.Error as error:
    assert "required" in str(error), error
else:
    raise AssertionError("no path is an error")
"#;

/// Builds the wheel, with the profile of the tests, so that nothing is
/// compiled again.
fn built(root: &Path) -> PathBuf {
    run(root, Path::new("scripts/wheel"), &["--profile", "dev"]);
    let mut wheels = std::fs::read_dir(root.join("target/wheels")).expect("a folder").map(|one| one.expect("a file"));
    let wheel = wheels.next().expect("a wheel").path();
    assert!(wheels.next().is_none(), "older wheels are removed");
    wheel
}

/// The search path of this process, without the folders that have the program.
fn path_without_rowkeep() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").expect("PATH");
    let others = std::env::split_paths(&path).filter(|folder| !folder.join("rowkeep").exists());
    std::env::join_paths(others).expect("the same folders")
}

/// The script of the step of action.yml that installs the program.
fn install_step(root: &Path) -> String {
    let action = std::fs::read_to_string(root.join("action.yml")).expect("the action");
    let step = action.split("- name: Install\n").nth(1).and_then(|rest| rest.split("run: |\n").nth(1));
    let script = step.and_then(|rest| rest.split("\n\n").next()).expect("a script");
    script.to_owned()
}

#[test]
fn an_archive_has_the_program_and_a_manual_page_for_each_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = run(root, Path::new("scripts/with-duckdb"), &["scripts/archive", "--features", "rehearse"]);
    let archive = root.join(said.trim().strip_prefix("built ").expect("the path of the archive"));
    let name = archive.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let folder = archive.parent().expect("a folder");
    run(folder, Path::new("sha256sum"), &["--check", &format!("{name}.sha256")]);
    let here = tempfile::tempdir().expect("a folder");
    run(here.path(), Path::new("tar"), &["-xzf", archive.to_str().expect("a path")]);
    let inside = here.path().join(name.strip_suffix(".tar.gz").expect("an archive"));
    let commands = run(root, Path::new("sh"), &["-c", "grep '^## ' docs/reference/commands.md | cut -c 4-"]);
    for command in commands.lines() {
        let page = std::fs::read_to_string(inside.join(format!("man/rowkeep-{command}.1"))).expect(command);
        assert!(page.contains(&format!("rowkeep\\-{command}")), "{page}");
    }
    for file in ["rowkeep", "man/rowkeep.1", "LICENSE-MIT", "completions/rowkeep.fish", "completions/_rowkeep"] {
        assert!(inside.join(file).is_file(), "{file}");
    }
    run(&inside, Path::new("bash"), &["-n", "completions/rowkeep.bash"]);
}

#[test]
fn the_release_workflow_runs_scripts_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workflow = std::fs::read_to_string(root.join(".github/workflows/release.yml")).expect("the workflow");
    let words = workflow.split_whitespace().filter(|word| word.starts_with("scripts/"));
    let scripts: Vec<_> = words.inspect(|word| assert!(root.join(word).is_file(), "{word}")).collect();
    assert_eq!(scripts, ["scripts/wheel", "scripts/archive", "scripts/with-maturin"]);
}

#[test]
fn a_wheel_installs_the_program_its_engine_and_a_python_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wheel = built(root);
    let wheel = wheel.to_str().expect("a path");
    assert!(wheel.contains(concat!("/rowkeep-", env!("CARGO_PKG_VERSION"), "-py3-none-manylinux_2_")), "{wheel}");

    // The action installs it without a compiler. It has no program on its path yet.
    let here = tempfile::tempdir().expect("a folder");
    let mut action = Command::new("bash");
    action.args(["-ec", &install_step(root)]).env("PATH", path_without_rowkeep()).env("PIP_NO_INDEX", "1");
    let paths = here.path().join("paths");
    let action = action.env("WHEEL", wheel).env("RUNNER_TEMP", here.path()).env("GITHUB_PATH", &paths);
    assert!(action.status().expect("it starts").success());
    let bin = std::fs::read_to_string(&paths).expect("the step adds a folder to the path");
    let python = Path::new(bin.trim()).join("python");
    let rowkeep = Path::new(bin.trim()).join("rowkeep");
    assert_eq!(run(here.path(), &rowkeep, &["--version"]), format!("rowkeep {}\n", env!("CARGO_PKG_VERSION")));
    run(here.path(), &rowkeep, &["init", "shop", "--today", "2026-05-01"]);
    let shop = here.path().join("shop");
    run(&shop, &python, &["-m", "rowkeep", "compile"]);
    let rehearsed = run(&shop, &rowkeep, &["rehearse", "--engine", "duckdb", "--seeds", "1", "--cycles", "8"]);
    assert!(rehearsed.contains("✓ L1  nothing lost"), "{rehearsed}");
    run(here.path(), &python, &["-c", PYTHON]);
}
