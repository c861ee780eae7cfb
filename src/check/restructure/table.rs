//! One table, compared with its node of the previous manifest.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::artifacts::manifest;
use crate::check::restructure::retention::{longer, other_parents, purges_by_another_clock, shorter};
use crate::check::restructure::{ListsNow, Restructuring, has_periods};
use crate::diagnostic::{Code, Diagnostic, quoted, some};
use crate::dialect::Dialect;
use crate::project::{Spec, Table, TableId};
use crate::source::Span;

pub(super) fn compare(
    spec: &Spec,
    id: TableId,
    table: &Table,
    previous: (&Value, &ListsNow<'_>),
    (node, same_engine): (&Value, bool),
    say: &mut dyn FnMut(Restructuring, Diagnostic),
) {
    let model = table.model.value.as_str();
    let places = &table.places;
    let now = manifest::node(spec, id, Vec::new(), Vec::new());
    other_list(spec, id, previous, node, say);
    let mut changed = |kind, code, at: Span, message: String, label: &str, help: &str| {
        say(kind, Diagnostic::new(code, message, at, label).help(help));
    };
    // First check whether rows are now deleted for good.
    match (node["history"].as_str(), &now.history) {
        (Some(before), None) => changed(
            Restructuring::Purge,
            Code::Purged,
            places.history,
            format!(
                "due rows of {model} were archived in {before}, and are now deleted for good: no copy is kept, and no statement reads the archived rows"
            ),
            "a purge",
            "restore `history:`",
        ),
        (None, Some(now)) => changed(
            Restructuring::Purge,
            Code::Purged,
            places.history,
            format!(
                "due rows of {model} were purged, and are now archived in {now}: the rows that were purged before are in no table"
            ),
            "no longer a purge",
            "restore `archive: none`",
        ),
        _ => {}
    }
    let listed = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    };
    if let Some(before) = listed(&node["unique_key"])
        && before != now.unique_key
    {
        let message = format!(
            "the key of {model} was {} and is now {}: statements would confuse archived rows with others, or not find them",
            before.join(", "),
            now.unique_key.join(", ")
        );
        changed(
            Restructuring::Key,
            Code::KeyChanged,
            places.unique_key,
            message,
            "another key than before",
            "restore the key",
        );
    }
    if let (Some(column), Some(unit)) = (node["time"]["column"].as_str(), node["time"]["unit"].as_str())
        && (column, unit) != (now.time.column.as_str(), now.time.unit)
    {
        let message = format!(
            "the time of {model} was {column}, {unit}, and is now {}, {}: archived rows could be outside of their periods",
            now.time.column, now.time.unit
        );
        changed(
            Restructuring::Key,
            Code::KeyChanged,
            places.time,
            message,
            "another time than before",
            "restore the time",
        );
    }
    if let (Some(before), Some(history)) = (node["history"].as_str(), &now.history)
        && same_engine
        && before != history
    {
        let name = |relation: &str| relation.rsplit('.').next().map(str::to_owned);
        let is_moved = name(before) == name(history);
        let message = format!(
            "the history of {model} was {before} and is now {history}: statements would not find archived rows"
        );
        changed(
            Restructuring::History,
            Code::HistoryMoved,
            places.history,
            message,
            if is_moved { "another schema than before" } else { "another name than before" },
            if is_moved {
                "restore the schema, or move the tables into the new one in the same change"
            } else {
                "restore the name, or rename the history tables in the same change"
            },
        );
    }
    // If the history moved too, it is said there.
    if let Some(before) = node["relation_name"].as_str()
        && same_engine
        && before != now.relation_name
        && node["history"].as_str() == now.history.as_deref()
    {
        let message = format!(
            "the mart of {model} was {before} and is now {}: rows that are in the old table would stay there, and no statement would read them",
            now.relation_name
        );
        changed(
            Restructuring::Table,
            Code::TableDropped,
            table.model.span,
            message,
            "another mart than before",
            "restore `relation`, or move the rows in the same change",
        );
    }
    let before = node["retired_before"].as_str();
    let book = spec.list_of(id).map_or_else(|| "retire-period".to_owned(), |list| list.runbook("retire-period"));
    let help = format!("remove `retired_before`, or follow `rowkeep runbook {book}`");
    if let Some(day) = &now.retired_before
        && before.is_none_or(|before| before < day.as_str())
        && now.history.is_some()
    {
        changed(
            Restructuring::Period,
            Code::RetiredLater,
            spec.list_of(id).and_then(|list| list.places.retired_before).unwrap_or(places.history),
            format!(
                "rows of {model} from before {day} are no longer kept: the next cycle deletes for good each such row that is due, also one that waits for a period"
            ),
            "a later day than before",
            &help,
        );
    }
    let before = listed(&node["erased"]).unwrap_or_default();
    let gone: Vec<_> = before.iter().filter(|before| !now.erased.contains(before)).cloned().collect();
    if same_engine && !gone.is_empty() {
        let message = format!(
            "the erased keys of {model} were listed in {}, which {model} no longer reads: the next load brings back every such key that the raw table still has",
            gone.join(" and ")
        );
        changed(
            Restructuring::Erasure,
            Code::Unerased,
            table.model.span,
            message,
            "without this list",
            "restore `erased:`, or first copy the keys into the new table",
        );
    }
    let other_key = node["exception_key"].as_str().filter(|before| *before != now.exception_key);
    let has_list = !before.is_empty() && spec.exceptions(table.exceptions).erased.is_some();
    if let Some(other) = other_key.filter(|_| has_list) {
        changed(
            Restructuring::Erasure,
            Code::Unerased,
            table.model.span,
            format!(
                "the erased keys of {model} were values of {other}, and are now looked for in {}: the next load brings erased rows back, and leaves out rows that nobody erased",
                now.exception_key
            ),
            "another key than before",
            "restore the key, or name a new list in `erased:`, and first fill it with the new keys",
        );
    }
    let were_hashed = listed(&node["erased_as_hashes"]).unwrap_or_default();
    let other_form = before
        .iter()
        .filter(|list| now.erased.contains(list))
        .find(|list| were_hashed.contains(list) != now.erased_as_hashes.contains(list));
    if let Some(list) = other_form.filter(|_| same_engine) {
        let (was, is) = if were_hashed.contains(list) { ("hashes", "keys") } else { ("keys", "hashes of keys") };
        changed(
            Restructuring::Erasure,
            Code::Unerased,
            table.model.span,
            format!("{list} listed {was}, and now {is}: it has no column for them, so statements of {model} fail"),
            "another form of its list",
            "restore `keys:`, or name a new table in `erased:`, and first insert into it what the old one lists",
        );
    }
    if let Some(message) = lost_holds(table, node, (&now, same_engine), model) {
        let help = "restore it, or first write the open holds again, as the new spec says";
        let (kind, code, label) = match &now.retired_before {
            _ if table.is_purged() => (Restructuring::Purge, Code::Purged, "a purge"),
            Some(_) => (Restructuring::Purge, Code::Purged, "rows from before `retired_before` are deleted"),
            None => (Restructuring::Retention, Code::ConditionRemoved, "its holds are looked for elsewhere"),
        };
        changed(kind, code, places.history, message, label, help);
    }
    let was_one = node["one_history"].as_bool().unwrap_or(false);
    if node["history"].is_string() && now.history.is_some() && was_one != now.one_history {
        let (before, after) = if was_one {
            ("one history table", "one history table per period")
        } else {
            ("one history table per period", "one history table")
        };
        let message = format!("{model} had {before} and now has {after}: statements would not find archived rows");
        changed(
            Restructuring::History,
            Code::HistoryMoved,
            places.history,
            message,
            "other history tables than before",
            "restore it, or copy the rows into the new history tables in the same change",
        );
    }
    if let Some((code, message)) = other_parents(table, &node["retention"], &now.retention, model) {
        changed(
            Restructuring::Retention,
            code,
            places.retention,
            message,
            "other columns than before",
            "restore `on:`",
        );
    }
    if let Some(message) = longer(table, &node["retention"], &now.retention, model) {
        changed(
            Restructuring::Retention,
            Code::RetentionLengthened,
            places.retention,
            message,
            "longer, or of another kind",
            "keep the shorter retention, or first bring back the rows that the longer one would not have archived yet",
        );
    }
    if let Some(message) = purges_by_another_clock(table, &node["time"], &now.time, model) {
        changed(
            Restructuring::Retention,
            Code::RetentionShortened,
            places.time,
            message,
            "compared with another clock than before",
            "restore `time_zone`; if the times are in UTC, use a column of type timestamptz; if they are in the zone, allow the change",
        );
    }
    if let Some(message) = shorter(table, &node["retention"], &now.retention, model) {
        changed(
            Restructuring::Retention,
            Code::RetentionShortened,
            places.retention,
            message,
            "more rows are due than before",
            "restore the retention",
        );
    }
    let verb = if table.is_purged() { "deletes" } else { "moves" };
    for before in listed(&node["only_when"]).unwrap_or_default() {
        // A column can have several conditions.
        let column = before.split(" is ").next();
        let of_column: Vec<_> =
            now.only_when.iter().filter(|now| now.split(" is ").next() == column).map(String::as_str).collect();
        if of_column.iter().any(|now| *now == before || is_narrower(now, &before)) {
            continue;
        }
        let message = match of_column.first() {
            Some(now) => format!(
                "rows of {model} left the mart only when {before}, and now when {now}: the next cycle {verb} all old rows that meet only the new condition"
            ),
            None => format!(
                "rows of {model} left the mart only when {before}, and now leave without this condition: the next cycle {verb} all old rows that do not meet it"
            ),
        };
        changed(
            Restructuring::Retention,
            Code::ConditionRemoved,
            places.only_when,
            message,
            "`only_when` changed",
            "restore the condition",
        );
    }
    for column in node["columns"].as_array().into_iter().flatten() {
        let (Some(name), Some(ty)) = (column["name"].as_str(), column["type"].as_str()) else { continue };
        let message = match now.columns.iter().find(|column| column.name == name) {
            None => format!("column {} of {model} was removed: rows archived from now on would lack it", quoted(name)),
            Some(now) if same_engine && now.r#type != ty && !is_synonym(ty, &now.r#type, spec.dialect) => {
                format!(
                    "column {} of {model} was {ty} and is now {}: history tables have the old type",
                    quoted(name),
                    now.r#type
                )
            }
            Some(now) if now.filled == Some("generated") && column["filled"].as_str() != now.filled => format!(
                "column {} of {model} is now `generated`: no statement writes it any more, so a row that returns from history has NULL there, unless the mart computes it",
                quoted(name)
            ),
            Some(_) => continue,
        };
        let is_listed = now.columns.iter().any(|column| column.name == name);
        let help = match renamed(node, &now).filter(|_| !is_listed) {
            Some(new) => format!(
                "restore the column; if {} is its new name, rename it in the mart and in every history table in the same change: the DROP COLUMN that `diff` prints deletes its values",
                quoted(new)
            ),
            None => "restore the column, or change the mart and every history table in the same change".to_owned(),
        };
        changed(
            Restructuring::Column,
            Code::ColumnDropped,
            table.place_of(name, spec.dialect),
            message,
            if is_listed { "it was another column" } else { "the column was in this list" },
            &help,
        );
    }
}

