//! The meaning of a statement, in a normal form: equivalent statements have equal meanings.
//!
//! There are no aliases: the depth of a query and the place of a source identify a row. Conditions
//! are sorted lists of conjuncts. Comparisons have one direction. A CTE equals its query, and a
//! semi-join equals EXISTS. Both sides of the proof use these types: the meaning of the SQL, and
//! the claim of the step.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::cycle::plan::Slot;

/// The aggregate functions that have a meaning here.
pub(super) const AGGREGATES: [&str; 3] = ["max", "min", "count"];

/// The effect of a statement on the relation that it writes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// The columns are sorted by name. Each part of `rows` gives one output per column, in that
    /// order.
    Insert {
        columns: Vec<Cow<'a, str>>,
        rows: Rows<'a>,
    },
    /// An INSERT that updates the row of the target with the same key, if there is one. The columns
    /// of the key are sorted by name.
    Upsert {
        columns: Vec<Cow<'a, str>>,
        rows: Rows<'a>,
        key: Vec<Cow<'a, str>>,
        update: Changes<'a>,
    },
    /// The target is the first source.
    Delete(Select<'a>),
    Update(Changes<'a>),
    /// The columns of a created table, in their order.
    Table(Vec<Definition<'a>>),
    /// An index, by its folded name, and its columns in their order.
    Index {
        name: Cow<'a, str>,
        columns: Vec<Cow<'a, str>>,
        unique: bool,
    },
    /// Who may read the relation: the keyword and the folded name of each, sorted.
    Grant {
        readers: Vec<Cow<'a, str>>,
    },
    /// The outputs have the order of the view's columns.
    View {
        columns: Vec<Cow<'a, str>>,
        rows: Rows<'a>,
    },
}

/// What an UPDATE writes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changes<'a> {
    /// Each column with its new value, sorted by name.
    pub(super) set: Vec<(Cow<'a, str>, Term<'a>)>,
    /// The target is the first source.
    pub(super) rows: Select<'a>,
}

/// A column of a created table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    pub(super) name: Cow<'a, str>,
    /// As the parser prints it.
    pub(super) ty: String,
    pub(super) not_null: bool,
    pub(super) has_default: bool,
    pub(super) is_identity: bool,
}

/// The rows that a query gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rows<'a> {
    Select(Select<'a>),
    /// Invariant: the parts are sorted, except that a source keeps its first part.
    UnionAll(Vec<Select<'a>>),
    Except(Box<(Select<'a>, Select<'a>)>),
}

/// One SELECT, or the rows that a DELETE or an UPDATE changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Select<'a> {
    /// Relations sorted by slot, then queries in their written order.
    pub(super) from: Vec<Source<'a>>,
    pub(super) when: All<'a>,
    /// Only the outputs that are used.
    pub(super) outputs: Vec<Term<'a>>,
    pub(super) distinct: bool,
    pub(super) group: Option<Vec<Term<'a>>>,
    pub(super) having: All<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source<'a> {
    Relation(Slot),
    /// A query that could not be merged into the query around it.
    Query(Box<Rows<'a>>),
    /// The row that could not be inserted, because the target has a row of its key.
    Excluded,
}

/// Conditions that must all be true. Invariant: sorted, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct All<'a>(Vec<Conjunct<'a>>);

/// One condition, with data for messages. Only the condition is compared.
#[derive(Clone, Debug)]
pub(super) struct Conjunct<'a> {
    pub(super) is: Condition<'a>,
    /// The purpose of the condition in a claim.
    pub(super) role: Option<Role>,
    /// The line where it was found, from 1, or 0 in a claim.
    pub(super) line: usize,
}

