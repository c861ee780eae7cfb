//! Compares the statements of two versions. A difference that only follows from the list of periods
//! is described in those words.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use similar::{DiffTag, TextDiff};

use crate::artifacts::manifest::{Hook, Manifest, Monitor, OperationEntry, WindowedLoadStatement};
use crate::diff::Version;
use crate::project::{Period, Spec, Time};

/// A statement that differs between two versions.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Changed {
    /// The model, or the windowed load.
    pub model: String,
    /// When or why the statement runs: `load`, `cycle` or `sweep`; `raw` for a trim of a raw table;
    /// `monitor`; `maintenance`; `repair`; `settings` for the settings of a monitor or of
    /// maintenance. For a windowed load: `run`, `monitor` or `clean`.
    pub runs: &'static str,
    /// The stem of its file, such as `08_archive__2026_h2`.
    pub name: String,
    /// The kind of difference.
    pub how: How,
    /// The difference in words.
    pub words: String,
    /// Its text before.
    pub before: Option<String>,
    /// Its text after.
    pub after: Option<String>,
}

/// The kind of difference between two versions of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum How {
    /// Only the new version has it.
    Added,
    /// Only the old version has it.
    Dropped,
    /// It reads more periods, and is otherwise the same.
    Widened,
    /// It reads fewer periods, and is otherwise the same.
    Narrowed,
    /// Any other difference.
    Changed,
}

impl How {
    /// Its name.
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

/// A statement, by which the two versions are joined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    model: &'a str,
    /// When it runs: `cycle`, `sweep`, `monitor`, ...
    runs: &'static str,
    name: &'a str,
}

/// The parts of a statement that are compared.
#[derive(Clone)]
struct Text<'a> {
    sql: Cow<'a, str>,
    reads: &'a [String],
}

/// Every statement: those of each model in run order, then those that belong to no single model.
fn statements<'m>(manifest: &'m Manifest) -> Vec<(Key<'m>, Text<'m>)> {
    let mut all = Vec::new();
    for (id, sweep) in manifest.order.iter().zip(&manifest.sweep) {
        let node = &manifest.nodes[id];
        for (runs, hooks) in [("load", &node.load), ("cycle", &node.post_hooks), ("sweep", &sweep.post_hooks)] {
            all.extend(hooks.iter().map(|hook| {
                let Hook { name, sql, reads, .. } = hook;
                (Key { model: &node.name, runs, name }, Text { sql: sql.into(), reads })
            }));
        }
        operations(manifest, Some(id), &node.name, &mut all);
    }
    for trim in &manifest.raw_trims {
        all.push(operation(&trim.table, "raw", &trim.statement));
    }
    operations(manifest, None, "", &mut all);
    for load in &manifest.loads {
        let mut add = |runs: &'static str, statement: &'m WindowedLoadStatement| {
            all.push((
                Key { model: &load.name, runs, name: statement.name },
                Text { sql: statement.sql.as_str().into(), reads: &[] },
            ));
        };
        load.statements.iter().for_each(|statement| add("run", statement));
        add("clean", &load.clean);
        load.monitors.iter().for_each(|statement| add("monitor", statement));
    }
    all
}

/// Adds the operations of a model: monitors, maintenance and repairs.
fn operations<'a>(manifest: &'a Manifest, id: Option<&String>, model: &'a str, all: &mut Vec<(Key<'a>, Text<'a>)>) {
    // The statements that record a finding follow from the query and the settings.
    let monitors = manifest.monitors.iter().filter(|monitor| monitor.model.as_ref() == id);
    for monitor in monitors {
        all.push(operation(model, "monitor", &monitor.find));
        all.push((
            Key { model, runs: "settings", name: &monitor.name },
            Text { sql: settings(monitor).into(), reads: &[] },
        ));
    }
    let maintenance = manifest.maintenance.iter().filter(|entry| Some(&entry.model) == id);
    for entry in maintenance {
        all.push(operation(model, "maintenance", &entry.statement));
        let when = entry.condition.as_ref().map_or("always", |condition| condition.statement.sql.as_str());
        let sql = format!("every {} seconds\n{when}", entry.every_seconds);
        all.push((Key { model, runs: "settings", name: &entry.statement.name }, Text { sql: sql.into(), reads: &[] }));
    }
    let repairs = manifest.repairs.iter().filter(|repair| repair.model.as_ref() == id);
    all.extend(repairs.flat_map(|repair| &repair.statements).map(|task| {
        let (key, text) = operation(model, "repair", task);
        // Two lists of erased keys have repairs with equal names, in different folders.
        let path = task.path.strip_prefix("maintenance/repairs/").and_then(|path| path.strip_suffix(".sql"));
        (Key { name: path.filter(|_| id.is_none()).unwrap_or(key.name), ..key }, text)
    }));
}

/// The settings of a monitor as text. The statements that record a finding follow from these and
/// the query.
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

fn operation<'a>(model: &'a str, runs: &'static str, operation: &'a OperationEntry) -> (Key<'a>, Text<'a>) {
    (Key { model, runs, name: &operation.name }, Text { sql: operation.sql.as_str().into(), reads: &operation.reads })
}

