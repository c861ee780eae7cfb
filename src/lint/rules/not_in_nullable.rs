//! NOT IN with a query that may return NULL.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, SelectItem, Statement, TableFactor, Visit, Visitor};

use crate::diagnostic::Code;
use crate::lint::facts::{Lookup, arms, column, conjuncts, lookup, tables};
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
        let mut visitor = Nullable { unit, columns: &mut columns };
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

impl Nullable<'_> {
    fn nullable(&self, query: &Query) -> Option<String> {
        arms(query).into_iter().find_map(|select| self.of_select(select))
    }

    fn of_select(&self, select: &Select) -> Option<String> {
        let (SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }) =
            select.projection.first()?
        else {
            return None;
        };
        let (_, name) = column(output)?;
        let conditions = select.selection.iter().flat_map(conjuncts);
        let is_tested = conditions.into_iter().any(|condition| match condition {
            // A comparison with NULL is not true either.
            Expr::BinaryOp { left: tested, .. } | Expr::IsNotNull(tested) => {
                column(tested).is_some_and(|(_, tested)| tested == name)
            }
            _ => false,
        });
        let from: Vec<_> = select.from.iter().flat_map(tables).collect();
        let declared = from.first().and_then(|table| self.unit.columns_of(table));
        // Then the column is one of the outer row, which another rule says.
        let is_outer = declared.is_some_and(|columns| !columns.iter().any(|one| one.name == name));
        let is_declared = declared.is_some_and(|columns| columns.iter().any(|one| one.name == name && one.not_null));
        (!is_tested && !is_declared && !is_outer).then_some(name)
    }
}
