//! Semi-joins and anti-joins: joins that mean EXISTS or NOT EXISTS.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Select as SelectTree, TableFactor, Visit, Visitor};

use crate::sql::chain::parts;
use crate::verify::lower::{Binding, JoinKind, Lowering, Opened, QueryId, Result, ScopeId, SemiJoin, conjunct};
use crate::verify::meaning::{Comparison, Condition, Conjunct, Select, Term};
use crate::verify::names::fold_part;

impl<'a> Lowering<'a, '_> {
    /// The EXISTS or NOT EXISTS that a join means.
    pub(super) fn semi_join_condition(&mut self, outer: QueryId, join: SemiJoin<'a>) -> Result<Conjunct<'a>> {
        let query = self.open(self.queries[outer.0].depth.inner())?;
        let opened = Opened { query, scope: self.new_scope(Some(join.scope), query) };
        let dialect = self.names.spec.dialect;
        let taken = self.take_conditions(outer, join.scope, |expr| mentions(expr, &join.alias, dialect));
        let is = match join.kind {
            JoinKind::Semi(select, inside) => {
                Condition::Exists(Box::new(self.semi_join(select, inside, opened, join.alias, taken)?))
            }
            JoinKind::Anti(factor, on) => Condition::NotExists(Box::new(self.anti_join(factor, on, opened, &taken)?)),
        };
        Ok(conjunct(is, self.line))
    }

    /// A join with distinct rows.
    fn semi_join(
        &mut self,
        select: &'a SelectTree,
        inside: ScopeId,
        opened: Opened,
        alias: String,
        taken: Vec<&'a Expr>,
    ) -> Result<Select<'a>> {
        let Opened { query, scope } = opened;
        let merged = self.merge(select, inside, query)?;
        let projection = &select.projection;
        self.bind(scope, alias, Binding::Merged { scope: merged, projection, names: projection })?;
        self.queries[query.0].conditions.extend(taken.into_iter().map(|expr| (scope, expr)));
        self.assign_places(query);
        let mut keys = Vec::with_capacity(projection.len());
        for item in projection {
            keys.push(self.term(self.output(item)?, merged, 0)?);
        }
        let depth = self.queries[query.0].depth;
        let select = self.close(query)?;
        // A row joins at most one distinct row only if each of its columns is compared with `=`.
        let is_fixed = |key: &Term<'_>| {
            select.when.iter().any(|conjunct| match &conjunct.is {
                Condition::Compare(Comparison::Equal, a, b) => {
                    (a == key && !b.reads_depth(depth)) || (b == key && !a.reads_depth(depth))
                }
                _ => false,
            })
        };
        if keys.iter().all(is_fixed) {
            return Ok(select);
        }
        Err(self.unshown("a join that may duplicate rows"))
    }

    /// An outer join that keeps only the rows without a partner.
    fn anti_join(
        &mut self,
        factor: &'a TableFactor,
        on: &'a Expr,
        opened: Opened,
        taken: &[&'a Expr],
    ) -> Result<Select<'a>> {
        let [Expr::IsNull(tested)] = taken else {
            return Err(self.unshown("an outer join that does not keep exactly the rows without a partner"));
        };
        let Opened { query, scope } = opened;
        self.source(factor, scope)?;
        self.queries[query.0].conditions.push((scope, on));
        self.assign_places(query);
        let tested = self.term(tested, scope, 0)?;
        let depth = self.queries[query.0].depth;
        let select = self.close(query)?;
        // A partner cannot have NULL in this column, because the join compares it.
        let is_compared = |conjunct: &Conjunct<'_>| match &conjunct.is {
            Condition::Compare(_, a, b) => *a == tested || *b == tested,
            _ => false,
        };
        if tested.reads_depth(depth) && select.when.iter().any(is_compared) {
            return Ok(select);
        }
        Err(self.unshown("an outer join with a NULL test on a column that may be NULL in a partner"))
    }

    /// Removes the conditions about one source from a query, and returns them.
    fn take_conditions(&mut self, query: QueryId, scope: ScopeId, is_about: impl Fn(&Expr) -> bool) -> Vec<&'a Expr> {
        let mut taken = Vec::new();
        let mut kept = Vec::new();
        for (at, expr) in std::mem::take(&mut self.queries[query.0].conditions) {
            for part in parts(expr, &BinaryOperator::And) {
                if at == scope && is_about(part) { taken.push(part) } else { kept.push((at, part)) }
            }
        }
        self.queries[query.0].conditions = kept;
        taken
    }
}

/// Whether an expression names a column of an alias.
fn mentions(expr: &Expr, alias: &str, dialect: crate::dialect::Dialect) -> bool {
    struct Search<'s>(&'s str, crate::dialect::Dialect);
    impl Visitor for Search<'_> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::CompoundIdentifier(parts)
                    if parts.first().is_some_and(|first| fold_part(first, self.1) == self.0) =>
                {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Search(alias, dialect)).is_break()
}
