//! Every relation that a statement touches, wherever in it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, Statement, TableFactor, Visit, Visitor};

/// The first relation, as it is written, that is not declared; or whatever reads from something that is no relation.
pub(super) fn undeclared(statement: &Statement, is_declared: impl Fn(&ObjectName) -> bool) -> Option<String> {
    let mut search = Search { is_declared, local: BTreeSet::new(), statements: 0 };
    match statement.visit(&mut search) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

struct Search<F> {
    is_declared: F,
    /// Names that the statement has given to its own queries so far.
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
        // A statement inside a statement, as in WITH ... AS (DELETE ...), changes what the step does not name.
        if self.statements > 1 { ControlFlow::Break(statement.to_string()) } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<String> {
        // Every relation that a step declares has a schema, so a single part can only be one of the statement's own.
        let own = match name.0.as_slice() {
            [part] => part.as_ident().is_some_and(|name| self.local.contains(&name.value.to_lowercase())),
            _ => false,
        };
        if own || (self.is_declared)(name) { ControlFlow::Continue(()) } else { ControlFlow::Break(name.to_string()) }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { args: None, .. } | TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => {
                ControlFlow::Continue(())
            }
            // Functions that return rows read from where no declaration can see.
            other => ControlFlow::Break(other.to_string()),
        }
    }
}
