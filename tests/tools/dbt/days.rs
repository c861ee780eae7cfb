//! Several days of a team that runs the example with dbt: reactivations, late rows, a rotation, a
//! run that fails, a full refresh, a developer's target, and holds.

use rowkeep::Dialect;

use crate::dbt::warehouse::{ENGINES, Project};
use crate::projects;

const PERIODS: &str = "hist_periods: [2012_h1, 2012_h2]\n";
const ROTATED: &str = "hist_periods: [2012_h1, 2012_h2, 2013_h1]\n";
/// 2012-01-01 00:00:00 UTC in seconds since 1970.
const JAN_2012: i64 = 1_325_376_000;
const DAY: i64 = 86_400;

/// The example on a database with empty raw tables.
pub fn begin(dialect: Dialect, name: &str) -> Project {
    let project = Project::new(dialect, name);
    for sql in [
        "CREATE SCHEMA settlement_public",
        "CREATE TABLE settlement_public.uni_tracking_info_raw (order_id bigint, state integer, update_time bigint, row_id bigint)",
        "CREATE TABLE settlement_public.ecs_order_info_raw (order_id bigint, partner_id bigint, add_time bigint, row_id bigint)",
        "CREATE TABLE settlement_public.uni_tracking_spath_raw (order_id bigint, traceSeq bigint, pathTime bigint, code integer, row_id bigint)",
    ] {
        project.database.execute(sql);
    }
    rotate(&project, PERIODS);
    must(&project, &["deps"]);
    project
}

pub fn rotate(project: &Project, periods: &str) {
    let inputs = projects::order_tracking(periods).with_dialect(project.database.dialect);
    project.compiled(&rowkeep::compile(&inputs).expect("the example compiles"));
}

pub fn must(project: &Project, arguments: &[&str]) {
    project.runs(arguments).unwrap_or_else(|error| panic!("{}: {error}", project.database.dialect));
}

/// Empties the raw tables. Then inserts, for each order, its state of a day, its creation row and a
/// scan.
pub fn deliver(project: &Project, rows: &[(i64, i64, i64)]) {
    for raw in ["uni_tracking_info_raw", "ecs_order_info_raw", "uni_tracking_spath_raw"] {
        project.database.execute(&format!("DELETE FROM settlement_public.{raw}"));
    }
    for &(order, state, day) in rows {
        let at = JAN_2012 + day * DAY;
        for sql in [
            format!("INSERT INTO settlement_public.uni_tracking_info_raw VALUES ({order}, {state}, {at}, {day})"),
            format!(
                "INSERT INTO settlement_public.ecs_order_info_raw VALUES ({order}, 7, {JAN_2012} + {order}, {day})"
            ),
            format!(
                "INSERT INTO settlement_public.uni_tracking_spath_raw VALUES ({order}, {state}, {at}, {state}, {day})"
            ),
        ] {
            project.database.execute(&sql);
        }
    }
}

/// The rows of each day: order, state and day. In the second half of the year the first orders
/// become due. Order 1 is reactivated, order 2 gets a version that is older than its archived one,
/// and order 9 is older than every period.
pub const DAYS: [&[(i64, i64, i64)]; 7] = [
    &[(1, 10, 3), (2, 10, 20), (3, 10, 150), (9, 10, -40)],
    &[(4, 10, 200), (5, 10, 220)],
    &[(1, 20, 230), (2, 5, 10)],
    &[(6, 10, 300), (3, 10, 150)],
    &[(7, 10, 370), (4, 20, 371)],
    &[(8, 10, 560), (1, 30, 400)],
    &[(8, 20, 590), (5, 20, 500)],
];

/// The tables that hold an order, each with its state.
pub fn standing(project: &Project, order: i64) -> String {
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'settlement_ods' \
                  AND (table_name = 'mart_uni_tracking_info' OR table_name LIKE 'hist_uni_tracking_info_%') ORDER BY 1 DESC";
    let states_in = |table: String| {
        let sql = format!("SELECT CAST(state AS VARCHAR) FROM settlement_ods.{table} WHERE order_id = {order}");
        let states = project.database.sql(&sql).into_iter().filter_map(|mut row| row.remove(0));
        states.map(|state| format!("{table} {state}")).collect::<Vec<_>>()
    };
    let tables = project.database.sql(tables).into_iter().filter_map(|mut row| row.remove(0));
    tables.flat_map(states_in).collect::<Vec<_>>().join(", ")
}