/// The new name of the removed column, if it can be a rename: one column was removed, and one of
/// its type was added.
fn renamed<'a>(before: &Value, now: &'a manifest::Node) -> Option<&'a str> {
    let before: Vec<_> = before["columns"].as_array()?.iter().collect();
    let removed: Vec<_> = before
        .iter()
        .filter(|old| !now.columns.iter().any(|new| old["name"].as_str() == Some(new.name.as_str())))
        .collect();
    let added: Vec<_> = now
        .columns
        .iter()
        .filter(|new| !before.iter().any(|old| old["name"].as_str() == Some(new.name.as_str())))
        .collect();
    match (removed.as_slice(), added.as_slice()) {
        ([old], [new]) if old["type"].as_str() == Some(new.r#type.as_str()) => Some(&new.name),
        _ => None,
    }
}

/// Whether every row that meets a condition also met an earlier one of the same column: it has
/// fewer values, or leaves out more.
fn is_narrower(now: &str, before: &str) -> bool {
    const NONE_OF: &str = " is neither NULL nor ";
    const NO_LIST: [&str; 6] = ["less than ", "at most ", "at least ", "more than ", "NULL", "not NULL"];
    let values = |text: &str, start: &str| -> Option<BTreeSet<String>> {
        let (_, values) = text.split_once(start)?;
        let is_list = !NO_LIST.iter().any(|word| values.starts_with(word));
        is_list.then(|| values.split(" or ").map(str::to_owned).collect())
    };
    match (values(now, NONE_OF), values(before, NONE_OF)) {
        (Some(now), Some(before)) => now.is_superset(&before),
        (None, None) => match (values(now, " is "), values(before, " is ")) {
            (Some(now), Some(before)) => now.is_subset(&before),
            _ => false,
        },
        _ => false,
    }
}

