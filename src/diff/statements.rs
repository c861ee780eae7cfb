//! Statements of two versions, one beside the other. What only follows from another list of periods is said as that.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use similar::{DiffTag, TextDiff};

use crate::artifacts::manifest::{Hook, LoadStatement, Manifest, Monitor, OperationEntry};
use crate::project::{Period, Spec, Time};

/// A statement that is other than before.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// The model, or the load.
    pub model: String,
    /// When it runs: `load`, `cycle` or `sweep`; or what it is: `raw`, a trim of a raw table, `monitor`,
    /// `upkeep`, `repair`, or `settings` of a monitor or an upkeep; of a load, `run`, `monitor` or `clean`.
    pub runs: &'static str,
    /// Its file's stem, such as `08_archive__2026_h2`.
    pub name: String,
    /// In which way it is other.
    pub how: How,
    /// That in words.
    pub words: String,
    /// Its text before.
    pub before: Option<String>,
    /// Its text after.
    pub after: Option<String>,
}

/// In which way a statement is other than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// It was not there.
    Added,
    /// It is not there any more.
    Dropped,
    /// It looks at more periods, and does the same otherwise.
    Widened,
    /// It looks at fewer periods, and does the same otherwise.
    Narrowed,
    /// Anything else.
    Changed,
}

impl How {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Added => "added",
            How::Dropped => "dropped",
            How::Widened => "widened",
            How::Narrowed => "narrowed",
            How::Changed => "changed",
        }
    }
}

/// One version: its spec and what it compiles to.
type Version<'a> = (&'a Spec, &'a Manifest);
type Key<'a> = (&'a str, &'static str, &'a str);

/// A statement, as far as it is held beside another.
#[derive(Clone)]
struct Text<'a> {
    sql: Cow<'a, str>,
    reads: &'a [String],
}

/// Every statement, model by model in run order, then those that are for no model alone.
fn statements<'m>(manifest: &'m Manifest) -> Vec<(Key<'m>, Text<'m>)> {
    let mut all = Vec::new();
    for (id, sweep) in manifest.order.iter().zip(&manifest.sweep) {
        let node = &manifest.nodes[id];
        for (runs, hooks) in [("load", &node.load), ("cycle", &node.post_hooks), ("sweep", &sweep.post_hooks)] {
            all.extend(hooks.iter().map(|hook| {
                let Hook { name, sql, reads, .. } = hook;
                ((node.name.as_str(), runs, name.as_str()), Text { sql: sql.into(), reads })
            }));
        }
        around(manifest, Some(id), &node.name, &mut all);
    }
    for trim in &manifest.raw_trims {
        all.push(about_operation(&trim.table, "raw", &trim.statement));
    }
    around(manifest, None, "", &mut all);
    for load in &manifest.loads {
        let mut add = |runs: &'static str, statement: &'m LoadStatement| {
            all.push((
                (load.name.as_str(), runs, statement.name),
                Text { sql: statement.sql.as_str().into(), reads: &[] },
            ));
        };
        load.statements.iter().for_each(|statement| add("run", statement));
        add("clean", &load.clean);
        load.monitors.iter().for_each(|statement| add("monitor", statement));
    }
    all
}

/// What is asked of a model's rows and done for it, apart from its cycles.
fn around<'a>(manifest: &'a Manifest, id: Option<&String>, model: &'a str, all: &mut Vec<(Key<'a>, Text<'a>)>) {
    // What is recorded of a finding follows from the question.
    let monitors = manifest.monitors.iter().filter(|monitor| monitor.model.as_ref() == id);
    for monitor in monitors {
        all.push(about_operation(model, "monitor", &monitor.find));
        all.push(((model, "settings", &monitor.name), Text { sql: settings(monitor).into(), reads: &[] }));
    }
    let upkeep = manifest.maintenance.iter().filter(|upkeep| Some(&upkeep.model) == id);
    for upkeep in upkeep {
        all.push(about_operation(model, "upkeep", &upkeep.statement));
        let when = upkeep.condition.as_ref().map_or("always", |condition| condition.statement.sql.as_str());
        let sql = format!("every {} seconds\n{when}", upkeep.every_seconds);
        all.push(((model, "settings", &upkeep.statement.name), Text { sql: sql.into(), reads: &[] }));
    }
    let repairs = manifest.repairs.iter().filter(|repair| repair.model.as_ref() == id);
    all.extend(repairs.flat_map(|repair| &repair.statements).map(|task| about_operation(model, "repair", task)));
}

