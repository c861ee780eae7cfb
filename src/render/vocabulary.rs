//! The vocabulary that gives relations their names. The compiled form has this one; a dbt form needs only another.

use crate::dialect::Dialect;
use crate::plan::Slot;
use crate::spec::Spec;
use crate::spec::resolve::names::{ALL_ROWS, CUTOFF, DUE, VERSIONS};
use crate::sql::Relation;

/// How a statement writes a relation: in full where it stands as a table, bare where it qualifies a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) full: String,
    pub(crate) bare: String,
}

impl Place {
    pub(super) fn compiled(spec: &Spec, slot: Slot) -> Self {
        let relation = relation(spec, slot);
        Self { full: relation.sql(spec.dialect), bare: bare(&relation, spec.dialect) }
    }
}

fn bare(relation: &Relation, dialect: Dialect) -> String {
    relation.name.sql(dialect)
}

/// The real relation of a slot.
pub(crate) fn relation(spec: &Spec, slot: Slot) -> Relation {
    let work = |table, suffix| spec.schema.renamed(spec.table(table).model.value.with_suffix(suffix));
    match slot {
        Slot::Mart(table) => spec.table(table).relation.clone(),
        // Invariant: a plan reads the raw table of a spec that states one.
        Slot::Source(table) => spec.table(table).source.clone().unwrap_or_else(|| spec.table(table).relation.clone()),
        Slot::History(table, period) => {
            let prefix = &spec.table(table).history;
            prefix.renamed(prefix.name.with_suffix(&format!("_{}", spec.period(period).name)))
        }
        Slot::Cutoff(table) => work(table, CUTOFF),
        Slot::Versions(table) => work(table, VERSIONS),
        Slot::Due(table) => work(table, DUE),
        Slot::Exceptions(id) => spec.exceptions(id).relation.clone(),
        Slot::AllRows(table) => {
            let prefix = &spec.table(table).history;
            prefix.renamed(prefix.name.with_prefix(ALL_ROWS))
        }
    }
}
