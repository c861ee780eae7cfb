//! Sources of which only matters whether they have a row: joins that say EXISTS, or its contrary.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Select as SelectTree, TableFactor, Visit, Visitor};

use crate::sql::parse::parts;
use crate::verify::known::fold_part;
use crate::verify::lower::{Apart, ApartKind, Binding, Lowering, Result, conjunct};
use crate::verify::meaning::{Comparison, Condition, Conjunct, Select, Term};

impl<'a> Lowering<'a, '_> {
    /// A source of which only matters whether it has a row: EXISTS, or its contrary.
    pub(super) fn apart(&mut self, home: usize, apart: Apart<'a>) -> Result<Conjunct<'a>> {
        let inner = self.open(self.queries[home].depth + 1)?;
        let frame = self.frame(Some(apart.frame), inner);
        let dialect = self.known.spec.dialect;
        let taken = self.take_conditions(home, apart.frame, |expr| mentions(expr, &apart.alias, dialect));
        let is = match apart.kind {
            ApartKind::Distinct(select, inside) => {
                Condition::Exists(Box::new(self.distinct(select, inside, (inner, frame), apart.alias, taken)?))
            }
            ApartKind::Optional(factor, on) => {
                Condition::NotExists(Box::new(self.missing(factor, on, (inner, frame), &taken)?))
            }
        };
        Ok(conjunct(is, self.line))
    }

    /// A join with distinct rows.
    fn distinct(
        &mut self,
        select: &'a SelectTree,
        inside: usize,
        (inner, frame): (usize, usize),
        alias: String,
        taken: Vec<&'a Expr>,
    ) -> Result<Select<'a>> {
        let merged = self.merge(select, inside, inner)?;
        let projection = &select.projection;
        self.bind(frame, alias, Binding::Merged { frame: merged, projection, names: projection })?;
        self.queries[inner].conditions.extend(taken.into_iter().map(|expr| (frame, expr)));
        self.place(inner);
        let mut keys = Vec::with_capacity(projection.len());
        for item in projection {
            keys.push(self.term(self.output(item)?, merged, 0)?);
        }
        let depth = self.queries[inner].depth;
        let select = self.close(inner)?;
        // A row meets one of them at most only if each of their columns is stated.
        let is_stated = |key: &Term<'_>| {
            select.when.iter().any(|conjunct| match &conjunct.is {
                Condition::Compare(Comparison::Equal, a, b) => {
                    (a == key && !b.reads_depth(depth)) || (b == key && !a.reads_depth(depth))
                }
                _ => false,
            })
        };
        if keys.iter().all(is_stated) {
            return Ok(select);
        }
        Err(self.unshown("a join that may give a row more than once"))
    }

    /// An outer join of which only rows without a partner are kept.
    fn missing(
        &mut self,
        factor: &'a TableFactor,
        on: &'a Expr,
        (inner, frame): (usize, usize),
        taken: &[&'a Expr],
    ) -> Result<Select<'a>> {
        let [Expr::IsNull(tested)] = taken else {
            return Err(self.unshown("an outer join that is no test for a missing row"));
        };
        self.source(factor, frame)?;
        self.queries[inner].conditions.push((frame, on));
        self.place(inner);
        let tested = self.term(tested, frame, 0)?;
        let depth = self.queries[inner].depth;
        let select = self.close(inner)?;
        // A partner never has NULL there: the join compares it.
        let is_compared = |conjunct: &Conjunct<'_>| match &conjunct.is {
            Condition::Compare(_, a, b) => *a == tested || *b == tested,
            _ => false,
        };
        if tested.reads_depth(depth) && select.when.iter().any(is_compared) {
            return Ok(select);
        }
        Err(self.unshown("an outer join whose column may be NULL in a row that was found"))
    }

    /// Takes the conditions out of a query that are about a source.
    fn take_conditions(&mut self, home: usize, frame: usize, is_about: impl Fn(&Expr) -> bool) -> Vec<&'a Expr> {
        let mut taken = Vec::new();
        let mut kept = Vec::new();
        for (of, expr) in std::mem::take(&mut self.queries[home].conditions) {
            for part in parts(expr, &BinaryOperator::And) {
                if of == frame && is_about(part) { taken.push(part) } else { kept.push((of, part)) }
            }
        }
        self.queries[home].conditions = kept;
        taken
    }
}

/// Whether an expression names a row by an alias.
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
