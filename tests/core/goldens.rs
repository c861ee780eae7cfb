//! Snapshots of the artifacts, and of the diagnostics about bad input. To add a case, add one file:
//! `golden/compile/<behaviour>/rowkeep.yml`, or `golden/errors/<why>/rowkeep.yml` for input that
//! must fail. The snapshots of a case are in its folder, and its templates in `templates/` in its
//! folder.

use crate::projects;
use std::path::Path;

use rowkeep::artifacts::Artifacts;
use rowkeep::{Dialect, Inputs, Style};
use similar::TextDiff;

use crate::projects::order_tracking;

fn compile(inputs: &Inputs) -> Artifacts {
    rowkeep::compile(inputs).unwrap_or_else(|wrong| panic!("{}", wrong.render(inputs, Style::Plain))).into_artifacts()
}

fn snapshot(folder: &Path, name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn difference(old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().context_radius(1).to_string()
}

/// Whether a file belongs to operations: statements that run outside of a table's cycle.
fn is_operation(path: &str) -> bool {
    ["monitors/", "maintenance/", "airflow/", "runbooks/"].iter().any(|folder| path.starts_with(folder))
}

/// Operations: the project's dialect in full, the others as differences from it. The recording of
/// findings, repairs and run-books are left out, because the example's snapshots show them.
fn operations(inputs: &Inputs) -> String {
    let is_shown = |path: &str| {
        let left_out = ["__record", "__resolve", "repairs/", "runbooks/"];
        !left_out.iter().any(|part| path.contains(part))
    };
    let listing = |artifacts: &Artifacts| listing_of(artifacts, |path| is_operation(path) && is_shown(path));
    let base = compile(inputs);
    let mut text = listing(&base);
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.as_str() != base.manifest().metadata.dialect) {
        let other = listing(&compile(&inputs.clone().with_dialect(dialect)));
        let changes = difference(&listing(&base), &other);
        text.push_str(&format!("==> differences on {dialect} <==\n{changes}\n"));
    }
    text
}

fn listing_of(artifacts: &Artifacts, is_wanted: impl Fn(&str) -> bool) -> String {
    let files = artifacts.files().iter().filter(|(path, _)| is_wanted(path));
    files.map(|(path, text)| format!("==> {path} <==\n{text}\n")).collect()
}

/// Statements and definitions, each with its path. Statements of the sweep are differences from the
/// cycle. The dbt form and operations are left out, because they have their own snapshots.
fn listing(artifacts: &Artifacts) -> String {
    let mut out = String::new();
    let mut same = Vec::new();
    for (path, text) in artifacts.files() {
        if path == rowkeep::artifacts::MANIFEST
            || path == rowkeep::features::schedule::SCHEDULE
            || path.starts_with("dbt/")
            || is_operation(path)
        {
            continue;
        }
        let cycle = path.strip_prefix("compiled/sweep/").map(|rest| format!("compiled/{rest}"));
        match cycle.as_deref().map(|cycle| (cycle, artifacts.get(cycle))) {
            Some((_, Some(cycle))) if cycle == text => same.push(path.as_str()),
            Some((from, Some(cycle))) => {
                out.push_str(&format!("==> {path} <== as {from}, but:\n{}\n", difference(cycle, text)))
            }
            _ => out.push_str(&format!("==> {path} <==\n{text}\n")),
        }
    }
    if !same.is_empty() {
        out.push_str(&format!("==> as in a cycle <==\n{}\n", same.join("\n")));
    }
    out
}

/// The project's dialect in full, the others as differences from it, or the diagnostics of a
/// dialect that fails.
fn snapshot_dialects(folder: &Path, inputs: &Inputs) {
    let base = compile(inputs);
    let stated = base.manifest().metadata.dialect;
    let text = listing(&base);
    snapshot(folder, stated, &text);
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.as_str() != stated) {
        let inputs = inputs.clone().with_dialect(dialect);
        let other = match rowkeep::compile(&inputs) {
            Ok(compilation) => difference(&text, &listing(compilation.artifacts())),
            Err(wrong) => wrong.render(&inputs, Style::Plain),
        };
        snapshot(folder, dialect.as_str(), &other);
    }
}

