//! The raw tables: their rows, and the rows that a load accepts.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::{Facts, TableFacts};
use crate::rehearse::oracle::Row;
use crate::rehearse::story::Delivery;
use crate::rehearse::value::Cell;

/// The rows of the raw tables.
pub(super) struct RawTable {
    /// By table, the rows with the numbers of their deliveries, oldest first.
    rows: Vec<Vec<(usize, Delivery)>>,
    /// By table, rows that are not written yet, as lists of SQL values.
    waiting: Vec<Vec<String>>,
}

impl RawTable {
    pub(super) fn new(facts: &Facts) -> Self {
        let tables = facts.tables.len();
        Self { rows: vec![Vec::new(); tables], waiting: vec![Vec::new(); tables] }
    }

    /// Receives a row. `now` is its arrival time: earlier runs may have taken longer than the story
    /// planned.
    pub(super) fn receive(&mut self, facts: &Facts, delivery: &Delivery, number: usize, now: i64) {
        let mut delivery = delivery.clone();
        let table = &facts.tables[delivery.table];
        if let Some(arrival) = table.raw.arrival {
            delivery.cells[arrival] = Cell::Instant(now);
        }
        self.waiting[delivery.table].push(values(table, &delivery));
        self.rows[delivery.table].push((number, delivery));
    }

    /// Writes the waiting rows.
    pub(super) fn flush(&mut self, engine: &mut dyn Engine, facts: &Facts) -> Result<(), Error> {
        for (table, rows) in facts.tables.iter().zip(&mut self.waiting) {
            if !rows.is_empty() {
                engine.run(&format!("INSERT INTO {} VALUES {}", table.raw.relation, rows.join(", ")))?;
                rows.clear();
            }
        }
        Ok(())
    }

    /// Deletes from each table the rows that were delivered before an instant.
    pub(super) fn trim(&mut self, engine: &mut dyn Engine, facts: &Facts, before: &[i64]) -> Result<(), Error> {
        for (number, before) in before.iter().enumerate() {
            let (table, rows) = (&facts.tables[number], &mut self.rows[number]);
            let count = rows.len();
            rows.retain(|(_, delivery)| delivery.at >= *before);
            if rows.len() < count {
                engine.run(&format!("DELETE FROM {} WHERE TRUE", table.raw.relation))?;
                self.waiting[number] = rows.iter().map(|(_, delivery)| values(table, delivery)).collect();
            }
        }
        self.flush(engine, facts)
    }

    /// Removes the rows that the raw table no longer has, and returns the numbers of their
    /// deliveries.
    pub(super) fn remove_deleted(
        &mut self,
        engine: &mut dyn Engine,
        facts: &Facts,
        table: usize,
    ) -> Result<Vec<usize>, Error> {
        let table_facts = &facts.tables[table];
        let dialect = engine.dialect();
        let columns: Vec<_> = table_facts.raw_columns().map(|column| column.select_as_text(dialect)).collect();
        let mut present: BTreeMap<Row, usize> = BTreeMap::new();
        for row in engine.rows(&format!("SELECT {} FROM {}", columns.join(", "), table_facts.raw.relation))? {
            *present.entry(row).or_default() += 1;
        }
        let mut deleted = Vec::new();
        self.rows[table].retain(|(number, delivery)| {
            let row: Row =
                table_facts.raw_columns().zip(&delivery.cells).map(|(column, cell)| column.text(*cell)).collect();
            match present.get_mut(&row) {
                Some(more) if *more > 0 => {
                    *more -= 1;
                    true
                }
                _ => {
                    deleted.push(*number);
                    false
                }
            }
        });
        Ok(deleted)
    }

    /// The numbers of the deliveries that a load accepts: within its lookback, and without NULL in
    /// a column declared `not null`.
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
            let in_lookback = from.is_none_or(|(column, from)| at(delivery, column).is_none_or(|at| at >= from));
            let row = row(facts, delivery);
            in_lookback && table_facts.not_null.iter().zip(&row).all(|(not_null, cell)| !not_null || cell.is_some())
        };
        rows.iter().filter(|(_, delivery)| is_loadable(delivery)).map(|(number, _)| *number).collect()
    }
}

/// A delivered row as texts, in the columns of the mart.
pub(super) fn row(facts: &Facts, delivery: &Delivery) -> Row {
    let columns = &facts.tables[delivery.table].columns;
    columns.iter().zip(&delivery.cells).map(|(column, cell)| column.text(*cell)).collect()
}

fn values(table: &TableFacts, delivery: &Delivery) -> String {
    let cells: Vec<_> = table.raw_columns().zip(&delivery.cells).map(|(column, cell)| column.literal(*cell)).collect();
    format!("({})", cells.join(", "))
}
