//! Project templates that look like the built-in ones, but mean something else on an engine. Each
//! is refused for its own reason.

use rowkeep::{Inputs, Style};

use crate::templates::PROJECT;

const LOAD: &str = "    incremental: { order_by: [updated_at desc, landed_no desc] }
    source_columns: { landed_no: bigint }
";

/// The project of these tests for an engine, with a load, a payload column and a child.
fn hostile(dialect: &str, name: &str, template: &str) -> Inputs {
    let child = "  - model: mart_details
    history: hist_details
    unique_key: order_id
    time: { column: made_at, unit: epoch_seconds }
    rows: latest
    retention: { while_in: mart_orders }
    exception: DETAILS_GAP
    columns: { order_id: bigint not null, made_at: bigint }
    source: landing.details_raw
";
    let orders = PROJECT.replace("updated_at: bigint }", "state: integer, updated_at: bigint }");
    // A key that may be missing has more statements.
    let orders = orders.replace("order_id: bigint not null", "order_id: bigint");
    let limit = if name.ends_with("due_limit.sql.j2") { "    limit: 10 rows\n" } else { "" };
    let grants = if name.ends_with("grant.sql.j2") { "    grants: { select: [reporting, auditors] }\n" } else { "" };
    let orders = if name.ends_with("retire.sql.j2") {
        orders.replace("exceptions:", "retired_before: 2025-07-01\nexceptions:")
    } else if name.ends_with("erased.sql.j2") {
        orders.replace("key: order_id }", "key: order_id, erased: shop_erased }")
    } else if name.ends_with("hash.sql.j2") {
        orders.replace("key: order_id }", "key: order_id, erased: { table: shop_erased, keys: hashed } }")
    } else {
        orders
    };
    let project =
        format!("{}{LOAD}{child}{limit}{grants}", orders.replace("dialect: redshift", &format!("dialect: {dialect}")));
    Inputs::new("rowkeep.yml", project.replace("[2025_h2]", "[2025_h2, 2026_h1]")).with_template(name, template)
}

/// A built-in template, with one text replaced by another.
fn edited(name: &str, from: &str, to: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name);
    let text = std::fs::read_to_string(path).expect("a built-in template");
    assert!(text.contains(from), "{name} has no {from}");
    text.replacen(from, to, 1)
}

