//! The relations and columns of a project, by name. Names are folded as the engine folds them.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Ident, ObjectName};

use crate::cycle::plan::Slot;
use crate::dialect::Dialect;
use crate::features::monitors::Asks;
use crate::project::naming::{ERASED_AT, ERASED_NOTES, EXCEPTION_COLUMNS, KEY_HASH, ROW_COUNT, STALE_PLACE};
use crate::project::{ColumnId, Exceptions, ExceptionsId, Spec, Table, TableId};
use crate::sql::SqlType;

/// The only column of a cutoff table.
pub(super) const CUTOFF_COLUMN: &str = "cutoff";

/// The only column of the table of completed cycles.
pub(super) const COMPLETED_COLUMN: &str = "completed_at";

/// The columns of the table that counts purged rows, beside the count.
pub(super) const PURGED_COLUMNS: [&str; 3] = ["purged_at", "oldest_time", "newest_time"];

/// Every relation and column of a project.
#[derive(Debug)]
pub(super) struct Names<'s> {
    pub(super) spec: &'s Spec,
    slots: BTreeMap<Vec<String>, Slot>,
    /// The names of all relations, without their schemas.
    bare: BTreeSet<String>,
    /// The names of all columns.
    columns: BTreeSet<String>,
    /// The kind of literals that a column of a table is compared with, by its name. Columns with
    /// one name may have different types.
    literals: BTreeMap<String, BTreeSet<LiteralKind>>,
    tables: Vec<Columns>,
    /// The key of each exceptions table.
    keys: Vec<String>,
}

/// The kinds of literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LiteralKind {
    Number,
    Text,
    /// A literal with its type: `DATE '2025-07-01'`.
    Typed(&'static str),
    Other,
}

impl LiteralKind {
    fn of_type(ty: SqlType) -> [Self; 1] {
        [match ty {
            SqlType::Smallint
            | SqlType::Integer
            | SqlType::Bigint
            | SqlType::Real
            | SqlType::Double
            | SqlType::Decimal { .. } => Self::Number,
            SqlType::Varchar(_) | SqlType::Text => Self::Text,
            SqlType::Date => Self::Typed("DATE"),
            SqlType::Timestamp | SqlType::Timestamptz => Self::Typed("TIMESTAMP"),
            SqlType::Boolean | SqlType::Json | SqlType::Uuid | SqlType::Engine(_) => Self::Other,
        }]
    }

    fn is_of(self, literal: &str) -> bool {
        match self {
            Self::Number => literal.starts_with(|c: char| c.is_ascii_digit() || c == '-'),
            Self::Text => literal.starts_with('\''),
            // GoogleSQL has DATETIME literals.
            Self::Typed("TIMESTAMP") => literal.starts_with("TIMESTAMP") || literal.starts_with("DATETIME"),
            Self::Typed(ty) => literal.starts_with(ty),
            Self::Other => false,
        }
    }
}

#[derive(Debug)]
struct Columns {
    /// In the order of the spec.
    listed: Vec<String>,
    mart: BTreeSet<String>,
    /// The columns that only the raw table has.
    raw: BTreeSet<String>,
    /// The columns of work tables: the key and the time.
    proof: BTreeSet<String>,
}

impl<'s> Names<'s> {
    pub(super) fn new(spec: &'s Spec) -> Self {
        let dialect = spec.dialect;
        let mut slots = BTreeMap::new();
        // Two marts may read one raw table. Then the first slot identifies the table.
        let mut add = |slot: Slot| {
            slots.entry(slot.relation(spec).folded(dialect)).or_insert(slot);
        };
        let mut tables = Vec::with_capacity(spec.tables.len());
        for (id, table) in spec.tables() {
            spec.periods_of(id).for_each(|period| add(Slot::History(id, period)));
            let work = [Slot::Cutoff(id), Slot::Stale(id), Slot::Due(id), Slot::Cycles(id)];
            let purged = table.is_purged().then_some(Slot::Purged(id));
            let of_table = [Slot::Mart(id)].into_iter().chain(purged).chain(Slot::views(spec, id)).chain(work);
            of_table.chain([Slot::Exceptions(table.exceptions)]).for_each(&mut add);
            table.raw.iter().for_each(|_| add(Slot::Raw(id)));
            let listed: Vec<_> = table.columns.iter().map(|column| column.name.folded(dialect)).collect();
            tables.push(Columns {
                mart: listed.iter().cloned().collect(),
                raw: table.raw_columns.iter().map(|column| column.name.folded(dialect)).collect(),
                proof: table.proof().iter().map(|column| listed[column.0].clone()).collect(),
                listed,
            });
        }
        for id in (0..spec.exceptions.len()).map(ExceptionsId).filter(|&id| spec.exceptions(id).erased.is_some()) {
            add(Slot::Erased(id));
        }
        for id in spec.monitor_ids().filter(|&id| matches!(spec.monitor(id).asks, Asks::Compare { .. })) {
            add(Slot::Compared(id));
        }
        let keys: Vec<_> = spec.exceptions.iter().map(|exceptions| exceptions.key.name.folded(dialect)).collect();
        let bare = slots.keys().filter_map(|parts| parts.last().cloned()).collect();
        let of_tables = tables.iter().flat_map(|table: &Columns| table.mart.iter().chain(&table.raw));
        let own = EXCEPTION_COLUMNS.into_iter().chain([CUTOFF_COLUMN, COMPLETED_COLUMN, STALE_PLACE]);
        // Without a purge, an alias may have the name of such a column.
        let purges = spec.tables.iter().any(Table::is_purged);
        let own = own.chain(PURGED_COLUMNS.into_iter().chain([ROW_COUNT]).filter(|_| purges));
        let erases = spec.exceptions.iter().any(|exceptions| exceptions.erased.is_some());
        let hashes = spec.exceptions.iter().any(Exceptions::are_hashed);
        let own = own.chain(Some(ERASED_AT).filter(|_| erases)).chain(Some(KEY_HASH).filter(|_| hashes));
        let columns = of_tables.chain(&keys).cloned().chain(own.map(str::to_owned)).collect();
        let mut literals: BTreeMap<String, BTreeSet<LiteralKind>> = BTreeMap::new();
        for column in spec.tables.iter().flat_map(|table| table.columns.iter().chain(&table.raw_columns)) {
            literals.entry(column.name.folded(dialect)).or_default().extend(LiteralKind::of_type(column.ty));
        }
        Self { spec, slots, bare, columns, literals, tables, keys }
    }

