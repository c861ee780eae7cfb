//! A guard of an archive that compares only a part of the key.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint, JoinOperator, Select, TableFactor};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy, OnConflict};
use crate::lint::facts::{
    Lookup, aliases, column, columns_in, compared, conjuncts, is_equality, is_time, lookup, named_query, pairs,
    select_of, tables,
};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{Trim, deletes, is_of_archive, lookups};
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// The guards of a copy: for each, the columns by which it looks for the row in the table that it
/// fills. A guard is NOT EXISTS, NOT IN, or an outer join of which a column is NULL.
pub(super) fn guards(copy: &Copy<'_>) -> Vec<BTreeSet<String>> {
    if matches!(copy.on_conflict, OnConflict::Skips | OnConflict::Matches) && !copy.matched.is_empty() {
        return vec![copy.matched.clone()];
    }
    let each: Vec<_> = copy.arms().into_iter().map(|select| guards_of(copy, select)).collect();
    // One SELECT of a UNION without a guard copies its rows again.
    if each.iter().any(Vec::is_empty) { Vec::new() } else { each.into_iter().flatten().collect() }
}

fn guards_of(copy: &Copy<'_>, select: &Select) -> Vec<BTreeSet<String>> {
    let conditions: Vec<_> = select.selection.iter().flat_map(conjuncts).collect();
    let negated = conditions.iter().filter_map(|condition| lookup(condition)).filter(|found| found.negated);
    // `WITH have AS (SELECT id, at FROM archive)` is the archive too.
    let base = |table: &Table| {
        let select = named_query(copy.query, table).and_then(select_of).filter(|select| select.selection.is_none());
        select.and_then(|select| tables(select.from.first()?).into_iter().next()).unwrap_or_else(|| table.clone())
    };
    let lookups = negated.filter(|found| found.tables().iter().any(|table| base(table).is(&copy.into)));
    let mut all: Vec<_> = lookups.map(|found| compared(&found)).collect();
    let tests_null = conditions.iter().any(|condition| matches!(condition, Expr::IsNull(_)));
    for join in select.from.iter().flat_map(|item| &item.joins) {
        let constraint = match &join.join_operator {
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) if tests_null => constraint,
            JoinOperator::Anti(constraint) | JoinOperator::LeftAnti(constraint) => constraint,
            _ => continue,
        };
        if !joined_table(&join.relation).is_some_and(|table| table.is(&copy.into)) {
            continue;
        }
        match constraint {
            JoinConstraint::On(on) => all.push(pairs(conjuncts(on))),
            JoinConstraint::Using(names) => {
                all.push(names.iter().map(|name| Table::of(name).name().to_owned()).collect())
            }
            _ => {}
        }
    }
    all
}

/// Whether the compared columns are a part of a stated key. A time beside it is no part of the key.
fn is_narrower(has: &BTreeSet<String>, key: &BTreeSet<String>) -> bool {
    !has.is_disjoint(key) && has.difference(key).all(|name| is_time(name)) || has.is_subset(key)
}

