//! The sources of a query: relations, queries that are merged into the query around them, and
//! queries that stay sources of their own.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlparser::ast::{
    Distinct, Expr, Join, JoinConstraint, JoinOperator, Select as SelectTree, SelectItem, SetExpr, SetOperator,
    SetQuantifier, TableAlias, TableFactor, TableWithJoins,
};

use sqlparser::keywords::ALL_KEYWORDS;

use crate::diagnostic::quoted;
use crate::sql::is_reserved;
use crate::verify::effect::plain_table;
use crate::verify::lower::semi_join::mentions;
use crate::verify::lower::{
    Binding, JoinKind, Lowering, OUTERMOST, OpenSource, QueryId, Result, ScopeId, Scoped, SemiJoin, output_name,
    outputs,
};
use crate::verify::meaning::{Place, Rows, Select, Term};
use crate::verify::names::fold_part;

impl<'a> Lowering<'a, '_> {
    /// Adds the sources and conditions of a SELECT to the query of a scope.
    pub(super) fn gather(&mut self, select: &'a SelectTree, scope: ScopeId) -> Result<()> {
        self.plain_select(select)?;
        self.gather_plain(select, scope)
    }

    /// The same for a SELECT whose clauses were checked.
    pub(super) fn gather_plain(&mut self, select: &'a SelectTree, scope: ScopeId) -> Result<()> {
        self.scopes[scope.0].projection = &select.projection;
        self.sources(&select.from, scope)?;
        if let Some(selection) = &select.selection {
            let query_id = self.query_of(scope);
            self.queries[query_id.0].conditions.push((scope, selection));
        }
        Ok(())
    }

    pub(super) fn sources(&mut self, from: &'a [TableWithJoins], scope: ScopeId) -> Result<()> {
        // Each ON, with the sources that it sees.
        let mut joined: Vec<(&Expr, Range<usize>)> = Vec::new();
        for TableWithJoins { relation, joins } in from {
            let first = self.scopes[scope.0].bindings.len();
            self.source(relation, scope)?;
            for join in joins {
                // The parser reads GLOBAL as a part of the join. Engines read it as the alias of
                // the source before it.
                let Join { relation, global: false, join_operator } = join else {
                    return Err(self.unshown("a GLOBAL join"));
                };
                match join_operator {
                    JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => {
                        self.source(relation, scope)?;
                        joined.push((on, first..self.scopes[scope.0].bindings.len()));
                        let query_id = self.query_of(scope);
                        self.queries[query_id.0].conditions.push((scope, on));
                    }
                    JoinOperator::CrossJoin(JoinConstraint::None) => self.source(relation, scope)?,
                    JoinOperator::Left(JoinConstraint::On(on)) | JoinOperator::LeftOuter(JoinConstraint::On(on)) => {
                        let alias = self.alias_of(relation)?;
                        let query_id = self.query_of(scope);
                        if matches!(relation, TableFactor::Derived { .. }) {
                            return Err(self.unshown("an outer join with a query instead of a table"));
                        }
                        self.bind(scope, alias.clone(), Binding::SemiJoin)?;
                        joined.push((on, first..self.scopes[scope.0].bindings.len()));
                        let kind = JoinKind::Anti(relation, on);
                        self.queries[query_id.0].semi_joins.push(SemiJoin { alias, scope, kind });
                    }
                    _ => {
                        return Err(self.unshown("a join other than JOIN ... ON, CROSS JOIN or LEFT JOIN ... ON"));
                    }
                }
            }
        }
        // An engine refuses an ON that names a source on its right, or one before a comma.
        let dialect = self.names.spec.dialect;
        for (on, visible) in joined {
            for (at, (alias, _)) in self.scopes[scope.0].bindings.iter().enumerate() {
                if !visible.contains(&at) && mentions(on, alias, dialect) {
                    return Err(self.unshown(format!(
                        "an ON that names {}, which is not one of the sources that it joins",
                        quoted(alias)
                    )));
                }
            }
        }
        Ok(())
    }

    pub(super) fn source(&mut self, factor: &'a TableFactor, scope: ScopeId) -> Result<()> {
        match factor {
            TableFactor::Table { .. } => {
                let Some((name, _)) = plain_table(factor) else {
                    return Err(self.unshown("a table with more than an alias"));
                };
                if let Some(named) = self.named_by(name, scope) {
                    let alias = self.alias_of(factor)?;
                    return self.derived(named, alias, scope);
                }
                let Some(slot) = self.names.slot(name) else {
                    return Err(
                        self.unshown(format!("{}, which is not a relation of the project", quoted(&name.to_string())))
                    );
                };
                let alias = self.alias_of(factor)?;
                let query_id = self.query_of(scope);
                let source = self.add_source(query_id, OpenSource::Relation(slot));
                self.bind(scope, alias, Binding::Relation { slot, source })
            }
            TableFactor::Derived { lateral: false, subquery, alias: _, sample: None } => {
                let alias = self.alias_of(factor)?;
                let inside = self.scopes[scope.0].sources_see;
                self.derived(Scoped { query: subquery, inside }, alias, scope)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.sources(std::slice::from_ref(&**table_with_joins), scope)
            }
            _ => Err(self.unshown("rows that come from neither a relation nor a query")),
        }
    }

    /// Adds a query to the sources of the query of a scope.
    fn derived(&mut self, derived: Scoped<'a>, alias: String, scope: ScopeId) -> Result<()> {
        let query = derived.query;
        if let Some((select, first)) = self.first_of_each(query)? {
            let inside = self.named(query.with.as_ref(), derived.inside)?;
            return self.first_rows(select, first, inside, alias, scope);
        }
        let inside = self.with(query, derived.inside)?;
        let query_id = self.query_of(scope);
        let parts = self.union_parts(&query.body, false)?;
        let [select] = parts.as_slice() else {
            let depth = self.queries[query_id.0].depth.inner();
            let mut opened = Vec::with_capacity(parts.len());
            for part in &parts {
                if drops_equal_rows(part) || is_grouped(part) || outputs::computes_over_rows(&part.projection) {
                    return Err(self.unshown("a part of a UNION ALL that groups, ranks or removes rows"));
                }
                let part_query = self.open_select(part, inside, depth)?;
                self.queries[part_query.query.0].projection = Some((part_query.scope, &part.projection));
                opened.push(part_query);
            }
            let (Some(first), Some(part)) = (opened.first(), parts.first()) else {
                unreachable!("`union_parts` returns at least one SELECT")
            };
            let first_scope = first.scope;
            let queries = opened.iter().map(|part| part.query).collect();
            let source = self.add_source(query_id, OpenSource::Union(queries, BTreeSet::new()));
            return self.bind(
                scope,
                alias,
                Binding::Union { source, scope: first_scope, projection: &part.projection },
            );
        };
        let select: &'a SelectTree = select;
        let ranks = outputs::ranks(&select.projection);
        let aggregates = outputs::computes_over_rows(&select.projection) && !ranks;
        if matches!(select.distinct, Some(Distinct::Distinct)) && !is_grouped(select) && !ranks && !aggregates {
            // Only its existence may be used: it is a semi-join.
            self.bind(scope, alias.clone(), Binding::SemiJoin)?;
            self.queries[query_id.0].semi_joins.push(SemiJoin { alias, scope, kind: JoinKind::Semi(select, inside) });
            return Ok(());
        }
        if drops_equal_rows(select) || is_grouped(select) {
            return Err(self.unshown("a source that groups rows"));
        }
        if aggregates {
            // It must give exactly one row, even if nothing reads it.
            let within = self.new_scope(Some(inside), query_id);
            self.scalar(select, inside, within, 0)?;
            return self.bind(scope, alias, Binding::OneRow { select, scope: inside });
        }
        if ranks {
            let depth = self.queries[query_id.0].depth.inner();
            let inner = self.open_select(select, inside, depth)?;
            self.queries[inner.query.0].outputs.push((inner.scope, &select.projection));
            self.queries[inner.query.0].ranks = true;
            let source = self.add_source(query_id, OpenSource::Query(inner.query));
            let projection = &select.projection;
            return self.bind(scope, alias, Binding::Query { source, scope: inner.scope, projection });
        }
        let inner = self.merge(select, inside, query_id)?;
        let projection = &select.projection;
        self.bind(scope, alias, Binding::Merged { scope: inner, projection, names: projection })
    }

    /// Merges a SELECT into a query. Returns the new scope of its names.
    pub(super) fn merge(&mut self, select: &'a SelectTree, inside: ScopeId, query_id: QueryId) -> Result<ScopeId> {
        let inner = self.new_scope(Some(inside), query_id);
        if self.scopes.len() > super::MAX_QUERIES {
            return Err(self.unshown(format!("more than {} queries", super::MAX_QUERIES)));
        }
        self.gather(select, inner)?;
        self.queries[query_id.0].outputs.push((inner, &select.projection));
        Ok(inner)
    }

    pub(super) fn bind(&mut self, scope: ScopeId, alias: String, binding: Binding<'a>) -> Result<()> {
        if self.scopes[scope.0].bindings.iter().any(|(bound, _)| *bound == alias) {
            return Err(self.unshown(format!("two sources with the name {}", quoted(&alias))));
        }
        // Engines differ in which source a name means. An ON may see only the sources on its left,
        // or all. A query in FROM may see the sources beside it, or only those around it.
        let mut around = self.scopes[scope.0].parent;
        while let Some(at) = around {
            // A semi-join has a binding for its alias, and the query that it becomes has another
            // one.
            let is_same =
                |(bound, binding): &(String, Binding<'_>)| *bound == alias && !matches!(binding, Binding::SemiJoin);
            if self.scopes[at.0].bindings.iter().any(is_same) {
                return Err(self.unshown(format!(
                    "the name {} for a source inside a query that has a source of this name: use another alias",
                    quoted(&alias)
                )));
            }
            around = self.scopes[at.0].parent;
        }
        self.scopes[scope.0].bindings.push((alias, binding));
        Ok(())
    }

    pub(super) fn alias_of(&mut self, factor: &TableFactor) -> Result<String> {
        let dialect = self.names.spec.dialect;
        let own = |alias: &Option<TableAlias>| match alias {
            Some(alias) => self.alias(alias).map(Some),
            None => Ok(None),
        };
        let found = match factor {
            TableFactor::Table { name, alias, .. } if alias.is_none() => {
                name.0.last().and_then(|part| part.as_ident()).map(|name| fold_part(name, dialect).into_owned())
            }
            TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => own(alias)?,
            _ => None,
        };
        found.ok_or_else(|| self.unshown("a source without an alias"))
    }

    /// The folded name of an alias. Refuses a name that an engine could read as something else.
    pub(super) fn alias(&self, alias: &TableAlias) -> Result<String> {
        let TableAlias { explicit, name, columns, at } = alias;
        if !columns.is_empty() || at.is_some() {
            return Err(self.unshown("an alias with column names"));
        }
        let folded = fold_part(name, self.names.spec.dialect).into_owned();
        let is_plain = name.quote_style.is_none();
        let is_keyword = || ALL_KEYWORDS.binary_search(&name.value.to_uppercase().as_str()).is_ok();
        let wrong = if is_plain && is_reserved(&folded, self.names.spec.dialect) {
            "which is a reserved word"
        } else if is_plain && !explicit && is_keyword() {
            "which is a keyword: write AS before it"
        } else if self.names.is_bare(&folded) {
            "which is also the name of a table"
        } else if self.names.is_column(&folded) {
            "which is also the name of a column, and BigQuery could read it as the column"
        } else {
            return Ok(folded);
        };
        Err(self.unshown(format!("the alias {}, {wrong}", quoted(&name.value))))
    }

    /// The SELECTs of a UNION ALL, or the single SELECT.
    pub(super) fn union_parts(&mut self, body: &'a SetExpr, top: bool) -> Result<Vec<&'a SelectTree>> {
        let mut parts = Vec::new();
        let mut rest = vec![body];
        while let Some(body) = rest.pop() {
            match body {
                SetExpr::Select(select) => parts.push(&**select),
                SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier: SetQuantifier::All, right } => {
                    rest.extend([&**right, &**left])
                }
                SetExpr::Query(query) if query.with.is_none() => {
                    self.with(query, OUTERMOST)?;
                    rest.push(&query.body);
                }
                SetExpr::SetOperation { op, set_quantifier, .. } => {
                    let form = format!("{op} {set_quantifier}");
                    return Err(self.unshown(format!("{} in the place of UNION ALL", form.trim_end())));
                }
                _ if top => return Err(self.unshown("rows that do not come from a SELECT")),
                _ => return Err(self.unshown("a source that is not a SELECT")),
            }
        }
        Ok(parts)
    }

    /// Gives each source its place: relations sorted by slot, then queries in their written order.
    pub(super) fn assign_places(&mut self, query_id: QueryId) {
        let query = &mut self.queries[query_id.0];
        let mut order: Vec<usize> = (0..query.sources.len()).collect();
        order.sort_by_key(|&source| match query.sources[source] {
            OpenSource::Relation(slot) => (0, Some(slot)),
            _ => (1, None),
        });
        query.places = vec![Place(0); order.len()];
        for (place, source) in order.into_iter().enumerate() {
            query.places[source] = Place(place);
        }
    }

    /// The parts of a UNION ALL with the outputs that are used. The terms of the first part give
    /// the order of the outputs.
    pub(super) fn closed_union(&mut self, parts: &[QueryId], used: &BTreeSet<usize>) -> Result<Rows<'a>> {
        let mut order: Vec<usize> = used.iter().copied().collect();
        let mut closed = Vec::with_capacity(parts.len());
        let mut width = None;
        for (i, &part) in parts.iter().enumerate() {
            let Some((scope, projection)) = self.queries[part.0].projection else {
                unreachable!("`derived` sets the outputs of each part of a UNION ALL")
            };
            // An output that nothing reads must have a meaning too.
            let mut all = Vec::with_capacity(projection.len());
            for item in projection {
                let value = self.term(self.output(item)?, scope, 0)?;
                if value.computes_over_rows() {
                    return Err(self.unshown("an aggregate or a window function in a part of a UNION ALL"));
                }
                all.push(value);
            }
            // Engines give the parts of an output one type. Free texts are not compared otherwise.
            for index in (0..all.len()).filter(|index| !used.contains(index)) {
                if matches!(all[index], Term::Literal(_) | Term::Case(..)) {
                    self.expect_plain_text(&all[index], false, usize::MAX / 2)?;
                }
            }
            let width = *width.get_or_insert(all.len());
            if all.len() != width {
                return Err(self.unshown("parts of a UNION ALL with different numbers of columns"));
            }
            let mut outputs = Vec::with_capacity(order.len());
            for &index in &order {
                outputs.push((all[index].clone(), index));
            }
            if i == 0 {
                outputs.sort();
                order = outputs.iter().map(|(_, index)| *index).collect();
            }
            let outputs = outputs.into_iter().map(|(term, _)| term).collect();
            let select = self.close(part)?;
            closed.push(Select { outputs, ..select });
        }
        // The first part stays first, because its terms identify the outputs.
        closed[1..].sort();
        Ok(Rows::UnionAll(closed))
    }
}

/// Whether a SELECT has DISTINCT.
pub(super) fn drops_equal_rows(select: &SelectTree) -> bool {
    !matches!(select.distinct, None | Some(Distinct::All))
}

pub(super) fn is_grouped(select: &SelectTree) -> bool {
    let groups = !matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    groups || select.having.is_some()
}

/// The index of the output with a name, if exactly one output has it.
pub(super) fn item_named(names: &[SelectItem], wanted: &str, dialect: crate::dialect::Dialect) -> Option<usize> {
    let is_wanted = |item: &SelectItem| output_name(item).is_some_and(|name| fold_part(name, dialect) == wanted);
    let first = names.iter().position(is_wanted)?;
    // With two outputs of one name, some engines fail, and others use one of them.
    (!names[first + 1..].iter().any(is_wanted)).then_some(first)
}
