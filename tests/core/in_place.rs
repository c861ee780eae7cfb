//! A mart that is updated in place: what a template may not change in an INSERT that updates.

use rowkeep::Dialect;

use crate::projects;

/// Each edit of a template: an upsert that loses a newer version, keeps an older one, or fails on
/// the engine. With the code of its refusal.
#[test]
fn an_upsert_that_does_not_keep_the_newest_version_is_refused() {
    let load = "cycle/load_upsert.sql.j2";
    let restore = "cycle/restore_upsert.sql.j2";
    let both = "cycle/upsert.sql.j2";
    let set = "{% for column in replaced %}{% if not loop.first %}, {% endif %}{{ column|name }} = {{ column|of(\"excluded\") }}{% endfor %}";
    let condition = "WHERE ({{ time|of(mart|bare) }} {{ comparison }} {{ time|of(\"excluded\") }} OR {{ time|of(mart|bare) }} IS NULL)";
    let archive = "cycle/archive.sql.j2";
    let archived = "{{ find_first(\"_m\") -}}\n";
    let replaced =
        "ON CONFLICT ({{ key|name }}) DO UPDATE SET {{ time|name }} = {{ time|of(\"excluded\") }} WHERE TRUE\n";
    let guard = "  AND NOT EXISTS (SELECT 1 FROM {{ mart|full }} AS _m WHERE _m.order_id = _n.order_id)\n";
    let without = "{{ on_conflict(not_newer) }}\n{# Without a comparison, equal values are written again. #}\n{% if payload_is_comparable %}\n  AND (\n    {{ time|of(mart|bare) }} <> {{ time|of(\"excluded\") }}\n    OR {{ time|of(mart|bare) }} IS NULL\n{{ differs(\"excluded\", true) }}  )\n{% endif %}\n";
    let cases = [
        (load, "<=", ">=", "RK414"),
        (load, "<=", "<", "RK414"),
        (restore, "<{%", "<={%", "RK414"),
        (both, " OR {{ time|of(mart|bare) }} IS NULL)", ")", "RK414"),
        (both, condition, "WHERE TRUE", "RK414"),
        (both, condition, "WHERE 1 = 0", "RK414"),
        (both, condition, &format!("{condition} AND {{{{ mart|bare }}}}.order_id = 1"), "RK418"),
        (both, condition, &condition.replace("{{ time|of(\"excluded\") }}", "{{ time|name }}"), "RK406"),
        (both, set, "{{ time|name }} = {{ time|of(\"excluded\") }}", "RK407"),
        (both, set, &set.replace("of(\"excluded\")", "of(mart|bare)"), "RK407"),
        (both, set, &format!("{set}, order_id = 7"), "RK407"),
        (both, "excluded", "_n", "RK406"),
        (both, "{{ key|name }}", "{{ (key + [time])|name }}", "RK407"),
        (both, "({{ key|name }})", "({{ key|name }}) WHERE order_id > 0", "RK402"),
        (both, "({{ key|name }})", "ON CONSTRAINT orders_key", "RK404"),
        (both, "({{ key|name }})", "", "RK404"),
        (load, "{{ differs(\"excluded\", true) }}", "", "RK418"),
        // Without an update, a newer version is missed.
        (load, without, "", "RK406"),
        (load, without, guard, "RK406"),
        (load, without, "ON CONFLICT DO NOTHING\n", "RK404"),
        (load, without, "ON CONFLICT ({{ key|name }}) DO NOTHING\n", "RK404"),
        // A step that only inserts does not update.
        (archive, archived, replaced, "RK406"),
    ];
    for (name, from, to, code) in cases {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name);
        let text = std::fs::read_to_string(path).expect("a built-in template");
        assert!(text.contains(from), "{name} has no {from}");
        let inputs = projects::golden("in_place").with_dialect(Dialect::Postgres);
        let inputs = inputs.with_template(name, text.replace(from, to));
        match rowkeep::compile(&inputs) {
            Ok(_) => panic!("{name} with {to} in place of {from} is accepted"),
            Err(wrong) => assert!(wrong.iter().any(|one| one.code().as_str() == code), "{to}: {wrong}"),
        }
    }
}

/// The comparison that only saves work may be left out.
#[test]
fn an_upsert_may_write_equal_values_again() {
    let name = "cycle/load_upsert.sql.j2";
    let text = include_str!("../../templates/cycle/load_upsert.sql.j2");
    let always = &text[..text.find("{# Without").expect("the comparison of the payload")];
    let inputs = projects::golden("in_place").with_dialect(Dialect::Postgres).with_template(name, always);
    rowkeep::compile(&inputs).expect("an upsert without the comparison of the payload");
}
