//! Parts of the tree of a statement: its tables, conditions, columns and keys.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, ColumnDef, ColumnOption, CreateTable, CreateTableLikeKind, Cte, DataType, Delete, Expr, FromTable,
    Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, IndexColumn, JoinConstraint, JoinOperator,
    LimitClause, ObjectName, Query, Select, SelectItem, SetExpr, SetOperator, TableConstraint, TableFactor,
    TableWithJoins, Visit, Visitor,
};

use crate::lint::table::Table;

/// Every SELECT of a UNION. Of EXCEPT and INTERSECT, those on the left.
pub(super) fn arms(query: &Query) -> Vec<&Select> {
    let (mut all, mut rest) = (Vec::new(), vec![&*query.body]);
    while let Some(body) = rest.pop() {
        match body {
            SetExpr::Select(select) => all.push(&**select),
            SetExpr::Query(inner) => rest.push(&inner.body),
            SetExpr::SetOperation { op: SetOperator::Union, left, right, .. } => rest.extend([&**right, &**left]),
            SetExpr::SetOperation { left, .. } => rest.push(left),
            _ => {}
        }
    }
    all
}

/// The base tables in the FROM of each SELECT of a query.
pub(super) fn from_tables(query: &Query) -> Vec<Table> {
    arms(query).into_iter().flat_map(|select| &select.from).flat_map(tables).collect()
}

/// The query of a WITH that a name means.
pub(super) fn named_query<'a>(query: &'a Query, name: &Table) -> Option<&'a Query> {
    let mut ctes = query.with.iter().flat_map(|with| &with.cte_tables);
    let is_named = |cte: &&Cte| name.is_bare() && cte.alias.name.value.eq_ignore_ascii_case(name.name());
    ctes.find(is_named).map(|cte| &*cte.query)
}

/// The SELECT of a query that is no UNION.
pub(super) fn select_of(query: &Query) -> Option<&Select> {
    match &*query.body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(inner) => select_of(inner),
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
            TableFactor::Derived { subquery, .. } => from_tables(subquery),
            TableFactor::NestedJoin { table_with_joins, .. } => tables(table_with_joins),
            _ => Vec::new(),
        })
        .collect()
}

/// The conjuncts of a condition.
pub(super) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    parts(expr, &BinaryOperator::And)
}

/// Whether a condition compares two columns by `=`.
pub(super) fn is_equality(condition: &Expr) -> bool {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => column(left).is_some() && column(right).is_some(),
        _ => false,
    }
}

/// The words of a condition, without qualifiers, and its comparisons.
pub(super) fn words_of(condition: &Expr) -> Vec<String> {
    let text = condition.to_string().to_lowercase();
    let is_sign = |c: char| matches!(c, '<' | '>' | '=');
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in text.chars() {
        let is_part = c.is_alphanumeric() || c == '_';
        // A qualifier ends at its dot.
        let goes_on = is_part && !word.ends_with(is_sign) || is_sign(c) && (word.is_empty() || word.ends_with(is_sign));
        match c {
            '.' => word.clear(),
            _ if goes_on => word.push(c),
            _ => {
                words.push(std::mem::take(&mut word));
                if is_part || is_sign(c) {
                    word.push(c);
                }
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a name is that of a time.
pub(super) fn is_time(name: &str) -> bool {
    let is_word = |word: &str| ["at", "ts", "time", "date", "day", "timestamp", "datetime"].contains(&word);
    name.split('_').any(is_word) || ["time", "date"].iter().any(|end| name.ends_with(end))
}

/// The columns that a condition compares with an upper bound, which is no column: by which a
/// statement chooses old rows.
pub(super) fn aged_by<'e>(conditions: impl IntoIterator<Item = &'e Expr>) -> BTreeSet<String> {
    let aged = conditions.into_iter().filter_map(|condition| match condition {
        Expr::BinaryOp { left, op: BinaryOperator::Lt | BinaryOperator::LtEq, right } if column(right).is_none() => {
            column(left)
        }
        Expr::BinaryOp { left, op: BinaryOperator::Gt | BinaryOperator::GtEq, right } if column(left).is_none() => {
            column(right)
        }
        _ => None,
    });
    aged.map(|(_, name)| name).collect()
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
        // `x = ANY (SELECT ...)` is IN.
        Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => match &**right {
            Expr::Subquery(query) => Some(Lookup { query, negated: false, value: Some(left) }),
            _ => None,
        },
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

/// Whether what a lookup finds depends on the outer row: by IN, by a comparison of two columns, or
/// by a column of a table that its query does not read.
pub(super) fn is_correlated(found: &Lookup<'_>) -> bool {
    let (None, Some(select)) = (found.value, select_of(found.query)) else { return true };
    let inner = aliases(select);
    let has_column = |expr: &Expr| !columns_in(expr).is_empty();
    any(select, |expr| match expr {
        Expr::CompoundIdentifier(_) => {
            column(expr).is_some_and(|(row, _)| row.is_some_and(|row| !inner.contains(&row)))
        }
        Expr::BinaryOp { left, op, right } if !matches!(op, BinaryOperator::And | BinaryOperator::Or) => {
            has_column(left) && has_column(right)
        }
        Expr::IsNotDistinctFrom(left, right) | Expr::IsDistinctFrom(left, right) => {
            has_column(left) && has_column(right)
        }
        _ => false,
    })
}

/// The names by which a SELECT calls what it reads, in lower case.
pub(super) fn aliases(select: &Select) -> Vec<String> {
    let factors = select
        .from
        .iter()
        .flat_map(|item| std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)));
    factors.filter_map(alias).collect()
}

/// The name by which a query calls a table that it reads, in lower case.
pub(super) fn alias(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            let alias = alias.as_ref().map(|alias| alias.name.value.to_lowercase());
            Some(alias.unwrap_or_else(|| Table::of(name).name().to_owned()))
        }
        TableFactor::Derived { alias: Some(alias), .. } => Some(alias.name.value.to_lowercase()),
        _ => None,
    }
}

