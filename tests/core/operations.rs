//! Compiled operations: lists of periods are derived, and maintenance follows the engines' manuals.

use crate::projects;
use rowkeep::Dialect;
use rowkeep::artifacts::manifest::Manifest;

fn manifest(dialect: Dialect) -> Manifest {
    rowkeep::compile(&projects::example().with_dialect(dialect)).expect("it compiles").manifest().clone()
}

/// The example lists its periods in one file only.
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

/// Every list of periods is derived: with one more period, each operation on history also reads the
/// history table of that period.
#[test]
fn a_new_period_reaches_every_operation_on_history() {
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
    assert_eq!((views(two.manifest()), views(three.manifest())), (vec![0; 6], vec![1; 6]));
}

/// "VACUUM" and "ANALYZE" in the SQL reference of Redshift: `VACUUM [ FULL | SORT ONLY | DELETE
/// ONLY | REINDEX | RECLUSTER ] [ [ table_name ] [ TO threshold PERCENT ] [ BOOST ] ]` and `ANALYZE
/// [ VERBOSE ] [ [ table_name [ ( column_name [, ...] ) ] ] [ PREDICATE COLUMNS | ALL COLUMNS ] ]`.
#[test]
fn maintenance_keeps_the_project_order_and_the_syntax_of_the_manual() {
    let statements = |dialect: Dialect| -> Vec<String> {
        let manifest = manifest(dialect);
        let lines = |sql: &str| sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
        for entry in &manifest.maintenance {
            let is_vacuum = entry.run.starts_with("vacuum");
            assert_eq!(entry.statement.transaction, !is_vacuum, "{}", entry.statement.name);
            assert_eq!(entry.every_seconds, 86_400);
            let conditional = entry.run == "vacuum_sort";
            assert_eq!(entry.condition.as_ref().map(|condition| condition.if_refused), conditional.then_some("run"));
        }
        manifest.maintenance.iter().map(|entry| lines(&entry.statement.sql)).collect()
    };
    let (uti, ecs, uts) = ("mart_uni_tracking_info", "mart_ecs_order_info", "mart_uni_tracking_spath");
    let of = |command: &str, marts: &[&str]| -> Vec<String> {
        marts.iter().map(|mart| format!("{command} settlement_ods.{mart}")).collect()
    };
    let (all, analyze) = ([uti, ecs, uts], of("ANALYZE", &[uti, ecs, uts]));
    // The order of the files in `ddl/`.
    let lists = [
        "order_tracking_exceptions",
        "mart_ecs_order_info__cutoff",
        "mart_ecs_order_info__cycles",
        "mart_ecs_order_info__due",
        "mart_ecs_order_info__stale",
        "mart_uni_tracking_info__cutoff",
        "mart_uni_tracking_info__cycles",
        "mart_uni_tracking_info__stale",
        "mart_uni_tracking_spath__cutoff",
        "mart_uni_tracking_spath__cycles",
    ];
    let analyze_lists = of("ANALYZE", &lists);
    let of_marts = [of("VACUUM DELETE ONLY", &all), analyze.clone(), of("VACUUM SORT ONLY", &[ecs])].concat();
    assert_eq!(
        statements(Dialect::Redshift),
        [of_marts, of("VACUUM DELETE ONLY", &lists), analyze_lists.clone()].concat()
    );
    let of_marts = [of("VACUUM", &all), analyze.clone()].concat();
    assert_eq!(statements(Dialect::Postgres), [of_marts, of("VACUUM", &lists), analyze_lists.clone()].concat());
    assert_eq!(statements(Dialect::DuckDb), [analyze, analyze_lists].concat());
}

const PROJECT: &str = "name: p
dialect: redshift
schema: ods
exceptions: { table: gaps, key: id }
defaults: { retention: { for: 90 days }, rows: latest, time: { column: t, unit: epoch_seconds } }
";

