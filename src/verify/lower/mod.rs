//! From a tree to what it means. What has no meaning here cannot be shown to be right, and is refused.

mod conditions;
mod scopes;
mod semi_join;
mod sources;
mod terms;
mod words;

use scopes::{Apart, ApartKind, Binding, Frame, Named, OpenQuery, OpenSource, Outputs};

use sqlparser::ast::{
    AssignmentTarget, ColumnOption, Delete, Distinct, Expr, FromTable, GroupByExpr, Ident, Insert, ObjectName, Query,
    Select as SelectTree, SelectItem, SetExpr, SetOperator, SetQuantifier, Statement, Update, UpdateTableFromKind,
};

use crate::cycle::plan::Slot;
use crate::diagnostic::{Code, quoted};
use crate::verify::known::{Known, fold_part};
use crate::verify::meaning::{All, Conjunct, Meaning, Row, Rows, Select, Source, Term};

/// More queries within queries than any sound statement has, once every CTE stands where it is named.
const MAX_QUERIES: usize = 20_000;

/// Why a statement has no meaning here.
#[derive(Debug)]
pub(super) struct Unshown {
    pub(super) code: Code,
    /// What stands there, in words.
    pub(super) what: String,
    /// The line, from 1; 0 if it is not known.
    pub(super) line: usize,
}

type Result<T> = std::result::Result<T, Box<Unshown>>;

/// What a statement means. `writes` is the relation that it has been seen to write.
pub(super) fn lower<'a>(
    statement: &'a Statement,
    writes: Slot,
    known: &'a Known<'_>,
    bytes: usize,
) -> Result<Meaning<'a>> {
    // A sound statement says each thing a few times at most; names of names of names would say it for ever.
    let budget = 20_000 + 10 * bytes;
    let mut lowering = Lowering { known, queries: Vec::new(), frames: Vec::new(), unnamed: 0, budget, line: 0 };
    let meaning = lowering.statement(statement, writes)?;
    match lowering.unnamed {
        0 => Ok(meaning),
        _ => Err(lowering.unshown("a named query that nothing reads")),
    }
}

impl<'a> Lowering<'a, '_> {
    fn statement(&mut self, statement: &'a Statement, writes: Slot) -> Result<Meaning<'a>> {
        let lowering = self;
        let known = lowering.known;
        match statement {
            Statement::Insert(insert) => lowering.insert(insert, writes),
            Statement::Delete(delete) => lowering.delete(delete, writes),
            Statement::Update(update) => lowering.update(update, writes),
            Statement::CreateTable(create) => {
                let columns = create.columns.iter().map(|column| lowering.definition(column));
                columns.collect::<Result<_>>().map(Meaning::Table)
            }
            Statement::CreateView(view) => {
                let frame = lowering.outermost();
                let Some(first) = select_of(&view.query) else { return Err(lowering.unshown("a view of this shape")) };
                let dialect = known.spec.dialect;
                let names = first.projection.iter().map(|item| output_name(item).map(|name| fold_part(name, dialect)));
                let columns: Option<Vec<_>> = names.collect();
                let Some(columns) = columns else {
                    return Err(lowering.unshown("a column of the view without a name"));
                };
                let order: Vec<_> = (0..columns.len()).collect();
                let rows = lowering.rows(&view.query, frame, 0, Outputs { order: &order, words: &[] })?;
                Ok(Meaning::View { columns, rows })
            }
            _ => Err(lowering.unshown("a statement of another kind")),
        }
    }
}

/// Reads one statement.
struct Lowering<'a, 'k> {
    known: &'a Known<'k>,
    queries: Vec<OpenQuery<'a>>,
    frames: Vec<Frame<'a>>,
    /// How many named queries nothing has read yet.
    unnamed: usize,
    /// How many more terms may be looked at.
    budget: usize,
    /// Where the last name stood: the place of whatever is refused next.
    line: usize,
}

