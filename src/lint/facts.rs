//! What a statement does, read from its tree.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, ColumnOption, CopyIntoSnowflakeKind, CopySource, CreateTable, Delete, Expr, FromTable, Function,
    FunctionArguments, GroupByExpr, Ident, Insert, JoinConstraint, JoinOperator, LimitClause, Merge, MergeAction,
    ObjectName, OnConflictAction, OnInsert, Query, Select, SelectItem, SetExpr, SqliteOnConflict, Statement,
    TableConstraint, TableFactor, TableObject, TableWithJoins, Visit, Visitor,
};

use crate::lint::table::Table;

/// An INSERT of rows of other tables, also as a part of a CTE or a CREATE TABLE AS.
#[derive(Debug)]
pub(super) struct Copy<'a> {
    pub(super) into: Table,
    /// Whether it lists its columns.
    pub(super) has_columns: bool,
    pub(super) query: &'a Query,
    pub(super) on_conflict: OnConflict,
    /// Whether it creates its table.
    pub(super) creates: bool,
}

/// What an INSERT does with a row whose key is in the table already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnConflict {
    /// It fails, if the table has a unique key.
    Fails,
    /// It leaves the row out, without an error.
    Skips,
    /// It updates the row in the table if a condition holds.
    Updates,
    /// It updates or replaces the row in the table, whichever is newer.
    Overwrites,
    /// A MERGE looks for the row by its own condition.
    Matches,
}

impl<'a> Copy<'a> {
    /// The SELECT from which rows come, without UNION.
    pub(super) fn select(&self) -> Option<&'a Select> {
        select_of(self.query)
    }

    /// The tables of its FROM, the first of which gives the rows.
    pub(super) fn from(&self) -> Vec<Table> {
        self.select().map_or_else(Vec::new, |select| select.from.iter().flat_map(tables).collect())
    }

    /// Whether rows of a table are copied as they are: no totals of them, and no list for a while.
    pub(super) fn copies(&self, table: &Table) -> bool {
        let is_of_rows = self.select().is_some_and(|select| {
            let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
            !is_grouped && !any(&select.projection, is_aggregate)
        });
        is_of_rows
            && !self.into.is_named_as_temporary()
            && self.from().first().is_some_and(|from| from.is(table))
            && !self.into.is(table)
    }
}

/// The SELECT of a query that is no UNION.
pub(super) fn select_of(query: &Query) -> Option<&Select> {
    match &*query.body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(inner) => select_of(inner),
        _ => None,
    }
}

/// What a statement does.
#[derive(Debug)]
pub(super) enum Action<'a> {
    Copy(Copy<'a>),
    Delete(&'a Delete, Table),
    /// One statement that deletes rows and inserts what it deleted.
    Move {
        deletes: (&'a Delete, Table),
        copy: Copy<'a>,
    },
    Truncate(Vec<Table>),
    Drop(Vec<Table>),
    Create(&'a CreateTable, Table),
    Other,
}

impl Action<'_> {
    /// The table that a DELETE, a move or an INSERT changes. For a move, it is the table that loses
    /// rows.
    pub(super) fn changes(self) -> Option<Table> {
        match self {
            Action::Delete(_, table) | Action::Move { deletes: (_, table), .. } => Some(table),
            Action::Copy(copy) if !copy.creates => Some(copy.into),
            _ => None,
        }
    }
}

pub(super) fn action(statement: &Statement) -> Action<'_> {
    match statement {
        Statement::Insert(insert) => copy(insert).map_or(Action::Other, Action::Copy),
        Statement::Delete(delete) => deleted(delete).map_or(Action::Other, |table| Action::Delete(delete, table)),
        Statement::Truncate(truncate) => {
            Action::Truncate(truncate.table_names.iter().map(|target| Table::of(&target.name)).collect())
        }
        Statement::Drop { object_type: sqlparser::ast::ObjectType::Table, names, .. } => {
            Action::Drop(names.iter().map(Table::of).collect())
        }
        Statement::CreateTable(create) => match &create.query {
            Some(query) => Action::Copy(Copy {
                into: Table::of(&create.name),
                has_columns: true,
                query,
                on_conflict: OnConflict::Fails,
                creates: true,
            }),
            None => Action::Create(create, Table::of(&create.name)),
        },
        Statement::Query(query) => of_query(query),
        Statement::Merge(merge) => merged(merge).map_or(Action::Other, Action::Copy),
        _ => Action::Other,
    }
}

/// `WITH ... INSERT` and `WITH ... DELETE`.
fn of_query(query: &Query) -> Action<'_> {
    let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
    let mut deletes = ctes.filter_map(|cte| match &*cte.query.body {
        SetExpr::Delete(Statement::Delete(delete)) => deleted(delete).map(|table| (delete, table)),
        _ => None,
    });
    match (&*query.body, deletes.next()) {
        (SetExpr::Insert(Statement::Insert(insert)), Some(deletes)) => match copy(insert) {
            Some(copy) => Action::Move { deletes, copy },
            None => Action::Delete(deletes.0, deletes.1),
        },
        (SetExpr::Insert(Statement::Insert(insert)), None) => copy(insert).map_or(Action::Other, Action::Copy),
        (SetExpr::Delete(Statement::Delete(delete)), _) => {
            deleted(delete).map_or(Action::Other, |table| Action::Delete(delete, table))
        }
        (_, Some((delete, table))) => Action::Delete(delete, table),
        _ => Action::Other,
    }
}

