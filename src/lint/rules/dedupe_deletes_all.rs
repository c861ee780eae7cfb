//! A DELETE of duplicates that leaves none of them.

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FromTable, Function, GroupByExpr, JoinConstraint, JoinOperator, Query, Select,
    SelectItem, Statement, TableFactor, TableWithJoins, Visit, Visitor, WindowType,
};

use crate::diagnostic::Code;
use crate::lint::action::target;
use crate::lint::facts::{
    Lookup, any, column, columns_in, conjuncts, function_name, is_equality, lookup, named_query, select_of, tables,
};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::deletes;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (_, read, delete, table) in deletes(unit) {
        let conditions: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
        let lookups: Vec<_> = conditions.iter().filter_map(|condition| lookup(condition)).collect();
        let counts = |found: &Lookup<'_>| {
            let is_counted = |query: &Query| select_of(query).is_some_and(|select| counts_keys(select, &table));
            let of_query = is_counted(found.query) || has_window_count(found.query, &table);
            found.value.is_some() && (of_query || with_of(read, found.query).is_some_and(is_counted))
        };
        let takes_all = lookups
            .iter()
            .filter(|found| !found.negated)
            .any(|found| counts(found) || ranks_keys(found, &table) || other_row(found, &table));
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let using = delete.using.iter().flatten().flat_map(tables);
        let joins = || from.iter().flat_map(|item| &item.joins);
        let by_join = joins()
            .filter(|join| matches!(&join.relation, TableFactor::Table { name, .. } if Table::of(name).is(&table)));
        let joins_itself = using.chain(from.iter().skip(1).flat_map(tables)).any(|other| other.is(&table));
        let on = joins().filter_map(|join| match &join.join_operator {
            JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
            _ => None,
        });
        let paired: Vec<&Expr> = conditions.iter().copied().chain(on.flat_map(conjuncts)).collect();
        let joins_itself = joins_itself || by_join.count() > 0;
        let takes_pairs = joins_itself && (is_symmetric(&paired) || meets_itself(delete, &paired));
        let takes_all = takes_all || compares_count(&conditions, &table) || takes_from_counts(read, delete);
        let takes_joined = joins_counts(read, delete, &conditions, &table);
        let takes_ranked = joins_ranks(read, delete, &conditions, &table);
        // `AND id <> (SELECT MIN(id) ...)` keeps one.
        let is_all = conditions.len() == 1 || conditions.iter().all(|condition| is_equality(condition));
        if (takes_all && is_all) || takes_pairs || takes_ranked || takes_joined {
            found.push(Finding {
                code: Code::DedupeDeletesAll,
                line: read.line_of("delete"),
                message: format!(
                    "if `{table}` has a key twice, this DELETE takes all rows of the key, and none of them stays"
                ),
                label: "all copies",
                help: "keep one row of each key: delete the rows whose ROW_NUMBER() over the key is greater than 1"
                    .to_owned(),
            });
        }
    }
}

/// `USING (SELECT key, COUNT(*) FROM t GROUP BY key HAVING COUNT(*) > 1) AS d WHERE t.key = d.key`,
/// also with JOIN, with the query in WITH, and with the comparison outside: `AND d.n > 1`.
fn joins_counts(read: &Read, delete: &Delete, conditions: &[&Expr], table: &Table) -> bool {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let joins = || from.iter().flat_map(|item| &item.joins);
    let using = delete.using.iter().flatten().map(|item| &item.relation);
    let joined = using.chain(joins().map(|join| &join.relation)).filter_map(|factor| query_of(read, factor));
    let on = joins().filter_map(|join| match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
        _ => None,
    });
    let all: Vec<&Expr> = conditions.iter().copied().chain(on.flat_map(conjuncts)).collect();
    let (equal, rest): (Vec<&Expr>, Vec<&Expr>) = all.into_iter().partition(|one| is_equality(one));
    // `AND d.first_id = t.id`, of `MIN(id) AS first_id`, takes one row of each key.
    let names: BTreeSet<String> = equal.iter().copied().flat_map(columns_in).collect();
    let mut selects = joined.filter_map(select_of).filter(|select| names.is_disjoint(&computed(select)));
    !equal.is_empty()
        && selects.any(|select| match rest.is_empty() {
            true => counts(select, table),
            false => {
                matches!(rest.as_slice(), [only] if is_more_than_one(only, &counted(select)))
                    && counts_groups(select, table)
            }
        })
}

/// The aliases of what a SELECT computes.
fn computed(select: &Select) -> BTreeSet<String> {
    let alias = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { expr, alias } => column(expr).is_none().then(|| alias.value.to_lowercase()),
        _ => None,
    };
    select.projection.iter().filter_map(alias).collect()
}

/// `WITH d AS (SELECT key, COUNT(*) OVER (PARTITION BY key) AS n FROM t) DELETE FROM d WHERE n > 1`.
fn takes_from_counts(read: &Read, delete: &Delete) -> bool {
    let Statement::Query(query) = &read.tree else { return false };
    let conditions: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
    let named = target(delete).and_then(|name| named_query(query, &name)).and_then(select_of);
    named.is_some_and(|select| matches!(conditions.as_slice(), [only] if is_more_than_one(only, &counted(select))))
}

