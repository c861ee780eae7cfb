//! Resolves `maintenance:`.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::maintenance::Maintenance;
use crate::features::monitors::resolve::model;
use crate::project::files::MaintenanceEntry;
use crate::project::resolve::duration;
use crate::project::resolve::list::list;
use crate::project::shape::Field;
use crate::project::{DAY, Spec, TableId};
use crate::source::Spanned;

pub(crate) fn resolve(stated: &[Field<MaintenanceEntry>], spec: &Spec, sink: &mut Sink) -> Vec<Maintenance> {
    let mut all: Vec<Maintenance> = Vec::new();
    for entry in stated.iter().filter_map(Field::get) {
        let Some(one) = one(&entry.value, spec, sink) else { continue };
        let twin = all.iter().filter(|other| other.run == one.run).flat_map(|other| &other.tables);
        if let Some(&twin) = twin.clone().find(|table| one.tables.contains(table)) {
            let model = spec.table(twin).model.value.as_str();
            let message = format!("the maintenance plan has {} of {model} twice", one.run.as_str());
            sink.push(Diagnostic::new(Code::Maintenance, message, entry.span, "again here").help("remove one"));
            continue;
        }
        all.push(one);
    }
    all
}

fn one(stated: &MaintenanceEntry, spec: &Spec, sink: &mut Sink) -> Option<Maintenance> {
    let run = stated.run.get()?.value.0;
    let what = run.as_str();
    let mut tables: Vec<TableId> = Vec::new();
    match stated.models.get() {
        None => tables.extend(spec.tables().map(|(id, _)| id)),
        Some(names) => {
            for name in list(&names.value, names.span) {
                let table = model(&name, &format!("{what} in the plan"), spec, sink)?;
                if !tables.contains(&table) {
                    tables.push(table);
                }
            }
        }
    }
    if tables.is_empty() {
        let at = stated.models.get().map_or(stated.run.get()?.span, |models| models.span);
        let message = format!("{what} in the maintenance plan names no model: it would have no effect");
        sink.push(
            Diagnostic::new(Code::Maintenance, message, at, "empty")
                .help("name a model, or remove `models` to include all models"),
        );
        return None;
    }
    let every = match stated.every.get() {
        None => DAY,
        Some(text) => duration::resolve(text, &format!("the cadence of {what}"), sink)?,
    };
    let unsorted_more_than = match stated.when.get() {
        None => None,
        Some(text) => Some(condition(text, what, sink)?),
    };
    Some(Maintenance { run, tables, every, unsorted_more_than })
}

/// Reads `unsorted > 15`.
fn condition(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<u8> {
    let words: Vec<_> = text.value.split_whitespace().collect();
    let number = match words.as_slice() {
        ["unsorted", ">", number] => {
            number.strip_suffix('%').unwrap_or(number).parse().ok().filter(|number| *number < 100)
        }
        _ => None,
    };
    if number.is_none() {
        let message =
            format!("{what} has the unknown condition {}: the condition could not be checked", quoted(&text.value));
        sink.push(
            Diagnostic::new(Code::Maintenance, message, text.span, "not a condition")
                .help("write `unsorted > 15`: the per cent of unsorted rows, from 0 to 99"),
        );
    }
    number
}
