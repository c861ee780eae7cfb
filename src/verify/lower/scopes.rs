//! Open queries and scopes: the sources of each query, and what each alias stands for.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, OrderByExpr, Query, Select as SelectTree, SelectItem, TableFactor};

use crate::cycle::plan::Slot;
use crate::verify::lower::first_rows::FirstRows;
use crate::verify::meaning::{Depth, Place};

/// A query, by its index in `Lowering::queries`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueryId(pub(super) usize);

/// A scope, by its index in `Lowering::scopes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScopeId(pub(super) usize);

/// A source of a query, by its index in `OpenQuery::sources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceId(pub(super) usize);

/// The scope around a whole statement.
pub(super) const OUTERMOST: ScopeId = ScopeId(0);

/// A query that was opened, with the scope of its names.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    pub(super) query: QueryId,
    pub(super) scope: ScopeId,
}

/// A query whose sources are known.
#[derive(Default)]
pub(super) struct OpenQuery<'a> {
    pub(super) depth: Depth,
    pub(super) sources: Vec<OpenSource>,
    /// By source: its place after `assign_places` has sorted the relations by slot.
    pub(super) places: Vec<Place>,
    /// Conditions, each with the scope of its names.
    pub(super) conditions: Vec<(ScopeId, &'a Expr)>,
    /// Outputs that must have a meaning even if nothing reads them: the outputs of merged queries,
    /// and the query's own outputs where it ranks rows.
    pub(super) outputs: Vec<(ScopeId, &'a [SelectItem])>,
    pub(super) ranks: bool,
    pub(super) semi_joins: Vec<SemiJoin<'a>>,
    /// The sources that keep the first row of each key.
    pub(super) first_rows: Vec<FirstRows<'a>>,
    /// The outputs of a part of a UNION ALL, with the scope of their names.
    pub(super) projection: Option<(ScopeId, &'a [SelectItem])>,
}

pub(super) enum OpenSource {
    Relation(Slot),
    /// A query with window functions.
    Query(QueryId),
    /// The parts of a UNION ALL, and the indexes of the outputs that are used.
    Union(Vec<QueryId>, BTreeSet<usize>),
    /// The row that could not be inserted.
    Excluded,
}

impl OpenSource {
    /// The outputs that are used so far.
    pub(super) fn used(&self) -> BTreeSet<usize> {
        match self {
            OpenSource::Union(_, used) => used.clone(),
            OpenSource::Relation(_) | OpenSource::Query(_) | OpenSource::Excluded => BTreeSet::new(),
        }
    }
}

/// A joined source that only decides whether a row is kept.
pub(super) struct SemiJoin<'a> {
    pub(super) alias: String,
    pub(super) scope: ScopeId,
    pub(super) kind: JoinKind<'a>,
}

pub(super) enum JoinKind<'a> {
    /// A join with a query of distinct rows, and the scope around that query. It means EXISTS.
    Semi(&'a SelectTree, ScopeId),
    /// The optional side of an outer join, and its condition. It means NOT EXISTS.
    Anti(&'a TableFactor, &'a Expr),
}

/// The indexes of the outputs of a query that the statement uses.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'a, 'o> {
    /// The outputs that are compared, in this order.
    pub(super) order: &'o [usize],
    /// The outputs that are written into free-text columns.
    pub(super) free_text: &'o [FreeText],
    /// The columns that the rows are sorted by. Only their names are checked.
    pub(super) sort: &'a [OrderByExpr],
}

/// An output that is written into a column for text.
#[derive(Clone, Copy)]
pub(super) struct FreeText {
    pub(super) output: usize,
    /// The length of the column, in bytes.
    pub(super) length: usize,
}

/// The names that one part of a statement can use. A merged query has its own scope, but shares
/// the sources of the query that it became part of.
pub(super) struct QueryScope<'a> {
    pub(super) parent: Option<ScopeId>,
    /// What the queries among its sources see. They do not see the sources beside them.
    pub(super) sources_see: ScopeId,
    /// Whether a column needs the alias of its source: two scopes stand beside each other, and an
    /// engine searches both.
    pub(super) needs_alias: bool,
    /// The query whose sources the aliases name.
    pub(super) query: QueryId,
    pub(super) bindings: Vec<(String, Binding<'a>)>,
    pub(super) named: Vec<Named<'a>>,
    /// The outputs of its SELECT.
    pub(super) projection: &'a [SelectItem],
}

/// A named query (CTE).
pub(super) struct Named<'a> {
    pub(super) name: String,
    pub(super) query: &'a Query,
    /// The scope around the query.
    pub(super) inside: ScopeId,
    pub(super) is_read: bool,
}

/// The body of a named or nested query, with the scope around it.
#[derive(Clone, Copy)]
pub(super) struct Scoped<'a> {
    pub(super) query: &'a Query,
    pub(super) inside: ScopeId,
}

/// What an alias stands for.
#[derive(Clone)]
pub(super) enum Binding<'a> {
    Relation {
        slot: Slot,
        source: SourceId,
    },
    /// A query that was merged into the query around it. Its columns are expressions of another
    /// scope.
    Merged {
        scope: ScopeId,
        projection: &'a [SelectItem],
        names: &'a [SelectItem],
    },
    /// A query that stays a source of its own.
    Query {
        source: SourceId,
        scope: ScopeId,
        projection: &'a [SelectItem],
    },
    /// A UNION ALL. Its columns are those of its first part.
    Union {
        source: SourceId,
        scope: ScopeId,
        projection: &'a [SelectItem],
    },
    /// A source of a semi-join or an anti-join: no other expression may name it.
    SemiJoin,
    /// A query that gives exactly one row.
    OneRow {
        select: &'a SelectTree,
        scope: ScopeId,
    },
}
