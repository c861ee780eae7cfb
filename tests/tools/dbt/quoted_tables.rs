//! dbt runs a project whose tables have names in quotes: capitals, spaces and dashes.

use rowkeep::Dialect;

use crate::dbt::warehouse::{ENGINES, Project};
use crate::projects;

/// Order 1 is old, and so is its item.
const RAW: &str = "
CREATE SCHEMA landing;
CREATE TABLE landing.\"Orders-Raw\" (order_id BIGINT, \"Status\" VARCHAR, updated_at TIMESTAMP, row_id BIGINT);
INSERT INTO landing.\"Orders-Raw\" VALUES
  (1, 'a', TIMESTAMP '2025-08-01 00:00:00', 1), (2, 'a', TIMESTAMP '2026-06-01 00:00:00', 2);
CREATE TABLE landing.\"Items\" (order_id BIGINT, line INTEGER, created_at TIMESTAMPTZ, row_id BIGINT);
INSERT INTO landing.\"Items\" VALUES
  (1, 1, TIMESTAMPTZ '2025-08-01 00:00:00+00', 1), (2, 1, TIMESTAMPTZ '2025-08-01 00:00:00+00', 2)";

/// The orders in each table after a cycle. dbt puts the schema of the target before other schemas.
const EXPECTED: [(&str, &str); 4] = [
    ("\"Sales Ops\".\"Orders\"", "2"),
    ("\"Sales Ops_Archive\".\"Orders 2025_h2\"", "1"),
    ("\"Sales Ops\".\"Order Items\"", "2"),
    ("\"Sales Ops\".\"History-Items_2025_h2\"", "1"),
];

fn tell(dialect: Dialect) {
    let project = Project::new(dialect, "dbt_quoted");
    for file in ["dbt_project.yml", "packages.yml"] {
        project.edit(file, |text| text.replace("order_tracking", "shop"));
    }
    project
        .edit("profiles.yml", |text| text.replace("order_tracking:", "shop:").replace("settlement_ods", "Sales Ops"));
    let inputs = projects::golden("compile/quoted_tables").with_dialect(dialect);
    project.compiled(&rowkeep::compile(&inputs).expect("the golden compiles"));
    project.database.execute(RAW);
    let runs = |arguments: &[&str]| project.runs(arguments).unwrap_or_else(|error| panic!("{dialect}: {error}"));
    let has_moved = |when: &str| {
        for (relation, expected) in EXPECTED {
            let query = format!("SELECT CAST(order_id AS VARCHAR) FROM {relation} ORDER BY 1");
            let found: Vec<_> = project.database.sql(&query).into_iter().flatten().flatten().collect();
            assert_eq!(found, [expected], "{dialect}, {when}: {relation}");
        }
    };
    runs(&["deps"]);
    runs(&["run"]);
    has_moved("after a run");
    runs(&["run"]);
    runs(&["run-operation", "shop_rowkeep.sweep"]);
    has_moved("after a sweep");
    runs(&["test"]);
}

#[test]
fn dbt_runs_a_project_whose_tables_have_names_in_quotes() {
    std::thread::scope(|scope| {
        for story in ENGINES.map(|dialect| scope.spawn(move || tell(dialect))) {
            story.join().expect("it passes");
        }
    });
}
