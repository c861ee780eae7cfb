//! What a statement does, read from its tree.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, ConflictTarget, CopyIntoSnowflakeKind, CopySource, CreateTable,
    Delete, Expr, FromTable, GroupByExpr, Insert, Merge, MergeAction, MergeInsertKind, ObjectName, OnConflictAction,
    OnInsert, Query, Select, SetExpr, SqliteOnConflict, Statement, TableFactor, TableObject,
};

use crate::lint::facts::{
    any, arms, column, conjuncts, from_tables, function_name, named_query, pairs, select_of, tables,
};
use crate::lint::table::Table;

/// An INSERT of rows of other tables, also as a part of a CTE or a CREATE TABLE AS.
#[derive(Clone, Debug)]
pub(super) struct Copy<'a> {
    pub(super) into: Table,
    /// Whether it lists its columns.
    pub(super) has_columns: bool,
    /// The columns that an INSERT lists.
    pub(super) columns: Vec<String>,
    pub(super) query: &'a Query,
    pub(super) on_conflict: OnConflict,
    /// The columns by which a MERGE or ON CONFLICT looks for the row in the table that it fills.
    /// Empty: it does not say.
    pub(super) matched: BTreeSet<String>,
    /// Whether a MERGE also writes newer values into the row that it finds.
    pub(super) updates: bool,
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

    /// The SELECT from which rows come, or each one of a UNION.
    pub(super) fn arms(&self) -> Vec<&'a Select> {
        arms(self.query)
    }

    /// The tables of its FROM, the first of which gives the rows.
    pub(super) fn from(&self) -> Vec<Table> {
        // The name of a query in WITH means the tables of that query.
        let base = |table: Table| named_query(self.query, &table).map_or_else(|| vec![table], from_tables);
        from_tables(self.query).into_iter().flat_map(base).collect()
    }

    /// The conditions of each SELECT that gives rows, also in WITH.
    pub(super) fn conditions(&self) -> Vec<&'a Expr> {
        let with = self.query.with.iter().flat_map(|with| &with.cte_tables).flat_map(|cte| arms(&cte.query));
        let all = self.arms().into_iter().chain(with);
        all.filter_map(|select| select.selection.as_ref()).flat_map(conjuncts).collect()
    }

    /// Whether rows of a table are copied as they are: no totals of them, and no list for a while.
    pub(super) fn copies(&self, table: &Table) -> bool {
        let is_source = self.sources().iter().any(|source| source.is(table));
        is_source && !self.into.is_named_as_temporary() && !self.into.is(table)
    }

    /// The tables whose rows are copied as they are: the first one of each SELECT, also in WITH.
    pub(super) fn sources(&self) -> Vec<Table> {
        let is_of_rows = |select: &&Select| {
            let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
            !is_grouped && !any(&select.projection, is_aggregate)
        };
        let (mut all, mut followed, mut rest) = (Vec::new(), BTreeSet::new(), vec![self.query]);
        while let Some(query) = rest.pop() {
            let of_rows = arms(query).into_iter().filter(is_of_rows);
            for table in of_rows.filter_map(|select| select.from.iter().flat_map(tables).next()) {
                let Some(inner) = named_query(self.query, &table) else {
                    all.push(table);
                    continue;
                };
                // Each query of WITH is followed once, so queries that name each other have an end.
                if followed.insert(table) {
                    rest.push(inner);
                }
            }
        }
        all
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
        Statement::Delete(delete) => target(delete).map_or(Action::Other, |table| Action::Delete(delete, table)),
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
                columns: Vec::new(),
                query,
                on_conflict: OnConflict::Fails,
                matched: BTreeSet::new(),
                updates: false,
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
    let ctes = || query.with.iter().flat_map(|with| &with.cte_tables);
    let mut deletes = ctes().filter_map(|cte| match &*cte.query.body {
        SetExpr::Delete(Statement::Delete(delete)) => target(delete).map(|table| (delete, table)),
        _ => None,
    });
    // `WITH m AS (DELETE ...), i AS (INSERT ... SELECT ... FROM m RETURNING id) SELECT COUNT(*)
    // FROM i`.
    let inserted = || {
        let mut inserts = ctes().filter_map(|cte| match &*cte.query.body {
            SetExpr::Insert(Statement::Insert(insert)) => copy(insert),
            _ => None,
        });
        inserts.find(|copy| copy.from().iter().any(|from| named_query(query, from).is_some()))
    };
    match (&*query.body, deletes.next()) {
        (SetExpr::Insert(Statement::Insert(insert)), Some(deletes)) => match copy(insert) {
            Some(copy) => Action::Move { deletes, copy },
            None => Action::Delete(deletes.0, deletes.1),
        },
        (SetExpr::Insert(Statement::Insert(insert)), None) => copy(insert).map_or(Action::Other, Action::Copy),
        (SetExpr::Delete(Statement::Delete(delete)), _) => {
            // `WITH due AS (SELECT TOP (1000) ... FROM t) DELETE FROM due`.
            let base = |table: Table| {
                named_query(query, &table).and_then(|inner| from_tables(inner).into_iter().next()).unwrap_or(table)
            };
            target(delete).map_or(Action::Other, |table| Action::Delete(delete, base(table)))
        }
        (_, Some((delete, table))) => match inserted() {
            Some(copy) => Action::Move { deletes: (delete, table), copy },
            None => Action::Delete(delete, table),
        },
        _ => select_into(query).map_or(Action::Other, Action::Copy),
    }
}

