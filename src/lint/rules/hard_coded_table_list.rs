//! Lists of archives that differ between statements.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Statement;

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{lookup, tables_in};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::looked_up_by;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    // For each table: the periods of the archives that its statements name.
    let mut proofs: BTreeMap<Table, (BTreeSet<String>, &Read)> = BTreeMap::new();
    let mut copies: BTreeMap<Table, BTreeSet<String>> = BTreeMap::new();
    for read in &unit.statements {
        match read.action() {
            Action::Delete(delete, table) => {
                let periods = looked_up_by(read, delete).iter().filter_map(period).collect::<BTreeSet<_>>();
                if !periods.is_empty() {
                    let entry = proofs.entry(table).or_insert_with(|| (BTreeSet::new(), read));
                    entry.0.extend(periods);
                    entry.1 = read;
                }
            }
            Action::Copy(copy) => {
                if let (Some(period), Some(source)) = (period(&copy.into), copy.from().into_iter().next()) {
                    copies.entry(source).or_default().insert(period);
                }
            }
            _ => {}
        }
    }
    views(unit, found);
    checks(unit, &copies, found);
    let every: BTreeSet<_> = proofs.values().flat_map(|(periods, _)| periods.iter().cloned()).collect();
    for (table, (periods, read)) in &proofs {
        let copied = copies.iter().find(|(source, _)| source.is(table)).map(|(_, periods)| periods);
        let lacks: Vec<_> = match copied {
            Some(copied) => copied.difference(periods).cloned().collect(),
            None => every.difference(periods).cloned().collect(),
        };
        if lacks.is_empty() {
            continue;
        }
        found.push(Finding {
            code: Code::HardCodedTableList,
            line: read.line_of("delete"),
            message: format!(
                "the DELETE from `{table}` does not look into the archive of {}, which another statement names: its rows stay",
                lacks.join(", ")
            ),
            label: "another list of archives",
            help: "make the list once, and write every statement from it".to_owned(),
        });
    }
}

fn period(table: &Table) -> Option<String> {
    table.period().map(|(_, period)| period.to_owned())
}

/// Checks that look for a copy in fewer archives than statements copy to: they report rows that have
/// one.
fn checks(unit: &Unit, copies: &BTreeMap<Table, BTreeSet<String>>, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let Action::Copy(copy) = read.action() else { continue };
        let Some(source) = copy.from().into_iter().next().filter(|_| period(&copy.into).is_none()) else { continue };
        let lookups = copy.conditions().into_iter().filter_map(lookup).filter(|found| found.negated);
        let looked: BTreeSet<String> =
            lookups.flat_map(|found| found.tables()).filter_map(|table| period(&table)).collect();
        let copied = copies.iter().find(|(other, _)| other.is(&source)).map(|(_, periods)| periods);
        let lacks: Vec<_> = copied.into_iter().flat_map(|copied| copied.difference(&looked)).cloned().collect();
        if looked.is_empty() || lacks.is_empty() {
            continue;
        }
        found.push(Finding {
            code: Code::HardCodedTableList,
            line: read.line_of("insert"),
            message: format!(
                "the INSERT into `{}` does not look into the archive of {}: it takes rows of `{source}` that have a copy there",
                copy.into,
                lacks.join(", ")
            ),
            label: "another list of archives",
            help: "make the list once, and write every statement from it".to_owned(),
        });
    }
}

/// Views that read fewer archives than a DELETE proves its rows by.
fn views(unit: &Unit, found: &mut Vec<Finding>) {
    let archives = |tables: Vec<Table>| -> BTreeSet<(String, String)> {
        tables.iter().filter_map(Table::period).map(|(stem, period)| (stem.to_owned(), period.to_owned())).collect()
    };
    let mut proven = BTreeSet::new();
    for read in &unit.statements {
        match read.action() {
            Action::Delete(delete, _) => proven.extend(archives(looked_up_by(read, delete))),
            Action::Copy(copy) if !copy.creates => proven.extend(archives(vec![copy.into])),
            _ => {}
        }
    }
    for read in &unit.statements {
        let Statement::CreateView(view) = &read.tree else { continue };
        let read_by_view = tables_in(&*view.query);
        // A view of one archive shows one period.
        if read_by_view.len() < 2 {
            continue;
        }
        let shown = archives(read_by_view);
        let lacks = proven.iter().find(|(stem, period)| {
            shown.iter().any(|(other, _)| other == stem) && !shown.contains(&(stem.clone(), period.clone()))
        });
        if let Some((stem, period)) = lacks {
            found.push(Finding {
                code: Code::HardCodedTableList,
                line: read.line(),
                message: format!(
                    "the view does not read `{stem}{period}`, but rows are moved there: readers of the view do not see them"
                ),
                label: "another list of archives",
                help: "make the list once, and write every statement from it".to_owned(),
            });
        }
    }
}
