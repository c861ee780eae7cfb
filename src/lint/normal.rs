//! Statements in one form, so that rules look for one form only.

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FromTable, JoinConstraint, JoinOperator, Merge, MergeAction, MergeClauseKind, Query,
    SelectItem, SetExpr, Statement, TableAlias, TableFactor,
};

use crate::lint::facts::{alias, any, column, conjuncts, is_star, select_of};
use crate::lint::grammar::{Grammar, parse};

/// A table that a DELETE joins, as the query of the EXISTS that the join means.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) query: Query,
    /// Whether the row must have no partner: an outer join of which a column is NULL.
    pub(super) negated: bool,
}

/// The statements that a rule looks at in the place of one.
pub(super) fn normal(statement: Statement) -> Vec<Statement> {
    match of_base(with_query(inside_insert(with_star(statement)))) {
        Statement::Merge(merge) => {
            let deletes: Vec<_> = deletes_of(&merge);
            let others = merge.clauses.iter().any(|clause| !matches!(clause.action, MergeAction::Delete { .. }));
            others.then_some(Statement::Merge(merge)).into_iter().chain(deletes).collect()
        }
        other => vec![other],
    }
}

/// `INSERT INTO a WITH d AS (...) SELECT` for `WITH d AS (...) INSERT INTO a SELECT`, if WITH changes
/// nothing.
fn inside_insert(statement: Statement) -> Statement {
    let Statement::Query(query) = &statement else { return statement };
    let (Some(with), SetExpr::Insert(Statement::Insert(insert))) = (&query.with, &*query.body) else {
        return statement;
    };
    let mut ctes = with.cte_tables.iter().map(|cte| &*cte.query.body);
    let reads_only = ctes.all(|body| !matches!(body, SetExpr::Insert(_) | SetExpr::Delete(_) | SetExpr::Update(_)));
    let mut insert = insert.clone();
    match &mut insert.source {
        Some(source) if reads_only && source.with.is_none() => source.with = Some(with.clone()),
        _ => return statement,
    }
    Statement::Insert(insert)
}

/// `INSERT INTO a SELECT * FROM t` for `INSERT INTO a TABLE t`.
fn with_star(mut statement: Statement) -> Statement {
    if let Statement::Insert(insert) = &mut statement
        && let Some(source) = &mut insert.source
        && let SetExpr::Table(table) = &*source.body
        && let Some(name) = &table.table_name
    {
        let schema = table.schema_name.as_ref().map_or_else(String::new, |schema| format!("{schema}."));
        if let Some(Statement::Query(query)) = parse(&format!("SELECT * FROM {schema}{name}"), Grammar::Generic) {
            *source = query;
        }
    }
    statement
}

/// `DELETE FROM bills WHERE ...` for `WITH old AS (SELECT * FROM bills WHERE ...) DELETE FROM old` of
/// T-SQL, which deletes the rows of the table.
fn of_base(statement: Statement) -> Statement {
    let based = || -> Option<Statement> {
        let Statement::Query(query) = &statement else { return None };
        let SetExpr::Delete(Statement::Delete(delete)) = &*query.body else { return None };
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let [only] = from.as_slice() else { return None };
        let TableFactor::Table { name, .. } = &only.relation else { return None };
        let name = name.0.last()?.as_ident()?.value.to_lowercase();
        let [cte] = query.with.as_ref()?.cte_tables.as_slice() else { return None };
        let select = select_of(&cte.query)?;
        let [source] = select.from.as_slice() else { return None };
        let is_plain = only.joins.is_empty() && delete.using.is_none();
        let is_all = source.joins.is_empty() && select.top.is_none() && select.selection.is_some();
        // A list of duplicates has a rule of its own.
        let is_row = select.projection.iter().all(|item| match item {
            SelectItem::UnnamedExpr(expr) => column(expr).is_some(),
            other => is_star(other),
        });
        if !is_plain || !is_all || !is_row || cte.alias.name.value.to_lowercase() != name {
            return None;
        }
        let mut delete = delete.clone();
        delete.from = FromTable::WithFromKeyword(vec![source.clone()]);
        let own = delete.selection.take();
        delete.selection = match (select.selection.clone(), own) {
            (Some(of_query), Some(own)) => Some(Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(of_query))),
                op: BinaryOperator::And,
                right: Box::new(Expr::Nested(Box::new(own))),
            }),
            (of_query, own) => of_query.or(own),
        };
        Some(Statement::Delete(delete))
    };
    based().unwrap_or(statement)
}

/// A MERGE with a query in the place of a table that it reads.
fn with_query(mut statement: Statement) -> Statement {
    if let Statement::Merge(merge) = &mut statement
        && let TableFactor::Table { name, alias, .. } = &merge.source
        && let Some(Statement::Query(subquery)) = parse(&format!("SELECT * FROM {name}"), Grammar::Generic)
    {
        let named = alias.clone().or_else(|| {
            let name = name.0.last()?.as_ident()?.clone();
            Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None })
        });
        merge.source = TableFactor::Derived { lateral: false, subquery, alias: named, sample: None };
    }
    statement
}

