//! The wheel: it is built, installed into an empty environment, and used from a shell and from
//! Python. The build replaces the program that other tests run, so this test runs alone, after
//! them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

use std::path::Path;
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

#[test]
fn a_wheel_installs_the_program_its_engine_and_a_python_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The profile of the tests, so that only the program itself is compiled again.
    run(root, Path::new("scripts/wheel"), &["--profile", "dev"]);
    let wheels = std::fs::read_dir(root.join("target/wheels")).expect("a folder");
    let version = format!("rowkeep-{}-", env!("CARGO_PKG_VERSION"));
    let is_this =
        |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&version));
    let wheel = wheels.map(|entry| entry.expect("an entry").path()).find(is_this).expect("a wheel of this version");

    let here = tempfile::tempdir().expect("a folder");
    run(here.path(), Path::new("python3"), &["-m", "venv", "env"]);
    let python = here.path().join("env/bin/python");
    let wheel = wheel.to_str().expect("a path");
    run(here.path(), &python, &["-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel]);
    let rowkeep = here.path().join("env/bin/rowkeep");
    assert_eq!(run(here.path(), &rowkeep, &["--version"]), format!("rowkeep {}\n", env!("CARGO_PKG_VERSION")));
    run(here.path(), &rowkeep, &["init", "shop", "--today", "2026-05-01"]);
    let shop = here.path().join("shop");
    run(&shop, &python, &["-m", "rowkeep", "compile"]);
    let rehearsed = run(&shop, &rowkeep, &["rehearse", "--engine", "duckdb", "--seeds", "1", "--cycles", "8"]);
    assert!(rehearsed.contains("✓ L1  nothing lost"), "{rehearsed}");
    run(here.path(), &python, &["-c", PYTHON]);
}
