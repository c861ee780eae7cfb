//! A MERGE into an archive that lets any version win.

use sqlparser::ast::{
    BinaryOperator, ConflictTarget, Distinct, Expr, GroupByExpr, Merge, MergeAction, MergeClauseKind, MergeUpdateExpr,
    MergeUpdateKind, OnInsert, Query, Select, Statement, TableFactor,
};

use crate::diagnostic::Code;
use crate::lint::action::{Action, OnConflict};
use crate::lint::facts::{any, column, conjuncts, from_tables, function_name, is_time, pairs, select_of};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::deletes;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    for read in &unit.statements {
        if let Action::Copy(copy) = read.action()
            && copy.on_conflict == OnConflict::Overwrites
            && (copy.into.is_named_as_archive() || trims.iter().any(|(.., table)| copy.copies(table)))
            && !is_one_per_key(copy.query)
            && !copy.matched.iter().any(|name| is_time(name))
            && !has_time_in_key(&read.tree, copy.query)
            && !chooses(&read.tree)
        {
            found.push(finding(read, &copy.into, "insert"));
        }
        let Statement::Merge(merge) = &read.tree else { continue };
        let TableFactor::Table { name, .. } = &merge.table else { continue };
        let target = Table::of(name);
        let sources: Vec<Table> = match &merge.source {
            TableFactor::Table { name, .. } => vec![Table::of(name)],
            TableFactor::Derived { subquery, .. } => from_tables(subquery),
            _ => continue,
        };
        let is_trimmed = trims.iter().any(|(.., table)| sources.iter().any(|source| source.is(table)));
        // Two versions of a row never meet.
        let has_time = pairs(conjuncts(&merge.on)).iter().any(|name| is_time(name));
        if !target.is_named_as_archive() && !is_trimmed || has_time || !overwrites(merge) {
            continue;
        }
        found.push(finding(read, &target, "when matched"));
    }
}

fn finding(read: &Read, target: &Table, at: &str) -> Finding {
    Finding {
        code: Code::MergeWithoutTieBreak,
        line: read.line_of(at),
        message: format!(
            "an older version of a row can overwrite a newer one in `{target}`: the statement does not compare their times"
        ),
        label: "no comparison of versions",
        help: format!(
            "compare the times before an update{}, and keep one row of each key in the source",
            match at {
                "insert" => ", as in `DO UPDATE SET ... WHERE excluded.<time> > a.<time>`",
                _ => ", as in `WHEN MATCHED AND s.<time> > a.<time>`",
            }
        ),
    }
}

/// Whether ON CONFLICT compares a column by which the query chooses old rows: two versions of a row
/// never meet.
fn has_time_in_key(statement: &Statement, query: &Query) -> bool {
    let Statement::Insert(insert) = statement else { return false };
    let Some(OnInsert::OnConflict(conflict)) = &insert.on else { return false };
    let Some(ConflictTarget::Columns(key)) = &conflict.conflict_target else { return false };
    let conditions = select_of(query).and_then(|select| select.selection.as_ref());
    let ranges = conditions.into_iter().flat_map(conjuncts).filter(|condition| is_order(condition));
    ranges
        .filter_map(|range| match range {
            Expr::BinaryOp { left, right, .. } => column(left).or_else(|| column(right)),
            _ => None,
        })
        .any(|(_, name)| key.iter().any(|member| member.value.eq_ignore_ascii_case(&name)))
}

/// Whether ON DUPLICATE KEY UPDATE chooses each value from both rows.
fn chooses(statement: &Statement) -> bool {
    let Statement::Insert(insert) = statement else { return false };
    match &insert.on {
        Some(OnInsert::DuplicateKeyUpdate(assignments)) => assignments.iter().all(|one| is_choice(&one.value)),
        _ => false,
    }
}

/// Whether a MERGE updates whatever it matches, from a source that may have a key twice.
fn overwrites(merge: &Merge) -> bool {
    let updates = merge.clauses.iter().any(|clause| {
        matches!(clause.clause_kind, MergeClauseKind::Matched)
            && !clause.predicate.as_ref().is_some_and(|predicate| any(predicate, is_order))
            && matches!(&clause.action, MergeAction::Update(update) if !any(update, is_choice) && !closes(update))
    });
    let is_unique = match &merge.source {
        TableFactor::Derived { subquery, .. } => is_one_per_key(subquery),
        _ => false,
    };
    updates && !is_unique
}

/// Whether an UPDATE closes a row that was the current one: `is_current = false, valid_to = now()`.
fn closes(update: &MergeUpdateExpr) -> bool {
    let is_false = |value: &Expr| {
        let text = value.to_string().to_lowercase();
        ["false", "0", "'n'", "'no'"].contains(&text.as_str())
    };
    let MergeUpdateKind::Set(assignments) = &update.kind else { return false };
    assignments.iter().any(|one| {
        let name = one.target.to_string().to_lowercase();
        is_false(&one.value) && ["current", "active", "latest"].iter().any(|word| name.contains(word))
    })
}

/// A comparison by order, as of two times.
fn is_order(expr: &Expr) -> bool {
    use BinaryOperator::{Gt, GtEq, Lt, LtEq};
    matches!(expr, Expr::BinaryOp { op: Gt | GtEq | Lt | LtEq, .. })
}

/// A value that is chosen from both rows: `CASE WHEN s.t > a.t ...` or `GREATEST(s.t, a.t)`.
fn is_choice(expr: &Expr) -> bool {
    match expr {
        Expr::Case { .. } => true,
        Expr::Function(function) => matches!(function_name(function).as_str(), "greatest" | "iff" | "if"),
        _ => false,
    }
}

fn is_one_per_key(query: &Query) -> bool {
    let ranks = |expr: &Expr| matches!(expr, Expr::Function(function) if matches!(function_name(function).as_str(), "row_number" | "rank" | "max"));
    let of_select = |select: &Select| {
        select.qualify.is_some()
            || matches!(&select.group_by, GroupByExpr::Expressions(by, _) if !by.is_empty())
            || matches!(select.distinct, Some(Distinct::On(_)))
    };
    select_of(query).is_some_and(of_select) || any(query, ranks)
}