/// The changes by the templates of a project, in its own dialect. For dialects in which the
/// templates fail, the diagnostics.
fn snapshot_overrides(folder: &Path, inputs: &Inputs, project: String) {
    let built_in = compile(&Inputs::new("rowkeep.yml", project));
    let mut changes = difference(&listing(&built_in), &listing(&compile(inputs)));
    assert!(!changes.is_empty(), "{}: its templates change nothing", folder.display());
    for dialect in Dialect::ALL {
        let inputs = inputs.clone().with_dialect(dialect);
        if let Err(wrong) = rowkeep::compile(&inputs) {
            changes.push_str(&format!("==> not in {dialect} <==\n{}\n", wrong.render(&inputs, Style::Plain)));
        }
    }
    snapshot(folder, "overrides", &changes);
}

#[test]
fn goldens() {
    insta::glob!("../../golden", "*/*/rowkeep.yml", |path| {
        let folder = path.parent().expect("a case is a folder");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let kind = folder.parent().and_then(Path::file_name).expect("a kind").to_string_lossy().into_owned();
        let inputs = projects::golden(&format!("{kind}/{name}"));
        if kind == "errors" {
            let wrong = rowkeep::compile(&inputs).expect_err(&name);
            snapshot(folder, "diagnostics", &wrong.render(&inputs, Style::Plain));
        } else if folder.join("templates").exists() {
            snapshot_overrides(folder, &inputs, std::fs::read_to_string(path).expect("a text"));
        } else {
            snapshot_dialects(folder, &inputs);
            if name.starts_with("dbt_") {
                snapshot(folder, "dbt", &dbt(&compile(&inputs), |_| true));
            }
            if name.starts_with("operations_") {
                snapshot(folder, "operations", &operations(&inputs));
            }
        }
    });
}

/// The files for dbt, except the macro file that is the same in all projects.
fn dbt(artifacts: &Artifacts, wanted: impl Fn(&str) -> bool) -> String {
    let is_shown = |path: &str| path.starts_with("dbt/") && wanted(path) && !path.ends_with("macros/rowkeep.sql");
    listing_of(artifacts, is_shown)
}

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

#[test]
fn the_example_is_a_golden() {
    let inputs = projects::example();
    snapshot_dialects(&golden("features/order_tracking"), &inputs);
    let top = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
    let tops: std::collections::BTreeSet<_> = compile(&inputs).files().keys().map(top).collect();
    let expected = rowkeep::artifacts::FOLDERS
        .into_iter()
        .chain([rowkeep::artifacts::MANIFEST, rowkeep::features::schedule::SCHEDULE]);
    assert_eq!(tops, expected.filter(|top| *top != "loads").map(str::to_owned).collect());
    let is_of_schedule = |path: &str| path == rowkeep::features::schedule::SCHEDULE || path.starts_with("airflow/");
    snapshot(&golden("features/order_tracking"), "schedule", &listing_of(&compile(&inputs), is_of_schedule));

    // Of the operations that every table has, the snapshot shows one table.
    let is_shown = |path: &str| {
        let one = !path.contains("mart_") || path.contains("mart_ecs_order_info");
        is_operation(path) && one && !path.starts_with("airflow/") && !path.starts_with("runbooks/")
    };
    snapshot(&golden("features/order_tracking"), "operations", &listing_of(&compile(&inputs), is_shown));

    let is_erasure =
        |path: &str| path.contains("/erase__") || path.starts_with("monitors/") && path.ends_with("__erased.sql");
    let erasure = listing_of(&compile(&projects::golden("erasure")), is_erasure);
    snapshot(&golden("compile/erasure"), "erasure", &erasure);

    let is_runbook = |path: &str| path.starts_with("runbooks/");
    let runbooks = listing_of(&compile(&inputs), is_runbook);
    snapshot(&golden("features/order_tracking"), "runbooks", &runbooks);
    for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::Redshift) {
        let other = listing_of(&compile(&inputs.clone().with_dialect(dialect)), is_runbook);
        snapshot(&golden("features/order_tracking"), &format!("runbooks_{dialect}"), &difference(&runbooks, &other));
    }

    let is_long = |path: &str| {
        path.contains("macros/models/") || path.contains("properties/") || path.contains("tests/monitors/mart_")
    };
    snapshot(&golden("features/order_tracking"), "dbt", &dbt(&compile(&inputs), |path| !is_long(path)));

    // The manifest, without statements and checksums.
    let mut manifest: serde_json::Value =
        serde_json::from_str(compile(&inputs).get(rowkeep::artifacts::MANIFEST).expect("a manifest")).expect("JSON");
    elide(&mut manifest);
    snapshot(&golden("features/order_tracking"), "manifest", &format!("{manifest:#}"));
}

