//! Dangerous uses of dbt. Each of them lost, duplicated or hid a row in an earlier version.

use rowkeep::Dialect;

use crate::dbt::days::{DAYS, begin, deliver, must, rotate, standing};
use crate::dbt::warehouse::{ENGINES, Project};

/// The example with an additional target for a developer: the same engine, another schema.
fn with_developer(dialect: Dialect, name: &str) -> Project {
    let project = begin(dialect, name);
    project.edit("profiles.yml", |profiles| {
        let outputs = profiles.split_once("  outputs:\n").expect("outputs").1.to_owned();
        let own = outputs.split_once(&format!("    {dialect}:\n")).expect("the engine").1;
        let lines: Vec<_> = own.lines().take_while(|line| line.starts_with("      ")).collect();
        format!("{profiles}    developer:\n{}\n", lines.join("\n").replace("settlement_ods", "dev_ada"))
    });
    project
}

/// On engines without zero-copy clones, dbt clones a table as a view of the production table. Then
/// it runs the hooks on this view.
#[test]
fn a_clone_is_refused() {
    let project = with_developer(Dialect::Postgres, "dbt_clone");
    deliver(&project, DAYS[0]);
    must(&project, &["run"]);
    deliver(&project, DAYS[1]);
    let said = project.dbt_with(&["run", "--target", "developer", "--exclude", "mart_uni_tracking_info"], &[]);
    assert!(said.success, "{}", said.text);
    std::fs::create_dir(project.path("state")).expect("a folder");
    must(&project, &["parse"]);
    std::fs::copy(project.path("target/manifest.json"), project.path("state/manifest.json")).expect("the state");
    let production = project.database.bytes("settlement_ods");
    let said = project.dbt_with(&["clone", "--full-refresh", "--state", "state", "--target", "developer"], &[]);
    assert!(!said.success && said.text.contains("the hooks would delete rows of its base table"), "{}", said.text);
    assert_eq!(production, project.database.bytes("settlement_ods"));

    // An existing view, whatever created it.
    project.database.execute("DROP TABLE IF EXISTS dev_ada.mart_uni_tracking_info CASCADE");
    project
        .database
        .execute("CREATE VIEW dev_ada.mart_uni_tracking_info AS SELECT * FROM settlement_ods.mart_uni_tracking_info");
    for arguments in [&["run"][..], &["run-operation", "order_tracking_rowkeep.sweep"]] {
        let said = project.dbt_with(arguments, &["--target", "developer"]);
        assert!(!said.success, "{}", said.text);
        assert_eq!(production, project.database.bytes("settlement_ods"));
    }
}

/// Targets that differ only by the names of their models would share history tables.
#[test]
fn targets_that_differ_only_by_aliases_are_refused() {
    let project = begin(Dialect::DuckDb, "dbt_alias");
    deliver(&project, DAYS[0]);
    must(&project, &["run"]);
    deliver(&project, DAYS[1]);
    must(&project, &["run"]);
    let production = project.database.bytes("settlement_ods");
    project.write(
        "macros/alias.sql",
        "{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ return('ada_' ~ node.name) }}{% endmacro %}\n",
    );
    let said = project.dbt(&["run"]);
    assert!(!said.success && said.text.contains("give each target its own schema"), "{}", said.text);
    assert!(!project.dbt(&["run-operation", "order_tracking_rowkeep.sweep"]).success);
    assert_eq!(production, project.database.bytes("settlement_ods"));
}

/// `--empty` limits the rows of every reference. In hooks, it must not make parents look absent.
#[test]
fn references_in_hooks_are_never_limited() {
    for dialect in ENGINES {
        let project = begin(dialect, "dbt_empty");
        deliver(&project, DAYS[0]);
        must(&project, &["run"]);
        deliver(&project, DAYS[1]);
        must(&project, &["run"]);
        let before = project.database.contents("settlement_ods");
        must(&project, &["run", "--empty"]);
        assert_eq!(before, project.database.contents("settlement_ods"), "{dialect}");
    }
}

/// After a killed run, or a table that was created by hand, a view can lack a history table. The
/// next run creates the view again.
#[test]
fn a_view_that_lacks_a_period_is_repaired() {
    for dialect in ENGINES {
        let project = begin(dialect, "dbt_view");
        deliver(&project, DAYS[0]);
        must(&project, &["run"]);
        rotate(&project, "hist_periods: [2012_h1, 2012_h2, 2013_h1]\n");
        for table in ["uni_tracking_info", "ecs_order_info", "uni_tracking_spath"] {
            project.database.execute(&format!(
                "CREATE TABLE settlement_ods.hist_{table}_2013_h1 AS SELECT * FROM settlement_ods.hist_{table}_2012_h1 WHERE FALSE"
            ));
        }
        must(&project, &["run-operation", "order_tracking_rowkeep.sweep"]);
        project
            .database
            .execute("INSERT INTO settlement_ods.hist_uni_tracking_info_2013_h1 VALUES (77, 1, 1360000000)");
        let seen = project
            .database
            .sql("SELECT CAST(order_id AS VARCHAR) FROM settlement_ods.all_hist_uni_tracking_info WHERE order_id = 77");
        assert_eq!(seen.len(), 1, "{dialect}");
    }
}

