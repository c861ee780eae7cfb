//! Compares the project with its previous manifest, to find changes that leave archived rows
//! behind.
//!
//! Archived rows stay in their history tables. If a change removes their period or table, or
//! changes their key, statements do not find them any more.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::artifacts::manifest;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, quoted};
use crate::project::{Length, Retention, Spec, Table, TableId};
use crate::source::Span;

/// A kind of change that leaves archived rows behind. `--allow` takes its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Restructuring {
    /// A period was removed, or its bounds changed.
    Period,
    /// A table was removed.
    Table,
    /// A unique key or a time column changed.
    Key,
    /// Rows that were archived are purged now, or the other way round.
    Purge,
    /// A retention became longer or shorter, its kind changed, or a condition of `only_when` was
    /// removed.
    Retention,
    /// History tables were renamed.
    History,
    /// A column was removed, or its type changed.
    Column,
}

impl Restructuring {
    /// Every kind.
    pub const ALL: [Restructuring; 7] = [
        Restructuring::Period,
        Restructuring::Table,
        Restructuring::Key,
        Restructuring::Purge,
        Restructuring::Retention,
        Restructuring::History,
        Restructuring::Column,
    ];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Restructuring::Period => "period",
            Restructuring::Table => "table",
            Restructuring::Key => "key",
            Restructuring::Purge => "purge",
            Restructuring::Retention => "retention",
            Restructuring::History => "history",
            Restructuring::Column => "column",
        }
    }
}

impl fmt::Display for Restructuring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Restructuring {
    type Err = UnknownRestructuring;

    fn from_str(text: &str) -> Result<Self, UnknownRestructuring> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownRestructuring(()))
    }
}

/// A text that is not the name of a [`Restructuring`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", Restructuring::ALL.map(Restructuring::as_str).join(", "))]
pub struct UnknownRestructuring(());

/// Refuses changes since the previous manifest that leave archived rows behind.
///
/// # Errors
///
/// All such changes, except of the kinds in `allow`.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use rowkeep::check::{Restructuring, restructured};
/// use rowkeep::{Inputs, compile, resolve};
/// use rowkeep::artifacts::MANIFEST;
///
/// let project = |periods: &str| Inputs::new("rowkeep.yml", format!("name: shop\ndialect: duckdb\nschema: s\nperiods: {periods}\nexceptions: x\ntables:\n- {{model: mart, history: hist, unique_key: id, time: {{column: day}}, rows: latest, retention: {{for: 90 days}}, exception: GAP, columns: {{id: bigint, day: date}}}}\n"));
/// let before = compile(&project("[2025, 2026]")).unwrap();
/// let after = resolve(&project("[2025]")).unwrap();
/// let previous = before.get(MANIFEST).unwrap();
/// let wrong = restructured(&after, previous, &BTreeSet::new()).unwrap_err();
/// assert_eq!(wrong.iter().next().unwrap().code().as_str(), "RK721");
/// assert!(restructured(&after, previous, &BTreeSet::from([Restructuring::Period])).is_ok());
/// ```
pub fn restructured(spec: &Spec, previous: &str, allow: &BTreeSet<Restructuring>) -> Result<(), Diagnostics> {
    let mut sink = Sink::default();
    report(spec, previous, allow, &mut sink);
    sink.finish(Some(()))
}

