//! A copy and a DELETE that both read the clock.

use std::collections::BTreeSet;

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::clock;
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, is_loaded_again, is_proven};
use crate::lint::script::skeleton;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// The variables that two statements set to the clock.
fn set_twice(unit: &Unit) -> BTreeSet<String> {
    let sets_clock = |text: &str| -> Option<String> {
        let lower = skeleton(text);
        let openers = ["begin", "declare", "set", "let"];
        let name = openers.iter().fold(lower.trim_start(), |rest, word| {
            let after = rest.strip_prefix(word).filter(|after| after.starts_with(char::is_whitespace));
            after.unwrap_or(rest).trim_start()
        });
        let end = name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '@'))?;
        let (name, rest) = name.split_at(end);
        let is_set = !name.is_empty() && rest.split_once('=').is_some_and(|(ty, _)| ty.len() < 40 && !ty.contains('('));
        let reads_clock = AGAIN.iter().any(|clock| rest.contains(clock));
        (is_set && reads_clock).then(|| name.trim_start_matches('@').to_owned())
    };
    let mut set = BTreeSet::new();
    unit.texts.iter().filter_map(|text| sets_clock(&text.sql.text)).filter(|name| !set.insert(name.clone())).collect()
}

/// Whether the copy and the DELETE both use a variable that gets the clock anew between them.
fn is_set_again(unit: &Unit, names: &BTreeSet<String>, delete: &Read, table: &Table) -> bool {
    let uses = |read: &Read, name: &str| {
        let text = skeleton(&read.sql.text);
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
    };
    names.iter().any(|name| uses(delete, name) && unit.archives(table).iter().any(|(_, copy)| uses(copy, name)))
}

/// Clocks that go on in a transaction.
const AGAIN: [&str; 6] =
    ["clock_timestamp", "getdate", "sysutcdatetime", "sysdatetime", "getutcdate", "current_timestamp("];

/// Clocks that stand still during a transaction of PostgreSQL.
const STILL: [&str; 4] = ["now", "current_timestamp", "current_date", "localtimestamp"];

/// Whether a clock shows one time in all statements of the transaction of a statement.
pub(super) fn stands_still(unit: &Unit, read: &Read, clock: &str) -> bool {
    STILL.contains(&clock) && read.in_transaction && !unit.clocks_go_on
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    // One statement has one cutoff.
    if trims.is_empty() || unit.statements.len() == 1 {
        return;
    }
    let names = set_twice(unit);
    for (at, read, delete, table) in trims {
        let Some(clock_of_delete) = delete.selection.as_ref().and_then(clock) else {
            let is_safe = is_proven(read, delete, &table) || is_loaded_again(unit, at, delete, &table);
            if !is_safe && is_set_again(unit, &names, read, &table) {
                found.push(finding(read.line_of("delete"), &table));
            }
            continue;
        };
        if stands_still(unit, read, &clock_of_delete)
            || is_proven(read, delete, &table)
            || is_loaded_again(unit, at, delete, &table)
        {
            continue;
        }
        // The copy itself, or the list of rows that it reads.
        let mut earlier =
            unit.copies_of(&table).filter(|(copied, _)| *copied < at).filter_map(|(_, read)| match read.action() {
                Action::Copy(copy) => Some(copy),
                _ => None,
            });
        let reads_clock = earlier.any(|copy| copy.conditions().into_iter().any(|one| clock(one).is_some()));
        if unit.archives_of(read, delete, &table).is_empty() || !reads_clock {
            continue;
        }
        found.push(finding(read.line_of(&clock_of_delete), &table));
    }
}

fn finding(line: usize, table: &Table) -> Finding {
    Finding {
        code: Code::CutoffEvaluatedTwice,
        line,
        message: format!(
            "the DELETE from `{table}` reads the clock later than the copy: rows that became due between them are lost"
        ),
        label: "read again",
        help: "store the cutoff once, and use the stored value in both statements".to_owned(),
    }
}
