//! `docs/rules/` says what `rowkeep explain` says, with an example of each code. `ROWKEEP_WRITE=1` writes it anew.

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

/// Where a code is tried that no golden can cause.
fn tried_elsewhere(code: Code) -> &'static str {
    match code.as_str() {
        "RK108" => "tests/cli.rs",
        "RK423" => "src/verify/steps.rs",
        code if code.starts_with("RK5") => "tests/rehearse_cli.rs and tests/teeth.rs",
        code if code.starts_with("RK7") => "tests/check.rs",
        code if code.starts_with("RK8") => "tests/check_dbt.rs",
        code if code.starts_with("RK9") => "tests/doctor",
        code => panic!("no golden/errors/* case causes {code}"),
    }
}

fn page(code: Code, example: Option<&String>) -> String {
    let mut text = format!("# {code}\n\n{}", code.page());
    match example {
        Some(name) => {
            let inputs = projects::golden(name);
            let said = rowkeep::compile(&inputs).expect_err(name).render(&inputs, Style::Plain);
            text.push_str(&format!(
                "\n## Example\n\n[`golden/{name}`](../../golden/{name}) says:\n\n```text\n{said}```\n"
            ));
        }
        None => text.push_str(&format!("\nTried in {}.\n", tried_elsewhere(code))),
    }
    text
}

#[test]
fn the_pages_say_what_explain_says() {
    let examples = examples();
    let mut pages = BTreeMap::new();
    let mut index = String::from(
        "# Rules\n\nEvery finding has a code, and every code a page: `rowkeep explain RK202` prints it. Codes never change their meaning.\n\n\
         RK1xx: the shape of files. RK2xx: periods. RK3xx: tables. RK4xx: rendered statements. RK5xx: laws that a rehearsal finds broken. RK7xx:\n\
         what was committed, and time. RK8xx: what dbt runs. RK9xx: what a live database has.\n\n| code | means |\n|---|---|\n",
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