/// Statements that look like their step, but do something else on an engine, or fail there. An
/// earlier version accepted each of them.
#[test]
fn a_statement_that_only_looks_like_its_step_is_refused() {
    let guard = "  AND {{ not_archived(\"_m\") }}\n";
    let twice = "(SELECT a.order_id, a.updated_at FROM {{ history|full }} AS a UNION ALL SELECT a.order_id, a.updated_at FROM {{ history|full }} AS a)";
    let grouped = twice.replace("AS a UNION", "AS a GROUP BY 1, 2 HAVING FALSE UNION");
    let guarded = |select: &str, from: &str, rest: &str| {
        format!(
            "  AND NOT EXISTS (SELECT {select} FROM {from} AS _h WHERE _h.order_id = _m.order_id AND _h.updated_at >= _m.updated_at {rest})\n"
        )
    };
    let history = "{{ history|full }}";
    let sort = "{{ find_first(\"_m\") -}}";
    let cases: Vec<(&str, &str, &str, String)> = vec![
        // A query that always returns a row.
        ("found", "postgres", "SELECT 1 FROM", "SELECT MAX(_found.order_id) IS NULL FROM".into()),
        ("found", "postgres", "SELECT 1 FROM", "SELECT bool_or(TRUE) FROM".into()),
        ("found", "postgres", "SELECT 1 FROM", "SELECT \"count\"(*) FROM".into()),
        ("found", "redshift", "SELECT 1 FROM", "SELECT LISTAGG('x') FROM".into()),
        // A query that never returns a row, or returns fewer rows.
        ("found", "postgres", "SELECT 1 FROM", "SELECT generate_series(1, 0) FROM".into()),
        ("found", "redshift", "SELECT 1 FROM", "SELECT TOP 0 1 FROM".into()),
        ("archive", "redshift", guard, guarded("TOP 0 1", twice, "")),
        ("archive", "duckdb", guard, guarded("1", twice, "QUALIFY ROW_NUMBER() OVER () = 0")),
        ("archive", "duckdb", guard, guarded("1", &grouped, "")),
        ("archive", "redshift", guard, guarded("1", "(SELECT TOP 0 COUNT(*) AS z FROM {{ mart|full }} AS q) AS x, {{ history|full }}", "")),
        ("archive", "postgres", guard, guarded("1", "((SELECT a.order_id, a.updated_at FROM {{ history|full }} AS a FETCH FIRST 1 ROW ONLY))", "")),
        ("archive", "postgres", guard, guarded("generate_series(1, 0)", history, "")),
        ("archive", "duckdb", guard, guarded("1", "{{ history|full }} TABLESAMPLE 1 PERCENT", "")),
        // A sort with an effect, or with a limit.
        ("archive", "postgres", sort, "ORDER BY nextval('s')".into()),
        ("archive", "postgres", sort, "ORDER BY 1 / 0".into()),
        ("archive", "postgres", sort, "ORDER BY (SELECT 1) IS NULL".into()),
        ("archive", "redshift", sort, "ORDER BY _m.updated_at LIMIT 1".into()),
        ("archive", "postgres", sort, "ORDER BY _m.no_such_column".into()),
        // Comments that end at another place on some engines.
        ("archive", "duckdb", guard, format!("  /* /* */\n{guard}  -- */\n")),
        ("trim", "redshift", "  AND EXISTS", "  -- all rows\r  OR TRUE\n  AND EXISTS".into()),
        ("archive", "redshift", guard, format!("{guard}  -- {{% raw %}}{{{{ run_query() }}}}{{% endraw %}}\n")),
        // Conditions that are NULL or have a parameter.
        ("archive", "postgres", guard, format!("{guard}  AND NULL = NULL\n")),
        ("archive", "postgres", guard, format!("{guard}  AND $1 = $1\n")),
        // Duplicated rows, fewer rows, or a failing expression.
        ("archive", "postgres", "{{ mart|full }} AS _m", "(SELECT z.*, generate_series(1, 2) AS dup FROM {{ mart|full }} AS z) AS _m".into()),
        ("archive", "postgres", "{{ mart|full }} AS _m", "{{ mart|full }} AS _m JOIN (SELECT ALL _d.cutoff FROM {{ cutoff|full }} AS _d) AS x ON x.cutoff > _m.updated_at".into()),
        ("load_insert", "postgres", "SELECT {{ inserted|of(\"_n\") }}", "SELECT {{ inserted|of(\"_n\") }}, 1 / 0".into()),
        (
            "load_insert",
            "postgres",
            "{{ insert_into_mart() }}",
            "{{ insert_into_mart() }} OVERRIDING USER VALUE".into(),
        ),
        ("stale_fill", "postgres", "FROM {{ mart|full }} AS _m\n{%", "FROM {{ mart|full }} AS _m CROSS JOIN {{ mart|full }} AS _h\n{%".into()),
        ("stale_fill", "postgres", "MAX({{ time", "MIN({{ time".into()),
        ("stale_fill", "postgres", "'mart' AS rowkeep_place", "'history 2025_h2' AS rowkeep_place".into()),
        ("stale_fill", "postgres", "SELECT DISTINCT {{ key|of(\"_found\") }}", "SELECT {{ key|of(\"_found\") }}".into()),
        // A limit that leaves rows out for ever, or lists rows of a parent that is there.
        ("due_limit", "postgres", "<= {{ limit|literal }}", "< {{ limit|literal }}".into()),
        ("due_limit", "postgres", "ORDER BY {{ time|of(\"_m\") }}", "ORDER BY {{ time|of(\"_m\") }} DESC".into()),
        ("due_limit", "postgres", "{{ exception.hold|literal }}", "{{ exception.type|literal }}".into()),
        ("due_limit", "postgres", "{{ within(\"_m\", open) }}", "{{ within(\"_m\", scope) }} AND {{ time|of(\"_m\") }} > {{ scope.start|literal }}".into()),
        // Rows that leave for good although they are kept, held, or not due.
        ("retire", "postgres", "  AND {{ is_due(mart|bare) }}\n", "".into()),
        ("retire", "postgres", "{{ retired_before|literal }}", "{{ open.end|literal }}".into()),
        ("retire", "redshift", "{{ time|of(mart|bare) }} <", "{{ time|of(mart|bare) }} <=".into()),
        ("retire", "postgres", "{{ exception.hold|literal }}", "{{ exception.type|literal }}".into()),
        ("retire", "postgres", "  AND NOT {{ has_parent(mart|bare) }}\n", "".into()),
        // A load that brings erased keys back, or leaves out all others.
        ("erased", "postgres", " AND NOT EXISTS (", " AND EXISTS (".into()),
        ("erased", "postgres", "{{ list.column|of(row) }}", "{{ list.column|of(row) }} AND 1 = 0".into()),
        ("ddl/erased", "postgres", "erased_at {{ erased_at|type }}", "erased_at DATE".into()),
        ("cycle/postgres/hash", "postgres", "{{ caller() }}", "0".into()),
        ("cycle/postgres/hash", "postgres", "'hex'", "'escape'".into()),
        ("cycle/redshift/hash", "redshift", ", 256", ", 512".into()),
        ("cycle/snowflake/hash", "snowflake", "AS VARCHAR", "AS VARCHAR(1)".into()),
        // IN with some of the rows of a list.
        ("supersede", "duckdb", "_found.rowkeep_place = 'mart'", "_found.rowkeep_place = 'mart' LIMIT 1".into()),
        // A condition of groups where there is one group: of no rows too.
        ("resolve_keyless", "postgres", "IS NULL)", "IS NULL HAVING TRUE)".into()),
        // An implied bound that is no day.
        ("archive", "postgres", guard, format!("{guard}  AND TIMESTAMP '2025-02-30 00:00:00' <= TIMESTAMP '2025-03-01 00:00:00'\n")),
        // A clause in another place.
        ("archive", "postgres", guard, format!("{guard}  AND (1 = 1) OVERRIDING SYSTEM VALUE\n")),
        // What stands after END, which the parser does not read.
        ("cutoff_fill", "postgres", "FROM {{ mart|full }} AS _m\n", "FROM {{ mart|full }} AS _m END WHERE FALSE UNION ALL SELECT 9999999999\n".into()),
        ("cutoff_clear", "postgres", "WHERE TRUE", "WHERE TRUE END; DELETE FROM ods.mart_orders".into()),
        ("ddl/rows", "postgres", "){{ layout(dist_key, sort_key) }}", ") END; DROP TABLE ods.mart_orders".into()),
        // Free texts of exceptions that have an effect.
        ("resolve", "postgres", "resolved_by = 'rowkeep'", "resolved_by = notes".into()),
        ("safety_check", "postgres", "'no history table holds its copy'", "repeat('a', 600)".into()),
        ("safety_check", "postgres", "MIN(_gap.rowkeep_note)", "generate_series(1, 0)".into()),
        ("safety_check_keyless", "postgres", "'its key is missing'", "CAST(_m.updated_at AS VARCHAR(20))".into()),
        ("safety_check_keyless", "postgres", "'its key is missing'", "(SELECT 'x' FROM {{ mart|full }} AS _m)".into()),
        ("resolve_keyless", "postgres", "'no row without a key is left'", "wipe_everything()".into()),
        // Definitions that are not idempotent, or that create a relation that does not last.
        ("ddl/all_rows", "postgres", "CREATE OR REPLACE VIEW", "CREATE VIEW".into()),
        ("ddl/all_rows", "redshift", "{{ view_options() }}", "".into()),
        ("ddl/rows", "postgres", "CREATE TABLE", "CREATE UNLOGGED TABLE".into()),
        ("ddl/index", "postgres", " IF NOT EXISTS", "".into()),
        // Indexes that refuse other rows, or do not find every row.
        ("ddl/index", "postgres", "{% if unique %}UNIQUE {% endif %}", "UNIQUE ".into()),
        ("ddl/index", "postgres", "{{ columns|name }})", "{{ columns[:1]|name }})".into()),
        ("ddl/index", "postgres", "{{ columns|name }})", "{{ columns|name }} DESC)".into()),
        ("ddl/index", "postgres", "{{ columns|name }})", "{{ columns|name }}) WHERE 1 = 0".into()),
        ("ddl/index", "postgres", "{{ columns|name }})", "{{ columns|name }}) NULLS NOT DISTINCT".into()),
        ("ddl/index", "postgres", "{{ index|name }}", "other".into()),
        // Grants to others, of more, or of what the project does not say.
        ("ddl/grant", "postgres", "GRANT SELECT ON", "GRANT SELECT, DELETE ON".into()),
        ("ddl/grant", "postgres", "GRANT SELECT ON", "GRANT ALL ON".into()),
        ("ddl/grant", "postgres", "GRANT SELECT ON", "GRANT SELECT (order_id) ON".into()),
        ("ddl/grant", "postgres", "GRANT SELECT ON", "REVOKE SELECT ON".into()),
        ("ddl/grant", "postgres", "{% endfor %}", "{% endfor %}, mallory".into()),
        ("ddl/grant", "postgres", "{% endfor %}", "{% endfor %}, PUBLIC".into()),
        ("ddl/grant", "postgres", "{% endfor %}", "{% endfor %} WITH GRANT OPTION".into()),
        ("ddl/grant", "redshift", "{{ reader|name }}", "GROUP {{ reader|name }}".into()),
        ("ddl/grant", "postgres", "{% for reader in readers %}", "{% for reader in readers[:1] %}".into()),
        ("ddl/grant", "postgres", "{{ table|full }}", "{{ table|full }}, ods.secrets".into()),
        ("ddl/grant", "postgres", "{{ table|full }}", "SCHEMA ods".into()),
        // Statements that the engine would refuse.
        ("cutoff_clear", "postgres", "WHERE TRUE", "WHERE TRUE;".into()),
        ("cutoff_clear", "postgres", "WHERE TRUE", "WHERE TRUE ORDER BY 1".into()),
        ("supersede", "postgres", "_found.rowkeep_place = 'mart'", "1 == 1 AND _found.rowkeep_place = 'mart'".into()),
        ("cutoff_fill", "postgres", "MAX(", "\"MAX\"(".into()),
    ];
    for (name, dialect, from, to) in cases {
        let folder = if name.contains('/') { "" } else { "cycle/" };
        let file = format!("{folder}{name}.sql.j2");
        let inputs = hostile(dialect, &file, &edited(&file, from, &to));
        match rowkeep::compile(&inputs) {
            Ok(_) => panic!("{name} for {dialect} with {to} is accepted"),
            Err(wrong) => assert!(wrong.iter().all(|one| one.code().as_str().starts_with("RK4")), "{to}: {wrong}"),
        }
    }
}