/// `SELECT key FROM (SELECT key, COUNT(*) OVER (PARTITION BY key) AS n FROM t) WHERE n > 1`.
fn has_window_count(query: &Query, table: &Table) -> bool {
    let Some(select) = select_of(query) else { return false };
    let conditions: Vec<_> = select.selection.iter().flat_map(conjuncts).collect();
    let is_own = select.from.iter().flat_map(tables).any(|from| from.is(table));
    let inner = match select.from.as_slice() {
        [only] => match &only.relation {
            TableFactor::Derived { subquery, .. } => select_of(subquery),
            _ => None,
        },
        _ => None,
    };
    let aliases = inner.map(counted).unwrap_or_default();
    is_own && matches!(conditions.as_slice(), [only] if is_more_than_one(only, &aliases))
}

/// The aliases of the counts of a SELECT: of its groups, or by a window for each key.
fn counted(select: &Select) -> BTreeSet<String> {
    let is_of_key = |expr: &Expr| match expr {
        Expr::Function(function) if is_count(expr) => {
            function.over.is_none() || partition(function).is_some_and(|key| !key.is_empty())
        }
        _ => false,
    };
    let alias = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { expr, alias } if is_of_key(expr) => Some(alias.value.to_lowercase()),
        _ => None,
    };
    select.projection.iter().filter_map(alias).collect()
}

/// `n > 1` or `n >= 2`, of one of these names.
fn is_more_than_one(condition: &Expr, names: &BTreeSet<String>) -> bool {
    let Expr::BinaryOp { left, op, right } = condition else { return false };
    let least = match op {
        BinaryOperator::Gt => "1",
        BinaryOperator::GtEq => "2",
        _ => return false,
    };
    column(left).is_some_and(|(_, name)| names.contains(&name)) && right.to_string() == least
}

/// The query that a FROM item reads: of a derived table, or of a name in WITH.
fn query_of<'a>(read: &'a Read, factor: &'a TableFactor) -> Option<&'a Query> {
    match (factor, &read.tree) {
        (TableFactor::Derived { subquery, .. }, _) => Some(subquery),
        (TableFactor::Table { name, .. }, Statement::Query(query)) => named_query(query, &Table::of(name)),
        _ => None,
    }
}

/// The query of WITH that a query reads, and nothing else.
fn with_of<'a>(read: &'a Read, query: &'a Query) -> Option<&'a Query> {
    match select_of(query)?.from.as_slice() {
        [only] if only.joins.is_empty() => query_of(read, &only.relation),
        _ => None,
    }
}

/// `USING (SELECT key, ROW_NUMBER() OVER (PARTITION BY key ...) AS n FROM t) AS r WHERE t.key =
/// r.key AND r.n > 1`, also with the query in WITH: the rank tells the rows apart, and the join
/// does not.
fn joins_ranks(read: &Read, delete: &Delete, conditions: &[&Expr], table: &Table) -> bool {
    let ranked = delete.using.iter().flatten().filter_map(|item| query_of(read, &item.relation));
    let (equal, rest): (Vec<&Expr>, Vec<&Expr>) = conditions.iter().partition(|condition| is_equality(condition));
    let is_rank = |condition: &&Expr| {
        matches!(condition, Expr::BinaryOp { left, op: BinaryOperator::Gt | BinaryOperator::GtEq | BinaryOperator::NotEq, right }
            if column(left).is_some() && matches!(**right, Expr::Value(_)))
    };
    let joined: BTreeSet<String> = equal.into_iter().flat_map(columns_in).collect();
    let is_own = |query: &Query| {
        select_of(query).is_some_and(|select| select.from.iter().flat_map(tables).any(|from| from.is(table)))
    };
    let mut keys = ranked.filter(|query| is_own(query)).filter_map(partitioned_by);
    matches!(rest.as_slice(), [only] if is_rank(only)) && !joined.is_empty() && keys.any(|key| joined.is_subset(&key))
}

/// `(SELECT COUNT(*) FROM t AS o WHERE o.key = t.key) > 1`.
fn compares_count(conditions: &[&Expr], table: &Table) -> bool {
    let [Expr::BinaryOp { left, op: BinaryOperator::Gt, .. }] = conditions else { return false };
    let Expr::Subquery(query) = &**left else { return false };
    select_of(query).is_some_and(|select| {
        let is_count = |expr: &Expr| matches!(expr, Expr::Function(function) if function_name(function) == "count");
        let is_own = select.from.iter().flat_map(tables).any(|from| from.is(table));
        let mut keys = select.selection.iter().flat_map(conjuncts);
        is_own && any(&select.projection, is_count) && keys.all(is_equality)
    })
}

/// `SELECT key FROM t GROUP BY key HAVING COUNT(*) > 1`.
fn counts_keys(select: &Select, table: &Table) -> bool {
    counts(select, table) && outputs(select).is_some()
}

