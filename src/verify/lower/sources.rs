//! What a query reads from: relations, queries that become part of the one around them, and queries that stand for themselves.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, JoinConstraint, JoinOperator, ObjectName, Query, Select as SelectTree, SelectItem, SetExpr, SetOperator,
    SetQuantifier, TableAlias, TableFactor, TableWithJoins, Visit, Visitor,
};

use crate::diagnostic::quoted;
use crate::verify::known::fold_part;
use crate::verify::lower::{Apart, ApartKind, Binding, Lowering, OpenSource, Result, output_name, terms};
use crate::verify::meaning::{Comparison, Condition, Conjunct, Rows, Select, Term};

impl<'a> Lowering<'a, '_> {
    /// Adds what a SELECT reads from to the query of a frame, with its conditions.
    pub(super) fn gather(&mut self, select: &'a SelectTree, frame: usize) -> Result<()> {
        let plain = select.top.is_none()
            && select.exclude.is_none()
            && select.into.is_none()
            && select.lateral_views.is_empty()
            && select.prewhere.is_none()
            && select.connect_by.is_empty()
            && select.cluster_by.is_empty()
            && select.distribute_by.is_empty()
            && select.sort_by.is_empty()
            && select.named_window.is_empty()
            && select.qualify.is_none()
            && select.value_table_mode.is_none();
        if !plain {
            return Err(self.unshown("a clause that is not SELECT, FROM, WHERE, GROUP BY or HAVING"));
        }
        self.sources(&select.from, frame)?;
        if let Some(selection) = &select.selection {
            let home = self.frames[frame].home;
            self.queries[home].conditions.push((frame, selection));
        }
        Ok(())
    }

    pub(super) fn sources(&mut self, from: &'a [TableWithJoins], frame: usize) -> Result<()> {
        for tables in from {
            self.source(&tables.relation, frame)?;
            for join in &tables.joins {
                match &join.join_operator {
                    JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => {
                        self.source(&join.relation, frame)?;
                        let home = self.frames[frame].home;
                        self.queries[home].conditions.push((frame, on));
                    }
                    JoinOperator::CrossJoin(JoinConstraint::None) => self.source(&join.relation, frame)?,
                    JoinOperator::Left(JoinConstraint::On(on)) | JoinOperator::LeftOuter(JoinConstraint::On(on)) => {
                        let alias = self.alias_of(&join.relation)?;
                        let home = self.frames[frame].home;
                        let apart = Apart { alias, frame, kind: ApartKind::Optional(&join.relation, on) };
                        self.queries[home].apart.push(apart);
                    }
                    _ => {
                        return Err(self.unshown("a join that is none of JOIN ... ON, CROSS JOIN and LEFT JOIN ... ON"));
                    }
                }
            }
        }
        Ok(())
    }

    fn source(&mut self, factor: &'a TableFactor, frame: usize) -> Result<()> {
        match factor {
            TableFactor::Table { name, alias, args: None, with_hints, version: None, sample: None, .. }
                if with_hints.is_empty() =>
            {
                if let Some((query, inside)) = self.named_by(name, frame) {
                    let alias = self.alias_of(factor)?;
                    return self.derived(query, alias, inside, frame);
                }
                let Some(slot) = self.known.slot(name) else {
                    return Err(
                        self.unshown(format!("{}, which is no relation of the project", quoted(&name.to_string())))
                    );
                };
                if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
                    return Err(self.unshown("an alias with names for columns"));
                }
                let alias = self.alias_of(factor)?;
                let home = self.frames[frame].home;
                self.queries[home].sources.push(OpenSource::Relation(slot));
                let source = self.queries[home].sources.len() - 1;
                self.bind(frame, alias, Binding::Relation { slot, source })
            }
            TableFactor::Derived { lateral: false, subquery, sample: None, .. } => {
                let alias = self.alias_of(factor)?;
                let inside = self.frames[frame].parent.unwrap_or(frame);
                self.derived(subquery, alias, inside, frame)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.sources(std::slice::from_ref(&**table_with_joins), frame)
            }
            _ => Err(self.unshown("rows that come from no relation and no query")),
        }
    }

    /// A query among the sources of another, understood inside a frame.
    fn derived(&mut self, query: &'a Query, alias: String, inside: usize, frame: usize) -> Result<()> {
        let inside = self.with(query, inside)?;
        let home = self.frames[frame].home;
        let parts = self.union_parts(&query.body, false)?;
        let [select] = parts.as_slice() else {
            let depth = self.queries[home].depth + 1;
            let mut opened = Vec::with_capacity(parts.len());
            let mut first = None;
            for part in &parts {
                if part.distinct.is_some() || is_grouped(part) || terms::computes_over_rows(&part.projection) {
                    return Err(self.unshown("a part of a UNION ALL that groups, ranks or drops rows"));
                }
                let (query, inner) = self.open_select(part, inside, depth)?;
                first.get_or_insert(inner);
                opened.push((query, inner));
            }
            let (Some(inner), Some(part)) = (first, parts.first()) else { return Err(self.unshown("no query")) };
            let numbers = opened.iter().map(|(query, _)| *query).collect();
            for ((query, inner), part) in opened.iter().zip(&parts) {
                self.queries[*query].projection = Some((*inner, &part.projection));
            }
            self.queries[home].sources.push(OpenSource::Union(numbers, BTreeSet::new()));
            let source = self.queries[home].sources.len() - 1;
            return self.bind(frame, alias, Binding::Union { source, frame: inner, projection: &part.projection });
        };
        let select: &'a SelectTree = select;
        let ranks = terms::ranks(&select.projection);
        let aggregates = terms::computes_over_rows(&select.projection) && !ranks;
        if select.distinct.is_some() && !is_grouped(select) && !ranks && !aggregates {
            // Whether it has a row is all that can be asked of it.
            self.queries[home].apart.push(Apart { alias, frame, kind: ApartKind::Distinct(select, inside) });
            return Ok(());
        }
        if select.distinct.is_some() || is_grouped(select) {
            return Err(self.unshown("a query among the sources that groups rows"));
        }
        if aggregates {
            return self.bind(frame, alias, Binding::OneRow { select, frame: inside });
        }
        if ranks {
            let depth = self.queries[home].depth + 1;
            let (query, inner) = self.open_select(select, inside, depth)?;
            self.queries[home].sources.push(OpenSource::Query(query));
            let source = self.queries[home].sources.len() - 1;
            return self.bind(frame, alias, Binding::Query { source, frame: inner, projection: &select.projection });
        }
        let inner = self.merge(select, inside, home)?;
        let projection = &select.projection;
        self.bind(frame, alias, Binding::Merged { frame: inner, projection, names: projection })
    }

    /// Makes a query part of another; its names are those of a new frame.
    pub(super) fn merge(&mut self, select: &'a SelectTree, inside: usize, home: usize) -> Result<usize> {
        let inner = self.frame(Some(inside), home);
        if self.frames.len() > super::MAX_QUERIES {
            return Err(self.unshown(format!("more than {} queries", super::MAX_QUERIES)));
        }
        self.gather(select, inner)?;
        Ok(inner)
    }

    pub(super) fn bind(&mut self, frame: usize, alias: String, binding: Binding<'a>) -> Result<()> {
        if self.frames[frame].bindings.iter().any(|(known, _)| *known == alias) {
            return Err(self.unshown(format!("two sources that are both called {}", quoted(&alias))));
        }
        self.frames[frame].bindings.push((alias, binding));
        Ok(())
    }

    pub(super) fn alias_of(&mut self, factor: &TableFactor) -> Result<String> {
        let dialect = self.known.spec.dialect;
        let own = |alias: &Option<TableAlias>| {
            alias
                .as_ref()
                .filter(|alias| alias.columns.is_empty())
                .map(|alias| fold_part(&alias.name, dialect).into_owned())
        };
        let found = match factor {
            TableFactor::Table { name, alias, .. } if alias.is_none() => {
                name.0.last().and_then(|part| part.as_ident()).map(|name| fold_part(name, dialect).into_owned())
            }
            TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => own(alias),
            _ => None,
        };
        found.ok_or_else(|| self.unshown("a source without a name of its own"))
    }

    /// The frame of a query that names others, or the one given.
    pub(super) fn with(&mut self, query: &'a Query, frame: usize) -> Result<usize> {
        let plain = query.order_by.is_none()
            && query.limit_clause.is_none()
            && query.fetch.is_none()
            && query.locks.is_empty()
            && query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty();
        if !plain {
            return Err(self.unshown("ORDER BY, LIMIT or what else may stand after a query"));
        }
        let Some(with) = &query.with else { return Ok(frame) };
        if with.recursive {
            return Err(self.unshown("WITH RECURSIVE"));
        }
        let mut inside = frame;
        for cte in &with.cte_tables {
            if !cte.alias.columns.is_empty() {
                return Err(self.unshown("a named query with names for columns"));
            }
            let name = fold_part(&cte.alias.name, self.known.spec.dialect).into_owned();
            // Each sees those before it.
            let next = self.frame(Some(inside), self.frames[inside].home);
            self.frames[next].named.push((name, &cte.query, inside));
            inside = next;
        }
        Ok(inside)
    }

    /// The query of that name, with the frame in which it is understood.
    pub(super) fn named_by(&self, name: &ObjectName, frame: usize) -> Option<(&'a Query, usize)> {
        let [part] = name.0.as_slice() else { return None };
        let name = fold_part(part.as_ident()?, self.known.spec.dialect);
        let mut at = Some(frame);
        while let Some(frame) = at {
            let frame = &self.frames[frame];
            if let Some((_, query, inside)) = frame.named.iter().find(|(known, ..)| *known == *name) {
                return Some((query, *inside));
            }
            at = frame.parent;
        }
        None
    }

    /// The SELECTs of a UNION ALL, or the one that there is.
    pub(super) fn union_parts(&self, body: &'a SetExpr, top: bool) -> Result<Vec<&'a SelectTree>> {
        let mut parts = Vec::new();
        let mut rest = vec![body];
        while let Some(body) = rest.pop() {
            match body {
                SetExpr::Select(select) => parts.push(&**select),
                SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier: SetQuantifier::All, right } => {
                    rest.extend([&**right, &**left])
                }
                SetExpr::Query(query)
                    if query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none() =>
                {
                    rest.push(&query.body);
                }
                SetExpr::SetOperation { op, set_quantifier, .. } => {
                    let form = format!("{op} {set_quantifier}");
                    return Err(self.unshown(format!("{} where UNION ALL was expected", form.trim_end())));
                }
                _ if top => return Err(self.unshown("rows that come from no SELECT")),
                _ => return Err(self.unshown("a source that is no SELECT")),
            }
        }
        Ok(parts)
    }

    /// Gives each source its place: relations by slot, then queries as they were written.
    pub(super) fn place(&mut self, home: usize) {
        let query = &mut self.queries[home];
        let mut order: Vec<usize> = (0..query.sources.len()).collect();
        order.sort_by_key(|&source| match query.sources[source] {
            OpenSource::Relation(slot) => (0, Some(slot)),
            _ => (1, None),
        });
        query.places = vec![0; order.len()];
        for (place, source) in order.into_iter().enumerate() {
            query.places[source] = place;
        }
    }

    /// The parts of a UNION ALL with the outputs that are used, in the order of how the first part computes them.
    pub(super) fn closed_union(&mut self, parts: &[usize], used: &BTreeSet<usize>) -> Result<Rows<'a>> {
        let mut order: Vec<usize> = used.iter().copied().collect();
        let mut closed = Vec::with_capacity(parts.len());
        for (i, &part) in parts.iter().enumerate() {
            let Some((frame, projection)) = self.queries[part].projection else { return Err(self.unshown("no query")) };
            let mut outputs = Vec::with_capacity(order.len());
            for &number in &order {
                let Some(item) = projection.get(number) else {
                    return Err(self.unshown("parts of a UNION ALL with fewer columns than the first"));
                };
                outputs.push((self.term(self.output(item)?, frame, 0)?, number));
            }
            if i == 0 {
                outputs.sort();
                order = outputs.iter().map(|(_, number)| *number).collect();
            }
            let outputs = outputs.into_iter().map(|(term, _)| term).collect();
            let select = self.close(part)?;
            closed.push(Select { outputs, ..select });
        }
        // How the first part computes an output is the output's name, so that part stays first.
        closed[1..].sort();
        Ok(Rows::UnionAll(closed))
    }

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
        Ok(super::conjunct(is, self.line))
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
            for part in super::conditions::parts(expr, &sqlparser::ast::BinaryOperator::And) {
                if of == frame && is_about(part) { taken.push(part) } else { kept.push((of, part)) }
            }
        }
        self.queries[home].conditions = kept;
        taken
    }
}

fn is_grouped(select: &SelectTree) -> bool {
    let groups = !matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    groups || select.having.is_some()
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

/// The items of a projection, by name.
pub(super) fn item_named(names: &[SelectItem], wanted: &str, dialect: crate::dialect::Dialect) -> Option<usize> {
    names.iter().position(|item| output_name(item).is_some_and(|name| fold_part(name, dialect) == wanted))
}
