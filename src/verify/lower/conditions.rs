//! Converts the conditions of WHERE, ON and HAVING to conjuncts.

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Query, Select as SelectTree, SelectItem, SetExpr, SetOperator, SetQuantifier,
    TableFactor, UnaryOperator, Value,
};

use crate::diagnostic::{Code, quoted};
use crate::sql::chain::parts;
use crate::verify::effect::plain_table;
use crate::verify::lower::sources::{drops_equal_rows, is_grouped};
use crate::verify::lower::{
    Binding, Lowering, Opened, Result, ScopeId, Scoped, conjunct, line_of, output_name, outputs,
};
use crate::verify::meaning::{All, Comparison, Condition, Conjunct, Select, Term, any, compare};

/// Whether a UNION pairs columns by their position, and not by their name.
fn is_by_position(quantifier: &SetQuantifier) -> bool {
    matches!(quantifier, SetQuantifier::None | SetQuantifier::All | SetQuantifier::Distinct)
}

/// An output of a part of a UNION in EXISTS. Two parts must have outputs of one type.
#[derive(PartialEq, Eq)]
enum Output<'a> {
    Number,
    Text,
    Column(&'a str),
    Other,
}

fn output(item: &SelectItem) -> Output<'_> {
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return Output::Other };
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(..) => Output::Number,
            Value::SingleQuotedString(_) => Output::Text,
            _ => Output::Other,
        },
        Expr::Identifier(column) => Output::Column(&column.value),
        Expr::CompoundIdentifier(parts) => parts.last().map_or(Output::Other, |column| Output::Column(&column.value)),
        _ => Output::Other,
    }
}

/// The values of an `IN`, with the scope of their names. EXISTS has none.
#[derive(Clone, Copy)]
struct Wanted<'a, 'v> {
    scope: ScopeId,
    values: &'v [&'a Expr],
}

/// The conjuncts of `IS DISTINCT FROM`, or of `IS NOT DISTINCT FROM`: two NULLs are equal.
fn distinct<'a>(left: Term<'a>, right: Term<'a>, differs: bool, line: usize) -> Vec<Conjunct<'a>> {
    let all = |conditions: Vec<Condition<'a>>| All::new(conditions.into_iter().map(|is| conjunct(is, line)).collect());
    let is_null = |term: &Term<'a>| Condition::IsNull(term.clone());
    let alternatives = if differs {
        let is_not_null = |term: &Term<'a>| Condition::IsNotNull(term.clone());
        vec![
            all(vec![is_null(&left), is_not_null(&right)]),
            all(vec![is_not_null(&left), is_null(&right)]),
            all(vec![compare(Comparison::NotEqual, left, right)]),
        ]
    } else {
        vec![all(vec![is_null(&left), is_null(&right)]), all(vec![compare(Comparison::Equal, left, right)])]
    };
    any(alternatives, line)
}

/// A source that is a UNION.
pub(super) struct UnionSource<'a> {
    pub(super) alias: String,
    parts: Vec<&'a SelectTree>,
    /// The scope around the parts.
    pub(super) inside: ScopeId,
}

impl<'a> UnionSource<'a> {
    /// The parts, each of which keeps the number of its rows.
    pub(super) fn plain_parts(&self, lowering: &Lowering<'a, '_>) -> Result<Vec<&'a SelectTree>> {
        for part in &self.parts {
            if drops_equal_rows(part) || is_grouped(part) || outputs::computes_over_rows(&part.projection) {
                return Err(lowering.unshown("a part of a UNION that groups, ranks or removes rows"));
            }
            if part.projection.len() != self.names().len() {
                return Err(lowering.unshown("parts of a UNION with different numbers of columns"));
            }
        }
        Ok(self.parts.clone())
    }

    /// The columns of the UNION: those of its first part.
    fn names(&self) -> &'a [SelectItem] {
        self.parts.first().map_or(&[][..], |part| part.projection.as_slice())
    }

    /// What the alias of the UNION stands for in a query that was merged with one part.
    pub(super) fn binding(&self, merged: ScopeId, part: &'a SelectTree) -> Binding<'a> {
        Binding::Merged { scope: merged, projection: &part.projection, names: self.names() }
    }
}

