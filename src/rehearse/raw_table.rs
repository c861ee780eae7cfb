//! The raw tables: what they hold, and which of it a load takes over.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::{Facts, TableFacts};
use crate::rehearse::oracle::Row;
use crate::rehearse::story::Delivery;
use crate::rehearse::value::Cell;

/// What raw holds, by table.
pub(super) struct RawTable {
    /// Each with the number of its delivery, oldest first.
    rows: Vec<Vec<(usize, Delivery)>>,
    /// Rows that were not written yet, as lists of values.
    waiting: Vec<Vec<String>>,
}

impl RawTable {
    pub(super) fn new(facts: &Facts) -> Self {
        let tables = facts.tables.len();
        Self { rows: vec![Vec::new(); tables], waiting: vec![Vec::new(); tables] }
    }

    /// `now` is when the row is landed: runs may have taken longer than the story had planned.
    pub(super) fn receive(&mut self, facts: &Facts, delivery: &Delivery, number: usize, now: i64) {
        let mut delivery = delivery.clone();
        let table = &facts.tables[delivery.table];
        if let Some(landed) = table.raw.landed {
            delivery.cells[landed] = Cell::Instant(now);
        }
        self.waiting[delivery.table].push(values(table, &delivery));
        self.rows[delivery.table].push((number, delivery));
    }

    /// Writes what was received.
    pub(super) fn flush(&mut self, engine: &mut dyn Engine, facts: &Facts) -> Result<(), Error> {
        for (table, rows) in facts.tables.iter().zip(&mut self.waiting) {
            if !rows.is_empty() {
                engine.run(&format!("INSERT INTO {} VALUES {}", table.raw.relation, rows.join(", ")))?;
                rows.clear();
            }
        }
        Ok(())
    }

    /// Each table forgets what was delivered before an instant.
    pub(super) fn trim(&mut self, engine: &mut dyn Engine, facts: &Facts, before: &[i64]) -> Result<(), Error> {
        for (number, before) in before.iter().enumerate() {
            let (table, rows) = (&facts.tables[number], &mut self.rows[number]);
            let held = rows.len();
            rows.retain(|(_, delivery)| delivery.at >= *before);
            if rows.len() < held {
                engine.run(&format!("DELETE FROM {} WHERE TRUE", table.raw.relation))?;
                self.waiting[number] = rows.iter().map(|(_, delivery)| values(table, delivery)).collect();
            }
        }
        self.flush(engine, facts)
    }

    /// Forgets what a raw table does not hold any more, and gives the number of each such delivery.
    pub(super) fn look(&mut self, engine: &mut dyn Engine, facts: &Facts, table: usize) -> Result<Vec<usize>, Error> {
        let found = &facts.tables[table];
        let dialect = engine.dialect();
        let columns: Vec<_> = found.raw_columns().map(|column| column.reading(dialect)).collect();
        let mut held: BTreeMap<Row, usize> = BTreeMap::new();
        for row in engine.rows(&format!("SELECT {} FROM {}", columns.join(", "), found.raw.relation))? {
            *held.entry(row).or_default() += 1;
        }
        let mut gone = Vec::new();
        self.rows[table].retain(|(number, delivery)| {
            let row: Row = found.raw_columns().zip(&delivery.cells).map(|(column, cell)| column.text(*cell)).collect();
            match held.get_mut(&row) {
                Some(more) if *more > 0 => {
                    *more -= 1;
                    true
                }
                _ => {
                    gone.push(*number);
                    false
                }
            }
        });
        Ok(gone)
    }

    /// The numbers of the deliveries that a load accepts: in the slice that it reads, and with all that must be there.
    pub(super) fn loadable(&self, facts: &Facts, table: usize) -> Vec<usize> {
        let (table_facts, rows) = (&facts.tables[table], &self.rows[table]);
        let at = |delivery: &Delivery, column: usize| {
            let typed = table_facts.raw_columns().nth(column);
            typed.and_then(|typed| typed.text(delivery.cells[column])?.parse::<i64>().ok())
        };
        let from = table_facts.raw.lookback.and_then(|(column, within)| {
            let newest = rows.iter().filter_map(|(_, delivery)| at(delivery, column)).max()?;
            Some((column, newest - within))
        });
        let is_loadable = |delivery: &Delivery| {
            let in_slice = from.is_none_or(|(column, from)| at(delivery, column).is_none_or(|at| at >= from));
            let row = row(facts, delivery);
            in_slice && table_facts.not_null.iter().zip(&row).all(|(not_null, cell)| !not_null || cell.is_some())
        };
        rows.iter().filter(|(_, delivery)| is_loadable(delivery)).map(|(number, _)| *number).collect()
    }
}

/// A delivered row as the mart would have it.
pub(super) fn row(facts: &Facts, delivery: &Delivery) -> Row {
    let columns = &facts.tables[delivery.table].columns;
    columns.iter().zip(&delivery.cells).map(|(column, cell)| column.text(*cell)).collect()
}

fn values(table: &TableFacts, delivery: &Delivery) -> String {
    let cells: Vec<_> = table.raw_columns().zip(&delivery.cells).map(|(column, cell)| column.literal(*cell)).collect();
    format!("({})", cells.join(", "))
}
