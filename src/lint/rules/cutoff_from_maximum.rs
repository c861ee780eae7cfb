//! A cutoff from the newest row, which a row with a wrong time moves into the future.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem, Visit, Visitor,
};

use crate::diagnostic::Code;
use crate::lint::facts::{function_name, select_of, tables};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::deletes;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (_, read, delete, table) in deletes(unit) {
        let Some(selection) = &delete.selection else { continue };
        if selection.visit(&mut Cutoff(&table)).is_break() {
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
    let subtracts = matches!(output, Expr::BinaryOp { op: BinaryOperator::Minus, .. });
    (reads && is_max_call(output)).then_some(subtracts)
}

fn is_max_call(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => function_name(function) == "max",
        Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } => is_max_call(left),
        Expr::Nested(inner) => is_max_call(inner),
        _ => false,
    }
}
