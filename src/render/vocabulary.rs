//! The vocabulary that gives relations their names. The compiled form has this one; a dbt form needs only another.

use crate::plan::Slot;
use crate::spec::Spec;

/// How a statement writes a relation: in full where it stands as a table, bare where it qualifies a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) full: String,
    pub(crate) bare: String,
}

impl Place {
    pub(super) fn compiled(spec: &Spec, slot: Slot) -> Self {
        let relation = slot.relation(spec);
        Self { full: relation.sql(spec.dialect), bare: relation.name.sql(spec.dialect) }
    }
}
