//! Rolling tables and their parts: columns, time, retention, exceptions, layout and load.

use crate::dialect::{Dialect, Indexes, ReaderKind};
use crate::features::erasure::{ErasedKeys, Erasure};
use crate::features::only_when::{Condition, Test, is_not_null};
use crate::features::tripwire::Tripwire;
use crate::project::{Archive, Length, PeriodListId};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation, SqlType, TimeUnit};

/// The index of a table in [`Spec::tables`](crate::project::Spec::tables).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableId(pub(crate) usize);

/// The index of a column in [`Table::columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnId(pub(crate) usize);

/// The index of an exceptions table in [`Spec::exceptions`](crate::project::Spec::exceptions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExceptionsId(pub(crate) usize);

/// One rolling table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// The dbt model that builds the mart.
    pub model: Spanned<Name>,
    /// The relation of the mart.
    pub relation: Relation,
    /// Where due rows go.
    pub archive: Archive,
    /// The list of its periods. Invariant: `None` if it has no history table per period.
    pub periods: Option<PeriodListId>,
    pub(crate) places: TablePlaces,
    /// Every column, in order.
    pub columns: Vec<Column>,
    /// The columns that identify a row.
    pub unique_key: Vec<ColumnId>,
    /// The time column.
    pub time: Time,
    /// Whether a row can have several versions.
    pub rows: Rows,
    /// How long a row stays in the mart.
    pub retention: Retention,
    /// The conditions that a row must meet before it is due, beside its age. Empty for a table with
    /// `while_in`: its rows leave with their parents.
    pub only_when: Vec<Condition>,
    /// The table that records its exceptions.
    pub exceptions: ExceptionsId,
    /// The column of the unique key that its exceptions record.
    pub exception_key: ColumnId,
    /// The type of its exceptions.
    pub exception_type: String,
    /// The lists of erased keys that the table obeys.
    pub erasures: Vec<Erasure>,
    /// The physical layout.
    pub layout: Layout,
    /// Who may read the tables. Empty on engines where Rowkeep grants nothing.
    pub readers: Vec<Reader>,
    /// The limit of due rows. A cycle that finds more stops before it archives.
    pub tripwire: Option<Tripwire>,
    /// The most rows of open periods that one run archives.
    pub limit: Option<u64>,
    /// The raw table.
    pub raw: Option<Relation>,
    /// Columns that the raw table has and the mart does not have.
    pub raw_columns: Vec<Column>,
    /// The load of the mart, if Rowkeep writes it.
    pub load: Option<Load>,
    /// The tables whose hooks run before those of this table: its parent, and the tables of
    /// `after:`.
    pub depends_on: Vec<TableId>,
}

/// Where the spec of a table states its parts, for diagnostics.
#[derive(Clone, Debug)]
pub(crate) struct TablePlaces {
    /// `history`, or `archive` if the table is purged.
    pub(crate) history: Span,
    /// `history` if the spec names no list of periods.
    pub(crate) periods: Span,
    pub(crate) unique_key: Span,
    pub(crate) time: Span,
    pub(crate) retention: Span,
    /// `retention` if the spec has no `only_when`.
    pub(crate) only_when: Span,
    pub(crate) columns: Span,
    /// Of each column.
    pub(crate) each_column: Vec<Span>,
    pub(crate) raw: Option<Span>,
    /// `time` if the spec has no `incremental`.
    pub(crate) load: Span,
}