/// Engines take a column before an alias, and a raw table may have columns that nobody declares.
#[test]
fn qualify_by_an_alias_that_a_column_may_have_is_refused() {
    let golden = include_str!("../../golden/overrides/first_rows/templates/cycle/bigquery/load.sql.j2");
    assert!(golden.contains("QUALIFY rowkeep_nth = 1"));
    let file = "cycle/bigquery/load.sql.j2";
    let refused = |template: &str| match rowkeep::compile(&hostile("bigquery", file, template)) {
        Ok(_) => String::new(),
        Err(wrong) => wrong.to_string(),
    };
    assert!(!refused(golden).contains("QUALIFY"));
    assert!(refused(&golden.replace("rowkeep_nth", "nth")).contains("QUALIFY of another form"));
}

/// No claim proves what a query finds. So a tripwire has the built-in conditions, also those that it
/// imports.
#[test]
fn a_tripwire_uses_the_built_in_templates() {
    let end = "< {{ interval.end|literal }}";
    let conditions =
        edited("cycle/conditions.sql.j2", end, &format!("{end}{{% if interval == scope %}} AND 0 > 1{{% endif %}}"));
    let project = |dialect: &str| {
        let orders = PROJECT.replace("dialect: redshift", &format!("dialect: {dialect}"));
        Inputs::new("rowkeep.yml", format!("{orders}    tripwire: 20%\n").replace("[2025_h2]", "[2025_h2, 2026_h1]"))
    };
    for dialect in ["postgres", "redshift", "duckdb"] {
        let path = "compiled/mart_orders/07_resolve_tripwire.sql";
        let built_in = rowkeep::compile(&project(dialect)).unwrap_or_else(|wrong| panic!("{wrong}"));
        let replaced = project(dialect).with_template("cycle/conditions.sql.j2", conditions.as_str());
        let replaced = rowkeep::compile(&replaced).unwrap_or_else(|wrong| panic!("{dialect}: {wrong}"));
        assert!(built_in.get(path).is_some_and(|sql| sql.contains("1782864000")), "{dialect}");
        assert_eq!(replaced.get(path), built_in.get(path), "{dialect}");
    }
}

