//! What the outputs of a SELECT compute. These functions look at the syntax only.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem};

use crate::verify::lower::terms::MAX_NESTING;
use crate::verify::meaning::AGGREGATES;

/// Whether all outputs are columns, values or `*`, so that the SELECT keeps the number of its rows.
pub(super) fn only_read(projection: &[SelectItem]) -> bool {
    projection.iter().all(|item| match item {
        SelectItem::Wildcard(_) => true,
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            matches!(expr, Expr::Value(_) | Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        }
        _ => false,
    })
}

/// Whether an output has an aggregate or a window function.
pub(super) fn computes_over_rows(projection: &[SelectItem]) -> bool {
    projection.iter().any(|item| expr_of(item).is_some_and(|expr| has_function(expr, 0, &is_over_rows)))
}

/// Whether an output has a window function.
pub(super) fn ranks(projection: &[SelectItem]) -> bool {
    projection.iter().any(|item| expr_of(item).is_some_and(|expr| has_function(expr, 0, &|call| call.over.is_some())))
}

fn expr_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn is_over_rows(call: &Function) -> bool {
    let name = call.name.to_string().to_lowercase();
    call.over.is_some() || AGGREGATES.contains(&name.as_str())
}

/// Whether an expression has such a function. An expression deeper than `MAX_NESTING` counts as
/// one.
fn has_function(expr: &Expr, nesting: usize, is: &dyn Fn(&Function) -> bool) -> bool {
    if nesting > MAX_NESTING {
        return true;
    }
    let has = |expr: &Expr| has_function(expr, nesting + 1, is);
    match expr {
        Expr::Function(call) => {
            let args = match &call.args {
                FunctionArguments::List(list) => list.args.as_slice(),
                _ => &[],
            };
            let in_arg = |arg: &FunctionArg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => has(expr),
                _ => false,
            };
            is(call) || args.iter().any(in_arg)
        }
        Expr::Nested(expr)
        | Expr::Cast { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Ceil { expr, .. } => has(expr),
        Expr::AtTimeZone { timestamp, .. } => has(timestamp),
        Expr::BinaryOp { left, right, .. } => has(left) || has(right),
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter().any(|case| has(&case.condition) || has(&case.result))
                || else_result.as_ref().is_some_and(|expr| has(expr))
        }
        _ => false,
    }
}
