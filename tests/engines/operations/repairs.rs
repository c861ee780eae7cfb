//! The tripwire, and what an operator does about a key.

use crate::engine::{cycle, sweep};
use crate::operations::{CLOCK, Told, tell};

/// The statements of a repair with what an operator gives.
fn repair(told: &Told, model: Option<&str>, name: &str, key: &str) {
    let id = model.map(|model| told.node(model).unique_id.clone());
    let repair = told.manifest.repairs.iter().find(|repair| repair.name == name && repair.model == id);
    for statement in &repair.expect("a repair of that name").statements {
        let sql = statement.sql.replace(":key", &format!("'{key}'")).replace(":notes", "'a claim is open'");
        told.database.run_at(&sql.replace(":type", "'ORDER_MISSING_SPATH'"), CLOCK);
    }
}

/// A cycle, and the sweep: periods may be sealed by then.
fn run(told: &Told) {
    for hook in cycle(&told.manifest).into_iter().chain(sweep(&told.manifest)) {
        told.database.run_at(&hook.sql, CLOCK);
    }
}

/// How many rows of a key the mart and the history tables have.
fn places(told: &Told, model: &str, key: &str) -> (i64, i64) {
    let node = told.node(model);
    let count =
        |relation: &str| told.database.number(&format!("SELECT COUNT(*) FROM {relation} WHERE order_id = {key}"));
    (count(&node.relation_name), told.histories(node).iter().map(|history| count(history)).sum())
}

#[test]
fn an_archived_key_comes_back_and_stays_while_it_is_held() {
    let told = tell("around_repairs", 2, 16, &mut |_, _| {});
    for model in ["mart_ecs_order_info", "mart_uni_tracking_info", "mart_uni_tracking_spath"] {
        let node = told.node(model);
        let elsewhere = |relation: &str| format!("order_id NOT IN (SELECT order_id FROM {relation})");
        let mart = format!("{} WHERE order_id IS NOT NULL", node.relation_name);
        let exceptions = "settlement_ods.order_tracking_exceptions WHERE order_id IS NOT NULL AND resolved_at IS NULL";
        let of = |history: &String| {
            format!("SELECT order_id FROM {history} WHERE {} AND {}", elsewhere(&mart), elsewhere(exceptions))
        };
        let archived: Vec<_> = told.histories(node).iter().map(of).collect();
        let keys = told.database.ask(&format!("SELECT MIN(order_id) FROM ({}) AS h", archived.join(" UNION ALL ")));
        let key = keys[0][0].clone().expect("a key that is in history alone");
        let (_, rows) = places(&told, model, &key);
        assert!(rows > 0);
        repair(&told, Some(model), "hold", &key);
        repair(&told, Some(model), "hold", &key);
        repair(&told, Some(model), "restore", &key);
        assert_eq!(places(&told, model, &key), (rows, 0), "{model}: what was archived is back, and stands once");
        repair(&told, Some(model), "restore", &key);
        run(&told);
        assert_eq!(places(&told, model, &key), (rows, 0), "{model}: it is held");
        repair(&told, Some(model), "lift", &key);
        run(&told);
        assert_eq!(places(&told, model, &key), (0, rows), "{model}: it is due, and goes again");
    }
    let holds = "SELECT COUNT(*) FROM settlement_ods.order_tracking_exceptions WHERE exception_type LIKE '%HOLD' AND notes = 'a claim is open'";
    assert_eq!(told.database.number(holds), 3, "twice is once");
    assert_eq!(told.database.number(&format!("{holds} AND resolved_at IS NULL")), 0);
}

#[test]
fn an_operator_closes_an_exception_and_no_hold() {
    let told = tell("around_resolve", 2, 5, &mut |_, _| {});
    let exceptions = "settlement_ods.order_tracking_exceptions";
    for exception_type in ["ORDER_MISSING_SPATH", "UTI_UTS_TIME_MISMATCH", "ARCHIVE_ROUTING_GAP_HOLD"] {
        told.database.execute(&format!(
            "INSERT INTO {exceptions} (order_id, exception_type) VALUES (9000001, '{exception_type}')"
        ));
    }
    let open = || {
        told.database.ask(&format!(
            "SELECT exception_type FROM {exceptions} WHERE order_id = 9000001 AND resolved_at IS NULL ORDER BY 1"
        ))
    };
    repair(&told, None, "resolve", "9000001");
    assert_eq!(open(), [[Some("ARCHIVE_ROUTING_GAP_HOLD".to_owned())], [Some("UTI_UTS_TIME_MISMATCH".to_owned())]]);
}

#[test]
fn a_tripwire_stops_a_cycle_before_a_row_moves() {
    let told = tell("around_tripwire", 2, 16, &mut |_, _| {});
    // What lies in no open period is held, and never goes.
    let open = told.manifest.periods.iter().find(|period| period.state == "open");
    let due = open.expect("one is").start_epoch;
    for model in ["mart_uni_tracking_info", "mart_uni_tracking_spath", "mart_ecs_order_info"] {
        let node = told.node(model);
        let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<_> = columns
            .iter()
            .map(|column| match *column {
                "order_id" => "9000001 + i".to_owned(),
                column if column == node.time.column => due.to_string(),
                _ => "1".to_owned(),
            })
            .collect();
        let add = |rows: i64| {
            told.database.execute(&format!(
                "INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {rows}) AS i",
                node.relation_name,
                columns.join(", "),
                values.join(", ")
            ));
        };
        let through = |name: &str| {
            let end = node.post_hooks.iter().position(|hook| hook.name == name).expect("a hook of that name");
            node.post_hooks[..end].iter().for_each(|hook| told.database.run_at(&hook.sql, CLOCK));
            &node.post_hooks[end]
        };
        add(99_999);
        let wire = through("07_resolve_tripwire");
        assert!(wire.writes.is_empty());
        told.database.run_at(&wire.sql, CLOCK);
        add(1);
        let said = told.database.refuses(&through("07_resolve_tripwire").sql, CLOCK);
        assert!(said.contains("rowkeep tripwire: 100000 of "), "{said}");
        assert!(
            said.contains(&format!("rows of {model} are due and not held, more than 20 in 100: nothing was archived")),
            "{said}"
        );
        told.database.execute(&format!("DELETE FROM {} WHERE order_id > 9000000", node.relation_name));
    }
}