    /// The relation with this name.
    pub(super) fn slot(&self, name: &ObjectName) -> Option<Slot> {
        self.slots.get(&fold(name, self.spec.dialect)?).copied()
    }

    /// Whether a relation has this name, in any schema.
    pub(super) fn is_bare(&self, folded: &str) -> bool {
        self.bare.contains(folded)
    }

    /// Whether a column with this name can be compared with a literal.
    pub(super) fn fits(&self, column: &str, literal: &str) -> bool {
        self.literals.get(column).is_some_and(|kinds| kinds.iter().any(|kind| kind.is_of(literal)))
    }

    /// Whether any relation has a column with this name.
    pub(super) fn is_column(&self, folded: &str) -> bool {
        self.columns.contains(folded)
    }

    /// The slot that identifies a relation. Two slots may be one raw table.
    pub(super) fn one(&self, slot: Slot) -> Slot {
        match slot {
            Slot::Raw(_) | Slot::Compared(_) => {
                *self.slots.get(&slot.relation(self.spec).folded(self.spec.dialect)).unwrap_or(&slot)
            }
            _ => slot,
        }
    }

    /// The name of a column in the mart and the history tables.
    pub(super) fn column(&self, table: TableId, column: ColumnId) -> &str {
        &self.tables[table.0].listed[column.0]
    }

    /// The name of the key column of an exceptions table.
    pub(super) fn exception_key(&self, id: ExceptionsId) -> &str {
        &self.keys[id.0]
    }

    /// The name of the column of a list of erased keys that holds the key, or its hash.
    pub(super) fn erased_key(&self, id: ExceptionsId) -> &str {
        if self.spec.exceptions(id).are_hashed() { KEY_HASH } else { self.exception_key(id) }
    }

    /// The column with this name, if the relation has it.
    pub(super) fn find(&self, slot: Slot, ident: &Ident) -> Option<&str> {
        let name = fold_part(ident, self.spec.dialect);
        let of = |table: TableId| &self.tables[table.0];
        match slot {
            Slot::Mart(table) | Slot::History(table, _) | Slot::AllRows(table) | Slot::Copies(table) => {
                of(table).mart.get(&*name).map(String::as_str)
            }
            Slot::Raw(table) => {
                let shared = |other: &TableId| self.one(Slot::Raw(*other)) == slot;
                let readers = self.spec.tables().map(|(id, _)| id).filter(shared);
                let mut found = std::iter::once(table).chain(readers).map(of);
                found
                    .find_map(|columns| columns.mart.get(&*name).or_else(|| columns.raw.get(&*name)))
                    .map(String::as_str)
            }
            Slot::Stale(_) if *name == *STALE_PLACE => Some(STALE_PLACE),
            Slot::Stale(table) | Slot::Due(table) => of(table).proof.get(&*name).map(String::as_str),
            // An external table: its columns are unknown.
            Slot::Compared(_) => None,
            Slot::Cycles(_) => (*name == *COMPLETED_COLUMN).then_some(COMPLETED_COLUMN),
            Slot::Cutoff(_) => (*name == *CUTOFF_COLUMN).then_some(CUTOFF_COLUMN),
            Slot::Purged(_) => {
                let mut own = PURGED_COLUMNS.into_iter().chain([ROW_COUNT]);
                own.find(|column| *name == **column)
            }
            Slot::Erased(id) => {
                let own = [ERASED_AT, ERASED_NOTES].into_iter().find(|column| *name == **column);
                own.or_else(|| (*name == *self.erased_key(id)).then(|| self.erased_key(id)))
            }
            Slot::Exceptions(id) => {
                let own = EXCEPTION_COLUMNS.into_iter().find(|column| *name == **column);
                own.or_else(|| (*name == self.keys[id.0]).then(|| self.keys[id.0].as_str()))
            }
        }
    }
}

/// The folded parts of a name. `None` if a part is computed.
pub(super) fn fold(name: &ObjectName, dialect: Dialect) -> Option<Vec<String>> {
    name.0.iter().map(|piece| piece.as_ident().map(|ident| fold_part(ident, dialect).into_owned())).collect()
}

/// One folded part of a name: the text that the engine compares.
pub(super) fn fold_part(ident: &Ident, dialect: Dialect) -> std::borrow::Cow<'_, str> {
    crate::sql::fold(&ident.value, ident.quote_style.is_some(), dialect)
}
