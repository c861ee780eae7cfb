//! Names the clause or the kind of a statement that no step may have, and says what to write.

use sqlparser::ast::{CreateTable, CreateView, Delete, FromTable, Insert, OnInsert, Query, SetExpr, Statement, Update};

use crate::dialect::Dialect;
use crate::verify::effect::delete_of;

/// A clause that a statement must not have.
pub(super) struct Refused {
    /// The rest of a sentence after "it has".
    pub(super) what: String,
    pub(super) help: &'static str,
}

/// The first clause that makes a statement more than a plain statement on one relation. `None` if
/// its kind is the problem.
pub(super) fn clause(statement: &Statement, dialect: Dialect) -> Option<Refused> {
    let (what, help) = match statement {
        Statement::Insert(insert) => of_insert(insert)?,
        Statement::Delete(delete) => of_delete(delete, dialect)?,
        Statement::Query(query) => {
            let delete = delete_of(query)?;
            if !dialect.rules().forms().with_delete {
                let help = "write the query inside EXISTS: `DELETE FROM t WHERE EXISTS (SELECT 1 FROM ...)`";
                return Some(Refused { what: format!("WITH before DELETE, which {dialect} does not document"), help });
            }
            of_delete(delete, dialect)?
        }
        Statement::Update(update) => of_update(update)?,
        Statement::CreateTable(create) => of_table(create)?,
        Statement::CreateView(create) => of_view(create)?,
        Statement::Grant(_) => (
            "another privilege than SELECT on one whole table, or a grant option",
            "write GRANT SELECT ON {{ table|full }} TO, and the readers",
        ),
        _ => return None,
    };
    Some(Refused { what: what.replace("{dialect}", dialect.as_str()), help })
}

/// What to write in place of a whole statement of another kind.
pub(super) fn kind(statement: &Statement) -> Option<(&'static str, &'static str)> {
    let merge = ("is a MERGE", "write the INSERT, UPDATE or DELETE of this step alone, as the built-in template does");
    Some(match statement {
        Statement::Merge(_) => merge,
        Statement::Truncate(_) => (
            "is a TRUNCATE",
            "write DELETE FROM ... WHERE TRUE: on redshift, TRUNCATE commits the transaction around it",
        ),
        Statement::Drop { .. } => ("is a DROP", "a cycle drops nothing; to remove a period, see `rowkeep runbook`"),
        Statement::AlterTable(_) => ("is an ALTER TABLE", "change tables outside of the cycle"),
        Statement::Query(query) if changes_inside(query) => (
            "changes rows inside its WITH",
            "write one statement for each step: the archive copies, and the trim deletes",
        ),
        Statement::Query(query) => match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) => {
                ("has WITH before it", "write the WITH after INSERT INTO t (...)")
            }
            SetExpr::Merge(_) => merge,
            _ => ("is a query", "write the statement that the step names"),
        },
        _ => return None,
    })
}

/// Whether a named query of a WITH changes rows.
fn changes_inside(query: &Query) -> bool {
    let mut named = query.with.iter().flat_map(|with| &with.cte_tables);
    named.any(|cte| {
        matches!(&*cte.query.body, SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_))
    })
}

type Found = (&'static str, &'static str);

fn of_insert(insert: &Insert) -> Option<Found> {
    const GUARD: &str = "write the guard as `WHERE NOT EXISTS (SELECT 1 FROM ...)`: it needs no constraint";
    Some(if insert.on.is_some() {
        match insert.on {
            Some(OnInsert::DuplicateKeyUpdate(_)) => ("ON DUPLICATE KEY UPDATE", GUARD),
            _ => ("ON CONFLICT, which silently skips or changes rows", GUARD),
        }
    } else if insert.or.is_some() || insert.ignore || insert.replace_into {
        ("OR REPLACE or IGNORE, which silently skips or changes rows", GUARD)
    } else if insert.overwrite {
        ("OVERWRITE, which deletes the other rows", "write INSERT INTO")
    } else if insert.returning.is_some() || insert.output.is_some() {
        ("RETURNING or OUTPUT", "remove it: nothing reads the rows that a hook returns")
    } else if !insert.into {
        ("no INTO", "write INSERT INTO")
    } else if insert.table_alias.is_some() || insert.insert_alias.is_some() {
        ("an alias for its target", "remove the alias: an INSERT needs none")
    } else {
        return None;
    })
}

