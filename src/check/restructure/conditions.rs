//! The conditions under which rows leave the mart.

use std::collections::BTreeSet;

use crate::check::restructure::Restructuring;
use crate::check::restructure::table::{Change, Compared, change};
use crate::diagnostic::Code;

pub(super) fn changes(both: &Compared<'_>) -> impl Iterator<Item = Change> {
    let before = both.listed_before("only_when").unwrap_or_default();
    before.into_iter().filter_map(|before| lost(both, &before))
}

/// A condition that more rows meet now.
fn lost(both: &Compared<'_>, before: &str) -> Option<Change> {
    // A column can have several conditions.
    let column = before.split(" is ").next();
    let of_column = || both.now.only_when.iter().filter(|now| now.split(" is ").next() == column).map(String::as_str);
    if of_column().any(|now| now == before || is_narrower(now, before)) {
        return None;
    }
    let model = both.model();
    let verb = if both.table.is_purged() { "deletes" } else { "moves" };
    let message = match of_column().next() {
        Some(now) => format!(
            "rows of {model} left the mart only when {before}, and now when {now}: the next cycle {verb} all old rows that meet only the new condition"
        ),
        None => format!(
            "rows of {model} left the mart only when {before}, and now leave without this condition: the next cycle {verb} all old rows that do not meet it"
        ),
    };
    Some(change(
        Restructuring::Retention,
        Code::ConditionRemoved,
        both.table.places.only_when,
        message,
        "`only_when` changed",
        "restore the condition",
    ))
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
