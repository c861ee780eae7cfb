//! The steps of the GitHub action with a fake `gh`, and the commands of docs/how-to/ci.md.

use crate::projects;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::shop::{Outcome, PROJECT, Shop};

fn yaml(path: &str) -> Value {
    let text = std::fs::read_to_string(projects::root().join(path)).expect("the file");
    serde_yaml::from_str(&text).expect("YAML")
}

/// The script of a step of the action.
fn script(name: &str) -> String {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["name"] == name).expect("the step");
    assert_eq!(step["shell"], "bash");
    step["run"].as_str().expect("a script").to_owned()
}

/// Runs a script in the repository, as a CI runner does, with `rowkeep` and the fake `gh` on the
/// path.
fn run(shop: &Shop, script: &str, environment: &[(&str, &str)]) -> Outcome {
    let rowkeep = Path::new(env!("CARGO_BIN_EXE_rowkeep")).parent().expect("a folder");
    let path =
        format!("{}:{}:{}", shop.path("bin").display(), rowkeep.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(shop.path("")).env("PATH", path);
    command
        .env("RUNNER_TEMP", shop.path("temp"))
        .env("GITHUB_ACTION_PATH", projects::root())
        .envs(environment.iter().copied());
    shop.outcome(&mut command)
}

/// A fake `gh` that logs its arguments, and answers with `comments` when it is asked for comments.
fn fake_gh(shop: &Shop, comments: &str) {
    shop.write(
        "bin/gh",
        format!("#!/usr/bin/env bash\nprintf '%s\\n' \"$*\" >> '{}'\ncase \"$*\" in *--paginate*) printf '%s' '{comments}';; esac\n", shop.path("asked").display()),
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(shop.path("bin/gh"), std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    shop.write("temp/.keep", "");
}

/// A repository with one commit, and an added period in the working tree.
fn changed() -> Shop {
    let shop = Shop::new();
    std::fs::remove_dir_all(shop.path(".git")).expect("it was there");
    let git = "git init --quiet && git add --all && git -c user.name=a -c user.email=a@b.invalid -c commit.gpgsign=false commit --quiet -m first";
    assert!(Command::new("bash").args(["-c", git]).current_dir(shop.path("")).status().expect("git").success());
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h1, 2026_h2]\n");
    shop
}

#[test]
fn the_preview_becomes_one_comment() {
    let environment = [
        ("PROJECT", "shop"),
        ("BASE", "HEAD"),
        ("COMMENTS", "repos/a/b/issues/7/comments"),
        ("COMMENT", "repos/a/b/issues/comments"),
    ];
    let shop = changed();
    fake_gh(&shop, "");
    let outcome = run(&shop, &script("Preview"), &environment);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let body = std::fs::read_to_string(shop.path("temp/rowkeep-diff.md")).expect("the preview");
    assert!(body.starts_with(rowkeep::diff::MARKER) && body.contains("hist_orders_2026_h2"), "{body}");
    let asked = std::fs::read_to_string(shop.path("asked")).expect("it was asked");
    assert!(asked.contains(&format!("startswith(\"{}\")", rowkeep::diff::MARKER)), "{asked}");
    assert!(
        asked.lines().last().is_some_and(|last| last.contains("--method POST repos/a/b/issues/7/comments")),
        "{asked}"
    );

    fake_gh(&shop, "42\n");
    assert_eq!(run(&shop, &script("Preview"), &environment).code, Some(0));
    let asked = std::fs::read_to_string(shop.path("asked")).expect("it was asked");
    assert!(
        asked.lines().last().is_some_and(|last| last.contains("--method PATCH repos/a/b/issues/comments/42")),
        "{asked}"
    );
}

#[test]
fn the_check_step_has_the_exit_code_of_the_command() {
    let shop = changed();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: sql/\n"));
    let environment = [("PROJECT", "shop"), ("TODAY", "2026-03-01"), ("WARN_DAYS", "60"), ("DBT", "")];
    let missing = run(&shop, &script("Check"), &environment);
    assert_eq!(missing.code, Some(1), "{missing}");
    assert!(missing.stdout.contains("::error file=shop/rowkeep.yml"), "{missing}");
    shop.run(&["compile"]);
    let clean = run(&shop, &script("Check"), &environment);
    assert_eq!((clean.code, clean.stdout.as_str()), (Some(0), ""), "{clean}");
    let no_day = [("PROJECT", "shop"), ("TODAY", ""), ("WARN_DAYS", "60"), ("DBT", "")];
    assert_eq!(run(&shop, &script("Check"), &no_day).code, Some(0));
    assert_eq!(run(&shop, &script("Install"), &[]).code, Some(0), "an installed command is not built again");
}

#[test]
fn the_lint_step_reads_each_path() {
    let shop = changed();
    shop.write("hooks/sound.sql", "SELECT 1;\n");
    shop.write("more hooks/trim.sql", "INSERT INTO old SELECT * FROM m WHERE t < 5;\nDELETE FROM m WHERE t < 5;\n");
    let clean = run(&shop, &script("Lint"), &[("LINT", "hooks\n")]);
    assert_eq!(clean.code, Some(0), "{clean}");
    let found = run(&shop, &script("Lint"), &[("LINT", "hooks\nmore hooks")]);
    assert_eq!(found.code, Some(1), "{found}");
    assert!(found.stdout.contains("::error file=more hooks/trim.sql,line=2"), "{found}");
}

#[test]
fn the_documentation_of_the_action_is_true() {
    let page = std::fs::read_to_string(projects::root().join("docs/how-to/ci.md")).expect("the page");
    let shop = changed();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: sql/\n"));
    shop.run(&["compile"]);
    let commands: Vec<_> =
        page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("an end")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let command = command.trim().replace("--today now", "--today 2026-03-01");
        let outcome = run(&shop, &format!("cd shop\n{command}"), &[]);
        assert_eq!(outcome.code, Some(0), "{outcome}");
    }
    let workflows = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().expect("an end"));
    let workflows: Vec<Value> = workflows.map(|text| serde_yaml::from_str(text).expect("YAML")).collect();
    let inputs = yaml("action.yml");
    let used =
        workflows.iter().find_map(|workflow| workflow["jobs"]["rowkeep"]["steps"].as_array()).expect("a workflow");
    let with = used[1]["with"].as_object().expect("inputs");
    assert!(with.keys().all(|input| inputs["inputs"].get(input).is_some()), "{with:?}");
    // The action and the hooks of the page install this version.
    let wheel = concat!("rowkeep==", env!("CARGO_PKG_VERSION"));
    assert_eq!(inputs["inputs"]["wheel"]["default"], wheel);
    let hooks = workflows.iter().find_map(|workflow| workflow["repos"][0]["hooks"].as_array()).expect("hooks");
    let of_repository = yaml(".pre-commit-hooks.yaml");
    for hook in hooks {
        assert_eq!(hook["additional_dependencies"], serde_json::json!([wheel]));
        let same = of_repository.as_array().expect("hooks").iter().find(|one| one["id"] == hook["id"]);
        let same = same.expect("the repository offers it too");
        assert!(
            ["entry", "files", "exclude", "pass_filenames"].iter().all(|key| hook[key] == same[key]),
            "{hook} {same}"
        );
    }
}