/// The DELETE statements of a MERGE.
fn deletes_of(merge: &Merge) -> Vec<Statement> {
    let deletes = merge.clauses.iter().filter_map(|clause| {
        if !matches!(clause.action, MergeAction::Delete { .. }) {
            return None;
        }
        let and = clause.predicate.as_ref().map_or_else(String::new, |predicate| format!(" AND ({predicate})"));
        let (table, source, on) = (&merge.table, &merge.source, &merge.on);
        let sql = match clause.clause_kind {
            MergeClauseKind::Matched => format!("DELETE FROM {table} USING {source} WHERE ({on}){and}"),
            MergeClauseKind::NotMatchedBySource => {
                format!("DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {source} WHERE {on}){and}")
            }
            _ => return None,
        };
        parse(&sql, Grammar::Postgres)
    });
    deletes.collect()
}

/// The columns of `JOIN t USING (a, b)`.
fn using_of(operator: &JoinOperator) -> Vec<String> {
    match operator {
        JoinOperator::Join(JoinConstraint::Using(names)) | JoinOperator::Inner(JoinConstraint::Using(names)) => {
            names.iter().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}

/// The tables that a DELETE joins: by USING, by JOIN, or in its FROM.
pub(super) fn joins_of(statement: &Statement) -> Vec<Joined> {
    let delete = match statement {
        Statement::Delete(delete) => delete,
        Statement::Query(query) => match &*query.body {
            SetExpr::Delete(Statement::Delete(delete)) => delete,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    joined_by(delete)
}

fn joined_by(delete: &Delete) -> Vec<Joined> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let items = || from.iter().chain(delete.using.iter().flatten());
    let on = |operator: &JoinOperator| match operator {
        JoinOperator::Join(JoinConstraint::On(on))
        | JoinOperator::Inner(JoinConstraint::On(on))
        | JoinOperator::Left(JoinConstraint::On(on))
        | JoinOperator::LeftOuter(JoinConstraint::On(on)) => Some(on.clone()),
        _ => None,
    };
    let joins: Vec<_> = items().flat_map(|item| &item.joins).collect();
    let conditions: Vec<Expr> = delete
        .selection
        .iter()
        .flat_map(conjuncts)
        .cloned()
        .chain(
            joins
                .iter()
                .filter_map(|join| on(&join.join_operator))
                .flat_map(|on| conjuncts(&on).into_iter().cloned().collect::<Vec<_>>()),
        )
        .collect();
    let target = target_alias(delete);
    let plain = items().map(|item| (&item.relation, false));
    let joined = joins
        .iter()
        .map(|join| (&join.relation, matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_))));
    let each = plain.chain(joined).filter_map(|(factor, is_outer)| {
        let name = alias(factor)?;
        if target.as_deref() == Some(name.as_str()) {
            return None;
        }
        let is_own = |expr: &Expr| column(expr).is_some_and(|(row, _)| row.as_deref() == Some(name.as_str()));
        let is_null = |expr: &Expr| matches!(expr, Expr::IsNull(tested) if is_own(tested));
        let is_not_null = |expr: &Expr| matches!(expr, Expr::IsNotNull(tested) if is_own(tested));
        let negated = is_outer && conditions.iter().any(is_null);
        // Without a test, an outer join keeps every row.
        if is_outer && !negated && !conditions.iter().any(is_not_null) {
            return None;
        }
        let own = conditions.iter().filter(|one| any(*one, is_own) && !(negated && is_null(one)));
        let mut own: Vec<String> = own.map(|one| format!("({one})")).collect();
        let target_name = target.as_deref().unwrap_or("t");
        for join in joins.iter().filter(|join| alias(&join.relation).as_deref() == Some(name.as_str())) {
            own.extend(
                using_of(&join.join_operator)
                    .iter()
                    .map(|column| format!("({name}.{column} = {target_name}.{column})")),
            );
        }
        let when = if own.is_empty() { String::new() } else { format!(" WHERE {}", own.join(" AND ")) };
        match parse(&format!("SELECT 1 FROM {factor}{when}"), Grammar::Generic)? {
            Statement::Query(query) => Some(Joined { query: *query, negated }),
            _ => None,
        }
    });
    each.collect()
}

/// The name by which a DELETE calls the table that loses rows, in lower case.
fn target_alias(delete: &Delete) -> Option<String> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    match delete.tables.as_slice() {
        [target] => target.0.last().and_then(|part| part.as_ident()).map(|name| name.value.to_lowercase()),
        _ => from.first().and_then(|item| alias(&item.relation)),
    }
}