/// The statements that differ, in run order, and the number of those that do not.
pub(super) fn compare(before: Version<'_>, after: Version<'_>) -> (Vec<Changed>, usize) {
    let (old, new) = (statements(before.artifacts.manifest()), statements(after.artifacts.manifest()));
    let by_key: BTreeMap<Key<'_>, &Text<'_>> = old.iter().map(|(key, text)| (*key, text)).collect();
    let new_keys: BTreeSet<Key<'_>> = new.iter().map(|(key, _)| *key).collect();
    let changed = |key: Key<'_>, how, words, before: Option<&Text<'_>>, after: Option<&Text<'_>>| Changed {
        model: key.model.to_owned(),
        runs: key.runs,
        name: key.name.to_owned(),
        how,
        words,
        before: before.map(|text| text.sql.clone().into_owned()),
        after: after.map(|text| text.sql.clone().into_owned()),
    };
    let (mut all, mut untouched) = (Vec::new(), 0);
    // A dropped statement is listed with its model, or at the end if its model was removed.
    let mut dropped: Vec<_> = old.iter().filter(|(key, _)| !new_keys.contains(key)).collect();
    let mut list_dropped = |all: &mut Vec<Changed>, model: Option<&str>| {
        dropped.retain(|(key, text)| {
            let is_listed = model.is_none_or(|model| model == key.model);
            if is_listed {
                all.push(changed(*key, How::Dropped, purpose(text), Some(text), None));
            }
            !is_listed
        });
    };
    for (nth, (key, text)) in new.iter().enumerate() {
        match by_key.get(key) {
            None => all.push(changed(*key, How::Added, purpose(text), None, Some(text))),
            Some(same) if same.sql == text.sql => untouched += usize::from(key.runs != "settings"),
            Some(other) => {
                let (how, words) = difference(before.spec, after.spec, *key, other, text);
                all.push(changed(*key, how, words, Some(other), Some(text)));
            }
        }
        if new.get(nth + 1).is_none_or(|(next, _)| next.model != key.model) {
            list_dropped(&mut all, Some(key.model));
        }
    }
    list_dropped(&mut all, None);
    (all, untouched)
}

/// The purpose of a statement, from the comment on its first line.
fn purpose(text: &Text<'_>) -> String {
    let first = text.sql.lines().next().unwrap_or_default();
    first.strip_prefix("-- ").and_then(|line| line.split_once(": ")).map_or_else(String::new, |(_, why)| why.to_owned())
}

/// The kind of difference, and a description of it.
fn difference(old: &Spec, new: &Spec, key: Key<'_>, before: &Text<'_>, after: &Text<'_>) -> (How, String) {
    let more: Vec<_> = after.reads.iter().filter(|read| !before.reads.contains(read)).cloned().collect();
    let fewer: Vec<_> = before.reads.iter().filter(|read| !after.reads.contains(read)).cloned().collect();
    let Some(has_moved) = explained(&before.sql, &after.sql, (&fewer, &more), &moved_bounds(old, new, key.model))
    else {
        return (How::Changed, "its text differs".to_owned());
    };
    let edges = has_moved.then(|| edges_in_words(old, new, key.model)).flatten();
    let words = |list: &[String], verb: &str| (!list.is_empty()).then(|| format!("{verb} {}", list.join(", ")));
    let parts: Vec<_> =
        [words(&more, "reads"), words(&fewer, "no longer reads"), edges].into_iter().flatten().collect();
    let open_periods = |spec: &Spec| spec.listed_for(key.model).iter().filter(|period| !period.sealed).count();
    let how = match (more.is_empty(), fewer.is_empty()) {
        (false, true) => How::Widened,
        (true, false) => How::Narrowed,
        (true, true) if open_periods(new) > open_periods(old) => How::Widened,
        (true, true) if open_periods(new) < open_periods(old) => How::Narrowed,
        _ => How::Changed,
    };
    (how, parts.join("; "))
}

/// Whether the whole difference follows from the periods: lines about relations that only one
/// version reads, and bounds that moved. `None` if there is another difference. Otherwise whether a
/// bound moved.
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

/// The time that the open periods cover, in words, if it changed.
fn edges_in_words(old: &Spec, new: &Spec, model: &str) -> Option<String> {
    let hull = |spec: &Spec| {
        let open: Vec<_> = spec.listed_for(model).iter().filter(|period| !period.sealed).collect();
        Some((open.first()?.start(), open.last()?.end()))
    };
    let (old, new) = (hull(old)?, hull(new)?);
    (old != new).then(|| format!("covers [{}, {}) instead of [{}, {})", new.0, new.1, old.0, old.1))
}

/// The literals of the first and last bound, of the open periods and of all periods: each before
/// and after, if it moved.
fn moved_bounds(old: &Spec, new: &Spec, model: &str) -> Vec<(String, String)> {
    let time =
        |spec: &Spec| spec.tables().find(|(_, table)| table.model.value.as_str() == model).map(|(_, table)| table.time);
    let (Some(old_time), Some(new_time)) = (time(old), time(new)) else { return Vec::new() };
    let ends = |spec: &Spec, time: Time| -> Vec<String> {
        let bound = |day: String, epoch| spec.dialect.rules().instant(&day, epoch, time.unit);
        let open: Vec<&Period> = spec.listed_for(model).iter().filter(|period| !period.sealed).collect();
        let all: Vec<&Period> = spec.listed_for(model).iter().collect();
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