fn of_delete(delete: &Delete, dialect: Dialect) -> Option<Found> {
    let forms = dialect.rules().forms();
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let has_alias =
        from.iter().any(|table| super::effect::plain_table(&table.relation).is_some_and(|(_, alias)| alias.is_some()));
    Some(if matches!(delete.from, FromTable::WithoutKeyword(_)) {
        ("no FROM", "write DELETE FROM")
    } else if delete.using.is_some() && !forms.delete_using {
        ("USING, which {dialect} does not document", "write `WHERE EXISTS (SELECT 1 FROM ...)`")
    } else if has_alias && !forms.delete_alias {
        ("an alias for its target, which {dialect} does not document", "write `{{ mart|bare }}` before its columns")
    } else if from.len() > 1 || !delete.tables.is_empty() || from.iter().any(|table| !table.joins.is_empty()) {
        (
            "several tables after FROM",
            "delete from one table, and write `WHERE EXISTS (SELECT 1 FROM ...)` for the others",
        )
    } else if delete.returning.is_some() || delete.output.is_some() {
        ("RETURNING or OUTPUT", "remove it: the archive has copied the rows before")
    } else if delete.limit.is_some() || !delete.order_by.is_empty() {
        ("LIMIT or ORDER BY, which leaves rows behind", "to move rows in portions, write `limit:` in the table spec")
    } else {
        return None;
    })
}

fn of_update(update: &Update) -> Option<Found> {
    Some(if update.returning.is_some() || update.output.is_some() {
        ("RETURNING or OUTPUT", "remove it: nothing reads the rows that a hook returns")
    } else if update.or.is_some() {
        ("an OR clause", "write UPDATE")
    } else if !update.table.joins.is_empty() {
        ("a join after UPDATE", "write the other tables after FROM")
    } else if update.limit.is_some() || !update.order_by.is_empty() {
        ("LIMIT or ORDER BY, which leaves rows behind", "remove it")
    } else {
        ("an alias for its target, which {dialect} does not document", "write `{{ mart|bare }}` before its columns")
    })
}

fn of_table(create: &CreateTable) -> Option<Found> {
    Some(if create.query.is_some() {
        ("AS SELECT, which writes rows", "list the columns: `({{ columns|name }} ...)`")
    } else if create.temporary || create.transient || create.unlogged || create.volatile {
        ("a word that makes the table temporary or unlogged: its rows could be lost", "write CREATE TABLE")
    } else if create.or_replace {
        ("OR REPLACE, which drops the rows of an existing table", "write CREATE TABLE IF NOT EXISTS")
    } else if !create.if_not_exists {
        ("no IF NOT EXISTS: it would fail when it runs again", "write CREATE TABLE IF NOT EXISTS")
    } else if create.backup == Some(false) {
        ("BACKUP NO: its rows would be in no snapshot", "remove BACKUP NO")
    } else if !create.constraints.is_empty() || create.primary_key.is_some() {
        (
            "a table constraint, such as PRIMARY KEY",
            "remove it: `unique_key` in the table spec creates a unique index where the engine has one",
        )
    } else {
        (
            "a layout or an option that {dialect} does not have, or that makes rows expire",
            "use the layout of the engine",
        )
    })
}

fn of_view(create: &CreateView) -> Option<Found> {
    Some(if !create.or_replace {
        ("no OR REPLACE: each new period changes the view", "write CREATE OR REPLACE VIEW")
    } else if create.materialized {
        ("MATERIALIZED: it would show old rows", "write CREATE OR REPLACE VIEW")
    } else {
        (
            "an option that a view of {dialect} needs or must not have",
            "keep `{{ keeps_grants() }}` before its AS and `{{ view_options() }}` at its end",
        )
    })
}
