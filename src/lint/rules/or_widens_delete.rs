//! An OR beside the conditions that guard a DELETE.

use sqlparser::ast::{BinaryOperator, Delete, Expr};

use crate::diagnostic::Code;
use crate::lint::facts::{Lookup, alias, alternatives, any, column, conjuncts, is_equality, lookup, pairs, select_of};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{all_deletes, lookups};
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// Whether an alternative goes around a condition of the others.
pub(super) fn widens(unit: &Unit, delete: &Delete) -> bool {
    let Some(Expr::BinaryOp { op: BinaryOperator::Or, .. }) = delete.selection.as_ref() else { return false };
    let Some(selection) = &delete.selection else { return false };
    let each = alternatives(selection);
    let used: Vec<_> = delete.using.iter().flatten().filter_map(|one| alias(&one.relation)).collect();
    let is_joined =
        |one: &Expr| any(one, |part| column(part).is_some_and(|(row, _)| row.is_some_and(|row| used.contains(&row))));
    // A lookup in a table that gets no rows says which rows are meant, and proves nothing.
    let is_proof = |found: &Lookup<'_>| {
        let is_filled = |table: &Table| table.is_named_as_archive() || unit.fills(table).next().is_some();
        !found.negated && found.tables().iter().any(is_filled)
    };
    let is_guarded =
        |one: &&Expr| is_joined(one) || conjuncts(one).into_iter().filter_map(lookup).any(|one| is_proof(&one));
    let guarded = each.iter().filter(|one| is_guarded(one)).count();
    // Without brackets, AND binds closer than OR, which the author may not have meant. If each side
    // has conditions of its own, it was meant.
    let has_age = |one: &&Expr| conjuncts(one).into_iter().any(is_age);
    let is_mixed =
        has_bare_and(selection) && each.iter().any(|one| conjuncts(one).len() == 1) && !each.iter().all(has_age);
    (guarded > 0 && guarded < each.len()) || is_mixed
}

/// A comparison with a bound, as of a time.
fn is_age(one: &Expr) -> bool {
    matches!(one, Expr::BinaryOp { op: BinaryOperator::Lt | BinaryOperator::LtEq, .. })
}

/// Whether the query of a proof has an OR beside an AND without brackets: `EXISTS (SELECT 1 FROM a
/// WHERE a.id = t.id AND a.d = t.d OR a.d IS NULL)`.
fn has_widened_proof(delete: &Delete) -> bool {
    let proofs = delete.selection.iter().flat_map(conjuncts).filter_map(lookup).filter(|found| !found.negated);
    let conditions = proofs.filter_map(|found| select_of(found.query)?.selection.as_ref());
    conditions.into_iter().any(|condition| {
        matches!(condition, Expr::BinaryOp { op: BinaryOperator::Or, .. })
            && has_bare_and(condition)
            && alternatives(condition).iter().any(|one| conjuncts(one).len() == 1)
    })
}

/// Whether a proof holds if one of several columns is equal: `EXISTS (SELECT 1 FROM a WHERE a.id =
/// t.id OR a.ts = t.ts)`.
fn has_proof_by_any_column(read: &Read, delete: &Delete) -> bool {
    let proofs = lookups(read, delete).filter(|found| !found.negated);
    let mut conditions = proofs.filter_map(|found| select_of(found.query)?.selection.as_ref()).flat_map(conjuncts);
    conditions.any(|condition| {
        let each = alternatives(condition);
        each.len() > 1 && each.iter().all(|one| is_equality(one) && pairs([*one]).len() == 1)
    })
}

/// Whether a chain of OR has an AND without brackets.
fn has_bare_and(expr: &Expr) -> bool {
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } => rest.extend([&**left, &**right]),
            Expr::BinaryOp { op: BinaryOperator::And, .. } => return true,
            _ => {}
        }
    }
    false
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (_, read, delete, table) in all_deletes(unit) {
        if widens(unit, delete) || has_widened_proof(delete) {
            let is_mixed = has_widened_proof(delete) || delete.selection.as_ref().is_some_and(has_bare_and);
            found.push(Finding {
                code: Code::OrWidensDelete,
                line: read.line_of("or"),
                message: format!(
                    "because of the OR, this DELETE takes rows of `{table}` that do not meet its other conditions"
                ),
                label: if is_mixed { "AND binds closer than OR" } else { "this side has no proof" },
                help: if is_mixed {
                    "put the OR and its two sides in brackets".to_owned()
                } else {
                    "give each side of the OR its proof".to_owned()
                },
            });
        } else if has_proof_by_any_column(read, delete) {
            found.push(Finding {
                code: Code::OrWidensDelete,
                line: read.line_of("or"),
                message: format!(
                    "because of the OR, one equal column is enough: a row of `{table}` is deleted if a copy of another row has that column"
                ),
                label: "either side is enough",
                help: "compare every column of the key, and join the comparisons by AND".to_owned(),
            });
        }
    }
}
