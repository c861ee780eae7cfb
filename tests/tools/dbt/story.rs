//! Stories that dbt runs, from an empty warehouse on, and the judge's oracle over the tables.

use std::time::{SystemTime, UNIX_EPOCH};

use rowkeep::Dialect;
use rowkeep::rehearse::{Project as Rehearsed, Turn, rehearse_by};

use crate::dbt::warehouse::{ENGINES, Project};
use crate::projects;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("before the end")
}

/// One story on one engine; what stands in the end.
fn told(dialect: Dialect, seed: u64, cycles: usize) -> String {
    // So far back that nothing of the story is in the future.
    let inputs = projects::order_tracking("hist_periods: [2012_h1, 2012_h2]\n");
    let rehearsed = Rehearsed::new(&inputs, dialect).expect("the example compiles");
    let project = Project::new(dialect, "dbt_story");
    let mut database = project.database.clone();
    let (mut rotations, mut is_new) = (0, true);
    let mut by = |turn: Turn<'_>| match turn {
        Turn::Periods(artifacts) => {
            project.files(artifacts.files());
            if std::mem::take(&mut is_new) {
                project.runs(&["deps"])?;
                // The first day: no table is there but the raw ones, and those are empty.
                return project.runs(&["run"]);
            }
            rotations += 1;
            project.runs(&["run-operation", "order_tracking_rowkeep.create_relations"])
        }
        Turn::Cycle => project.runs(&["run"]),
        Turn::Sweep => project.runs(&["run-operation", "order_tracking_rowkeep.sweep"]),
    };
    let told = rehearse_by(&rehearsed, (seed, cycles), &mut database, &now, &mut by);
    let told = told.unwrap_or_else(|error| panic!("{dialect}, seed {seed}: {error}"));
    assert!(told.broken.is_empty(), "{dialect}, seed {seed}: {:#?}", told.broken);
    eprintln!("{dialect}: seed {seed}, {:?}, {rotations} rotations", told.counts);
    assert!(told.counts.cycles >= 6 && told.counts.sweeps > 0 && rotations > 0, "{:?}, {rotations}", told.counts);
    project.runs(&["test"]).unwrap_or_else(|error| panic!("{dialect}: {error}"));
    project.database.contents("settlement_ods")
}

#[test]
fn no_law_is_broken_and_both_engines_end_with_the_same_rows() {
    let [one, other] = std::thread::scope(|scope| {
        ENGINES.map(|dialect| scope.spawn(move || told(dialect, 0, 8))).map(|told| told.join().expect("it is told"))
    });
    assert!(one.lines().count() > 40, "{one}");
    assert_eq!(one.to_lowercase(), other.to_lowercase());
}
