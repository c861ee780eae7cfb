//! The dbt form of a compilation: an installable package, the hooks as properties, and a complete
//! model for each load that Rowkeep compiles. Statements contain names that dbt resolves for its
//! target. Invariant: this folder does not change statements.

pub(crate) mod check;
mod models;
pub(crate) mod monitors;
mod package;

use std::collections::BTreeMap;

use crate::artifacts::manifest::{Hook, Node};
use crate::cycle::plan::Slot;
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
    pub(crate) creates: Slot,
    pub(crate) adds: Option<Addition>,
    pub(crate) sql: String,
}

/// What a statement adds to a relation that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addition {
    Index,
    Grant,
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