/// Names and texts that engines read in different ways, each with a part of its message. An earlier
/// version accepted each of them.
#[test]
fn a_name_or_text_that_engines_read_differently_is_refused() {
    let found = include_str!("../../templates/cycle/trim.sql.j2");
    let found = found[found.find("EXISTS").expect("a trim has EXISTS")..].trim_end();
    let from = "{{ mart|full }} AS _m\n";
    let due = "  AND {{ is_due(\"_m\") }}\n";
    let joined = |rest: &str| format!("{{{{ mart|full }}}} AS _m {rest}\n");
    let guarded = |rest: &str| format!("{due}  AND NOT EXISTS (SELECT {rest})\n");
    let long = "a".repeat(64);
    let cases: Vec<(&str, &str, &str, String, &str)> = vec![
        // An ON that sees a source on its right, or a source before a comma.
        ("trim", "postgres", found, "EXISTS (SELECT 1 FROM (SELECT {{ mart|bare }}.order_id, {{ mart|bare }}.updated_at) AS a JOIN (SELECT 1 AS one) AS x ON {{ mart|bare }}.order_id = a.order_id AND {{ mart|bare }}.updated_at = a.updated_at CROSS JOIN {{ history|full }} AS mart_orders)".into(), "the alias `mart_orders`, which is also the name of a table"),
        ("archive", "postgres", from, joined("JOIN (SELECT 1 AS one) AS a ON x.one = a.one CROSS JOIN (SELECT 1 AS one) AS x"), "an ON that names `x`"),
        ("archive", "postgres", from, joined(", (SELECT 1 AS one) AS a JOIN (SELECT 1 AS one) AS x ON _m.order_id = x.one"), "an ON that names `_m`"),
        ("archive", "duckdb", from, joined("CROSS JOIN ((SELECT 1 AS one) AS a JOIN (SELECT 1 AS one) AS x ON _m.order_id = x.one)"), "an ON that names `_m`"),
        // A query in FROM that sees a source beside it.
        ("trim", "duckdb", found, "EXISTS (SELECT 1 FROM {{ history|full }} AS _m CROSS JOIN (SELECT _m.order_id, _m.updated_at) AS a WHERE _m.order_id = a.order_id AND _m.updated_at = a.updated_at)".into(), "a column of `_m`, which is not a source here"),
        ("archive", "postgres", due, guarded("1 FROM {{ exceptions|full }} AS _m WHERE _m.order_id = 1"), "a source inside a query that has a source of this name"),
        // An output hides a column of the same name.
        ("archive", "duckdb", due, guarded("0 AS order_id FROM {{ exceptions|full }} AS x WHERE order_id = _m.order_id"), "the name `order_id`, which is also an output of its SELECT"),
        // Names that an engine cuts off.
        ("archive", "postgres", from, joined(&format!("CROSS JOIN (SELECT 1 AS one) AS {long}")), "a name that is longer than the engine allows"),
        // Names that only some engines compare as equal.
        ("archive", "duckdb", from, joined("CROSS JOIN (SELECT 1 AS one) AS É"), "a name with capital letters outside of ASCII"),
        ("archive", "postgres", from, joined("CROSS JOIN (SELECT 1 AS one) AS \u{212a}"), "a name with capital letters outside of ASCII"),
        // BigQuery compares the names of tables with their case.
        ("trim", "bigquery", found, "EXISTS (SELECT 1 FROM ods.HIST_ORDERS_2025_H2 AS x WHERE x.order_id = {{ mart|bare }}.order_id)".into(), "writes the name `ods.HIST_ORDERS_2025_H2` itself"),
        // A column without its source that a raw table may also have.
        ("archive", "postgres", due, guarded("1 FROM {{ exceptions|full }} AS x WHERE x.order_id = updated_at"), "write the alias of the source before it"),
        // Words that are syntax for the parser and a name for the engine, or the reverse.
        ("archive", "postgres", from, joined("GLOBAL JOIN {{ mart|full }} AS g ON g.order_id = _m.order_id"), "the word GLOBAL after a table"),
        ("trim", "duckdb", "DELETE FROM {{ mart|full }}", "DELETE FROM {{ mart|full }} global".into(), "the word GLOBAL after a table"),
        ("safety_check", "postgres", "'no history table holds its copy'", "1".into(), "a free-text column"),
        ("archive", "postgres", from, joined("JOIN (SELECT 1 AS one) AS current_role ON TRUE"), "the alias `current_role`, which is a reserved word"),
        ("archive", "postgres", "{{ mart|full }} AS _m\n", "{{ mart|full }} AS _m CROSS JOIN (SELECT 1 AS one) final\n".into(), "the alias `final`, which is a keyword: write AS"),
        ("archive", "redshift", due, guarded("1 FROM {{ exceptions|full }} AS x WHERE x.order_id = sysdate"), "the name `sysdate`, which is a reserved word"),
        // Texts with an escape character, or a quote.
        ("archive", "redshift", due, format!("{due}  AND 'a\\b' = 'a\\b'\n"), "a backslash"),
        ("archive", "bigquery", due, format!("{due}  AND 'a''b' = 'a''b'\n"), "a doubled quote in a text"),
        ("archive", "postgres", due, format!("{due}  AND E'ab' = 'ab'\n"), "a quoted value that engines read differently"),
        ("archive", "postgres", due, format!("{due}  AND U&'ab' = 'ab'\n"), "a quoted value that engines read differently"),
        ("safety_check", "postgres", "'no period covers its time'", "'it''s late'".into(), "a doubled quote in a text"),
        // A relation that dbt cannot rename.
        ("trim", "postgres", found, "EXISTS (SELECT 1 FROM ods.hist_orders_2025_h2 AS x WHERE x.order_id = {{ mart|bare }}.order_id AND x.updated_at = {{ mart|bare }}.updated_at)".into(), "writes the name `ods.hist_orders_2025_h2` itself"),
        ("trim", "postgres", "DELETE FROM {{ mart|full }}", "DELETE FROM ods.mart_orders".into(), "writes the name `ods.mart_orders` itself"),
        ("trim", "postgres", found, "EXISTS (SELECT 1 FROM {{ history|full }} AS x WHERE x.order_id = mart_orders.order_id AND x.updated_at = {{ mart|bare }}.updated_at)".into(), "writes the name `mart_orders` itself"),
        ("cutoff_clear", "postgres", "{{ cutoff|full }}", "ods.mart_orders__cutoff /* {{ cutoff|full }} */".into(), "writes the name `ods.mart_orders__cutoff` itself"),
        ("ddl/index", "postgres", "ON {{ table|full }}", "ON ods.mart_orders".into(), "writes the name `ods.mart_orders` itself"),
        ("ddl/grant", "postgres", "{{ table|full }}", "ods.mart_details".into(), "writes the name `ods.mart_details` itself"),
        // A table that no backup has, and a semicolon that ends the statement before it begins.
        ("ddl/rows", "redshift", "){{ layout(dist_key, sort_key) }}", ") BACKUP NO{{ layout(dist_key, sort_key) }}".into(), "BACKUP NO"),
        ("cutoff_clear", "postgres", "DELETE FROM", ";DELETE FROM".into(), "a semicolon before the statement"),
        // dbt writes the name in quotes: the rest would be an alias of the mart.
        ("cutoff_clear", "postgres", "{{ cutoff|full }}", "{{ mart|full }}__cutoff".into(), "a part of another name without a space"),
        ("archive", "postgres", due, guarded("1 FROM old_{{ mart|bare }} AS x WHERE x.order_id = 1"), "a part of another name without a space"),
        // Words after an expression that an engine reads as a part of it.
        ("load_insert", "postgres", "SELECT {{ inserted|of(\"_n\") }}", "SELECT _n.order_id, _n.state ISNULL, _n.updated_at".into(), "names an output `ISNULL` without AS"),
        ("load_insert", "duckdb", "SELECT {{ inserted|of(\"_n\") }}", "SELECT _n.order_id, _n.state, _n.updated_at AS 'x'".into(), "names an output `x` without AS"),
        ("stale_fill", "postgres", "'mart' AS rowkeep_place", "'mart'\n    'rowkeep_place'".into(), "names an output `rowkeep_place` without AS"),
        // An output that nothing reads, and that the engine computes all the same.
        ("archive", "postgres", "SELECT {{ columns|of(\"_m\") }}\nFROM {{ mart|full }} AS _m", "WITH k AS MATERIALIZED (SELECT {{ columns|of(\"_k\") }}, CAST('x' AS INTEGER) AS n FROM {{ mart|full }} AS _k) SELECT {{ columns|of(\"_m\") }}\nFROM k AS _m".into(), "MATERIALIZED: an engine computes all outputs"),
        // A text that does not fit into its column.
        ("resolve", "postgres", "resolved_by = 'rowkeep'", format!("resolved_by = '{long}x'"), "a text that is longer than the 64 bytes of its column"),
        // An alias that a column of the table hides on BigQuery.
        ("archive", "bigquery", from, joined("CROSS JOIN (SELECT 1 AS one) AS updated_at"), "the alias `updated_at`, which is also the name of a column"),
    ];
    let unlike = cases.into_iter().filter_map(|(name, dialect, from, to, why)| {
        let folder = if name.contains('/') { "" } else { "cycle/" };
        let file = format!("{folder}{name}.sql.j2");
        match rowkeep::compile(&hostile(dialect, &file, &edited(&file, from, &to))) {
            Ok(_) => Some(format!("{name} for {dialect} with {to} is accepted")),
            Err(wrong) if wrong.iter().any(|one| one.message().contains(why)) => None,
            Err(wrong) => Some(format!("{name} for {dialect} with {to} is refused without {why:?}: {wrong}")),
        }
    });
    assert_eq!(unlike.collect::<Vec<_>>(), Vec::<String>::new());
}