impl<'a> Lowering<'a, '_> {
    fn unshown(&self, what: impl Into<String>) -> Box<Unshown> {
        self.refused(Code::Unshown, what)
    }

    fn refused(&self, code: Code, what: impl Into<String>) -> Box<Unshown> {
        Box::new(Unshown { code, what: what.into(), line: self.line })
    }

    /// A frame around a statement, which names nothing.
    fn outermost(&mut self) -> usize {
        self.frame(None, 0)
    }

    fn frame(&mut self, parent: Option<usize>, home: usize) -> usize {
        self.frames.push(Frame { parent, home, bindings: Vec::new(), named: Vec::new() });
        self.frames.len() - 1
    }

    fn open(&mut self, depth: usize) -> Result<usize> {
        if self.queries.len() >= MAX_QUERIES {
            return Err(self.unshown(format!("more than {MAX_QUERIES} queries")));
        }
        self.queries.push(OpenQuery { depth, ..OpenQuery::default() });
        Ok(self.queries.len() - 1)
    }

    fn insert(&mut self, insert: &'a Insert, writes: Slot) -> Result<Meaning<'a>> {
        let Some(query) = &insert.source else { return Err(self.unshown("rows that come from no query")) };
        if insert.columns.is_empty() {
            return Err(self.refused(Code::Columns, "names no columns, so that the order of a table's columns decides"));
        }
        let mut columns = Vec::with_capacity(insert.columns.len());
        for (i, name) in insert.columns.iter().enumerate() {
            columns.push((self.column_of(writes, name)?, i));
        }
        columns.sort_unstable();
        if columns.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(self.refused(Code::Columns, "names a column twice"));
        }
        let is_words = |(column, _): &(&'a str, usize)| self.is_words(writes, column);
        let (words, columns): (Vec<_>, Vec<_>) = columns.into_iter().partition(is_words);
        let order: Vec<_> = columns.iter().map(|(_, i)| *i).collect();
        let words: Vec<_> = words.iter().map(|(_, i)| *i).collect();
        let frame = self.outermost();
        let rows = self.rows(query, frame, 0, Outputs { order: &order, words: &words })?;
        Ok(Meaning::Insert { columns: columns.into_iter().map(|(column, _)| column.into()).collect(), rows })
    }

    fn delete(&mut self, delete: &'a Delete, writes: Slot) -> Result<Meaning<'a>> {
        let FromTable::WithFromKeyword(tables) = &delete.from else { return Err(self.unshown("DELETE without FROM")) };
        let Some(selection) = &delete.selection else {
            return Err(self.refused(Code::Unconditional, "deletes without a condition"));
        };
        let frame = self.target(writes)?;
        debug_assert_eq!(tables.len(), 1, "its effect was looked at before");
        let home = self.frames[frame].home;
        self.queries[home].conditions.push((frame, selection));
        self.place(home);
        self.close(home).map(Meaning::Delete)
    }

    fn update(&mut self, update: &'a Update, writes: Slot) -> Result<Meaning<'a>> {
        let frame = self.target(writes)?;
        let home = self.frames[frame].home;
        match &update.from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(tables)) => self.sources(tables, frame)?,
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(self.unshown("FROM before SET")),
        }
        let Some(selection) = &update.selection else {
            return Err(self.refused(Code::Unconditional, "updates without a condition"));
        };
        self.queries[home].conditions.push((frame, selection));
        self.place(home);
        let mut set = Vec::with_capacity(update.assignments.len());
        for assignment in &update.assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(self.unshown("several columns that are set at once"));
            };
            let column = self.column_of(writes, name)?;
            let value = self.term(&assignment.value, frame, 0)?;
            if self.is_words(writes, column) {
                self.only_words(&value, false)?;
            }
            set.push((column.into(), value));
        }
        set.sort();
        if set.windows(2).any(|pair: &[(std::borrow::Cow<'a, str>, Term<'a>)]| pair[0].0 == pair[1].0) {
            return Err(self.refused(Code::Columns, "sets a column twice"));
        }
        set.retain(|(column, _)| !self.is_words(writes, column));
        Ok(Meaning::Update { set, of: self.close(home)? })
    }

    /// A query whose first source is the relation that a statement changes, named by its bare name.
    fn target(&mut self, writes: Slot) -> Result<usize> {
        let home = self.open(0)?;
        // Queries among the sources do not see the target: theirs is the frame around it.
        let around = self.frame(None, home);
        let frame = self.frame(Some(around), home);
        self.queries[home].sources.push(OpenSource::Relation(writes));
        let spec = self.known.spec;
        let name = writes.relation(spec).name.folded(spec.dialect);
        self.frames[frame].bindings.push((name, Binding::Relation { slot: writes, source: 0 }));
        Ok(frame)
    }

    /// A column that a statement writes.
    fn column_of(&mut self, writes: Slot, name: &ObjectName) -> Result<&'a str> {
        let ident = match name.0.as_slice() {
            [part] => part.as_ident(),
            _ => None,
        };
        let found = ident.and_then(|ident| {
            self.line = usize::try_from(ident.span.start.line).unwrap_or_default();
            self.known.find(writes, ident)
        });
        found.ok_or_else(|| {
            self.refused(
                Code::Columns,
                format!("writes {}, which the spec does not declare", quoted(&name.to_string())),
            )
        })
    }

    fn definition(
        &mut self,
        column: &'a sqlparser::ast::ColumnDef,
    ) -> Result<(std::borrow::Cow<'a, str>, String, bool)> {
        self.line = usize::try_from(column.name.span.start.line).unwrap_or_default();
        let mut not_null = false;
        for option in &column.options {
            match &option.option {
                ColumnOption::NotNull => not_null = true,
                ColumnOption::Null => {}
                _ => return Err(self.unshown(format!("an option of column {}", quoted(&column.name.value)))),
            }
        }
        let name = fold_part(&column.name, self.known.spec.dialect);
        Ok((name, column.data_type.to_string(), not_null))
    }

    /// The rows of a query of a statement: outputs in the order that is asked for.
    fn rows(&mut self, query: &'a Query, frame: usize, depth: usize, order: Outputs<'_>) -> Result<Rows<'a>> {
        let frame = self.with(query, frame)?;
        let mut parts = Vec::new();
        if let SetExpr::SetOperation { left, op: SetOperator::Except, set_quantifier, right } = &*query.body {
            if !matches!(set_quantifier, SetQuantifier::None | SetQuantifier::Distinct) {
                return Err(self.unshown("EXCEPT ALL"));
            }
            let mut side = |body: &'a SetExpr| match body {
                SetExpr::Select(select) => self.select(select, frame, depth, order),
                _ => Err(self.unshown("EXCEPT between more than two queries")),
            };
            return Ok(Rows::Except(Box::new((side(left)?, side(right)?))));
        }
        for part in self.union_parts(&query.body, true)? {
            parts.push(self.select(part, frame, depth, order)?);
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
        outer: usize,
        depth: usize,
        wanted: Outputs<'_>,
    ) -> Result<Select<'a>> {
        let (home, frame) = self.open_select(select, outer, depth)?;
        let mut outputs = Vec::with_capacity(wanted.order.len());
        let width = wanted.order.len() + wanted.words.len();
        if select.projection.iter().any(|item| self.output(item).is_err()) {
            return Err(
                self.refused(Code::Columns, "selects `*`, so that the columns of a table decide what is written")
            );
        }
        if select.projection.len() != width {
            let what = format!("gives {} values where {width} are written", select.projection.len());
            return Err(self.refused(Code::Columns, what));
        }
        for &i in wanted.order {
            outputs.push(self.term(self.output(&select.projection[i])?, frame, 0)?);
        }
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(self.unshown("DISTINCT ON")),
        };
        let group = self.group(select, frame)?;
        let having = match &select.having {
            Some(having) => All::new(self.all(having, frame, false)?),
            None => All::default(),
        };
        self.words(select, wanted.words, (home, frame), distinct, group.is_some())?;
        // Last: only now is it known which outputs of its sources are used.
        let closed = self.close(home)?;
        Ok(Select { outputs, distinct, group, having, ..closed })
    }

    fn group(&mut self, select: &'a SelectTree, frame: usize) -> Result<Option<Vec<Term<'a>>>> {
        let exprs = match &select.group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => exprs,
            _ => return Err(self.unshown("GROUP BY of this form")),
        };
        let mut group = Vec::with_capacity(exprs.len());
        for expr in exprs {
            group.push(self.term(expr, frame, 0)?);
        }
        // A number would name an output.
        if group.iter().any(|term| matches!(term, Term::Literal(_))) {
            return Err(self.unshown("GROUP BY the number of a column"));
        }
        group.sort();
        group.dedup();
        Ok((!group.is_empty()).then_some(group))
    }

    /// Opens a query and gathers its sources and conditions.
    fn open_select(&mut self, select: &'a SelectTree, outer: usize, depth: usize) -> Result<(usize, usize)> {
        let home = self.open(depth)?;
        let frame = self.frame(Some(outer), home);
        self.gather(select, frame)?;
        self.place(home);
        Ok((home, frame))
    }

    /// What a query asks of its sources.
    fn close(&mut self, home: usize) -> Result<Select<'a>> {
        let mut when = Vec::new();
        for apart in std::mem::take(&mut self.queries[home].apart) {
            when.push(self.apart(home, apart)?);
        }
        for (frame, expr) in std::mem::take(&mut self.queries[home].conditions) {
            when.extend(self.all(expr, frame, false)?);
        }
        for (frame, projection) in std::mem::take(&mut self.queries[home].outputs) {
            for item in projection {
                let value = self.term(self.output(item)?, frame, 0)?;
                let is_rank = self.queries[home].ranks && matches!(value, Term::RowNumber { .. });
                if value.computes_over_rows() && !is_rank {
                    return Err(self.unshown("a value over many rows where one row was expected"));
                }
            }
        }
        let from = self.closed_sources(home)?;
        Ok(Select { from, when: All::new(when), ..Select::default() })
    }

    /// Sources in their order, each with what it gives.
    fn closed_sources(&mut self, home: usize) -> Result<Vec<Source<'a>>> {
        let open = std::mem::take(&mut self.queries[home].sources);
        let mut from = Vec::with_capacity(open.len());
        for (i, source) in open.into_iter().enumerate() {
            let place = self.queries[home].places[i];
            let source = match source {
                OpenSource::Relation(slot) => Source::Relation(slot),
                OpenSource::Query(inner) => Source::Query(Box::new(Rows::Select(self.close(inner)?))),
                OpenSource::Union(parts, used) => Source::Query(Box::new(self.closed_union(&parts, &used)?)),
            };
            from.push((place, source));
        }
        from.sort_by_key(|(place, _)| *place);
        Ok(from.into_iter().map(|(_, source)| source).collect())
    }

    fn row(&self, home: usize, source: usize) -> Row {
        Row { depth: self.queries[home].depth, source: self.queries[home].places[source] }
    }

    /// The expression of an output.
    fn output(&self, item: &'a SelectItem) -> Result<&'a Expr> {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Ok(expr),
            _ => Err(self.refused(Code::Columns, "selects `*`, so that the columns of a table decide what is written")),
        }
    }
}

/// The name of an output.
fn output_name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last(),
        _ => None,
    }
}

/// The query's SELECT, the first one if there are several.
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

/// A condition that stands for several, with the line where it was found.
fn conjunct<'a>(is: crate::verify::meaning::Condition<'a>, line: usize) -> Conjunct<'a> {
    Conjunct { is, role: None, line }
}