pub(super) fn report(spec: &Spec, previous: &str, allow: &BTreeSet<Restructuring>, sink: &mut Sink) {
    // A manifest that cannot be parsed is reported as drift.
    let Ok(previous) = serde_json::from_str::<Value>(previous) else { return };
    let mut say = |kind: Restructuring, diagnostic: Diagnostic| {
        if !allow.contains(&kind) {
            sink.push(
                diagnostic
                    .help(format!("if the change is intended and you have taken care of its rows: `--allow {kind}`")),
            );
        }
    };
    periods(spec, &previous, &mut say);
    // Another engine quotes names and writes types in another way.
    let same_engine = previous["metadata"]["dialect"].as_str() == Some(spec.dialect.as_str());
    // Tables are matched by their models, so a renamed project still has the same tables.
    for load in previous["loads"].as_array().into_iter().flatten() {
        aggregate(spec, load, &mut say);
    }
    for node in previous["nodes"].as_object().into_iter().flat_map(|nodes| nodes.values()) {
        let Some(name) = node["name"].as_str() else { continue };
        match spec.tables().find(|(_, table)| table.model.value.as_str() == name) {
            Some((id, table)) => compare(spec, id, table, (node, same_engine), &mut say),
            None => {
                let message = format!(
                    "table {} was removed: no statement would read its mart or its history tables",
                    quoted(name)
                );
                let at = spec.tables.first().map_or(spec.places.periods, |table| table.model.span);
                let label = "the first table that is left";
                say(
                    Restructuring::Table,
                    Diagnostic::new(Code::TableDropped, message, at, label).help("put its spec back"),
                );
            }
        }
    }
}

/// Reports an aggregate with other columns than before. Its table is created once, so a run could
/// not write other columns into it.
fn aggregate(spec: &Spec, previous: &Value, say: &mut dyn FnMut(Restructuring, Diagnostic)) {
    let found = spec.loads.iter().find(|load| {
        let into = load.aggregate.as_ref().map(|aggregate| aggregate.into.sql(spec.dialect));
        into.is_some() && into.as_deref() == previous["into"].as_str()
    });
    let Some(load) = found else { return };
    let now = load.aggregate_columns();
    let now = now.iter().map(|(name, ty)| (name.as_str(), ty.sql(spec.dialect)));
    let was = previous["columns"].as_array().into_iter().flatten();
    let was =
        was.map(|column| (column["name"].as_str().unwrap_or_default(), column["type"].as_str().unwrap_or_default()));
    let (now, was): (Vec<_>, Vec<_>) = (now.collect(), was.collect());
    if now.iter().map(|(name, ty)| (*name, ty.as_str())).eq(was.iter().copied()) {
        return;
    }
    let message = format!(
        "the aggregate of load {} has other columns than its table: the next run could not write into it",
        load.name.value.as_str()
    );
    say(
        Restructuring::Column,
        Diagnostic::new(Code::ColumnDropped, message, load.name.span, "its `by` or `columns` changed")
            .help("alter the table in the same change, or drop it and run its days again"),
    );
}

fn periods(spec: &Spec, previous: &Value, say: &mut dyn FnMut(Restructuring, Diagnostic)) {
    for period in previous["periods"].as_array().into_iter().flatten() {
        let (Some(name), Some(start), Some(end)) =
            (period["name"].as_str(), period["start"].as_str(), period["end"].as_str())
        else {
            continue;
        };
        match spec.periods.iter().position(|period| period.name == name) {
            None => {
                let message = format!(
                    "period {} was removed: no statement would read the rows in its history tables",
                    quoted(name)
                );
                let diagnostic =
                    Diagnostic::new(Code::PeriodRemoved, message, spec.places.periods, "the period was in this list");
                say(Restructuring::Period, diagnostic.help(format!("put `- {name}` back")));
            }
            Some(nth) => {
                let now = &spec.periods[nth];
                if (now.start().as_str(), now.end().as_str()) == (start, end) {
                    continue;
                }
                let message = format!(
                    "period {} was [{start}, {end}) and is now [{}, {}): rows in its history tables could be outside of it",
                    quoted(name),
                    now.start(),
                    now.end()
                );
                let at = spec.places.each_period.get(nth).copied().unwrap_or(spec.places.periods);
                let diagnostic = Diagnostic::new(Code::PeriodRebounded, message, at, "other bounds than before");
                say(Restructuring::Period, diagnostic.help("restore its bounds, and add another period for the rest"));
            }
        }
    }
}

