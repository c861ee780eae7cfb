//! A column without its table in a subquery, which belongs to the table outside.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Select, SelectItem, Statement, TableFactor, TableWithJoins, Visit, Visitor,
};

use crate::diagnostic::Code;
use crate::lint::facts::{Declared, aliases, column, conjuncts, lookup, select_of, selected};
use crate::lint::rules::Finding;
use crate::lint::script::skeleton;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        let Some(table) = read.action().changes() else { continue };
        let mut columns = Vec::new();
        let _ = read.tree.visit(&mut Bound { unit, named: named(&read.tree), columns: &mut columns });
        // `USING archive AS h WHERE h.id = h.id`.
        let joins = read.joins.iter().filter_map(|join| select_of(&join.query)?.selection.as_ref());
        columns.extend(joins.flat_map(conjuncts).filter_map(itself).map(|name| (name, None)));
        for (name, inner) in columns {
            let message = match &inner {
                Some(inner) => format!(
                    "`{inner}` has no column `{name}`: it is the column of `{table}`, so the subquery does not look for its row"
                ),
                None => format!(
                    "`{name} = {name}` compares a column with itself: the condition on `{table}` is always true"
                ),
            };
            found.push(Finding {
                code: Code::InnerColumnIsOuter,
                line: if skeleton(&read.sql.text).contains(&format!("select {name}")) {
                    read.line_of(&format!("select {name}"))
                } else {
                    read.line_after(&["exists", "where"], &name)
                },
                message,
                label: if inner.is_some() { "belongs to the outer table" } else { "both sides are one column" },
                help: "write before each column the alias of its table".to_owned(),
            });
        }
    }
}

/// Finds names that belong to the outer row.
struct Bound<'a> {
    unit: &'a Unit,
    /// The columns of the queries of WITH.
    named: Vec<(Table, Vec<Declared>)>,
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
        let derived;
        let known = match select.from.as_slice() {
            [TableWithJoins { relation, joins }] if joins.is_empty() => match relation {
                TableFactor::Table { name, .. } => {
                    let table = Table::of(name);
                    let named =
                        self.named.iter().find(|(other, _)| *other == table).map(|(_, columns)| columns.as_slice());
                    named.or_else(|| self.unit.columns_of(&table)).map(|columns| (table, columns))
                }
                TableFactor::Derived { subquery, alias, .. } => {
                    derived = select_of(subquery).and_then(selected).unwrap_or_default();
                    let name = alias.as_ref().map_or("the query", |alias| alias.name.value.as_str());
                    Some((Table::named(&[name]), derived.as_slice())).filter(|_| !derived.is_empty())
                }
                _ => None,
            },
            _ => None,
        };
        if let (Some((inner, columns)), Some(_)) = (&known, found.value) {
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
        // `l.batch_id IN (SELECT l.batch_id FROM errors AS e)`, where `l` is the row outside.
        let inner = aliases(select);
        let outputs = select.projection.iter().filter(|_| found.value.is_some()).filter_map(|item| match item {
            SelectItem::UnnamedExpr(output) => column(output),
            _ => None,
        });
        for (row, name) in outputs.filter(|(_, name)| select.from.len() == 1 && is_value(found.value, name)) {
            if let Some(outer) = row.filter(|row| !inner.contains(row)) {
                self.columns.push((format!("{outer}.{name}"), None));
            }
        }
        for condition in select.selection.iter().flat_map(conjuncts) {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { continue };
            match (column(left), column(right)) {
                (Some((a_row, a)), Some((b_row, b))) if a_row == b_row && a == b => self.columns.push((a, None)),
                // `h.id = id`, where `h` is the inner table: both are columns of it.
                (Some((Some(row), a)), Some((None, b))) | (Some((None, b)), Some((Some(row), a)))
                    if a == b && inner_alias(select).is_some_and(|alias| alias == row) =>
                {
                    self.columns.push((a, None));
                }
                // `job_id = jobs.job_id`, where the inner table has no `job_id`.
                (Some((None, name)), Some((Some(_), other))) | (Some((Some(_), other)), Some((None, name)))
                    if name == other =>
                {
                    if let Some((inner, columns)) = &known
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

/// The column that a condition compares with itself.
fn itself(condition: &Expr) -> Option<String> {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { return None };
    let (left, right) = (column(left)?, column(right)?);
    (left.0.is_some() && left == right).then_some(left.1)
}

/// Whether the value of an IN is a column with this name.
fn is_value(value: Option<&Expr>, name: &str) -> bool {
    value.and_then(column).is_some_and(|(_, other)| other == name)
}

/// The name by which a query of one table calls it.
fn inner_alias(select: &Select) -> Option<String> {
    match select.from.as_slice() {
        [TableWithJoins { relation: TableFactor::Table { name, alias, .. }, joins }] if joins.is_empty() => {
            let alias = alias.as_ref().map(|alias| alias.name.value.to_lowercase());
            Some(alias.unwrap_or_else(|| Table::of(name).name().to_owned()))
        }
        _ => None,
    }
}

/// The queries of WITH, each with its columns.
fn named(statement: &Statement) -> Vec<(Table, Vec<Declared>)> {
    let Statement::Query(query) = statement else { return Vec::new() };
    let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
    let columns = ctes.filter_map(|cte| {
        let columns = select_of(&cte.query).and_then(selected)?;
        Some((Table::named(&[&cte.alias.name.value]), columns))
    });
    columns.collect()
}