/// Runs all days on one engine. Returns the contents at the end.
fn days(dialect: Dialect) -> String {
    let project = begin(dialect, "dbt_days");
    for (number, rows) in DAYS.iter().enumerate() {
        // A rotation.
        if number == 4 {
            rotate(&project, ROTATED);
        }
        deliver(&project, rows);
        must(&project, &["run"]);
        match number {
            1 => assert_eq!(standing(&project, 1), "hist_uni_tracking_info_2012_h1 10", "it has aged"),
            2 => {
                assert_eq!(
                    standing(&project, 1),
                    "mart_uni_tracking_info 20",
                    "it is in the mart, and its old copy is removed"
                );
                assert_eq!(
                    standing(&project, 2),
                    "hist_uni_tracking_info_2012_h1 10",
                    "a late version does not replace a newer one"
                );
            }
            _ => {}
        }
    }
    must(&project, &["test"]);
    assert_eq!(standing(&project, 7), "hist_uni_tracking_info_2013_h1 10", "the added period receives rows");
    let open = "SELECT CAST(order_id AS VARCHAR), exception_type FROM settlement_ods.order_tracking_exceptions \
                WHERE resolved_at IS NULL ORDER BY 2, 1";
    let open: Vec<_> = project
        .database
        .sql(open)
        .into_iter()
        .map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(open, ["9 ARCHIVE_ROUTING_GAP", "9 ARCHIVE_ROUTING_GAP_UTS"], "order 9 is older than every period");

    let before = project.database.contents("settlement_ods");
    must(&project, &["run-operation", "order_tracking_rowkeep.sweep"]);
    assert_eq!(before, project.database.contents("settlement_ods"), "a sweep finds nothing to do");
    // The raw tables are empty now, so a mart that is rebuilt from raw would lose its rows.
    deliver(&project, &[]);
    must(&project, &["run", "--full-refresh"]);
    assert_eq!(before, project.database.contents("settlement_ods"), "a full refresh loses nothing");
    before
}

#[test]
fn seven_days_end_equally_on_both_engines() {
    let [one, other] = std::thread::scope(|scope| {
        ENGINES.map(|dialect| scope.spawn(move || days(dialect))).map(|days| days.join().expect("they pass"))
    });
    assert_eq!(one.to_lowercase(), other.to_lowercase());
}

/// A run stops at a hook. After the next run, the contents are the same as without the stop.
fn stopped(dialect: Dialect) {
    let [whole, broken] = ["dbt_whole", "dbt_broken"].map(|name| begin(dialect, name));
    // The second day stops before the trim, the third one before the archive.
    let days = if dialect == Dialect::Postgres { 3 } else { 2 };
    let file = "rowkeep/dbt/order_tracking_rowkeep/macros/models/mart_uni_tracking_info.sql";
    for (number, rows) in DAYS[..days].iter().enumerate() {
        for project in [&whole, &broken] {
            deliver(project, rows);
        }
        must(&whole, &["run"]);
        if number > 0 {
            // The run stops between archive and trim, or before the archive.
            let before = if number % 2 == 1 {
                "-- trim: delete due rows whose copy"
            } else {
                "-- archive: copy due rows of the period"
            };
            let sound = std::fs::read_to_string(broken.path(file)).expect("macros");
            let (hooks, rest) = sound.rsplit_once("{% macro mart_uni_tracking_info_create").expect("hooks come first");
            let (above, below) = hooks.rsplit_once(before).expect("the hook is there");
            broken.write(
                file,
                &format!("{above}SELECT 1 FROM nowhere;\n{before}{below}{{% macro mart_uni_tracking_info_create{rest}"),
            );
            let said = broken.dbt(&["run"]);
            assert!(!said.success && said.text.contains("nowhere"), "{}", said.text);
            broken.write(file, &sound);
        }
        must(&broken, &["run"]);
        let [whole, broken] = [&whole, &broken].map(|project| project.database.contents("settlement_ods"));
        assert_eq!(whole, broken, "{dialect}: after day {number}");
    }
}

