//! The doctor's questions. Each only reads.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context::{number, place, text};
use crate::cycle::render::value::Sql;
use crate::cycle::render::{Owner, Renderer};
use crate::diagnostic::Diagnostic;
use crate::project::{ExceptionsId, Spec, TableId};

/// What the safety check notes about a row whose period is sealed.
const SEALED: &str = "the period of its time is sealed";
/// The most rows of an answer that are counted.
pub(crate) const MOST: u64 = 1_000;

/// Asks in a project's dialect.
pub(crate) struct Questions<'s>(Renderer<'s>);

type Question = Result<String, Box<Diagnostic>>;

impl<'s> Questions<'s> {
    pub(crate) fn new(spec: &'s Spec) -> Self {
        Self(Renderer::new(spec, BTreeMap::new()))
    }

    /// The database's name, and what it says it is.
    pub(crate) fn server(&mut self) -> Question {
        self.question("doctor/server.sql.j2", context! {})
    }

    /// Schema, relation, kind, column, type, `yes` if it refuses NULL, `yes` if the relation may be read.
    pub(crate) fn relations(&mut self, schemas: &BTreeSet<String>) -> Question {
        self.question("doctor/relations.sql.j2", listed(schemas))
    }

    /// Schema, view, definition.
    pub(crate) fn views(&mut self, schemas: &BTreeSet<String>) -> Question {
        self.question("doctor/views.sql.j2", listed(schemas))
    }

    /// Schema, relation, the columns of a unique index with line ends between them.
    pub(crate) fn unique(&mut self, schemas: &BTreeSet<String>) -> Question {
        self.question("doctor/unique.sql.j2", listed(schemas))
    }

    /// In what isolation transactions run.
    pub(crate) fn isolation(&mut self) -> Question {
        self.question("doctor/isolation.sql.j2", context! {})
    }

    /// `yes` if Redshift's table of unsorted shares may be read.
    pub(crate) fn table_info(&mut self) -> Question {
        self.question("doctor/table_info.sql.j2", context! {})
    }

    /// Of open exceptions: type, `yes` if they wait for a sweep, how many, age of the oldest in seconds.
    pub(crate) fn exceptions(&mut self, id: ExceptionsId) -> Question {
        let table = place(Slot::Exceptions(id));
        self.question("doctor/exceptions.sql.j2", context! { table => table, sealed => text(SEALED) })
    }

    /// How long ago a table's last cycle was completed, in seconds.
    pub(crate) fn cycles(&mut self, id: TableId) -> Question {
        let cycles = place(Slot::Cycles(id));
        self.question("doctor/cycles.sql.j2", context! { cycles => cycles })
    }

    /// A monitor's question, with at most [`MOST`] rows for an answer.
    pub(crate) fn monitor(&mut self, find: &str) -> Question {
        let finding = Value::from(Sql::Query(find.to_owned()));
        self.question("doctor/ask.sql.j2", context! { finding => finding, most => number(MOST) })
    }

    fn question(&mut self, template: &str, context: Value) -> Question {
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
