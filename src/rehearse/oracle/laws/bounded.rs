//! L5 and L6: what stays in the mart, and what is reported.

use std::collections::{BTreeMap, BTreeSet};

use crate::rehearse::oracle::laws::{Observation, time_text};
use crate::rehearse::oracle::{Key, Law, Row, key_of, micros};

impl Observation<'_> {
    /// L5 and L6: each due row has left the mart, or its key is held and has exactly one open
    /// exception. Each open exception has a cause.
    pub(super) fn check_bounded_and_reported(&self, table: usize, report: &mut dyn FnMut(Law, &Key, String)) {
        let (facts, state) = (&self.facts.tables[table], &self.states[table]);
        let mut open: BTreeMap<(&Option<String>, &str), usize> = BTreeMap::new();
        for exception in &state.open {
            *open.entry((&exception.key, &exception.exception_type)).or_default() += 1;
        }
        let (hold, null_key) = (facts.hold_type(), facts.null_key_type());
        let mut causes = BTreeSet::new();
        for row in &self.tables.marts[table] {
            if self.blocks(facts, state, row).1 {
                causes.insert(&row[facts.exception_key]);
            }
        }
        let waits = self.limit_was_reached(table);
        for row in &self.tables.marts[table] {
            let (key, about) = (key_of(&facts.key, row), &row[facts.exception_key]);
            let time = micros(&row[facts.time]);
            let qualifies = facts.qualifies(row) || about.is_none();
            let incomplete = qualifies && (time.is_none() || key.iter().any(Option::is_none));
            // With a limit, some due rows of open periods wait for the next run.
            let may_wait = waits && (facts.any_time || time.is_some_and(|time| self.is_open_in_cycles(facts, time)));
            let is_due = !incomplete && !may_wait && self.due(facts, state, row, time).0;
            // The hold was lifted during the run: before or after the hooks of this table.
            let was_held =
                self.moment.lifted.iter().any(|(lifted, lifted_key)| *lifted == table && lifted_key == about);
            if was_held {
                causes.insert(about);
                continue;
            }
            let is_open = |exception_type: &str| open.contains_key(&(about, exception_type));
            let held = is_open(&hold);
            let leaves_no_copy = facts.leaves_no_copy(time);
            let must_leave = leaves_no_copy || facts.any_time || time.is_some_and(|time| self.is_open(facts, time));
            // Only an operator keeps a retired row.
            let is_kept = causes.contains(about) && (facts.purged || !leaves_no_copy);
            if is_due && !held && !is_kept && must_leave {
                report(
                    Law::L5,
                    &key,
                    format!("it is due, not held, and still in the mart; its time is {}", time_text(time)),
                );
            }
            let reported = if about.is_some() { held || is_open(&facts.exception_type) } else { is_open(&null_key) };
            // A purge reports no due row: it deletes those that are not held.
            if (incomplete || is_due && !leaves_no_copy) && !reported {
                let why = if incomplete { "it lacks its time or a part of its key" } else { "it is due" };
                report(
                    Law::L6,
                    &key,
                    format!("{why}, stays in the mart, and has no open exception; its time is {}", time_text(time)),
                );
            }
        }
        for ((about, exception_type), count) in open {
            let key = vec![about.clone()];
            if exception_type == hold {
                continue;
            }
            if count > 1 {
                report(Law::L6, &key, format!("{count} exceptions of type {exception_type} are open at the same time"));
            }
            if !causes.contains(about) {
                report(
                    Law::L6,
                    &key,
                    format!("an exception of type {exception_type} is open, but no row of the mart is its cause"),
                );
            }
        }
    }

    /// Whether the run has listed as many rows as the limit allows. The list also has the due rows
    /// without an open period, which do not count if they are still in the mart.
    fn limit_was_reached(&self, table: usize) -> bool {
        let (facts, state) = (&self.facts.tables[table], &self.states[table]);
        let (Some((_, limit)), Some(&listed)) = (&facts.limit, self.tables.listed.get(&table)) else { return false };
        let has_no_period = |row: &&Row| {
            let time = micros(&row[facts.time]);
            let is_complete = key_of(&facts.key, row).iter().all(Option::is_some);
            let has_period = facts.any_time || time.is_some_and(|time| self.is_open_in_cycles(facts, time));
            is_complete && self.due(facts, state, row, time).1 && !has_period
        };
        let without_period = self.tables.marts[table].iter().filter(has_no_period).count();
        listed.saturating_sub(without_period as u64) >= *limit
    }
}