/// The table of a join: a table, or all rows of one, as in `LEFT JOIN (SELECT DISTINCT id FROM t)`.
fn joined_table(relation: &TableFactor) -> Option<Table> {
    match relation {
        TableFactor::Table { name, .. } => Some(Table::of(name)),
        TableFactor::Derived { subquery, .. } => {
            let select = select_of(subquery).filter(|select| select.selection.is_none())?;
            match select.from.as_slice() {
                [only] if only.joins.is_empty() => joined_table(&only.relation),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    check_proofs(unit, &trims, found);
    for read in &unit.statements {
        let Action::Copy(copy) = read.action() else { continue };
        let Some(source) = copy.from().into_iter().next() else { continue };
        let Some(has) = guards(&copy).into_iter().next() else { continue };
        // Archived rows that come back.
        if source.is_named_as_archive() && !copy.into.is_named_as_archive() {
            continue;
        }
        // A MERGE into another mart goes by the key of that mart.
        if !copy.matched.is_empty() && !is_of_archive(unit, &source, &copy.into) {
            continue;
        }
        let stated = stated_key(unit, &source, &copy.into).filter(|key| is_narrower(&has, key));
        let proven = || proven_key(&trims, &source, &copy.into, &has).filter(|key| has.is_subset(key));
        let Some(key) = stated.or_else(proven) else { continue };
        if has.is_empty() || key.is_subset(&has) {
            continue;
        }
        // A MERGE that replaces older versions keeps the newest one.
        if copy.updates && key.difference(&has).all(|name| is_time(name)) {
            continue;
        }
        let lacks: Vec<_> = key.difference(&has).map(|name| format!("`{name}`")).collect();
        found.push(Finding {
            code: Code::GuardNarrowerThanKey,
            line: read.line_of(guard_of(read)),
            message: format!(
                "the guard of `{}` does not compare {}: if another row with the same {} is archived, a row of `{source}` never is",
                copy.into,
                lacks.join(", "),
                has.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            ),
            label: "a part of the key",
            help: "compare every column of the key, and the time if a key has versions".to_owned(),
        });
    }
}

/// Proofs of a DELETE that compare a part of a stated key.
fn check_proofs(unit: &Unit, trims: &[Trim<'_>], found: &mut Vec<Finding>) {
    for (_, read, delete, table) in trims {
        for proof in lookups(read, delete).filter(|found| !found.negated) {
            let has = compared(&proof);
            let archive = proof.tables().into_iter().find(|other| other.is_named_as_archive() && !other.is(table));
            let Some(archive) = archive else { continue };
            if let Some(name) = accepts_older(&proof) {
                found.push(Finding {
                    code: Code::GuardNarrowerThanKey,
                    line: read.line_of(&name),
                    message: format!(
                        "the proof in `{archive}` accepts a row with an older `{name}`: if an older version of a row of `{table}` is archived, the row is deleted without a copy"
                    ),
                    label: "an older version is no copy",
                    help: format!("compare `{name}` by `=`"),
                });
                continue;
            }
            let guarded = guarded_key(unit, table, &archive);
            if let Some(key) = guarded.as_ref().filter(|key| compares_no_key(&proof, key)) {
                let other: Vec<_> = has.iter().map(|name| format!("`{name}`")).collect();
                let key: Vec<_> = key.iter().map(|name| format!("`{name}`")).collect();
                found.push(Finding {
                    code: Code::GuardNarrowerThanKey,
                    line: read.line_of(if read.joins.is_empty() { "exists" } else { archive.name() }),
                    message: format!(
                        "the proof in `{archive}` compares {}, and the copy looks for {}: a row of `{table}` is deleted if another row with the same {} is archived",
                        other.join(", "),
                        key.join(", "),
                        other.join(", ")
                    ),
                    label: "not the key",
                    help: "compare every column of the key, and the time if a key has versions".to_owned(),
                });
                continue;
            }
            let guarded = || guarded.filter(|key| has.is_subset(key));
            let key = stated_key(unit, table, table).filter(|key| is_narrower(&has, key)).or_else(guarded);
            let Some(key) = key.filter(|key| !has.is_empty() && !key.is_subset(&has)) else { continue };
            let lacks: Vec<_> = key.difference(&has).map(|name| format!("`{name}`")).collect();
            found.push(Finding {
                code: Code::GuardNarrowerThanKey,
                line: read.line_of(if read.joins.is_empty() { "exists" } else { archive.name() }),
                message: format!(
                    "the proof in `{archive}` does not compare {}: `{archive}` may have only another version of a row of `{table}`, and the row is deleted all the same",
                    lacks.join(", ")
                ),
                label: "a part of the key",
                help: "compare every column of the key, and the time if a key has versions".to_owned(),
            });
        }
    }
}

/// Whether a proof compares columns, and none of them, on either side, is one of the key.
fn compares_no_key(proof: &Lookup<'_>, key: &BTreeSet<String>) -> bool {
    let Some(select) = select_of(proof.query).filter(|_| proof.value.is_none()) else { return false };
    let conditions = || select.selection.iter().flat_map(conjuncts);
    let compared: Vec<_> = conditions().filter(|one| is_equality(one)).flat_map(columns_in).collect();
    !compared.is_empty() && !compared.iter().any(|name| key.contains(name))
}

/// The column of which the found row may have an older value than the row outside.
fn accepts_older(proof: &Lookup<'_>) -> Option<String> {
    let select = select_of(proof.query)?;
    let inner = aliases(select);
    let is_inner = |row: &Option<String>| row.as_ref().is_some_and(|row| inner.contains(row));
    select.selection.iter().flat_map(conjuncts).find_map(|condition| {
        let Expr::BinaryOp { left, op, right } = condition else { return None };
        let ((one, name), (other, others)) = (column(left)?, column(right)?);
        let is_older = match op {
            BinaryOperator::Lt | BinaryOperator::LtEq => is_inner(&one) && !is_inner(&other),
            BinaryOperator::Gt | BinaryOperator::GtEq => is_inner(&other) && !is_inner(&one),
            _ => false,
        };
        (is_older && name == others).then_some(name)
    })
}

/// The columns by which the copy into an archive looks for a row that is there already.
fn guarded_key(unit: &Unit, table: &Table, archive: &Table) -> Option<BTreeSet<String>> {
    unit.archives(table).into_iter().find_map(|(_, read)| match read.action() {
        Action::Copy(copy) if copy.into.is(archive) => guards(&copy).into_iter().next(),
        _ => None,
    })
}

/// The key of a table: of the model, or of the table that the unit creates.
fn stated_key(unit: &Unit, source: &Table, archive: &Table) -> Option<BTreeSet<String>> {
    let of_model = unit.model.as_ref().filter(|(table, key)| table.is(source) && !key.is_empty());
    if let Some((_, key)) = of_model {
        // A key that is an expression says nothing of columns.
        let is_name = |name: &String| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        return key.iter().all(is_name).then(|| key.iter().cloned().collect());
    }
    let created = [source, archive]
        .into_iter()
        .find_map(|table| unit.keys.iter().find(|(other, key)| other.is(table) && !key.is_empty()).map(|(_, key)| key));
    created.map(|key| key.iter().cloned().collect())
}

/// The first word of the guard of a copy.
fn guard_of(read: &Read) -> &'static str {
    let text = read.sql.text.to_lowercase();
    ["not exists", "on conflict", "merge"].into_iter().find(|words| text.contains(words)).unwrap_or("insert")
}

/// The columns by which a DELETE finds the copy, if the guard has only one of two, or lacks the
/// time. Otherwise, the DELETE may compare more than the key.
fn proven_key(
    trims: &[Trim<'_>],
    source: &Table,
    archive: &Table,
    guarded: &BTreeSet<String>,
) -> Option<BTreeSet<String>> {
    let lacks_time =
        |key: &BTreeSet<String>| !guarded.iter().any(|name| is_time(name)) && key.iter().any(|name| is_time(name));
    let mut trims = trims.iter().filter(|(.., table)| table.is(source));
    trims.find_map(|(_, read, delete, _)| {
        let mut proofs = lookups(read, delete).filter(|found| !found.negated);
        let proof = proofs.find(|found| found.tables().iter().any(|table| table.is(archive)))?;
        Some(compared(&proof)).filter(|key| guarded.len() == 1 && key.len() == 2 || lacks_time(key))
    })
}
