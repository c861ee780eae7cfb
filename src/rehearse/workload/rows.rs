//! The rows of a story: new, newer, late, corrected, redelivered, incomplete, or on a bound.

use crate::project::Length;
use crate::rehearse::facts::{Keep, TableFacts};
use crate::rehearse::story::{Delivery, Event};
use crate::rehearse::value::{Cell, DAY, SECOND};
use crate::rehearse::workload::{Generator, Known};

/// The number of values of key columns other than the exception key, such as the lines of an order.
const MEMBERS: i64 = 3;

impl Generator<'_> {
    /// A new entity, such as an order, with rows in most tables. Some rows come later, and some are
    /// older than their parent.
    pub(super) fn new_entity(&mut self) {
        let entity = self.entities;
        self.entities += 1;
        for table in 0..self.facts.tables.len() {
            match self.random.below(10) {
                0 => {}
                1 | 2 => self.pending.push((table, entity)),
                _ => self.new_row(table, entity),
            }
        }
    }

    pub(super) fn new_row(&mut self, table: usize, entity: i64) {
        let facts = &self.facts.tables[table];
        let is_child = matches!(facts.keep, Keep::WhileIn { .. });
        let several = facts.key.len() > 1;
        let age = if is_child && self.random.chance(25) { self.random.between(100, 600) } else { self.random.below(4) };
        let time = self.now - age * DAY - self.random.below(86_400) * SECOND + self.until_expiry(table);
        let first = self.random.below(MEMBERS);
        let rows = if several { self.random.between(1, MEMBERS) } else { 1 };
        for member in 0..rows {
            let cells = self.cells(table, entity, (first + member) % MEMBERS, time);
            self.deliver(table, cells, Some(time));
        }
    }

    /// How far in the future the time of a new row is, if it says when the row expires.
    fn until_expiry(&mut self, table: usize) -> i64 {
        match self.facts.tables[table].keep {
            Keep::For { length: Length::Seconds(0), .. } => self.random.below(120) * DAY,
            _ => 0,
        }
    }

    /// Adds a random event.
    pub(super) fn random_event(&mut self) {
        let table = usize::try_from(self.random.below(self.facts.tables.len() as i64)).unwrap_or(0);
        let grain = self.facts.tables[table].grain;
        let recent = self.now - self.random.below(3 * 86_400) * SECOND + self.until_expiry(table);
        match self.random.below(100) {
            0..=15 => self.new_version(table, recent, true),
            16..=27 => self.reactivate(),
            28..=39 => {
                // Late: older than the newest row of the key.
                let back = self.random.between(1, 500) * DAY + self.random.below(86_400) * SECOND;
                if let Some(known) = self.pick_known(table, false) {
                    let time = known.time.saturating_sub(back);
                    self.deliver_version(table, &known, time);
                }
            }
            40..=47 => {
                // Corrected: the same key and time, with another payload.
                let dormant = self.random.chance(50);
                if let Some(known) = self.pick_known(table, dormant) {
                    self.deliver_version(table, &known, known.time);
                }
            }
            48..=53 => self.replay(),
            54..=57 => {
                // Redelivered: the same row again.
                let dormant = self.random.chance(50);
                if let Some(known) = self.pick_known(table, dormant) {
                    self.deliver(table, known.cells.clone(), Some(known.time));
                }
            }
            58..=67 => {
                // On a bound of a period, or one step before it.
                let listed = &self.calendar[self.periods.first..self.periods.end];
                let facts = &self.facts.tables[table];
                let starts = listed.iter().map(|period| facts.bounds(period).start);
                let bounds = starts.chain(listed.last().map(|period| facts.bounds(period).end));
                let past: Vec<_> = bounds.filter(|&at| at < self.now).collect();
                if let Some(&bound) = self.random.pick(&past) {
                    let time = bound - self.random.below(2) * grain;
                    let is_new = self.random.chance(50);
                    self.row_at(table, time, is_new);
                }
            }
            68 => {
                let first = self.facts.tables[table].bounds(&self.calendar[self.periods.first]).start;
                let time = first - self.random.between(1, 900) * DAY;
                self.row_at(table, time, true);
            }
            69..=71 if self.has_future => {
                let time = self.now + self.random.between(1, 60) * DAY;
                self.row_at(table, time, false);
            }
            72..=73 => self.incomplete(table, true),
            74..=76 => self.incomplete(table, false),
            77 => self.rejected_row(table),
            78..=84 => self.hold_or_lift(),
            _ => self.new_version(table, recent, false),
        }
    }

    /// A part of an old batch is delivered again.
    fn replay(&mut self) {
        let deliveries = self.events.iter().filter_map(|event| match event {
            Event::Deliver(delivery) => Some((delivery.table, delivery.cells.clone())),
            _ => None,
        });
        let old: Vec<_> = deliveries.collect();
        let start = usize::try_from(self.random.below(i64::try_from(old.len()).unwrap_or(0))).unwrap_or(0);
        let rows = usize::try_from(self.random.between(1, 5)).unwrap_or(1);
        for (table, cells) in old.into_iter().skip(start).take(rows) {
            let time = match cells[self.facts.tables[table].time] {
                Cell::Instant(time) => Some(time),
                _ => None,
            };
            self.deliver(table, cells, time);
        }
    }

    /// A new row for an inactive entity, only in a table that is retained for a length of time. Its
    /// children must then be restored.
    fn reactivate(&mut self) {
        let roots: Vec<_> = (0..self.facts.tables.len()).filter(|&table| self.facts.root(table).0 == table).collect();
        if let Some(&table) = self.random.pick(&roots) {
            let recent = self.now - self.random.below(86_400) * SECOND;
            self.new_version(table, recent, true);
        }
    }

    /// A version of a known key at a given time, or a further event of the entity.
    fn new_version(&mut self, table: usize, time: i64, dormant: bool) {
        if let Some(known) = self.pick_known(table, dormant) {
            self.deliver_version(table, &known, time);
        }
    }

    /// A row at a given time, of a new or of a known entity.
    fn row_at(&mut self, table: usize, time: i64, is_new: bool) {
        if is_new {
            let cells = self.new_cells(table, time);
            self.deliver(table, cells, Some(time));
        } else {
            self.new_version(table, time, false);
        }
    }

    /// The cells of a row of a new entity, or of a known entity with a random member of its key.
    fn new_cells(&mut self, table: usize, time: i64) -> Vec<Cell> {
        let entity = if self.entities > 0 && self.random.chance(30) {
            self.random.below(self.entities)
        } else {
            self.entities += 1;
            self.entities - 1
        };
        let member = self.random.below(MEMBERS);
        self.cells(table, entity, member, time)
    }

    /// A row exactly on the cutoff of the next cycle, and a row one step before it.
    pub(super) fn rows_on_the_cutoff(&mut self) {
        let table = usize::try_from(self.random.below(self.facts.tables.len() as i64)).unwrap_or(0);
        let (root, _) = self.facts.root(table);
        let newest = self.newest[root];
        if newest == i64::MIN {
            return;
        }
        for step in 0..2 {
            let time = self.facts.before(table, newest) - step * self.facts.tables[table].grain;
            self.row_at(table, time, true);
        }
    }

    /// A row that lacks its time or a part of its key, if the spec allows NULL there.
    fn incomplete(&mut self, table: usize, in_key: bool) {
        let facts = &self.facts.tables[table];
        let may_lack = |&column: &usize| !facts.not_null[column];
        let candidates: Vec<usize> = if in_key {
            // A row cannot lack a column that the engine fills and that is `not null`.
            let is_needed = |&column: &usize| {
                column == facts.exception_key && facts.filled.iter().any(|&filled| facts.not_null[filled])
            };
            facts.key.iter().copied().filter(|column| may_lack(column) && !is_needed(column)).collect()
        } else {
            [facts.time].iter().copied().filter(may_lack).collect()
        };
        let Some(&column) = self.random.pick(&candidates) else { return };
        let time = self.now - self.random.below(3 * 86_400) * SECOND;
        // The row may be of a known or a new key, and several such rows may be in one batch.
        let mut cells = match self.pick_known(table, false) {
            Some(known) if self.random.chance(if in_key { 30 } else { 50 }) => {
                self.changed_cells(table, &known.cells, time)
            }
            _ => self.new_cells(table, time),
        };
        cells[column] = Cell::Null;
        let is_repeated = self.random.chance(30);
        self.deliver(table, cells.clone(), None);
        if is_repeated {
            let mut corrected = self.changed_cells(table, &cells, time);
            corrected[column] = Cell::Null;
            self.deliver(table, corrected, None);
        }
    }

    /// A row that lacks a column declared `not null`, so that no load accepts it.
    fn rejected_row(&mut self, table: usize) {
        let facts = &self.facts.tables[table];
        let is_required = |column: &usize| facts.not_null[*column] && !facts.filled.contains(column);
        let columns: Vec<_> = (0..facts.columns.len()).filter(is_required).collect();
        let Some(&column) = self.random.pick(&columns) else { return };
        let mut cells = self.cells(table, self.entities, 0, self.now - DAY);
        cells[column] = Cell::Null;
        self.deliver(table, cells, None);
    }

    /// A delivered key: any, or one of the third that is inactive for the longest time.
    pub(super) fn pick_known(&mut self, table: usize, dormant: bool) -> Option<Known> {
        let mut known: Vec<_> = self.known[table].values().cloned().collect();
        if dormant {
            known.sort_by_key(|known| known.time);
            known.truncate(known.len().div_ceil(3));
        }
        self.random.pick(&known).cloned()
    }

    /// Delivers a version of a known key at a given time. If the time is part of the key, this is
    /// an event of the same entity.
    fn deliver_version(&mut self, table: usize, known: &Known, time: i64) {
        let cells = self.changed_cells(table, &known.cells, time);
        self.deliver(table, cells, Some(time));
    }

    /// The cells of the same key with another time and payload, sometimes with another member of
    /// the key.
    fn changed_cells(&mut self, table: usize, original: &[Cell], time: i64) -> Vec<Cell> {
        let facts = &self.facts.tables[table];
        let other_member = !facts.versioned && self.random.chance(25);
        let cells = original.iter().take(facts.columns.len()).enumerate().map(|(column, &cell)| {
            if column == facts.time {
                Cell::Instant(time)
            } else if facts.is_joined(column) {
                cell
            } else if !facts.key.contains(&column) {
                self.payload(table, column)
            } else if other_member && column != facts.exception_key {
                Cell::Number(self.random.below(MEMBERS))
            } else {
                cell
            }
        });
        cells.collect()
    }

    fn payload(&mut self, table: usize, column: usize) -> Cell {
        let facts = &self.facts.tables[table];
        if !facts.not_null[column] && self.random.chance(8) {
            return Cell::Null;
        }
        Cell::Number(self.delivered + self.random.below(2))
    }

    fn cells(&mut self, table: usize, entity: i64, member: i64, time: i64) -> Vec<Cell> {
        let facts = &self.facts.tables[table];
        (0..facts.columns.len())
            .map(|column| {
                if column == facts.time {
                    Cell::Instant(time)
                } else if column == facts.exception_key || self.joins_exception_key(table, column) {
                    Cell::Number(entity)
                } else if facts.is_joined(column) {
                    Cell::Number(member)
                } else if facts.key.contains(&column) {
                    // The first further key column gets `member`. The others are random.
                    let first = facts
                        .key
                        .iter()
                        .find(|&&other| other != facts.time && other != facts.exception_key && !facts.is_joined(other));
                    Cell::Number(if first == Some(&column) { member } else { self.random.below(MEMBERS) })
                } else {
                    self.payload(table, column)
                }
            })
            .collect()
    }

    /// Whether a column joins the exception key of the parent, directly or through further parents.
    fn joins_exception_key(&self, table: usize, column: usize) -> bool {
        let Keep::WhileIn { parent, on, .. } = &self.facts.tables[table].keep else {
            return false;
        };
        let theirs = on.iter().find(|(ours, _)| *ours == column).map(|(_, theirs)| *theirs);
        theirs.is_some_and(|theirs| {
            theirs == self.facts.tables[*parent].exception_key || self.joins_exception_key(*parent, theirs)
        })
    }

    fn deliver(&mut self, table: usize, mut cells: Vec<Cell>, time: Option<i64>) {
        let facts = &self.facts.tables[table];
        // Each row is a second later than the one before, so that tie-breaks in seconds differ.
        self.delivered += 1;
        self.now += SECOND;
        let (at, number) = (self.now, self.delivered);
        cells.truncate(facts.columns.len());
        for &column in &facts.filled {
            cells[column] = cells[facts.exception_key];
        }
        for column in &facts.raw.extra {
            cells.push(if column.unit.is_some() { Cell::Instant(at) } else { Cell::Number(number) });
        }
        // One tie-break has a different value in each row. The others are constant.
        let deciding = facts.raw.deciding_tie_break(facts);
        for (place, &(column, larger_wins)) in facts.raw.tie_breaks.iter().enumerate() {
            let counts_time = facts.raw_columns().nth(column).is_some_and(|column| column.unit.is_some());
            let sign = if larger_wins { 1 } else { -1 };
            cells[column] = match counts_time {
                _ if Some(place) != deciding => Cell::Number(1),
                true => Cell::Instant(sign * at),
                false if larger_wins => Cell::Number(number),
                false => Cell::Number(99_999 - number),
            };
        }
        if let Some((column, _)) = facts.raw.lookback {
            cells[column] = Cell::Instant(at);
        }
        if let Some(time) = time {
            let time = time.div_euclid(facts.grain) * facts.grain;
            cells[facts.time] = Cell::Instant(time);
            let key = key_of(facts, &cells);
            if key.iter().all(Option::is_some) {
                let known = self.known[table].entry(key).or_insert_with(|| Known { cells: cells.clone(), time });
                if time >= known.time {
                    *known = Known { cells: cells.clone(), time };
                }
                if time <= self.now {
                    self.newest[table] = self.newest[table].max(time);
                }
            }
        }
        // Whether this row or the finished one counts depends on the table that has the finished one.
        // The oracle does not know that table.
        let is_unfinished = facts.has_unfinished && cells[facts.time] == Cell::Null;
        if is_unfinished && self.known[table].contains_key(&key_of(facts, &cells)) {
            return;
        }
        self.events.push(Event::Deliver(Delivery { at, table, cells }));
    }
}

/// The key of a row, as texts.
fn key_of(facts: &TableFacts, cells: &[Cell]) -> Vec<Option<String>> {
    facts.key.iter().map(|&column| facts.columns[column].text(cells[column])).collect()
}
