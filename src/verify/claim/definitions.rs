//! Tables and views to create.

use crate::cycle::plan::Slot;
use crate::project::ExceptionsId;
use crate::sql::SqlType;
use crate::sql::parse::data_type;
use crate::verify::claim::{Claims, equal, from, is_null, literal, one_of, row};
use crate::verify::known::{COMPLETED_COLUMN, CUTOFF_COLUMN, EXCEPTION_COLUMNS, Known};
use crate::verify::meaning::{All, Conjunct, Meaning, Order, Rows, Select, Source, Term};

/// The exceptions table: nothing in it is refused for being NULL.
pub(super) fn exceptions<'a>(known: &'a Known<'_>, id: ExceptionsId) -> Meaning<'a> {
    let dialect = known.spec.dialect;
    let key = &known.spec.exceptions(id).key;
    let text = |length| SqlType::Varchar(length).sql(dialect);
    let instant = || dialect.rules().stored_instant_type().to_owned();
    let types = [text(64), instant(), instant(), text(512), text(64), text(512)];
    let mut columns =
        vec![(known.exception_key(Slot::Exceptions(id)).into(), data_type(&key.ty.sql(dialect), dialect), false)];
    let rest = EXCEPTION_COLUMNS.iter().zip(types);
    columns.extend(rest.map(|(name, ty)| ((*name).into(), data_type(&ty, dialect), false)));
    Meaning::Table(columns)
}

/// When cycles were completed.
pub(super) fn cycles<'a>() -> Meaning<'a> {
    Meaning::Table(vec![(COMPLETED_COLUMN.into(), "TIMESTAMP".to_owned(), false)])
}

impl<'a> Claims<'a, '_> {
    fn type_of(&self, column: crate::project::ColumnId) -> String {
        data_type(&self.table.column(column).ty.sql(self.spec.dialect), self.spec.dialect)
    }

    pub(super) fn rows_table(&self) -> Meaning<'a> {
        let columns = self.all_columns().map(|id| (self.name(id), self.type_of(id), self.table.column(id).not_null));
        Meaning::Table(columns.collect())
    }

    pub(super) fn keys_table(&self) -> Meaning<'a> {
        Meaning::Table(self.table.proof().into_iter().map(|id| (self.name(id), self.type_of(id), false)).collect())
    }

    pub(super) fn cutoff_table(&self) -> Meaning<'a> {
        Meaning::Table(vec![(CUTOFF_COLUMN.into(), self.type_of(self.table.time.column), false)])
    }

    /// Every key once, with its newest version; the mart's copy where two are equal. Rows that lack a part of their key, all. Each
    /// history table under its period's bounds, from which an engine can see that it has nothing to give.
    pub(super) fn all_rows(&self) -> Meaning<'a> {
        let part = |slot: Slot, place: &'static str, when: Vec<Conjunct<'a>>| {
            let mut outputs: Vec<_> = self.all_columns().map(|column| self.column(row(2), column)).collect();
            outputs.sort();
            outputs.push(literal(place));
            Select { outputs, ..from(slot, when) }
        };
        let mut parts = vec![part(self.mart(), "0", Vec::new())];
        let history = |&period| part(Slot::History(self.id, period), "1", self.within(row(2), period));
        parts.extend(self.scope.periods.iter().map(history));
        parts[1..].sort();
        let copies = Select { from: vec![Source::Query(Box::new(Rows::UnionAll(parts)))], ..Select::default() };
        let copy = |term| Term::Of(row(1), Box::new(term));
        let of = |column| copy(self.column(row(2), column));
        let mut by: Vec<_> = self.table.unique_key.iter().map(|&column| of(column)).collect();
        by.sort();
        let newest = Order { term: of(self.table.time.column), descending: true, nulls_first: Some(false) };
        let mart_first = Order { term: copy(literal("0")), descending: false, nulls_first: None };
        let ranked = |term| Term::Of(row(0), Box::new(term));
        let first = equal(ranked(Term::RowNumber { by, order: vec![newest, mart_first] }), literal("1"));
        let keyless = self.table.unique_key.iter().map(|&column| vec![is_null(ranked(of(column)))]);
        let when = All::new(one_of(std::iter::once(vec![first]).chain(keyless)));
        let outputs = self.all_columns().map(|column| ranked(of(column))).collect();
        let copies = vec![Source::Query(Box::new(Rows::Select(copies)))];
        let rows = Rows::Select(Select { from: copies, when, outputs, ..Select::default() });
        Meaning::View { columns: self.all_columns().map(|column| self.name(column)).collect(), rows }
    }
}
