//! Aliases of outputs. Engines read some words after an expression in another way than the parser:
//! `paid ISNULL` is a test, `name 'text'` is a literal with a type, and a text on the next line
//! continues a text. So an alias needs AS.

use std::ops::ControlFlow;

use sqlparser::ast::{Ident, Query, SelectItem, SetExpr, Statement, Visit, Visitor};

/// An alias that a statement writes without AS, or as a text.
pub(super) struct Unclear {
    pub(super) name: String,
    /// The line, from 1, if the parser says it.
    pub(super) line: Option<usize>,
}

/// The first unclear alias of an output.
pub(super) fn unclear(statement: &Statement, sql: &str) -> Option<Unclear> {
    match statement.visit(&mut Search { sql }) {
        ControlFlow::Break(found) => Some(found),
        ControlFlow::Continue(()) => None,
    }
}

struct Search<'s> {
    sql: &'s str,
}

impl Search<'_> {
    fn body(&self, body: &SetExpr) -> ControlFlow<Unclear> {
        let mut rest = vec![body];
        while let Some(body) = rest.pop() {
            match body {
                SetExpr::Select(select) => select.projection.iter().try_for_each(|item| match item {
                    SelectItem::ExprWithAlias { alias, .. } => self.alias(alias),
                    _ => ControlFlow::Continue(()),
                })?,
                SetExpr::SetOperation { left, right, .. } => rest.extend([&**right, &**left]),
                // The visitor comes to inner queries by itself.
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn alias(&self, alias: &Ident) -> ControlFlow<Unclear> {
        let before = self.before(alias).trim_end();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@' | '"' | '`');
        let has_as = before.len() > 2
            && before.get(before.len() - 2..).is_some_and(|word| word.eq_ignore_ascii_case("as"))
            && !before[..before.len() - 2].ends_with(is_part);
        if has_as && alias.quote_style != Some('\'') {
            return ControlFlow::Continue(());
        }
        let line = usize::try_from(alias.span.start.line).ok().filter(|line| *line > 0);
        ControlFlow::Break(Unclear { name: alias.value.clone(), line })
    }

    /// The part of its line, and of those above it, before an alias. The tokenizer counts lines and
    /// characters from 1.
    fn before(&self, alias: &Ident) -> &str {
        let number = |count: u64| usize::try_from(count).unwrap_or_default().saturating_sub(1);
        let (line, column) = (number(alias.span.start.line), number(alias.span.start.column));
        let start = match line {
            0 => 0,
            nth => self.sql.match_indices('\n').nth(nth - 1).map_or(0, |(at, _)| at + 1),
        };
        let end = self.sql[start..].char_indices().nth(column).map_or(self.sql.len(), |(at, _)| start + at);
        &self.sql[..end]
    }
}

impl Visitor for Search<'_> {
    type Break = Unclear;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Unclear> {
        self.body(&query.body)
    }
}