impl Table {
    /// The column with this id.
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.0]
    }

    /// Where the spec states the column with a name, folded or not. The list of columns, if it has
    /// none.
    pub(crate) fn place_of(&self, name: &str, dialect: Dialect) -> Span {
        let is_it = |column: &Column| column.name.as_str() == name || column.name.folded(dialect) == name;
        let at = self.columns.iter().position(is_it);
        at.and_then(|at| self.places.each_column.get(at)).copied().unwrap_or(self.places.columns)
    }

    /// Whether a key can have several versions. It can if the time is not part of the key.
    ///
    /// This includes `rows: events` whose time is not in the key: an event with a corrected time is
    /// a new version.
    pub fn is_versioned(&self) -> bool {
        !self.unique_key.contains(&self.time.column)
    }

    /// Whether a newer version replaces the older one in place, so that the mart has one row per
    /// key at every moment. Key: `layout: { index: unique_key }`.
    pub fn is_updated_in_place(&self) -> bool {
        self.is_versioned() && self.layout.indexes == Indexes::UniqueKey
    }

    /// Whether a row of the mart without a time is not finished: `until`, or `only_when`, asks for
    /// a value in the time column. Such a row is newer than every archived version of its key.
    pub fn has_unfinished_rows(&self) -> bool {
        let time = self.time.column;
        self.is_versioned() && !self.column(time).not_null && self.only_when.contains(&is_not_null(time))
    }

    /// Whether due rows are deleted without a copy. Key: `archive: none`.
    pub fn is_purged(&self) -> bool {
        matches!(self.archive, Archive::None)
    }

    /// Whether the table has one history table per period.
    pub fn has_periods(&self) -> bool {
        matches!(self.archive, Archive::Periods(_))
    }

    /// The history table, or the name of the history tables without the name of a period. `None`
    /// for a purge.
    pub fn history(&self) -> Option<&Relation> {
        match &self.archive {
            Archive::Periods(names) => Some(names.without_period()),
            Archive::One(history) => Some(history),
            Archive::None => None,
        }
    }

    /// The history table, or the history tables with a text in place of the period. `None` for a
    /// purge.
    pub(crate) fn history_sql(&self, period: &str, dialect: Dialect) -> Option<String> {
        match &self.archive {
            Archive::Periods(names) => Some(names.sql_of(period, dialect)),
            Archive::One(history) => Some(history.sql(dialect)),
            Archive::None => None,
        }
    }

    /// Whether the time of a row says when it expires. Key: `until`.
    pub(crate) fn expires(&self) -> bool {
        matches!(self.retention, Retention::For { length: Length::Seconds(0), .. })
    }

    /// The columns that identify an exact copy of a row: the key and the time.
    pub(crate) fn proof(&self) -> Vec<ColumnId> {
        let mut proof = self.unique_key.clone();
        if !proof.contains(&self.time.column) {
            proof.push(self.time.column);
        }
        proof
    }

    /// The columns of the key and the time that may be NULL. Without them, no row is incomplete. A
    /// row that does not meet `only_when` is not reported, and any of its tests but IS NULL asks
    /// for a value.
    pub(crate) fn nullable_proof(&self) -> Vec<ColumnId> {
        let has_value = |id| self.only_when.iter().any(|one| one.column == id && one.test != Test::IsNull);
        self.proof().into_iter().filter(|&id| !self.column(id).not_null && !has_value(id)).collect()
    }

    /// The columns that are neither key nor time.
    pub(crate) fn payload(&self) -> impl Iterator<Item = ColumnId> {
        (0..self.columns.len()).map(ColumnId).filter(|id| !self.unique_key.contains(id) && *id != self.time.column)
    }

    /// The columns that statements write when they insert rows into the mart.
    pub(crate) fn inserted(&self) -> impl Iterator<Item = ColumnId> {
        (0..self.columns.len()).map(ColumnId).filter(|&id| self.column(id).filled != Filled::Generated)
    }

    /// The columns of the payload that the load writes when a row is delivered with another
    /// payload.
    pub(crate) fn corrected(&self) -> impl Iterator<Item = ColumnId> {
        self.payload().filter(|&id| self.column(id).filled == Filled::ByInsert)
    }

    /// The columns that a newer version replaces in a mart that is updated in place.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = ColumnId> {
        std::iter::once(self.time.column).chain(self.corrected())
    }

    /// Whether the mart has a column that is filled in this way.
    pub(crate) fn has_filled(&self, filled: Filled) -> bool {
        self.columns.iter().any(|column| column.filled == filled)
    }

    /// The columns of the payload that a trim compares with the copy: those of a type with
    /// equality.
    pub(crate) fn comparable_payload(&self) -> impl Iterator<Item = ColumnId> {
        self.payload().filter(|&id| self.column(id).ty.is_comparable())
    }
}

/// A column and its type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Column {
    /// The name.
    pub name: Name,
    /// The type.
    pub ty: SqlType,
    /// Whether marts and history tables declare the column NOT NULL. Then no statement looks for
    /// rows without a value.
    pub not_null: bool,
    /// What gives the column its values in the mart. History tables store the values of every
    /// column.
    pub filled: Filled,
}

