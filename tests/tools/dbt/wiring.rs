//! Two ways to wire hooks in dbt: the manifests that dbt writes, and the findings of `rowkeep check
//! --dbt`.

use std::process::{Command, Output};

use rowkeep::{Compilation, Dialect, Inputs};

use crate::dbt::warehouse::Project;
use crate::projects;

const BIGQUERY: &str = "    bigquery:
      type: bigquery
      method: oauth
      project: example-project
      dataset: settlement_ods
      threads: 4
";

/// A model that a team wrote without Rowkeep.
fn own_model(columns: &str) -> String {
    format!(
        "{{{{ config(materialized='incremental', unique_key='order_id') }}}}\nSELECT {columns}\nFROM {{{{ source('settlement_public', 'uni_tracking_info_raw') }}}}\n"
    )
}

fn compiled(dialect: Dialect) -> Compilation {
    rowkeep::compile(&projects::example().with_dialect(dialect)).expect("the example compiles")
}

/// The example's dbt project with the compiled package, parsed without a database.
fn parsed(dialect: Dialect, target: &str) -> Project {
    let project = Project::offline(dialect);
    project.edit("profiles.yml", |profiles| profiles + BIGQUERY);
    project.compiled(&compiled(dialect));
    assert!(project.dbt(&["deps"]).success);
    parse(&project, target);
    project
}

fn parse(project: &Project, target: &str) {
    let said = project.dbt_with(&["--warn-error", "parse", "--target", target], &[]);
    assert!(said.success, "{target}: {}", said.text);
}

/// Uses models of the team, and the compiled properties with their hooks.
fn by_properties(project: &Project) {
    for model in ["mart_uni_tracking_info", "mart_ecs_order_info", "mart_uni_tracking_spath"] {
        let after =
            if model == "mart_uni_tracking_info" { "" } else { "-- depends_on: {{ ref('mart_uni_tracking_info') }}\n" };
        project.write(&format!("models/{model}.sql"), &format!("{after}{}", own_model("order_id")));
    }
    project.edit("dbt_project.yml", |text| text.replace("[rowkeep/dbt/models]", "[models, rowkeep/dbt/properties]"));
}

fn check(project: &Project, dialect: Dialect) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
    command.current_dir(projects::root()).args([
        "check",
        "--project",
        "examples/order_tracking",
        "--dialect",
        dialect.as_str(),
    ]);
    command.arg("--dbt").arg(project.path("")).output().expect("it starts")
}

/// Asserts that the manifest has the compiled hooks, in order, once.
fn assert_compiled_hooks(project: &Project, dialect: Dialect) {
    let manifest = project.manifest();
    for (id, node) in &compiled(dialect).manifest().nodes {
        let hooks = manifest["nodes"][id]["config"]["post-hook"].as_array().expect("hooks");
        let hooks: Vec<_> = hooks.iter().map(|hook| hook["sql"].as_str().expect("a text")).collect();
        let guard = format!("{{{{ order_tracking_rowkeep.guard(this, '{}') }}}}", node.name);
        let expected = std::iter::once(guard.as_str()).chain(node.post_hooks.iter().map(|hook| hook.dbt_sql.as_str()));
        assert_eq!(hooks, expected.collect::<Vec<_>>(), "{id}");
    }
}

#[test]
fn both_wirings_give_dbt_the_compiled_hooks() {
    // Other tests run the models on the other engines.
    for dialect in [Dialect::Redshift, Dialect::BigQuery] {
        let target = dialect.as_str();
        let project = parsed(dialect, target);
        assert_compiled_hooks(&project, dialect);
        let outcome = check(&project, dialect);
        assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
        by_properties(&project);
        parse(&project, target);
        assert_compiled_hooks(&project, dialect);
        // The team's models have their own load, but the spec says that Rowkeep loads the marts.
        let said = String::from_utf8(check(&project, dialect).stderr).expect("UTF-8");
        assert_eq!(
            (said.matches("\nerror[").count() + 1, said.matches("RK803").count(), said.matches("RK804").count()),
            (6, 3, 3),
            "{said}"
        );
    }
}

