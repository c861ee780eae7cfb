//! The indexes of marts, of history tables and of the lists of due rows.

use crate::cycle::plan::{DefinitionKind, Slot, Verb, lists_due};
use crate::dialect::Indexes;
use crate::project::naming::{KEY_INDEX, PARENT_INDEX, TIME_INDEX, UNIQUE_KEY_INDEX};
use crate::project::{ColumnId, PeriodId, Retention, Spec, Table, TableId};
use crate::sql::Relation;

/// An index to create.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Index {
    /// The table that gets the index.
    pub on: Slot,
    /// The purpose of the index.
    pub kind: IndexKind,
    /// The columns, in the order of the index.
    pub columns: Vec<ColumnId>,
    /// Whether the table refuses two rows with equal values.
    pub unique: bool,
}

/// The purpose of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum IndexKind {
    /// Key and time: a cycle finds the versions and copies of a row by it.
    Key,
    /// The key of a mart that has one row per key.
    UniqueKey,
    /// The time: a cycle finds the due rows of a mart by it.
    Time,
    /// The columns of the join to the parent: a cycle finds the rows of a parent by it.
    Parent,
}

impl IndexKind {
    /// What the name of the index adds to the name of its table.
    fn suffix(self) -> &'static str {
        match self {
            IndexKind::Key => KEY_INDEX,
            IndexKind::UniqueKey => UNIQUE_KEY_INDEX,
            IndexKind::Time => TIME_INDEX,
            IndexKind::Parent => PARENT_INDEX,
        }
    }
}

impl Index {
    /// The name of the index. It is in the schema of its table.
    pub(crate) fn relation(&self, spec: &Spec) -> Relation {
        spec.index(&self.on.relation(spec), self.kind.suffix())
    }

    /// The file name of the index.
    pub(crate) fn file_name(&self, spec: &Spec) -> String {
        DefinitionKind::Index.file_name(&self.relation(spec))
    }

    /// The kind of SQL statement.
    pub fn verb(&self) -> Verb {
        Verb::CreateIndex
    }

    /// The template that renders the index.
    pub(crate) fn template(&self) -> &'static str {
        "ddl/index.sql.j2"
    }
}

/// Every index, sorted by file name.
pub(super) fn indexes(spec: &Spec) -> Vec<Index> {
    let mut all: Vec<_> = spec
        .tables()
        .flat_map(|(id, table)| {
            let histories = spec.periods_of(id).flat_map(move |period| of_history(table, id, period));
            of_mart(table, id).into_iter().chain(histories).chain(of_due(table, id))
        })
        .collect();
    all.sort_by_cached_key(|index| index.file_name(spec));
    all
}

fn of_mart(table: &Table, id: TableId) -> Vec<Index> {
    // If key and time begin with the time, their index also finds rows by the time.
    let time = vec![table.time.column];
    let time = (table.proof().first() != time.first()).then_some((IndexKind::Time, time));
    of(table, Slot::Mart(id), time)
}

/// The indexes of the history table of a period.
pub(crate) fn of_history(table: &Table, id: TableId, period: PeriodId) -> Vec<Index> {
    of(table, Slot::History(id, period), None)
}

/// The index of a list that trims read. Without it, a planner that takes the history table for
/// empty reads the whole list once for each row of history.
fn of_due(table: &Table, id: TableId) -> Option<Index> {
    let has_indexes = table.layout.indexes != Indexes::None;
    let on = Slot::Due(id);
    (has_indexes && lists_due(table)).then(|| Index { on, kind: IndexKind::Key, columns: table.proof(), unique: false })
}

fn of(table: &Table, on: Slot, time: Option<(IndexKind, Vec<ColumnId>)>) -> Vec<Index> {
    let is_unique = match table.layout.indexes {
        Indexes::Unique | Indexes::UniqueKey => true,
        Indexes::Plain => false,
        Indexes::None => return Vec::new(),
    };
    let (kind, key) = match on {
        Slot::Mart(_) if table.is_updated_in_place() => (IndexKind::UniqueKey, table.unique_key.clone()),
        _ => (IndexKind::Key, table.proof()),
    };
    let parent = match &table.retention {
        Retention::For { .. } => None,
        Retention::WhileIn { on, .. } => {
            let columns: Vec<_> = on.iter().map(|&(ours, _)| ours).collect();
            let leads = key[..columns.len().min(key.len())].iter().all(|column| columns.contains(column));
            (!leads || columns.len() > key.len()).then_some((IndexKind::Parent, columns))
        }
    };
    let by_key = Index { on, kind, columns: key, unique: is_unique };
    let others = time.into_iter().chain(parent);
    let others = others.map(|(kind, columns)| Index { on, kind, columns, unique: false });
    std::iter::once(by_key).chain(others).collect()
}
