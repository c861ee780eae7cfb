//! Each monitor finds a planted fault, and does not find it after the repair. It records one
//! exception for each key, and resolves the exception.

use std::collections::BTreeSet;

use crate::operations::{CLOCK, DAY, Story, run_story};

/// A key that occurs in no story.
const KEY: i64 = 9_000_001;

/// The statements that create a fault, and the statements that repair it.
struct Fault {
    plant: Vec<String>,
    mend: Vec<String>,
    /// The key of the finding, or `None` for a finding without a key.
    key: Option<i64>,
}

/// The story into which faults are planted.
struct Fixture<'a> {
    story: &'a Story,
    /// The newest time of the orders.
    newest: i64,
}

impl Fixture<'_> {
    /// An INSERT of one row of a model.
    fn row(&self, model: &str, relation: &str, key: &str, time: i64) -> String {
        let node = self.story.node(model);
        let value = |column: &str| match column {
            "order_id" => key.to_owned(),
            column if column == node.time.column => time.to_string(),
            _ => "1".to_owned(),
        };
        let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<_> = columns.iter().map(|column| value(column)).collect();
        format!("INSERT INTO {relation} ({}) VALUES ({})", columns.join(", "), values.join(", "))
    }

    fn fault(&self, relations: &[&str], plant: Vec<String>, key: Option<i64>) -> Fault {
        let gone =
            |relation: &&str| format!("DELETE FROM {relation} WHERE order_id >= {KEY} OR order_id IS NULL AND FALSE");
        Fault { plant, mend: relations.iter().map(gone).collect(), key }
    }

    /// A fault that a standard monitor of a table must find.
    fn of_every_table(&self, model: &str, kind: &str) -> Option<Fault> {
        let node = self.story.node(model);
        let mart = node.relation_name.as_str();
        let histories = self.story.histories(node);
        let periods = &self.story.manifest.periods;
        // The oldest open period: its rows do not wait for a sweep.
        let open = periods.iter().position(|period| period.state == "open").expect("one is");
        let (first, second) = (histories[open].as_str(), histories[open + 1].as_str());
        let (in_first, in_second) = (periods[open].start_epoch + DAY, periods[open + 1].start_epoch);
        let key = KEY.to_string();
        let row = |relation: &str, time: i64| self.row(model, relation, &key, time);
        Some(match kind {
            "routed" => self.fault(&[first], vec![row(first, in_second)], Some(KEY)),
            "twice" => self.fault(&[mart, first], vec![row(mart, in_first), row(first, in_first)], Some(KEY)),
            "stale" => self.fault(&[first, second], vec![row(first, in_first), row(second, in_second)], Some(KEY)),
            "bounded" => self.fault(&[mart], vec![row(mart, in_first)], Some(KEY)),
            "lower_edge" => self.fault(&[mart], vec![row(mart, periods[0].start_epoch - 1)], None),
            "horizon" => {
                // The row is due after 180 days, and the monitor must warn 60 days before that.
                let end = periods.last().expect("periods").end_epoch;
                self.fault(&[mart], vec![row(mart, end + 120 * DAY)], None)
            }
            "refused" => {
                let raw = self.raw(model);
                let mut fault = self.fault(&[], vec![self.row(model, &raw, "NULL", self.newest)], None);
                fault.mend = vec![format!(
                    "DELETE FROM {raw} WHERE order_id IS NULL AND {} = {}",
                    node.time.column, self.newest
                )];
                fault
            }
            "tripwire" => {
                let columns: Vec<_> = node.columns.iter().map(|column| column.name.as_str()).collect();
                let value = |column: &&str| match *column {
                    "order_id" => format!("{KEY} + i"),
                    column if column == node.time.column => in_first.to_string(),
                    _ => "1".to_owned(),
                };
                let values: Vec<_> = columns.iter().map(value).collect();
                let many = format!(
                    "INSERT INTO {mart} ({}) SELECT {} FROM generate_series(0, 100000) AS i",
                    columns.join(", "),
                    values.join(", ")
                );
                self.fault(&[mart], vec![many], None)
            }
            _ => return None,
        })
    }

    fn raw(&self, model: &str) -> String {
        format!("settlement_public.{}_raw", model.strip_prefix("mart_").expect("a mart"))
    }

    /// A fault that a monitor in `monitors:` of the example must find.
    fn of_the_example(&self, name: &str) -> Option<Fault> {
        let (uti, ecs, uts) = ("mart_uni_tracking_info", "mart_ecs_order_info", "mart_uni_tracking_spath");
        let relation = |model: &str| self.story.node(model).relation_name.clone();
        let row = |model: &str, time: i64| self.row(model, &relation(model), &KEY.to_string(), time);
        let (uti_mart, ecs_mart, uts_mart) = (relation(uti), relation(ecs), relation(uts));
        let orders = [uti_mart.as_str(), ecs_mart.as_str(), uts_mart.as_str()];
        let now = self.newest;
        Some(match name {
            "uti_is_latest_event" => {
                self.fault(&orders, vec![row(uti, now), row(ecs, now), row(uts, now - 7)], Some(KEY))
            }
            "uti_has_events" => self.fault(&orders, vec![row(uti, now), row(ecs, now)], Some(KEY)),
            "uti_has_order_info" => self.fault(&orders, vec![row(uti, now), row(uts, now)], Some(KEY)),
            "ecs_equals_source" => self.fault(&orders, vec![row(ecs, now)], None),
            "uts_equals_source" => self.fault(&orders, vec![row(uts, now)], None),
            "order_tracking_exceptions__unresolved" => {
                let exceptions = "settlement_ods.order_tracking_exceptions";
                let plant = format!(
                    "INSERT INTO {exceptions} (order_id, exception_type) VALUES ({KEY}, 'ARCHIVE_ROUTING_GAP')"
                );
                let hold = plant.replace("_GAP'", "_GAP_HOLD'");
                self.fault(&[exceptions], vec![plant, hold], Some(KEY))
            }
            _ => return None,
        })
    }
}

