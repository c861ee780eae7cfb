//! History tables and views beside marts that dbt builds: columns that are added, and readers.

use rowkeep::{Dialect, Inputs};

use crate::dbt::days::must;
use crate::dbt::warehouse::Project;

/// Compiles the project with these columns of its mart.
fn compile(project: &Project, columns: &str) {
    let spec = format!(
        "name: order_tracking\ndialect: postgres\nschema: settlement_ods\nperiods: [2012_h1]\nexceptions: {{ table: gaps, key: id }}\ntables:\n\
         - {{ model: mart_codes, history: hist_codes, unique_key: id, time: {{ column: at }}, rows: latest, retention: {{ for: 180 days }}, exception: GAP, source: settlement_public.codes_raw, columns: {columns}, incremental: {{ order_by: [at desc, row_id desc] }}, source_columns: {{ row_id: bigint }}, grants: {{ select: rowkeep_auditor }} }}\n"
    );
    project.compiled(&rowkeep::compile(&Inputs::new("rowkeep.yml", spec)).expect("it compiles"));
}

fn add_column(project: &Project, column: &str) {
    for table in ["mart_codes", "hist_codes_2012_h1"] {
        project.database.execute(&format!("ALTER TABLE settlement_ods.{table} ADD COLUMN {column} varchar(20)"));
    }
}

fn columns_of_the_view(project: &Project) -> String {
    let columns = project.database.sql(
        "SELECT STRING_AGG(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'all_hist_codes'",
    );
    columns.into_iter().flatten().flatten().collect()
}

/// Which relations of the project each role may read.
fn readable(project: &Project, role: &str) -> String {
    let names = project.database.sql(&format!(
        "SELECT relname FROM pg_class WHERE relnamespace = 'settlement_ods'::regnamespace AND relkind IN ('r', 'v') AND has_table_privilege('{role}', oid, 'SELECT') ORDER BY 1"
    ));
    names.into_iter().flatten().flatten().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_view_takes_new_columns_and_keeps_its_readers() {
    let project = Project::new(Dialect::Postgres, "dbt_columns");
    for sql in [
        "DO $$ BEGIN CREATE ROLE rowkeep_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        "DO $$ BEGIN CREATE ROLE rowkeep_auditor; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        "CREATE SCHEMA settlement_public",
        "CREATE TABLE settlement_public.codes_raw (id bigint, row_id bigint, at timestamp, channel varchar(20), place varchar(20))",
    ] {
        project.database.execute(sql);
    }
    project.edit("dbt_project.yml", |text| text + "models:\n  +grants: { select: [rowkeep_reader] }\n");
    compile(&project, "{ id: bigint, at: timestamp }");
    must(&project, &["deps"]);
    must(&project, &["run"]);
    assert_eq!(
        readable(&project, "rowkeep_reader"),
        "all_hist_codes all_hist_codes__copies hist_codes_2012_h1 mart_codes"
    );
    assert_eq!(readable(&project, "rowkeep_auditor"), "all_hist_codes all_hist_codes__copies gaps hist_codes_2012_h1");

    // No view can be replaced by one with another column in its middle.
    add_column(&project, "channel");
    compile(&project, "{ id: bigint, channel: varchar(20), at: timestamp }");
    must(&project, &["run-operation", "order_tracking_rowkeep.sweep"]);
    assert_eq!(columns_of_the_view(&project), "id channel at");
    assert_eq!(
        readable(&project, "rowkeep_reader"),
        "all_hist_codes all_hist_codes__copies hist_codes_2012_h1 mart_codes"
    );
    assert_eq!(readable(&project, "rowkeep_auditor"), "all_hist_codes all_hist_codes__copies gaps hist_codes_2012_h1");

    // A view that somebody built on it is not dropped, and stops no sweep and no run.
    project.database.execute("CREATE VIEW settlement_ods.report AS SELECT * FROM settlement_ods.all_hist_codes");
    add_column(&project, "place");
    compile(&project, "{ id: bigint, place: varchar(20), channel: varchar(20), at: timestamp }");
    let said = project.dbt(&["run-operation", "order_tracking_rowkeep.sweep"]);
    assert!(said.success && said.text.contains("because settlement_ods.report reads it"), "{}", said.text);
    must(&project, &["run"]);
    assert_eq!(columns_of_the_view(&project), "id channel at");
    project.database.execute("DROP VIEW settlement_ods.report");
    must(&project, &["run-operation", "order_tracking_rowkeep.create_relations"]);
    assert_eq!(columns_of_the_view(&project), "id place channel at");
}