#[test]
fn the_next_run_completes_a_run_that_stopped_at_a_hook() {
    std::thread::scope(|scope| {
        ENGINES.map(|dialect| scope.spawn(move || stopped(dialect))).map(|stopped| stopped.join().expect("it passes"))
    });
}

#[test]
fn a_developers_target_changes_nothing_in_production() {
    let dialect = Dialect::Postgres;
    let project = begin(dialect, "dbt_targets");
    // Adds a target with the same engine and another schema.
    project.edit("profiles.yml", |profiles| {
        let outputs = profiles.split_once("  outputs:\n").expect("outputs").1;
        let own = format!("    {dialect}:\n");
        let production = outputs.split_once(&own).expect("the engine").1;
        let length = production.find("\n    ").into_iter().chain(production.match_indices('\n').map(|(at, _)| at));
        let end = length.filter(|&at| !production[at..].starts_with("\n      ")).min().unwrap_or(production.len());
        let developer = production[..end].replace("settlement_ods", "dev_ada");
        format!("{profiles}    developer:\n{developer}\n")
    });
    deliver(&project, DAYS[0]);
    must(&project, &["run"]);
    deliver(&project, DAYS[1]);
    must(&project, &["run"]);
    let production = project.database.bytes("settlement_ods");
    assert!(standing(&project, 1).contains("hist_"), "a history table of production has a row");

    deliver(&project, DAYS[5]);
    let of_developer: [&[&str]; 4] = [
        &["run", "--target", "developer"],
        &["test", "--target", "developer"],
        &["run-operation", "order_tracking_rowkeep.sweep", "--target", "developer"],
        &["run", "--full-refresh", "--target", "developer"],
    ];
    for arguments in of_developer {
        let said = project.dbt_with(arguments, &[]);
        assert!(said.success, "{dialect}: {}", said.text);
    }
    assert_eq!(production, project.database.bytes("settlement_ods"), "{dialect}");
    let own = project.database.bytes("dev_ada");
    assert!(own.contains("order_tracking_exceptions") && own.contains("mart_uni_tracking_info__cutoff"), "{own}");
}

#[test]
fn a_held_key_stays_until_the_hold_is_lifted() {
    let dialect = Dialect::DuckDb;
    let project = begin(dialect, "dbt_holds");
    let notes = "{key: 1, notes: \"the customer's claim\"}";
    deliver(&project, DAYS[0]);
    must(&project, &["run"]);
    for _ in 0..2 {
        must(&project, &["run-operation", "order_tracking_rowkeep.mart_uni_tracking_info_hold", "--args", notes]);
    }
    deliver(&project, DAYS[1]);
    must(&project, &["run"]);
    must(&project, &["run-operation", "order_tracking_rowkeep.sweep"]);
    assert_eq!(standing(&project, 1), "mart_uni_tracking_info 10", "{dialect}: it has aged, and is held");
    let open = "SELECT exception_type, notes FROM settlement_ods.order_tracking_exceptions WHERE order_id = 1 AND resolved_at IS NULL";
    let open: Vec<_> = project.database.sql(open).into_iter().flatten().flatten().collect();
    assert_eq!(open, ["ARCHIVE_ROUTING_GAP_HOLD", "the customer's claim"], "{dialect}");

    must(&project, &["run-operation", "order_tracking_rowkeep.mart_uni_tracking_info_lift", "--args", notes]);
    must(&project, &["run"]);
    assert_eq!(standing(&project, 1), "hist_uni_tracking_info_2012_h1 10", "{dialect}");
    let refused = project.dbt(&[
        "run-operation",
        "order_tracking_rowkeep.mart_uni_tracking_info_lift",
        "--args",
        "{key: '\\', notes: why}",
    ]);
    assert!(!refused.success && refused.text.contains("without backslashes"), "{}", refused.text);
}
