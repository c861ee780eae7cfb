//! A guard of an archive that compares only a part of the key.

use std::collections::BTreeSet;

use crate::diagnostic::Code;
use crate::lint::facts::{Action, Copy, Lookup, Table, compared, conjuncts, lookup};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{Trim, deletes};
use crate::lint::unit::Unit;

/// The lookups of a copy in the table that it fills, negated: its guard.
pub(super) fn guards<'a>(copy: &Copy<'a>) -> Vec<Lookup<'a>> {
    let conditions = copy.select().and_then(|select| select.selection.as_ref()).into_iter().flat_map(conjuncts);
    let negated = conditions.filter_map(lookup).filter(|found| found.negated);
    negated.filter(|found| found.tables().iter().any(|table| table.is(&copy.into))).collect()
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    for read in &unit.statements {
        let Action::Copy(copy) = read.action() else { continue };
        let Some(source) = copy.from().into_iter().next() else { continue };
        let Some(guard) = guards(&copy).into_iter().next() else { continue };
        let has = compared(&guard);
        let stated = stated_key(unit, &source, &copy.into);
        let Some(key) = stated.or_else(|| proven_key(&trims, &source, &copy.into, has.len())) else { continue };
        if has.is_empty() || !has.is_subset(&key) || has == key {
            continue;
        }
        let lacks: Vec<_> = key.difference(&has).map(|name| format!("`{name}`")).collect();
        found.push(Finding {
            code: Code::GuardNarrowerThanKey,
            line: read.line_of("not exists"),
            message: format!(
                "the guard of `{}` does not compare {}: a row of `{source}` is never archived if another one with the same {} is",
                copy.into,
                lacks.join(", "),
                has.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            ),
            label: "a part of the key",
            help: "compare every column of the key, and the time if a key has versions".to_owned(),
        });
    }
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

/// The two columns by which a DELETE finds the copy, if the guard has one. With more columns, the
/// DELETE may compare more than the key.
fn proven_key(trims: &[Trim<'_>], source: &Table, archive: &Table, guarded: usize) -> Option<BTreeSet<String>> {
    if guarded != 1 {
        return None;
    }
    trims.iter().find_map(|(_, _, delete, table)| {
        let conditions = delete.selection.iter().filter(|_| table.is(source)).flat_map(conjuncts);
        let mut proofs = conditions.filter_map(lookup).filter(|found| !found.negated);
        let proof = proofs.find(|found| found.tables().iter().any(|table| table.is(archive)))?;
        Some(compared(&proof)).filter(|key| key.len() == 2)
    })
}
