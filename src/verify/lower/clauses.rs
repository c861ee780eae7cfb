//! The clauses of queries: those that have a meaning here, and the named queries of WITH.

use sqlparser::ast::{
    Cte, CteAsMaterialized, Expr, LimitClause, ObjectName, OrderBy, OrderByExpr, OrderByKind, Query,
    Select as SelectTree, SelectFlavor, TableAlias, Value, With,
};

use crate::diagnostic::quoted;
use crate::verify::lower::{Lowering, Named, Result, ScopeId, Scoped};
use crate::verify::names::fold_part;

/// A refused clause after a query.
const AFTER_QUERY: &str = "a query with ORDER BY, LIMIT or another clause after it";

/// A refused clause of a SELECT.
const OTHER_CLAUSE: &str = "a clause other than SELECT, FROM, WHERE, GROUP BY or HAVING";

/// The limit for the CTEs of one WITH. Each may read those before it, so the work grows with their
/// number.
const MAX_NAMED: usize = 32;

/// The clauses after a query that may have a meaning here.
struct After<'a> {
    order_by: Option<&'a [OrderByExpr]>,
    limit: Option<&'a Expr>,
}

impl<'a> Lowering<'a, '_> {
    /// Checks that a SELECT has only clauses with a meaning here. The pattern lists every field, so
    /// a new field of the parser does not compile until it is handled.
    pub(super) fn plain_select(&self, select: &SelectTree) -> Result<()> {
        if select.qualify.is_some() {
            return Err(self.unshown("QUALIFY outside of a query in FROM"));
        }
        self.plain_but_qualify(select)
    }

    /// The same for a SELECT that may have QUALIFY.
    pub(super) fn plain_but_qualify(&self, select: &SelectTree) -> Result<()> {
        let SelectTree {
            select_token: _,
            optimizer_hints,
            distinct: _,
            select_modifiers: None,
            top: None,
            top_before_distinct: false,
            projection: _,
            exclude: None,
            into: None,
            from: _,
            lateral_views,
            prewhere: None,
            selection: _,
            connect_by,
            group_by: _,
            cluster_by,
            distribute_by,
            sort_by,
            having: _,
            named_window,
            qualify: _,
            window_before_qualify: false,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        } = select
        else {
            return Err(self.unshown(OTHER_CLAUSE));
        };
        let rest = optimizer_hints.is_empty() && lateral_views.is_empty() && connect_by.is_empty();
        let rest = rest && cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty();
        if rest && named_window.is_empty() {
            return Ok(());
        }
        Err(self.unshown(OTHER_CLAUSE))
    }

    /// The scope for the body of a query: a new one with its CTEs, or the given one if it has none.
    pub(super) fn with(&mut self, query: &'a Query, scope: ScopeId) -> Result<ScopeId> {
        match self.after(query)? {
            After { order_by: None, limit: None } => self.named(query.with.as_ref(), scope),
            _ => Err(self.unshown(AFTER_QUERY)),
        }
    }

    /// The same for the query of an INSERT, which may sort its rows: the same rows are inserted.
    pub(super) fn with_sort(&mut self, query: &'a Query, scope: ScopeId) -> Result<(ScopeId, &'a [OrderByExpr])> {
        let sort = self.order_after(query)?.unwrap_or_default();
        Ok((self.named(query.with.as_ref(), scope)?, sort))
    }

    /// Checks that a sort reads columns of its SELECT, and computes nothing that can fail.
    pub(super) fn check_sort(&mut self, sort: &'a [OrderByExpr], scope: ScopeId) -> Result<()> {
        for by in sort {
            let tested = match &by.expr {
                Expr::IsNull(tested) | Expr::IsNotNull(tested) => tested,
                tested => tested,
            };
            let is_column = matches!(tested, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            if by.with_fill.is_some() || !is_column {
                return Err(self.unshown("an INSERT with ORDER BY of something other than a column or its IS NULL"));
            }
            self.term(tested, scope, 0)?;
        }
        Ok(())
    }

    /// The same for a query of which only the existence of a row counts, so that `LIMIT 1` changes
    /// nothing.
    pub(super) fn with_limit(&mut self, query: &'a Query, scope: ScopeId) -> Result<ScopeId> {
        let keeps_a_row = |limit: &Expr| match limit {
            Expr::Value(value) => match &value.value {
                Value::Number(rows, false) => rows.parse().is_ok_and(|rows: u64| rows > 0),
                _ => false,
            },
            _ => false,
        };
        match self.after(query)? {
            After { order_by: None, limit: None } => self.named(query.with.as_ref(), scope),
            After { order_by: None, limit: Some(limit) } if keeps_a_row(limit) => {
                if !self.names.spec.dialect.rules().forms().limit_in_exists {
                    return Err(self.unshown("LIMIT in EXISTS: it changes nothing, and the engine may refuse it"));
                }
                self.named(query.with.as_ref(), scope)
            }
            _ => Err(self.unshown(AFTER_QUERY)),
        }
    }

    /// Whether clauses stand after the body of a query.
    pub(super) fn has_clauses_after(&self, query: &'a Query) -> Result<bool> {
        let After { order_by, limit } = self.after(query)?;
        Ok(order_by.is_some() || limit.is_some())
    }

    /// The ORDER BY of a query without LIMIT.
    pub(super) fn order_after(&self, query: &'a Query) -> Result<Option<&'a [OrderByExpr]>> {
        match self.after(query)? {
            After { order_by, limit: None } => Ok(order_by),
            _ => Err(self.unshown(AFTER_QUERY)),
        }
    }

    /// The clauses after the body of a query. The pattern lists every field, so a new field of the
    /// parser does not compile until it is handled.
    fn after(&self, query: &'a Query) -> Result<After<'a>> {
        let Query {
            with: _,
            body: _,
            order_by,
            limit_clause,
            fetch: None,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } = query
        else {
            return Err(self.unshown(AFTER_QUERY));
        };
        if !locks.is_empty() || !pipe_operators.is_empty() {
            return Err(self.unshown(AFTER_QUERY));
        }
        let order_by = match order_by {
            None => None,
            Some(OrderBy { kind: OrderByKind::Expressions(order), interpolate: None }) => Some(order.as_slice()),
            Some(_) => return Err(self.unshown(AFTER_QUERY)),
        };
        let limit = match limit_clause {
            None => None,
            Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by }) if limit_by.is_empty() => {
                Some(limit)
            }
            Some(_) => return Err(self.unshown(AFTER_QUERY)),
        };
        Ok(After { order_by, limit })
    }

    /// The scope with the CTEs of a WITH.
    pub(super) fn named(&mut self, with: Option<&'a With>, scope: ScopeId) -> Result<ScopeId> {
        let Some(with) = with else { return Ok(scope) };
        if with.recursive {
            return Err(self.unshown("WITH RECURSIVE"));
        }
        let mut inside = scope;
        for cte in &with.cte_tables {
            let Cte { alias, query, from: None, materialized, closing_paren_token: _ } = cte else {
                return Err(self.unshown("a named query with FROM after it"));
            };
            if matches!(materialized, Some(CteAsMaterialized::Materialized)) {
                return Err(self.unshown("MATERIALIZED: an engine computes all outputs, also those that nothing reads"));
            }
            // The AS of a named query stands after its name.
            let name = self.alias(&TableAlias { explicit: true, ..alias.clone() })?;
            if with.cte_tables.len() > MAX_NAMED {
                return Err(self.unshown(format!("more than {MAX_NAMED} named queries")));
            }
            if self.find_named(&name, inside).is_some() {
                return Err(self.unshown(format!("two named queries with the name {}", quoted(&name))));
            }
            // A CTE sees only the CTEs before it.
            let next = self.new_scope(Some(inside), self.query_of(inside));
            self.scopes[next.0].named.push(Named { name, query, inside, is_read: false });
            self.unread += 1;
            inside = next;
        }
        Ok(inside)
    }

    /// The named query (CTE) that a name stands for, marked as read.
    pub(super) fn named_by(&mut self, name: &ObjectName, scope: ScopeId) -> Option<Scoped<'a>> {
        let [part] = name.0.as_slice() else { return None };
        let name = fold_part(part.as_ident()?, self.names.spec.dialect);
        let (scope, nth) = self.find_named(&name, scope)?;
        let named = &mut self.scopes[scope.0].named[nth];
        if !named.is_read {
            named.is_read = true;
            self.unread -= 1;
        }
        Some(Scoped { query: named.query, inside: named.inside })
    }

    /// The scope that defines a named query, and the index of the query there.
    fn find_named(&self, name: &str, scope: ScopeId) -> Option<(ScopeId, usize)> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let Some(nth) = self.scopes[scope.0].named.iter().position(|named| named.name == name) {
                return Some((scope, nth));
            }
            at = self.scopes[scope.0].parent;
        }
        None
    }
}