/// The keys of the open exceptions of a type.
fn open(story: &Story, exception_type: &str) -> Vec<Option<String>> {
    let rows = story.database.ask(&format!(
        "SELECT order_id FROM settlement_ods.order_tracking_exceptions \
         WHERE exception_type = '{exception_type}' AND resolved_at IS NULL ORDER BY order_id"
    ));
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

/// Creates the sources of comparisons as copies of the marts.
fn copy_sources(story: &Story) {
    story.database.execute("CREATE SCHEMA mysql_source");
    for (source, mart) in [("ecs_order_info", "mart_ecs_order_info"), ("uni_tracking_spath", "mart_uni_tracking_spath")]
    {
        story.database.execute(&format!("CREATE TABLE mysql_source.{source} AS SELECT * FROM settlement_ods.{mart}"));
    }
}

#[test]
fn each_monitor_finds_the_planted_fault_and_no_other() {
    let story = run_story("operations_faults", 2, 16, &mut |_, _| {});
    copy_sources(&story);
    let newest = story.database.number("SELECT MAX(update_time) FROM settlement_ods.mart_uni_tracking_info");
    let fixture = Fixture { story: &story, newest };
    let mut kinds = BTreeSet::new();
    for monitor in &story.manifest.monitors {
        let (name, kind) = (monitor.name.as_str(), monitor.kind);
        let model = monitor.model.as_ref().map(|id| story.manifest.nodes[id].name.clone()).unwrap_or_default();
        let fault = fixture.of_the_example(name).or_else(|| fixture.of_every_table(&model, kind));
        let Some(fault) = fault else {
            assert_eq!(kind, "count_match", "{name} is not tested");
            continue;
        };
        kinds.insert(kind);
        // A window ends at the clock. For the horizon, the row must not be later than the clock.
        let now = if kind == "horizon" { CLOCK } else { newest + 3_600 };
        let before = story.finds(name, now);
        if ["routed", "twice", "stale", "bounded", "horizon", "lower_edge", "tripwire", "compare"].contains(&kind) {
            assert_eq!(before, [], "{name} finds a fault that was not planted");
        }
        fault.plant.iter().for_each(|sql| story.database.execute(sql));
        let found = story.finds(name, now);
        let mut expected = before.clone();
        expected.push(match kind {
            "tripwire" => Some("100001".to_owned()),
            _ => fault.key.map(|key| key.to_string()),
        });
        expected.sort();
        assert_eq!(found, expected, "{name}");
        let exception_type = monitor.exception_type.clone().unwrap_or_default();
        let resolve = || monitor.resolve.iter().for_each(|resolve| story.run(resolve, now));
        if let Some(record) = &monitor.record {
            resolve();
            story.run(record, now);
            story.run(record, now);
            resolve();
            let mut keys = expected.clone();
            if kind == "refused" {
                // All refused rows together have one exception.
                keys = vec![None];
            }
            keys.dedup();
            assert_eq!(open(&story, &exception_type), keys, "{name} records each key once");
        }
        fault.mend.iter().for_each(|sql| story.database.execute(sql));
        assert_eq!(story.finds(name, now), before, "{name} finds the repaired fault");
        // Days later, after the window has moved: an exception stays open while its fault exists.
        monitor.resolve.iter().for_each(|resolve| story.run(resolve, now + 3 * DAY));
        let mut keys = before.clone();
        keys.retain(Option::is_some);
        keys.dedup();
        // A row that left raw or the window is not repaired by this, so its exception stays open.
        if ["refused", "compare"].contains(&kind) {
            keys = vec![None];
        }
        if monitor.record.is_some() {
            assert_eq!(open(&story, &exception_type), keys, "{name} resolves only exceptions of repaired faults");
        }
        story.database.execute(
            "DELETE FROM settlement_ods.order_tracking_exceptions WHERE order_id >= 9000000 OR order_id IS NULL",
        );
    }
    assert_eq!(kinds.len(), 13, "{kinds:?}");
}

/// The findings of the example's monitors equal the result of independent queries of the views.
#[test]
fn findings_equal_independent_queries() {
    let story = run_story("operations_queries", 7, 8, &mut |_, _| {});
    let newest = story.database.number("SELECT MAX(update_time) FROM settlement_ods.mart_uni_tracking_info");
    let now = newest + DAY - 1;
    // The window must contain orders of each kind. Otherwise the test proves nothing.
    let window = format!("m.update_time >= {}", now - DAY);
    let mart = "settlement_ods.mart_uni_tracking_info AS m";
    let questions = [
        (
            "uti_has_events",
            format!(
                "SELECT order_id FROM {mart} WHERE {window} AND order_id NOT IN (SELECT order_id FROM settlement_ods.all_hist_uni_tracking_spath WHERE order_id IS NOT NULL)"
            ),
        ),
        (
            "uti_has_order_info",
            format!(
                "SELECT order_id FROM {mart} WHERE {window} AND order_id NOT IN (SELECT order_id FROM settlement_ods.mart_ecs_order_info)"
            ),
        ),
        (
            "uti_is_latest_event",
            format!(
                "SELECT m.order_id FROM {mart} WHERE {window} AND m.update_time <> (SELECT MAX(pathTime) FROM settlement_ods.all_hist_uni_tracking_spath AS s WHERE s.order_id = m.order_id)"
            ),
        ),
    ];
    story.database.execute(&format!(
        "INSERT INTO settlement_ods.mart_uni_tracking_info VALUES ({KEY}, 1, {newest}), ({}, 1, {newest}), ({}, 1, {newest})",
        KEY + 1, KEY + 2
    ));
    let history = story.histories(story.node("mart_uni_tracking_spath"))[1].clone();
    let archived = story.manifest.periods[1].start_epoch;
    // Events that are only in history count. One of them is the newest event of its order.
    story
        .database
        .execute(&format!("INSERT INTO {history} VALUES ({KEY}, 1, {archived}, 1), ({}, 1, {archived}, 1)", KEY + 1));
    story
        .database
        .execute(&format!("INSERT INTO settlement_ods.mart_uni_tracking_spath VALUES ({}, 1, {newest}, 1)", KEY + 1));
    for (name, question) in questions {
        let mut expected: Vec<_> = story.database.ask(&question).into_iter().map(|mut row| row.remove(0)).collect();
        expected.sort();
        assert_eq!(story.finds(name, now), expected, "{name}");
        assert!(!expected.is_empty(), "{name} finds nothing, so the test proves nothing");
    }
}

/// Two systems count the rows of a closed window. Fewer rows in raw are a fault, more rows are not.
#[test]
fn counts_are_compared_between_two_systems() {
    let story = run_story("operations_counts", 1, 5, &mut |_, _| {});
    let newest = story.database.number("SELECT MAX(update_time) FROM settlement_ods.mart_uni_tracking_info");
    let monitor = story.monitor("uti_extracted").clone();
    assert_eq!(monitor.find.parameters, ["expected", "start", "end"]);
    let window = (monitor.window.within_seconds.expect("it begins"), monitor.window.until_seconds.expect("it ends"));
    assert_eq!(window, (7_500, 300));
    // The other system is a table of the same name in another schema.
    story.database.execute("CREATE TABLE public.uni_tracking_info (order_id BIGINT, update_time BIGINT)");
    let raw = "settlement_public.uni_tracking_info_raw";
    story.database.execute(&format!("DELETE FROM {raw} WHERE TRUE"));
    let (start, end) = (newest - 7_500, newest - 300);
    let times = [start - 1, start, start + 5, end - 1, end];
    for (key, time) in times.iter().enumerate() {
        story.database.execute(&format!("INSERT INTO public.uni_tracking_info VALUES ({key}, {time})"));
        story.database.execute(&format!("INSERT INTO {raw} (order_id, update_time) VALUES ({key}, {time})"));
    }
    let given = |sql: &str, expected: i64| {
        sql.replace(":expected", &expected.to_string())
            .replace(":start", &start.to_string())
            .replace(":end", &end.to_string())
    };
    let theirs = || story.database.number(&given(&monitor.other_system.as_ref().expect("two halves").sql, 0));
    let ours = |expected: i64| story.database.ask(&given(&monitor.find.sql, expected));
    assert_eq!((theirs(), ours(theirs())), (3, vec![]), "both have three rows in [start, end)");
    story.database.execute(&format!("INSERT INTO {raw} (order_id, update_time) VALUES (1, {start})"));
    assert_eq!(ours(theirs()), Vec::<Vec<_>>::new(), "a row that was extracted twice is no fault");
    story.database.execute(&format!("DELETE FROM {raw} WHERE order_id IN (1, 2)"));
    assert_eq!(ours(theirs()), [[Some("3".to_owned()), Some("1".to_owned())]]);
}
