//! The statements of a unit that were read, and the texts that were not.

use std::collections::BTreeSet;

use sqlparser::ast::{Select, SelectItem, Statement};

use crate::lint::action::{Action, Copy, action};
use crate::lint::facts::{Lookup, aged_by, column, columns_in, lookup, select_of, words_of};
use crate::lint::jinja::Marked;
use crate::lint::normal::Joined;
use crate::lint::script::blanked;
use crate::lint::table::Table;

/// Where the statements of a unit run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// As a script, or as a macro that a run calls.
    Script,
    /// As hooks before and after a model of dbt.
    Hooks,
    /// One after another, as a macro gives them to `run_query`. What runs before and after the
    /// macro is not known.
    Operation,
    /// While dbt compiles: the SQL of `run_query`.
    AtCompile,
}

/// The tables of a copy. It is computed once, because rules look at all copies for each DELETE.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) into: Table,
    /// The tables whose rows are copied as they are.
    pub(super) of: Vec<Table>,
    pub(super) creates: bool,
    /// Whether whole rows are copied: no list of values that are each there once, and more than one
    /// column.
    pub(super) is_of_rows: bool,
    /// The words of its conditions.
    pub(super) conditions: Vec<Vec<String>>,
    /// The columns of its conditions that are no lookups, and those by which it chooses old rows.
    pub(super) columns: BTreeSet<String>,
    pub(super) aged: BTreeSet<String>,
    /// Whether it leaves out rows that its table has.
    pub(super) is_guarded: bool,
}

impl Copied {
    pub(super) fn new(copy: Copy<'_>, of: Vec<Table>) -> Self {
        let conditions = copy.conditions();
        let looks_back = |found: Lookup<'_>| found.negated && found.tables().iter().any(|read| read.is(&copy.into));
        Self {
            of,
            creates: copy.creates,
            is_of_rows: is_of_rows(&copy),
            conditions: conditions.iter().map(|one| words_of(one)).collect(),
            columns: conditions.iter().filter(|one| lookup(one).is_none()).flat_map(|one| columns_in(one)).collect(),
            aged: aged_by(conditions.iter().copied()),
            is_guarded: conditions.iter().filter_map(|one| lookup(one)).any(looks_back),
            into: copy.into,
        }
    }
}

/// One statement that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) tree: Statement,
    pub(super) copied: Option<Copied>,
    /// The table that gets the rows of an INSERT or of a COPY.
    pub(super) loads: Option<Table>,
    pub(super) sql: Marked,
    /// Whether a transaction is open that the unit itself has begun.
    pub(super) in_transaction: bool,
    /// The number of its procedure, function or trigger in the unit. 0: none.
    pub(super) routine: usize,
    /// Whether it runs before the model of its hooks.
    pub(super) is_before_model: bool,
    /// Whether it is the SELECT of a model, which dbt inserts by the names of the columns.
    pub(super) is_model: bool,
    /// The tables that a DELETE joins.
    pub(super) joins: Vec<Joined>,
}

impl Read {
    pub(super) fn action(&self) -> Action<'_> {
        action(&self.tree)
    }

    /// The source line of the first text, or of the statement.
    pub(super) fn line_of(&self, text: &str) -> usize {
        let (code, text) = (blanked(&self.sql.text), text.to_ascii_lowercase());
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let is_word = |at: &usize| !code[..*at].ends_with(is_part) && !code[at + text.len()..].starts_with(is_part);
        let all = || code.match_indices(text.as_str()).map(|(at, _)| at);
        // A text with quotes is searched in the source.
        let at = all().find(is_word).or_else(|| all().next());
        let at = at.or_else(|| self.sql.text.to_ascii_lowercase().find(&text));
        self.sql.line(at.unwrap_or_else(|| self.start()))
    }

    /// The source line of the first text after one of these words, or of the text, or of the
    /// statement.
    pub(super) fn line_after(&self, words: &[&str], text: &str) -> usize {
        let (code, text) = (blanked(&self.sql.text), text.to_ascii_lowercase());
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let is_word =
            |at: usize, word: &str| !code[..at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part);
        let first = |from: usize, word: &str| {
            code[from..].match_indices(word).map(|(at, _)| from + at).find(|at| is_word(*at, word))
        };
        let after = words.iter().find_map(|word| Some(first(0, word)? + word.len()));
        let found = after.and_then(|after| first(after, &text));
        found.map_or_else(|| self.line_of(&text), |at| self.sql.line(at))
    }

    /// The source line of the statement.
    pub(super) fn line(&self) -> usize {
        self.sql.line(self.start())
    }

    /// The source lines of the statement.
    pub(super) fn lines(&self) -> std::ops::RangeInclusive<usize> {
        self.line()..=self.sql.line(self.sql.text.trim_end().len().saturating_sub(1))
    }

    fn start(&self) -> usize {
        self.sql.text.len() - self.sql.text.trim_start().len()
    }
}

/// A piece of text that may be a statement.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) sql: Marked,
    /// Whether it runs inside of a transaction: of the unit itself, or of dbt for the hooks of a
    /// model.
    pub(super) in_transaction: bool,
}

/// A part of a file that no parser reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NotRead {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Whether a copy has whole rows: no DISTINCT, and a star or more than one column of the table.
pub(super) fn is_of_rows(copy: &Copy<'_>) -> bool {
    let is_whole = |select: &Select| {
        let columns = select.projection.iter().filter(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => column(expr).is_some(),
            _ => false,
        });
        let has_star = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        select.distinct.is_none() && (select.projection.iter().any(has_star) || columns.count() > 1)
    };
    copy.arms().into_iter().all(is_whole)
}

/// Whether a statement can copy a table to files, or clone it.
pub(super) fn may_unload(statement: &Statement) -> bool {
    match statement {
        Statement::Unload { .. }
        | Statement::Copy { to: true, .. }
        | Statement::CopyIntoSnowflake { .. }
        | Statement::ExportData(_) => true,
        Statement::CreateTable(create) => create.clone.is_some(),
        _ => false,
    }
}

/// Whether a statement creates a table that ends with its session.
pub(super) fn is_temporary(statement: &Statement) -> bool {
    match statement {
        Statement::CreateTable(create) => create.temporary,
        Statement::Query(query) => {
            select_of(query).and_then(|select| select.into.as_ref()).is_some_and(|into| into.temporary)
        }
        _ => false,
    }
}