/// What gives a column of a mart its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filled {
    /// The statement that inserts the row.
    #[default]
    ByInsert,
    /// The engine counts: GENERATED ALWAYS AS IDENTITY. A statement that inserts a row again states
    /// its old value. No statement updates the column.
    Identity,
    /// The engine computes it from other columns. No statement writes the column.
    Generated,
}

impl Filled {
    /// The word of the spec after the type.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Filled::ByInsert => "",
            Filled::Identity => "identity",
            Filled::Generated => "generated",
        }
    }
}

/// The time column and its unit.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The column.
    pub column: ColumnId,
    /// The unit of its values.
    pub unit: TimeUnit,
}

/// Whether a row can have several versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rows {
    /// The newest version of a key wins.
    Latest,
    /// Rows do not change. A row that is delivered again replaces its copy.
    Events,
}

/// How long a row stays in the mart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Retention {
    /// Until it is older than the cutoff.
    For {
        /// The length of the retention. It is 0 for `until`: the time of a row says when it
        /// expires.
        length: Length,
        /// From when the length is measured back.
        from: CutoffFrom,
    },
    /// While its key is in the parent mart.
    WhileIn {
        /// The parent.
        parent: TableId,
        /// Pairs of columns that must be equal: a column of this table, and one of the parent.
        on: Vec<(ColumnId, ColumnId)>,
        /// The ancestor with a fixed retention. This table uses the cutoff of that ancestor.
        root: TableId,
    },
}

/// From when the length of a retention is measured back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutoffFrom {
    /// From the newest row of the mart, but never from later than now. If the load stops, no row
    /// becomes due.
    Newest,
    /// From now.
    Now,
}

/// An exceptions table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exceptions {
    /// The relation.
    pub relation: Relation,
    /// The column with the key of the reported row. It is nullable.
    pub key: Column,
    /// The table that lists erased keys, if the project states one.
    pub erased: Option<ErasedKeys>,
    pub(crate) span: Span,
}

/// The physical layout, for engines that have one.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Layout {
    /// The column by which rows are distributed.
    pub dist_key: Option<ColumnId>,
    /// The columns by which rows are sorted.
    pub sort_key: Vec<ColumnId>,
    /// The compression of columns. Empty on engines that do not state it by column.
    pub encode: Vec<(ColumnId, String)>,
    /// The indexes of the mart and its history tables. [`Indexes::None`] on engines without
    /// indexes.
    pub indexes: Indexes,
}

/// Somebody who may read tables and views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// What the name is the name of.
    pub kind: ReaderKind,
    /// The name.
    pub name: Name,
}

impl Reader {
    /// The words that can also be the keyword before a name in a GRANT.
    const KEYWORDS: [&str; 6] = ["application", "database", "group", "role", "share", "user"];

    /// The reader as a GRANT writes it.
    pub(crate) fn sql(&self, dialect: Dialect) -> String {
        let keyword = dialect.rules().grantee(self.kind).unwrap_or_default();
        let folded = self.name.folded(dialect);
        let name =
            if Self::KEYWORDS.contains(&folded.as_str()) { self.name.clone().in_quotes() } else { self.name.clone() };
        format!("{keyword}{}", name.sql(dialect))
    }

    /// The keyword and the name by which the engine compares readers.
    pub(crate) fn folded(&self, dialect: Dialect) -> String {
        format!("{}{}", dialect.rules().grantee(self.kind).unwrap_or_default(), self.name.folded(dialect))
    }
}

/// The load of the mart from its raw table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Load {
    /// The order that decides which of several raw rows of one key is loaded: the first row. It is
    /// a total order.
    pub order_by: Vec<OrderBy>,
    /// The part of the raw table that is read; the whole table if `None`.
    pub lookback: Option<Lookback>,
}

/// One term of an order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OrderBy {
    /// A column of the raw table.
    pub column: Name,
    /// Whether the largest value comes first.
    pub descending: bool,
}

/// The newest part of the raw table, measured back from the newest value of a column.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lookback {
    /// A column of the raw table.
    pub column: Name,
    /// The unit of its values.
    pub unit: TimeUnit,
    /// The length of the part, in seconds.
    pub seconds: u64,
}