fn copy(insert: &Insert) -> Option<Copy<'_>> {
    let TableObject::TableName(name) = &insert.table else { return None };
    let query = insert.source.as_deref()?;
    // `INSERT INTO t WITH c AS (...) SELECT` and VALUES.
    if matches!(&*query.body, SetExpr::Values(_)) {
        return None;
    }
    Some(Copy {
        into: Table::of(name),
        has_columns: !insert.columns.is_empty() || !insert.after_columns.is_empty(),
        query,
        on_conflict: on_conflict(insert),
        creates: false,
    })
}

/// A MERGE that inserts rows of a query.
fn merged(merge: &Merge) -> Option<Copy<'_>> {
    let (TableFactor::Table { name, .. }, TableFactor::Derived { subquery, .. }) = (&merge.table, &merge.source) else {
        return None;
    };
    let inserts = merge.clauses.iter().any(|clause| matches!(clause.action, MergeAction::Insert(_)));
    let into = Table::of(name);
    inserts.then_some(Copy {
        into,
        has_columns: true,
        query: subquery,
        on_conflict: OnConflict::Matches,
        creates: false,
    })
}

fn on_conflict(insert: &Insert) -> OnConflict {
    if insert.ignore || matches!(insert.or, Some(SqliteOnConflict::Ignore)) {
        return OnConflict::Skips;
    }
    match &insert.on {
        Some(OnInsert::OnConflict(conflict)) => match &conflict.action {
            OnConflictAction::DoNothing => OnConflict::Skips,
            OnConflictAction::DoUpdate(update) if update.selection.is_some() => OnConflict::Updates,
            OnConflictAction::DoUpdate(_) => OnConflict::Overwrites,
        },
        Some(OnInsert::DuplicateKeyUpdate(_)) => OnConflict::Overwrites,
        _ if insert.replace_into || matches!(insert.or, Some(SqliteOnConflict::Replace)) => OnConflict::Overwrites,
        _ => OnConflict::Fails,
    }
}

/// The table into which a statement loads rows that come from no table: VALUES, or files.
pub(super) fn loaded(statement: &Statement) -> Option<Table> {
    match statement {
        Statement::Insert(insert) => match &insert.table {
            TableObject::TableName(name) => Some(Table::of(name)),
            _ => None,
        },
        Statement::Copy { source: CopySource::Table { table_name, .. }, to: false, .. } => Some(Table::of(table_name)),
        Statement::CopyIntoSnowflake { kind: CopyIntoSnowflakeKind::Table, into, .. } => Some(Table::of(into)),
        _ => None,
    }
}

/// The table from which a DELETE takes rows.
fn deleted(delete: &Delete) -> Option<Table> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let first = from.first()?;
    // `DELETE o FROM orders AS o JOIN ...`: the alias names the table.
    if let [target] = delete.tables.as_slice() {
        let target = Table::of(target);
        let all = from
            .iter()
            .flat_map(|one| std::iter::once(&one.relation).chain(one.joins.iter().map(|join| &join.relation)));
        let named = all.filter_map(|factor| match factor {
            TableFactor::Table { name, alias: Some(alias), .. }
                if alias.name.value.eq_ignore_ascii_case(target.name()) =>
            {
                Some(Table::of(name))
            }
            _ => None,
        });
        return named.into_iter().next_back().or(Some(target));
    }
    match &first.relation {
        TableFactor::Table { name, .. } => Some(Table::of(name)),
        _ => None,
    }
}

/// The tables beside the target of a DELETE: USING, or joins.
pub(super) fn joined(delete: &Delete) -> Vec<Table> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let using = delete.using.iter().flatten().flat_map(tables);
    let skipped = usize::from(delete.tables.is_empty());
    from.iter().flat_map(tables).skip(skipped).chain(using).collect()
}