#[test]
fn the_example_of_loads_is_a_golden() {
    let artifacts = compile(&projects::order_items());
    let folder = golden("features/order_items");
    snapshot(&folder, "loads", &listing_of(&artifacts, |path| path.starts_with("loads/")));
    snapshot(&folder, "dbt", &dbt(&artifacts, |_| true));
    snapshot(&folder, "runbook", artifacts.get("runbooks/load-incident.md").expect("a run-book"));
    let rest: Vec<_> = artifacts.files().keys().filter(|path| !path.contains('/')).collect();
    assert_eq!(rest, [rowkeep::artifacts::MANIFEST]);
}

fn elide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                if key == "sql" || key == "dbt_sql" || key == "checksum" || key == "rowkeep_version" {
                    *value = "...".into();
                } else {
                    elide(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(elide),
        _ => {}
    }
}

/// A rotation adds statements of the new period, and widens statements that name all periods. It
/// changes no other statement.
#[test]
fn a_third_period_changes_only_what_it_adds_or_widens() {
    let before = compile(&order_tracking("hist_periods:\n  - 2025_h2\n  - 2026_h1\n"));
    let after = compile(&order_tracking("hist_periods:\n  - 2025_h2\n  - 2026_h1\n  - 2026_h2\n"));
    let mut out = String::new();
    for (path, old) in before.files() {
        let new = after.get(path).unwrap_or_else(|| panic!("{path} is gone: a rotation renumbers and removes nothing"));
        if old != new
            && path != rowkeep::artifacts::MANIFEST
            && !["dbt/", "airflow/", "runbooks/"].iter().any(|folder| path.starts_with(folder))
        {
            out.push_str(&format!("==> {path} <==\n{}\n", difference(old, new)));
        }
    }
    let added = after.files().keys().filter(|path| before.get(path).is_none());
    for path in added {
        assert!(path.contains("2026_h2"), "{path} is new, but not of the new period");
        out.push_str(&format!("==> {path} <== new\n"));
    }
    snapshot(&golden("features/order_tracking"), "third_period", &out);
}

/// The order of file names in a folder is the order of the manifest.
#[test]
fn files_sort_in_run_order() {
    let inputs = projects::compiling_for(Dialect::Postgres).into_iter().map(|name| (projects::golden(&name), name));
    let sorted = |paths: Vec<&String>, what: &str| {
        assert!(paths.is_sorted(), "{what}: files do not sort in run order: {paths:#?}");
    };
    for (inputs, name) in inputs.chain([(projects::example(), "the example".to_owned())]) {
        let artifacts = compile(&inputs.with_dialect(Dialect::Postgres));
        let manifest = artifacts.manifest();
        for node in manifest.nodes.values() {
            sorted(node.load.iter().chain(&node.post_hooks).map(|hook| &hook.path).collect(), &name);
        }
        for sweep in &manifest.sweep {
            sorted(sweep.post_hooks.iter().map(|hook| &hook.path).collect(), &name);
        }
        sorted(manifest.ddl.iter().map(|definition| &definition.path).collect(), &name);
        sorted(manifest.maintenance.iter().map(|one| &one.statement.path).collect(), &name);
        for repair in &manifest.repairs {
            sorted(repair.statements.iter().map(|statement| &statement.path).collect(), &name);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let inputs = order_tracking("hist_periods: [2025_h2]");
    assert_eq!(compile(&inputs).files(), compile(&inputs).files());
}

#[test]
fn windows_line_endings_change_nothing() {
    let text = std::fs::read_to_string(golden("compile/latest_for").join("rowkeep.yml")).expect("a golden");
    let unix = compile(&Inputs::new("rowkeep.yml", text.clone()));
    let windows = compile(&Inputs::new("rowkeep.yml", text.replace('\n', "\r\n")));
    assert_eq!(listing(&unix), listing(&windows));
}