impl<'a> Lowering<'a, '_> {
    /// The conjuncts of a condition, or of its negation. A negation may be moved inwards: a row
    /// passes only if the condition is true, and a comparison with NULL is not true, negated or
    /// not.
    pub(super) fn conjuncts(&mut self, expr: &'a Expr, scope: ScopeId, negated: bool) -> Result<Vec<Conjunct<'a>>> {
        match expr {
            Expr::Nested(inner) => self.conjuncts(inner, scope, negated),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => self.conjuncts(expr, scope, !negated),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let each = parts(expr, op);
                if (*op == BinaryOperator::And) != negated {
                    let mut all = Vec::with_capacity(each.len());
                    for part in each {
                        all.extend(self.conjuncts(part, scope, negated)?);
                    }
                    return Ok(all);
                }
                let mut alternatives = Vec::with_capacity(each.len());
                for part in each {
                    alternatives.push(All::new(self.conjuncts(part, scope, negated)?));
                }
                Ok(any(alternatives, self.line))
            }
            Expr::BinaryOp { left, op, right } => self.comparison(left, op, right, scope, negated),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                let is_null = matches!(expr, Expr::IsNull(_)) != negated;
                let term = self.term(inner, scope, 0)?;
                let is = if is_null { Condition::IsNull(term) } else { Condition::IsNotNull(term) };
                Ok(vec![conjunct(is, self.line)])
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                if !self.names.spec.dialect.rules().forms().is_distinct_from {
                    return Err(self.unshown("IS DISTINCT FROM, which the engine does not document"));
                }
                let differs = matches!(expr, Expr::IsDistinctFrom(..)) != negated;
                let (left, right) = (self.term(left, scope, 0)?, self.term(right, scope, 0)?);
                Ok(distinct(left, right, differs, self.line))
            }
            Expr::Exists { subquery, negated: not } => self.exists(subquery, scope, *not != negated, &[]),
            Expr::InSubquery { expr, subquery, negated: not } => {
                self.starts_at(subquery);
                if *not != negated {
                    let what = "has NOT IN with a query: no row passes if the query returns a NULL";
                    return Err(self.refused(Code::NotIn, what));
                }
                let wanted = match &**expr {
                    Expr::Tuple(each) => each.iter().collect(),
                    one => vec![one],
                };
                self.exists(subquery, scope, false, &wanted)
            }
            Expr::InList { expr, list, negated: not } => {
                let term = self.term(expr, scope, 0)?;
                let mut each = Vec::with_capacity(list.len());
                for item in list {
                    each.push((term.clone(), self.term(item, scope, 0)?));
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
                self.term(expr, scope, 0)?;
                Err(self.refused(Code::Between, "has BETWEEN, which includes the upper bound"))
            }
            Expr::Value(value) => match &value.value {
                Value::Boolean(truth) if *truth != negated => Ok(Vec::new()),
                Value::Boolean(_) => Ok(vec![conjunct(Condition::Any(Vec::new()), self.line)]),
                _ => Err(self.unshown("a value in the place of a condition")),
            },
            Expr::Function(function) => {
                let name = quoted(&function.name.to_string());
                Err(self.unshown(format!("a call of {name} in the place of a condition")))
            }
            _ => Err(self.unshown("a condition other than a comparison, a NULL test, EXISTS or IN")),
        }
    }

    fn comparison(
        &mut self,
        left: &'a Expr,
        op: &BinaryOperator,
        right: &'a Expr,
        scope: ScopeId,
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
            _ => return Err(self.unshown(format!("the operator {op} in the place of a comparison"))),
        };
        let (a, b) = (self.term(left, scope, 0)?, self.term(right, scope, 0)?);
        let line = self.line;
        if a.is_constant() && a == b {
            let holds = matches!(comparison, Equal | LessOrEqual);
            return Ok(if holds { Vec::new() } else { vec![conjunct(Condition::Any(Vec::new()), line)] });
        }
        let is = if flipped { compare(comparison, b, a) } else { compare(comparison, a, b) };
        Ok(vec![conjunct(is, line)])
    }

    /// Whether a query has a row. With `wanted`, the row must equal these values (`IN`).
    fn exists(
        &mut self,
        query: &'a Query,
        scope: ScopeId,
        negated: bool,
        wanted: &[&'a Expr],
    ) -> Result<Vec<Conjunct<'a>>> {
        self.starts_at(query);
        let line = self.line;
        let wanted = Wanted { scope, values: wanted };
        // Of the values for IN, LIMIT would choose some.
        let inside = if wanted.values.is_empty() { self.with_limit(query, scope)? } else { self.with(query, scope)? };
        let mut each = Vec::new();
        let mut bodies = vec![&*query.body];
        let mut outputs: Option<Vec<Output<'_>>> = None;
        while let Some(body) = bodies.pop() {
            match body {
                SetExpr::Select(select) => {
                    let own: Vec<_> = select.projection.iter().map(output).collect();
                    if outputs.as_ref().is_some_and(|first| *first != own) {
                        return Err(self.unshown("parts of a UNION with outputs of different types"));
                    }
                    outputs = Some(own);
                    each.extend(self.one_or_parts(select, inside, wanted)?);
                }
                // Duplicate rows do not change EXISTS, so UNION equals UNION ALL here.
                SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }
                    if is_by_position(set_quantifier) =>
                {
                    bodies.extend([&**right, &**left]);
                }
                _ => return Err(self.unshown("EXISTS with a query that is not a SELECT")),
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

    /// A SELECT inside EXISTS. If it reads from a UNION, the result has one SELECT for each part.
    fn one_or_parts(
        &mut self,
        select: &'a SelectTree,
        inside: ScopeId,
        wanted: Wanted<'a, '_>,
    ) -> Result<Vec<Select<'a>>> {
        let depth = self.depth_of(wanted.scope).inner();
        if is_grouped(select) || !outputs::only_read(&select.projection) {
            return Err(self.unshown("EXISTS with a query that groups rows or computes values"));
        }
        if matches!(select.distinct, Some(Distinct::On(_))) {
            return Err(self.unshown("DISTINCT ON"));
        }
        self.plain_select(select)?;
        let Some(union) = self.union_source(select, inside)? else {
            let opened = self.open_select(select, inside, depth)?;
            return Ok(vec![self.with_wanted(opened, &select.projection, wanted)?]);
        };
        let parts = union.plain_parts(self)?;
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            let query = self.open(depth)?;
            let outer = self.new_scope(Some(inside), query);
            let merged = self.merge(part, union.inside, query)?;
            self.bind(outer, union.alias.clone(), union.binding(merged, part))?;
            if let Some(selection) = &select.selection {
                self.queries[query.0].conditions.push((outer, selection));
            }
            self.assign_places(query);
            all.push(self.with_wanted(Opened { query, scope: outer }, &select.projection, wanted)?);
        }
        Ok(all)
    }

    /// The UNION that is the only source of a SELECT.
    pub(super) fn union_source(&mut self, select: &'a SelectTree, inside: ScopeId) -> Result<Option<UnionSource<'a>>> {
        match select.from.as_slice() {
            [tables] if tables.joins.is_empty() => self.union_of(&tables.relation, inside),
            _ => Ok(None),
        }
    }

    fn with_wanted(
        &mut self,
        opened: Opened,
        projection: &'a [SelectItem],
        wanted: Wanted<'a, '_>,
    ) -> Result<Select<'a>> {
        let mut equal = Vec::with_capacity(wanted.values.len());
        if !wanted.values.is_empty() && wanted.values.len() != projection.len() {
            return Err(self.unshown("IN over a query with another number of columns"));
        }
        for (expr, item) in wanted.values.iter().zip(projection) {
            let ours = self.term(expr, wanted.scope, 0)?;
            let theirs = self.term(self.output(item)?, opened.scope, 0)?;
            equal.push(conjunct(compare(Comparison::Equal, ours, theirs), self.line));
        }
        // An output that nothing reads must have a meaning too.
        for item in projection.iter().filter(|item| !matches!(item, SelectItem::Wildcard(_))) {
            self.term(self.output(item)?, opened.scope, 0)?;
        }
        let select = self.close(opened.query)?;
        if equal.is_empty() {
            return Ok(select);
        }
        let mut when = select.when.into_conjuncts();
        when.extend(equal);
        Ok(Select { when: All::new(when), ..select })
    }

    /// The parts of a source that is a UNION.
    fn union_of(&mut self, factor: &'a TableFactor, inside: ScopeId) -> Result<Option<UnionSource<'a>>> {
        let Scoped { query, inside } = match factor {
            TableFactor::Derived { lateral: false, subquery, alias: _, sample: None } => {
                Scoped { query: subquery, inside }
            }
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
                    if is_by_position(set_quantifier) =>
                {
                    bodies.extend([&**right, &**left]);
                }
                _ => return Ok(None),
            }
        }
        // A query with one part is an ordinary source.
        if parts.len() < 2 || parts.iter().any(|part| part.projection.iter().any(|item| output_name(item).is_none())) {
            return Ok(None);
        }
        let inside = self.with(query, inside)?;
        Ok(Some(UnionSource { alias: self.alias_of(factor)?, parts, inside }))
    }

    fn starts_at(&mut self, query: &Query) {
        if let Some(select) = super::select_of(query) {
            self.line = line_of(select.select_token.0.span);
        }
    }
}
