//! NOT IN with a query that may return NULL.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JoinConstraint, JoinOperator, Query, Select,
    SelectItem, Statement, TableFactor, UnaryOperator, Visit, Visitor,
};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{Lookup, arms, column, conjuncts, function_name, is_star, lookup, tables};
use crate::lint::rules::Finding;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let merged = || match &read.tree {
            Statement::Merge(merge) => match &merge.table {
                TableFactor::Table { name, .. } => Some(Table::of(name)),
                _ => None,
            },
            _ => None,
        };
        let Some(table) = read.action().changes().or_else(merged) else { continue };
        let mut columns = Vec::new();
        let mut visitor = Nullable { unit, with: with_of(&read.tree), columns: &mut columns };
        let _ = read.tree.visit(&mut visitor);
        for inner in columns {
            found.push(Finding {
                code: Code::NotInNullable,
                line: read.line_of("not in"),
                message: format!(
                    "if `{inner}` is NULL in one row, NOT IN is never true: the statement on `{table}` then does nothing"
                ),
                label: "may return a NULL",
                help: format!("write NOT EXISTS, or add `WHERE {inner} IS NOT NULL` to the query"),
            });
        }
    }
}

/// Finds columns that may be NULL in the query of a NOT IN.
struct Nullable<'a> {
    unit: &'a Unit,
    /// The queries of WITH, by name.
    with: Vec<(String, &'a Query)>,
    columns: &'a mut Vec<String>,
}

impl Visitor for Nullable<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let found = match expr {
            // The visitor comes to the inner IN itself.
            Expr::UnaryOp { .. } | Expr::Nested(_) => lookup(expr).filter(|_| matches!(expr, Expr::UnaryOp { .. })),
            other => lookup(other),
        };
        if let Some(Lookup { query, negated: true, value: Some(_) }) = found
            && let Some(name) = self.nullable(query)
            && !self.columns.contains(&name)
        {
            self.columns.push(name);
        }
        ControlFlow::Continue(())
    }
}

/// How many queries a column may pass.
const DEPTH: usize = 4;

impl Nullable<'_> {
    fn nullable(&self, query: &Query) -> Option<String> {
        arms(query).into_iter().find_map(|select| self.of_select(select, 0, DEPTH))
    }

    /// The output at this place of a SELECT, if it may be NULL.
    fn of_select(&self, select: &Select, at: usize, depth: usize) -> Option<String> {
        let (SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }) =
            select.projection.get(at)?
        else {
            return None;
        };
        self.of_output(select, output, depth)
    }

    fn of_output(&self, select: &Select, output: &Expr, depth: usize) -> Option<String> {
        match output {
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => self.of_output(select, inner, depth),
            // A function of one value is NULL for NULL. Other functions may have a default.
            Expr::Function(function) if KEEPS_NULL.contains(&function_name(function).as_str()) => {
                let argument = match &function.args {
                    FunctionArguments::List(list) => list.args.first(),
                    _ => None,
                };
                match argument? {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => self.of_output(select, inner, depth),
                    _ => None,
                }
            }
            Expr::BinaryOp { op: BinaryOperator::Arrow | BinaryOperator::LongArrow, .. } => {
                let is_tested = tested(select).into_iter().any(|tested| tested.to_string() == output.to_string());
                (!is_tested).then(|| output.to_string())
            }
            other => self.of_column(select, other, depth),
        }
    }

    fn of_column(&self, select: &Select, output: &Expr, depth: usize) -> Option<String> {
        let (_, name) = column(output)?;
        let is_tested = tested(select).into_iter().any(|tested| is_column(tested, &name));
        let from: Vec<_> = select.from.iter().flat_map(tables).collect();
        // The names and numbers there are never NULL.
        if !from.is_empty() && from.iter().all(Table::is_of_catalog) {
            return None;
        }
        let declared = from.first().and_then(|table| self.unit.columns_of(table));
        // Then the column is one of the outer row, which another rule says.
        let is_outer = declared.is_some_and(|columns| !columns.iter().any(|one| one.name == name));
        let is_declared = declared.is_some_and(|columns| columns.iter().any(|one| one.name == name && one.not_null));
        let is_filtered = || depth > 0 && self.is_filtered(select, &name, depth - 1);
        (!is_tested && !is_declared && !is_outer && !is_filtered()).then_some(name)
    }

    /// Whether the only source of a SELECT is a query, or a table that the unit builds from one, whose
    /// column of this name is never NULL.
    fn is_filtered(&self, select: &Select, name: &str, depth: usize) -> bool {
        let [only] = select.from.as_slice() else { return false };
        let built = |table: &Table| {
            self.unit.statements.iter().find_map(|read| match read.action() {
                Action::Copy(copy) if copy.creates && copy.into.is(table) => Some(copy.query.clone()),
                _ => None,
            })
        };
        let query = match &only.relation {
            TableFactor::Derived { subquery, .. } => Some((**subquery).clone()),
            TableFactor::Table { name, .. } => {
                let table = Table::of(name);
                let of_with = self.with.iter().find(|(named, _)| named == table.name() && table.is_bare());
                of_with.map(|(_, query)| (*query).clone()).or_else(|| built(&table))
            }
            _ => None,
        };
        let Some(query) = query else { return false };
        let never = |select: &Select| {
            let output = select.projection.iter().position(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => alias.value.eq_ignore_ascii_case(name),
                SelectItem::UnnamedExpr(expr) => column(expr).is_some_and(|(_, own)| own == name),
                _ => false,
            });
            let has_star = select.projection.iter().any(is_star);
            match output {
                Some(at) => self.of_select(select, at, depth).is_none(),
                None => has_star && tested(select).into_iter().any(|one| is_column(one, name)),
            }
        };
        let all = arms(&query);
        !all.is_empty() && all.into_iter().all(never)
    }
}

/// Functions whose result is NULL if their argument is.
const KEEPS_NULL: [&str; 8] = ["lower", "upper", "trim", "rtrim", "ltrim", "btrim", "abs", "nullif"];

/// The parts of the conditions of a SELECT that are not NULL in a row which meets them: what is
/// compared, also by an inner join.
fn tested(select: &Select) -> Vec<&Expr> {
    let on = select.from.iter().flat_map(|item| &item.joins).filter_map(|join| match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
        _ => None,
    });
    let conditions = select.selection.iter().chain(&select.having).chain(on).flat_map(conjuncts);
    let mut all = Vec::new();
    for condition in conditions {
        match condition {
            // A comparison with NULL is not true either.
            Expr::BinaryOp { left, right, .. } => all.extend([&**left, &**right]),
            Expr::IsNotNull(tested)
            | Expr::Between { expr: tested, .. }
            | Expr::InList { expr: tested, .. }
            | Expr::Like { expr: tested, .. } => all.push(tested),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => match &**expr {
                Expr::IsNull(tested) => all.push(tested),
                Expr::Nested(inner) => {
                    if let Expr::IsNull(tested) = &**inner {
                        all.push(tested);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    all
}

/// Whether an expression is a column of this name, also as another type.
fn is_column(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => is_column(expr, name),
        other => column(other).is_some_and(|(_, own)| own == name),
    }
}

/// The queries of WITH of a statement.
fn with_of(statement: &Statement) -> Vec<(String, &Query)> {
    let with = match statement {
        Statement::Query(query) => query.with.as_ref(),
        Statement::Insert(insert) => insert.source.as_ref().and_then(|source| source.with.as_ref()),
        _ => None,
    };
    let each = with.into_iter().flat_map(|with| &with.cte_tables);
    each.map(|cte| (cte.alias.name.value.to_lowercase(), &*cte.query)).collect()
}
