//! Checks views after every statement of a story, and the monitors of the laws after every run.

use std::collections::BTreeMap;

use rowkeep::artifacts::manifest::Node;

use crate::operations::{CLOCK, Moment, Story, run_story};

type Row = Vec<Option<String>>;

/// The rows that a view must show: the newest version of each key. If two versions are equal, the
/// mart's.
fn expected_rows(story: &Story, node: &Node) -> Vec<Row> {
    let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
    let at = |name: &str| columns.iter().position(|column| *column == name).expect("a column of the mart");
    let (time, key): (usize, Vec<usize>) =
        (at(&node.time.column), node.unique_key.iter().map(|name| at(name)).collect());
    let mut newest: BTreeMap<Vec<String>, (Option<i64>, Row)> = BTreeMap::new();
    let mut all = Vec::new();
    // The mart comes first: a history row replaces its row only if it is newer.
    for relation in std::iter::once(node.relation_name.clone()).chain(story.histories(node)) {
        for row in story.database.ask(&format!("SELECT {} FROM {relation}", columns.join(", "))) {
            let Some(whole) = key.iter().map(|&part| row[part].clone()).collect::<Option<Vec<_>>>() else {
                all.push(row);
                continue;
            };
            let at = row[time].as_ref().map(|text| text.parse().expect("seconds"));
            match newest.get(&whole) {
                Some((newest_time, _)) if *newest_time >= at => {}
                _ => drop(newest.insert(whole, (at, row))),
            }
        }
    }
    all.extend(newest.into_values().map(|(_, row)| row));
    all.sort();
    all
}

fn views_hold(story: &Story) {
    for node in story.manifest.nodes.values() {
        let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
        let (schema, prefix) = node.history.as_ref().expect("no purge here").rsplit_once('.').expect("a schema");
        let mut view = story.database.ask(&format!("SELECT {} FROM {schema}.all_{prefix}", columns.join(", ")));
        view.sort();
        assert_eq!(view, expected_rows(story, node), "all_{prefix}");

        // The view of all copies leaves no row out.
        let mut copies =
            story.database.ask(&format!("SELECT {} FROM {schema}.all_{prefix}__copies", columns.join(", ")));
        copies.sort();
        let mut everywhere = Vec::new();
        for relation in std::iter::once(node.relation_name.clone()).chain(story.histories(node)) {
            everywhere.extend(story.database.ask(&format!("SELECT {} FROM {relation}", columns.join(", "))));
        }
        everywhere.sort();
        assert_eq!(copies, everywhere, "all_{prefix}__copies");
    }
}

#[test]
fn views_are_correct_after_every_statement_and_laws_hold_after_every_run() {
    let (mut within, mut completed, mut asked) = (0, 0, 0);
    let story = run_story("operations_story", 2, 16, &mut |story, moment| {
        views_hold(story);
        if moment == Moment::Within {
            within += 1;
            return;
        }
        completed += 1;
        let law = |kind: &str| ["routed", "twice", "stale", "bounded"].contains(&kind);
        // With sealed periods, some laws hold only after a sweep.
        let holds = |after: &str| after == "cycle" || moment == Moment::Sweep;
        for monitor in story.manifest.monitors.iter().filter(|one| law(one.kind) && holds(one.after)) {
            asked += 1;
            assert_eq!(story.finds(&monitor.name, CLOCK), [], "{}", monitor.name);
        }
        let open = story.database.ask(
            "SELECT order_id FROM settlement_ods.order_tracking_exceptions \
             WHERE resolved_at IS NULL AND exception_type NOT LIKE '%HOLD' ORDER BY order_id",
        );
        let mut open: Vec<_> = open.into_iter().map(|mut row| row.remove(0)).collect();
        open.sort();
        assert_eq!(story.finds("order_tracking_exceptions__unresolved", CLOCK), open);
    });
    assert!(within > 600 && completed > 9 && asked > 100, "{within} statements, {completed} runs, {asked} questions");
    let sealed = |period: &rowkeep::artifacts::manifest::PeriodEntry| period.state == "sealed";
    assert!(story.manifest.periods.iter().any(sealed), "the story seals periods");
    let archived: i64 = story
        .manifest
        .nodes
        .values()
        .flat_map(|node| story.histories(node))
        .map(|history| story.database.number(&format!("SELECT COUNT(*) FROM {history}")))
        .sum();
    assert!(archived > 30, "{archived} archived rows");
}
