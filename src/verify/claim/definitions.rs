//! The claims of tables and views.

use std::borrow::Cow;

use crate::cycle::plan::Slot;
use crate::dialect::Dialect;
use crate::project::naming::{
    EXCEPTION_COLUMNS, ROW_COUNT, STALE_PLACE, STALE_PLACE_TYPE, erased_columns, exception_types,
};
use crate::project::{ColumnId, ExceptionsId, Filled};
use crate::sql::SqlType;
use crate::sql::parse::data_type;
use crate::verify::claim::{Claims, call, equal, from, is_null, literal, one_of, row};
use crate::verify::meaning::{All, Definition, Meaning, Order, Row, Rows, Select, Source, Term};
use crate::verify::names::{COMPLETED_COLUMN, CUTOFF_COLUMN, Names, PURGED_COLUMNS};

/// The exceptions table. All of its columns may be NULL.
pub(super) fn exceptions<'a>(names: &'a Names<'_>, id: ExceptionsId) -> Meaning<'a> {
    let dialect = names.spec.dialect;
    let key = &names.spec.exceptions(id).key;
    let mut columns = vec![nullable(names.exception_key(id), data_type(&key.ty.sql(dialect), dialect))];
    let rest = EXCEPTION_COLUMNS.into_iter().zip(exception_types(dialect));
    columns.extend(rest.map(|(name, ty)| nullable(name, data_type(&ty.sql(dialect), dialect))));
    Meaning::Table(columns)
}

/// The table of erased keys. All of its columns may be NULL.
pub(super) fn erased<'a>(names: &'a Names<'_>, id: ExceptionsId) -> Meaning<'a> {
    let dialect = names.spec.dialect;
    let key = names.spec.exceptions(id).listed_key();
    let mut columns = vec![nullable(names.erased_key(id), data_type(&key.ty.sql(dialect), dialect))];
    let rest = erased_columns(dialect).into_iter();
    columns.extend(rest.map(|(name, ty)| nullable(name, data_type(&ty.sql(dialect), dialect))));
    Meaning::Table(columns)
}

/// The table of completed cycles.
pub(super) fn cycles<'a>(dialect: Dialect) -> Meaning<'a> {
    let instant = dialect.rules().stored_instant().sql(dialect);
    Meaning::Table(vec![nullable(COMPLETED_COLUMN, data_type(&instant, dialect))])
}

fn nullable<'a>(name: impl Into<Cow<'a, str>>, ty: String) -> Definition<'a> {
    Definition { name: name.into(), ty, not_null: false, has_default: false, is_identity: false }
}