#[test]
fn the_action_writes_findings_for_code_scanning() {
    let shop = changed();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}out: sql/\n"));
    shop.write("temp/.keep", "");
    shop.write("hooks/trim.sql", "INSERT INTO old SELECT * FROM m WHERE t < 5;\nDELETE FROM m WHERE t < 5;\n");
    let environment =
        [("PROJECT", "shop"), ("TODAY", "2026-03-01"), ("WARN_DAYS", "60"), ("DBT", ""), ("LINT", "hooks")];
    for (step, file, code) in
        [("Findings of check", "rowkeep-check.sarif", "RK702"), ("Findings of lint", "rowkeep-lint.sarif", "RK602")]
    {
        let outcome = run(&shop, &script(step), &environment);
        assert_eq!(outcome.code, Some(0), "the step before has failed the job already: {outcome}");
        let text = std::fs::read_to_string(shop.path("temp").join(file)).expect("the findings");
        let log: Value = serde_json::from_str(&text).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("results");
        assert!(results.iter().any(|result| result["ruleId"] == code), "{text}");
    }
    // An input that is wrong is no finding.
    let nowhere = run(&shop, &script("Findings of lint"), &[("LINT", "nowhere")]);
    assert_ne!(nowhere.code, Some(0), "{nowhere}");
}
