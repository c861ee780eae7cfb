//! What a rehearsal found: a ledger for each table, a verdict for each law.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::rehearse::counterexample::Counterexample;
use crate::rehearse::oracle::{Account, Law};
use crate::rehearse::program::Project;
use crate::rehearse::run::Counts;

/// What a rehearsal found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The project's name.
    pub project: String,
    /// The engine's dialect.
    pub dialect: &'static str,
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds were told.
    pub seeds: u64,
    /// How long each story was.
    pub cycles: usize,
    /// How much was done, over all seeds.
    pub done: Counts,
    /// By table, in run order.
    pub ledger: Vec<Ledger>,
    /// Every law.
    pub laws: Vec<Verdict>,
}

/// What became of a table's rows, over all seeds: `accepted` is the sum of `in_mart`, `archived` and `superseded`.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// The model.
    pub model: String,
    /// Versions that a completed load took over; a correction under the same key and time is no version of its own.
    pub accepted: usize,
    /// Rows in the mart at the end.
    pub in_mart: usize,
    /// Rows in history at the end, oldest period first.
    pub archived: Vec<Archived>,
    /// Versions that a newer one replaced.
    pub superseded: usize,
    /// Of those in the mart, rows whose key is held or reported.
    pub held: usize,
    /// How often a row came back to the mart from history.
    pub restored: usize,
    /// Whether the sum closes, for every seed.
    pub closes: bool,
}

/// Rows of a period.
#[derive(Clone, Debug, Serialize)]
pub struct Archived {
    /// The period's name.
    pub period: String,
    /// How many.
    pub rows: usize,
}

/// Whether a law held.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The law.
    pub law: Law,
    /// Its code, such as `RK501`.
    pub code: &'static str,
    /// Its name in a few words.
    pub title: &'static str,
    /// The seeds in which it was broken.
    pub broken_by: Vec<u64>,
    /// How, for the first of them.
    pub counterexample: Option<Counterexample>,
}

impl Report {
    /// Whether every law held and every sum closed, in one story at least.
    pub fn is_clean(&self) -> bool {
        self.seeds > 0
            && self.laws.iter().all(|verdict| verdict.broken_by.is_empty())
            && self.ledger.iter().all(|ledger| ledger.closes)
    }
}

impl Ledger {
    pub(super) fn of(project: &Project, accounts: &[Vec<Account>]) -> Vec<Ledger> {
        let ledger = |(table, model): (usize, &str)| {
            let mut archived: BTreeMap<usize, usize> = BTreeMap::new();
            let accounts: Vec<_> = accounts.iter().filter_map(|accounts| accounts.get(table)).collect();
            for account in &accounts {
                for (period, rows) in &account.archived {
                    *archived.entry(*period).or_default() += rows;
                }
            }
            let sum = |count: fn(&Account) -> usize| accounts.iter().map(|account| count(account)).sum::<usize>();
            let accepted = sum(|account| account.accepted);
            let (in_mart, superseded) = (sum(|account| account.in_mart), sum(|account| account.superseded));
            Ledger {
                model: model.to_owned(),
                accepted,
                in_mart,
                superseded,
                held: sum(|account| account.held),
                restored: sum(|account| account.restored),
                closes: accounts.iter().all(|account| {
                    account.accepted == account.in_mart + account.superseded + account.archived.values().sum::<usize>()
                }),
                archived: archived
                    .into_iter()
                    .map(|(period, rows)| Archived { period: project.calendar[period].name.clone(), rows })
                    .collect(),
            }
        };
        project.models().enumerate().map(ledger).collect()
    }
}
