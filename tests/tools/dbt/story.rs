//! dbt runs stories from an empty warehouse on, and the oracle of the rehearsal checks the tables.

use std::time::{SystemTime, UNIX_EPOCH};

use rowkeep::Dialect;
use rowkeep::rehearse::{Project as Rehearsed, Turn, rehearse_external};

use crate::dbt::warehouse::{ENGINES, Project};
use crate::projects;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("before the end")
}

/// Runs one story on one engine. Returns the contents at the end.
fn run_story(dialect: Dialect, seed: u64, cycles: usize) -> String {
    // The periods are in the past, so that no row of the story is in the future.
    let inputs = projects::order_tracking("hist_periods: [2012_h1, 2012_h2]\n");
    let rehearsed = Rehearsed::new(&inputs, dialect).expect("the example compiles");
    let project = Project::new(dialect, "dbt_story");
    let mut database = project.database.clone();
    let (mut rotations, mut is_new) = (0, true);
    let mut execute = |turn: Turn<'_>| match turn {
        Turn::Periods(artifacts) => {
            project.files(artifacts.files());
            if std::mem::take(&mut is_new) {
                project.runs(&["deps"])?;
                // The first day: only empty raw tables exist.
                return project.runs(&["run"]);
            }
            rotations += 1;
            project.runs(&["run-operation", "order_tracking_rowkeep.create_relations"])
        }
        Turn::Cycle => project.runs(&["run"]),
        Turn::Sweep => project.runs(&["run-operation", "order_tracking_rowkeep.sweep"]),
    };
    let outcome = rehearse_external(&rehearsed, (seed, cycles), &mut database, &now, &mut execute);
    let outcome = outcome.unwrap_or_else(|error| panic!("{dialect}, seed {seed}: {error}"));
    assert!(outcome.broken.is_empty(), "{dialect}, seed {seed}: {:#?}", outcome.broken);
    eprintln!("{dialect}: seed {seed}, {:?}, {rotations} rotations", outcome.counts);
    assert!(
        outcome.counts.cycles >= 5 && outcome.counts.sweeps > 0 && rotations > 0,
        "{:?}, {rotations}",
        outcome.counts
    );
    project.runs(&["test"]).unwrap_or_else(|error| panic!("{dialect}: {error}"));
    project.database.contents("settlement_ods")
}

#[test]
fn no_law_is_broken_and_both_engines_end_with_the_same_rows() {
    let [one, other] = std::thread::scope(|scope| {
        ENGINES
            .map(|dialect| scope.spawn(move || run_story(dialect, 0, 6)))
            .map(|story| story.join().expect("it passes"))
    });
    assert!(one.lines().count() > 40, "{one}");
    assert_eq!(one.to_lowercase(), other.to_lowercase());
}
