//! The pages in `docs/rules/` equal the output of `rowkeep explain`, plus an example.
//! `ROWKEEP_WRITE=1` writes them.

use crate::projects;
use std::collections::{BTreeMap, BTreeSet};

use rowkeep::{Code, Style};

/// The first golden that causes each code, by name.
fn examples() -> BTreeMap<Code, String> {
    let mut found = BTreeMap::new();
    for name in projects::goldens().into_iter().filter(|name| name.starts_with("errors/")) {
        let wrong = rowkeep::compile(&projects::golden(&name)).expect_err(&name);
        for diagnostic in wrong.iter() {
            found.entry(diagnostic.code()).or_insert_with(|| name.clone());
        }
    }
    found
}

/// The tests of a code that no golden can cause.
fn tested_in(code: Code) -> &'static str {
    match code.as_str() {
        "RK108" => "tests/cli/commands.rs",
        "RK210" | "RK211" => "tests/cli/diff.rs",
        "RK423" => "src/verify/steps.rs",
        code if code.starts_with("RK5") => "tests/engines/rehearse_cli.rs and tests/engines/teeth.rs",
        code if code.starts_with("RK6") => "golden/lint, whose folders have the names of the rules",
        code if code.starts_with("RK7") => "tests/cli/check.rs",
        code if code.starts_with("RK8") => "tests/cli/check_dbt.rs",
        code if code.starts_with("RK9") => "tests/engines/doctor",
        code => panic!("no golden/errors/* case causes {code}"),
    }
}

fn page(code: Code, example: Option<&String>) -> String {
    let mut text = format!("# {code}\n\n{}", code.page());
    match example {
        Some(name) => {
            let inputs = projects::golden(name);
            let said = rowkeep::compile(&inputs).expect_err(name).render(&inputs, Style::Plain);
            // A golden may have findings of several codes.
            let own = said.split("\n\n").filter(|one| one.contains(&format!("[{code}]"))).take(2);
            let own = own.collect::<Vec<_>>().join("\n\n");
            text.push_str(&format!(
                "\n## Example\n\n[`golden/{name}`](../../golden/{name}) says:\n\n```text\n{own}\n```\n"
            ));
        }
        None => text.push_str(&format!("\nTested in {}.\n", tested_in(code))),
    }
    text
}

#[test]
fn the_pages_equal_the_output_of_explain() {
    let examples = examples();
    let mut pages = BTreeMap::new();
    let mut index = String::from(
        "# Rules\n\nEvery finding has a code, and every code a page: `rowkeep explain RK202` prints it. Codes never change\n\
         their meaning.\n\nRK1xx: the shape of files. RK2xx: periods. RK3xx: tables. RK4xx: rendered statements. RK5xx: laws\n\
         that a rehearsal finds broken. RK6xx: traps that `rowkeep lint` finds. RK7xx: what was committed, and\n\
         time. RK8xx: what dbt runs. RK9xx: what a live database has.\n\n| code | means |\n|---|---|\n",
    );
    for &code in Code::ALL {
        let text = code.page();
        let means = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        index.push_str(&format!("| [{code}]({code}.md) | {} |\n", means.trim()));
        pages.insert(format!("{code}.md"), page(code, examples.get(&code)));
    }
    pages.insert("README.md".to_owned(), index);
    let folder = projects::root().join("docs/rules");
    if std::env::var_os("ROWKEEP_WRITE").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in &pages {
            std::fs::write(folder.join(name), text).expect("a page");
        }
    }
    for (name, text) in &pages {
        let found = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(found == *text, "docs/rules/{name} is not what the code says: run this test with ROWKEEP_WRITE=1");
    }
    let there: BTreeSet<_> = projects::files(&folder).iter().map(|path| path.display().to_string()).collect();
    assert_eq!(there, pages.into_keys().collect(), "docs/rules/ has a page of no code");
}