/// Forms that no step has. The message names the form, and the help says what to write.
#[test]
fn the_message_names_the_clause_that_a_statement_must_not_have() {
    let insert = "INSERT INTO {{ history|full }} ({{ columns|name }}) SELECT {{ columns|of(\"src\") }} FROM {{ mart|full }} AS src";
    let table = "CREATE TABLE IF NOT EXISTS {{ table|full }} ({% for column in columns %}{{ column|name }} {{ column|type }}, {% endfor %}PRIMARY KEY ({{ key|name }}))";
    let cases = [
        (
            "cycle/trim",
            "postgres",
            "MERGE INTO {{ mart|full }} USING {{ history|full }} AS h ON TRUE WHEN MATCHED THEN DELETE",
            "it is a MERGE",
        ),
        ("cycle/trim", "postgres", "TRUNCATE TABLE {{ mart|full }}", "it is a TRUNCATE"),
        ("cycle/trim", "postgres", "DROP TABLE {{ mart|full }}", "it is a DROP"),
        ("cycle/trim", "postgres", "SELECT 1", "it is a query"),
        (
            "cycle/trim",
            "redshift",
            "DELETE FROM {{ mart|full }} AS t WHERE TRUE",
            "an alias for its target, which redshift does not document",
        ),
        (
            "cycle/trim",
            "bigquery",
            "DELETE FROM {{ mart|full }} USING {{ history|full }} AS h WHERE TRUE",
            "USING, which bigquery does not document",
        ),
        (
            "cycle/trim",
            "bigquery",
            "WITH a AS (SELECT 1) DELETE FROM {{ mart|full }} WHERE TRUE",
            "WITH before DELETE, which bigquery does not document",
        ),
        ("cycle/trim", "postgres", "DELETE FROM {{ mart|full }} WHERE TRUE RETURNING order_id", "it has RETURNING"),
        (
            "cycle/trim",
            "postgres",
            "WITH a AS (DELETE FROM {{ mart|full }} WHERE TRUE RETURNING *) SELECT 1 FROM a",
            "it changes rows inside its WITH",
        ),
        ("cycle/archive", "postgres", &format!("{insert} ON CONFLICT DO NOTHING"), "it has ON CONFLICT"),
        ("ddl/rows", "postgres", table, "it has a table constraint, such as PRIMARY KEY"),
        ("ddl/rows", "postgres", &table.replace("IF NOT EXISTS ", ""), "it has no IF NOT EXISTS"),
    ];
    for (name, dialect, text, why) in cases {
        let inputs = hostile(dialect, &format!("{name}.sql.j2"), &format!("{text}\n"));
        let wrong = rowkeep::compile(&inputs).expect_err(text);
        let found = wrong.iter().find(|one| one.message().contains(why));
        let found = found.unwrap_or_else(|| panic!("{text}: no {why:?} in {wrong}"));
        assert_eq!(found.code().as_str(), "RK404", "{text}");
        assert!(wrong.render(&inputs, Style::Plain).contains("= help:"), "{text}");
    }
}