fn compare(
    spec: &Spec,
    id: TableId,
    table: &Table,
    (node, same_engine): (&Value, bool),
    say: &mut dyn FnMut(Restructuring, Diagnostic),
) {
    let model = table.model.value.as_str();
    let places = table.places;
    let now = manifest::node(spec, id, Vec::new(), Vec::new());
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
        let message = format!(
            "the history of {model} was {before} and is now {history}: statements would not find archived rows"
        );
        changed(
            Restructuring::History,
            Code::HistoryMoved,
            places.history,
            message,
            "another name than before",
            "restore the name, or rename the history tables in the same change",
        );
    }
    if let Some(before) = node["exception_type"].as_str()
        && table.is_purged()
        && before != now.exception_type
    {
        let message = format!(
            "the exceptions of {model} had the type {before} and now have {}: holds of the old type keep no row any more, and the next cycle deletes their due rows for good",
            now.exception_type
        );
        changed(
            Restructuring::Purge,
            Code::Purged,
            places.history,
            message,
            "a purge",
            "restore `exception:`, or first write the open holds again with the new type",
        );
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
    if let Some(message) = shorter(table, &node["retention"], model) {
        changed(
            Restructuring::Retention,
            Code::RetentionShortened,
            places.retention,
            message,
            "shorter than before",
            "restore the longer retention",
        );
    }
    let conditions = listed(&node["only_when"]).unwrap_or_default();
    let removed: Vec<_> = conditions.into_iter().filter(|before| !now.only_when.contains(before)).collect();
    if !removed.is_empty() {
        let message = format!(
            "rows of {model} left the mart only when {}, and now leave without this condition: the next cycle {} all old rows that do not meet it",
            removed.join(" and "),
            if table.is_purged() { "deletes" } else { "moves" }
        );
        changed(
            Restructuring::Retention,
            Code::ConditionRemoved,
            places.retention,
            message,
            "`only_when` changed",
            "restore the condition",
        );
    }
    for column in node["columns"].as_array().into_iter().flatten() {
        let (Some(name), Some(ty)) = (column["name"].as_str(), column["type"].as_str()) else { continue };
        let message = match now.columns.iter().find(|column| column.name == name) {
            None => format!("column {} of {model} was removed: rows archived from now on would lack it", quoted(name)),
            Some(now) if same_engine && now.r#type != ty => {
                format!(
                    "column {} of {model} was {ty} and is now {}: history tables have the old type",
                    quoted(name),
                    now.r#type
                )
            }
            Some(_) => continue,
        };
        changed(
            Restructuring::Column,
            Code::ColumnDropped,
            places.columns,
            message,
            "the column was in this list",
            "restore the column, or change the mart and every history table in the same change",
        );
    }
}

/// The length of a retention in a manifest. `None` if the rows stay while their key is in a parent.
fn length_of(retention: &Value) -> Option<Length> {
    let months = retention["for_months"].as_u64().and_then(|months| u32::try_from(months).ok());
    months.map(Length::Months).or_else(|| retention["for_seconds"].as_u64().map(Length::Seconds))
}

/// The message if rows that were not due before are due now.
fn shorter(table: &Table, before: &Value, model: &str) -> Option<String> {
    let Retention::For { length, .. } = table.retention else { return None };
    let before = length_of(before).filter(|before| length != *before && length.bounds().1 <= before.bounds().1)?;
    let what = if table.is_purged() {
        "deletes all rows between the two for good"
    } else {
        "archives all rows between the two"
    };
    let stays = |length: Length| match length {
        Length::Seconds(0) => "until they expire".to_owned(),
        length => format!("for {length}"),
    };
    Some(format!("{model} kept rows {} and now {}: the next cycle {what}", stays(before), stays(length)))
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
            Some(format!("the retention of {model} was {before} and is now {length}: {consequence}"))
        }
        (Retention::For { .. }, None, Some(parent)) => Some(format!(
            "rows of {model} stayed while their key was in {parent}, and now stay for a length of time: {consequence}"
        )),
        (Retention::WhileIn { .. }, Some(before), _) => Some(format!(
            "rows of {model} stayed for {before}, and now stay while their key is in a parent: {consequence}"
        )),
        (Retention::WhileIn { .. }, None, Some(before)) => match now {
            manifest::NodeRetention::WhileIn { while_in } if while_in != before => Some(format!(
                "rows of {model} stayed while their key was in {before}, and now while it is in {while_in}: {consequence}"
            )),
            _ => None,
        },
        _ => None,
    }
}
