//! Project templates that replace built-in ones. A template that must not be used is refused, and
//! the diagnostic names it.

use rowkeep::{Inputs, Style};

const PROJECT: &str = "name: shop
dialect: redshift
schema: ods
periods: [2025_h2]
exceptions: { table: shop_exceptions, key: order_id }
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, updated_at: bigint }
    source: landing.orders_raw
";

fn inputs(name: &str, template: &str) -> Inputs {
    Inputs::new("rowkeep.yml", PROJECT).with_template(name, template)
}

fn refused(name: &str, template: &str) -> String {
    let inputs = inputs(name, template);
    rowkeep::compile(&inputs).expect_err("a refusal").render(&inputs, Style::Plain)
}

#[test]
fn an_override_replaces_the_built_in_template() {
    let template = "DELETE FROM {{ cutoff|full }} WHERE 1 = 1\n";
    for name in ["cycle/cutoff_clear.sql.j2", "cycle/redshift/cutoff_clear.sql.j2"] {
        let artifacts = rowkeep::compile(&inputs(name, template)).expect("it compiles");
        assert!(artifacts.get("compiled/mart_orders/01_cutoff_clear.sql").expect("a file").ends_with("WHERE 1 = 1\n"));
    }
    // An override for another dialect has no effect.
    let artifacts = rowkeep::compile(&inputs("cycle/duckdb/cutoff_clear.sql.j2", template)).expect("it compiles");
    assert!(artifacts.get("compiled/mart_orders/01_cutoff_clear.sql").expect("a file").ends_with("WHERE TRUE\n"));
}

#[test]
fn an_override_of_nothing_is_refused() {
    insta::assert_snapshot!(refused("trimm.sql.j2", "DELETE FROM {{ mart|full }}\n"), @"
    error[RK108]: template `trimm.sql.j2` replaces no built-in template, and has no effect
     --> trimm.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }}
      | ^ not used
      |
      = help: did you mean `cycle/trim.sql.j2`?

    1 error; nothing was written
    ");
}

/// Until version 0.1.0, templates were in one flat folder. The message names the new path.
#[test]
fn a_template_in_the_flat_folder_is_refused_with_its_new_path() {
    for (old, new) in [
        ("archive.sql.j2", "cycle/archive.sql.j2"),
        ("redshift/archive.sql.j2", "cycle/redshift/archive.sql.j2"),
        ("ddl_rows.sql.j2", "ddl/rows.sql.j2"),
        ("cutoff_reset.sql.j2", "cycle/cutoff_clear.sql.j2"),
        ("bigquery/physical.sql.j2", "ddl/bigquery/physical.sql.j2"),
    ] {
        let message = refused(old, "x");
        assert!(message.contains(&format!("did you mean `{new}`?")), "{message}");
    }
}

#[test]
fn a_raw_value_is_refused() {
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }}\nWHERE {{ time }} < 5\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: the value updated_at reaches the SQL without a quoting filter
     --> templates/cycle/trim.sql.j2:2:10
      |
    2 | WHERE {{ time }} < 5
      |          ^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE {{ unit ~ '' }} < 5\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: the value epoch_seconds reaches the SQL without a quoting filter
     --> templates/cycle/trim.sql.j2:1:38
      |
    1 | DELETE FROM {{ mart|full }} WHERE {{ unit ~ '' }} < 5
      |                                      ^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE {{ time|of(\"x; DROP\") }} < 5\n"), @r#"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: `of` takes the alias of a row, not x; DROP
     --> templates/cycle/trim.sql.j2:1:43
      |
    1 | DELETE FROM {{ mart|full }} WHERE {{ time|of("x; DROP") }} < 5
      |                                           ^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    "#);
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ time|full }}\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: `full` writes relations, not updated_at
     --> templates/cycle/trim.sql.j2:1:21
      |
    1 | DELETE FROM {{ time|full }}
      |                     ^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
}