/// What a monitor has beyond its question: what is recorded of a finding follows from it and from these.
fn settings(monitor: &Monitor) -> String {
    let Monitor { severity, every_seconds, exception_type, window, other_system, .. } = monitor;
    let seconds = |bound: Option<u64>| bound.map_or_else(|| "none".to_owned(), |seconds| format!("{seconds} seconds"));
    let (within, until) = (seconds(window.within_seconds), seconds(window.until_seconds));
    let recorded = exception_type.as_deref().unwrap_or("not at all");
    let mut text = format!(
        "severity {severity}\nevery {every_seconds} seconds\nrecorded {recorded}\nwithin {within}\nuntil {until}"
    );
    if let Some(other) = other_system {
        text.push('\n');
        text.push_str(&other.sql);
    }
    text
}

fn about_operation<'a>(model: &'a str, runs: &'static str, operation: &'a OperationEntry) -> (Key<'a>, Text<'a>) {
    ((model, runs, &operation.name), Text { sql: operation.sql.as_str().into(), reads: &operation.reads })
}

/// Statements that are other than before, in run order, and how many are the same.
pub(super) fn compare(before: Version<'_>, after: Version<'_>) -> (Vec<Changed>, usize) {
    let (old, new) = (statements(before.1), statements(after.1));
    let by_key: BTreeMap<Key<'_>, &Text<'_>> = old.iter().map(|(key, text)| (*key, text)).collect();
    let still: BTreeSet<Key<'_>> = new.iter().map(|(key, _)| *key).collect();
    let changed = |key: Key<'_>, how, words, before: Option<&Text<'_>>, after: Option<&Text<'_>>| Changed {
        model: key.0.to_owned(),
        runs: key.1,
        name: key.2.to_owned(),
        how,
        words,
        before: before.map(|text| text.sql.clone().into_owned()),
        after: after.map(|text| text.sql.clone().into_owned()),
    };
    let (mut all, mut untouched) = (Vec::new(), 0);
    // What is gone is told where its model is, or at the end.
    let mut gone: Vec<_> = old.iter().filter(|(key, _)| !still.contains(key)).collect();
    let mut take_gone = |all: &mut Vec<Changed>, model: Option<&str>| {
        gone.retain(|(key, text)| {
            let is_told = model.is_none_or(|model| model == key.0);
            if is_told {
                all.push(changed(*key, How::Dropped, about(text), Some(text), None));
            }
            !is_told
        });
    };
    for (nth, (key, text)) in new.iter().enumerate() {
        match by_key.get(key) {
            None => all.push(changed(*key, How::Added, about(text), None, Some(text))),
            Some(same) if same.sql == text.sql => untouched += usize::from(key.1 != "settings"),
            Some(other) => {
                let (how, words) = difference(before.0, after.0, *key, other, text);
                all.push(changed(*key, how, words, Some(other), Some(text)));
            }
        }
        if new.get(nth + 1).is_none_or(|(next, _)| next.0 != key.0) {
            take_gone(&mut all, Some(key.0));
        }
    }
    take_gone(&mut all, None);
    (all, untouched)
}

/// What a statement says of itself.
fn about(text: &Text<'_>) -> String {
    let first = text.sql.lines().next().unwrap_or_default();
    first.strip_prefix("-- ").and_then(|line| line.split_once(": ")).map_or_else(String::new, |(_, why)| why.to_owned())
}