/// A value that is too long for its column stops the load. It is not truncated.
#[test]
fn a_value_that_is_too_long_is_not_truncated() {
    let spec = "name: order_tracking\ndialect: postgres\nschema: settlement_ods\nperiods: [2012_h1]\nexceptions: { table: gaps, key: id }\ntables:\n\
                - { model: mart_codes, history: hist_codes, unique_key: id, time: { column: at }, rows: latest, retention: { for: 180 days }, exception: GAP, source: settlement_public.codes_raw, columns: { id: varchar(5), at: timestamp }, incremental: { order_by: [at desc] } }\n";
    let project = Project::new(Dialect::Postgres, "dbt_codes");
    project.compiled(&rowkeep::compile(&rowkeep::Inputs::new("rowkeep.yml", spec)).expect("it compiles"));
    for sql in [
        "CREATE SCHEMA settlement_public",
        "CREATE TABLE settlement_public.codes_raw (id text, at timestamp)",
        "INSERT INTO settlement_public.codes_raw VALUES ('ABCDE', '2012-02-01')",
    ] {
        project.database.execute(sql);
    }
    must(&project, &["deps"]);
    must(&project, &["run"]);
    must(&project, &["run-operation", "order_tracking_rowkeep.mart_codes_hold", "--args", "{key: ABCDE, notes: why}"]);
    for (key, said) in [("00123", "put quotes around"), ("ABCDEF", "longer than the 5 characters")] {
        let arguments = format!("{{key: {key}, notes: why}}");
        let refused = project.dbt(&["run-operation", "order_tracking_rowkeep.mart_codes_hold", "--args", &arguments]);
        assert!(!refused.success && refused.text.contains(said), "{}", refused.text);
    }
    project
        .database
        .execute("INSERT INTO settlement_public.codes_raw VALUES ('ABCDE01', '2012-02-01'), ('ABCDE02', '2012-02-01')");
    let before = project.database.contents("settlement_ods");
    for _ in 0..2 {
        let said = project.dbt(&["run"]);
        assert!(!said.success && said.text.contains("too long"), "{}", said.text);
        assert_eq!(before, project.database.contents("settlement_ods"));
    }
}

/// A table spec without a model in dbt does not stop other models.
#[test]
fn a_mart_without_a_dbt_model_stops_no_other_model() {
    let project = begin(Dialect::DuckDb, "dbt_absent");
    project.write("models/unrelated.sql", "SELECT 1 AS one\n");
    project.edit("dbt_project.yml", |text| text.replace("[rowkeep/dbt/models]", "[models, rowkeep/dbt/models]"));
    std::fs::remove_file(project.path("rowkeep/dbt/models/mart_uni_tracking_spath.sql")).expect("it was compiled");
    std::fs::remove_file(project.path("rowkeep/dbt/tests/mart_uni_tracking_spath__unique_key.sql"))
        .expect("it was compiled");
    must(&project, &["run", "--select", "unrelated"]);
    deliver(&project, DAYS[0]);
    // dbt's cache is empty when the tables are created.
    must(&project, &["--no-populate-cache", "run"]);
    must(&project, &["run-operation", "order_tracking_rowkeep.sweep"]);
    assert!(standing(&project, 1).contains("mart_uni_tracking_info 10"));
}

/// Two runs that change a mart at the same time would load and archive the same rows.
#[test]
fn a_second_run_of_a_mart_stops_with_a_message() {
    let project = begin(Dialect::Postgres, "dbt_lock");
    deliver(&project, DAYS[0]);
    must(&project, &["run"]);
    deliver(&project, DAYS[1]);
    let before = project.database.contents("settlement_ods");
    // The transaction of the first run.
    project.database.execute(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('rowkeep settlement_ods.mart_uni_tracking_info', 0))",
    );
    for second in [&["run"][..], &["run-operation", "order_tracking_rowkeep.sweep"]] {
        let said = project.dbt(second);
        let message = "rowkeep: another run or sweep is changing settlement_ods.mart_uni_tracking_info";
        assert!(!said.success && said.text.contains(message), "{}", said.text);
    }
    project.database.execute("ROLLBACK");
    let unchanged = |contents: &str| {
        let lines = contents.lines().filter(|line| line.contains("uni_tracking_info"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(unchanged(&before), unchanged(&project.database.contents("settlement_ods")));
    must(&project, &["run"]);
    assert_eq!(standing(&project, 1), "hist_uni_tracking_info_2012_h1 10");
}