/// Windowed loads have dbt models, but no package.
#[test]
fn models_of_loads_parse_for_bigquery_and_have_the_run_date_in_their_names() {
    let project = Project::offline(Dialect::BigQuery);
    project.edit("profiles.yml", |profiles| profiles + BIGQUERY);
    project.compiled(&rowkeep::compile(&projects::order_items()).expect("the example compiles"));
    std::fs::remove_file(project.path("packages.yml")).expect("it was there");
    project.edit("dbt_project.yml", |text| text.replace("test-paths: [rowkeep/dbt/tests]", ""));
    // A run of other models has no run date.
    parse(&project, "bigquery");
    let said = project.dbt_with(&["parse", "--target", "bigquery", "--vars", "{run_date: 2025-11-19}"], &[]);
    assert!(said.success, "{}", said.text);
    let manifest = project.manifest();
    let node = |name: &str| &manifest["nodes"][format!("model.order_tracking.{name}")];
    assert_eq!(node("order_items")["alias"], "tmp_order_item_details_2025-11-19");
    assert_eq!(node("order_items")["config"]["partition_by"]["field"], "order_date");
    assert_eq!(node("return_items")["config"]["partition_by"]["data_type"], "timestamp");
    assert_eq!(node("order_items_updates")["alias"], "tmp_product_insights_updates_2025-11-19");
    let aggregate = node("order_items_aggregate");
    assert_eq!(aggregate["alias"], "product_insights");
    assert_eq!(aggregate["config"]["incremental_strategy"], "insert_overwrite");
    let days = aggregate["config"]["partitions"].as_array().expect("the days that are replaced");
    assert_eq!(
        (days.len(), days[7].as_str()),
        (8, Some("/* rowkeep load order_items of 2025-11-19 */ DATE '2025-11-19' - 7"))
    );
}

