//! The tripwire, and the repairs that an operator runs for a key.

use crate::engine::{cycle, sweep};
use crate::operations::{CLOCK, Story, run_story};

/// Runs the statements of a repair, with the values of the operator.
fn repair(story: &Story, model: Option<&str>, name: &str, key: &str) {
    let id = model.map(|model| story.node(model).unique_id.clone());
    let repair = story.manifest.repairs.iter().find(|repair| repair.name == name && repair.model == id);
    for statement in &repair.expect("a repair of that name").statements {
        let sql = statement.sql.replace(":key", &format!("'{key}'")).replace(":notes", "'a claim is open'");
        story.database.run_at(&sql.replace(":type", "'ORDER_MISSING_SPATH'"), CLOCK);
    }
}

/// Runs a cycle and the sweep, because periods may be sealed.
fn run(story: &Story) {
    for hook in cycle(&story.manifest).into_iter().chain(sweep(&story.manifest)) {
        story.database.run_at(&hook.sql, CLOCK);
    }
}

/// The number of rows of a key in the mart, and in the history tables.
fn places(story: &Story, model: &str, key: &str) -> (i64, i64) {
    let node = story.node(model);
    let count =
        |relation: &str| story.database.number(&format!("SELECT COUNT(*) FROM {relation} WHERE order_id = {key}"));
    (count(&node.relation_name), story.histories(node).iter().map(|history| count(history)).sum())
}

#[test]
fn a_restored_key_stays_while_it_is_held() {
    let story = run_story("operations_repairs", 2, 16, &mut |_, _| {});
    for model in ["mart_ecs_order_info", "mart_uni_tracking_info", "mart_uni_tracking_spath"] {
        let node = story.node(model);
        let elsewhere = |relation: &str| format!("order_id NOT IN (SELECT order_id FROM {relation})");
        let mart = format!("{} WHERE order_id IS NOT NULL", node.relation_name);
        let exceptions = "settlement_ods.order_tracking_exceptions WHERE order_id IS NOT NULL AND resolved_at IS NULL";
        let archived_keys = |history: &String| {
            format!("SELECT order_id FROM {history} WHERE {} AND {}", elsewhere(&mart), elsewhere(exceptions))
        };
        let archived: Vec<_> = story.histories(node).iter().map(archived_keys).collect();
        let keys = story.database.ask(&format!("SELECT MIN(order_id) FROM ({}) AS h", archived.join(" UNION ALL ")));
        let key = keys[0][0].clone().expect("a key that is in history alone");
        let (_, rows) = places(&story, model, &key);
        assert!(rows > 0);
        repair(&story, Some(model), "hold", &key);
        repair(&story, Some(model), "hold", &key);
        repair(&story, Some(model), "restore", &key);
        assert_eq!(places(&story, model, &key), (rows, 0), "{model}: the archived rows are only in the mart");
        repair(&story, Some(model), "restore", &key);
        run(&story);
        assert_eq!(places(&story, model, &key), (rows, 0), "{model}: it is held");
        repair(&story, Some(model), "lift", &key);
        run(&story);
        assert_eq!(places(&story, model, &key), (0, rows), "{model}: it is due, and is archived again");
    }
    let holds = "SELECT COUNT(*) FROM settlement_ods.order_tracking_exceptions WHERE exception_type LIKE '%HOLD' AND notes = 'a claim is open'";
    assert_eq!(story.database.number(holds), 3, "a hold is idempotent");
    assert_eq!(story.database.number(&format!("{holds} AND resolved_at IS NULL")), 0);
}

#[test]
fn resolve_closes_an_exception_but_no_hold() {
    let story = run_story("operations_resolve", 2, 5, &mut |_, _| {});
    let exceptions = "settlement_ods.order_tracking_exceptions";
    for exception_type in ["ORDER_MISSING_SPATH", "UTI_UTS_TIME_MISMATCH", "ARCHIVE_ROUTING_GAP_HOLD"] {
        story.database.execute(&format!(
            "INSERT INTO {exceptions} (order_id, exception_type) VALUES (9000001, '{exception_type}')"
        ));
    }
    let open = || {
        story.database.ask(&format!(
            "SELECT exception_type FROM {exceptions} WHERE order_id = 9000001 AND resolved_at IS NULL ORDER BY 1"
        ))
    };
    repair(&story, None, "resolve", "9000001");
    assert_eq!(open(), [[Some("ARCHIVE_ROUTING_GAP_HOLD".to_owned())], [Some("UTI_UTS_TIME_MISMATCH".to_owned())]]);
}

#[test]
fn a_tripwire_stops_a_cycle_before_a_row_moves() {
    let story = run_story("operations_tripwire", 2, 16, &mut |_, _| {});
    // A row outside of the open periods is held, so the test needs a time in an open period.
    let open = story.manifest.periods.iter().find(|period| period.state == "open");
    let due = open.expect("one is").start_epoch;
    for model in ["mart_uni_tracking_info", "mart_uni_tracking_spath", "mart_ecs_order_info"] {
        let node = story.node(model);
        let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<_> = columns
            .iter()
            .map(|column| match *column {
                "order_id" => "9000001 + i".to_owned(),
                column if column == node.time.column => due.to_string(),
                _ => "1".to_owned(),
            })
            .collect();
        let add = |first: i64, last: i64| {
            story.database.execute(&format!(
                "INSERT INTO {} ({}) SELECT {} FROM generate_series({first}, {last}) AS i",
                node.relation_name,
                columns.join(", "),
                values.join(", ")
            ));
        };
        let through = |name: &str| {
            let end = node.post_hooks.iter().position(|hook| hook.name == name).expect("a hook of that name");
            node.post_hooks[..end].iter().for_each(|hook| story.database.run_at(&hook.sql, CLOCK));
            &node.post_hooks[end]
        };
        add(1, 99_999);
        let wire = through("07_resolve_tripwire");
        assert!(wire.writes.is_empty());
        story.database.run_at(&wire.sql, CLOCK);
        add(100_000, 100_000);
        let said = story.database.refuses(&through("07_resolve_tripwire").sql, CLOCK);
        assert!(said.contains("rowkeep tripwire: 100000 of "), "{said}");
        assert!(
            said.contains(&format!("rows of {model} are due and not held, more than 20 in 100: nothing was archived")),
            "{said}"
        );
        story.database.execute(&format!("DELETE FROM {} WHERE order_id > 9000000", node.relation_name));
    }
}