#[test]
fn a_template_that_does_not_render_is_refused() {
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mrt|full }}\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: undefined value: `full` got a name that is not defined
     --> templates/cycle/trim.sql.j2:1:20
      |
    1 | DELETE FROM {{ mrt|full }}
      |                    ^^^^ here

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|safe }}\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: unknown filter: filter safe is unknown
     --> templates/cycle/trim.sql.j2:1:21
      |
    1 | DELETE FROM {{ mart|safe }}
      |                     ^^^^ here

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: syntax error: unexpected end of input, expected end of variable block
     --> templates/cycle/trim.sql.j2:1:21
      |
    1 | DELETE FROM {{ mart|full
      |                     ^^^^ here

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "{% include \"../../etc/passwd\" %}\n"), @r#"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: template not found: tried to include non-existing template '../../etc/passwd'
     --> templates/cycle/trim.sql.j2:1:4
      |
    1 | {% include "../../etc/passwd" %}
      |    ^^^^^^^^^^^^^^^^^^^^^^^^^^ here

    1 error; nothing was written
    "#);
    insta::assert_snapshot!(refused("cycle/conditions.sql.j2", "{# nothing is defined here #}\n"), @r#"
    error[RK401]: the template of 03_stale_fill cannot be rendered: value of type undefined is not callable (`touched_rows` is undefined, from line 2)
     --> templates/cycle/stale_fill.sql.j2:9:4
      |
    9 | {{ touched_rows(touched, indent) }}    UNION ALL
      |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 04_supersede_timeless cannot be rendered: value of type undefined is not callable (`same` is undefined, from line 1)
     --> templates/cycle/supersede_timeless.sql.j2:6:14
      |
    6 |     WHERE {{ same(key, "s", mart|bare) }} AND {{ time|of("s") }} IS NULL
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 07_resolve cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
      --> templates/cycle/resolve.sql.j2:19:14
       |
    19 |       AND {{ is_due("m") }}
       |              ^^^^^^^^^^^ here
       |
       = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 08_archive__2025_h2 cannot be rendered: value of type undefined is not callable (`has_key` is undefined, from line 1)
     --> templates/cycle/archive.sql.j2:5:10
      |
    5 | WHERE {{ has_key("m") }}
      |          ^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: value of type undefined is not callable (`within` is undefined, from line 2)
     --> templates/cycle/trim.sql.j2:5:10
      |
    5 | WHERE {{ within(mart|bare, period) }}
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 10_safety_check cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
      --> templates/cycle/safety_check.sql.j2:22:12
       |
    22 |   WHERE {{ is_due("m") }}
       |            ^^^^^^^^^^^ here
       |
       = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of view cannot be rendered: value of type undefined is not callable (`within` is undefined, from line 2)
      --> templates/ddl/all_rows.sql.j2:12:96
       |
    12 |     SELECT {{ columns|of("h") }}, 1 AS rowkeep_place FROM {{ place.table|full }} AS h WHERE {{ within("h", place) }}
       |                                                                                                ^^^^^^^^^^^^^^^^^^ here
       |
       = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    7 errors; nothing was written
    "#);
}

#[test]
fn a_template_that_does_not_end_is_refused() {
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}\n"), @"
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: recursion limit exceeded
     --> templates/cycle/trim.sql.j2:1:23
      |
    1 | {% macro again() %}{{ again() }}{% endmacro %}{{ again() }}
      |                       ^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
    let wide = "{% for a in columns %}".repeat(25) + "x" + &"{% endfor %}".repeat(25);
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", &wide), @"
    error[RK401]: the template of 09_trim__2025_h2 does not end
     --> templates/cycle/trim.sql.j2:1:61
      |
    1 | s %}{% for a in columns %}{% for a in columns %}{% for a in columns %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfo
      |                                                             ^^^^^^^ here

    1 error; nothing was written
    ");
}

#[test]
fn a_huge_statement_is_refused() {
    let doubled: String =
        (0..40).map(|i| format!("{{% set x{} %}}{{{{ x{i} }}}}{{{{ x{i} }}}}{{% endset %}}", i + 1)).collect();
    let text = format!("{{% set x0 %}}DELETE {{% endset %}}{doubled}{{{{ x40 }}}}");
    let refused = refused("cycle/trim.sql.j2", &text);
    assert!(refused.contains("error[RK401]") && refused.contains("writes more than any engine accepts"), "{refused}");
}

