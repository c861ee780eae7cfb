//! Projects that an earlier version compiled still compile, and create the tables that have rows
//! under the names that they had. docs/reference/compatibility.md promises it.
//!
//! `compatibility/` has the projects of the tests of 2026-11-22, the first version with all
//! dialects but Snowflake. The first line of each names the tables that this version created,
//! without work tables.

use std::collections::BTreeSet;

use rowkeep::Inputs;

use crate::projects;

#[test]
fn projects_of_an_earlier_version_compile_to_the_same_tables() {
    let folder = projects::root().join("tests/core/compatibility");
    let files = projects::files(&folder);
    assert!(files.len() > 30, "{} projects", files.len());
    for file in files {
        let name = file.display();
        let text = std::fs::read_to_string(folder.join(&file)).expect("a project");
        let (first, _) = text.split_once('\n').expect("a line");
        let creates = first.strip_prefix("# creates: ").expect("the tables").split(' ');
        let compiled = rowkeep::compile(&Inputs::new("rowkeep.yml", &text));
        let compiled = compiled.unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let ddl = &compiled.manifest().ddl;
        let now: BTreeSet<&str> = ddl.iter().map(|definition| definition.relation.as_str()).collect();
        for table in creates {
            assert!(now.contains(table), "{name} creates no {table}: {now:?}");
        }
    }
}
