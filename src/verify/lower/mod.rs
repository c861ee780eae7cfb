//! Converts the syntax tree of a statement to its meaning. A form of SQL without a meaning here
//! cannot be proven, and is refused.

mod changes;
mod clauses;
mod conditions;
mod first_rows;
mod free_text;
mod outputs;
mod scopes;
mod semi_join;
mod sources;
mod terms;

use scopes::{
    Binding, FreeText, JoinKind, Named, OUTERMOST, OpenQuery, OpenSource, Opened, Outputs, QueryId, QueryScope,
    ScopeId, Scoped, SemiJoin, SourceId,
};

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, Query, Select as SelectTree, SelectItem, SetExpr, SetOperator, SetQuantifier,
    Statement,
};
use sqlparser::tokenizer::Span;

use crate::cycle::plan::Slot;
use crate::diagnostic::Code;
use crate::verify::effect::delete_of;
use crate::verify::meaning::{All, Condition, Conjunct, Depth, Meaning, Row, Rows, Select, Source, Term};
use crate::verify::names::{Names, fold_part};

/// The limit for the queries of a statement, after each CTE was copied to each place that names it.
/// It limits the memory. `restore` needs 6 to 10 queries for each pair of periods.
const MAX_QUERIES: usize = 500_000;

/// The reason why a statement has no meaning here.
#[derive(Debug)]
pub(super) struct Unshown {
    pub(super) code: Code,
    /// A description of the form that is not understood.
    pub(super) what: String,
    /// The line, from 1, or 0 if it is unknown.
    pub(super) line: usize,
}

/// The message about `SELECT *`.
const SELECTS_ALL: &str = "selects `*`: the columns of a table would decide what is written";

type Result<T> = std::result::Result<T, Box<Unshown>>;

/// The meaning of a statement. `writes` is the relation that the statement changes or creates.
/// `effect` has found it before.
pub(super) fn lower<'a>(
    statement: &'a Statement,
    writes: Slot,
    names: &'a Names<'_>,
    bytes: usize,
) -> Result<Meaning<'a>> {
    // CTEs that name CTEs can make a short text grow exponentially. The budget stops this.
    let budget = 20_000 + 200 * bytes;
    let mut lowering = Lowering { names, queries: Vec::new(), scopes: Vec::new(), unread: 0, budget, line: 0 };
    let meaning = lowering.statement(statement, writes)?;
    match lowering.unread {
        0 => Ok(meaning),
        _ => Err(lowering.unshown("a named query that is never read")),
    }
}

impl<'a> Lowering<'a, '_> {
    fn statement(&mut self, statement: &'a Statement, writes: Slot) -> Result<Meaning<'a>> {
        let lowering = self;
        let names = lowering.names;
        match statement {
            Statement::Insert(insert) => lowering.insert(insert, writes),
            Statement::Delete(delete) => {
                let outermost = lowering.outermost();
                lowering.delete(delete, writes, outermost)
            }
            // WITH before DELETE: its named queries stand outside of the target.
            Statement::Query(query) => {
                let Some(delete) = delete_of(query) else { return Err(lowering.unshown("a query as the statement")) };
                let outermost = lowering.outermost();
                let inside = lowering.with(query, outermost)?;
                lowering.delete(delete, writes, inside)
            }
            Statement::Update(update) => lowering.update(update, writes),
            Statement::CreateTable(create) => {
                let columns = create.columns.iter().map(|column| lowering.definition(column));
                columns.collect::<Result<_>>().map(Meaning::Table)
            }
            Statement::CreateIndex(create) => {
                let dialect = names.spec.dialect;
                let name = create.name.as_ref().and_then(|name| match name.0.as_slice() {
                    [part] => part.as_ident().map(|ident| fold_part(ident, dialect)),
                    _ => None,
                });
                let Some(name) = name else { return Err(lowering.unshown("an index without a plain name")) };
                let columns = create.columns.iter().map(|column| lowering.indexed(column));
                Ok(Meaning::Index { name, columns: columns.collect::<Result<_>>()?, unique: create.unique })
            }
            Statement::Grant(grant) => {
                let readers = grant.grantees.iter().map(|grantee| lowering.reader(grantee));
                let mut readers = readers.collect::<Result<Vec<_>>>()?;
                readers.sort();
                Ok(Meaning::Grant { readers })
            }
            Statement::CreateView(view) => {
                let scope = lowering.outermost();
                let Some(first) = select_of(&view.query) else {
                    return Err(lowering.unshown("a view without a SELECT"));
                };
                let dialect = names.spec.dialect;
                let names = first.projection.iter().map(|item| output_name(item).map(|name| fold_part(name, dialect)));
                let columns: Option<Vec<_>> = names.collect();
                let Some(columns) = columns else {
                    return Err(lowering.unshown("a view column without a name"));
                };
                let order: Vec<_> = (0..columns.len()).collect();
                let outputs = Outputs { order: &order, free_text: &[], sort: &[] };
                let scope = lowering.with(&view.query, scope)?;
                let rows = lowering.rows(&view.query, scope, Depth::OUTERMOST, outputs)?;
                Ok(Meaning::View { columns, rows })
            }
            _ => Err(lowering.unshown("a kind of statement that no step uses")),
        }
    }
}