/// On BigQuery, a column of an inner query hides an alias of the query around it. So a column may
/// not have the name of an alias, or of a table that a statement changes.
#[test]
fn a_column_may_not_have_the_name_of_an_alias_or_of_its_table() {
    let compile = |column: &str| {
        let project = PROJECT.replace("updated_at: bigint }", &format!("{column}: text, updated_at: bigint }}"));
        rowkeep::compile(&Inputs::new("rowkeep.yml", project)).map(drop).map_err(|wrong| wrong.to_string())
    };
    for column in ["m", "h", "b", "found", "__m"] {
        assert_eq!(compile(column), Ok(()), "{column}");
    }
    for column in ["_m", "_FOUND"] {
        assert!(compile(column).is_err_and(|wrong| wrong.contains("has the name of an alias")), "{column}");
    }
    for column in ["mart_orders", "HIST_ORDERS_2025_H2", "mart_orders__stale", "shop_exceptions"] {
        assert!(compile(column).is_err_and(|wrong| wrong.contains("has the name of a table of")), "{column}");
    }
}

/// The template engine recurses over a chain of operators. A chain of 30,000 ended the process.
#[test]
fn a_long_chain_in_a_template_is_refused() {
    for tag in [format!("{{% set x = 1{} %}}", "+1".repeat(30_000)), format!("{{{{ mart{} }}}}", "|full".repeat(5_000))]
    {
        let quoted = format!("{{% set y = '%}}' ~ \"}}}}\" %}}{tag}");
        for template in [tag, quoted] {
            let found =
                rowkeep::compile(&hostile("postgres", "cycle/archive.sql.j2", &template)).expect_err("too long");
            let said: Vec<_> = found.iter().map(|one| (one.code().as_str(), one.message())).collect();
            assert!(matches!(&said[..], [("RK102", message)] if message.contains("an expression of ")), "{said:?}");
        }
    }
}