#[test]
fn a_statement_must_have_the_effect_of_its_step() {
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FRM {{ mart|full }}\n"), @"
    error[RK402]: mart_orders/09_trim__2025_h2 is not redshift SQL: Expected: FROM, found: ods at Line: 2, Column: 12
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FRM ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^ not understood
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FRM {{ mart|full }}
      | -------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE FALSE; DELETE FROM {{ mart|full }}\n"), @"
    error[RK403]: mart_orders/09_trim__2025_h2 has 2 statements, but a hook is exactly one statement
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE FALSE; DELETE FROM ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write one statement
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE FALSE; DELETE FROM {{ mart|full }}
      | -------------------------------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "\n"), @"
    error[RK403]: mart_orders/09_trim__2025_h2 has 0 statements, but a hook is exactly one statement
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 |
      | ^ write one statement
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 |
      | - from this line on, the override differs from the built-in template

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ exceptions|full }} WHERE FALSE\n"), @"
    error[RK404]: mart_orders/09_trim__2025_h2 must DELETE `ods.mart_orders`, but it does DELETE on `ods.shop_exceptions`
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.shop_exceptions WHERE FALSE
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ exceptions|full }} WHERE FALSE
      | --------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "TRUNCATE TABLE {{ mart|full }}\n"), @"
    error[RK404]: mart_orders/09_trim__2025_h2 must DELETE `ods.mart_orders`, but it is not a plain statement on one relation
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | TRUNCATE TABLE ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | TRUNCATE TABLE {{ mart|full }}
      | ------------------------------ rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} AS m WHERE FALSE\n"), @"
    error[RK404]: mart_orders/09_trim__2025_h2 must DELETE `ods.mart_orders`, but it is not a plain statement on one relation
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders AS m WHERE FALSE
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} AS m WHERE FALSE
      | -------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM ods.other AS h)\n"), @"
    error[RK405]: mart_orders/09_trim__2025_h2 touches `ods.other`, which its step does not declare
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE EXISTS (SELECT 1 FROM ods.other AS h)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not declared
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM ods.other AS h)
      | ----------------------------------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM other AS h)\n"), @"
    error[RK405]: mart_orders/09_trim__2025_h2 touches `other`, which its step does not declare
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE EXISTS (SELECT 1 FROM other AS h)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not declared
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM other AS h)
      | ------------------------------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
}

#[test]
fn a_statement_must_have_no_other_effect_than_its_step() {
    let template = "CREATE OR REPLACE TABLE {{ table|full }} (a INTEGER)\n";
    assert!(refused("ddl/cutoff.sql.j2", template).contains("error[RK404]"));
    let template = "CREATE TEMPORARY TABLE IF NOT EXISTS {{ table|full }} (a INTEGER)\n";
    assert!(refused("ddl/cutoff.sql.j2", template).contains("error[RK404]"));
    let template = "DELETE FROM {{ mart|full }} WHERE FALSE RETURNING *\n";
    assert!(refused("cycle/trim.sql.j2", template).contains("error[RK404]"));
    let template = "INSERT INTO {{ history|full }} ({{ columns|name }}) SELECT {{ columns|of(\"m\") }} FROM {{ mart|full }} AS m ON CONFLICT DO NOTHING\n";
    assert!(refused("cycle/archive.sql.j2", template).contains("error[RK404]"));
}

#[test]
fn windows_line_endings_in_a_template_do_not_reach_sql() {
    let inputs = inputs("cycle/cutoff_clear.sql.j2", "DELETE FROM {{ cutoff|full }}\r\nWHERE TRUE\r\n");
    let artifacts = rowkeep::compile(&inputs).expect("it compiles");
    assert!(artifacts.files().values().all(|text| !text.contains('\r')));
}