/// `SELECT ... INTO archive FROM t`, which creates its table.
fn select_into(query: &Query) -> Option<Copy<'_>> {
    let into = match select_of(query)?.into.as_ref()?.targets.as_slice() {
        // In a procedure, a bare name is a variable.
        [Expr::Identifier(name)] => Some(Table::named(&[&name.value]))
            .filter(|into| into.is_named_as_archive() || into.is_named_as_temporary())?,
        [Expr::CompoundIdentifier(parts)] => {
            Table::named(&parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>())
        }
        _ => return None,
    };
    let matched = BTreeSet::new();
    Some(Copy {
        into,
        has_columns: true,
        columns: Vec::new(),
        query,
        on_conflict: OnConflict::Fails,
        matched,
        updates: false,
        creates: true,
    })
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
        columns: names(&insert.columns),
        query,
        on_conflict: on_conflict(insert),
        matched: conflict_key(insert),
        updates: false,
        creates: false,
    })
}

fn names(columns: &[ObjectName]) -> Vec<String> {
    let name = |column: &ObjectName| Some(column.0.last()?.as_ident()?.value.to_lowercase());
    columns.iter().filter_map(name).collect()
}

/// A MERGE that inserts rows of a query.
fn merged(merge: &Merge) -> Option<Copy<'_>> {
    let (TableFactor::Table { name, .. }, TableFactor::Derived { subquery, .. }) = (&merge.table, &merge.source) else {
        return None;
    };
    let mut inserts = merge.clauses.iter().filter_map(|clause| match &clause.action {
        MergeAction::Insert(insert) => Some(insert),
        _ => None,
    });
    let insert = inserts.next()?;
    Some(Copy {
        into: Table::of(name),
        // `INSERT ROW` of BigQuery takes the columns by name.
        has_columns: !insert.columns.is_empty() || matches!(insert.kind, MergeInsertKind::Row),
        columns: names(&insert.columns),
        query: subquery,
        on_conflict: OnConflict::Matches,
        matched: pairs(conjuncts(&merge.on)),
        updates: merge.clauses.iter().any(|clause| matches!(clause.action, MergeAction::Update { .. })),
        creates: false,
    })
}

