//! Who may read which table or view.

use crate::cycle::plan::{Definition, DefinitionKind, Slot, Verb};
use crate::project::{Reader, Spec, Table};

/// The privilege to read a relation, for every reader of its table.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The relation that may be read.
    pub on: Slot,
    /// The readers. Invariant: at least one.
    pub readers: Vec<Reader>,
}

impl Grant {
    /// The file name of the grant.
    pub(crate) fn file_name(&self, spec: &Spec) -> String {
        DefinitionKind::Grant.file_name(&self.on.relation(spec))
    }

    /// The kind of SQL statement.
    pub fn verb(&self) -> Verb {
        Verb::Grant
    }

    /// The template that renders the grant.
    pub(crate) fn template(&self) -> &'static str {
        "ddl/grant.sql.j2"
    }
}

/// Every grant, sorted by file name. Work tables have none, but for the counts of a purge.
pub(super) fn grants(spec: &Spec, definitions: &[Definition]) -> Vec<Grant> {
    let is_read = |definition: &&Definition| {
        definition.kind != DefinitionKind::Work || matches!(definition.creates, Slot::Purged(_))
    };
    let grants = definitions.iter().filter(is_read).filter_map(|definition| of(spec, definition.creates));
    let mut all: Vec<_> = grants.collect();
    all.sort_by_cached_key(|grant| grant.file_name(spec));
    all
}

/// The grant of a relation. `None` if it has no reader.
pub(crate) fn of(spec: &Spec, on: Slot) -> Option<Grant> {
    let readers = match on {
        Slot::Exceptions(id) => {
            let mut tables = spec.tables.iter().filter(|table| table.exceptions == id);
            let first = tables.next().map_or(&[][..], |table| &table.readers);
            // An exception states the key of a row. Only who may read the rows of every table that
            // has exceptions here may read it.
            let may_read = |table: &Table, reader: &Reader| table.readers.contains(reader);
            let others: Vec<_> = tables.collect();
            first.iter().filter(|reader| others.iter().all(|table| may_read(table, reader))).cloned().collect()
        }
        _ => on.table().map_or_else(Vec::new, |id| spec.table(id).readers.clone()),
    };
    (!readers.is_empty()).then_some(Grant { on, readers })
}
