//! A cutoff from the newest row, which a row with a wrong time moves into the future.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem, Visit, Visitor,
};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy};
use crate::lint::facts::{function_name, select_of, tables, tables_in};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::deletes;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read, delete, table) in deletes(unit) {
        let Some(selection) = &delete.selection else { continue };
        let in_variable = || unit.texts.iter().any(|text| is_variable(&text.text, &table, &read.sql.text));
        if selection.visit(&mut Cutoff(&table)).is_break() || reads_stored(unit, at, delete, &table) || in_variable() {
            found.push(Finding {
                code: Code::CutoffFromMaximum,
                line: read.line_of("max"),
                message: format!(
                    "one row of `{table}` with a time in the future makes all others old enough to be deleted"
                ),
                label: "not limited by the clock",
                help: "limit the cutoff: `LEAST(MAX(...), CURRENT_TIMESTAMP)`".to_owned(),
            });
        }
    }
}

/// Whether a text stores some time before the maximum in a variable that a DELETE names:
/// `SET cutoff = (SELECT DATEADD(day, -90, MAX(t)) FROM x)`, or DECLARE with a value. No parser reads the
/// text in every dialect, so its words decide.
fn is_variable(text: &str, table: &Table, delete: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let words = |text: &str| -> Vec<String> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '$');
        text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let stored = words(&lower);
    let [first, name, ..] = stored.as_slice() else { return false };
    let has = |word: &str| stored.iter().any(|other| other == word);
    let subtracts = ["dateadd", "date_sub", "timestamp_sub", "datetime_sub", "interval"].into_iter().any(has);
    let is_clamped = has("least") || has("iff") || has("case");
    let is_cutoff = has("max") && subtracts && !is_clamped && has(table.name());
    let bare = |word: &str| word.trim_start_matches(['@', '$']).to_owned();
    let is_named = || words(&delete.to_lowercase()).iter().any(|word| bare(word) == bare(name));
    matches!(first.as_str(), "set" | "declare" | "let") && is_cutoff && is_named()
}

/// Whether a DELETE reads a table into which an earlier statement wrote some time before the maximum.
fn reads_stored(unit: &Unit, at: usize, delete: &Delete, table: &Table) -> bool {
    let stored = unit.statements[..at].iter().filter_map(|read| match read.action() {
        Action::Copy(copy) => Some(copy),
        _ => None,
    });
    let is_cutoff = |copy: &Copy<'_>| {
        copy.select().is_some_and(|select| match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }] => {
                copy.from().iter().any(|from| from.is(table)) && subtracts(output) == Some(true)
            }
            _ => false,
        })
    };
    let mut cutoffs = stored.filter(is_cutoff).map(|copy| copy.into);
    let read = tables_in(delete);
    cutoffs.any(|cutoff| read.iter().any(|read| read.is(&cutoff)))
}

/// Finds `column < (SELECT MAX(column) FROM t) - ...`.
struct Cutoff<'a>(&'a Table);

impl Visitor for Cutoff<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { left, op, right } = expr else { return ControlFlow::Continue(()) };
        let side = match op {
            BinaryOperator::Lt | BinaryOperator::LtEq => right,
            BinaryOperator::Gt | BinaryOperator::GtEq => left,
            _ => return ControlFlow::Continue(()),
        };
        if is_cutoff(side, self.0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Whether an expression is some time before the maximum of a table.
fn is_cutoff(expr: &Expr, table: &Table) -> bool {
    match expr {
        Expr::Nested(inner) => is_cutoff(inner, table),
        Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } => maximum(left, table).is_some(),
        Expr::Subquery(_) => maximum(expr, table) == Some(true),
        // `DATEADD(day, -90, (SELECT MAX(t) FROM x))`.
        Expr::Function(function) if !matches!(function_name(function).as_str(), "least" | "coalesce" | "nvl") => {
            let FunctionArguments::List(list) = &function.args else { return false };
            list.args.iter().any(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => maximum(inner, table).is_some(),
                _ => false,
            })
        }
        _ => false,
    }
}

/// Whether an expression is the maximum of a table. True if the query itself subtracts some time.
fn maximum(expr: &Expr, table: &Table) -> Option<bool> {
    let query = match expr {
        Expr::Nested(inner) => return maximum(inner, table),
        Expr::Subquery(query) => query,
        _ => return None,
    };
    let select = select_of(query)?;
    let (SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }) =
        select.projection.first()?
    else {
        return None;
    };
    let reads = select.from.iter().flat_map(tables).any(|from| from.is(table));
    reads.then(|| subtracts(output)).flatten()
}

/// Whether an expression is MAX(...). True if it is some time before MAX(...).
fn subtracts(output: &Expr) -> Option<bool> {
    if is_max_call(output) {
        return Some(matches!(output, Expr::BinaryOp { .. }));
    }
    // `DATEADD(day, -90, MAX(t))`.
    let Expr::Function(function) = output else { return None };
    if matches!(function_name(function).as_str(), "least" | "coalesce" | "nvl") {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let is_of_max = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => is_max_call(inner),
        _ => false,
    };
    list.args.iter().any(is_of_max).then_some(true)
}

fn is_max_call(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => function_name(function) == "max",
        Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } => is_max_call(left),
        Expr::Nested(inner) => is_max_call(inner),
        _ => false,
    }
}
