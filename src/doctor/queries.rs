//! The queries of the doctor. They only read.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context::{identity, number, place, text};
use crate::cycle::render::value::Sql;
use crate::cycle::render::{Owner, Renderer};
use crate::diagnostic::Diagnostic;
use crate::project::{ColumnId, ExceptionsId, Spec, TableId};

/// The note that the safety check writes for a row in a sealed period.
const SEALED: &str = "the period of its time is sealed";
/// The maximum number of rows that a monitor query returns.
pub(crate) const MAX_ROWS: u64 = 1_000;

/// Renders queries in the dialect of the project.
pub(crate) struct Queries<'s>(Renderer<'s>);

type Query = Result<String, Box<Diagnostic>>;

impl<'s> Queries<'s> {
    pub(crate) fn new(spec: &'s Spec) -> Self {
        Self(Renderer::new(spec, BTreeMap::new()))
    }

    /// Columns: the name and the version of the database.
    pub(crate) fn server(&mut self) -> Query {
        self.query("doctor/server.sql.j2", context! {})
    }

    /// Columns: schema, relation, kind, column, type, `yes` if the column is NOT NULL, `yes` if
    /// this role may read the relation.
    pub(crate) fn relations(&mut self, schemas: &BTreeSet<String>) -> Query {
        self.query("doctor/relations.sql.j2", listed(schemas))
    }

    /// Columns: schema, view, definition.
    pub(crate) fn views(&mut self, schemas: &BTreeSet<String>) -> Query {
        self.query("doctor/views.sql.j2", listed(schemas))
    }

    /// Columns: schema, table, number of rows, `yes` if the index is unique, `yes` if it is
    /// partial, and the columns of the index, separated by line ends. A table without an index has
    /// one row.
    pub(crate) fn storage(&mut self, schemas: &BTreeSet<String>) -> Query {
        self.query("doctor/storage.sql.j2", listed(schemas))
    }

    /// Columns: kind, schema, table, name, detail, the other table or function. Each row is
    /// something that refuses or changes rows of a table.
    pub(crate) fn surroundings(&mut self, schemas: &BTreeSet<String>) -> Query {
        self.query("doctor/surroundings.sql.j2", listed(schemas))
    }

    /// Columns: schema, table, role. Each row is a role that may read a table, beside its owner.
    pub(crate) fn readers(&mut self, schemas: &BTreeSet<String>) -> Query {
        self.query("doctor/readers.sql.j2", listed(schemas))
    }

    /// Column: the largest number of an identity, if the identity would give it again.
    pub(crate) fn identity(&mut self, spec: &Spec, id: TableId, column: ColumnId) -> Query {
        self.query("doctor/identity.sql.j2", identity(spec, id, column))
    }

    /// Column: the plan of a statement, as JSON. The statement does not run.
    pub(crate) fn explain(&mut self, sql: &str) -> Query {
        let finding = Value::from(Sql::Query(sql.to_owned()));
        self.query("doctor/explain.sql.j2", context! { finding => finding })
    }

    /// Column: the isolation level of transactions.
    pub(crate) fn isolation(&mut self) -> Query {
        self.query("doctor/isolation.sql.j2", context! {})
    }

    /// Column: `yes` if this role may read `svv_table_info` of Redshift.
    pub(crate) fn table_info(&mut self) -> Query {
        self.query("doctor/table_info.sql.j2", context! {})
    }

    /// Columns, for open exceptions: type, `yes` if they wait for a sweep, number, age of the
    /// oldest in seconds.
    pub(crate) fn exceptions(&mut self, id: ExceptionsId) -> Query {
        let table = place(Slot::Exceptions(id));
        self.query("doctor/exceptions.sql.j2", context! { table => table, sealed => text(SEALED) })
    }

    /// Column: the time since the last completed cycle of a table, in seconds.
    pub(crate) fn cycles(&mut self, id: TableId) -> Query {
        let cycles = place(Slot::Cycles(id));
        self.query("doctor/cycles.sql.j2", context! { cycles => cycles })
    }

    /// The query of a monitor, with at most [`MAX_ROWS`] rows.
    pub(crate) fn monitor(&mut self, find: &str) -> Query {
        let finding = Value::from(Sql::Query(find.to_owned()));
        self.query("doctor/ask.sql.j2", context! { finding => finding, most => number(MAX_ROWS) })
    }

    fn query(&mut self, template: &str, context: Value) -> Query {
        let called = || template.to_owned();
        let marked = self.0.render(template, &called, context)?;
        Ok(self.0.name(Owner::Query, template, &called, "", &marked)?.sql)
    }
}

fn listed(schemas: &BTreeSet<String>) -> Value {
    context! { schemas => schemas.iter().map(|schema| text(schema)).collect::<Vec<_>>() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_a_sealed_period_is_the_one_that_the_safety_check_writes() {
        assert!(include_str!("../../templates/cycle/safety_check.sql.j2").contains(&format!("'{SEALED}'")));
    }
}
