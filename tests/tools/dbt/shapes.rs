//! dbt runs a story of the example with one table for each shape of retention.

use std::time::{SystemTime, UNIX_EPOCH};

use rowkeep::rehearse::{Project as Rehearsed, Turn, rehearse_external};
use rowkeep::{Dialect, Inputs};

use crate::dbt::warehouse::{ENGINES, Project};
use crate::projects;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("before the end")
}

/// Runs one story on one engine. Returns the rows of the ledgers of both purges that delete by age.
fn run_story(dialect: Dialect) -> Vec<String> {
    let text = std::fs::read_to_string(projects::root().join("examples/retention_shapes/rowkeep.yml"));
    // The periods are in the past, so that no row of the story is in the future.
    let text = text.expect("the example").replace("[2025_h2, 2026_h1]", "[2012_h1, 2012_h2]");
    let inputs = Inputs::new("rowkeep.yml", text).with_dialect(dialect);
    let rehearsed = Rehearsed::new(&inputs, dialect).expect("the example compiles");
    let project = Project::new(dialect, "dbt_shapes");
    project.edit("dbt_project.yml", |text| text.replace("order_tracking", "retention_shapes"));
    project.edit("packages.yml", |text| text.replace("order_tracking", "retention_shapes"));
    project.edit("profiles.yml", |text| {
        text.replace("order_tracking:", "retention_shapes:").replace("settlement_ods", "shop")
    });
    let mut database = project.database.clone();
    let mut is_new = true;
    let mut execute = |turn: Turn<'_>| match turn {
        Turn::Periods(artifacts) => {
            project.files(artifacts.files());
            if std::mem::take(&mut is_new) {
                project.runs(&["deps"])?;
                return project.runs(&["run"]);
            }
            project.runs(&["run-operation", "retention_shapes_rowkeep.create_relations"])
        }
        Turn::Cycle => project.runs(&["run"]),
        Turn::Sweep => project.runs(&["run-operation", "retention_shapes_rowkeep.sweep"]),
    };
    let outcome = rehearse_external(&rehearsed, (0, 6), &mut database, &now, &mut execute);
    let outcome = outcome.unwrap_or_else(|error| panic!("{dialect}: {error}"));
    assert!(outcome.broken.is_empty(), "{dialect}: {:#?}", outcome.broken);
    assert!(outcome.counts.cycles >= 4, "{dialect}: {:?}", outcome.counts);
    project.runs(&["test"]).unwrap_or_else(|error| panic!("{dialect}: {error}"));
    let contents = project.database.contents("shop");
    let has = |relation: &str| contents.lines().any(|line| line.contains(relation));
    assert!(has("mart_sessions__purged") && has("order_notes_archive"), "{dialect}: {contents}");
    contents.lines().map(str::to_owned).collect()
}

#[test]
fn dbt_runs_every_shape_of_retention() {
    std::thread::scope(|scope| {
        let stories = ENGINES.map(|dialect| scope.spawn(move || run_story(dialect)));
        stories.map(|story| story.join().expect("it passes"));
    });
}
