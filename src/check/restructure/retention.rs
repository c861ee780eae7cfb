//! The retention of a table, compared with that of the previous manifest.

use serde_json::Value;

use crate::artifacts::manifest;
use crate::check::restructure::Restructuring;
use crate::check::restructure::table::{Change, Compared, change};
use crate::diagnostic::Code;
use crate::project::{Length, Retention, Table};

pub(super) fn changes(both: &Compared<'_>) -> impl Iterator<Item = Change> {
    let (table, model, places) = (both.table, both.model(), &both.table.places);
    let (before, now) = (&both.before["retention"], &both.now.retention);
    let found = |code, at, message, label, help| change(Restructuring::Retention, code, at, message, label, help);
    let other_parents = other_parents(table, before, now, model)
        .map(|(code, message)| found(code, places.retention, message, "other columns than before", "restore `on:`"));
    let longer = longer(table, before, now, model).map(|message| {
        let help =
            "keep the shorter retention, or first bring back the rows that the longer one would not have archived yet";
        found(Code::RetentionLengthened, places.retention, message, "longer, or of another kind", help)
    });
    let other_clock = purges_by_another_clock(table, &both.before["time"], &both.now.time, model).map(|message| {
        let help = "restore `time_zone`; if the times are in UTC, use a column of type timestamptz; if they are in the zone, allow the change";
        found(Code::RetentionShortened, places.time, message, "compared with another clock than before", help)
    });
    let shorter = shorter(table, before, now, model).map(|message| {
        let label = "more rows are due than before";
        found(Code::RetentionShortened, places.retention, message, label, "restore the retention")
    });
    [other_parents, longer, other_clock, shorter].into_iter().flatten()
}

/// The message if the rows of a child have other parents than before.
fn other_parents(table: &Table, before: &Value, now: &manifest::NodeRetention, model: &str) -> Option<(Code, String)> {
    let manifest::NodeRetention::WhileIn { while_in, on } = now else { return None };
    let before_on = before["on"].as_object().filter(|_| before["while_in"].as_str() == Some(while_in))?;
    let words =
        |pair: (&str, &str)| if pair.0 == pair.1 { pair.0.to_owned() } else { format!("{} = {}", pair.0, pair.1) };
    let before_on: Vec<_> =
        before_on.iter().map(|(ours, theirs)| words((ours, theirs.as_str().unwrap_or("")))).collect();
    let on: Vec<_> = on.iter().map(|(ours, theirs)| words((ours, theirs))).collect();
    if before_on == on {
        return None;
    }
    let (code, consequence) = if table.is_purged() {
        (Code::RetentionShortened, "the next cycle deletes for good every old row without such a parent")
    } else {
        (
            Code::RetentionLengthened,
            "the next cycle archives every old row without such a parent, and copies archived rows with one back",
        )
    };
    let message = format!(
        "rows of {model} found their parent by {}, and now by {}: {consequence}",
        before_on.join(", "),
        on.join(", ")
    );
    Some((code, message))
}

/// The length of a retention in a manifest. `None` if the rows stay while their key is in a parent.
fn length_of(retention: &Value) -> Option<Length> {
    let months = retention["for_months"].as_u64().and_then(|months| u32::try_from(months).ok());
    months.map(Length::Months).or_else(|| retention["for_seconds"].as_u64().map(Length::Seconds))
}

/// The name of a model, from the unique id of its node.
fn model_of(unique_id: &str) -> &str {
    unique_id.rsplit('.').next().unwrap_or(unique_id)
}

/// How long rows stay, in words.
fn stays(length: Length) -> String {
    match length {
        Length::Seconds(0) => "until they expire".to_owned(),
        length => format!("for {length}"),
    }
}

/// The message if rows that were not due before are due now.
fn shorter(table: &Table, before: &Value, now: &manifest::NodeRetention, model: &str) -> Option<String> {
    if table.is_purged()
        && let Some(message) = purges_by_another_rule(before, now, model)
    {
        return Some(message);
    }
    let Retention::For { length, .. } = table.retention else { return None };
    let before = length_of(before).filter(|before| length != *before && length.bounds().1 <= before.bounds().1)?;
    let what = if table.is_purged() {
        "deletes all rows between the two for good"
    } else {
        "archives all rows between the two"
    };
    Some(format!("{model} kept rows {} and now {}: the next cycle {what}", stays(before), stays(length)))
}

/// The message if another rule than before says which rows of a purge leave. Rows that the old rule
/// kept can be due at once. With an archive, `longer` reports such a change.
fn purges_by_another_rule(before: &Value, now: &manifest::NodeRetention, model: &str) -> Option<String> {
    let were = match (length_of(before), before["while_in"].as_str()) {
        (Some(length), _) => format!("rows of {model} stayed {}", stays(length)),
        (None, Some(parent)) => format!("rows of {model} stayed while their key was in {}", model_of(parent)),
        (None, None) => return None,
    };
    let are = match (now, before["while_in"].as_str()) {
        (manifest::NodeRetention::For { .. }, Some(_)) => "stay for a length of time".to_owned(),
        (manifest::NodeRetention::WhileIn { while_in, .. }, parent) if parent != Some(while_in) => {
            format!("stay while their key is in {}", model_of(while_in))
        }
        _ => return None,
    };
    Some(format!("{were}, and now {are}: the next cycle deletes for good each row that only the old rule kept"))
}

/// The message if times of a purge are compared with the clock of another zone than before.
fn purges_by_another_clock(table: &Table, before: &Value, now: &manifest::NodeTime, model: &str) -> Option<String> {
    let (was, is) = (before["zone"].as_str().unwrap_or("UTC"), now.zone.as_deref().unwrap_or("UTC"));
    let is_own = table.is_purged() && matches!(table.retention, Retention::For { .. });
    (is_own && was != is).then(|| {
        format!(
            "rows of {model} aged by the clock of {was}, and now by that of {is}: if clocks there show a later time, the next cycle deletes rows for good some hours earlier"
        )
    })
}

/// The message if rows may stay longer than before.
fn longer(table: &Table, before: &Value, now: &manifest::NodeRetention, model: &str) -> Option<String> {
    // A purge has no copies, so a row cannot be in two places.
    if table.is_purged() {
        return None;
    }
    let consequence = "an archived row that is delivered again before it is due would be in two places";
    match (&table.retention, length_of(before), before["while_in"].as_str()) {
        (Retention::For { length, .. }, Some(before), _) if length.bounds().1 > before.bounds().1 => {
            Some(format!("rows of {model} stayed {}, and now stay {}: {consequence}", stays(before), stays(*length)))
        }
        (Retention::For { .. }, None, Some(parent)) => Some(format!(
            "rows of {model} stayed while their key was in {}, and now stay for a length of time: {consequence}",
            model_of(parent)
        )),
        (Retention::WhileIn { .. }, Some(before), _) => Some(format!(
            "rows of {model} stayed {}, and now stay while their key is in a parent: {consequence}",
            stays(before)
        )),
        (Retention::WhileIn { .. }, None, Some(before)) => match now {
            manifest::NodeRetention::WhileIn { while_in, .. } if while_in != before => Some(format!(
                "rows of {model} stayed while their key was in {}, and now while it is in {}: {consequence}",
                model_of(before),
                model_of(while_in)
            )),
            _ => None,
        },
        _ => None,
    }
}
