//! The dbt form of a compilation: an installable package, the hooks as properties, and a complete
//! model for each load that Rowkeep compiles. Statements contain names that dbt resolves for its
//! target. Invariant: this folder does not change statements.

pub(crate) mod check;
mod models;
pub(crate) mod monitors;
mod package;

use std::collections::BTreeMap;

use crate::artifacts::manifest::{Hook, Node};
use crate::cycle::plan::{DefinitionKind, Slot};
use crate::cycle::render::{ForDbt, Vocabulary};
use crate::features::repairs::emit::Repair;
use crate::project::{Spec, TableId};

/// The dbt input for one table.
pub(crate) struct Model<'a> {
    pub(crate) table: TableId,
    pub(crate) node: &'a Node,
    pub(crate) sweep: &'a [Hook],
    /// The statements that create its relations, in creation order.
    pub(crate) creations: Vec<Creation>,
    /// The repairs of a key that an operator can run.
    pub(crate) repairs: Vec<&'a Repair>,
    pub(crate) texts: ForDbt,
}

/// A statement that creates a relation, or adds something to it.
pub(crate) struct Creation {
    pub(crate) kind: DefinitionKind,
    /// The relation that is created, or gets an index or a grant.
    pub(crate) on: Slot,
    pub(crate) sql: String,
}

/// Adds the files of `dbt/`. Many models share the exceptions tables, so the statements that create
/// them are separate.
pub(crate) fn emit(
    spec: &Spec,
    names: &mut Vocabulary<'_>,
    models: &[Model<'_>],
    exceptions: &[Creation],
    files: &mut BTreeMap<String, String>,
) {
    package::emit(spec, names, models, exceptions, files);
    models::emit(spec, models, files);
}

/// The first hook of a model. It runs no SQL. It stops the run if the other hooks would change the
/// wrong relation.
pub(crate) fn guard(spec: &Spec, table: TableId) -> String {
    let mart = spec.table(table).relation.name().as_str();
    format!("{{{{ {}.guard(this, '{mart}') }}}}", spec.dbt_package())
}
