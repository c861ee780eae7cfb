//! Names in their places: queries with their sources, and what each alias stands for.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Query, Select as SelectTree, SelectItem};

use crate::cycle::plan::Slot;

/// A query whose sources are known.
#[derive(Default)]
pub(super) struct OpenQuery<'a> {
    pub(super) depth: usize,
    pub(super) sources: Vec<OpenSource>,
    /// By source: its place once relations stand in the order of their slots.
    pub(super) places: Vec<usize>,
    /// Conditions, each to be understood in a frame.
    pub(super) conditions: Vec<(usize, &'a Expr)>,
    /// Outputs that must have a meaning whether or not anybody reads them: those of queries that became part of it, and its own
    /// where it ranks rows.
    pub(super) outputs: Vec<(usize, &'a [SelectItem])>,
    pub(super) ranks: bool,
    pub(super) apart: Vec<Apart<'a>>,
    /// Of a part of a UNION ALL: its outputs, and the frame in which they are understood.
    pub(super) projection: Option<(usize, &'a [SelectItem])>,
}

pub(super) enum OpenSource {
    Relation(Slot),
    /// The number of a query with window functions.
    Query(usize),
    /// The numbers of the parts of a UNION ALL, and which of their outputs are used.
    Union(Vec<usize>, BTreeSet<usize>),
}

impl OpenSource {
    /// Which of its outputs are used so far.
    pub(super) fn used(&self) -> BTreeSet<usize> {
        match self {
            OpenSource::Union(_, used) => used.clone(),
            OpenSource::Relation(_) | OpenSource::Query(_) => BTreeSet::new(),
        }
    }
}

/// A source of which no row is looked at beyond whether there is one.
pub(super) struct Apart<'a> {
    pub(super) alias: String,
    pub(super) frame: usize,
    pub(super) kind: ApartKind<'a>,
}

pub(super) enum ApartKind<'a> {
    /// A query of distinct rows, with the frame in which it is understood.
    Distinct(&'a SelectTree, usize),
    /// The optional side of an outer join, and its condition.
    Optional(&'a sqlparser::ast::TableFactor, &'a Expr),
}

/// Which outputs of a query are wanted: those that are compared, in this order, and those that are for people.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'o> {
    pub(super) order: &'o [usize],
    pub(super) words: &'o [usize],
}

/// Names in one place of a statement. Frames of queries that became part of another share its sources.
pub(super) struct Frame<'a> {
    pub(super) parent: Option<usize>,
    /// The number of the query whose sources it names.
    pub(super) home: usize,
    pub(super) bindings: Vec<(String, Binding<'a>)>,
    /// Named queries, each with the frame in which it is understood.
    pub(super) named: Vec<Named<'a>>,
}

/// A named query.
pub(super) struct Named<'a> {
    pub(super) name: String,
    pub(super) query: &'a Query,
    /// The frame in which it is understood.
    pub(super) inside: usize,
    pub(super) is_read: bool,
}

/// What an alias stands for.
#[derive(Clone)]
pub(super) enum Binding<'a> {
    Relation {
        slot: Slot,
        source: usize,
    },
    /// A query that became part of the one around it: its columns are expressions of another frame.
    Merged {
        frame: usize,
        projection: &'a [SelectItem],
        names: &'a [SelectItem],
    },
    /// A query that stands for itself.
    Query {
        source: usize,
        frame: usize,
        projection: &'a [SelectItem],
    },
    /// A UNION ALL, known by its first part.
    Union {
        source: usize,
        frame: usize,
        projection: &'a [SelectItem],
    },
    /// A source of which only matters whether it has a row: nothing else may name it.
    Apart,
    /// A query that gives one row.
    OneRow {
        select: &'a SelectTree,
        frame: usize,
    },
}