impl<'a> Claims<'a, '_> {
    fn type_of(&self, column: ColumnId) -> String {
        data_type(&self.table.column(column).ty.sql(self.spec.dialect), self.spec.dialect)
    }

    pub(super) fn rows_table(&self, is_mart: bool) -> Meaning<'a> {
        let columns = self.all_columns().map(|id| Definition {
            name: self.name(id),
            ty: self.type_of(id),
            not_null: self.table.column(id).not_null,
            has_default: false,
            is_identity: is_mart && self.table.column(id).filled == Filled::Identity,
        });
        Meaning::Table(columns.collect())
    }

    /// The key and the time of a row.
    fn proof_columns(&self) -> Vec<Definition<'a>> {
        self.table.proof().into_iter().map(|id| nullable(self.name(id), self.type_of(id))).collect()
    }

    pub(super) fn due_table(&self) -> Meaning<'a> {
        Meaning::Table(self.proof_columns())
    }

    pub(super) fn stale_table(&self) -> Meaning<'a> {
        let dialect = self.spec.dialect;
        let mut columns = self.proof_columns();
        columns.push(nullable(STALE_PLACE, data_type(&STALE_PLACE_TYPE.sql(dialect), dialect)));
        Meaning::Table(columns)
    }

    pub(super) fn purged_table(&self) -> Meaning<'a> {
        let dialect = self.spec.dialect;
        let rows = data_type(&SqlType::Bigint.sql(dialect), dialect);
        let time = || self.type_of(self.table.time.column);
        let [at, oldest, newest] = PURGED_COLUMNS;
        Meaning::Table(vec![
            nullable(at, data_type(&dialect.rules().stored_instant().sql(dialect), dialect)),
            nullable(ROW_COUNT, rows),
            nullable(oldest, time()),
            nullable(newest, time()),
        ])
    }

    pub(super) fn cutoff_table(&self) -> Meaning<'a> {
        Meaning::Table(vec![nullable(CUTOFF_COLUMN, self.type_of(self.table.time.column))])
    }

    /// The view of all rows. It has each key once, with its newest version, and prefers the mart if
    /// two versions are equal. It also has every row that lacks a part of its key. Each history
    /// table is read with the bounds of its period, so an engine can skip a table that has no
    /// matching row.
    pub(super) fn all_rows(&self) -> Meaning<'a> {
        // If rows of the mart can be unfinished, one more query finds whether each row of a key in
        // the mart lacks a time. Such rows are newer than every archived version.
        let has_unfinished = self.table.has_unfinished_rows();
        let (of, of_copy) = if has_unfinished { (row(3), row(2)) } else { (row(2), row(1)) };
        let parts = self.branches(of, |place| {
            let mut outputs: Vec<_> = self.all_columns().map(|column| self.column(of, column)).collect();
            outputs.sort();
            outputs.push(literal(place));
            outputs
        });
        let mut copies = Select { from: vec![Source::Query(Box::new(Rows::UnionAll(parts)))], ..Select::default() };
        let copy = |term| Term::Output(of_copy, Box::new(term));
        let keys = |column: &dyn Fn(ColumnId) -> Term<'a>| {
            let mut by: Vec<_> = self.table.unique_key.iter().map(|&key| column(key)).collect();
            by.sort();
            by
        };
        let placed = |term| if has_unfinished { Term::Output(row(1), Box::new(term)) } else { term };
        let copied = |column| placed(copy(self.column(of, column)));
        let newest = Order { term: copied(self.table.time.column), descending: true, nulls_first: Some(false) };
        let ascending = |term| Order { term, descending: false, nulls_first: None };
        let mut order = vec![newest, ascending(placed(copy(literal("0"))))];
        if has_unfinished {
            let is_in_mart = |place| All::new(vec![equal(place, literal("0"))]);
            let time = copy(self.column(of, self.table.time.column));
            let in_mart = Term::Case(vec![(is_in_mart(copy(literal("0"))), time)], None);
            let by = keys(&|column| copy(self.column(of, column)));
            let newest_in_mart = Term::Over { aggregate: Box::new(call("max", [in_mart])), by };
            let is_unfinished =
                All::new(vec![equal(placed(copy(literal("0"))), literal("0")), is_null(placed(newest_in_mart))]);
            order.insert(0, ascending(Term::Case(vec![(is_unfinished, literal("0"))], Some(Box::new(literal("1"))))));
            copies = Select { from: vec![Source::Query(Box::new(Rows::Select(copies)))], ..Select::default() };
        }
        let by = keys(&copied);
        let ranked = |term| Term::Output(row(0), Box::new(term));
        let first = equal(ranked(Term::row_number(by, order)), literal("1"));
        let keyless = self.table.unique_key.iter().map(|&column| vec![is_null(ranked(copied(column)))]);
        let when = All::new(one_of(std::iter::once(vec![first]).chain(keyless)));
        let outputs = self.all_columns().map(|column| ranked(copied(column))).collect();
        let copies = vec![Source::Query(Box::new(Rows::Select(copies)))];
        let rows = Rows::Select(Select { from: copies, when, outputs, ..Select::default() });
        Meaning::View { columns: self.all_columns().map(|column| self.name(column)).collect(), rows }
    }

    /// The view of all copies: the rows of the mart, and those of each history table within its
    /// period.
    pub(super) fn copies(&self) -> Meaning<'a> {
        let of = row(0);
        let columns = |_| self.all_columns().map(|column| self.column(of, column)).collect();
        let rows = Rows::UnionAll(self.branches(of, columns));
        Meaning::View { columns: self.all_columns().map(|column| self.name(column)).collect(), rows }
    }

    /// The mart and its history tables, each as a branch of a view. `outputs` gets "0" for the mart
    /// and "1" for history.
    fn branches(&self, of: Row, outputs: impl Fn(&'static str) -> Vec<Term<'a>>) -> Vec<Select<'a>> {
        let branch = |slot, place, when| Select { outputs: outputs(place), ..from(slot, when) };
        let history = |period| branch(Slot::History(self.id, period), "1", self.within(of, period));
        let mut all = vec![branch(self.mart(), "0", Vec::new())];
        all.extend(self.spec.periods_of(self.id).map(history));
        all[1..].sort();
        all
    }
}
