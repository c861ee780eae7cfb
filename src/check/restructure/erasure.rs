//! Rows that are deleted for good: retired ones, erased keys, and rows whose holds are not found any
//! more.

use serde_json::Value;

use crate::check::restructure::Restructuring;
use crate::check::restructure::table::{Change, Compared, change};
use crate::diagnostic::Code;

pub(super) fn changes(both: &Compared<'_>) -> impl Iterator<Item = Change> {
    [retired(both), no_list(both), other_key(both), other_form(both), holds(both)].into_iter().flatten()
}

/// A later `retired_before` than before.
fn retired(both: &Compared<'_>) -> Option<Change> {
    let before = both.before["retired_before"].as_str();
    let day = both.now.retired_before.as_ref().filter(|day| before.is_none_or(|before| before < day.as_str()))?;
    both.now.history.as_ref()?;
    let list = both.spec.list_of(both.id);
    let book = list.map_or_else(|| "retire-period".to_owned(), |list| list.runbook("retire-period"));
    Some(change(
        Restructuring::Period,
        Code::RetiredLater,
        list.and_then(|list| list.places.retired_before).unwrap_or(both.table.places.history),
        format!(
            "rows of {} from before {day} are no longer kept: the next cycle deletes for good each such row that is due, also one that waits for a period",
            both.model()
        ),
        "a later day than before",
        &format!("remove `retired_before`, or follow `rowkeep runbook {book}`"),
    ))
}

/// A list of erased keys that is not read any more.
fn no_list(both: &Compared<'_>) -> Option<Change> {
    let before = both.listed_before("erased").unwrap_or_default();
    let gone: Vec<_> = before.into_iter().filter(|before| !both.now.erased.contains(before)).collect();
    if !both.same_engine || gone.is_empty() {
        return None;
    }
    let (model, lists) = (both.model(), gone.join(" and "));
    let message = format!(
        "the erased keys of {model} were listed in {lists}, which {model} no longer reads: the next load brings back every such key that the raw table still has"
    );
    Some(change(
        Restructuring::Erasure,
        Code::Unerased,
        both.table.model.span,
        message,
        "without this list",
        "restore `erased:`, or first copy the keys into the new table",
    ))
}

/// The erased keys are values of another column.
fn other_key(both: &Compared<'_>) -> Option<Change> {
    let now = &both.now.exception_key;
    let other = both.before["exception_key"].as_str().filter(|before| before != now)?;
    let had_list = both.listed_before("erased").is_some_and(|lists| !lists.is_empty());
    if !had_list || both.spec.exceptions(both.table.exceptions).erased.is_none() {
        return None;
    }
    Some(change(
        Restructuring::Erasure,
        Code::Unerased,
        both.table.model.span,
        format!(
            "the erased keys of {} were values of {other}, and are now looked for in {now}: the next load brings erased rows back, and leaves out rows that nobody erased",
            both.model()
        ),
        "another key than before",
        "restore the key, or name a new list in `erased:`, and first fill it with the new keys",
    ))
}

/// A list has hashes in place of keys, or the other way round.
fn other_form(both: &Compared<'_>) -> Option<Change> {
    let before = both.listed_before("erased").unwrap_or_default();
    let were_hashed = both.listed_before("erased_as_hashes").unwrap_or_default();
    let list = before
        .iter()
        .filter(|list| both.now.erased.contains(list))
        .find(|list| were_hashed.contains(list) != both.now.erased_as_hashes.contains(list))
        .filter(|_| both.same_engine)?;
    let (was, is) = if were_hashed.contains(list) { ("hashes", "keys") } else { ("keys", "hashes of keys") };
    Some(change(
        Restructuring::Erasure,
        Code::Unerased,
        both.table.model.span,
        format!("{list} listed {was}, and now {is}: it has no column for them, so statements of {} fail", both.model()),
        "another form of its list",
        "restore `keys:`, or name a new table in `erased:`, and first insert into it what the old one lists",
    ))
}

fn holds(both: &Compared<'_>) -> Option<Change> {
    let message = lost_holds(both)?;
    let (kind, code, label) = match &both.now.retired_before {
        _ if both.table.is_purged() => (Restructuring::Purge, Code::Purged, "a purge"),
        Some(_) => (Restructuring::Purge, Code::Purged, "rows from before `retired_before` are deleted"),
        None => (Restructuring::Retention, Code::ConditionRemoved, "its holds are looked for elsewhere"),
    };
    let help = "restore it, or first write the open holds again, as the new spec says";
    Some(change(kind, code, both.table.places.history, message, label, help))
}

/// The message if holds are looked for in another place than before.
fn lost_holds(both: &Compared<'_>) -> Option<String> {
    let (before, now) = (both.before, &both.now);
    let leaves = match &now.retired_before {
        _ if both.table.is_purged() => "deletes their due rows for good".to_owned(),
        Some(day) => format!("deletes their due rows from before {day} for good"),
        None => "archives their due rows".to_owned(),
    };
    let changed = |before: &Value, now: &str| before.as_str().filter(|before| *before != now).map(str::to_owned);
    let (edit, holds) = match changed(&before["exception_type"], &now.exception_type) {
        Some(before) => (format!("had the type {before} and now have {}", now.exception_type), "of the old type"),
        None => match changed(&before["exceptions"], &now.exceptions).filter(|_| both.same_engine) {
            Some(before) => (format!("were in {before} and are now in {}", now.exceptions), "in the old table"),
            None => {
                let before = changed(&before["exception_key"], &now.exception_key)?;
                (format!("had the key {before} and now have {}", now.exception_key), "of the old keys")
            }
        },
    };
    let model = both.model();
    Some(format!("the exceptions of {model} {edit}: holds {holds} keep no row any more, and the next cycle {leaves}"))
}