/// The state while one statement is read.
struct Lowering<'a, 'k> {
    names: &'a Names<'k>,
    queries: Vec<OpenQuery<'a>>,
    scopes: Vec<QueryScope<'a>>,
    /// The number of named queries that were not read yet.
    unread: usize,
    /// The number of terms that may still be read.
    budget: usize,
    /// The line of the last name. The next refusal points at it.
    line: usize,
}

impl<'a> Lowering<'a, '_> {
    fn unshown(&self, what: impl Into<String>) -> Box<Unshown> {
        self.refused(Code::Unshown, what)
    }

    fn refused(&self, code: Code, what: impl Into<String>) -> Box<Unshown> {
        Box::new(Unshown { code, what: what.into(), line: self.line })
    }

    /// The scope around a statement. It has no names.
    fn outermost(&mut self) -> ScopeId {
        self.new_scope(None, QueryId(0))
    }

    fn new_scope(&mut self, parent: Option<ScopeId>, query: QueryId) -> ScopeId {
        let sources_see = parent.unwrap_or(OUTERMOST);
        let (bindings, named) = (Vec::new(), Vec::new());
        self.scopes.push(QueryScope {
            parent,
            sources_see,
            needs_alias: false,
            query,
            bindings,
            named,
            projection: &[],
        });
        ScopeId(self.scopes.len() - 1)
    }

    /// Adds a source to a query.
    fn add_source(&mut self, query: QueryId, source: OpenSource) -> SourceId {
        let sources = &mut self.queries[query.0].sources;
        sources.push(source);
        SourceId(sources.len() - 1)
    }

    fn query_of(&self, scope: ScopeId) -> QueryId {
        self.scopes[scope.0].query
    }

    fn depth_of(&self, scope: ScopeId) -> Depth {
        self.queries[self.query_of(scope).0].depth
    }

    fn open(&mut self, depth: Depth) -> Result<QueryId> {
        if self.queries.len() >= MAX_QUERIES {
            let what = format!(
                "more than {MAX_QUERIES} queries, one for each pair of the periods of a table with `while_in`: \
                 use fewer periods, or longer ones"
            );
            return Err(self.unshown(what));
        }
        self.queries.push(OpenQuery { depth, ..OpenQuery::default() });
        Ok(QueryId(self.queries.len() - 1))
    }

    /// The rows of a query, with its outputs in the wanted order. The scope has the named queries
    /// of its WITH.
    fn rows(&mut self, query: &'a Query, scope: ScopeId, depth: Depth, wanted: Outputs<'a, '_>) -> Result<Rows<'a>> {
        if !wanted.sort.is_empty() && !matches!(*query.body, SetExpr::Select(_)) {
            return Err(self.unshown("ORDER BY after UNION or EXCEPT"));
        }
        let mut parts = Vec::new();
        if let SetExpr::SetOperation { left, op: SetOperator::Except, set_quantifier, right } = &*query.body {
            if !matches!(set_quantifier, SetQuantifier::None | SetQuantifier::Distinct) {
                return Err(self.unshown("EXCEPT ALL"));
            }
            let mut side = |body: &'a SetExpr| match body {
                SetExpr::Select(select) => self.select(select, scope, depth, wanted),
                _ => Err(self.unshown("EXCEPT between other parts than two SELECTs")),
            };
            return Ok(Rows::Except(Box::new((side(left)?, side(right)?))));
        }
        for part in self.union_parts(&query.body, true)? {
            parts.push(self.select(part, scope, depth, wanted)?);
        }
        if parts.len() == 1 {
            return Ok(Rows::Select(parts.remove(0)));
        }
        parts.sort();
        Ok(Rows::UnionAll(parts))
    }

    /// One SELECT with its outputs.
    fn select(
        &mut self,
        select: &'a SelectTree,
        outer: ScopeId,
        depth: Depth,
        wanted: Outputs<'a, '_>,
    ) -> Result<Select<'a>> {
        let opened = self.open_select(select, outer, depth)?;
        let scope = opened.scope;
        let mut outputs = Vec::with_capacity(wanted.order.len());
        let width = wanted.order.len() + wanted.free_text.len();
        if select.projection.iter().any(|item| self.output(item).is_err()) {
            return Err(self.refused(Code::Columns, SELECTS_ALL));
        }
        if select.projection.len() != width {
            let what = format!("selects {} values, but writes {width} columns", select.projection.len());
            return Err(self.refused(Code::Columns, what));
        }
        for &i in wanted.order {
            outputs.push(self.term(self.output(&select.projection[i])?, scope, 0)?);
        }
        self.check_sort(wanted.sort, scope)?;
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(self.unshown("DISTINCT ON")),
        };
        let group = self.group(select, scope)?;
        let having = match &select.having {
            Some(_) if group.is_none() => return Err(self.unshown("HAVING without GROUP BY")),
            Some(having) => All::new(self.conjuncts(having, scope, false)?),
            None => All::default(),
        };
        self.check_free_text(select, wanted.free_text, opened, RowForm { distinct, grouped: group.is_some() })?;
        // The terms above decide which outputs of the sources are used, so the query is closed
        // last.
        let closed = self.close(opened.query)?;
        Ok(Select { outputs, distinct, group, having, ..closed })
    }

    fn group(&mut self, select: &'a SelectTree, scope: ScopeId) -> Result<Option<Vec<Term<'a>>>> {
        let exprs = match &select.group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => exprs,
            _ => return Err(self.unshown("GROUP BY with more than a list of values")),
        };
        let mut group = Vec::with_capacity(exprs.len());
        for expr in exprs {
            group.push(self.term(expr, scope, 0)?);
        }
        // GROUP BY 1 groups by the first output.
        if group.iter().any(|term| matches!(term, Term::Literal(_))) {
            return Err(self.unshown("GROUP BY with a column number"));
        }
        group.sort();
        group.dedup();
        Ok((!group.is_empty()).then_some(group))
    }

    /// Opens a query, and adds its sources and conditions.
    fn open_select(&mut self, select: &'a SelectTree, outer: ScopeId, depth: Depth) -> Result<Opened> {
        let query = self.open(depth)?;
        let scope = self.new_scope(Some(outer), query);
        self.gather(select, scope)?;
        self.assign_places(query);
        Ok(Opened { query, scope })
    }

    /// The sources and conditions of a query, without its outputs.
    fn close(&mut self, query_id: QueryId) -> Result<Select<'a>> {
        let mut when = Vec::new();
        for join in std::mem::take(&mut self.queries[query_id.0].semi_joins) {
            when.extend(self.semi_join_condition(query_id, join)?);
        }
        for rows in std::mem::take(&mut self.queries[query_id.0].first_rows) {
            when.push(self.is_first(query_id, &rows)?);
        }
        for (scope, expr) in std::mem::take(&mut self.queries[query_id.0].conditions) {
            when.extend(self.conjuncts(expr, scope, false)?);
        }
        for (scope, projection) in std::mem::take(&mut self.queries[query_id.0].outputs) {
            for item in projection {
                let value = self.term(self.output(item)?, scope, 0)?;
                let is_window = matches!(value, Term::RowNumber { .. } | Term::Over { .. });
                if value.computes_over_rows() && !(is_window && self.queries[query_id.0].ranks) {
                    return Err(self.unshown("an aggregate or a window function in a place for one row"));
                }
            }
        }
        let from = self.closed_sources(query_id)?;
        Ok(Select { from, when: All::new(when), ..Select::default() })
    }

    /// The sources of a query, sorted by their places.
    fn closed_sources(&mut self, query_id: QueryId) -> Result<Vec<Source<'a>>> {
        let open = std::mem::take(&mut self.queries[query_id.0].sources);
        let mut from = Vec::with_capacity(open.len());
        for (i, source) in open.into_iter().enumerate() {
            let place = self.queries[query_id.0].places[i];
            let source = match source {
                OpenSource::Relation(slot) => Source::Relation(slot),
                OpenSource::Query(inner) => Source::Query(Box::new(Rows::Select(self.close(inner)?))),
                OpenSource::Excluded => Source::Excluded,
                OpenSource::Union(parts, used) => Source::Query(Box::new(self.closed_union(&parts, &used)?)),
            };
            from.push((place, source));
        }
        from.sort_by_key(|(place, _)| *place);
        Ok(from.into_iter().map(|(_, source)| source).collect())
    }

    fn row(&self, query_id: QueryId, source: SourceId) -> Row {
        let query = &self.queries[query_id.0];
        Row { depth: query.depth, place: query.places[source.0] }
    }

    /// The expression of an output.
    fn output(&self, item: &'a SelectItem) -> Result<&'a Expr> {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Ok(expr),
            _ => Err(self.refused(Code::Columns, SELECTS_ALL)),
        }
    }
}

/// The name of an output, if it has one.
fn output_name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last(),
        _ => None,
    }
}

/// Whether the rows of a query are made distinct or grouped.
#[derive(Clone, Copy)]
struct RowForm {
    distinct: bool,
    grouped: bool,
}

/// The first SELECT of a query.
fn select_of(query: &Query) -> Option<&SelectTree> {
    let mut body = &*query.body;
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return None,
        }
    }
}

/// The line where a part of the tree starts.
fn line_of(span: Span) -> usize {
    usize::try_from(span.start.line).unwrap_or_default()
}

/// A condition with the line where it was found.
fn conjunct<'a>(is: Condition<'a>, line: usize) -> Conjunct<'a> {
    Conjunct { is, role: None, line }
}