/// The maximum number of periods, and of columns. Monitors that Rowkeep adds must not stop such a
/// project from compiling.
#[test]
fn monitors_of_the_largest_projects_compile() {
    let months = (0..480).map(|month| format!("{}_m{:02}", 1980 + month / 12, month % 12 + 1));
    let many_periods = months.collect::<Vec<_>>().join(", ");
    let many_columns = (0..1_590).map(|column| format!("c{column}: integer")).collect::<Vec<_>>().join(", ");
    let tables = |many: &str| {
        format!(
        "tables:
  - {{ model: ma, history: hist_a, unique_key: id, exception: A, columns: {{ id: bigint not null, t: bigint }}, source: raw.a, source_columns: {{ at: timestamp }}, incremental: {{ order_by: t desc, lookback: {{ column: at, within: 2 hours }} }} }}
  - {{ model: mb, history: hist_b, unique_key: id, exception: B, columns: {{ id: bigint, t: bigint, {many} }} }}
raw: [{{ table: raw.a, time: {{ column: at }}, keep: 1 days }}]
monitors:
  - {{ name: has, kind: has_rows_in, model: mb, in: ma, exception: HAS }}
  - {{ name: latest, kind: latest_matches, model: mb, in: ma }}
  - {{ name: equal, kind: compare, model: mb, with: elsewhere.b, more_than: 1%, exception: EQUAL }}
"
    )
    };
    // The two engines with the longest statements.
    let longest = [Dialect::Redshift, Dialect::BigQuery];
    for (periods, columns, dialects) in
        [(many_periods.as_str(), "c: integer", longest), ("2025_h2", &many_columns, longest)]
    {
        for dialect in dialects {
            let text = format!("{PROJECT}periods: [{periods}]\n{}", tables(columns));
            let inputs = rowkeep::Inputs::new("rowkeep.yml", text).with_dialect(dialect);
            rowkeep::compile(&inputs)
                .unwrap_or_else(|wrong| panic!("{dialect}: {}", wrong.render(&inputs, rowkeep::Style::Plain)));
        }
    }
}

/// A raw table that is named with and without its database may be one table. Its trim waits for
/// every mart that may read it.
#[test]
fn a_raw_trim_waits_for_every_possible_reader() {
    let tables = "periods: [{ name: legacy, start: 1960-01-01, end: 2026-01-01 }]
tables:
  - { model: ma, history: hist_a, unique_key: id, exception: A, columns: { id: bigint, t: bigint }, source: landing.r, source_columns: { at: timestamp } }
  - { model: mb, history: hist_b, unique_key: id, exception: B, columns: { id: bigint, t: bigint }, source: db.landing.r, source_columns: { at: timestamp } }
  - { model: mc, history: hist_c, unique_key: id, exception: C, retention: { while_in: mb }, columns: { id: bigint, t: bigint }, source: landing.c }
  - { model: md, history: hist_d, unique_key: id, exception: D, exceptions: { table: other.gaps, key: id }, columns: { id: bigint, t: bigint }, source: landing.d }
raw: [{ table: landing.r, time: { column: at }, keep: 1 days }]
";
    let artifacts =
        rowkeep::compile(&rowkeep::Inputs::new("rowkeep.yml", format!("{PROJECT}{tables}"))).expect("it compiles");
    let manifest = artifacts.manifest();
    assert_eq!(manifest.raw_trims[0].waits_for, ["model.p.ma", "model.p.mb", "model.p.mc"]);
    let stamps: Vec<_> =
        manifest.ddl.iter().filter(|made| made.name.ends_with("__cycles")).map(|made| &made.name).collect();
    assert_eq!(stamps, ["ma__cycles", "mb__cycles", "mc__cycles"]);
    // Two exceptions tables with one name in two schemas have separate files.
    let mut paths: Vec<_> = manifest.tasks().map(|task| &task.path).collect();
    let count = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), count);
    assert!(artifacts.get("monitors/other_gaps__unresolved.sql").is_some());
}