/// The base tables of a FROM item, also inside of derived tables.
pub(super) fn tables(item: &TableWithJoins) -> Vec<Table> {
    let factors = std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation));
    factors
        .flat_map(|factor| match factor {
            TableFactor::Table { name, .. } => vec![Table::of(name)],
            TableFactor::Derived { subquery, .. } => {
                select_of(subquery).map_or_else(Vec::new, |select| select.from.iter().flat_map(tables).collect())
            }
            TableFactor::NestedJoin { table_with_joins, .. } => tables(table_with_joins),
            _ => Vec::new(),
        })
        .collect()
}

/// The conjuncts of a condition.
pub(super) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    parts(expr, &BinaryOperator::And)
}

/// The alternatives of a condition.
pub(super) fn alternatives(expr: &Expr) -> Vec<&Expr> {
    parts(expr, &BinaryOperator::Or)
}

fn parts<'a>(expr: &'a Expr, operator: &BinaryOperator) -> Vec<&'a Expr> {
    let (mut all, mut rest) = (Vec::new(), vec![expr]);
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::BinaryOp { left, op, right } if op == operator => rest.extend([&**right, &**left]),
            Expr::Nested(inner) => rest.push(inner),
            other => all.push(other),
        }
    }
    all
}

/// A query in a condition: EXISTS, or IN.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lookup<'a> {
    pub(super) query: &'a Query,
    pub(super) negated: bool,
    /// The value that must be in the query, for IN.
    pub(super) value: Option<&'a Expr>,
}

pub(super) fn lookup(expr: &Expr) -> Option<Lookup<'_>> {
    match expr {
        Expr::Exists { subquery, negated } => Some(Lookup { query: subquery, negated: *negated, value: None }),
        Expr::InSubquery { expr, subquery, negated } => {
            Some(Lookup { query: subquery, negated: *negated, value: Some(expr) })
        }
        // `x <> ALL (SELECT ...)` is NOT IN.
        Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => match &**right {
            Expr::Subquery(query) => Some(Lookup { query, negated: true, value: Some(left) }),
            _ => None,
        },
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Not, expr } => {
            lookup(expr).map(|found| Lookup { negated: !found.negated, ..found })
        }
        Expr::Nested(inner) => lookup(inner),
        _ => None,
    }
}

impl Lookup<'_> {
    pub(super) fn tables(&self) -> Vec<Table> {
        tables_in(self.query)
    }
}

/// Every table that a part of a tree reads.
pub(super) fn tables_in(part: &impl Visit) -> Vec<Table> {
    struct Found(Vec<Table>);
    impl Visitor for Found {
        type Break = ();
        fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
            self.0.push(Table::of(name));
            ControlFlow::Continue(())
        }
    }
    let mut found = Found(Vec::new());
    let _ = part.visit(&mut found);
    found.0
}

/// Every expression of a part of a tree for which a test holds.
pub(super) fn any(part: &impl Visit, test: impl Fn(&Expr) -> bool) -> bool {
    struct Search<F>(F);
    impl<F: Fn(&Expr) -> bool> Visitor for Search<F> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if (self.0)(expr) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    part.visit(&mut Search(test)).is_break()
}

/// The name of a called function, in lower case.
pub(super) fn function_name(function: &Function) -> String {
    Table::of(&function.name).name().to_owned()
}

/// Whether an expression is a total over rows.
fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    let is_total = matches!(function_name(function).as_str(), "count" | "sum" | "min" | "max" | "avg" | "any_value");
    is_total && function.over.is_none()
}

/// The functions that read the clock anew in each statement.
const CLOCKS: [&str; 14] = [
    "getdate",
    "sysdate",
    "sysutcdatetime",
    "sysdatetime",
    "getutcdate",
    "clock_timestamp",
    "statement_timestamp",
    "utc_timestamp",
    "curdate",
    "now",
    "current_timestamp",
    "current_date",
    "current_datetime",
    "localtimestamp",
];