#[test]
fn texts_without_a_reference_are_refused() {
    let given = Inputs::new("rowkeep.yml", PROJECT)
        .with_periods("periods.yml", "hist_periods: [2024]")
        .with_table("t.yml", "a: b");
    insta::assert_snapshot!(rowkeep::compile(&given).expect_err("a refusal").render(&given, Style::Plain), @"
    error[RK109]: periods.yml was given, but the project file has the same list in place
     --> periods.yml:1:1
      |
    1 | hist_periods: [2024]
      | ^ would be ignored
      |
      = help: keep one of the two: the file, or the list in place

    error[RK109]: t.yml was given, but the project file has the same list in place
     --> t.yml:1:1
      |
    1 | a: b
      | ^ would be ignored
      |
      = help: keep one of the two: the file, or the list in place

    2 errors; nothing was written
    ");
}

#[test]
fn diagnostics_render_with_other_inputs() {
    let given = inputs("trimm.sql.j2", "x");
    let wrong = rowkeep::compile(&given).expect_err("a refusal");
    let other = Inputs::new("rowkeep.yml", PROJECT);
    assert!(wrong.render(&other, Style::Plain).contains("RK108"));
    let boxed: Box<dyn std::error::Error> = wrong.into();
    assert_eq!(
        boxed.to_string(),
        "error[RK108]: template `trimm.sql.j2` replaces no built-in template, and has no effect"
    );
}

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
    let project =
        format!("{}{LOAD}{child}{limit}", orders.replace("dialect: redshift", &format!("dialect: {dialect}")));
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
    let guard = "  AND {{ not_archived(\"m\") }}\n";
    let twice = "(SELECT a.order_id, a.updated_at FROM {{ history|full }} AS a UNION ALL SELECT a.order_id, a.updated_at FROM {{ history|full }} AS a)";
    let grouped = twice.replace("AS a UNION", "AS a GROUP BY 1, 2 HAVING FALSE UNION");
    let guarded = |select: &str, from: &str, rest: &str| {
        format!(
            "  AND NOT EXISTS (SELECT {select} FROM {from} AS h WHERE h.order_id = m.order_id AND h.updated_at >= m.updated_at {rest})\n"
        )
    };
    let history = "{{ history|full }}";
    let cases: Vec<(&str, &str, &str, String)> = vec![
        // A query that always returns a row.
        ("found", "postgres", "SELECT 1 FROM", "SELECT MAX(found.order_id) IS NULL FROM".into()),
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
        // Comments that end at another place on some engines.
        ("archive", "duckdb", guard, format!("  /* /* */\n{guard}  -- */\n")),
        ("trim", "redshift", "  AND {{ found_in", "  -- all rows\r  OR TRUE\n  AND {{ found_in".into()),
        ("archive", "redshift", guard, format!("{guard}  -- {{% raw %}}{{{{ run_query() }}}}{{% endraw %}}\n")),
        // Conditions that are NULL or have a parameter.
        ("archive", "postgres", guard, format!("{guard}  AND NULL = NULL\n")),
        ("archive", "postgres", guard, format!("{guard}  AND $1 = $1\n")),
        // Duplicated rows, fewer rows, or a failing expression.
        ("archive", "postgres", "{{ mart|full }} AS m", "(SELECT z.*, generate_series(1, 2) AS dup FROM {{ mart|full }} AS z) AS m".into()),
        ("archive", "postgres", "{{ mart|full }} AS m", "{{ mart|full }} AS m JOIN (SELECT ALL d.cutoff FROM {{ cutoff|full }} AS d) AS x ON x.cutoff > m.updated_at".into()),
        ("load_insert", "postgres", "SELECT {{ columns|of(\"n\") }}", "SELECT {{ columns|of(\"n\") }}, 1 / 0".into()),
        ("stale_fill", "postgres", "FROM {{ mart|full }} AS m\n{%", "FROM {{ mart|full }} AS m CROSS JOIN {{ mart|full }} AS h\n{%".into()),
        ("stale_fill", "postgres", "MAX({{ time", "MIN({{ time".into()),
        ("stale_fill", "postgres", "'mart' AS rowkeep_place", "'history 2025_h2' AS rowkeep_place".into()),
        ("stale_fill", "postgres", "SELECT DISTINCT {{ key|of(\"found\") }}", "SELECT {{ key|of(\"found\") }}".into()),
        // Texts and names that engines read in another way than the parser.
        ("archive", "redshift", "AND {{ not_held(\"m\") }}", "AND {{ not_held(\"m\") }} AND 'a\\b' = 'a\\b'".into()),
        ("archive", "postgres", "{{ mart|full }} AS m\n", "{{ mart|full }} AS m GLOBAL JOIN {{ mart|full }} AS g ON g.order_id = m.order_id\n".into()),
        ("cutoff_clear", "postgres", "DELETE FROM", ";DELETE FROM".into()),
        ("ddl/rows", "redshift", "){{ layout(dist_key, sort_key) }}", ") BACKUP NO{{ layout(dist_key, sort_key) }}".into()),
        ("safety_check", "postgres", "'no period covers its time'", "'it''s late'".into()),
        // An ON that sees a source on its right, and a query in FROM that sees a source beside it.
        ("trim", "postgres", "AND {{ found_in(history, proof, mart|bare, period_only(\"found\", period)) }}", "AND EXISTS (SELECT 1 FROM (SELECT mart_orders.order_id, mart_orders.updated_at) AS a JOIN (SELECT 1 AS one) AS b ON mart_orders.order_id = a.order_id AND mart_orders.updated_at = a.updated_at CROSS JOIN {{ history|full }} AS mart_orders)".into()),
        ("trim", "duckdb", "AND {{ found_in(history, proof, mart|bare, period_only(\"found\", period)) }}", "AND EXISTS (SELECT 1 FROM {{ history|full }} AS mart_orders CROSS JOIN (SELECT mart_orders.order_id, mart_orders.updated_at) AS a WHERE mart_orders.order_id = a.order_id AND mart_orders.updated_at = a.updated_at)".into()),
        // A column without its source that a raw table may also have.
        ("archive", "postgres", "  AND {{ is_due(\"m\") }}\n", "  AND {{ is_due(\"m\") }} AND NOT EXISTS (SELECT 1 FROM {{ exceptions|full }} AS x WHERE x.order_id = updated_at AND 1 = 0)\n".into()),
        // Names that an engine cuts off, or compares in another way than the parser.
        ("archive", "postgres", "{{ mart|full }} AS m\n", format!("{{{{ mart|full }}}} AS m CROSS JOIN (SELECT 1 AS one) AS {}\n", "a".repeat(64))),
        ("archive", "duckdb", "{{ mart|full }} AS m\n", "{{ mart|full }} AS m CROSS JOIN (SELECT 1 AS one) AS É\n".into()),
        // A limit that leaves rows out for ever, or lists rows of a parent that is there.
        ("due_limit", "postgres", "<= {{ limit|literal }}", "< {{ limit|literal }}".into()),
        ("due_limit", "postgres", "ORDER BY {{ time|of(\"m\") }}", "ORDER BY {{ time|of(\"m\") }} DESC".into()),
        ("due_limit", "postgres", "{{ exception.hold|literal }}", "{{ exception.type|literal }}".into()),
        ("due_limit", "postgres", "{{ within(\"m\", open) }}", "{{ within(\"m\", scope) }} AND {{ time|of(\"m\") }} > {{ scope.start|literal }}".into()),
        // Free texts of exceptions that have an effect.
        ("safety_check", "postgres", "MIN(gap.rowkeep_note)", "generate_series(1, 0)".into()),
        ("safety_check_keyless", "postgres", "'its key is missing'", "CAST(m.updated_at AS VARCHAR(20))".into()),
        ("safety_check_keyless", "postgres", "'its key is missing'", "(SELECT 'x' FROM {{ mart|full }} AS m)".into()),
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
        // Statements that the engine would refuse.
        ("cutoff_clear", "postgres", "WHERE TRUE", "WHERE TRUE;".into()),
        ("cutoff_clear", "postgres", "WHERE TRUE", "WHERE TRUE ORDER BY 1".into()),
        ("supersede", "postgres", "found.rowkeep_place = 'mart'", "1 == 1 AND found.rowkeep_place = 'mart'".into()),
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
    let note = "MIN(gap.rowkeep_note)";
    let from = "{{ mart|full }} AS m";
    let cases = [
        ("safety_check", note, "MIN(gap.rowkeep_note::STRING)", "RK422"),
        ("safety_check", note, "CAST(MIN(gap.rowkeep_note) AS VARCHAR)", "RK422"),
        ("stale_fill", "MAX({{ time|of(\"copies\") }})", "MAX({{ time|of(\"copies\") }}) FILTER (WHERE TRUE)", "RK402"),
        ("stale_fill", "UNION ALL", "UNION", "RK422"),
        (
            "archive",
            from,
            "{{ mart|full }} AS m JOIN {{ cutoff|full }} AS d ON EXISTS (SELECT 1 FROM {{ cutoff|full }} AS c)",
            "RK422",
        ),
        ("trim", "DELETE FROM {{ mart|full }}", "DELETE FROM {{ mart|full }} USING {{ mart|full }} AS u", "RK404"),
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
            "INSERT INTO {{{{ history|full }}}} ({{{{ columns|name }}}})\nWITH {middle}\nSELECT {{{{ columns|of(\"m\") }}}} FROM last AS m WHERE TRUE\n"
        )
    };
    let chain = |first: &str, step: &dyn Fn(usize) -> String, n: usize| {
        let steps: Vec<_> = (1..n).map(|i| format!("c{i} AS ({})", step(i))).collect();
        archive(&format!("c0 AS ({first}),\n{},\nlast AS (SELECT y.* FROM c{} AS y)", steps.join(",\n"), n - 1))
    };
    let first = "SELECT h.order_id, h.state, h.updated_at FROM {{ mart|full }} AS h";
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
    let sibling = "UPDATE {{ mart|full }} SET state = n.state
FROM (SELECT b.order_id FROM {{ source|full }} AS b UNION ALL SELECT b.order_id FROM {{ source|full }} AS b) AS c,
 (SELECT b.order_id, b.state, b.updated_at, ROW_NUMBER() OVER (PARTITION BY b.order_id ORDER BY b.updated_at DESC) AS r FROM {{ source|full }} AS b WHERE b.order_id = c.order_id) AS n
WHERE n.order_id = {{ mart|bare }}.order_id AND n.r = 1 AND c.order_id = n.order_id\n";
    let wrong =
        rowkeep::compile(&hostile("postgres", "cycle/load_correct.sql.j2", sibling)).expect_err("it is refused");
    assert!(wrong.to_string().contains("RK406"), "{wrong}");
}
