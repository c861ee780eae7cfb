//! dbt runs stories from an empty warehouse on, and the oracle of the rehearsal checks the tables.

use std::time::{SystemTime, UNIX_EPOCH};

use rowkeep::rehearse::{Engine, Project as Rehearsed, Turn, rehearse_external};
use rowkeep::{Dialect, Error};

use crate::dbt::warehouse::Project;
use crate::{engine, projects};

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("before the end")
}

/// What one transaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commits {
    /// All statements of a model.
    Model,
    /// Each statement alone, as in dbt v2. Each cycle is also killed once, and runs again.
    Each,
}

/// Runs one story on one engine. Returns the contents at the end.
fn run_story(dialect: Dialect, commits: Commits, seed: u64, cycles: usize) -> String {
    // The periods are in the past, so that no row of the story is in the future.
    let inputs = projects::order_tracking("hist_periods: [2012_h1, 2012_h2]\n");
    let rehearsed = Rehearsed::new(&inputs, dialect).expect("the example compiles");
    let project = Project::new(dialect, if commits == Commits::Each { "dbt_story_each" } else { "dbt_story" });
    let mut database = project.database.clone();
    let (mut rotations, mut is_new) = (0, true);
    let (mut runs, mut half_done) = (0, 0);
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
        Turn::Cycle if commits == Commits::Each => {
            runs += 1;
            // Another statement in each run, among all of the run.
            let before = project.database.contents("settlement_ods");
            let was_killed = !project.dbt_commits_each(&["run"], 1 + runs * 37 % 100).success;
            half_done += usize::from(was_killed && project.database.contents("settlement_ods") != before);
            let said = project.dbt_commits_each(&["run"], 0);
            if said.success { Ok(()) } else { Err(Error::Usage(said.text)) }
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
    if commits == Commits::Each {
        assert!(half_done > 2, "{half_done} of {runs} runs were killed after they had changed rows");
    }
    project.runs(&["test"]).unwrap_or_else(|error| panic!("{dialect}: {error}"));
    project.database.contents("settlement_ods")
}

/// The contents without views: the stand-in of Snowflake does not list them.
fn tables(contents: &str) -> String {
    let mut is_view = false;
    let kept = contents.lines().filter(|line| {
        if !line.starts_with(' ') {
            is_view = line.to_lowercase().starts_with("all_");
        }
        !is_view
    });
    kept.map(|line| line.to_lowercase() + "\n").collect()
}

/// The tests have no Snowflake. The adapter of dbt is real, and fakesnow answers it.
#[test]
fn dbt_archives_a_row_on_a_stand_in_of_snowflake() {
    // A command takes ten times as long as on DuckDB, so only the long run tells a whole story.
    if std::env::var("ROWKEEP_SEEDS").is_ok() {
        let [ours, other] =
            [Dialect::Snowflake, Dialect::DuckDb].map(|dialect| tables(&run_story(dialect, Commits::Model, 0, 6)));
        assert_eq!(ours, other);
    }
    let inputs = projects::order_tracking("hist_periods: [2012_h1, 2012_h2]\n").with_dialect(Dialect::Snowflake);
    let compilation = rowkeep::compile(&inputs).expect("the example compiles");
    let spec = rowkeep::resolve(&inputs).expect("the example makes sense");
    let project = Project::new(Dialect::Snowflake, "dbt_snowflake");
    let mut database = project.database.clone();
    database.reset(&[vec!["settlement_public".to_owned()]]).expect("an empty account");
    for (table, columns) in engine::given_tables(&spec, Dialect::Snowflake) {
        if table.starts_with("settlement_public") {
            database.execute(&format!("CREATE TABLE {table} ({columns})"));
        }
    }
    // The first of two orders is older than the second by more than the retention.
    let loaded = "settlement_public.uni_tracking_info_raw (order_id, state, update_time)";
    database.execute(&format!("INSERT INTO {loaded} VALUES (1, 10, 1330000000), (2, 20, 1355000000)"));
    project.compiled(&compilation);
    project.runs(&["deps"]).expect("the package");
    for created in [19, 0] {
        let said = project.dbt(&["run"]);
        assert!(said.success, "{}", said.text);
        assert_eq!(said.text.matches("rowkeep: created").count(), created, "{}", said.text);
    }
    project.runs(&["run-operation", "order_tracking_rowkeep.sweep"]).expect("a sweep");
    let contents = project.database.contents("settlement_ods");
    for rows in
        ["HIST_UNI_TRACKING_INFO_2012_H1\n  1, 10, 1330000000\n", "MART_UNI_TRACKING_INFO\n  2, 20, 1355000000\n"]
    {
        assert!(contents.contains(rows), "{contents}");
    }
}

#[test]
fn no_law_is_broken_and_both_stories_end_with_the_same_rows() {
    let stories = [(Dialect::DuckDb, Commits::Model), (Dialect::Postgres, Commits::Each)];
    let [one, other] = std::thread::scope(|scope| {
        stories
            .map(|(dialect, commits)| scope.spawn(move || run_story(dialect, commits, 0, 6)))
            .map(|story| story.join().expect("it passes"))
    });
    assert!(one.lines().count() > 40, "{one}");
    assert_eq!(one.to_lowercase(), other.to_lowercase());
}