/// The clock that an expression reads.
pub(super) fn clock(part: &impl Visit) -> Option<String> {
    struct Search(Option<String>);
    impl Visitor for Search {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let name = match expr {
                // With brackets, it is the clock of BigQuery or Snowflake, which goes on in a transaction.
                Expr::Function(function) => {
                    let name = function_name(function);
                    let is_call = !matches!(function.args, FunctionArguments::None) && name != "now";
                    if is_call && CLOCKS.contains(&name.as_str()) {
                        self.0 = Some(format!("{name}("));
                        return ControlFlow::Break(());
                    }
                    name
                }
                Expr::Identifier(name) if name.quote_style.is_none() => name.value.to_lowercase(),
                _ => return ControlFlow::Continue(()),
            };
            if CLOCKS.contains(&name.as_str()) {
                self.0 = Some(name);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
    }
    let mut search = Search(None);
    let _ = part.visit(&mut search);
    search.0
}

/// The last part of a column's name, in lower case, and its qualifier.
pub(super) fn column(expr: &Expr) -> Option<(Option<String>, String)> {
    let lower = |name: &Ident| name.value.to_lowercase();
    match expr {
        Expr::Identifier(name) => Some((None, lower(name))),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [.., row, name] => Some((Some(lower(row)), lower(name))),
            _ => None,
        },
        Expr::Nested(inner) => column(inner),
        _ => None,
    }
}

/// The columns of the inner table that a lookup compares with the outer row.
pub(super) fn compared(lookup: &Lookup<'_>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let Some(select) = select_of(lookup.query) else { return all };
    if let Some(value) = lookup.value {
        let values = match value {
            Expr::Tuple(each) => each.iter().collect(),
            one => vec![one],
        };
        all.extend(values.into_iter().filter_map(column).map(|(_, name)| name));
    }
    let joins = select.from.iter().flat_map(|item| &item.joins).filter_map(|join| match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
        _ => None,
    });
    all.extend(pairs(select.selection.iter().chain(joins).flat_map(conjuncts)));
    all
}

/// The columns on the left of comparisons of two columns.
pub(super) fn pairs<'a>(conditions: impl IntoIterator<Item = &'a Expr>) -> BTreeSet<String> {
    let each = conditions.into_iter().filter_map(|condition| match condition {
        Expr::BinaryOp {
            left,
            op:
                BinaryOperator::Eq
                | BinaryOperator::GtEq
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::Lt
                | BinaryOperator::Spaceship,
            right,
        }
        | Expr::IsNotDistinctFrom(left, right) => Some((column(left)?.1, column(right)?)),
        _ => None,
    });
    each.map(|(name, _)| name).collect()
}

/// Whether a query takes some rows without an order: LIMIT, TOP or FETCH.
pub(super) fn takes_any_rows(query: &Query) -> bool {
    let has_limit = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => limit.is_some(),
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
        None => query.fetch.is_some(),
    };
    let is_row_number =
        |expr: &Expr| matches!(expr, Expr::Identifier(name) if name.value.eq_ignore_ascii_case("rownum"));
    let has_top = select_of(query).is_some_and(|select| {
        select.top.is_some() || select.selection.as_ref().is_some_and(|selection| any(selection, is_row_number))
    });
    (has_limit || has_top) && query.order_by.is_none()
}

/// The columns that a CREATE TABLE declares: name, type and whether it is NOT NULL.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) not_null: bool,
}

pub(super) fn declared(create: &CreateTable) -> Vec<Declared> {
    let key = key_of(create);
    let one = |column: &sqlparser::ast::ColumnDef| {
        let name = column.name.value.to_lowercase();
        let not_null = column.options.iter().any(|option| matches!(option.option, ColumnOption::NotNull));
        Declared { not_null: not_null || key.contains(&name), ty: column.data_type.to_string().to_lowercase(), name }
    };
    create.columns.iter().map(one).collect()
}

/// The columns of a table that is created from a SELECT, if each of them has a name.
pub(super) fn selected(select: &Select) -> Option<Vec<Declared>> {
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
        SelectItem::UnnamedExpr(expr) => column(expr).map(|(_, name)| name),
        _ => None,
    };
    let names = select.projection.iter().map(name);
    names.map(|name| Some(Declared { name: name?, ty: String::new(), not_null: false })).collect()
}

/// The primary key of a table, in lower case.
pub(super) fn key_of(create: &CreateTable) -> Vec<String> {
    let own = create
        .columns
        .iter()
        .filter(|column| column.options.iter().any(|option| matches!(option.option, ColumnOption::PrimaryKey(_))));
    let own: Vec<_> = own.map(|column| column.name.value.to_lowercase()).collect();
    if !own.is_empty() {
        return own;
    }
    let stated = create.constraints.iter().find_map(|constraint| match constraint {
        TableConstraint::PrimaryKey(key) => Some(&key.columns),
        _ => None,
    });
    let names = stated.into_iter().flatten().filter_map(|part| column(&part.column.expr));
    names.map(|(_, name)| name).collect()
}

/// Whether an item of a SELECT list is `*` or `t.*`.
pub(super) fn is_star(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
}
