//! Forms that the parser accepts, but an engine refuses or reads differently. The file of an engine
//! calls the checks that apply to it.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, JoinConstraint, JoinOperator, Query, Select, SetExpr, SetQuantifier,
    Statement, UnaryOperator, Visit, Visitor, visit_expressions,
};

use crate::sql::chain::parts;

/// A form that an engine refuses or reads differently.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trap {
    /// The message text after the name of the statement.
    pub(crate) says: &'static str,
    /// The line of the query in the statement, from 1.
    pub(crate) line: Option<usize>,
}

/// Finds correlated subqueries that Redshift does not run: "Correlated subqueries" in its SQL
/// reference.
pub(super) fn correlated_subquery(statement: &Statement) -> Option<Trap> {
    statement.visit(&mut CorrelatedSubquery).break_value()
}

/// Finds forms that the parser accepts and GoogleSQL does not have: "Query syntax", "Conversion
/// functions" and "Subqueries" in the reference of GoogleSQL.
pub(super) fn not_googlesql(statement: &Statement) -> Option<Trap> {
    statement.visit(&mut NotGoogleSql).break_value()
}

struct CorrelatedSubquery;

impl Visitor for CorrelatedSubquery {
    type Break = Trap;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Trap> {
        match &*query.body {
            SetExpr::Select(select) => {
                in_joins(select, "has a subquery in the ON of a join, which redshift refuses: move it to WHERE")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Trap> {
        // NOT (a AND b) is equal to NOT a OR NOT b.
        let found = match expr {
            Expr::BinaryOp { op: op @ BinaryOperator::Or, .. } => parts(expr, op).into_iter().find_map(subquery),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => match without_parentheses(expr) {
                and @ Expr::BinaryOp { op: BinaryOperator::And, .. } => subquery(and),
                _ => None,
            },
            _ => None,
        };
        match found {
            Some(query) => {
                let trap = "has a correlated subquery as an operand of OR, which redshift refuses: use UNION ALL in the subquery";
                ControlFlow::Break(Trap { says: trap, line: line_of(query) })
            }
            None => ControlFlow::Continue(()),
        }
    }
}

struct NotGoogleSql;

impl Visitor for NotGoogleSql {
    type Break = Trap;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Trap> {
        in_branches(&query.body)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Trap> {
        let trap = match expr {
            Expr::Cast { kind: CastKind::DoubleColon, .. } => {
                "casts with `::`, which bigquery does not have: write CAST"
            }
            Expr::Cast { data_type, .. } if !is_of_bigquery(data_type) => {
                "casts to a type that bigquery does not have: write INT64, NUMERIC, FLOAT64, BOOL, STRING, DATE, DATETIME or TIMESTAMP"
            }
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(Trap { says: trap, line: None })
    }
}

/// Checks the branches of a set operation. A nested query is visited on its own.
fn in_branches(body: &SetExpr) -> ControlFlow<Trap> {
    match body {
        SetExpr::Select(select) => {
            in_joins(select, "has a subquery in the ON of a join, which bigquery refuses: move it to WHERE")
        }
        SetExpr::SetOperation { left, right, set_quantifier, .. } => {
            if *set_quantifier == SetQuantifier::None {
                let trap = "has a set operation without ALL or DISTINCT, which bigquery refuses: write one of them";
                return ControlFlow::Break(Trap { says: trap, line: line_of_body(right) });
            }
            in_branches(left)?;
            in_branches(right)
        }
        _ => ControlFlow::Continue(()),
    }
}

fn is_of_bigquery(ty: &DataType) -> bool {
    use DataType::{BigNumeric, Bool, Bytes, Date, Datetime, Float64, Int64, JSON, Numeric, String, Timestamp};
    matches!(
        ty,
        BigNumeric(_)
            | Bool
            | Bytes(_)
            | Date
            | Datetime(_)
            | Float64
            | Int64
            | JSON
            | Numeric(_)
            | String(_)
            | Timestamp(_, _)
    )
}

fn in_joins(select: &Select, trap: &'static str) -> ControlFlow<Trap> {
    for join in select.from.iter().flat_map(|tables| &tables.joins) {
        let (JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::Left(on) | JoinOperator::LeftOuter(on)) =
            &join.join_operator
        else {
            continue;
        };
        let JoinConstraint::On(on) = on else { continue };
        let found = visit_expressions(on, |expr| match subquery(expr) {
            Some(query) => ControlFlow::Break(line_of(query)),
            None => ControlFlow::Continue(()),
        });
        if let ControlFlow::Break(line) = found {
            return ControlFlow::Break(Trap { says: trap, line });
        }
    }
    ControlFlow::Continue(())
}

fn without_parentheses(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

fn subquery(expr: &Expr) -> Option<&Query> {
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => subquery(inner),
        Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
            parts(expr, op).into_iter().find_map(subquery)
        }
        Expr::Exists { subquery, .. } | Expr::Subquery(subquery) | Expr::InSubquery { subquery, .. } => Some(subquery),
        _ => None,
    }
}

fn line_of(query: &Query) -> Option<usize> {
    line_of_body(&query.body)
}

fn line_of_body(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => usize::try_from(select.select_token.0.span.start.line).ok(),
        _ => None,
    }
}
