//! What an operator does in a story: holds, and erasures.

use crate::error::Error;
use crate::rehearse::clock::with_clock;
use crate::rehearse::oracle::After;
use crate::rehearse::run::StoryRun;
use crate::rehearse::story::{Erase, Hold};
use crate::rehearse::value::SECOND;

impl StoryRun<'_> {
    /// Places a hold on a key, or lifts it.
    pub(in crate::rehearse) fn hold(&mut self, hold: &Hold) -> Result<(), Error> {
        // Check the laws before and after, so that the change of the operator is not taken for a
        // change of hooks.
        self.check_laws(After::Stop)?;
        let table = &self.facts.tables[hold.table];
        let (relation, key) = &self.facts.exceptions[table.exceptions];
        let value = table.columns[table.exception_key].literal(hold.key);
        let at = format!("(TIMESTAMP '1970-01-01 00:00:00' + INTERVAL '{} seconds')", hold.at / SECOND);
        let kind = table.hold_type();
        let sql = if hold.lift {
            format!(
                "UPDATE {relation} SET resolved_at = {at}, resolved_by = 'operator' \
                 WHERE {} = {value} AND exception_type = '{kind}' AND resolved_at IS NULL",
                key.sql
            )
        } else {
            format!(
                "INSERT INTO {relation} ({}, exception_type, detected_at, notes) VALUES ({value}, '{kind}', {at}, 'held by an operator')",
                key.sql
            )
        };
        self.engine.run(&sql)?;
        let held = (hold.table, table.columns[table.exception_key].text(hold.key));
        self.held.retain(|other| *other != held);
        if !hold.lift {
            self.held.push(held);
        }
        self.check_laws(After::Stop)
    }

    /// Erases a key, unless an operator holds it.
    pub(in crate::rehearse) fn erase(&mut self, erase: &Erase) -> Result<(), Error> {
        let table = &self.facts.tables[erase.table];
        let list = table.exceptions;
        let column = &table.columns[table.exception_key];
        let (text, value) = (column.text(erase.key), column.literal(erase.key));
        let statements = self.stage.program.erasures[list].clone();
        let obeys = |number: usize| self.facts.tables[number].erasures.iter().any(|(other, _)| *other == list);
        // The oracle does not know which rows stay if a child that is found by the key of its
        // parent has a hold.
        let is_found_by_another_key = |number: usize| {
            let table = &self.facts.tables[number];
            let own = (list, table.exception_key);
            table.exceptions != list || table.erasures.iter().any(|other| other.0 == list && *other != own)
        };
        let is_held_elsewhere = self.held.iter().any(|(held, _)| obeys(*held) && is_found_by_another_key(*held));
        if statements.is_empty() || is_held_elsewhere {
            return Ok(());
        }
        self.check_laws(After::Stop)?;
        self.raw_table.flush(self.engine, self.facts)?;
        self.now = self.now.max(erase.at);
        for statement in statements {
            let sql = statement.sql.replace(":key", &value).replace(":notes", "'a person asked'");
            self.engine.run(&with_clock(&sql, self.engine.dialect(), self.now.div_euclid(SECOND)))?;
        }
        let is_held = self.held.iter().any(|(held, key)| self.facts.tables[*held].exceptions == list && *key == text);
        self.outcome.counts.erasures += usize::from(!is_held);
        self.oracle.erase(list, (!is_held).then_some(text));
        for number in (0..self.facts.tables.len()).filter(|&number| obeys(number)) {
            self.raw_table.remove_deleted(self.engine, self.facts, number)?;
        }
        self.check_laws(After::Stop)
    }
}
