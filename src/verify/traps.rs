//! What a parser takes and an engine does not, or takes for something else.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Query, Select, SetExpr, Statement, UnaryOperator, Visit,
    Visitor, visit_expressions,
};

use crate::dialect::Dialect;
use crate::verify::lower::parts;

/// A trap, as what follows the statement's name, and the line of the query in it.
pub(super) type Trap = (&'static str, Option<usize>);

/// The first trap of an engine that a statement steps into.
pub(super) fn find(statement: &Statement, dialect: Dialect) -> Option<Trap> {
    // PostgreSQL and DuckDB run, or refuse loudly, all that has a meaning for `lower`.
    if dialect != Dialect::Redshift {
        return None;
    }
    match statement.visit(&mut Redshift) {
        ControlFlow::Break(trap) => Some(trap),
        ControlFlow::Continue(()) => None,
    }
}

/// "Correlated subqueries" in the SQL reference of Redshift: patterns that it does not run.
struct Redshift;

impl Visitor for Redshift {
    type Break = Trap;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Trap> {
        match &*query.body {
            SetExpr::Select(select) => in_joins(select),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Trap> {
        // NOT over AND is OR by another name.
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
                let trap = "has a query beside OR, which redshift does not decorrelate: write UNION ALL inside of it";
                ControlFlow::Break((trap, line_of(query)))
            }
            None => ControlFlow::Continue(()),
        }
    }
}

fn in_joins(select: &Select) -> ControlFlow<Trap> {
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
            let trap = "has a query in the ON of a join, which redshift refuses: move it to WHERE";
            return ControlFlow::Break((trap, line));
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
    match &*query.body {
        SetExpr::Select(select) => usize::try_from(select.select_token.0.span.start.line).ok(),
        _ => None,
    }
}
