//! dbt runs the example with one table for each shape of retention.

use rowkeep::{Dialect, Inputs};

use crate::dbt::warehouse::{ENGINES, Project};
use crate::projects;

/// The raw tables, each with an old row and a young row. Row 3 of the orders is old and not
/// finished. Row 3 of the tokens never expires, and row 3 of the prices is current.
const RAW: &str = "
CREATE SCHEMA landing;
CREATE TABLE landing.orders (id BIGINT, state INTEGER, updated_at TIMESTAMP, loaded_at TIMESTAMP, row_id BIGINT);
INSERT INTO landing.orders VALUES
  (1, 8, TIMESTAMP '2025-08-01 00:00:00', NULL, 1), (2, 8, TIMESTAMP '2026-06-01 00:00:00', NULL, 2),
  (3, 1, TIMESTAMP '2025-08-01 00:00:00', NULL, 3);
CREATE TABLE landing.order_notes (id BIGINT, note INTEGER, written_at BIGINT, text VARCHAR, loaded_at TIMESTAMP, row_id BIGINT);
INSERT INTO landing.order_notes VALUES
  (1, 1, 1754006400, 'a', NULL, 1), (2, 1, 1754006400, 'b', NULL, 2), (3, 1, 1754006400, 'c', NULL, 3);
CREATE TABLE landing.sessions (id BIGINT, seen_at TIMESTAMP, pages INTEGER, loaded_at TIMESTAMP, row_id BIGINT);
INSERT INTO landing.sessions VALUES
  (1, TIMESTAMP '2020-01-01 00:00:00', 1, NULL, 1), (2, TIMESTAMP '2120-01-01 00:00:00', 1, NULL, 2);
CREATE TABLE landing.tokens (id BIGINT, owner INTEGER, expires_at TIMESTAMP);
INSERT INTO landing.tokens VALUES
  (1, 1, TIMESTAMP '2020-01-01 00:00:00'), (2, 1, TIMESTAMP '2120-01-01 00:00:00'), (3, 1, NULL);
CREATE TABLE landing.prices (id BIGINT, version INTEGER, price INTEGER, valid_to DATE);
INSERT INTO landing.prices VALUES
  (1, 1, 5, DATE '2024-01-01'), (2, 1, 5, DATE '2026-01-01'), (3, 1, 5, NULL);
CREATE TABLE landing.audit_log (id BIGINT, logged_at BIGINT, action INTEGER, loaded_at TIMESTAMP, row_id BIGINT);
INSERT INTO landing.audit_log VALUES (1, 1754006400000, 1, NULL, 1), (2, 1780272000000, 1, NULL, 2)";

/// The ids in each relation after a cycle.
const EXPECTED: [(&str, &str); 9] = [
    ("mart_orders", "2 3"),
    ("hist_orders_2025_h2", "1"),
    ("mart_order_notes", "2 3"),
    ("order_notes_archive", "1"),
    ("mart_sessions", "2"),
    ("mart_tokens", "2 3"),
    ("mart_prices", "2 3"),
    ("mart_audit_log", "2"),
    ("audit_log_archive", "1"),
];

fn tell(dialect: Dialect) {
    let text = std::fs::read_to_string(projects::root().join("examples/retention_shapes/rowkeep.yml"));
    let inputs = Inputs::new("rowkeep.yml", text.expect("the example")).with_dialect(dialect);
    let project = Project::new(dialect, "dbt_shapes");
    project.edit("dbt_project.yml", |text| text.replace("order_tracking", "retention_shapes"));
    project.edit("packages.yml", |text| text.replace("order_tracking", "retention_shapes"));
    project.edit("profiles.yml", |text| {
        text.replace("order_tracking:", "retention_shapes:").replace("settlement_ods", "shop")
    });
    let compilation = rowkeep::compile(&inputs).expect("the example compiles");
    project.compiled(&compilation);
    // Two models of our own, with the hooks as properties.
    project.edit("dbt_project.yml", |text| text.replace("[rowkeep/dbt/models]", "[rowkeep/dbt/models, models]"));
    for (model, key, columns) in
        [("tokens", "['id']", "id, owner, expires_at"), ("prices", "['id', 'version']", "id, version, price, valid_to")]
    {
        let config = format!("{{{{ config(materialized='incremental', full_refresh=false, unique_key={key}) }}}}");
        project
            .write(&format!("models/mart_{model}.sql"), &format!("{config}\nSELECT {columns} FROM landing.{model}\n"));
        let properties = compilation.get(&format!("dbt/properties/mart_{model}.yml")).expect("properties");
        project.write(&format!("models/mart_{model}.yml"), properties);
    }
    project.database.execute(RAW);
    let runs = |arguments: &[&str]| project.runs(arguments).unwrap_or_else(|error| panic!("{dialect}: {error}"));
    let ids = |relation: &str| -> String {
        let rows = project.database.sql(&format!("SELECT CAST(id AS VARCHAR) FROM shop.{relation} ORDER BY 1"));
        rows.into_iter().flatten().flatten().collect::<Vec<_>>().join(" ")
    };
    let counted = |ledger: &str| -> String {
        let rows = project.database.sql(&format!("SELECT CAST(SUM(row_count) AS VARCHAR) FROM shop.{ledger}"));
        rows.into_iter().flatten().flatten().collect()
    };
    runs(&["deps"]);
    runs(&["run"]);
    let has_moved = |when: &str| {
        for (relation, expected) in EXPECTED {
            assert_eq!(ids(relation), expected, "{dialect}, {when}: {relation}");
        }
    };
    has_moved("after a run");
    for ledger in ["mart_sessions__purged", "mart_tokens__purged", "mart_prices__purged"] {
        assert_eq!(counted(ledger), "1", "{dialect}: {ledger}");
    }
    runs(&["run-operation", "retention_shapes_rowkeep.sweep"]);
    has_moved("after a sweep");
    runs(&["test"]);
}

#[test]
fn dbt_runs_every_shape_of_retention() {
    std::thread::scope(|scope| {
        for story in ENGINES.map(|dialect| scope.spawn(move || tell(dialect))) {
            story.join().expect("it passes");
        }
    });
}
