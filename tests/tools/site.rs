//! The site of the documentation, which `scripts/site` builds with MkDocs.

use std::process::Command;

use crate::projects;

#[test]
fn every_page_of_the_documentation_is_on_the_site() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(projects::root().join("scripts/site")).arg(folder.path()).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let docs = projects::root().join("docs");
    let pages = projects::files(&docs).into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut count = 0;
    for page in pages {
        count += 1;
        let name =
            if page.ends_with("README.md") { page.with_file_name("index.html") } else { page.with_extension("html") };
        let html =
            std::fs::read_to_string(folder.path().join(&name)).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        // A link that leaves the documentation would lead nowhere.
        assert!(!html.contains("href=\"../../"), "{name:?}");
    }
    assert!(count > 100, "only {count} pages");
    let home = std::fs::read_to_string(folder.path().join("index.html")).expect("a home page");
    for wanted in ["reference/statements.html", "how-to/use-with-dbt.html", "tutorial.html", "glossary.html"] {
        assert!(home.contains(&format!("href=\"{wanted}\"")), "the navigation lacks {wanted}");
    }
}
