//! Templates that a project puts in the place of built-in ones: what they may not do is refused, with the template named.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

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
fn an_override_takes_the_place_of_the_built_in_template() {
    let template = "DELETE FROM {{ cutoff|full }} WHERE 1 = 1\n";
    for name in ["cutoff_reset.sql.j2", "redshift/cutoff_reset.sql.j2"] {
        let artifacts = rowkeep::compile(&inputs(name, template)).expect("it compiles");
        assert!(artifacts.get("compiled/mart_orders/01_cutoff_reset.sql").expect("a file").ends_with("WHERE 1 = 1\n"));
    }
    // That of another dialect does not.
    let artifacts = rowkeep::compile(&inputs("duckdb/cutoff_reset.sql.j2", template)).expect("it compiles");
    assert!(artifacts.get("compiled/mart_orders/01_cutoff_reset.sql").expect("a file").ends_with("WHERE TRUE\n"));
}

#[test]
fn an_override_of_nothing_is_refused() {
    insta::assert_snapshot!(refused("trimm.sql.j2", "DELETE FROM {{ mart|full }}\n"), @"
    error[RK108]: template `trimm.sql.j2` takes the place of none, and would have no effect
     --> trimm.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }}
      | ^ not used
      |
      = help: did you mean `trim.sql.j2`?

    1 error; nothing was written
    ");
}

#[test]
fn a_raw_value_is_refused() {
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }}\nWHERE {{ time }} < 5\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: a raw value would be pasted into SQL: updated_at
     --> templates/trim.sql.j2:2:10
      |
    2 | WHERE {{ time }} < 5
      |          ^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE {{ unit ~ '' }} < 5\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: a raw value would be pasted into SQL: epoch_seconds
     --> templates/trim.sql.j2:1:38
      |
    1 | DELETE FROM {{ mart|full }} WHERE {{ unit ~ '' }} < 5
      |                                      ^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE {{ time|of(\"x; DROP\") }} < 5\n"), @r#"
    error[RK401]: the template of 09_trim cannot be rendered: `of` takes a row by its alias, not x; DROP
     --> templates/trim.sql.j2:1:43
      |
    1 | DELETE FROM {{ mart|full }} WHERE {{ time|of("x; DROP") }} < 5
      |                                           ^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    "#);
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ time|full }}\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: `full` writes relations, not updated_at
     --> templates/trim.sql.j2:1:21
      |
    1 | DELETE FROM {{ time|full }}
      |                     ^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
}

