//! What a statement means, in a form in which two ways to say one thing are equal.
//!
//! Aliases are gone: a row is known by the depth of its query and its place among the query's sources. Conditions are lists of
//! conjuncts in one order, comparisons point one way, a CTE and the query it stands for are the same, and so are a semi-join and
//! EXISTS. Both sides of the proof use these types: what was found, and what a step claims.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::cycle::plan::Slot;

/// Functions of many rows that have a meaning here; there are no others.
pub(super) const AGGREGATES: [&str; 3] = ["max", "min", "count"];

/// What a statement does to the relation that it writes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// Columns in the order of their names; each part of `rows` gives as many outputs, in that order.
    Insert { columns: Vec<Cow<'a, str>>, rows: Rows<'a> },
    /// The target is the first source.
    Delete(Select<'a>),
    /// The target is the first source; columns in the order of their names.
    Update { set: Vec<(Cow<'a, str>, Term<'a>)>, of: Select<'a> },
    /// A table's columns in order: name, type as the parser prints it, whether NULL is refused.
    Table(Vec<(Cow<'a, str>, String, bool)>),
    /// Outputs in the order of the view's columns.
    View { columns: Vec<Cow<'a, str>>, rows: Rows<'a> },
}

/// The rows that a query gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rows<'a> {
    Select(Select<'a>),
    /// Invariant: sorted.
    UnionAll(Vec<Select<'a>>),
    Except(Box<(Select<'a>, Select<'a>)>),
}

/// One SELECT, or the rows that a DELETE or an UPDATE finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Select<'a> {
    /// Relations by slot, then queries as they were written.
    pub(super) from: Vec<Source<'a>>,
    pub(super) when: All<'a>,
    /// Only those that are used.
    pub(super) outputs: Vec<Term<'a>>,
    pub(super) distinct: bool,
    pub(super) group: Option<Vec<Term<'a>>>,
    pub(super) having: All<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source<'a> {
    Relation(Slot),
    /// A query that could not become part of the one around it.
    Query(Box<Rows<'a>>),
}

/// Conditions that must all hold, without repetitions. Invariant: sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct All<'a>(Vec<Conjunct<'a>>);

/// One condition, with what is to be said about it. Only the condition is compared.
#[derive(Clone, Debug)]
pub(super) struct Conjunct<'a> {
    pub(super) is: Condition<'a>,
    /// What a claim has it for.
    pub(super) role: Option<Role>,
    /// The line where it was found, from 1.
    pub(super) line: usize,
}

/// What a condition is for, in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Rows that lack a part of their key are left alone.
    Key,
    /// The period's bounds.
    Bounds,
    /// Retention says that the row must leave.
    Due,
    /// No exception holds the row.
    Held,
    /// Nothing equal or newer is archived.
    Guard,
    /// An exact copy is seen elsewhere.
    Copy,
    /// Which of two versions is newer.
    Version,
    /// The parent is there, or is not.
    Parent,
    /// What the batches touched.
    Touched,
    /// One row of several of one key.
    Newest,
    /// Which rows of raw are accepted.
    Accepted,
    /// Which exceptions are meant.
    Exception,
    /// Spares work, as a bound does that lets zone maps prune; may be left out.
    Spare,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition<'a> {
    /// Greater is less the other way round.
    Compare(Comparison, Term<'a>, Term<'a>),
    IsNull(Term<'a>),
    IsNotNull(Term<'a>),
    Exists(Box<Select<'a>>),
    NotExists(Box<Select<'a>>),
    /// At least one of them holds. Invariant: sorted, not one alone; none at all is never true.
    Any(Vec<All<'a>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
}

/// A row of a query: how deep the query is, and which of its sources gives the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) depth: usize,
    pub(super) source: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Term<'a> {
    Column(Row, Cow<'a, str>),
    /// What a query among the sources gives, known by how it is computed; of a union, by how its first part computes it.
    Of(Row, Box<Term<'a>>),
    /// As the parser prints it.
    Literal(Cow<'a, str>),
    /// A function, an operator or a cast.
    Call(Cow<'a, str>, Vec<Term<'a>>),
    Case(Vec<(All<'a>, Term<'a>)>, Option<Box<Term<'a>>>),
    /// The value of the one row of a query.
    Scalar(Box<Select<'a>>),
    RowNumber {
        by: Vec<Term<'a>>,
        order: Vec<Order<'a>>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order<'a> {
    pub(super) term: Term<'a>,
    pub(super) descending: bool,
    /// As it is stated, if it is.
    pub(super) nulls_first: Option<bool>,
}

impl PartialEq for Conjunct<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is == other.is
    }
}

impl Eq for Conjunct<'_> {}

impl PartialOrd for Conjunct<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Conjunct<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.is.cmp(&other.is)
    }
}

impl<'a> From<Condition<'a>> for Conjunct<'a> {
    fn from(is: Condition<'a>) -> Self {
        Self { is, role: None, line: 0 }
    }
}

impl<'a> All<'a> {
    pub(super) fn new(mut conjuncts: Vec<Conjunct<'a>>) -> Self {
        conjuncts.sort();
        conjuncts.dedup();
        Self(conjuncts)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Conjunct<'a>> {
        self.0.iter()
    }

    pub(super) fn has(&self, conjunct: &Conjunct<'_>) -> bool {
        self.0.binary_search_by(|known| known.is.cmp(&conjunct.is)).is_ok()
    }

    /// Whether every row passes.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn computes_over_rows(&self) -> bool {
        self.0.iter().any(|conjunct| match &conjunct.is {
            Condition::Compare(_, a, b) => a.computes_over_rows() || b.computes_over_rows(),
            Condition::IsNull(term) | Condition::IsNotNull(term) => term.computes_over_rows(),
            Condition::Any(alternatives) => alternatives.iter().any(All::computes_over_rows),
            Condition::Exists(_) | Condition::NotExists(_) => false,
        })
    }

    pub(super) fn into_conjuncts(self) -> Vec<Conjunct<'a>> {
        self.0
    }
}

impl Term<'_> {
    /// Whether it is a number or a text, which equals itself. NULL does not.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Term::Literal(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '\''))
    }

    /// Whether it takes more than one row of its own query to compute it.
    pub(super) fn computes_over_rows(&self) -> bool {
        match self {
            Term::Column(..) | Term::Of(..) | Term::Literal(_) | Term::Scalar(_) => false,
            Term::RowNumber { .. } => true,
            Term::Call(name, args) => AGGREGATES.contains(&&**name) || args.iter().any(Term::computes_over_rows),
            Term::Case(cases, otherwise) => {
                cases.iter().any(|(when, then)| when.computes_over_rows() || then.computes_over_rows())
                    || otherwise.as_ref().is_some_and(|term| term.computes_over_rows())
            }
        }
    }

    /// Whether it depends on a row of a query that is so deep, or deeper.
    pub(super) fn reads_depth(&self, depth: usize) -> bool {
        match self {
            Term::Column(row, _) | Term::Of(row, _) => row.depth >= depth,
            Term::Literal(_) => false,
            Term::Call(_, args) => args.iter().any(|arg| arg.reads_depth(depth)),
            // Not looked into: whoever asks is told the worse.
            Term::Case(..) | Term::Scalar(_) | Term::RowNumber { .. } => true,
        }
    }
}

/// At least one of several lists of conditions holds, as conjuncts of the list around it.
pub(super) fn any<'a>(alternatives: Vec<All<'a>>, line: usize) -> Vec<Conjunct<'a>> {
    let mut flat = Vec::with_capacity(alternatives.len());
    for mut alternative in alternatives {
        match alternative.0.as_mut_slice() {
            // What is always true needs no alternative.
            [] => return Vec::new(),
            [Conjunct { is: Condition::Any(inner), .. }] => flat.append(inner),
            _ => flat.push(alternative),
        }
    }
    flat.sort();
    flat.dedup();
    if flat.len() == 1 {
        return flat.remove(0).0;
    }
    vec![Conjunct { is: Condition::Any(flat), role: None, line }]
}

/// A comparison, in the one way in which it is written here.
pub(super) fn compare<'a>(comparison: Comparison, left: Term<'a>, right: Term<'a>) -> Condition<'a> {
    let either_way = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if either_way && right < left {
        Condition::Compare(comparison, right, left)
    } else {
        Condition::Compare(comparison, left, right)
    }
}
