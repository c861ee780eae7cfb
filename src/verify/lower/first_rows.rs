//! Queries that keep the first row of each key: by QUALIFY, or by DISTINCT ON.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Function, OrderByExpr, Query, Select as SelectTree, SelectItem, SetExpr, Value,
};

use crate::sql::is_own_alias;
use crate::verify::lower::sources::is_grouped;
use crate::verify::lower::{Binding, Lowering, OpenSource, QueryId, Result, ScopeId, SourceId, conjunct};
use crate::verify::meaning::{Comparison, Conjunct, Term, compare};
use crate::verify::names::fold_part;

/// How a query selects the first row of each key.
#[derive(Clone, Copy)]
pub(super) enum First<'a> {
    /// `QUALIFY ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...) = 1`.
    Qualify(&'a Function),
    /// `SELECT DISTINCT ON (...) ... ORDER BY ...`.
    DistinctOn { by: &'a [Expr], order: &'a [OrderByExpr] },
}

/// A source with the first row of each key.
pub(super) struct FirstRows<'a> {
    source: SourceId,
    /// The scope of the names in `first`.
    scope: ScopeId,
    first: First<'a>,
}

impl<'a> Lowering<'a, '_> {
    /// The SELECT of a query that keeps the first row of each key. `None` for another query.
    pub(super) fn first_of_each(&mut self, query: &'a Query) -> Result<Option<(&'a SelectTree, First<'a>)>> {
        let SetExpr::Select(select) = &*query.body else { return Ok(None) };
        let select: &'a SelectTree = select;
        let forms = self.names.spec.dialect.rules().forms();
        match (&select.qualify, &select.distinct) {
            (Some(_), _) if !forms.qualify => Err(self.unshown("QUALIFY, which the engine does not have")),
            (Some(qualify), None) => match self.ranked_first(qualify, &select.projection) {
                Some(call) if !self.has_clauses_after(query)? => Ok(Some((select, First::Qualify(call)))),
                _ => Err(self.unshown("QUALIFY of another form than ROW_NUMBER() OVER (...) = 1")),
            },
            (None, Some(Distinct::On(_))) if !forms.distinct_on => {
                Err(self.unshown("DISTINCT ON, which the engine does not have"))
            }
            (None, Some(Distinct::On(by))) => match self.order_after(query)? {
                Some(order) => Ok(Some((select, First::DistinctOn { by, order }))),
                None => Err(self.unshown("DISTINCT ON without ORDER BY: any row of a key could be selected")),
            },
            _ => Ok(None),
        }
    }

    /// The call of a window function that QUALIFY compares with 1. QUALIFY may name it by an alias
    /// that no column of a source can have: engines take the column first.
    fn ranked_first(&self, qualify: &'a Expr, projection: &'a [SelectItem]) -> Option<&'a Function> {
        let dialect = self.names.spec.dialect;
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = qualify else { return None };
        let rank = match (&**left, &**right) {
            (rank, one) | (one, rank) if is_one(one) => rank,
            _ => return None,
        };
        let rank = match rank {
            Expr::Identifier(name) if is_own_alias(&name.value) || name.value.starts_with("rowkeep_") => {
                projection.iter().find_map(|item| match item {
                    SelectItem::ExprWithAlias { expr, alias } => {
                        (fold_part(alias, dialect) == fold_part(name, dialect)).then_some(expr)
                    }
                    _ => None,
                })?
            }
            rank => rank,
        };
        match rank {
            Expr::Function(call) if call.over.is_some() => Some(call),
            _ => None,
        }
    }

    /// Adds the first rows of a SELECT to the sources of the query of a scope.
    pub(super) fn first_rows(
        &mut self,
        select: &'a SelectTree,
        first: First<'a>,
        inside: ScopeId,
        alias: String,
        scope: ScopeId,
    ) -> Result<()> {
        self.plain_but_qualify(select)?;
        if is_grouped(select) {
            return Err(self.unshown("a source that groups rows"));
        }
        let query_id = self.query_of(scope);
        let query = self.open(self.queries[query_id.0].depth.inner())?;
        let inner = self.new_scope(Some(inside), query);
        self.gather_plain(select, inner)?;
        self.assign_places(query);
        self.queries[query.0].outputs.push((inner, &select.projection));
        self.queries[query.0].ranks = true;
        let source = self.add_source(query_id, OpenSource::Query(query));
        self.queries[query_id.0].first_rows.push(FirstRows { source, scope: inner, first });
        self.bind(scope, alias, Binding::Query { source, scope: inner, projection: &select.projection })
    }

    /// The condition that a row is the first of its key.
    pub(super) fn is_first(&mut self, query: QueryId, rows: &FirstRows<'a>) -> Result<Conjunct<'a>> {
        let rank = match rows.first {
            First::Qualify(call) => self.call(call, rows.scope, 0)?,
            First::DistinctOn { by, order } => {
                let mut keys = Vec::with_capacity(by.len());
                for expr in by {
                    keys.push(self.term(expr, rows.scope, 0)?);
                }
                keys.sort();
                keys.dedup();
                let mut order = self.order(order, rows.scope, 0)?;
                // Within one key, the columns of ON are all equal, so their order does not count.
                let rest = order.iter().position(|by| !keys.contains(&by.term)).unwrap_or(order.len());
                let leading: BTreeSet<_> = order.drain(..rest).map(|by| by.term).collect();
                if !keys.iter().all(|key| leading.contains(key)) {
                    return Err(self.unshown("DISTINCT ON with an ORDER BY that does not start with its columns"));
                }
                Term::row_number(keys, order)
            }
        };
        let rank = Term::Output(self.row(query, rows.source), Box::new(rank));
        Ok(conjunct(compare(Comparison::Equal, rank, Term::Literal("1".into())), self.line))
    }
}

fn is_one(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(&value.value, Value::Number(number, false) if number == "1"),
        _ => false,
    }
}
