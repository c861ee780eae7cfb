//! Emits operations: one file and one manifest entry each.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifacts::checksum;
use crate::cycle::plan::{Slot, Verb};
use crate::cycle::render::{Statement, Vocabulary};
use crate::features::operation::Operation;

/// A statement that runs outside of a table's cycle, in the manifest.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the JSON Schema describes each field")]
pub struct OperationEntry {
    pub name: String,
    /// The SQL, with `:name` for each parameter.
    pub sql: String,
    /// The same SQL, with relations that dbt resolves. `None` if dbt cannot run it.
    pub dbt_sql: Option<String>,
    pub transaction: bool,
    pub parameters: &'static [&'static str],
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    pub path: String,
    /// SHA-256 of `sql`.
    pub checksum: String,
}

/// The files of a compilation, while they are emitted.
pub(crate) struct Layout<'a, 's> {
    pub(crate) names: &'a mut Vocabulary<'s>,
    pub(crate) files: &'a mut BTreeMap<String, String>,
}

impl Layout<'_, '_> {
    /// Adds the file of an operation, and returns its manifest entry. `dbt_sql` is its text for
    /// dbt, if dbt can run it.
    pub(crate) fn operation(
        &mut self,
        statement: Statement<'_, Operation>,
        folder: &str,
        dbt_sql: Option<String>,
    ) -> OperationEntry {
        let operation = statement.step;
        let path = format!("{folder}/{}.sql", operation.name);
        self.files.insert(path.clone(), format!("{}\n", statement.sql));
        let changes = !matches!(operation.verb, Verb::Select);
        let mut written = |slot: Slot| self.names.full(slot).to_owned();
        OperationEntry {
            name: operation.name.clone(),
            checksum: checksum([statement.sql.as_str()]),
            sql: statement.sql,
            dbt_sql,
            transaction: operation.transaction(),
            parameters: operation.parameters,
            reads: operation.reads.iter().map(|&slot| written(slot)).collect(),
            writes: if changes { vec![written(operation.writes)] } else { Vec::new() },
            path,
        }
    }
}
