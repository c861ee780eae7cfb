//! README.md and docs/ are true: their commands run, their output is real, their project files
//! compile, their links work.

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

fn rowkeep(folder: &Path, arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rowkeep"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_readme_is_short() {
    assert!(read("README.md").lines().count() <= 120);
    assert!(read("ARCHITECTURE.md").lines().count() <= 150);
}

#[test]
fn the_commands_of_the_readme_give_the_shown_output() {
    let readme = read("README.md");
    let [install, start, compile, test] = &blocks(&readme, "sh")[..] else { panic!("four blocks of commands") };
    assert!(install.starts_with("cargo install "));
    assert_eq!(test, "scripts/test\n");

    // The quick start, line by line.
    let folder = tempfile::tempdir().expect("a folder");
    let mut here = folder.path().to_owned();
    for line in start.lines() {
        let command = line.split('#').next().expect("a command").trim();
        match command.strip_prefix("cd ") {
            Some(into) => here = here.join(into),
            None => drop(rowkeep(&here, command.strip_prefix("rowkeep ").expect("a command of Rowkeep"))),
        }
    }
    assert!(here.join("rowkeep/manifest.json").exists());

    // The test copies the example, so that it writes nothing into the checkout.
    let copy = tempfile::tempdir().expect("a folder");
    let tables = ["ecs", "uti", "uts"].map(|table| format!("examples/order_tracking/tables/{table}.yml"));
    for path in ["periods.yml", "examples/order_tracking/rowkeep.yml"].into_iter().map(str::to_owned).chain(tables) {
        let to = copy.path().join(&path);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::write(to, read(&path)).expect("a copy");
    }
    std::fs::create_dir(copy.path().join(".git")).expect("a repository");
    rowkeep(copy.path(), compile.trim().strip_prefix("cargo run -- ").expect("cargo runs the command"));
    let out = copy.path().join("examples/order_tracking/target/rowkeep");
    let archive = std::fs::read_to_string(out.join("compiled/mart_uni_tracking_info/08_archive__2025_h2.sql"));
    assert!(archive.expect("a statement").starts_with(&blocks(&readme, "sql")[0]));
    let diff = rowkeep(copy.path(), "diff --project examples/order_tracking");
    assert!(diff.starts_with(&blocks(&readme, "text")[0]), "{diff}");
    assert!(read("golden/errors/period_gap/diagnostics.snap").contains(&blocks(&readme, "text")[1]));
}

#[test]
fn links_lead_to_files() {
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/README.md",
        "docs/tutorial.md",
        "docs/glossary.md",
        "docs/explanation/laws.md",
        "docs/explanation/how-verify-works.md",
        "docs/explanation/testing-tables.md",
        "docs/reference/doctor.md",
        "docs/reference/loads.md",
        "docs/reference/runbooks.md",
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
    let [project, periods, of_weeks, lists, of_invoices, table, ..] = &blocks(&page, "yaml")[..] else {
        panic!("six examples")
    };
    let without = |text: &str, keys: &[&str]| {
        let kept = text.lines().filter(|line| !keys.iter().any(|key| line.starts_with(key)));
        kept.collect::<Vec<_>>().join("\n")
    };
    // The page shows alternatives that exclude each other.
    let stated = project;
    let project = without(project, &["templates:", "period_lists:"]);
    let table = without(table, &["exceptions:", "after:", "  lookback:", "periods:"]);
    let inputs = rowkeep::Inputs::new("rowkeep.yml", project.clone())
        .with_periods("periods.yml", periods.clone())
        .with_table("table.yml", table.as_str());
    rowkeep::compile(&inputs).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, rowkeep::Style::Plain)));
    // The example of a fiscal year of weeks.
    let fiscal = format!(
        "{}\n{of_weeks}",
        without(&project, &["fiscal_year:", "periods:", "retired_before:", "sealed_before:"])
    );
    let inputs = rowkeep::Inputs::new("rowkeep.yml", format!("{fiscal}\nperiods: [fy2024_m01, fy2024_m02]\n"))
        .with_table("table.yml", table.as_str());
    let spec =
        rowkeep::resolve(&inputs).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, rowkeep::Style::Plain)));
    assert_eq!(spec.periods()[0].start(), "2024-02-04");
    // The example of several lists, with a table for each.
    let project = without(stated, &["templates:", "period_lists:", "periods:", "sealed_before:", "retired_before:"]);
    let another = |name: &str, list: &str| {
        without(&table, &["relation:"])
            .replace("uni_tracking_info", name)
            .replace("ARCHIVE_ROUTING_GAP", &name.to_uppercase())
            + list
    };
    let inputs = rowkeep::Inputs::new("rowkeep.yml", format!("{project}\n{lists}"))
        .with_periods("periods.yml", "hist_periods: [2025_h2]")
        .with_periods("dbt_project.yml", "vars: { weeks: [2026_w01, 2026_w02] }")
        .with_table("a.yml", table.as_str())
        .with_table("b.yml", another("events", "\nperiods: weekly\n"))
        .with_table("c.yml", another("invoices", &format!("\n{of_invoices}")));
    let compiled = rowkeep::compile(&inputs);
    compiled.unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, rowkeep::Style::Plain)));
}

/// Each documented section compiles when it replaces the sections of the example.
#[test]
fn the_documented_sections_compile() {
    let example = read("examples/order_tracking/rowkeep.yml");
    let (project, _) = example.split_once("\n# Raw tables").expect("the sections come last");
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