/// The same, with other outputs: a SELECT of the keys that stand twice.
fn counts(select: &Select, table: &Table) -> bool {
    // HAVING may name the count by its alias.
    let of_having = |having| any(having, is_count) || counts_groups(select, table);
    is_of_groups(select, table) && select.having.as_ref().is_some_and(of_having)
}

/// `SELECT key, COUNT(*) AS n FROM t GROUP BY key`.
fn counts_groups(select: &Select, table: &Table) -> bool {
    is_of_groups(select, table) && any(&select.projection, is_count)
}

fn is_of_groups(select: &Select, table: &Table) -> bool {
    let is_own = select.from.iter().flat_map(tables).any(|from| from.is(table));
    is_own && matches!(&select.group_by, GroupByExpr::Expressions(by, _) if !by.is_empty())
}

fn is_count(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if function_name(function) == "count")
}

/// The columns of a SELECT list, if it has only columns.
fn outputs(select: &Select) -> Option<BTreeSet<String>> {
    let name = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. } => {
            column(output).map(|(_, name)| name)
        }
        _ => None,
    };
    select.projection.iter().map(name).collect()
}

/// `key IN (SELECT key FROM (SELECT key, ROW_NUMBER() OVER (PARTITION BY key ...) AS n FROM t) AS r
/// WHERE n > 1)`: the rank tells the rows apart, and the key does not.
fn ranks_keys(found: &Lookup<'_>, table: &Table) -> bool {
    let (Some(_), Some(select)) = (found.value, select_of(found.query)) else { return false };
    let is_own = select.from.iter().flat_map(tables).any(|from| from.is(table));
    let (Some(outputs), Some(key)) = (outputs(select), partitioned_by(found.query)) else { return false };
    is_own && !outputs.is_empty() && outputs.is_subset(&key)
}

/// The columns by which the only ROW_NUMBER() of a query starts again.
fn partitioned_by(query: &Query) -> Option<BTreeSet<String>> {
    struct Ranks(Vec<Option<BTreeSet<String>>>);
    impl Visitor for Ranks {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> std::ops::ControlFlow<()> {
            if let Expr::Function(function) = expr
                && function_name(function) == "row_number"
            {
                self.0.push(partition(function));
            }
            std::ops::ControlFlow::Continue(())
        }
    }
    let mut ranks = Ranks(Vec::new());
    let _ = query.visit(&mut ranks);
    match ranks.0.as_mut_slice() {
        [only] => only.take(),
        _ => None,
    }
}

fn partition(function: &Function) -> Option<BTreeSet<String>> {
    match &function.over {
        Some(WindowType::WindowSpec(window)) => {
            window.partition_by.iter().map(|expr| column(expr).map(|(_, name)| name)).collect()
        }
        _ => None,
    }
}

/// `EXISTS (SELECT 1 FROM t AS b WHERE b.key = t.key AND b.id <> t.id)`: each of two rows finds the
/// other one.
fn other_row(found: &Lookup<'_>, table: &Table) -> bool {
    let (None, Some(select)) = (found.value, select_of(found.query)) else { return false };
    let [from] = select.from.as_slice() else { return false };
    let is_own = matches!(&from.relation, TableFactor::Table { name, .. } if Table::of(name).is(table));
    let conditions: Vec<_> = select.selection.iter().flat_map(conjuncts).collect();
    is_own && from.joins.is_empty() && (is_symmetric(&conditions) || conditions.len() > 1 && meets_all(&conditions))
}

/// Whether every row meets the conditions with itself: `a.key = b.key AND a.loaded_at <=
/// b.loaded_at`.
fn meets_itself(delete: &Delete, conditions: &[&Expr]) -> bool {
    // A list of keys in USING is no second copy of the table.
    let is_base = |item: &TableWithJoins| matches!(item.relation, TableFactor::Table { .. });
    if !delete.using.iter().flatten().all(is_base) {
        return false;
    }
    meets_all(conditions)
}

/// Whether each condition compares equal columns of two rows by `=`, `<=` or `>=`.
fn meets_all(conditions: &[&Expr]) -> bool {
    let is_met = |condition: &&Expr| match condition {
        Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::LtEq | BinaryOperator::GtEq, right } => {
            matches!((column(left), column(right)), (Some((Some(a), one)), Some((Some(b), other))) if a != b && one == other)
        }
        _ => false,
    };
    !conditions.is_empty() && conditions.iter().all(is_met)
}

/// Whether conditions hold for two rows in both directions: equal columns, and others that differ,
/// with no order between the rows.
fn is_symmetric(conditions: &[&Expr]) -> bool {
    let mut differ = false;
    for condition in conditions {
        let Expr::BinaryOp { left, op, right } = condition else { return false };
        let (Some((Some(a), one)), Some((Some(b), other))) = (column(left), column(right)) else { return false };
        if a == b || one != other {
            return false;
        }
        match op {
            BinaryOperator::Eq => {}
            BinaryOperator::NotEq => differ = true,
            _ => return false,
        }
    }
    differ
}