#[test]
fn what_cannot_be_rendered_is_refused() {
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mrt|full }}\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: undefined value: `full` got a name that is not defined
     --> templates/trim.sql.j2:1:20
      |
    1 | DELETE FROM {{ mrt|full }}
      |                    ^^^^ here

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|safe }}\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: unknown filter: filter safe is unknown
     --> templates/trim.sql.j2:1:21
      |
    1 | DELETE FROM {{ mart|safe }}
      |                     ^^^^ here

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: syntax error: unexpected end of input, expected end of variable block
     --> templates/trim.sql.j2:1:21
      |
    1 | DELETE FROM {{ mart|full
      |                     ^^^^ here

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "{% include \"../../etc/passwd\" %}\n"), @r#"
    error[RK401]: the template of 09_trim cannot be rendered: template not found: tried to include non-existing template '../../etc/passwd'
     --> templates/trim.sql.j2:1:4
      |
    1 | {% include "../../etc/passwd" %}
      |    ^^^^^^^^^^^^^^^^^^^^^^^^^^ here

    1 error; nothing was written
    "#);
    insta::assert_snapshot!(refused("conditions.sql.j2", "{# nothing is defined here #}\n"), @r#"
    error[RK401]: the template of 02_versions_fill cannot be rendered: value of type undefined is not callable (`has_key` is undefined, from line 1)
     --> templates/versions_fill.sql.j2:3:4
      |
    3 | {{ has_key(row) }}{% if batch %} AND EXISTS (SELECT 1 FROM {{ source|full }} AS b WHERE {{ same(key, "b", row) }}){% endif %}
      |    ^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 03_supersede_older cannot be rendered: value of type undefined is not callable (`same` is undefined, from line 1)
     --> templates/supersede_older.sql.j2:5:14
      |
    5 |     WHERE {{ same(key, "v", mart|bare) }} AND {{ time|of("v") }} > {{ time|of(mart|bare) }}
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 03_supersede_timeless cannot be rendered: value of type undefined is not callable (`same` is undefined, from line 1)
     --> templates/supersede_timeless.sql.j2:6:14
      |
    6 |     WHERE {{ same(key, "v", mart|bare) }} AND {{ time|of("v") }} IS NOT NULL
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 05_cleanup_replaced__2025_h2 cannot be rendered: value of type undefined is not callable (`not_older` is undefined, from line 1)
     --> templates/cleanup_replaced.sql.j2:5:14
      |
    5 |     WHERE {{ not_older("m", history|bare) }}
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 05_cleanup_stale__2025_h2 cannot be rendered: value of type undefined is not callable (`same` is undefined, from line 1)
     --> templates/cleanup_stale.sql.j2:5:14
      |
    5 |     WHERE {{ same(key, "v", history|bare) }} AND {{ time|of("v") }} > {{ time|of(history|bare) }}
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 07_resolve_keyed cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
      --> templates/resolve_keyed.sql.j2:14:14
       |
    14 |       AND {{ is_due("m") }}
       |              ^^^^^^^^^^^ here
       |
       = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 08_archive__2025_h2 cannot be rendered: value of type undefined is not callable (`has_key` is undefined, from line 1)
     --> templates/archive.sql.j2:5:10
      |
    5 | WHERE {{ has_key("m") }}
      |          ^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 09_trim cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
     --> templates/trim.sql.j2:3:10
      |
    3 | WHERE {{ is_due(mart|bare) }}
      |          ^^^^^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 09_trim_kept__2025_h2 cannot be rendered: value of type undefined is not callable (`oldest_from` is undefined, from line 1)
     --> templates/trim_kept.sql.j2:3:41
      |
    3 | WHERE {{ time|of(history|bare) }} >= {{ oldest_from(period.start) }}
      |                                         ^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 10_safety_check cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
      --> templates/safety_check.sql.j2:16:12
       |
    16 |     AND {{ is_due("m") }}
       |            ^^^^^^^^^^^ here
       |
       = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    10 errors; nothing was written
    "#);
}

#[test]
fn what_does_not_end_is_refused() {
    insta::assert_snapshot!(refused("trim.sql.j2", "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}\n"), @"
    error[RK401]: the template of 09_trim cannot be rendered: recursion limit exceeded
     --> templates/trim.sql.j2:1:23
      |
    1 | {% macro again() %}{{ again() }}{% endmacro %}{{ again() }}
      |                       ^^^^^^^ here
      |
      = help: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    1 error; nothing was written
    ");
    let wide = "{% for a in columns %}".repeat(25) + "x" + &"{% endfor %}".repeat(25);
    insta::assert_snapshot!(refused("trim.sql.j2", &wide), @"
    error[RK401]: the template of 09_trim runs without end
     --> templates/trim.sql.j2:1:61
      |
    1 | s %}{% for a in columns %}{% for a in columns %}{% for a in columns %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfo
      |                                                             ^^^^^^^ here

    1 error; nothing was written
    ");
}

#[test]
fn what_is_huge_is_refused() {
    let doubled: String =
        (0..40).map(|i| format!("{{% set x{} %}}{{{{ x{i} }}}}{{{{ x{i} }}}}{{% endset %}}", i + 1)).collect();
    let text = format!("{{% set x0 %}}DELETE {{% endset %}}{doubled}{{{{ x40 }}}}");
    let refused = refused("trim.sql.j2", &text);
    assert!(refused.contains("error[RK401]") && refused.contains("writes more than any engine takes"), "{refused}");
}

#[test]
fn a_statement_must_be_what_its_step_says() {
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FRM {{ mart|full }}\n"), @"
    error[RK402]: mart_orders/09_trim is not redshift SQL: Expected: FROM, found: ods at Line: 2, Column: 12
     --> mart_orders/09_trim.sql:2:1
      |
    2 | DELETE FRM ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^ not understood
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | DELETE FRM {{ mart|full }}
      | -------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE FALSE; DELETE FROM {{ mart|full }}\n"), @"
    error[RK403]: mart_orders/09_trim is 2 statements where one hook is one statement
     --> mart_orders/09_trim.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE FALSE; DELETE FROM ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ split it into parts of its step
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE FALSE; DELETE FROM {{ mart|full }}
      | -------------------------------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "\n"), @"
    error[RK403]: mart_orders/09_trim is 0 statements where one hook is one statement
     --> mart_orders/09_trim.sql:2:1
      |
    2 |
      | ^ split it into parts of its step
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 |
      | - from here on, it is not the built-in template

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ exceptions|full }} WHERE FALSE\n"), @"
    error[RK404]: mart_orders/09_trim must DELETE `ods.mart_orders`, but it does DELETE on `ods.shop_exceptions`
     --> mart_orders/09_trim.sql:2:1
      |
    2 | DELETE FROM ods.shop_exceptions WHERE FALSE
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ exceptions|full }} WHERE FALSE
      | --------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "TRUNCATE TABLE {{ mart|full }}\n"), @"
    error[RK404]: mart_orders/09_trim must DELETE `ods.mart_orders`, but it neither changes nor creates one relation
     --> mart_orders/09_trim.sql:2:1
      |
    2 | TRUNCATE TABLE ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | TRUNCATE TABLE {{ mart|full }}
      | ------------------------------ rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }} AS m WHERE FALSE\n"), @"
    error[RK404]: mart_orders/09_trim must DELETE `ods.mart_orders`, but it neither changes nor creates one relation
     --> mart_orders/09_trim.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders AS m WHERE FALSE
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} AS m WHERE FALSE
      | -------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM ods.other AS h)\n"), @"
    error[RK405]: mart_orders/09_trim touches `ods.other`, which its step does not declare
     --> mart_orders/09_trim.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE EXISTS (SELECT 1 FROM ods.other AS h)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not declared
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM ods.other AS h)
      | ----------------------------------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM other AS h)\n"), @"
    error[RK405]: mart_orders/09_trim touches `other`, which its step does not declare
     --> mart_orders/09_trim.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE EXISTS (SELECT 1 FROM other AS h)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not declared
      |
     ::: templates/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM other AS h)
      | ------------------------------------------------------------------- rendered from this line

    1 error; nothing was written
    ");
}

