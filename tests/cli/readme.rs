//! README.md is true: its commands are those that are tested, and its pictures are what comes out.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced blocks of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().expect("a closing fence").to_owned()).collect()
}

#[test]
fn its_first_command_compiles_the_example_and_gives_its_pictures() {
    let readme = read("README.md");
    let commands = blocks(&readme, "sh");
    assert_eq!(commands.len(), 3);
    assert_eq!(commands[..2], ["cargo run -- compile --project examples/order_tracking\n", "scripts/test\n"]);

    // A copy, so that a test writes nothing into the checkout.
    let copy = tempfile::tempdir().expect("a folder");
    for path in ["periods.yml", "examples/order_tracking/rowkeep.yml"]
        .into_iter()
        .map(str::to_owned)
        .chain(["ecs", "uti", "uts"].map(|table| format!("examples/order_tracking/tables/{table}.yml")))
    {
        let to = copy.path().join(&path);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::write(to, read(&path)).expect("a copy");
    }
    std::fs::create_dir(copy.path().join(".git")).expect("a repository");
    let arguments = commands[0].trim().strip_prefix("cargo run -- ").expect("cargo runs the command").split(' ');
    let output = Command::new(env!("CARGO_BIN_EXE_rowkeep"))
        .args(arguments)
        .current_dir(copy.path())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(blocks(&readme, "text")[0], String::from_utf8(output.stdout).expect("text"));

    let out = copy.path().join("examples/order_tracking/target/rowkeep");
    let archive = std::fs::read_to_string(out.join("compiled/mart_uni_tracking_info/08_archive__2025_h2.sql"));
    assert_eq!(blocks(&readme, "sql")[0], archive.expect("a statement"));

    let diff = ["diff", "--project", "examples/order_tracking"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_rowkeep")).args(diff).current_dir(copy.path()).output().expect("it starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.starts_with(&blocks(&readme, "text")[1]), "{said}");
}

#[test]
fn what_it_quotes_stands_in_the_files() {
    let readme = read("README.md");
    assert_eq!(blocks(&readme, "yaml")[0], read("examples/order_tracking/tables/uti.yml"));
    assert!(read("golden/errors/period_gap/diagnostics.snap").contains(&blocks(&readme, "text")[2]));
    let indented: String = blocks(&readme, "text")[3].lines().map(|line| format!("    {line}\n")).collect();
    assert!(read("tests/check.rs").contains(&indented), "{indented}");
}

#[test]
fn links_lead_to_files() {
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/how-to/ci.md",
        "docs/how-to/switch-from-handwritten-hooks.md",
        "docs/how-to/use-with-dbt.md",
        "docs/explanation/performance.md",
        "docs/reference/README.md",
        "docs/reference/maintenance.md",
        "docs/reference/monitors.md",
        "docs/reference/raw.md",
        "docs/reference/schedule.md",
        "docs/reference/tripwire.md",
        "docs/reference/views.md",
        "docs/reference/statements.md",
        "docs/reference/project-files.md",
        "docs/explanation/testing.md",
    ] {
        let text = read(page);
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().expect("a closing parenthesis")) {
            if !link.starts_with("http") {
                let link = link.split('#').next().expect("a path before the anchor");
                let path = root().join(page).parent().expect("a folder").join(link);
                assert!(path.exists(), "{page} links to {link}");
            }
        }
    }
}

#[test]
fn the_documented_project_files_compile() {
    let page = read("docs/reference/project-files.md");
    let [project, periods, table] = &blocks(&page, "yaml")[..] else { panic!("three examples") };
    // What the page shows side by side cannot all be said at once.
    let project = project.lines().filter(|line| !line.starts_with("templates:")).collect::<Vec<_>>().join("\n");
    let drop = ["exceptions:", "after:", "  lookback:"];
    let table =
        table.lines().filter(|line| !drop.iter().any(|key| line.starts_with(key))).collect::<Vec<_>>().join("\n");
    let inputs = rowkeep::Inputs::new("rowkeep.yml", project)
        .with_periods("periods.yml", periods.clone())
        .with_table("table.yml", table);
    rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, rowkeep::Style::Plain)));
}

/// Each section stands in the example's place of its own.
#[test]
fn the_documented_sections_compile() {
    let example = read("examples/order_tracking/rowkeep.yml");
    let (project, _) = example.split_once("\n# Landing tables").expect("the sections come last");
    let mut seen = 0;
    for page in ["raw", "monitors", "maintenance", "tripwire", "schedule"] {
        for block in blocks(&read(&format!("docs/reference/{page}.md")), "yaml") {
            let of_table = block.starts_with("tripwire:");
            let text = if of_table { project.to_owned() } else { format!("{project}\n{block}") };
            let inputs = rowkeep::Inputs::new("rowkeep.yml", text).with_periods("periods.yml", read("periods.yml"));
            let inputs = ["ecs", "uti", "uts"].into_iter().fold(inputs, |inputs, table| {
                let spec = read(&format!("examples/order_tracking/tables/{table}.yml"));
                inputs.with_table(format!("tables/{table}.yml"), if of_table { format!("{spec}{block}") } else { spec })
            });
            rowkeep::compile(&inputs)
                .unwrap_or_else(|wrong| panic!("{page}: {}", wrong.render(&inputs, rowkeep::Style::Plain)));
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}
