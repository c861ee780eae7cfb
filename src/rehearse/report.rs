//! The result of a rehearsal: a ledger for each table, and a verdict for each law.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::rehearse::counterexample::Counterexample;
use crate::rehearse::oracle::{Account, Law};
use crate::rehearse::program::Project;
use crate::rehearse::run::Counts;

/// The result of a rehearsal.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The name of the project.
    pub project: String,
    /// The dialect of the engine.
    pub dialect: &'static str,
    /// The first seed.
    pub first_seed: u64,
    /// The number of stories that ran, one per seed.
    pub seeds: u64,
    /// The number of cycles in each story.
    pub cycles: usize,
    /// Counts of what was run, over all seeds.
    pub done: Counts,
    /// The ledgers, by table in run order.
    pub ledger: Vec<Ledger>,
    /// The verdicts, one per law.
    pub laws: Vec<Verdict>,
}

/// Where the rows of a table are, over all seeds. `accepted` must equal the sum of `in_mart`,
/// `archived`, `purged` and `superseded`.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// The model.
    pub model: String,
    /// Versions that a completed load accepted. A correction with the same key and time is not a
    /// new version.
    pub accepted: usize,
    /// Rows in the mart at the end.
    pub in_mart: usize,
    /// Rows in history tables at the end, oldest period first.
    pub archived: Vec<Archived>,
    /// The newest versions of keys that were purged.
    pub purged: usize,
    /// Versions that a newer one replaced.
    pub superseded: usize,
    /// Rows in the mart whose key is held or reported.
    pub held: usize,
    /// The number of times that a row was restored from history to the mart.
    pub restored: usize,
    /// Whether the sum is correct for every seed.
    pub closes: bool,
}

/// Archived rows of a period.
#[derive(Clone, Debug, Serialize)]
pub struct Archived {
    /// The name of the period.
    pub period: String,
    /// The number of rows.
    pub rows: usize,
}

/// Whether a law holds.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The law.
    pub law: Law,
    /// Its code, such as `RK501`.
    pub code: &'static str,
    /// Its name in a few words.
    pub title: &'static str,
    /// The seeds whose stories broke it.
    pub broken_by: Vec<u64>,
    /// A counterexample from the first of these seeds.
    pub counterexample: Option<Counterexample>,
}

impl Report {
    /// The report of two rehearsals of one project. A table that is in both has the rows of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.done = self.done.plus(other.done);
        for ledger in other.ledger {
            match self.ledger.iter_mut().find(|own| own.model == ledger.model) {
                Some(own) => own.add(ledger),
                None => self.ledger.push(ledger),
            }
        }
        for (verdict, of_other) in self.laws.iter_mut().zip(other.laws) {
            verdict.broken_by.extend(of_other.broken_by);
            verdict.broken_by.sort_unstable();
            verdict.broken_by.dedup();
            verdict.counterexample = verdict.counterexample.take().or(of_other.counterexample);
        }
        self
    }

    /// Whether at least one story ran, every law holds, and every sum is correct.
    pub fn is_clean(&self) -> bool {
        self.seeds > 0
            && self.laws.iter().all(|verdict| verdict.broken_by.is_empty())
            && self.ledger.iter().all(|ledger| ledger.closes)
    }
}

impl Ledger {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.in_mart += other.in_mart;
        self.purged += other.purged;
        self.superseded += other.superseded;
        self.held += other.held;
        self.restored += other.restored;
        self.closes &= other.closes;
        for archived in other.archived {
            match self.archived.iter_mut().find(|own| own.period == archived.period) {
                Some(own) => own.rows += archived.rows,
                None => self.archived.push(archived),
            }
        }
    }

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
                purged: sum(|account| account.purged),
                superseded,
                held: sum(|account| account.held),
                restored: sum(|account| account.restored),
                closes: accounts.iter().all(|account| {
                    let archived = account.archived.values().sum::<usize>();
                    account.accepted == account.in_mart + account.superseded + archived + account.purged
                }),
                archived: archived
                    .into_iter()
                    .map(|(period, rows)| Archived { period: project.numbered(period).name.clone(), rows })
                    .collect(),
            }
        };
        project.models().enumerate().map(ledger).collect()
    }
}
