//! The dbt form of what was compiled: an installable package, the hooks once more as properties, and whole models where the load
//! is Rowkeep's. Statements come with names that dbt resolves under the target it runs with; nothing here changes them.

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

/// What dbt is given of one table.
pub(crate) struct Model<'a> {
    pub(crate) table: TableId,
    pub(crate) node: &'a Node,
    pub(crate) sweep: &'a [Hook],
    /// What creates its relations, in the order in which they can be created.
    pub(crate) creations: Vec<Creation>,
    /// What an operator may do about a key.
    pub(crate) repairs: Vec<&'a Repair>,
    pub(crate) texts: ForDbt,
}

/// A statement that creates a relation.
pub(crate) struct Creation {
    pub(crate) creates: Slot,
    pub(crate) sql: String,
}

/// Adds the files of `dbt/`. Exceptions tables serve many models, and so do the statements that create them.
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

/// The hook that stands before all others: it runs nothing, and refuses where the others would do harm.
pub(crate) fn guard(spec: &Spec, table: TableId) -> String {
    let mart = spec.table(table).relation.name().as_str();
    format!("{{{{ {}.guard(this, '{mart}') }}}}", spec.dbt_package())
}
