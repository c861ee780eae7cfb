//! Semi-joins and anti-joins: joins that mean EXISTS or NOT EXISTS.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Select as SelectTree, TableFactor, Visit, Visitor};

use crate::sql::chain::parts;
use crate::verify::lower::conditions::UnionSource;
use crate::verify::lower::{Binding, JoinKind, Lowering, Opened, QueryId, Result, ScopeId, SemiJoin, conjunct};
use crate::verify::meaning::{All, Comparison, Condition, Conjunct, Depth, Select, Term, any};
use crate::verify::names::fold_part;

/// A join with the distinct rows of a query.
struct Semi<'a> {
    select: &'a SelectTree,
    /// The scope around the query.
    inside: ScopeId,
    /// The scope of the join.
    around: ScopeId,
    alias: String,
    /// The conditions about the rows of the query.
    taken: Vec<&'a Expr>,
}

impl<'a> Lowering<'a, '_> {
    /// The EXISTS or NOT EXISTS that a join means. A join with the distinct rows of a UNION has one
    /// EXISTS for each part.
    pub(super) fn semi_join_condition(&mut self, outer: QueryId, join: SemiJoin<'a>) -> Result<Vec<Conjunct<'a>>> {
        let depth = self.queries[outer.0].depth.inner();
        let dialect = self.names.spec.dialect;
        let taken = self.take_conditions(outer, join.scope, |expr| mentions(expr, &join.alias, dialect));
        let select = match join.kind {
            JoinKind::Semi(select, inside) => Semi { select, inside, around: join.scope, alias: join.alias, taken },
            JoinKind::Anti(factor, on) => {
                let query = self.open(depth)?;
                let opened = Opened { query, scope: self.new_scope(Some(join.scope), query) };
                let partner = self.anti_join(factor, on, opened, &taken)?;
                return Ok(vec![conjunct(Condition::NotExists(Box::new(partner)), self.line)]);
            }
        };
        self.plain_select(select.select)?;
        let mut alternatives = Vec::new();
        match self.union_source(select.select, select.inside)? {
            None => alternatives.push(self.semi_join(&select, depth, None)?),
            Some(union) => {
                for part in union.plain_parts(self)? {
                    alternatives.push(self.semi_join(&select, depth, Some((&union, part)))?);
                }
            }
        }
        let line = self.line;
        let exists = |select| All::new(vec![conjunct(Condition::Exists(Box::new(select)), line)]);
        Ok(any(alternatives.into_iter().map(exists).collect(), line))
    }

    /// A join with distinct rows. If they come from a UNION, with those of one part.
    fn semi_join(
        &mut self,
        join: &Semi<'a>,
        depth: Depth,
        part: Option<(&UnionSource<'a>, &'a SelectTree)>,
    ) -> Result<Select<'a>> {
        let query = self.open(depth)?;
        let scope = self.new_scope(Some(join.around), query);
        let projection = &join.select.projection;
        let merged = match part {
            None => self.merge(join.select, join.inside, query)?,
            Some((union, part)) => {
                let of_part = self.merge(part, union.inside, query)?;
                let merged = self.new_scope(Some(join.inside), query);
                self.bind(merged, union.alias.clone(), union.binding(of_part, part))?;
                self.queries[query.0].outputs.push((merged, projection));
                self.queries[query.0].conditions.extend(join.select.selection.iter().map(|expr| (merged, expr)));
                merged
            }
        };
        self.bind(scope, join.alias.clone(), Binding::Merged { scope: merged, projection, names: projection })?;
        self.queries[query.0].conditions.extend(join.taken.iter().map(|expr| (scope, *expr)));
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
pub(super) fn mentions(expr: &Expr, alias: &str, dialect: crate::dialect::Dialect) -> bool {
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