#[test]
fn every_wrong_wiring_is_found_in_the_manifest_of_dbt() {
    let dialect = Dialect::DuckDb;
    let uti = "rowkeep/dbt/models/mart_uni_tracking_info.sql";
    let macros = "rowkeep/dbt/order_tracking_rowkeep/macros/models/mart_uni_tracking_info.sql";
    type Spoil<'a> = &'a dyn Fn(&Project);
    let ways: [(&str, Spoil<'_>); 9] = [
        ("RK803", &|project| {
            project.edit(uti, |model| {
                model.replace("post_hook=order_tracking_rowkeep.mart_uni_tracking_info_hooks()", "tags=[]")
            })
        }),
        ("RK803", &|project| {
            project.edit(macros, |text| {
                let (head, tail) =
                    text.split_once("  {% set hook %}{% raw -%}\n-- trim: delete due rows").expect("the trim");
                format!("{head}{}", tail.split_once("{% do hooks.append(hook) %}\n").expect("its end").1)
            });
        }),
        ("RK804", &|project| project.edit(macros, |text| text.replace("1782864000", "1767225600"))),
        ("RK805", &|project| {
            project.edit(uti, |model| model.replace("_hooks()", "_hooks() + ['DELETE FROM {{ this }}']"))
        }),
        ("RK806", &|project| project.edit(uti, |model| model.replace("_hooks()", "_hooks() | reverse | list"))),
        ("RK807", &|project| {
            project.edit("dbt_project.yml", |text| {
                let compiled = compiled(dialect);
                let first = &compiled.manifest().nodes["model.order_tracking.mart_uni_tracking_info"].post_hooks[0].dbt_sql;
                let hook = first.replace('\n', "\n          ");
                format!("{text}\nmodels:\n  order_tracking:\n    mart_uni_tracking_info:\n      +post-hook:\n        - |-\n          {hook}\n")
            });
        }),
        ("RK808", &|project| {
            project.edit("rowkeep/dbt/models/schema.yml", |text| {
                text.replacen(
                    "      - name: \"state\"\n",
                    "      - name: weight\n        data_type: integer\n      - name: \"state\"\n",
                    1,
                )
            })
        }),
        ("RK809", &|project| project.edit(uti, |model| model.replace("    full_refresh=false,\n", ""))),
        ("RK811", &|project| {
            project.edit(uti, |model| {
                model.replace("    full_refresh=false,\n", "    full_refresh=false,\n    schema='elsewhere',\n")
            })
        }),
    ];
    let project = parsed(dialect, "duckdb");
    let files = [uti, macros, "dbt_project.yml", "rowkeep/dbt/models/schema.yml"];
    let sound = files.map(|file| std::fs::read_to_string(project.path(file)).expect("a text"));
    for (code, spoil) in ways {
        spoil(&project);
        parse(&project, "duckdb");
        let outcome = check(&project, dialect);
        let said = String::from_utf8_lossy(&outcome.stderr);
        assert_eq!(outcome.status.code(), Some(1), "{code}: {said}");
        assert!(said.contains(&format!("error[{code}]")), "{code}: {said}");
        for (file, text) in files.iter().zip(&sound) {
            project.write(file, text);
        }
    }
}

/// Relations in several schemas: each is in the schema that dbt generates for models with this
/// schema.
#[test]
fn other_schemas_follow_the_target() {
    let golden =
        std::fs::read_to_string(projects::root().join("golden/features/dbt_schemas/rowkeep.yml")).expect("the golden");
    // The raw table is named with its database, as in dbt.
    let inputs =
        Inputs::new("rowkeep.yml", golden.replace("source: landing.orders", "source: dbt_shop.landing.orders"));
    let project = Project::new(Dialect::Postgres, "dbt_shop");
    project.compiled(&rowkeep::compile(&inputs).expect("the golden compiles"));
    project.write("packages.yml", "packages:\n  - local: rowkeep/dbt/shop_rowkeep\n");
    project.edit("dbt_project.yml", |text| {
        text.replace("order_tracking", "shop")
            .replace("profile: shop", "profile: order_tracking")
            .replace("[rowkeep/dbt/models]", "[models, rowkeep/dbt/models]")
    });
    project.write(
        "models/mart_scans.sql",
        "{{ config(materialized='incremental', full_refresh=false, schema='scans', post_hook=shop_rowkeep.mart_scans_hooks()) }}\n\
         -- depends_on: {{ ref('mart_orders') }}\n\
         SELECT s.order_id, s.\"Trace Seq\", s.updated_at, s.place FROM {{ source('landing', 'scans_raw') }} AS s\n\
         {% if is_incremental() %}WHERE NOT EXISTS (SELECT 1 FROM {{ this }} AS m WHERE m.order_id = s.order_id AND m.\"Trace Seq\" = s.\"Trace Seq\"){% endif %}\n",
    );
    for sql in [
        "CREATE SCHEMA landing",
        "CREATE TABLE landing.orders_raw (order_id bigint, state text, updated_at timestamp, \"Load Seq\" bigint)",
        "CREATE TABLE landing.scans_raw (order_id bigint, \"Trace Seq\" integer, updated_at timestamp, place varchar(40))",
        "INSERT INTO landing.orders_raw VALUES (1, 'old', '2026-01-05', 1), (2, 'new', '2026-11-01', 2), (3, 'older', '2025-01-01', 3)",
        "INSERT INTO landing.scans_raw VALUES (1, 1, '2026-01-05', 'here'), (2, 1, '2026-11-01', 'there')",
    ] {
        project.database.execute(sql);
    }
    let test = ["test", "--vars", "rowkeep_monitors: true", "--exclude", "shop_exceptions__unresolved"];
    for arguments in [&["deps"][..], &["run"], &["run"], &test, &["run-operation", "shop_rowkeep.sweep"]] {
        project.runs(arguments).unwrap_or_else(|error| panic!("{error}"));
    }
    let there = |schema: &str| project.database.contents(schema);
    assert_eq!(
        there("settlement_ods_archive"),
        "all_hist_orders\n  1, old, 2026-01-05 00:00:00\n  2, new, 2026-11-01 00:00:00\n  3, older, 2025-01-01 00:00:00\nhist_orders_2026_h1\n  1, old, 2026-01-05 00:00:00\n"
    );
    assert_eq!(
        there("settlement_ods_ops"),
        "shop_exceptions\n  3, ORDERS_GAP, no period covers its time, NULL, NULL\n"
    );
    assert_eq!(
        there("settlement_ods_scans"),
        "all_hist_scans\n  1, 1, 2026-01-05 00:00:00, here\n  2, 1, 2026-11-01 00:00:00, there\nhist_scans_2026_h1\n  1, 1, 2026-01-05 00:00:00, here\nmart_scans\n  2, 1, 2026-11-01 00:00:00, there\n"
    );
    let schemas = "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";
    let schemas: Vec<_> = project.database.sql(schemas).into_iter().filter_map(|mut row| row.remove(0)).collect();
    assert_eq!(
        schemas,
        ["landing", "settlement_ods", "settlement_ods_archive", "settlement_ods_ops", "settlement_ods_scans"]
    );
}

/// A rotation edits the list of periods in dbt_project.yml.
#[test]
fn periods_may_be_in_dbt_project_yml() {
    let project = Project::offline(Dialect::DuckDb);
    let example = projects::root().join("examples/order_tracking");
    let read = |path: &str| std::fs::read_to_string(example.join(path)).expect("the example is there");
    project.write(
        "retention/rowkeep.yml",
        &read("rowkeep.yml").replace("../../periods.yml", "{ file: ../dbt_project.yml, at: vars.hist_periods }"),
    );
    for table in ["tables/ecs.yml", "tables/uti.yml", "tables/uts.yml"] {
        project.write(&format!("retention/{table}"), &read(table));
    }
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.edit("dbt_project.yml", |text| format!("{text}\nvars:\n  hist_periods:\n    - 2025_h2\n    - 2026_h1\n"));
    let rowkeep = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowkeep"));
        command.current_dir(project.path("")).args(arguments).args(["--project", "retention", "--dialect", "duckdb"]);
        command.output().expect("it starts")
    };
    let compile = || assert!(rowkeep(&["compile", "--out", "rowkeep"]).status.success());
    let check = || rowkeep(&["check", "--dbt", "."]);
    compile();
    assert!(project.dbt(&["deps"]).success);
    parse(&project, "duckdb");
    assert_eq!(check().status.code(), Some(0));

    project.edit("dbt_project.yml", |text| format!("{text}    - 2026_h2\n"));
    let said = check();
    let findings = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{findings}");
    assert!(findings.contains("08_archive__2026_h2") && findings.contains("error[RK804]"), "{findings}");
    compile();
    parse(&project, "duckdb");
    assert_eq!(check().status.code(), Some(0));
    assert!(project.path("rowkeep/compiled/mart_uni_tracking_info/08_archive__2026_h2.sql").exists());
}
