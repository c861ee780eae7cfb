//! What a WHERE asks, as conjuncts.

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Query, SelectItem, SetExpr, SetOperator, SetQuantifier, TableFactor, UnaryOperator,
    Value,
};

use crate::diagnostic::{Code, quoted};
use crate::sql::parse::parts;
use crate::verify::effect::plain_table;
use crate::verify::lower::sources::{drops_equal_rows, is_grouped};
use crate::verify::lower::{Binding, Lowering, Result, conjunct, output_name, terms};
use crate::verify::meaning::{All, Comparison, Condition, Conjunct, Select, any, compare};

/// Whether a UNION takes columns by their place, and not by name.
fn is_by_place(quantifier: &SetQuantifier) -> bool {
    matches!(quantifier, SetQuantifier::None | SetQuantifier::All | SetQuantifier::Distinct)
}

impl<'a> Lowering<'a, '_> {
    /// The conjuncts of a condition, or of its contrary. Of three truth values only one lets a row pass, and the contrary of a
    /// comparison with NULL lets no row pass either, so a negation can be moved inwards.
    pub(super) fn all(&mut self, expr: &'a Expr, frame: usize, negated: bool) -> Result<Vec<Conjunct<'a>>> {
        match expr {
            Expr::Nested(inner) => self.all(inner, frame, negated),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => self.all(expr, frame, !negated),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let each = parts(expr, op);
                if (*op == BinaryOperator::And) != negated {
                    let mut all = Vec::with_capacity(each.len());
                    for part in each {
                        all.extend(self.all(part, frame, negated)?);
                    }
                    return Ok(all);
                }
                let mut alternatives = Vec::with_capacity(each.len());
                for part in each {
                    alternatives.push(All::new(self.all(part, frame, negated)?));
                }
                Ok(any(alternatives, self.line))
            }
            Expr::BinaryOp { left, op, right } => self.comparison(left, op, right, frame, negated),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                let is_null = matches!(expr, Expr::IsNull(_)) != negated;
                let term = self.term(inner, frame, 0)?;
                let is = if is_null { Condition::IsNull(term) } else { Condition::IsNotNull(term) };
                Ok(vec![conjunct(is, self.line)])
            }
            Expr::Exists { subquery, negated: not } => self.exists(subquery, frame, *not != negated, &[]),
            Expr::InSubquery { expr, subquery, negated: not } => {
                self.begins_at(subquery);
                if *not != negated {
                    let what = "asks NOT IN of a query, which no row passes once the query gives a NULL";
                    return Err(self.refused(Code::NotIn, what));
                }
                let wanted = match &**expr {
                    Expr::Tuple(each) => each.iter().collect(),
                    one => vec![one],
                };
                self.exists(subquery, frame, false, &wanted)
            }
            Expr::InList { expr, list, negated: not } => {
                let term = self.term(expr, frame, 0)?;
                let mut each = Vec::with_capacity(list.len());
                for item in list {
                    each.push((term.clone(), self.term(item, frame, 0)?));
                }
                let line = self.line;
                if *not != negated {
                    let unequal = each.into_iter().map(|(a, b)| compare(Comparison::NotEqual, a, b));
                    return Ok(unequal.map(|is| conjunct(is, line)).collect());
                }
                let equal = each.into_iter().map(|(a, b)| compare(Comparison::Equal, a, b));
                Ok(any(equal.map(|is| All::new(vec![conjunct(is, line)])).collect(), line))
            }
            Expr::Between { expr, .. } => {
                self.term(expr, frame, 0)?;
                Err(self.refused(Code::Between, "asks BETWEEN, which takes the upper bound in"))
            }
            Expr::Value(value) => match &value.value {
                Value::Boolean(truth) if *truth != negated => Ok(Vec::new()),
                Value::Boolean(_) => Ok(vec![conjunct(Condition::Any(Vec::new()), self.line)]),
                _ => Err(self.unshown("a condition that is a value")),
            },
            Expr::Function(function) => {
                let name = quoted(&function.name.to_string());
                Err(self.unshown(format!("a call of {name} where a condition was expected")))
            }
            _ => Err(self.unshown("a condition that is no comparison, no test for NULL, no EXISTS and no IN")),
        }
    }

    fn comparison(
        &mut self,
        left: &'a Expr,
        op: &BinaryOperator,
        right: &'a Expr,
        frame: usize,
        negated: bool,
    ) -> Result<Vec<Conjunct<'a>>> {
        use Comparison::{Equal, Less, LessOrEqual, NotEqual};
        let (comparison, flipped) = match (op, negated) {
            (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) => (Equal, false),
            (BinaryOperator::NotEq, false) | (BinaryOperator::Eq, true) => (NotEqual, false),
            (BinaryOperator::Lt, false) | (BinaryOperator::GtEq, true) => (Less, false),
            (BinaryOperator::LtEq, false) | (BinaryOperator::Gt, true) => (LessOrEqual, false),
            (BinaryOperator::Gt, false) | (BinaryOperator::LtEq, true) => (Less, true),
            (BinaryOperator::GtEq, false) | (BinaryOperator::Lt, true) => (LessOrEqual, true),
            _ => return Err(self.unshown(format!("the operator {op} where a comparison was expected"))),
        };
        let (a, b) = (self.term(left, frame, 0)?, self.term(right, frame, 0)?);
        let line = self.line;
        if a.is_constant() && a == b {
            let holds = matches!(comparison, Equal | LessOrEqual);
            return Ok(if holds { Vec::new() } else { vec![conjunct(Condition::Any(Vec::new()), line)] });
        }
        let is = if flipped { compare(comparison, b, a) } else { compare(comparison, a, b) };
        Ok(vec![conjunct(is, line)])
    }

    /// Whether a query has a row; with `wanted`, one that equals these.
    fn exists(
        &mut self,
        query: &'a Query,
        frame: usize,
        negated: bool,
        wanted: &[&'a Expr],
    ) -> Result<Vec<Conjunct<'a>>> {
        self.begins_at(query);
        let line = self.line;
        let depth = self.depth_of(frame) + 1;
        let inside = self.with(query, frame)?;
        let mut each = Vec::new();
        let mut bodies = vec![&*query.body];
        while let Some(body) = bodies.pop() {
            match body {
                SetExpr::Select(select) => each.extend(self.one_or_parts(select, inside, depth, (frame, wanted))?),
                // Whether there is a row does not depend on how often.
                SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }
                    if is_by_place(set_quantifier) =>
                {
                    bodies.extend([&**right, &**left]);
                }
                _ => return Err(self.unshown("EXISTS over something that is no SELECT")),
            }
        }
        let one = |select: Select<'a>| {
            let select = Box::new(select);
            conjunct(if negated { Condition::NotExists(select) } else { Condition::Exists(select) }, line)
        };
        if negated {
            return Ok(each.into_iter().map(one).collect());
        }
        Ok(any(each.into_iter().map(|select| All::new(vec![one(select)])).collect(), line))
    }

    /// A SELECT of which only matters whether it has a row; one for each part if it reads from a UNION ALL.
    fn one_or_parts(
        &mut self,
        select: &'a sqlparser::ast::Select,
        inside: usize,
        depth: usize,
        (frame, wanted): (usize, &[&'a Expr]),
    ) -> Result<Vec<Select<'a>>> {
        if is_grouped(select) || !terms::only_read(&select.projection) {
            return Err(self.unshown("EXISTS over rows that are grouped, or over more than columns"));
        }
        if matches!(select.distinct, Some(Distinct::On(_))) {
            return Err(self.unshown("DISTINCT ON"));
        }
        self.plain_select(select)?;
        let union = match select.from.as_slice() {
            [tables] if tables.joins.is_empty() => self.union_of(&tables.relation, inside)?,
            _ => None,
        };
        let Some((alias, parts, within)) = union else {
            let (home, inner) = self.open_select(select, inside, depth)?;
            return Ok(vec![self.with_wanted(home, &select.projection, inner, (frame, wanted))?]);
        };
        let names = parts.first().map_or(&[][..], |part| part.projection.as_slice());
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            if drops_equal_rows(part) || is_grouped(part) || terms::computes_over_rows(&part.projection) {
                return Err(self.unshown("a part of a UNION that groups, ranks or drops rows"));
            }
            if part.projection.len() != names.len() {
                return Err(self.unshown("parts of a UNION with different numbers of columns"));
            }
            let home = self.open(depth)?;
            let outer = self.frame(Some(inside), home);
            let merged = self.merge(part, within, home)?;
            self.bind(outer, alias.clone(), Binding::Merged { frame: merged, projection: &part.projection, names })?;
            if let Some(selection) = &select.selection {
                self.queries[home].conditions.push((outer, selection));
            }
            self.place(home);
            all.push(self.with_wanted(home, &select.projection, outer, (frame, wanted))?);
        }
        Ok(all)
    }

    fn with_wanted(
        &mut self,
        home: usize,
        projection: &'a [SelectItem],
        inner: usize,
        (frame, wanted): (usize, &[&'a Expr]),
    ) -> Result<Select<'a>> {
        let mut equal = Vec::with_capacity(wanted.len());
        if !wanted.is_empty() && wanted.len() != projection.len() {
            return Err(self.unshown("IN over a query with another number of columns"));
        }
        for (expr, item) in wanted.iter().zip(projection) {
            let (ours, theirs) = (self.term(expr, frame, 0)?, self.term(self.output(item)?, inner, 0)?);
            equal.push(conjunct(compare(Comparison::Equal, ours, theirs), self.line));
        }
        // What nobody reads must have a meaning too.
        for item in projection.iter().filter(|item| !matches!(item, SelectItem::Wildcard(_))) {
            self.term(self.output(item)?, inner, 0)?;
        }
        let select = self.close(home)?;
        if equal.is_empty() {
            return Ok(select);
        }
        let mut when = select.when.into_conjuncts();
        when.extend(equal);
        Ok(Select { when: All::new(when), ..select })
    }

    /// The parts of a source that is a UNION, with its alias and the frame in which they are understood.
    fn union_of(
        &mut self,
        factor: &'a TableFactor,
        inside: usize,
    ) -> Result<Option<(String, Vec<&'a sqlparser::ast::Select>, usize)>> {
        let (query, within) = match factor {
            TableFactor::Derived { lateral: false, subquery, sample: None, .. } => (&**subquery, inside),
            TableFactor::Table { .. } => match plain_table(factor).and_then(|(name, _)| self.named_by(name, inside)) {
                Some(named) => named,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let mut parts = Vec::new();
        let mut bodies = vec![&*query.body];
        while let Some(body) = bodies.pop() {
            match body {
                SetExpr::Select(select) => parts.push(&**select),
                SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }
                    if is_by_place(set_quantifier) =>
                {
                    bodies.extend([&**right, &**left]);
                }
                _ => return Ok(None),
            }
        }
        // One part alone is a source like any other.
        if parts.len() < 2 || parts.iter().any(|part| part.projection.iter().any(|item| output_name(item).is_none())) {
            return Ok(None);
        }
        let within = self.with(query, within)?;
        Ok(Some((self.alias_of(factor)?, parts, within)))
    }

    fn begins_at(&mut self, query: &Query) {
        if let Some(select) = super::select_of(query) {
            self.line = usize::try_from(select.select_token.0.span.start.line).unwrap_or_default();
        }
    }

    fn depth_of(&self, frame: usize) -> usize {
        self.queries.get(self.frames[frame].home).map_or(0, |query| query.depth)
    }
}
