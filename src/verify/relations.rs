//! Finds every relation that a statement names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, Statement, TableFactor, Visit, Visitor};

/// The text of the first relation that is not declared, or of the first source that is not a
/// relation.
pub(super) fn undeclared(statement: &Statement, is_declared: impl Fn(&ObjectName) -> bool) -> Option<String> {
    let mut search = Search { is_declared, local: BTreeSet::new(), statements: 0 };
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
        if self.statements > 1 { ControlFlow::Break(statement.to_string()) } else { ControlFlow::Continue(()) }
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
