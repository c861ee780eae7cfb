//! Finds every relation that a statement names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, ObjectName, Query, Statement, TableFactor, Visit, Visitor};
use sqlparser::tokenizer::Location;

use crate::verify::effect::{delete_of, readable};
use crate::verify::names::{Names, fold_part};

/// The text of the first relation that is not declared, or of the first source that is not a
/// relation.
pub(super) fn undeclared(statement: &Statement, is_declared: impl Fn(&ObjectName) -> bool) -> Option<String> {
    // The parser reads `WITH ... DELETE` as a query with a statement inside.
    let most = match statement {
        Statement::Query(query) if delete_of(query).is_some() => 2,
        _ => 1,
    };
    let mut search = Search { is_declared, local: BTreeSet::new(), statements: 0, most };
    match statement.visit(&mut search) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

struct Search<F> {
    is_declared: F,
    /// The CTE names that were found so far.
    local: BTreeSet<String>,
    statements: usize,
    /// The most statements that the text may have.
    most: usize,
}

impl<F: Fn(&ObjectName) -> bool> Visitor for Search<F> {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.local.extend(ctes.map(|cte| cte.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<String> {
        self.statements += 1;
        // A statement inside a statement, as in WITH ... AS (DELETE ...), could change an
        // undeclared relation.
        if self.statements > self.most { ControlFlow::Break(statement.to_string()) } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<String> {
        // Every declared relation has a schema, so a name with one part can only be a CTE.
        let is_cte = match name.0.as_slice() {
            [part] => part.as_ident().is_some_and(|name| self.local.contains(&name.value.to_lowercase())),
            _ => false,
        };
        if is_cte || (self.is_declared)(name) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(name.to_string())
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { args: None, .. } | TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => {
                ControlFlow::Continue(())
            }
            // A table function may read an undeclared relation.
            other => ControlFlow::Break(other.to_string()),
        }
    }
}

/// A relation whose name a template writes itself.
pub(super) struct WrittenOut {
    pub(super) name: String,
    /// The line, from 1.
    pub(super) line: usize,
}

/// The first relation whose name does not come from a mark. `marks` are the offsets of the names
/// that do. Only these names change with the target of dbt.
pub(super) fn written_out(statement: &Statement, sql: &str, marks: &[usize], names: &Names<'_>) -> Option<WrittenOut> {
    let mut search = Unmarked { marked: places(sql, marks), names };
    // The parser does not visit the relation of a GRANT.
    if let Statement::Grant(grant) = statement
        && let Some(ControlFlow::Break(found)) = readable(grant).map(|name| search.pre_visit_relation(name))
    {
        return Some(found);
    }
    match statement.visit(&mut search) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

/// The places of the offsets, as the tokenizer counts them: lines and characters, from 1.
fn places(sql: &str, offsets: &[usize]) -> BTreeSet<Location> {
    let (mut line, mut start, mut seen) = (1, 0, 0);
    let place = |&offset: &usize| {
        for (newline, _) in sql[seen..offset].match_indices('\n') {
            line += 1;
            start = seen + newline + 1;
        }
        seen = offset;
        Location { line, column: 1 + sql[start..offset].chars().count() as u64 }
    };
    offsets.iter().map(place).collect()
}

struct Unmarked<'n, 's> {
    marked: BTreeSet<Location>,
    names: &'n Names<'s>,
}

impl Unmarked<'_, '_> {
    fn expect_mark(&self, first: &Ident, name: impl ToString) -> ControlFlow<WrittenOut> {
        if self.marked.contains(&first.span.start) {
            return ControlFlow::Continue(());
        }
        let line = usize::try_from(first.span.start.line).unwrap_or_default();
        ControlFlow::Break(WrittenOut { name: name.to_string(), line })
    }
}

impl Visitor for Unmarked<'_, '_> {
    type Break = WrittenOut;

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<WrittenOut> {
        // A name with one part is a CTE.
        match name.0.as_slice() {
            [first, _, ..] => first.as_ident().map_or(ControlFlow::Continue(()), |first| self.expect_mark(first, name)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<WrittenOut> {
        match expr {
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [row, _, ..] if self.names.is_bare(&fold_part(row, self.names.spec.dialect)) => {
                    self.expect_mark(row, row)
                }
                _ => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }
}
