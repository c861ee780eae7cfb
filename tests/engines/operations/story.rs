//! Views, and the monitors of the laws, after every statement of a story.

use std::collections::BTreeMap;

use rowkeep::manifest::Node;

use crate::operations::{CLOCK, Moment, Told, tell};

type Row = Vec<Option<String>>;

/// What a view must show, from what stands in the tables: each key once with its newest version, the mart's where two are equal.
fn shown(told: &Told, node: &Node) -> Vec<Row> {
    let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
    let at = |name: &str| columns.iter().position(|column| *column == name).expect("a column of the mart");
    let (time, key): (usize, Vec<usize>) =
        (at(&node.time.column), node.unique_key.iter().map(|name| at(name)).collect());
    let mut newest: BTreeMap<Vec<String>, (Option<i64>, Row)> = BTreeMap::new();
    let mut all = Vec::new();
    // The mart comes first, so that a history row has to be newer.
    for relation in std::iter::once(node.relation_name.clone()).chain(told.histories(node)) {
        for row in told.database.ask(&format!("SELECT {} FROM {relation}", columns.join(", "))) {
            let Some(whole) = key.iter().map(|&part| row[part].clone()).collect::<Option<Vec<_>>>() else {
                all.push(row);
                continue;
            };
            let at = row[time].as_ref().map(|text| text.parse().expect("seconds"));
            match newest.get(&whole) {
                Some((known, _)) if *known >= at => {}
                _ => drop(newest.insert(whole, (at, row))),
            }
        }
    }
    all.extend(newest.into_values().map(|(_, row)| row));
    all.sort();
    all
}

fn views_hold(told: &Told) {
    for node in told.manifest.nodes.values() {
        let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
        let (schema, prefix) = node.history.rsplit_once('.').expect("a schema");
        let mut view = told.database.ask(&format!("SELECT {} FROM {schema}.all_{prefix}", columns.join(", ")));
        view.sort();
        assert_eq!(view, shown(told, node), "all_{prefix}");
    }
}

#[test]
fn views_are_right_after_every_statement_and_laws_hold_after_every_run() {
    let (mut within, mut completed, mut asked) = (0, 0, 0);
    let told = tell("around_story", 2, 16, &mut |told, moment| {
        views_hold(told);
        if moment == Moment::Within {
            within += 1;
            return;
        }
        completed += 1;
        let law = |kind: &str| ["routed", "twice", "stale", "bounded"].contains(&kind);
        // With sealed periods, some hold after a sweep only.
        let holds = |after: &str| after == "cycle" || moment == Moment::Sweep;
        for monitor in told.manifest.monitors.iter().filter(|one| law(one.kind) && holds(one.after)) {
            asked += 1;
            assert_eq!(told.finds(&monitor.name, CLOCK), [], "{}", monitor.name);
        }
        let open = told.database.ask(
            "SELECT order_id FROM settlement_ods.order_tracking_exceptions \
             WHERE resolved_at IS NULL AND exception_type NOT LIKE '%HOLD' ORDER BY order_id",
        );
        let mut open: Vec<_> = open.into_iter().map(|mut row| row.remove(0)).collect();
        open.sort();
        assert_eq!(told.finds("order_tracking_exceptions__unresolved", CLOCK), open);
    });
    assert!(within > 600 && completed > 9 && asked > 100, "{within} statements, {completed} runs, {asked} questions");
    let sealed = |period: &rowkeep::manifest::PeriodEntry| period.state == "sealed";
    assert!(told.manifest.periods.iter().any(sealed), "the story seals periods");
    let archived: i64 = told
        .manifest
        .nodes
        .values()
        .flat_map(|node| told.histories(node))
        .map(|history| told.database.number(&format!("SELECT COUNT(*) FROM {history}")))
        .sum();
    assert!(archived > 30, "{archived} archived rows");
}