/// The message if holds are looked for in another place than before.
fn lost_holds(
    table: &Table,
    before: &Value,
    (now, same_engine): (&manifest::Node, bool),
    model: &str,
) -> Option<String> {
    let leaves = match &now.retired_before {
        _ if table.is_purged() => "deletes their due rows for good".to_owned(),
        Some(day) => format!("deletes their due rows from before {day} for good"),
        None => "archives their due rows".to_owned(),
    };
    let changed = |before: &Value, now: &str| before.as_str().filter(|before| *before != now).map(str::to_owned);
    let (edit, holds) = match changed(&before["exception_type"], &now.exception_type) {
        Some(before) => (format!("had the type {before} and now have {}", now.exception_type), "of the old type"),
        None => match changed(&before["exceptions"], &now.exceptions).filter(|_| same_engine) {
            Some(before) => (format!("were in {before} and are now in {}", now.exceptions), "in the old table"),
            None => {
                let before = changed(&before["exception_key"], &now.exception_key)?;
                (format!("had the key {before} and now have {}", now.exception_key), "of the old keys")
            }
        },
    };
    Some(format!("the exceptions of {model} {edit}: holds {holds} keep no row any more, and the next cycle {leaves}"))
}

/// Reports a table that has the periods of another list than before, if the new list lacks periods
/// of the old one.
pub(super) fn other_list(
    spec: &Spec,
    id: TableId,
    (previous, lists): (&Value, &ListsNow<'_>),
    node: &Value,
    say: &mut dyn FnMut(Restructuring, Diagnostic),
) {
    let table = spec.table(id);
    let Some(now) = spec.list_of(id).filter(|_| has_periods(node)) else { return };
    let was = node["periods"].as_str();
    // The periods of the list itself are compared elsewhere.
    if lists.get(&was).is_some_and(|&list| Some(list) == table.periods) {
        return;
    }
    let is_there = |old: &Value| {
        spec.listed(now).iter().any(|period| {
            let is = |key: &str, text: &str| old[key].as_str() == Some(text);
            is("name", &period.name) && is("start", &period.start()) && is("end", &period.end())
        })
    };
    let listed = previous["periods"].as_array().into_iter().flatten();
    let gone = listed.filter(|old| old["list"].as_str() == was && !is_there(old));
    let gone: Vec<_> = gone.filter_map(|old| old["name"].as_str()).collect();
    if gone.is_empty() {
        return;
    }
    let message = format!(
        "{} has another list of periods than before, which lacks {}: no statement would read the rows in its history tables of these periods",
        table.model.value.as_str(),
        some(&gone)
    );
    let label = "another list of periods than before";
    let diagnostic = Diagnostic::new(Code::PeriodRemoved, message, table.places.periods, label);
    let help = "restore `periods`, or move the rows to the history tables of the new list in the same change";
    say(Restructuring::Period, diagnostic.help(help));
}

/// Whether an earlier version wrote the same type in another way.
fn is_synonym(before: &str, now: &str, dialect: Dialect) -> bool {
    dialect.rules().former_type_names().contains(&(before, now))
}