/// The purpose of a condition in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Compares or tests the whole key.
    Key,
    /// Tests the bounds of the period.
    Bounds,
    /// Tests that the row is due.
    Due,
    /// Tests that no exception holds the row.
    Held,
    /// Tests that the target has no equal or newer row.
    Guard,
    /// Tests that an equal row exists elsewhere.
    Copy,
    /// Tests that no list names the row: a statement could delete its copy.
    Unlisted,
    /// Compares two versions of a key.
    Version,
    /// Tests whether the parent is in its mart.
    Parent,
    /// Selects the keys of the batches.
    Touched,
    /// Selects one row of each key.
    Newest,
    /// Selects the raw rows that are accepted.
    Accepted,
    /// Selects exceptions and their causes.
    Exception,
    /// Reduces the work of the engine, for example by a bound on time. A statement may omit it.
    Spare,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition<'a> {
    /// Greater-than is stored as less-than, with the sides swapped.
    Compare(Comparison, Term<'a>, Term<'a>),
    IsNull(Term<'a>),
    IsNotNull(Term<'a>),
    Exists(Box<Select<'a>>),
    NotExists(Box<Select<'a>>),
    /// At least one alternative is true. Invariant: sorted, and not exactly one. Without
    /// alternatives it is FALSE.
    Any(Vec<All<'a>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
}

/// The number of queries around a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Depth(pub(super) usize);

impl Depth {
    pub(super) const OUTERMOST: Self = Self(0);

    /// The depth of a query directly inside.
    pub(super) fn inner(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The index of a source in `Select::from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) usize);

/// A row of a query, identified by the depth of the query and the source that gives the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) depth: Depth,
    pub(super) place: Place,
}

impl Row {
    /// The row of the first source of a query.
    pub(super) fn first(depth: Depth) -> Self {
        Self { depth, place: Place(0) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Term<'a> {
    Column(Row, Cow<'a, str>),
    /// An output of a query among the sources, identified by its term in that query. For a UNION
    /// ALL, this is the term in the first part.
    Output(Row, Box<Term<'a>>),
    /// As the parser prints it.
    Literal(Cow<'a, str>),
    /// A function, an operator or a cast.
    Call(Cow<'a, str>, Vec<Term<'a>>),
    Case(Vec<(All<'a>, Term<'a>)>, Option<Box<Term<'a>>>),
    /// The value of a query that gives one row.
    Scalar(Box<Select<'a>>),
    RowNumber {
        by: Vec<Term<'a>>,
        order: Vec<Order<'a>>,
    },
    /// An aggregate over the rows with equal values of `by`.
    Over {
        aggregate: Box<Term<'a>>,
        by: Vec<Term<'a>>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order<'a> {
    pub(super) term: Term<'a>,
    pub(super) descending: bool,
    /// `None` if the statement does not say it.
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
        self.0.binary_search_by(|own| own.is.cmp(&conjunct.is)).is_ok()
    }

    /// Whether there is no condition, so that every row passes.
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

    fn reads_around(&self, depth: Depth) -> bool {
        self.0.iter().any(|conjunct| match &conjunct.is {
            Condition::Compare(_, a, b) => a.reads_around(depth) || b.reads_around(depth),
            Condition::IsNull(term) | Condition::IsNotNull(term) => term.reads_around(depth),
            Condition::Any(alternatives) => alternatives.iter().any(|all| all.reads_around(depth)),
            Condition::Exists(_) | Condition::NotExists(_) => true,
        })
    }

    pub(super) fn into_conjuncts(self) -> Vec<Conjunct<'a>> {
        self.0
    }
}

impl<'a> Term<'a> {
    /// ROW_NUMBER of the rows with equal values of `by`. These values are equal within a partition,
    /// so they order nothing: after the first term of the order, they are left out. The first term
    /// stays, so that a step and its statement say the same about it.
    pub(super) fn row_number(by: Vec<Term<'a>>, order: Vec<Order<'a>>) -> Self {
        let orders = |(number, one): &(usize, Order<'a>)| *number == 0 || !by.contains(&one.term);
        let order = order.into_iter().enumerate().filter(orders).map(|(_, one)| one).collect();
        Term::RowNumber { by, order }
    }

    /// Whether it is a number or a text. Each equals itself, which NULL does not.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Term::Literal(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '\''))
    }

    /// Whether it has an aggregate or a window function of its own query.
    pub(super) fn computes_over_rows(&self) -> bool {
        match self {
            Term::Column(..) | Term::Output(..) | Term::Literal(_) | Term::Scalar(_) => false,
            Term::RowNumber { .. } | Term::Over { .. } => true,
            Term::Call(name, args) => AGGREGATES.contains(&&**name) || args.iter().any(Term::computes_over_rows),
            Term::Case(cases, otherwise) => {
                cases.iter().any(|(when, then)| when.computes_over_rows() || then.computes_over_rows())
                    || otherwise.as_ref().is_some_and(|term| term.computes_over_rows())
            }
        }
    }

    /// Whether it may depend on a row of a query around the query at this depth.
    pub(super) fn reads_around(&self, depth: Depth) -> bool {
        match self {
            Term::Column(row, _) | Term::Output(row, _) => row.depth < depth,
            Term::Literal(_) => false,
            Term::Call(_, args) => args.iter().any(|arg| arg.reads_around(depth)),
            Term::Case(cases, otherwise) => {
                cases.iter().any(|(when, then)| when.reads_around(depth) || then.reads_around(depth))
                    || otherwise.as_ref().is_some_and(|term| term.reads_around(depth))
            }
            // Not analyzed. `true` is the safe answer: it refuses the statement.
            Term::Scalar(_) | Term::RowNumber { .. } | Term::Over { .. } => true,
        }
    }

    /// Whether it may depend on a row of a query at this depth or deeper.
    pub(super) fn reads_depth(&self, depth: Depth) -> bool {
        match self {
            Term::Column(row, _) | Term::Output(row, _) => row.depth >= depth,
            Term::Literal(_) => false,
            Term::Call(_, args) => args.iter().any(|arg| arg.reads_depth(depth)),
            // Not analyzed. `true` is the safe answer: it refuses the statement.
            Term::Case(..) | Term::Scalar(_) | Term::RowNumber { .. } | Term::Over { .. } => true,
        }
    }
}

/// The conjuncts that say: at least one of these alternatives is true.
pub(super) fn any<'a>(alternatives: Vec<All<'a>>, line: usize) -> Vec<Conjunct<'a>> {
    let mut flat = Vec::with_capacity(alternatives.len());
    for mut alternative in alternatives {
        match alternative.0.as_mut_slice() {
            // An alternative without conditions is always true.
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

/// A comparison in normal form.
pub(super) fn compare<'a>(comparison: Comparison, left: Term<'a>, right: Term<'a>) -> Condition<'a> {
    let either_way = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if either_way && right < left {
        Condition::Compare(comparison, right, left)
    } else {
        Condition::Compare(comparison, left, right)
    }
}
