//! The tables and views that must exist before the first run.

use crate::cycle::plan::steps::{lists_due, lists_stale, reads_trimmed_raw};
use crate::cycle::plan::{Slot, Verb};
use crate::project::{ExceptionsId, Filled, PeriodId, Spec};
use crate::sql::{Name, Relation};

/// A table or view to create. Indexes and grants have types of their own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Definition {
    /// The purpose of the relation.
    pub kind: DefinitionKind,
    /// The relation that is created.
    pub creates: Slot,
    /// Every relation that the definition reads.
    pub reads: Vec<Slot>,
    /// The period, if the relation is a history table.
    pub period: Option<PeriodId>,
}

/// The purpose of a definition. The variants are in the order in which relations can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the name of each variant says what it is")]
#[non_exhaustive]
pub enum DefinitionKind {
    Mart,
    History,
    Exceptions,
    Work,
    View,
    Index,
    Grant,
}

impl DefinitionKind {
    /// The name of the kind in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            DefinitionKind::Mart => "mart",
            DefinitionKind::History => "history",
            DefinitionKind::Exceptions => "exceptions",
            DefinitionKind::Work => "work",
            DefinitionKind::View => "view",
            DefinitionKind::Index => "index",
            DefinitionKind::Grant => "grant",
        }
    }

    /// The number in the file name. It depends on the kind only, so a new period changes no file
    /// name.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// Whether it adds something to a relation that exists.
    pub(crate) fn is_added(self) -> bool {
        matches!(self, DefinitionKind::Index | DefinitionKind::Grant)
    }

    /// The file name of a definition of this kind.
    pub(super) fn file_name(self, relation: &Relation) -> String {
        let name = relation.parts().map(Name::as_str).collect::<Vec<_>>().join(".");
        format!("{:02}_{name}.sql", self.number())
    }
}

impl Definition {
    /// The file name of the definition.
    pub(crate) fn file_name(&self, spec: &Spec) -> String {
        self.kind.file_name(&self.creates.relation(spec))
    }

    /// The kind of SQL statement.
    pub fn verb(&self) -> Verb {
        match self.kind {
            DefinitionKind::View => Verb::CreateView,
            DefinitionKind::Mart | DefinitionKind::History | DefinitionKind::Exceptions | DefinitionKind::Work => {
                Verb::CreateTable
            }
            DefinitionKind::Index => Verb::CreateIndex,
            DefinitionKind::Grant => Verb::Grant,
        }
    }

    /// The template that renders the definition.
    pub(crate) fn template(&self) -> &'static str {
        match self.creates {
            Slot::Exceptions(_) => "ddl/exceptions.sql.j2",
            Slot::Erased(_) => "ddl/erased.sql.j2",
            Slot::Cutoff(_) => "ddl/cutoff.sql.j2",
            Slot::Cycles(_) => "ddl/cycles.sql.j2",
            Slot::Purged(_) => "ddl/purged.sql.j2",
            Slot::Stale(_) => "ddl/stale.sql.j2",
            Slot::Due(_) => "ddl/due.sql.j2",
            Slot::AllRows(_) => "ddl/all_rows.sql.j2",
            Slot::Copies(_) => "ddl/copies.sql.j2",
            Slot::Mart(_) | Slot::Raw(_) | Slot::History(..) | Slot::Compared(_) => "ddl/rows.sql.j2",
        }
    }
}

/// Every definition, sorted by kind, then by name.
pub(super) fn definitions(spec: &Spec) -> Vec<Definition> {
    let create = |kind, creates, reads, period| Definition { kind, creates, reads, period };
    let mut all = Vec::new();
    for (id, table) in spec.tables() {
        // The spec does not have the expression of a generated column, so such a mart must exist.
        if !table.has_filled(Filled::Generated) {
            all.push(create(DefinitionKind::Mart, Slot::Mart(id), vec![], None));
        }
        let histories: Vec<_> = spec.periods_of(id).map(|period| Slot::History(id, period)).collect();
        for (period, &history) in spec.periods_of(id).zip(&histories) {
            all.push(create(DefinitionKind::History, history, vec![], Some(period)));
        }
        all.push(create(DefinitionKind::Work, Slot::Cutoff(id), vec![], None));
        if lists_stale(table) {
            all.push(create(DefinitionKind::Work, Slot::Stale(id), vec![], None));
        }
        if lists_due(table) {
            all.push(create(DefinitionKind::Work, Slot::Due(id), vec![], None));
        }
        if reads_trimmed_raw(spec, id) {
            all.push(create(DefinitionKind::Work, Slot::Cycles(id), vec![], None));
        }
        if table.is_purged() {
            all.push(create(DefinitionKind::Work, Slot::Purged(id), vec![], None));
        }
        let reads: Vec<_> = std::iter::once(Slot::Mart(id)).chain(histories).collect();
        all.extend(Slot::views(spec, id).map(|view| create(DefinitionKind::View, view, reads.clone(), None)));
    }
    for id in (0..spec.exceptions.len()).map(ExceptionsId) {
        all.push(create(DefinitionKind::Exceptions, Slot::Exceptions(id), vec![], None));
        if spec.exceptions(id).erased.is_some() {
            all.push(create(DefinitionKind::Exceptions, Slot::Erased(id), vec![], None));
        }
    }
    // Invariant: the same order as the file names.
    all.sort_by_cached_key(|definition| (definition.kind, definition.file_name(spec)));
    all
}