/// Statements that the parser accepts for BigQuery, but that GoogleSQL lacks, or that would make
/// rows expire.
#[test]
fn statements_that_bigquery_would_refuse_or_expire_are_refused() {
    let layout = "{{ layout(dist_key, sort_key) }}";
    let note = "MIN(_gap.rowkeep_note)";
    let from = "{{ mart|full }} AS _m";
    let cases = [
        ("safety_check", note, "MIN(_gap.rowkeep_note::STRING)", "RK422"),
        ("safety_check", note, "CAST(MIN(_gap.rowkeep_note) AS VARCHAR)", "RK422"),
        (
            "stale_fill",
            "MAX({{ time|of(\"_copies\") }})",
            "MAX({{ time|of(\"_copies\") }}) FILTER (WHERE TRUE)",
            "RK402",
        ),
        ("stale_fill", "UNION ALL", "UNION", "RK422"),
        (
            "archive",
            from,
            "{{ mart|full }} AS _m JOIN {{ cutoff|full }} AS _d ON EXISTS (SELECT 1 FROM {{ cutoff|full }} AS _c)",
            "RK422",
        ),
        ("trim", "DELETE FROM {{ mart|full }}", "DELETE FROM {{ mart|full }} USING {{ mart|full }} AS _u", "RK404"),
        ("cutoff_fill", "MAX(", "\"MAX\"(", "RK402"),
        ("ddl/rows", layout, " DISTKEY (order_id)", "RK404"),
        ("ddl/rows", layout, " OPTIONS (partition_expiration_days = 7)", "RK404"),
        ("ddl/rows", layout, " OPTIONS (expiration_timestamp = CURRENT_TIMESTAMP())", "RK404"),
    ];
    for (name, from, to, code) in cases {
        let folder = if name.contains('/') { "" } else { "cycle/" };
        let file = format!("{folder}{name}.sql.j2");
        let found = rowkeep::compile(&hostile("bigquery", &file, &edited(&file, from, to))).expect_err(to);
        assert!(found.iter().any(|one| one.code().as_str() == code), "{to}: {found}");
    }
    let file = "ddl/rows.sql.j2";
    let described = edited(file, layout, " OPTIONS (description = 'rows')");
    assert!(rowkeep::compile(&hostile("bigquery", file, &described)).is_ok());
}

