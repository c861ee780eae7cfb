//! Marts with generated columns. `ddl/` does not create them, because a spec does not have the
//! expressions. A rehearsal creates them with expressions that give the values of its story.

use std::collections::BTreeSet;

use crate::dialect::{Dialect, GeneratedColumns};
use crate::rehearse::facts::{Facts, TableFacts};
use crate::rehearse::story::{Event, Story};
use crate::rehearse::value::{Cell, SECOND, Typed};
use crate::sql::{SqlType, literal};

/// The statements that create the marts with generated columns.
pub(super) fn marts(facts: &Facts, story: &Story, dialect: Dialect) -> Vec<String> {
    let computed = facts.tables.iter().enumerate().filter(|(_, table)| !table.generated.is_empty());
    computed.map(|(number, table)| mart(table, &keys(number, table, story), dialect)).collect()
}

/// Every exception key of a table that the story delivers.
fn keys(number: usize, table: &TableFacts, story: &Story) -> BTreeSet<i64> {
    let delivered = story.events.iter().filter_map(|event| match event {
        Event::Deliver(delivery) if delivery.table == number => Some(delivery.cells[table.exception_key]),
        _ => None,
    });
    let keys = delivered.filter_map(|cell| match cell {
        Cell::Number(key) => Some(key),
        Cell::Null | Cell::Instant(_) => None,
    });
    keys.collect()
}

/// The value of a cell as an expression that PostgreSQL calls immutable. A sum of a time with a
/// zone and an interval depends on the zone of the session.
fn constant(column: &Typed, cell: Cell) -> String {
    match (column.ty, column.text(cell).and_then(|text| text.parse::<i64>().ok())) {
        (SqlType::Timestamptz, Some(micros)) => format!("TIMESTAMPTZ '{}+00'", literal::instant(micros / SECOND)),
        _ => column.literal(cell),
    }
}

fn mart(table: &TableFacts, keys: &BTreeSet<i64>, dialect: Dialect) -> String {
    let key = &table.columns[table.exception_key];
    let columns = table.columns.iter().enumerate().map(|(number, column)| {
        let is_generated = table.generated.contains(&number);
        let is_constrained = !is_generated || dialect.rules().generated_columns() == Some(GeneratedColumns::Stored);
        let not_null = if table.not_null[number] && is_constrained { " NOT NULL" } else { "" };
        let ty = column.ty.sql(dialect);
        let computed = if is_generated {
            let values = keys.iter().map(|&value| {
                let cell = Cell::Number(value);
                format!("WHEN {} = {} THEN {}", key.sql, key.literal(cell), constant(column, cell))
            });
            let values: Vec<_> = values.collect();
            let value = if values.is_empty() { "NULL".to_owned() } else { format!("CASE {} END", values.join(" ")) };
            let kept = if is_constrained { "STORED" } else { "VIRTUAL" };
            format!(" GENERATED ALWAYS AS (CAST({value} AS {ty})) {kept}")
        } else {
            String::new()
        };
        format!("{} {ty}{computed}{not_null}", column.sql)
    });
    format!("CREATE TABLE IF NOT EXISTS {} ({})", table.mart, columns.collect::<Vec<_>>().join(", "))
}
