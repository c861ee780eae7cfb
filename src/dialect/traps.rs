//! Forms that the parser accepts, but an engine refuses or reads differently. The file of an engine
//! calls the checks that apply to it.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, JoinConstraint, JoinOperator, Query, Select, SetExpr, SetOperator,
    SetQuantifier, Statement, TableFactor, UnaryOperator, Visit, Visitor, visit_expressions,
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

/// Finds correlated subqueries that Redshift does not run, or is not known to run. Its SQL
/// reference, "Correlated subqueries", names the patterns that it refuses. AWS's own benchmark
/// texts (TPC-H, TPC-DS) have `[NOT] EXISTS` over stored tables, joined by AND, or by OR with
/// another EXISTS.
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
                in_joins(select, "has a subquery in the ON of a join, which redshift refuses: move it to WHERE")?;
                in_select_list(select)
            }
            branches @ SetExpr::SetOperation { op: SetOperator::Union, .. } => in_union(branches),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Trap> {
        if let Expr::Exists { subquery, .. } = expr {
            in_exists(subquery)?;
        }
        if let Expr::Case { .. } = expr {
            let trap = "has an EXISTS in a CASE, which redshift is not known to run: move it to WHERE";
            first_exists(expr, trap)?;
        }
        // NOT (a AND b) is equal to NOT a OR NOT b.
        let found = match expr {
            Expr::BinaryOp { op: op @ BinaryOperator::Or, .. } => {
                let operands = parts(expr, op);
                if operands.iter().all(|operand| is_exists(operand)) {
                    return ControlFlow::Continue(());
                }
                operands.into_iter().find_map(subquery)
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => match without_parentheses(expr) {
                and @ Expr::BinaryOp { op: BinaryOperator::And, .. } => subquery(and),
                _ => None,
            },
            _ => None,
        };
        match found {
            Some(query) => {
                let trap = "has a correlated subquery beside another operand of OR, which redshift does not run: write two statements";
                ControlFlow::Break(Trap { says: trap, line: line_of(query) })
            }
            None => ControlFlow::Continue(()),
        }
    }
}

/// Checks the query of an EXISTS: it reads stored tables, and has no other EXISTS.
fn in_exists(query: &Query) -> ControlFlow<Trap> {
    let SetExpr::Select(select) = &*query.body else {
        let trap =
            "has an EXISTS over a set operation, which redshift is not known to run: write one EXISTS for each table";
        return ControlFlow::Break(Trap { says: trap, line: line_of(query) });
    };
    let joined = select.from.iter().flat_map(|tables| &tables.joins).map(|join| &join.relation);
    let mut sources = select.from.iter().map(|tables| &tables.relation).chain(joined);
    if sources.any(|source| !matches!(source, TableFactor::Table { .. })) {
        let trap = "has an EXISTS over a derived table, which redshift is not known to run: read stored tables in it";
        return ControlFlow::Break(Trap { says: trap, line: line_of(query) });
    }
    first_exists(query, "has an EXISTS in an EXISTS, which redshift is not known to run: write a join in the outer one")
}

/// Checks that no branch of a set operation has an EXISTS in its WHERE.
fn in_union(body: &SetExpr) -> ControlFlow<Trap> {
    match body {
        SetExpr::SetOperation { op: SetOperator::Union, left, right, .. } => {
            in_union(left)?;
            in_union(right)
        }
        SetExpr::Select(select) => {
            let trap = "has an EXISTS in a branch of a UNION, which redshift is not known to run: write a statement for each branch";
            in_select_list(select)?;
            select.selection.iter().try_for_each(|condition| first_exists(condition, trap))
        }
        _ => ControlFlow::Continue(()),
    }
}

fn in_select_list(select: &Select) -> ControlFlow<Trap> {
    let trap = "has an EXISTS in a select list, which redshift is not known to run: move it to WHERE";
    select.projection.iter().try_for_each(|item| first_exists(item, trap))
}

fn first_exists(within: &impl Visit, trap: &'static str) -> ControlFlow<Trap> {
    let found = visit_expressions(within, |expr| match expr {
        Expr::Exists { subquery, .. } => ControlFlow::Break(line_of(subquery)),
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Break(line) => ControlFlow::Break(Trap { says: trap, line }),
        ControlFlow::Continue(()) => ControlFlow::Continue(()),
    }
}

fn is_exists(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => is_exists(inner),
        Expr::BinaryOp { op: op @ BinaryOperator::Or, .. } => parts(expr, op).into_iter().all(is_exists),
        expr => matches!(expr, Expr::Exists { .. }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::sql::parse::parse_emitted;

    fn of_redshift(sql: &str) -> Option<&'static str> {
        let statements =
            parse_emitted(sql, Dialect::Redshift).unwrap_or_else(|error| panic!("{sql}: {}", error.message));
        correlated_subquery(&statements[0]).map(|trap| trap.says)
    }

    #[test]
    fn redshift_gets_only_subqueries_that_it_is_known_to_run() {
        let exists = "EXISTS (SELECT 1 FROM s.h AS h WHERE h.k = t.k)";
        let other = "NOT EXISTS (SELECT 1 FROM s.g AS g JOIN s.h AS h ON h.k = g.k WHERE g.k = t.k)";
        for known in [
            format!("DELETE FROM s.t WHERE {exists} AND {other}"),
            format!("DELETE FROM s.t WHERE ({exists} OR {other})"),
            format!("DELETE FROM s.t WHERE ({exists} OR ({other} OR {exists}))"),
            format!("INSERT INTO s.u (k) SELECT t.k FROM s.t AS t WHERE {exists}"),
            "DELETE FROM s.t WHERE t.k NOT IN (SELECT x.k FROM (SELECT h.k FROM s.h AS h UNION ALL SELECT g.k FROM s.g AS g) AS x)".to_owned(),
        ] {
            assert_eq!(of_redshift(&known), None, "{known}");
        }
        let unions = "(SELECT h.k FROM s.h AS h UNION ALL SELECT g.k FROM s.g AS g)";
        let refused = [
            (format!("DELETE FROM s.t WHERE ({exists} OR t.k = 1)"), "beside another operand of OR"),
            (format!("DELETE FROM s.t WHERE NOT ({exists} AND t.k = 1)"), "beside another operand of OR"),
            (format!("DELETE FROM s.t WHERE EXISTS (SELECT 1 FROM {unions} AS h WHERE h.k = t.k)"), "over a derived table"),
            (format!("DELETE FROM s.t WHERE EXISTS {unions}"), "over a set operation"),
            (
                "DELETE FROM s.t WHERE EXISTS (SELECT 1 FROM s.h AS h WHERE h.k = t.k AND EXISTS (SELECT 1 FROM s.g AS g WHERE g.k = h.k))".to_owned(),
                "in an EXISTS",
            ),
            (
                format!("INSERT INTO s.u (k) SELECT t.k FROM s.t AS t WHERE {exists} UNION ALL SELECT t.k FROM s.v AS t"),
                "in a branch of a UNION",
            ),
            (format!("DELETE FROM s.t WHERE CASE WHEN {exists} THEN 1 ELSE 0 END = 1"), "in a CASE"),
            (format!("INSERT INTO s.u (k) SELECT {exists} FROM s.t AS t"), "in a select list"),
        ];
        for (sql, says) in refused {
            let found = of_redshift(&sql);
            assert!(found.is_some_and(|found| found.contains(says)), "{sql}: {found:?}");
        }
    }
}
