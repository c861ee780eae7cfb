//! What runs around the cycles, as it is compiled: nothing of it names a period by hand, and upkeep is what manuals say.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use rowkeep::Dialect;
use rowkeep::manifest::Manifest;

mod projects;

fn manifest(dialect: Dialect) -> Manifest {
    rowkeep::compile(&projects::example().with_dialect(dialect)).expect("it compiles").manifest().clone()
}

/// Periods stand in one list, and in no other file of the example.
#[test]
fn the_example_names_no_period_and_no_history_table() {
    let folder = projects::root().join("examples/order_tracking");
    let manifest = manifest(Dialect::Redshift);
    let histories = manifest.ddl.iter().filter(|definition| definition.kind == "history");
    let names: Vec<_> = histories
        .map(|definition| definition.name.clone())
        .chain(manifest.periods.iter().map(|p| p.name.clone()))
        .collect();
    assert_eq!(names.len(), 8);
    let mut seen = 0;
    for path in projects::files(&folder) {
        let compiled = path.starts_with("target") || path.starts_with("dbt_project");
        if compiled || path.extension().is_none_or(|end| end != "yml") {
            continue;
        }
        let text = std::fs::read_to_string(folder.join(&path)).expect("a text");
        for name in &names {
            assert!(!text.contains(name.as_str()), "{} names {name}", path.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
}

/// Every list of periods is derived: with one more, each monitor over history looks at one table more, and at nothing less.
#[test]
fn a_period_more_reaches_every_monitor_that_looks_at_history() {
    let with = |periods: &str| rowkeep::compile(&projects::order_tracking(periods)).expect("it compiles");
    let (two, three) = (with("hist_periods: [2025_h2, 2026_h1]"), with("hist_periods: [2025_h2, 2026_h1, 2026_h2]"));
    let mut widened = 0;
    for (before, after) in
        two.manifest().tasks().zip(three.manifest().tasks().filter(|task| !task.name.ends_with("2026_h2")))
    {
        assert_eq!(before.name, after.name);
        let of = |reads: &[String], period: &str| reads.iter().filter(|read| read.ends_with(period)).count();
        assert_eq!(of(&after.reads, "_2026_h2"), of(&before.reads, "_2026_h1"), "{}", after.name);
        assert_eq!(of(&after.reads, "_2026_h1"), of(&before.reads, "_2026_h1"), "{}", after.name);
        widened += usize::from(before.reads.len() < after.reads.len());
    }
    assert!(widened > 20, "{widened}");
    let views = |manifest: &Manifest| {
        let views = manifest.ddl.iter().filter(|definition| definition.kind == "view");
        views.map(|view| view.sql.matches("_2026_h2").count()).collect::<Vec<_>>()
    };
    assert_eq!((views(two.manifest()), views(three.manifest())), (vec![0, 0, 0], vec![1, 1, 1]));
}

/// "VACUUM" and "ANALYZE" in the SQL reference of Redshift:
/// `VACUUM [ FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER ] [ [ table_name ] [ TO threshold PERCENT ] [ BOOST ] ]` and
/// `ANALYZE [ VERBOSE ] [ [ table_name [ ( column_name [, ...] ) ] ] [ PREDICATE COLUMNS | ALL COLUMNS ] ]`.
#[test]
fn upkeep_is_in_the_order_of_the_project_and_in_the_words_of_the_manual() {
    let statements = |dialect: Dialect| -> Vec<String> {
        let manifest = manifest(dialect);
        let lines = |sql: &str| sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
        for upkeep in &manifest.maintenance {
            let is_vacuum = upkeep.run.starts_with("vacuum");
            assert_eq!(upkeep.statement.transaction, !is_vacuum, "{}", upkeep.statement.name);
            assert_eq!(upkeep.every_seconds, 86_400);
            let conditional = upkeep.run == "vacuum_sort";
            assert_eq!(upkeep.condition.as_ref().map(|condition| condition.if_refused), conditional.then_some("run"));
        }
        manifest.maintenance.iter().map(|upkeep| lines(&upkeep.statement.sql)).collect()
    };
    let (uti, ecs, uts) = ("mart_uni_tracking_info", "mart_ecs_order_info", "mart_uni_tracking_spath");
    let of = |words: &str, marts: &[&str]| -> Vec<String> {
        marts.iter().map(|mart| format!("{words} settlement_ods.{mart}")).collect()
    };
    let (all, analyze) = ([uti, ecs, uts], of("ANALYZE", &[uti, ecs, uts]));
    assert_eq!(
        statements(Dialect::Redshift),
        [of("VACUUM DELETE ONLY", &all), analyze.clone(), of("VACUUM SORT ONLY", &[ecs])].concat()
    );
    assert_eq!(statements(Dialect::Postgres), [of("VACUUM", &all), analyze.clone()].concat());
    assert_eq!(statements(Dialect::DuckDb), analyze);
}