/// The names of the columns in a condition, without qualifiers and in lower case.
pub(super) fn columns_in(condition: &Expr) -> Vec<String> {
    struct Found(Vec<String>);
    impl Visitor for Found {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            self.0.extend(column(expr).map(|(_, name)| name.to_owned()));
            ControlFlow::Continue(())
        }
    }
    let mut found = Found(Vec::new());
    let _ = condition.visit(&mut found);
    found.0
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

/// The functions that read the clock anew in each statement.
const CLOCKS: [&str; 16] = [
    "systimestamp",
    "sysdatetimeoffset",
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
                // With brackets, it is the clock of BigQuery or Snowflake, which goes on in a
                // transaction.
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
    let each =
        conditions.into_iter().filter_map(|condition| match condition {
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
            | Expr::IsNotDistinctFrom(left, right) => {
                let (left, right) = (column(left)?, column(right)?);
                // `h.id = h.id` compares nothing.
                (left != right).then_some((left.1, right))
            }
            // Snowflake.
            Expr::Function(function) if function_name(function) == "equal_null" => {
                let FunctionArguments::List(list) = &function.args else { return None };
                let [
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(left)),
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(right)),
                ] = list.args.as_slice()
                else {
                    return None;
                };
                Some((column(left)?.1, column(right)?))
            }
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
    let of_with = || {
        let mut ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        ctes.any(|cte| takes_any_rows(&cte.query))
    };
    let of_derived = || {
        let from = select_of(query).into_iter().flat_map(|select| &select.from);
        let mut relations = from.map(|item| &item.relation);
        relations.any(|relation| matches!(relation, TableFactor::Derived { subquery, .. } if takes_any_rows(subquery)))
    };
    (has_limit || has_top) && query.order_by.is_none() || of_with() || of_derived()
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
    create.columns.iter().map(|column| declared_column(column, &key)).collect()
}

/// One column. `key` is the primary key of its table.
pub(super) fn declared_column(column: &ColumnDef, key: &[String]) -> Declared {
    let name = column.name.value.to_lowercase();
    let not_null = column.options.iter().any(|option| matches!(option.option, ColumnOption::NotNull));
    Declared { not_null: not_null || key.contains(&name), ty: column.data_type.to_string().to_lowercase(), name }
}

/// The table whose columns a CREATE TABLE takes by LIKE.
pub(super) fn like_of(create: &CreateTable) -> Option<Table> {
    if let Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)) = &create.like {
        return Some(Table::of(&like.name));
    }
    // Some grammars read `(LIKE mart.orders)` as a column with a type of its own.
    match create.columns.as_slice() {
        [only] if only.name.value.eq_ignore_ascii_case("like") && only.name.quote_style.is_none() => {
            match &only.data_type {
                DataType::Custom(name, _) => Some(Table::of(name)),
                _ => None,
            }
        }
        _ => None,
    }
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
    let each = || create.constraints.iter().filter_map(constrained);
    each().find(|(is_primary, _)| *is_primary).or_else(|| each().next()).map(|(_, key)| key).unwrap_or_default()
}

/// Whether a constraint is the primary key, and its columns, if it makes them unique.
pub(super) fn constrained(constraint: &TableConstraint) -> Option<(bool, Vec<String>)> {
    let (is_primary, columns) = match constraint {
        TableConstraint::PrimaryKey(key) => (true, &key.columns),
        TableConstraint::Unique(key) => (false, &key.columns),
        _ => return None,
    };
    Some((is_primary, key_columns(columns)))
}

/// The names of the columns of an index.
pub(super) fn key_columns(columns: &[IndexColumn]) -> Vec<String> {
    columns.iter().filter_map(|part| column(&part.column.expr)).map(|(_, name)| name).collect()
}

/// Whether an item of a SELECT list is `*` or `t.*`.
pub(super) fn is_star(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
}