/// What is other about a statement.
fn difference(old: &Spec, new: &Spec, key: Key<'_>, before: &Text<'_>, after: &Text<'_>) -> (How, String) {
    let more: Vec<_> = after.reads.iter().filter(|read| !before.reads.contains(read)).cloned().collect();
    let fewer: Vec<_> = before.reads.iter().filter(|read| !after.reads.contains(read)).cloned().collect();
    let Some(has_moved) = explained(&before.sql, &after.sql, (&fewer, &more), &moved_bounds(old, new, key.0)) else {
        return (How::Changed, "its text is another".to_owned());
    };
    let edges = has_moved.then(|| edges_in_words(old, new)).flatten();
    let words = |list: &[String], verb: &str| (!list.is_empty()).then(|| format!("{verb} {}", list.join(", ")));
    let said: Vec<_> =
        [words(&more, "looks at"), words(&fewer, "no longer looks at"), edges].into_iter().flatten().collect();
    let grows = |spec: &Spec| spec.periods.iter().filter(|period| !period.sealed).count();
    let how = match (more.is_empty(), fewer.is_empty()) {
        (false, true) => How::Widened,
        (true, false) => How::Narrowed,
        (true, true) if grows(new) > grows(old) => How::Widened,
        (true, true) if grows(new) < grows(old) => How::Narrowed,
        _ => How::Changed,
    };
    (how, said.join("; "))
}

/// Whether all that differs follows from the periods: branches over relations that were not looked at, or are not any more, and bounds
/// that moved. `None` if something else differs too; otherwise whether a bound moved.
fn explained(
    before: &str,
    after: &str,
    (fewer, more): (&[String], &[String]),
    bounds: &[(String, String)],
) -> Option<bool> {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let names = |lines: &[&str], relations: &[String]| {
        lines.iter().any(|line| relations.iter().any(|name| line.contains(name.as_str())))
    };
    let moved = |line: &str| bounds.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
    let mut has_moved = false;
    for op in TextDiff::from_slices(&old, &new).ops() {
        let (gone, come) = (&old[op.old_range()], &new[op.new_range()]);
        match op.tag() {
            DiffTag::Equal => {}
            DiffTag::Insert if names(come, more) => {}
            DiffTag::Delete if names(gone, fewer) => {}
            DiffTag::Replace
                if gone.len() == come.len() && gone.iter().zip(come).all(|(from, to)| moved(from) == *to) =>
            {
                has_moved = true;
            }
            _ => return None,
        }
    }
    Some(has_moved)
}

/// What the open periods cover, in words, if that moved.
fn edges_in_words(old: &Spec, new: &Spec) -> Option<String> {
    let hull = |spec: &Spec| {
        let open: Vec<_> = spec.periods.iter().filter(|period| !period.sealed).collect();
        Some((open.first()?.start(), open.last()?.end()))
    };
    let (old, new) = (hull(old)?, hull(new)?);
    (old != new).then(|| format!("covers [{}, {}) instead of [{}, {})", new.0, new.1, old.0, old.1))
}

/// The literals of both ends of what is covered, by the open periods and by all, each as it was and as it is.
fn moved_bounds(old: &Spec, new: &Spec, model: &str) -> Vec<(String, String)> {
    let time =
        |spec: &Spec| spec.tables().find(|(_, table)| table.model.value.as_str() == model).map(|(_, table)| table.time);
    let (Some(old_time), Some(new_time)) = (time(old), time(new)) else { return Vec::new() };
    let ends = |spec: &Spec, time: Time| -> Vec<String> {
        let bound = |day: String, epoch| spec.dialect.rules().instant(&day, epoch, time.unit);
        let open: Vec<&Period> = spec.periods.iter().filter(|period| !period.sealed).collect();
        let all: Vec<&Period> = spec.periods.iter().collect();
        let pairs = [&open, &all].map(|list| (list.first().copied(), list.last().copied()));
        let both = |(first, last): (Option<&Period>, Option<&Period>)| {
            [
                first.map(|first| bound(first.start(), first.start_epoch())),
                last.map(|last| bound(last.end(), last.end_epoch())),
            ]
        };
        pairs.into_iter().flat_map(both).flatten().collect()
    };
    ends(old, old_time).into_iter().zip(ends(new, new_time)).filter(|(from, to)| from != to).collect()
}
