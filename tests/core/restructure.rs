//! Changes of a spec that leave rows behind are refused.

use std::collections::BTreeSet;

use rowkeep::Inputs;

/// A project with a purged parent and a purged child, as text.
fn purges() -> String {
    let table = |model: &str, retention: &str, exception: &str| {
        format!(
            "- {{model: {model}, archive: none, unique_key: [id, line], time: {{column: day}}, rows: latest, \
             tripwire: 20%, retention: {retention}, exception: {exception}, \
             columns: {{id: bigint not null, line: bigint not null, day: date not null}}}}\n"
        )
    };
    let parent = table("orders", "{for: 90 days}", "ORDERS_GAP");
    let other = table("others", "{for: 90 days}", "OTHERS_GAP");
    let child = table("items", "{while_in: {model: orders, on: {id: id}}}", "ITEMS_GAP");
    let exceptions = "exceptions: {table: gaps, key: id}";
    format!("name: shop\ndialect: duckdb\nschema: s\n{exceptions}\ntables:\n{parent}{other}{child}")
}

/// What is said about each edit of a project: an old text, and a new one.
fn refused(before: &str, edits: &[(&str, &str)]) -> String {
    let manifest = rowkeep::compile(&Inputs::new("rowkeep.yml", before)).expect("it compiles");
    let manifest = manifest.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    let mut said = String::new();
    for (old, new) in edits {
        let after = rowkeep::resolve(&Inputs::new("rowkeep.yml", before.replace(old, new))).expect("it resolves");
        let refused = rowkeep::check::restructured(&after, manifest, &BTreeSet::new()).expect_err(new);
        let lines = refused.iter().map(|one| format!("{}: {}\n", one.code(), one.message()));
        said.push_str(&format!("==> {new}\n{}", lines.collect::<String>()));
    }
    said
}

