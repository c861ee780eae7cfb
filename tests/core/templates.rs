//! Project templates that replace built-in ones. A template that must not be used is refused, and
//! the diagnostic names it.

use rowkeep::{Inputs, Style};

pub const PROJECT: &str = "name: shop
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
fn an_insert_may_sort_its_rows() {
    let sorted =
        include_str!("../../templates/cycle/archive.sql.j2").to_owned() + "ORDER BY _m.updated_at DESC, _m.order_id";
    let artifacts = rowkeep::compile(&inputs("cycle/archive.sql.j2", &sorted)).expect("it compiles");
    let archive = artifacts.get("compiled/mart_orders/08_archive__2025_h2.sql").expect("a file");
    assert!(archive.ends_with("ORDER BY _m.updated_at DESC, _m.order_id\n"), "{archive}");
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
    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: `of` takes the alias of a source: letters, digits and underscores, as in `columns|of("_m")`, not x; DROP
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
      --> templates/cycle/stale_fill.sql.j2:11:4
       |
    11 | {{ touched_rows(touched, indent) }}    UNION ALL
       |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here
       |
       = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 04_supersede_timeless cannot be rendered: value of type undefined is not callable (`same` is undefined, from line 1)
     --> templates/cycle/supersede_timeless.sql.j2:6:14
      |
    6 |     WHERE {{ same(key, "_s", mart|bare) }} AND {{ time|of("_s") }} IS NULL
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 07_resolve cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
      --> templates/cycle/resolve.sql.j2:24:14
       |
    24 |       AND {{ is_due("_m") }}
       |              ^^^^^^^^^^^^ here
       |
       = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 08_archive__2025_h2 cannot be rendered: value of type undefined is not callable (`has_key` is undefined, from line 1)
     --> templates/cycle/archive.sql.j2:6:10
      |
    6 | WHERE {{ has_key("_m") }}
      |          ^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 09_trim__2025_h2 cannot be rendered: value of type undefined is not callable (`within` is undefined, from line 2)
     --> templates/cycle/trim.sql.j2:6:10
      |
    6 | WHERE {{ within(mart|bare, period) }}
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of 10_safety_check cannot be rendered: value of type undefined is not callable (`is_due` is undefined, from line 1)
      --> templates/cycle/safety_check.sql.j2:27:12
       |
    27 |   WHERE {{ is_due("_m") }}
       |            ^^^^^^^^^^^^ here
       |
       = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`

    error[RK401]: the template of view cannot be rendered: value of type undefined is not callable (`within` is undefined, from line 3)
     --> templates/ddl/all_rows.sql.j2:8:106
      |
    8 | {{ indent }}SELECT {{ columns|of("_h") }}, 1 AS rowkeep_place FROM {{ place.table|full }} AS _h WHERE {{ within("_h", place) }}
      |                                                                                                          ^^^^^^^^^^^^^^^^^^^ here
      |
      = help: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`
      = note: the same at 1 more place: templates/ddl/copies.sql.j2:9

    8 errors; nothing was written
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
    error[RK404]: mart_orders/09_trim__2025_h2 must DELETE `ods.mart_orders`, but it is a TRUNCATE
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | TRUNCATE TABLE ods.mart_orders
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | TRUNCATE TABLE {{ mart|full }}
      | ------------------------------ rendered from this line
      |
      = help: write DELETE FROM ... WHERE TRUE: on redshift, TRUNCATE commits the transaction around it

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} AS _m WHERE FALSE\n"), @"
    error[RK404]: mart_orders/09_trim__2025_h2 must DELETE `ods.mart_orders`, but it has an alias for its target, which redshift does not document
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders AS _m WHERE FALSE
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another effect
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} AS _m WHERE FALSE
      | --------------------------------------------- rendered from this line
      |
      = help: write `{{ mart|bare }}` before its columns

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM ods.other AS _h)\n"), @"
    error[RK405]: mart_orders/09_trim__2025_h2 touches `ods.other`, which its step does not declare
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE EXISTS (SELECT 1 FROM ods.other AS _h)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not declared
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM ods.other AS _h)
      | ------------------------------------------------------------------------ rendered from this line

    1 error; nothing was written
    ");
    insta::assert_snapshot!(refused("cycle/trim.sql.j2", "DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM other AS _h)\n"), @"
    error[RK405]: mart_orders/09_trim__2025_h2 touches `other`, which its step does not declare
     --> mart_orders/09_trim__2025_h2.sql:2:1
      |
    2 | DELETE FROM ods.mart_orders WHERE EXISTS (SELECT 1 FROM other AS _h)
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not declared
      |
     ::: templates/cycle/trim.sql.j2:1:1
      |
    1 | DELETE FROM {{ mart|full }} WHERE EXISTS (SELECT 1 FROM other AS _h)
      | -------------------------------------------------------------------- rendered from this line

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
    let template = "INSERT INTO {{ history|full }} ({{ columns|name }}) SELECT {{ columns|of(\"_m\") }} FROM {{ mart|full }} AS _m ON CONFLICT DO NOTHING\n";
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

/// [`PROJECT`] with 40 more tables, so that threads share the work. Each table has its own names
/// and retention.
fn many_tables() -> Inputs {
    let tables = (100..140).map(|n| {
        format!(
            "  - {{ model: mart_{n}, history: hist_{n}, unique_key: order_id, time: {{ column: at_{n} }}, rows: latest, \
             retention: {{ for: {n} days }}, exception: GAP_{n}, columns: {{ order_id: bigint, at_{n}: date }} }}\n"
        )
    });
    Inputs::new("rowkeep.yml", format!("{PROJECT}{}", tables.collect::<String>()))
}

#[test]
fn many_tables_have_the_statements_of_one() {
    let compiled = rowkeep::compile(&many_tables()).expect("it compiles");
    let alone = rowkeep::compile(&Inputs::new("rowkeep.yml", PROJECT)).expect("it compiles");
    let of = |artifacts: &rowkeep::Compilation, model: &str| -> Vec<(String, String)> {
        let own = artifacts.files().iter().filter(|(path, _)| path.contains(&format!("/{model}/")));
        own.map(|(path, text)| (path.clone(), text.clone())).collect()
    };
    let orders = of(&alone, "mart_orders");
    assert!(orders.len() > 20, "{orders:?}");
    assert_eq!(of(&compiled, "mart_orders"), orders);
    let first: Vec<_> = of(&compiled, "mart_100");
    assert!(first.len() > 20, "{first:?}");
    for n in 101..140 {
        let expected = first.iter().map(|(path, text)| [path, text].map(|text| text.replace("100", &n.to_string())));
        let own = of(&compiled, &format!("mart_{n}"));
        assert!(expected.eq(own.into_iter().map(|(path, text)| [path, text])), "mart_{n}");
    }
}

#[test]
fn a_template_that_is_wrong_for_many_tables_is_one_error() {
    let codes = |template: &str| -> Vec<&str> {
        let inputs = many_tables().with_template("cycle/trim.sql.j2", template);
        let errors = rowkeep::compile(&inputs).expect_err("a refusal");
        errors.iter().map(|error| error.code().as_str()).collect()
    };
    assert_eq!(codes("DELETE FROM {{ nothing|full }}\n"), ["RK401"]);
    assert_eq!(codes("DELETE FROM {{ cutoff|full }} WHERE TRUE\n"), ["RK404"]);
}
