//! Raw tables: the columns that statements name, and the types of their times.

use std::collections::BTreeSet;

use crate::cycle::plan::Slot;
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::doctor::column_types::without_digits;
use crate::doctor::live::Live;
use crate::project::{Spec, Table, TableId};
use crate::sql::{Name, SqlType, TimeUnit};

/// A raw column that statements name.
struct Used<'a> {
    name: &'a Name,
    why: &'static str,
    /// The unit by which statements compare it, if it is a time.
    unit: Option<TimeUnit>,
}

/// Reports raw columns that statements name and the raw table lacks, and times of another type than
/// the spec says. Other types are not checked: the load converts them or fails.
pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    for (id, table) in spec.tables() {
        let Some(found) = table.raw.as_ref().and_then(|raw| live.find(spec, raw)) else { continue };
        let relation = Slot::Raw(id).relation(spec).sql(spec.dialect);
        let place = table.places.raw.unwrap_or(table.model.span);
        let mut checked = BTreeSet::new();
        for Used { name, why, unit } in used(spec, id, table) {
            let folded = name.folded(spec.dialect);
            if !checked.insert((folded.clone(), unit.is_some())) {
                continue;
            }
            let (message, help) = match found.columns.iter().find(|column| column.name == folded) {
                // It is said once, also for a time.
                None if unit.is_some() => continue,
                None => (
                    format!("{relation} lacks {folded}: {why}, and the next cycle fails"),
                    "add it to the raw table; or name an existing column here".to_owned(),
                ),
                Some(column) => {
                    let ty = |ty: SqlType| ty.in_catalogue(spec.dialect);
                    let expected = match unit {
                        Some(TimeUnit::Timestamp) => ty(SqlType::Timestamp),
                        Some(TimeUnit::Timestamptz) => ty(SqlType::Timestamptz),
                        Some(TimeUnit::Date) => ty(SqlType::Date),
                        Some(TimeUnit::EpochSeconds | TimeUnit::EpochMillis) | None => continue,
                    };
                    if without_digits(&column.ty) == expected {
                        continue;
                    }
                    (
                        format!(
                            "{folded} of {relation} is {}, and {expected} in the spec: {why}, and a comparison of the two types depends on the time zone of the session, or rounds",
                            column.ty
                        ),
                        format!(
                            "write its type in the spec as the raw table has it; or load it into raw as {expected}, in UTC"
                        ),
                    )
                }
            };
            sink.push(Diagnostic::new(Code::LiveRaw, message, place, "the raw table").help(help));
        }
    }
}

/// The columns that statements name. A time comes twice: as a column, and with its unit.
fn used<'a>(spec: &'a Spec, id: TableId, table: &'a Table) -> Vec<Used<'a>> {
    let column = |name, why| Used { name, why, unit: None };
    let mut used: Vec<_> =
        table.unique_key.iter().map(|&key| column(&table.column(key).name, "the cycle finds keys by it")).collect();
    if let Some(load) = &table.load {
        used.extend(load.order_by.iter().map(|term| column(&term.column, "`incremental: order_by` breaks ties by it")));
        if let Some(lookback) = &load.lookback {
            let why = "`incremental: lookback` uses it";
            used.push(column(&lookback.column, why));
            used.push(Used { name: &lookback.column, why, unit: Some(lookback.unit) });
        }
        used.extend(table.columns.iter().map(|one| column(&one.name, "the load selects it")));
        let time = &table.column(table.time.column).name;
        used.push(Used { name: time, why: "the load compares it with the mart", unit: Some(table.time.unit) });
    }
    for raw in spec.raw_tables.iter().filter(|raw| raw.read_by.contains(&id)) {
        let why = "the raw trim uses it";
        used.push(column(&raw.column.name, why));
        used.push(Used { name: &raw.column.name, why, unit: Some(raw.unit) });
    }
    used
}
