//! Chains of one operator in a parsed tree.

use sqlparser::ast::{BinaryOperator, Expr};

/// The terms of a chain of one operator. The parser nests such a chain to the left, and this
/// function does not recurse, so a chain may be long.
pub(crate) fn parts<'a>(expr: &'a Expr, operator: &BinaryOperator) -> Vec<&'a Expr> {
    let mut parts = Vec::new();
    let mut rest = expr;
    loop {
        match rest {
            Expr::BinaryOp { left, op, right } if op == operator => {
                parts.push(&**right);
                rest = left;
            }
            Expr::Nested(inner) if parts.is_empty() => rest = inner,
            _ => break,
        }
    }
    parts.push(rest);
    parts.reverse();
    parts
}
