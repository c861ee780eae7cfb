//! The columns of a table.

use serde_json::Value;

use crate::artifacts::manifest;
use crate::check::restructure::Restructuring;
use crate::check::restructure::table::{Change, Compared, change};
use crate::diagnostic::{Code, quoted};
use crate::dialect::Dialect;

pub(super) fn changes(both: &Compared<'_>) -> impl Iterator<Item = Change> {
    both.before["columns"].as_array().into_iter().flatten().filter_map(|before| changed(both, before))
}

/// A column that was removed, or is another one now.
fn changed(both: &Compared<'_>, before: &Value) -> Option<Change> {
    let (name, ty) = (before["name"].as_str()?, before["type"].as_str()?);
    let (spec, model) = (both.spec, both.model());
    let now = both.now.columns.iter().find(|column| column.name == name);
    let message = match now {
        None => format!("column {} of {model} was removed: rows archived from now on would lack it", quoted(name)),
        Some(now) if both.same_engine && now.r#type != ty && !is_synonym(ty, &now.r#type, spec.dialect) => {
            format!(
                "column {} of {model} was {ty} and is now {}: history tables have the old type",
                quoted(name),
                now.r#type
            )
        }
        Some(now) if now.filled == Some("generated") && before["filled"].as_str() != now.filled => format!(
            "column {} of {model} is now `generated`: no statement writes it any more, so a row that returns from history has NULL there, unless the mart computes it",
            quoted(name)
        ),
        Some(_) => return None,
    };
    let help = match renamed(both.before, &both.now).filter(|_| now.is_none()) {
        Some(new) => format!(
            "restore the column; if {} is its new name, rename it in the mart and in every history table in the same change: the DROP COLUMN that `diff` prints deletes its values",
            quoted(new)
        ),
        None => "restore the column, or change the mart and every history table in the same change".to_owned(),
    };
    Some(change(
        Restructuring::Column,
        Code::ColumnDropped,
        both.table.place_of(name, spec.dialect),
        message,
        if now.is_some() { "it was another column" } else { "the column was in this list" },
        &help,
    ))
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

/// Whether an earlier version wrote the same type in another way.
fn is_synonym(before: &str, now: &str, dialect: Dialect) -> bool {
    dialect.rules().former_type_names().contains(&(before, now))
}