/// Statements whose syntax trees would take verify forever, or would overflow its stack.
#[test]
fn a_statement_too_deep_or_too_wide_to_verify_is_refused() {
    let archive = |middle: &str| {
        format!(
            "INSERT INTO {{{{ history|full }}}} ({{{{ columns|name }}}})\nWITH {middle}\nSELECT {{{{ columns|of(\"_m\") }}}} FROM last AS _m WHERE TRUE\n"
        )
    };
    let chain = |first: &str, step: &dyn Fn(usize) -> String, n: usize| {
        let steps: Vec<_> = (1..n).map(|i| format!("c{i} AS ({})", step(i))).collect();
        archive(&format!("c0 AS ({first}),\n{},\nlast AS (SELECT y.* FROM c{} AS y)", steps.join(",\n"), n - 1))
    };
    let first = "SELECT _h.order_id, _h.state, _h.updated_at FROM {{ mart|full }} AS _h";
    let doubled =
        |i: usize| format!("SELECT y.order_id, y.state + y.state AS state, y.updated_at FROM c{} AS y", i - 1);
    let cased = |i: usize| {
        format!(
            "SELECT y.order_id, CASE WHEN y.state = 1 OR y.state = 2 THEN y.state ELSE y.state END AS state, y.updated_at FROM c{} AS y",
            i - 1
        )
    };
    let joined = |i: usize| format!("SELECT a.order_id, a.state, a.updated_at FROM c{0} AS a, c{0} AS b", i - 1);
    let same = |_: usize| "SELECT c.order_id FROM c".to_owned();
    let trim = |chain: String| format!("DELETE FROM {{{{ mart|full }}}}\nWHERE TRUE {chain}\n");
    let cases = [
        ("cycle/archive.sql.j2", chain(first, &doubled, 30)),
        ("cycle/archive.sql.j2", chain(first, &cased, 28)),
        ("cycle/archive.sql.j2", chain(first, &joined, 30)),
        ("cycle/archive.sql.j2", chain(first, &same, 31)),
        ("cycle/archive.sql.j2", chain(first, &doubled, 600)),
        ("cycle/trim.sql.j2", trim(" OR TRUE".repeat(5_000))),
        ("cycle/trim.sql.j2", trim(" AND TRUE".repeat(5_000))),
        ("cycle/trim.sql.j2", trim(format!(" AND 1 = 1{}", " + 1".repeat(5_000)))),
        ("cycle/trim.sql.j2", trim(format!(" AND 1{} = 1", "::int".repeat(5_000)))),
        ("cycle/trim.sql.j2", trim(format!(" AND TRUE{}", " IS NULL".repeat(5_000)))),
        ("cycle/trim.sql.j2", trim(format!(" AND EXISTS (SELECT 1{})", " UNION ALL SELECT 1".repeat(3_000)))),
        ("cycle/trim.sql.j2", trim(format!(" AND {}TRUE{}", "(".repeat(5_000), ")".repeat(5_000)))),
    ];
    for (name, template) in cases {
        let wrong = rowkeep::compile(&hostile("postgres", name, &template)).expect_err("it is refused");
        assert!(wrong.iter().all(|one| one.code().as_str().starts_with("RK4")), "{wrong}");
    }
    // In the FROM of an UPDATE, a subquery sees neither the other sources nor the target.
    let sibling = "UPDATE {{ mart|full }} SET state = _n.state
FROM (SELECT _b.order_id FROM {{ source|full }} AS _b UNION ALL SELECT _b.order_id FROM {{ source|full }} AS _b) AS _c,
 (SELECT _b.order_id, _b.state, _b.updated_at, ROW_NUMBER() OVER (PARTITION BY _b.order_id ORDER BY _b.updated_at DESC) AS r FROM {{ source|full }} AS _b WHERE _b.order_id = _c.order_id) AS _n
WHERE _n.order_id = {{ mart|bare }}.order_id AND _n.r = 1 AND _c.order_id = _n.order_id\n";
    let wrong =
        rowkeep::compile(&hostile("postgres", "cycle/load_correct.sql.j2", sibling)).expect_err("it is refused");
    assert!(wrong.to_string().contains("RK406"), "{wrong}");
}