/// The INSERT statements in WITH that do not read what a DELETE of the same statement gives.
pub(super) fn inserts_of_with(statement: &Statement) -> Vec<Statement> {
    let Statement::Query(query) = statement else { return Vec::new() };
    let ctes = || query.with.iter().flat_map(|with| &with.cte_tables);
    if ctes().any(|cte| matches!(&*cte.query.body, SetExpr::Delete(_))) {
        return Vec::new();
    }
    let inserts = ctes().filter_map(|cte| match &*cte.query.body {
        SetExpr::Insert(insert @ Statement::Insert(_)) => Some(insert.clone()),
        _ => None,
    });
    inserts.collect()
}

/// The INSERT statements of `INSERT ALL`, one for each of its tables. Empty for another statement.
pub(super) fn inserts_of_all(statement: &Statement) -> Vec<Statement> {
    let Statement::Insert(insert) = statement else { return Vec::new() };
    let always = insert.multi_table_into_clauses.iter().map(|into| (into, None));
    let when = insert.multi_table_when_clauses.iter();
    let sometimes = when.flat_map(|when| when.into_clauses.iter().map(|into| (into, Some(&when.condition))));
    let rest = insert.multi_table_else_clause.iter().flatten().map(|into| (into, None));
    let each = always.chain(sometimes).chain(rest).map(|(into, condition)| {
        let mut one = insert.clone();
        one.multi_table_insert_type = None;
        one.multi_table_into_clauses = Vec::new();
        one.multi_table_when_clauses = Vec::new();
        one.multi_table_else_clause = None;
        one.table = TableObject::TableName(into.table_name.clone());
        one.columns = into.columns.iter().cloned().map(ObjectName::from).collect();
        if let (Some(condition), Some(query)) = (condition, &mut one.source)
            && let SetExpr::Select(select) = &mut *query.body
        {
            let and = |before| Expr::BinaryOp {
                left: Box::new(before),
                op: BinaryOperator::And,
                right: Box::new(condition.clone()),
            };
            select.selection = Some(select.selection.take().map_or_else(|| condition.clone(), and));
        }
        Statement::Insert(one)
    });
    each.collect()
}

/// The columns of `ON CONFLICT (...)`.
fn conflict_key(insert: &Insert) -> BTreeSet<String> {
    match &insert.on {
        Some(OnInsert::OnConflict(sqlparser::ast::OnConflict {
            conflict_target: Some(ConflictTarget::Columns(columns)),
            ..
        })) => columns.iter().map(|column| column.value.to_lowercase()).collect(),
        _ => BTreeSet::new(),
    }
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
        Some(OnInsert::DuplicateKeyUpdate(set)) if set.iter().all(changes_nothing) => OnConflict::Skips,
        Some(OnInsert::DuplicateKeyUpdate(_)) => OnConflict::Overwrites,
        _ if insert.replace_into || matches!(insert.or, Some(SqliteOnConflict::Replace)) => OnConflict::Overwrites,
        _ => OnConflict::Fails,
    }
}

/// `ON DUPLICATE KEY UPDATE id = id`, or `id = VALUES(id)` for a key: MySQL's way to skip a row.
fn changes_nothing(assignment: &Assignment) -> bool {
    let AssignmentTarget::ColumnName(name) = &assignment.target else { return false };
    let name = Table::of(name).name().to_owned();
    match &assignment.value {
        Expr::Function(function) if function_name(function) == "values" => {
            let text = function.args.to_string().to_lowercase();
            name.ends_with("id") && text.trim_matches(['(', ')', ' ', '`']) == name
        }
        value => column(value).is_some_and(|(_, own)| own == name),
    }
}

/// The table that an INSERT, or a load of files, writes.
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
pub(super) fn target(delete: &Delete) -> Option<Table> {
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

/// Whether an expression is a total over rows.
fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    let is_total = matches!(function_name(function).as_str(), "count" | "sum" | "min" | "max" | "avg" | "any_value");
    is_total && function.over.is_none()
}
