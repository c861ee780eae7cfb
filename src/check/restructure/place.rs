//! What finds an archived row: its table, its key and its time.

use crate::check::restructure::Restructuring;
use crate::check::restructure::table::{Change, Compared, change};
use crate::diagnostic::Code;

pub(super) fn changes(both: &Compared<'_>) -> impl Iterator<Item = Change> {
    [purge(both), key(both), time(both), history(both), mart(both), form(both)].into_iter().flatten()
}

/// Rows were archived and are now purged, or the other way round.
fn purge(both: &Compared<'_>) -> Option<Change> {
    let model = both.model();
    let (message, label, help) = match (both.before["history"].as_str(), &both.now.history) {
        (Some(before), None) => (
            format!(
                "due rows of {model} were archived in {before}, and are now deleted for good: no copy is kept, and no statement reads the archived rows"
            ),
            "a purge",
            "restore `history:`",
        ),
        (None, Some(now)) => (
            format!(
                "due rows of {model} were purged, and are now archived in {now}: the rows that were purged before are in no table"
            ),
            "no longer a purge",
            "restore `archive: none`",
        ),
        _ => return None,
    };
    Some(change(Restructuring::Purge, Code::Purged, both.table.places.history, message, label, help))
}

fn key(both: &Compared<'_>) -> Option<Change> {
    let before = both.listed_before("unique_key").filter(|before| *before != both.now.unique_key)?;
    let message = format!(
        "the key of {} was {} and is now {}: statements would confuse archived rows with others, or not find them",
        both.model(),
        before.join(", "),
        both.now.unique_key.join(", ")
    );
    let at = both.table.places.unique_key;
    Some(change(Restructuring::Key, Code::KeyChanged, at, message, "another key than before", "restore the key"))
}

fn time(both: &Compared<'_>) -> Option<Change> {
    let (column, unit) = (both.before["time"]["column"].as_str()?, both.before["time"]["unit"].as_str()?);
    let now = &both.now.time;
    if (column, unit) == (now.column.as_str(), now.unit) {
        return None;
    }
    let message = format!(
        "the time of {} was {column}, {unit}, and is now {}, {}: archived rows could be outside of their periods",
        both.model(),
        now.column,
        now.unit
    );
    let at = both.table.places.time;
    Some(change(Restructuring::Key, Code::KeyChanged, at, message, "another time than before", "restore the time"))
}

/// The history tables have another name or schema.
fn history(both: &Compared<'_>) -> Option<Change> {
    let (before, now) = (both.before["history"].as_str()?, both.now.history.as_deref()?);
    if !both.same_engine || before == now {
        return None;
    }
    let message = format!(
        "the history of {} was {before} and is now {now}: statements would not find archived rows",
        both.model()
    );
    let name = |relation: &str| relation.rsplit('.').next().map(str::to_owned);
    let (label, help) = if name(before) == name(now) {
        ("another schema than before", "restore the schema, or move the tables into the new one in the same change")
    } else {
        ("another name than before", "restore the name, or rename the history tables in the same change")
    };
    Some(change(Restructuring::History, Code::HistoryMoved, both.table.places.history, message, label, help))
}

/// The mart has another name. If the history moved too, it is said there.
fn mart(both: &Compared<'_>) -> Option<Change> {
    let (before, now) = (both.before["relation_name"].as_str()?, both.now.relation_name.as_str());
    if !both.same_engine || before == now || both.before["history"].as_str() != both.now.history.as_deref() {
        return None;
    }
    let message = format!(
        "the mart of {} was {before} and is now {now}: rows that are in the old table would stay there, and no statement would read them",
        both.model()
    );
    Some(change(
        Restructuring::Table,
        Code::TableDropped,
        both.table.model.span,
        message,
        "another mart than before",
        "restore `relation`, or move the rows in the same change",
    ))
}

/// One history table, or one per period.
fn form(both: &Compared<'_>) -> Option<Change> {
    let was_one = both.before["one_history"].as_bool().unwrap_or(false);
    if !both.before["history"].is_string() || both.now.history.is_none() || was_one == both.now.one_history {
        return None;
    }
    let (one, many) = ("one history table", "one history table per period");
    let (before, after) = if was_one { (one, many) } else { (many, one) };
    let message = format!("{} had {before} and now has {after}: statements would not find archived rows", both.model());
    Some(change(
        Restructuring::History,
        Code::HistoryMoved,
        both.table.places.history,
        message,
        "other history tables than before",
        "restore it, or copy the rows into the new history tables in the same change",
    ))
}