#[test]
fn a_purge_that_looks_elsewhere_is_refused() {
    let edits = [
        ("table: gaps", "table: exceptions"),
        ("ORDERS_GAP", "ORDERS_LOST"),
        ("on: {id: id}", "on: {id: id, line: line}"),
        ("on: {id: id}", "on: {id: line}"),
        ("{while_in: {model: orders, on: {id: id}}}", "{for: 1 day}"),
        ("{while_in: {model: orders, on: {id: id}}}", "{while_in: {model: others, on: {id: id}}}"),
    ];
    let said = refused(&purges(), &edits);
    insta::assert_snapshot!(said, @"
    ==> table: exceptions
    RK729: the exceptions of orders were in s.gaps and are now in s.exceptions: holds in the old table keep no row any more, and the next cycle deletes their due rows for good
    RK729: the exceptions of others were in s.gaps and are now in s.exceptions: holds in the old table keep no row any more, and the next cycle deletes their due rows for good
    RK729: the exceptions of items were in s.gaps and are now in s.exceptions: holds in the old table keep no row any more, and the next cycle deletes their due rows for good
    ==> ORDERS_LOST
    RK729: the exceptions of orders had the type ORDERS_GAP and now have ORDERS_LOST: holds of the old type keep no row any more, and the next cycle deletes their due rows for good
    ==> on: {id: id, line: line}
    RK730: rows of items found their parent by id, and now by id, line: the next cycle deletes for good every old row without such a parent
    ==> on: {id: line}
    RK730: rows of items found their parent by id, and now by id = line: the next cycle deletes for good every old row without such a parent
    ==> {for: 1 day}
    RK730: rows of items stayed while their key was in orders, and now stay for a length of time: the next cycle deletes for good each row that only the old rule kept
    ==> {while_in: {model: others, on: {id: id}}}
    RK730: rows of items stayed while their key was in orders, and now stay while their key is in others: the next cycle deletes for good each row that only the old rule kept
    ");
}

#[test]
fn a_day_from_which_rows_are_kept_is_refused_until_it_is_allowed() {
    let table = "- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, \
                 retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n";
    let before =
        format!("name: shop\ndialect: duckdb\nschema: s\nperiods: [2025, 2026]\nexceptions: x\ntables:\n{table}");
    let said = refused(&before, &[("exceptions:", "retired_before: 2025-01-01\nexceptions:")]);
    insta::assert_snapshot!(said, @"
    ==> retired_before: 2025-01-01
    exceptions:
    RK732: rows of mart from before 2025-01-01 are no longer kept: the next cycle deletes for good each such row that is due, also one that waits for a period
    ");
}

#[test]
fn a_list_of_erased_keys_that_is_no_longer_read_is_refused() {
    let before = purges().replace("key: id}", "key: id, erased: gone}");
    let said = refused(&before, &[("erased: gone", "erased: {table: gone, keys: hashed}")]);
    insta::assert_snapshot!(said, @"
    ==> erased: {table: gone, keys: hashed}
    RK731: s.gone listed keys, and now hashes of keys: it has no column for them, so statements of orders fail
    RK731: s.gone listed keys, and now hashes of keys: it has no column for them, so statements of others fail
    RK731: s.gone listed keys, and now hashes of keys: it has no column for them, so statements of items fail
    ");
    let said = refused(&before, &[(", erased: gone", ""), ("erased: gone", "erased: forgotten")]);
    insta::assert_snapshot!(said, @"
    ==> 
    RK731: the erased keys of orders were listed in s.gone, which orders no longer reads: the next load brings back every such key that the raw table still has
    RK731: the erased keys of others were listed in s.gone, which others no longer reads: the next load brings back every such key that the raw table still has
    RK731: the erased keys of items were listed in s.gone, which items no longer reads: the next load brings back every such key that the raw table still has
    ==> erased: forgotten
    RK731: the erased keys of orders were listed in s.gone, which orders no longer reads: the next load brings back every such key that the raw table still has
    RK731: the erased keys of others were listed in s.gone, which others no longer reads: the next load brings back every such key that the raw table still has
    RK731: the erased keys of items were listed in s.gone, which items no longer reads: the next load brings back every such key that the raw table still has
    ");
}

#[test]
fn another_time_zone_and_a_column_that_becomes_generated_are_refused() {
    let before = "name: shop
dialect: postgres
schema: s
time_zone: Europe/Berlin
periods: [2025_h2, 2026_h1]
exceptions: {table: gaps, key: id}
tables:
- {model: mart, history: hist, unique_key: id, time: {column: at}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint not null, state: text, at: timestamptz}}
";
    let edits = [
        ("Europe/Berlin", "Asia/Kolkata"),
        ("time_zone: Europe/Berlin", "time_zone: UTC"),
        ("state: text", "state: text generated"),
    ];
    insta::assert_snapshot!(refused(before, &edits), @"
    ==> Asia/Kolkata
    RK722: periods began at midnight in Europe/Berlin and now begin at midnight in Asia/Kolkata: rows in history tables could be outside of their period
    ==> time_zone: UTC
    RK722: periods began at midnight in Europe/Berlin and now begin at midnight in UTC: rows in history tables could be outside of their period
    ==> state: text generated
    RK727: column `state` of mart is now `generated`: no statement writes it any more, so a row that returns from history has NULL there, unless the mart computes it
    ");
    // The same bounds under another name are no change.
    let manifest = rowkeep::compile(&Inputs::new("rowkeep.yml", before)).expect("it compiles");
    let manifest = manifest.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    let after = before.replace("Europe/Berlin", "Europe/Vienna");
    let after = rowkeep::resolve(&Inputs::new("rowkeep.yml", after)).expect("it resolves");
    assert!(rowkeep::check::restructured(&after, manifest, &BTreeSet::new()).is_ok());
    // Local times keep their bounds, local midnights, in every zone.
    let local = before.replace("timestamptz", "timestamp");
    let manifest = rowkeep::compile(&Inputs::new("rowkeep.yml", local.clone())).expect("it compiles");
    let manifest = manifest.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    let after = local.replace("Europe/Berlin", "Asia/Kolkata");
    let after = rowkeep::resolve(&Inputs::new("rowkeep.yml", after)).expect("it resolves");
    assert!(rowkeep::check::restructured(&after, manifest, &BTreeSet::new()).is_ok());
    let purge =
        local.replace("history: hist", "archive: none, tripwire: 20%").replace("periods: [2025_h2, 2026_h1]\n", "");
    insta::assert_snapshot!(refused(&purge, &[("Europe/Berlin", "Asia/Kolkata")]), @"
    ==> Asia/Kolkata
    RK730: rows of mart aged by the clock of Europe/Berlin, and now by that of Asia/Kolkata: if clocks there show a later time, the next cycle deletes rows for good some hours earlier
    ");
}

/// Holds and erased keys are values of one column. In another column, they are other rows.
#[test]
fn another_key_of_exceptions_is_refused_if_it_loses_holds_or_erased_keys() {
    let before = purges().replacen("exception: ORDERS_GAP", "exception_key: id, exception: ORDERS_GAP", 1);
    let edit = [("exception_key: id", "exception_key: line")];
    insta::assert_snapshot!(refused(&before, &edit), @"
    ==> exception_key: line
    RK729: the exceptions of orders had the key id and now have line: holds of the old keys keep no row any more, and the next cycle deletes their due rows for good
    ");
    let alone: String =
        before.lines().filter(|line| !line.contains("model: items")).map(|line| format!("{line}\n")).collect();
    let erased = alone.replace("key: id}", "key: id, erased: gone}");
    insta::assert_snapshot!(refused(&erased, &edit), @"
    ==> exception_key: line
    RK731: the erased keys of orders were values of id, and are now looked for in line: the next load brings erased rows back, and leaves out rows that nobody erased
    RK729: the exceptions of orders had the key id and now have line: holds of the old keys keep no row any more, and the next cycle deletes their due rows for good
    ");
}

/// An earlier version compared times without a zone with the clock of UTC, also in a project with a
/// zone. Its manifest has no zone of a time.
#[test]
fn a_purge_that_an_earlier_version_compiled_by_the_clock_of_utc_is_refused() {
    let project = "name: shop
dialect: postgres
schema: s
time_zone: Asia/Tokyo
exceptions: {table: gaps, key: id}
tables:
- {model: mart, archive: none, tripwire: 20%, unique_key: id, time: {column: at}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint not null, at: timestamp}}
";
    let manifest = rowkeep::compile(&Inputs::new("rowkeep.yml", project)).expect("it compiles");
    let manifest = manifest.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    let spec = rowkeep::resolve(&Inputs::new("rowkeep.yml", project)).expect("it resolves");
    assert!(rowkeep::check::restructured(&spec, manifest, &BTreeSet::new()).is_ok());
    let mut earlier: serde_json::Value = serde_json::from_str(manifest).expect("JSON");
    let node = earlier["nodes"].as_object_mut().expect("nodes").values_mut().next().expect("a node");
    assert!(node["time"].as_object_mut().expect("a time").remove("zone").is_some());
    let found = rowkeep::check::restructured(&spec, &earlier.to_string(), &BTreeSet::new()).expect_err("it is refused");
    assert!(found.to_string().contains("aged by the clock of UTC, and now by that of Asia/Tokyo"), "{found}");
}

/// A project with history, as text.
fn archives() -> String {
    let table = "- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, \
                 retention: {for: 90 days}, only_when: {state: [closed, void]}, exception: GAP, \
                 columns: {id: bigint, day: date, state: text}}\n";
    format!(
        "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025, 2026]\nretired_before: 2025-01-01\n\
         exceptions: {{table: gaps, key: id}}\ntables:\n{table}"
    )
}

#[test]
fn holds_and_marts_that_no_statement_would_find_are_refused() {
    let edits = [
        ("GAP", "OTHER_GAP"),
        ("table: gaps", "table: exceptions"),
        ("model: mart,", "model: mart, relation: s.other,"),
        ("model: mart,", "model: orders, relation: s.mart,"),
    ];
    let archives = archives();
    let kept = refused(&archives.replace("retired_before: 2025-01-01\n", ""), &edits[..1]);
    insta::assert_snapshot!(kept, @"
    ==> OTHER_GAP
    RK728: the exceptions of mart had the type GAP and now have OTHER_GAP: holds of the old type keep no row any more, and the next cycle archives their due rows
    ");
    insta::assert_snapshot!(refused(&archives, &edits), @"
    ==> OTHER_GAP
    RK729: the exceptions of mart had the type GAP and now have OTHER_GAP: holds of the old type keep no row any more, and the next cycle deletes their due rows from before 2025-01-01 for good
    ==> table: exceptions
    RK729: the exceptions of mart were in s.gaps and are now in s.exceptions: holds in the old table keep no row any more, and the next cycle deletes their due rows from before 2025-01-01 for good
    ==> model: mart, relation: s.other,
    RK723: the mart of mart was s.mart and is now s.other: rows that are in the old table would stay there, and no statement would read them
    ==> model: orders, relation: s.mart,
    RK723: model `mart` is now `orders`: its work tables, monitors and files get new names, and dbt does not find the hooks of the old one
    ");
}

#[test]
fn a_column_that_may_have_a_new_name_is_named() {
    let before = archives().replace(", only_when: {state: [closed, void]}", "");
    let manifest = rowkeep::compile(&Inputs::new("rowkeep.yml", before.as_str())).expect("it compiles");
    let manifest = manifest.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    let help = |new: &str| {
        let inputs = Inputs::new("rowkeep.yml", before.replace("state: text", new));
        let after = rowkeep::resolve(&inputs).expect("it resolves");
        let refused = rowkeep::check::restructured(&after, manifest, &BTreeSet::new()).expect_err(new);
        refused.render(&inputs, rowkeep::Style::Plain)
    };
    assert!(help("status: text").contains("if `status` is its new name, rename it"));
    assert!(!help("status: integer").contains("new name"));
    assert!(!help("status: text, kind: text").contains("new name"));
}

#[test]
fn a_condition_that_more_rows_meet_is_refused() {
    let edits = [
        ("[closed, void]", "[closed, open]"),
        ("[closed, void]", "{not: [open]}"),
        (", only_when: {state: [closed, void]}", ""),
    ];
    insta::assert_snapshot!(refused(&archives(), &edits), @"
    ==> [closed, open]
    RK728: rows of mart left the mart only when state is closed or void, and now when state is closed or open: the next cycle moves all old rows that meet only the new condition
    ==> {not: [open]}
    RK728: rows of mart left the mart only when state is closed or void, and now when state is neither NULL nor open: the next cycle moves all old rows that meet only the new condition
    ==> 
    RK728: rows of mart left the mart only when state is closed or void, and now leave without this condition: the next cycle moves all old rows that do not meet it
    ");
    let one_text = archives().replace("[closed, void]", "['closed or void', open]");
    let said = refused(&one_text, &[("['closed or void', open]", "[closed, open]")]);
    assert!(said.contains("state is 'closed or void' or open, and now when state is closed or open"), "{said}");
    let none = archives().replace("[closed, void]", "{not: [open, new]}");
    insta::assert_snapshot!(refused(&none, &[("[open, new]", "[open]")]), @"
    ==> [open]
    RK728: rows of mart left the mart only when state is neither NULL nor open or new, and now when state is neither NULL nor open: the next cycle moves all old rows that meet only the new condition
    ");
}

#[test]
fn a_condition_that_fewer_rows_meet_is_not_refused() {
    let none = archives().replace("[closed, void]", "{not: [open]}");
    // Two conditions of one column, of which none changes.
    let two = archives().replace("{state: [closed, void]}", "{id: {at_least: 1, less_than: 9}}");
    let edits = [
        (two, "GAP", "GAP"),
        (archives(), "[closed, void]", "[void, closed]"),
        (archives(), "[closed, void]", "[closed]"),
        (none, "[open]", "[new, open]"),
    ];
    for (before, old, new) in edits {
        let manifest = rowkeep::compile(&Inputs::new("rowkeep.yml", before.as_str())).expect("it compiles");
        let manifest = manifest.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
        let after = rowkeep::resolve(&Inputs::new("rowkeep.yml", before.replace(old, new))).expect("it resolves");
        assert!(rowkeep::check::restructured(&after, manifest, &BTreeSet::new()).is_ok(), "{new}");
    }
}

/// Earlier versions wrote a synonym of this type on Snowflake.
#[test]
fn a_synonym_of_a_type_is_no_change() {
    let project = "name: shop
dialect: snowflake
schema: s
periods: [2025_h2, 2026_h1]
exceptions: {table: gaps, key: id}
tables:
- {model: mart, history: hist, unique_key: id, time: {column: at}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint not null, at: timestamptz}}
";
    let inputs = Inputs::new("rowkeep.yml", project);
    let compiled = rowkeep::compile(&inputs).expect("it compiles");
    let manifest = compiled.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    assert!(manifest.contains("TIMESTAMP_TZ"));
    let spec = rowkeep::resolve(&inputs).expect("it resolves");
    let earlier = manifest.replace("TIMESTAMP_TZ", "TIMESTAMPTZ");
    assert!(rowkeep::check::restructured(&spec, &earlier, &BTreeSet::new()).is_ok());
    let other = manifest.replace("TIMESTAMP_TZ", "TIMESTAMP_NTZ");
    assert!(rowkeep::check::restructured(&spec, &other, &BTreeSet::new()).is_err());
}
