//! What a query reads from: relations, queries that become part of the one around them, and queries that stand for themselves.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Distinct, JoinConstraint, JoinOperator, ObjectName, Query, Select as SelectTree, SelectFlavor, SelectItem, SetExpr,
    SetOperator, SetQuantifier, TableAlias, TableFactor, TableWithJoins,
};

use crate::diagnostic::quoted;
use crate::verify::effect::plain_table;
use crate::verify::known::fold_part;
use crate::verify::lower::{Apart, ApartKind, Binding, Lowering, Named, OpenSource, Result, output_name, terms};
use crate::verify::meaning::{Rows, Select};

/// Queries that a statement may name one after the other: understanding each takes understanding those before it.
const MAX_NAMED: usize = 32;

impl<'a> Lowering<'a, '_> {
    /// Adds what a SELECT reads from to the query of a frame, with its conditions.
    pub(super) fn gather(&mut self, select: &'a SelectTree, frame: usize) -> Result<()> {
        self.plain_select(select)?;
        self.sources(&select.from, frame)?;
        if let Some(selection) = &select.selection {
            let home = self.frames[frame].home;
            self.queries[home].conditions.push((frame, selection));
        }
        Ok(())
    }

    /// A SELECT has no clause but those that have a meaning here. Taken apart field by field, so that none passes unseen.
    pub(super) fn plain_select(&self, select: &SelectTree) -> Result<()> {
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
            qualify: None,
            window_before_qualify: false,
            value_table_mode: None,
            flavor: SelectFlavor::Standard,
        } = select
        else {
            return Err(self.unshown("a clause that is not SELECT, FROM, WHERE, GROUP BY or HAVING"));
        };
        let rest = optimizer_hints.is_empty() && lateral_views.is_empty() && connect_by.is_empty();
        let rest = rest && cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty();
        if rest && named_window.is_empty() {
            return Ok(());
        }
        Err(self.unshown("a clause that is not SELECT, FROM, WHERE, GROUP BY or HAVING"))
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
                        if matches!(join.relation, TableFactor::Derived { .. }) {
                            return Err(self.unshown("an outer join with a query in the place of a table"));
                        }
                        self.bind(frame, alias.clone(), Binding::Apart)?;
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

    pub(super) fn source(&mut self, factor: &'a TableFactor, frame: usize) -> Result<()> {
        match factor {
            TableFactor::Table { .. } => {
                let Some((name, alias)) = plain_table(factor) else {
                    return Err(self.unshown("a table with more than an alias"));
                };
                if let Some((query, inside)) = self.named_by(name, frame) {
                    let alias = self.alias_of(factor)?;
                    return self.derived(query, alias, inside, frame);
                }
                let Some(slot) = self.known.slot(name) else {
                    return Err(
                        self.unshown(format!("{}, which is no relation of the project", quoted(&name.to_string())))
                    );
                };
                if alias.is_some_and(|alias| !alias.columns.is_empty() || alias.at.is_some()) {
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
                if drops_equal_rows(part) || is_grouped(part) || terms::computes_over_rows(&part.projection) {
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
        if matches!(select.distinct, Some(Distinct::Distinct)) && !is_grouped(select) && !ranks && !aggregates {
            // Whether it has a row is all that can be asked of it.
            self.bind(frame, alias.clone(), Binding::Apart)?;
            self.queries[home].apart.push(Apart { alias, frame, kind: ApartKind::Distinct(select, inside) });
            return Ok(());
        }
        if drops_equal_rows(select) || is_grouped(select) {
            return Err(self.unshown("a query among the sources that groups rows"));
        }
        if aggregates {
            // Whether or not anybody reads it, it must give exactly one row.
            let within = self.frame(Some(inside), home);
            self.scalar(select, inside, within, 0)?;
            return self.bind(frame, alias, Binding::OneRow { select, frame: inside });
        }
        if ranks {
            let depth = self.queries[home].depth + 1;
            let (query, inner) = self.open_select(select, inside, depth)?;
            self.queries[query].outputs.push((inner, &select.projection));
            self.queries[query].ranks = true;
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
        self.queries[home].outputs.push((inner, &select.projection));
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
        let Query {
            with,
            body: _,
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks,
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators,
        } = query
        else {
            return Err(self.unshown("ORDER BY, LIMIT or what else may stand after a query"));
        };
        if !locks.is_empty() || !pipe_operators.is_empty() {
            return Err(self.unshown("ORDER BY, LIMIT or what else may stand after a query"));
        }
        let Some(with) = with else { return Ok(frame) };
        if with.recursive {
            return Err(self.unshown("WITH RECURSIVE"));
        }
        let mut inside = frame;
        for cte in &with.cte_tables {
            if !cte.alias.columns.is_empty() {
                return Err(self.unshown("a named query with names for columns"));
            }
            let name = fold_part(&cte.alias.name, self.known.spec.dialect).into_owned();
            if with.cte_tables.len() > MAX_NAMED || cte.from.is_some() {
                return Err(self.unshown(format!("more than {MAX_NAMED} named queries")));
            }
            if self.find_named(&name, inside).is_some() {
                return Err(self.unshown(format!("two queries that are both named {}", quoted(&name))));
            }
            // Each sees those before it.
            let next = self.frame(Some(inside), self.frames[inside].home);
            self.frames[next].named.push(Named { name, query: &cte.query, inside, is_read: false });
            self.unnamed += 1;
            inside = next;
        }
        Ok(inside)
    }

    /// The query of that name, with the frame in which it is understood.
    pub(super) fn named_by(&mut self, name: &ObjectName, frame: usize) -> Option<(&'a Query, usize)> {
        let [part] = name.0.as_slice() else { return None };
        let name = fold_part(part.as_ident()?, self.known.spec.dialect);
        let (frame, nth) = self.find_named(&name, frame)?;
        let named = &mut self.frames[frame].named[nth];
        if !named.is_read {
            named.is_read = true;
            self.unnamed -= 1;
        }
        Some((named.query, named.inside))
    }

    /// The frame that names a query, and its number there.
    fn find_named(&self, name: &str, frame: usize) -> Option<(usize, usize)> {
        let mut at = Some(frame);
        while let Some(frame) = at {
            if let Some(nth) = self.frames[frame].named.iter().position(|known| known.name == name) {
                return Some((frame, nth));
            }
            at = self.frames[frame].parent;
        }
        None
    }

    /// The SELECTs of a UNION ALL, or the one that there is.
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
                    self.with(query, 0)?;
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
        let mut width = None;
        for (i, &part) in parts.iter().enumerate() {
            let Some((frame, projection)) = self.queries[part].projection else { return Err(self.unshown("no query")) };
            // Those that nobody reads must have a meaning too.
            let mut all = Vec::with_capacity(projection.len());
            for item in projection {
                let value = self.term(self.output(item)?, frame, 0)?;
                if value.computes_over_rows() {
                    return Err(self.unshown("a value over many rows in a part of a UNION ALL"));
                }
                all.push(value);
            }
            let width = *width.get_or_insert(all.len());
            if all.len() != width {
                return Err(self.unshown("parts of a UNION ALL with different numbers of columns"));
            }
            let mut outputs = Vec::with_capacity(order.len());
            for &number in &order {
                outputs.push((all[number].clone(), number));
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
}

/// DISTINCT, and not ALL.
pub(super) fn drops_equal_rows(select: &SelectTree) -> bool {
    !matches!(select.distinct, None | Some(Distinct::All))
}

pub(super) fn is_grouped(select: &SelectTree) -> bool {
    let groups = !matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    groups || select.having.is_some()
}

/// The items of a projection, by name.
pub(super) fn item_named(names: &[SelectItem], wanted: &str, dialect: crate::dialect::Dialect) -> Option<usize> {
    let is_wanted = |item: &SelectItem| output_name(item).is_some_and(|name| fold_part(name, dialect) == wanted);
    let first = names.iter().position(is_wanted)?;
    // Two of one name are none: engines refuse the one or take the other.
    (!names[first + 1..].iter().any(is_wanted)).then_some(first)
}