#[test]
fn a_statement_must_do_no_more_than_its_step_says() {
    let template = "CREATE OR REPLACE TABLE {{ table|full }} (a INTEGER)\n";
    assert!(refused("ddl_cutoff.sql.j2", template).contains("error[RK404]"));
    let template = "CREATE TEMPORARY TABLE IF NOT EXISTS {{ table|full }} (a INTEGER)\n";
    assert!(refused("ddl_cutoff.sql.j2", template).contains("error[RK404]"));
    let template = "DELETE FROM {{ mart|full }} WHERE FALSE RETURNING *\n";
    assert!(refused("trim.sql.j2", template).contains("error[RK404]"));
    let template = "INSERT INTO {{ history|full }} ({{ columns|name }}) SELECT {{ columns|of(\"m\") }} FROM {{ mart|full }} AS m ON CONFLICT DO NOTHING\n";
    assert!(refused("archive.sql.j2", template).contains("error[RK404]"));
}

#[test]
fn line_ends_of_windows_in_a_template_do_not_reach_sql() {
    let inputs = inputs("cutoff_reset.sql.j2", "DELETE FROM {{ cutoff|full }}\r\nWHERE TRUE\r\n");
    let artifacts = rowkeep::compile(&inputs).expect("it compiles");
    assert!(artifacts.files().values().all(|text| !text.contains('\r')));
}

#[test]
fn texts_that_nothing_refers_to_are_refused() {
    let given = Inputs::new("rowkeep.yml", PROJECT)
        .with_periods("periods.yml", "hist_periods: [2024]")
        .with_table("t.yml", "a: b");
    insta::assert_snapshot!(rowkeep::compile(&given).expect_err("a refusal").render(&given, Style::Plain), @"
    error[RK109]: periods.yml was given, but the project file states the same in place
     --> periods.yml:1:1
      |
    1 | hist_periods: [2024]
      | ^ would be ignored
      |
      = help: state it in one of the two places

    error[RK109]: t.yml was given, but the project file states the same in place
     --> t.yml:1:1
      |
    1 | a: b
      | ^ would be ignored
      |
      = help: state it in one of the two places

    2 errors; nothing was written
    ");
}

#[test]
fn diagnostics_survive_other_inputs() {
    let given = inputs("trimm.sql.j2", "x");
    let wrong = rowkeep::compile(&given).expect_err("a refusal");
    let other = Inputs::new("rowkeep.yml", PROJECT);
    assert!(wrong.render(&other, Style::Plain).contains("RK108"));
    let boxed: Box<dyn std::error::Error> = wrong.into();
    assert_eq!(
        boxed.to_string(),
        "error[RK108]: template `trimm.sql.j2` takes the place of none, and would have no effect"
    );
}

#[test]
fn every_template_is_embedded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let source =
        std::fs::read_to_string(folder.with_file_name("src/render/templates.rs")).expect("the list of templates");
    let mut folders = vec![folder.clone()];
    let mut files = 0;
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(here).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).expect("below templates").display().to_string();
            assert!(source.contains(&format!("\"{name}\",")), "{name} is not embedded");
            files += 1;
        }
    }
    assert_eq!(source.matches(".sql.j2\",").count(), files, "an embedded template is no file");
}
