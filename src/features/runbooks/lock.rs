//! The statement that keeps a second cycle or sweep from running beside the first one, where an
//! operator runs the lists of statements in one session of the database.

use minijinja::{Value, context};

use crate::cycle::render::value::Sql;
use crate::features::runbooks::render::Writer;
use crate::sql::Relation;

const TEMPLATE: &str = "runbooks/sql/lock.sql.j2";

impl Writer<'_, '_> {
    /// `None` if the engine has no locks that outlive a statement, or if no table has a cycle.
    pub(super) fn lock(&mut self) -> Option<String> {
        let dialect = self.spec.dialect;
        if !dialect.rules().has_advisory_locks() || self.spec.tables.is_empty() {
            return None;
        }
        // The schema and the name as dbt says them. dbt writes the database apart.
        let name = |relation: &Relation| {
            let parts = [&relation.schema, relation.name()].map(|part| part.folded(dialect));
            Value::from(Sql::Literal(format!("'{}'", parts.join(".").replace('\'', "''"))))
        };
        let marts: Vec<_> = self.spec.tables.iter().map(|table| name(&table.relation)).collect();
        let rendered = self.renderer.render(TEMPLATE, &|| "the lock".to_owned(), context! { marts });
        Some(format!("{}\n", self.failures.keep_text(TEMPLATE, rendered)))
    }
}
