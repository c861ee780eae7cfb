//! A column without its table in a subquery, which belongs to the table outside.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, SelectItem, Visit, Visitor};

use crate::diagnostic::Code;
use crate::lint::facts::{Action, column, conjuncts, lookup, select_of, tables};
use crate::lint::rules::Finding;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let table = match read.action() {
            Action::Delete(_, table) | Action::Move { deletes: (_, table), .. } => table,
            Action::Copy(copy) if !copy.creates => copy.into,
            _ => continue,
        };
        let mut columns = Vec::new();
        let _ = read.tree.visit(&mut Bound { unit, columns: &mut columns });
        for (name, inner) in columns {
            let message = match &inner {
                Some(inner) => format!(
                    "`{inner}` has no column `{name}`: the name means the row of the statement on `{table}`, and the condition is always true"
                ),
                None => format!(
                    "`{name} = {name}` compares a column with itself: the condition on `{table}` is always true"
                ),
            };
            found.push(Finding {
                code: Code::InnerColumnIsOuter,
                line: read.line_of(&format!("select {name}")),
                message,
                label: "which table?",
                help: "write the alias of the table before each column of a subquery".to_owned(),
            });
        }
    }
}

/// Finds names that belong to the outer row.
struct Bound<'a> {
    unit: &'a Unit,
    columns: &'a mut Vec<(String, Option<String>)>,
}

impl Visitor for Bound<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let found = match expr {
            Expr::UnaryOp { .. } | Expr::Nested(_) => None,
            other => lookup(other),
        };
        let Some(found) = found else { return ControlFlow::Continue(()) };
        let Some(select) = select_of(found.query) else { return ControlFlow::Continue(()) };
        let from: Vec<_> = select.from.iter().flat_map(tables).collect();
        let known = match from.as_slice() {
            [one] => self.unit.columns_of(one).map(|columns| (one, columns)),
            _ => None,
        };
        if let (Some((inner, columns)), Some(_)) = (known, found.value) {
            let outputs = select.projection.iter().filter_map(|item| match item {
                SelectItem::UnnamedExpr(output) => column(output),
                _ => None,
            });
            for (row, name) in outputs {
                if row.is_none() && !columns.iter().any(|one| one.name == name) {
                    self.columns.push((name, Some(inner.to_string())));
                }
            }
        }
        for condition in select.selection.iter().flat_map(conjuncts) {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { continue };
            match (column(left), column(right)) {
                (Some((None, a)), Some((None, b))) if a == b => self.columns.push((a, None)),
                // `job_id = jobs.job_id`, where the inner table has no `job_id`.
                (Some((None, name)), Some((Some(_), other))) | (Some((Some(_), other)), Some((None, name)))
                    if name == other =>
                {
                    if let Some((inner, columns)) = known
                        && !columns.iter().any(|one| one.name == name)
                    {
                        self.columns.push((name, Some(inner.to_string())));
                    }
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}
