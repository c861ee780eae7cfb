//! Resolves `raw:`: the tables that read each raw table, and its arrival column.

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::features::raw_trims::RawTable;
use crate::project::files::RawTrimEntry;
use crate::project::resolve::columns::Scope;
use crate::project::resolve::duration;
use crate::project::resolve::relations::relation_of;
use crate::project::resolve::table::time;
use crate::project::resolve::zone;
use crate::project::shape::Field;
use crate::project::{Column, DAY, Spec, TableId};
use crate::source::Spanned;
use crate::sql::{TimeUnit, is_own_alias};

pub(crate) fn resolve(stated: &[Field<RawTrimEntry>], spec: &Spec, sink: &mut Sink) -> Vec<RawTable> {
    let mut raw_tables: Vec<RawTable> = Vec::new();
    for entry in stated.iter().filter_map(Field::get) {
        let Some(raw_table) = raw_table(&entry.value, spec, sink) else { continue };
        let is_twin = |other: &RawTable| other.relation.may_be(&raw_table.relation, spec.dialect);
        if raw_tables.iter().any(is_twin) {
            let name = quoted(raw_table.relation.name().as_str());
            let message = format!("raw table {name} has two entries; the shorter `keep` would win");
            sink.push(Diagnostic::new(Code::TableFile, message, entry.span, "again here").help("keep one entry"));
            continue;
        }
        raw_tables.push(raw_table);
    }
    raw_tables
}

fn raw_table(stated: &RawTrimEntry, spec: &Spec, sink: &mut Sink) -> Option<RawTable> {
    let table = stated.table.get()?;
    let relation = relation_of(table, "the raw table", &spec.schema, spec.dialect, sink)?;
    let reads = |id: &TableId| spec.table(*id).raw.as_ref().is_some_and(|raw| raw.may_be(&relation, spec.dialect));
    let read_by: Vec<_> = spec.tables().map(|(id, _)| id).filter(reads).collect();
    let Some(&first) = read_by.first() else {
        sink.push(unread(table, spec));
        return None;
    };
    if is_own_alias(relation.name().as_str()) {
        let message = format!("raw table {} has the name of an alias that statements use", quoted(&table.value));
        sink.push(
            Diagnostic::new(Code::Name, message, table.span, "would be read as the alias").help("choose a longer name"),
        );
        return None;
    }
    let columns: Vec<Column> = read_by
        .iter()
        .map(|&id| spec.table(id))
        .flat_map(|table| table.columns.iter().chain(&table.raw_columns))
        .cloned()
        .collect();
    let scope = Scope { what: &table.value, columns: &columns, refused: &[], dialect: spec.dialect };
    let keep = stated.keep.get()?;
    let seconds = duration::resolve(keep, &format!("keep of {}", quoted(&table.value)), sink);
    let stated_time = stated.time.get()?;
    let arrival = time(&stated_time.value, &scope, sink)?;
    let column = &columns[arrival.column.0];
    let of_rows = spec.table(first);
    if read_by.iter().any(|&id| {
        let table = spec.table(id);
        table.column(table.time.column).name.folded(spec.dialect) == column.name.folded(spec.dialect)
    }) {
        let message = format!(
            "time of {} is {}, the time column of {}: a row that is delivered late would be trimmed before a cycle reads it",
            quoted(&table.value),
            quoted(column.name.as_str()),
            of_rows.model.value.as_str()
        );
        sink.push(Diagnostic::new(Code::TableFile, message, stated_time.span, "not the arrival time").help(
            "name a column that the extraction fills with the time of arrival; declare it under `source_columns`",
        ));
        return None;
    }
    let seconds = seconds?;
    if arrival.unit == TimeUnit::Date && seconds % DAY != 0 {
        let message = format!("keep of {} is {}, but its time is a date", quoted(&table.value), quoted(&keep.value));
        sink.push(Diagnostic::new(Code::Duration, message, keep.span, "not whole days").help("write it in days"));
        return None;
    }
    // A raw row stays until the mart or history has its version. Nothing has the version of a row
    // that left without a copy.
    let leaves_no_copy = |id: TableId| {
        let table = spec.table(id);
        table.load.as_ref().filter(|load| load.lookback.is_some())?;
        match () {
            () if table.is_purged() => Some("is purged"),
            () if !table.erasures.is_empty() => Some("has erased keys"),
            () => spec.retired_before(table).map(|_| "has retired rows"),
        }
    };
    if let Some((id, why)) = read_by.iter().find_map(|&id| Some((id, leaves_no_copy(id)?))) {
        let model = spec.table(id).model.value.as_str();
        let message = format!(
            "{model} {why}, and its load has a lookback: raw rows without a copy in the mart or history would never be trimmed"
        );
        sink.push(
            Diagnostic::new(Code::Purge, message, table.span, "its rows would stay")
                .help(format!("remove `lookback` from {model}, or trim this raw table by another job")),
        );
        return None;
    }
    let raw_table = RawTable { relation, read_by, column: column.clone(), unit: arrival.unit, keep: seconds };
    zone::arrival_is_instant(&raw_table, stated_time.span, spec, sink)?;
    Some(raw_table)
}

/// A raw table that no spec reads: Rowkeep cannot know when its rows were read.
fn unread(table: &Spanned<String>, spec: &Spec) -> Diagnostic {
    let message = format!(
        "no table spec has {} as its source: its rows could be trimmed before they are read",
        quoted(&table.value)
    );
    let sources: Vec<_> = spec
        .tables
        .iter()
        .filter_map(|table| table.raw.as_ref())
        .map(|raw| raw.parts().map(crate::sql::Name::as_str).collect::<Vec<_>>().join("."))
        .collect();
    let diagnostic = Diagnostic::new(Code::TableFile, message, table.span, "not read by any table");
    match did_you_mean(&table.value, sources.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("name the `source` of a table spec, or remove the entry"),
    }
}
