//! The context of templates: the relations, columns and literals of one table in one scope, and the
//! conditions of the plan.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::cycle::plan::{Definition, Due, Grant, Index, Scope, Slot, Step, Touched, lists_stale};
use crate::cycle::render::value::Sql;
use crate::cycle::render::vocabulary::{self, PARAMETERS, Place};
use crate::dialect::Dialect;
use crate::features::erasure::Erasure;
use crate::features::only_when::{Constant, Test};
use crate::features::tripwire::Tripwire;
use crate::project::naming::{
    EXCEPTION_COLUMNS, HOLD, NULL_KEY, ROW_COUNT, STALE_PLACE, STALE_PLACE_TYPE, erased_columns, exception_types,
};
use crate::project::{
    Column, ColumnId, CutoffFrom, ExceptionsId, Filled, Length, Period, PeriodId, Reader, Retention, Share, Spec,
    Table, TableId, Time,
};
use crate::sql::{SqlType, literal};

pub(crate) fn place(slot: Slot) -> Value {
    Value::from(Sql::Relation(Place::of(slot)))
}

/// The context that the statements of a table share.
pub(crate) fn table(spec: &Spec, id: TableId, scope: &Scope) -> Value {
    let table = spec.table(id);
    let time = table.time;
    let bounds = |periods: &[PeriodId]| match (periods.first(), periods.last()) {
        (Some(&first), Some(&last)) => interval(spec.period(first), spec.period(last), time, spec.dialect),
        // A purge has no periods. Otherwise, at least one period is open.
        _ => Value::UNDEFINED,
    };
    let histories: Vec<_> = scope.periods.iter().map(|&period| history(spec, id, period)).collect();
    let every: Vec<_> = spec.periods_of(id).collect();
    context! {
        mart => place(Slot::Mart(id)),
        source => table.raw.as_ref().map(|_| place(Slot::Raw(id))),
        cutoff => place(Slot::Cutoff(id)),
        stale => place(Slot::Stale(id)),
        stale_place => Value::from(Sql::Column { name: STALE_PLACE.to_owned(), ty: STALE_PLACE_TYPE, not_null: false }),
        due => place(Slot::Due(id)),
        cycles => place(Slot::Cycles(id)),
        completed_at => stored_instant(spec.dialect, "completed_at"),
        purged_at => stored_instant(spec.dialect, "purged_at"),
        purged => table.is_purged().then(|| place(Slot::Purged(id))),
        row_count => Value::from(Sql::Column { name: ROW_COUNT.to_owned(), ty: SqlType::Bigint, not_null: false }),
        exceptions => place(Slot::Exceptions(table.exceptions)),
        history_groups => groups(&histories),
        histories => histories,
        scope => bounds(&scope.periods),
        covered => bounds(&every),
        some_are_sealed => scope.periods.len() < every.len(),
        key => columns(spec, table, &table.unique_key),
        time => column(spec, table, time.column),
        proof => columns(spec, table, &table.proof()),
        nullable_proof => columns(spec, table, &table.nullable_proof()),
        columns => columns(spec, table, &(0..table.columns.len()).map(ColumnId).collect::<Vec<_>>()),
        inserted => columns(spec, table, &table.inserted().collect::<Vec<_>>()),
        has_identity => table.has_filled(Filled::Identity),
        replaced => columns(spec, table, &table.replaced().collect::<Vec<_>>()),
        payload => columns(spec, table, &table.corrected().collect::<Vec<_>>()),
        payload_is_comparable => table.corrected().all(|column| table.column(column).ty.is_comparable()),
        payload_groups => groups(&columns(spec, table, &table.corrected().collect::<Vec<_>>())),
        comparable_payload => groups(&columns(spec, table, &table.comparable_payload().collect::<Vec<_>>())),
        unit => time.unit.as_str(),
        zone => text(spec.zone.of(time.unit)),
        is_local => spec.zone.is_local(time.unit),
        reads_by_partition => spec.dialect.rules().reads_by_partition(),
        versioned => scope.versioned,
        due_is_listed => scope.due == Due::Listed,
        stale_is_listed => lists_stale(table),
        touched => scope.touched.as_ref().map(|link| touched(spec, link)),
        exception => exception(spec, table),
        erasures => table.erasures.iter().map(|erasure| self::erasure(spec, table, *erasure)).collect::<Vec<_>>(),
        given => given(),
        limit => table.limit.map(number),
        retired_before => spec.retired_before(table).map(|(day, epoch)| {
            Value::from(Sql::Literal(spec.dialect.rules().instant(&day.to_string(), epoch, table.time.unit)))
        }),
        only_when => only_when(spec, table),
        has_unfinished => table.has_unfinished_rows(),
        open => open(spec, id),
        tripwire => table.tripwire.map(|wire| tripwire(table, wire)),
        encodings => encodings(table),
        dist_key => table.layout.dist_key.map(|id| column(spec, table, id)),
        work_dist_key => table.layout.dist_key.filter(|id| table.proof().contains(id)).map(|id| column(spec, table, id)),
        sort_key => columns(spec, table, &sort_key(spec, table)),
        load => load(spec, table),
        ..retention(spec, table, scope)
    }
}

/// For each column: its compression, if the project states one.
fn encodings(table: &Table) -> Vec<Option<Value>> {
    let of_column = |number: usize| {
        let found = table.layout.encode.iter().find(|(id, _)| id.0 == number);
        found.map(|(_, word)| Value::from(Sql::Alias(word.clone())))
    };
    (0..table.columns.len()).map(of_column).collect()
}

/// The columns of the sort key that the engine can sort by.
fn sort_key(spec: &Spec, table: &Table) -> Vec<ColumnId> {
    let is_fit = |id: &ColumnId| spec.dialect.rules().sorts_by(table.column(*id).ty);
    table.layout.sort_key.iter().copied().filter(is_fit).collect()
}

/// The context of a definition: every period.
pub(crate) fn every_period(spec: &Spec, id: TableId) -> Value {
    over(spec, id, spec.periods_of(id).collect())
}

/// The context of statements that name no history table. It is small: a project may have many
/// history tables.
pub(crate) fn no_period(spec: &Spec, id: TableId) -> Value {
    over(spec, id, Vec::new())
}

fn over(spec: &Spec, id: TableId, periods: Vec<PeriodId>) -> Value {
    let scope = Scope {
        periods,
        due: Due::ByCutoff,
        versioned: spec.table(id).is_versioned(),
        touched: None,
        parent_touched: None,
    };
    table(spec, id, &scope)
}

/// A history table, with the name and the bounds of its period.
fn history(spec: &Spec, id: TableId, period: PeriodId) -> Value {
    let found = spec.period(period);
    context! {
        table => place(Slot::History(id, period)),
        name => text(&found.name),
        place => text(&spec.place_of(period)),
        ..interval(found, found, spec.table(id).time, spec.dialect)
    }
}

/// Every history table of a table.
pub(crate) fn histories(spec: &Spec, id: TableId) -> Vec<Value> {
    spec.periods_of(id).map(|period| history(spec, id, period)).collect()
}

/// The context of one statement: the shared context, and its period.
pub(crate) fn step(spec: &Spec, id: TableId, shared: &Value, step: &Step) -> Value {
    step.period.map_or_else(|| shared.clone(), |period| of_period(spec, id, period, shared))
}

/// The context of a statement for one history table.
pub(crate) fn of_period(spec: &Spec, id: TableId, period: PeriodId, shared: &Value) -> Value {
    context! { history => place(Slot::History(id, period)), period => history(spec, id, period), ..shared.clone() }
}

pub(crate) fn definition(spec: &Spec, shared: &Value, definition: &Definition) -> Value {
    match definition.creates {
        Slot::History(id, period) => {
            let partition = partition(spec.table(id), spec.period(period), spec.dialect);
            let identities = vec![false; spec.table(id).columns.len()];
            context! { table => place(definition.creates), partition => partition, identities => identities, ..shared.clone() }
        }
        Slot::Mart(id) => {
            let is_identity = |column: &Column| column.filled == Filled::Identity;
            let identities: Vec<_> = spec.table(id).columns.iter().map(is_identity).collect();
            context! { table => place(definition.creates), partition => (), identities => identities, ..shared.clone() }
        }
        creates => context! { table => place(creates), partition => (), ..shared.clone() },
    }
}

pub(crate) fn index(spec: &Spec, index: &Index) -> Value {
    let table = index.on.table().map(|id| spec.table(id)).expect("marts and history tables have an owner");
    context! {
        index => Value::from(Sql::Alias(index.relation(spec).name().sql(spec.dialect))),
        table => place(index.on),
        columns => columns(spec, table, &index.columns),
        unique => index.unique,
    }
}

pub(crate) fn grant(spec: &Spec, grant: &Grant) -> Value {
    let reader = |reader: &Reader| Value::from(Sql::Alias(reader.sql(spec.dialect)));
    context! { table => place(grant.on), readers => grant.readers.iter().map(reader).collect::<Vec<_>>() }
}

fn partition(table: &Table, period: &Period, dialect: Dialect) -> Option<Value> {
    let name = table.column(table.time.column).name.sql(dialect);
    let (start, end) = (period.start_epoch(), period.end_epoch());
    dialect.rules().partition(&name, table.time.unit, start, end).map(|text| Value::from(Sql::Literal(text)))
}

/// A column that holds an instant in UTC.
fn stored_instant(dialect: Dialect, name: &str) -> Value {
    Value::from(Sql::Column { name: name.to_owned(), ty: dialect.rules().stored_instant(), not_null: false })
}

/// The context of the definition of an exceptions table.
pub(crate) fn exceptions(spec: &Spec, id: ExceptionsId) -> Value {
    let key = &spec.exceptions(id).key;
    let column = Value::from(Sql::Column { name: key.name.sql(spec.dialect), ty: key.ty, not_null: false });
    let given = Value::from(Sql::Column { name: String::new(), ty: uncut(key.ty), not_null: false });
    let columns = EXCEPTION_COLUMNS.into_iter().zip(exception_types(spec.dialect));
    let columns = columns.map(|(name, ty)| Sql::Column { name: name.to_owned(), ty, not_null: false });
    let columns: Vec<_> = columns.map(Value::from).collect();
    let [erased_at, notes] = erased_columns(spec.dialect)
        .map(|(name, ty)| Value::from(Sql::Column { name: name.to_owned(), ty, not_null: false }));
    context! {
        exception => context! { column => column, given => given, columns => columns },
        list => spec.exceptions(id).erased.as_ref().map(|_| erased(spec, id)),
        erased_at => erased_at,
        notes => notes,
    }
}

/// A list of erased keys, with its exceptions table and the types of its holds.
pub(crate) fn erased(spec: &Spec, id: ExceptionsId) -> Value {
    let exceptions = spec.exceptions(id);
    let tables = spec.tables.iter().filter(|table| table.exceptions == id);
    context! {
        table => place(Slot::Erased(id)),
        exceptions => place(Slot::Exceptions(id)),
        key => declared(spec, &exceptions.listed_key()),
        exception_key => declared(spec, &exceptions.key),
        given => of_type("", uncut(exceptions.key.ty)),
        is_hashed => exceptions.are_hashed(),
        // The text of a number depends on its type, and that of a uuid on how it was written. A raw
        // table can have another type.
        exact => match exceptions.key.ty {
            ty if ty.is_whole_number() => Some(of_type("", SqlType::Bigint)),
            SqlType::Uuid if spec.dialect.rules().has_uuids() => Some(of_type("", SqlType::Uuid)),
            _ => None,
        },
        // The column with the key: here that of the exceptions table.
        column => declared(spec, &exceptions.key),
        holds => tables.map(|table| text(&format!("{}{HOLD}", table.exception_type))).collect::<Vec<_>>(),
    }
}

/// A list of erased keys that a table obeys, with the column of the table that holds the key.
pub(crate) fn erasure(spec: &Spec, table: &Table, erasure: Erasure) -> Value {
    context! { column => column(spec, table, erasure.column), ..erased(spec, erasure.list) }
}

pub(crate) fn column(spec: &Spec, table: &Table, id: ColumnId) -> Value {
    declared(spec, table.column(id))
}

/// A declared column, of a table or of a windowed load.
pub(crate) fn declared(spec: &Spec, column: &Column) -> Value {
    Value::from(Sql::Column { name: column.name.sql(spec.dialect), ty: column.ty, not_null: column.not_null })
}

/// A column of a work table, which has the type of a column of the spec.
pub(crate) fn of_type(name: &str, ty: SqlType) -> Value {
    Value::from(Sql::Column { name: name.to_owned(), ty, not_null: false })
}

/// An identity, with every table that has its numbers. The two texts are for functions that look up
/// its sequence by names.
pub(crate) fn identity(spec: &Spec, id: TableId, number: ColumnId) -> Value {
    let table = spec.table(id);
    context! {
        mart => place(Slot::Mart(id)),
        histories => histories(spec, id),
        column => column(spec, table, number),
        column_text => text(&table.column(number).name.folded(spec.dialect)),
        mart_text => text(&table.relation.sql(spec.dialect)),
    }
}

pub(crate) fn columns(spec: &Spec, table: &Table, ids: &[ColumnId]) -> Vec<Value> {
    ids.iter().map(|&id| column(spec, table, id)).collect()
}

/// Columns in groups, for conditions with one term per column. Parsers recurse over a chain of
/// terms, so a chain over all columns of a wide mart could be too deep.
pub(crate) fn groups(columns: &[Value]) -> Value {
    const TERMS: usize = 32;
    let groups: Vec<Value> = columns.chunks(TERMS).map(|group| Value::from(group.to_vec())).collect();
    let several = groups.len() > 1;
    context! { each => groups, several => several }
}

fn interval(first: &Period, last: &Period, time: Time, dialect: Dialect) -> Value {
    let bound = |day: String, epoch| Value::from(Sql::Literal(dialect.rules().instant(&day, epoch, time.unit)));
    context! { start => bound(first.start(), first.start_epoch()), end => bound(last.end(), last.end_epoch()) }
}

/// The interval of the open periods of a table. Invariant: they are adjacent, and no sealed period
/// is newer.
pub(crate) fn open(spec: &Spec, id: TableId) -> Value {
    let open: Vec<_> = spec.periods_of(id).map(|period| spec.period(period)).filter(|period| !period.sealed).collect();
    match (open.first(), open.last()) {
        (Some(first), Some(last)) => interval(first, last, spec.table(id).time, spec.dialect),
        // A purge has no periods. Otherwise, at least one period is open.
        _ => Value::UNDEFINED,
    }
}

/// A text literal. Invariant: resolve has checked the text, or Rowkeep wrote it.
pub(crate) fn text(text: &str) -> Value {
    literal::text(text).map_or(Value::UNDEFINED, |text| Value::from(Sql::Literal(text)))
}

pub(crate) fn number(number: u64) -> Value {
    Value::from(Sql::Literal(number.to_string()))
}

/// The parameters of statements.
pub(crate) fn given() -> Value {
    let given: BTreeMap<_, _> = PARAMETERS.into_iter().map(|name| (name, parameter(name))).collect();
    Value::from(given)
}

/// The conditions of a table: the column, the name of the test, and its constants.
fn only_when(spec: &Spec, table: &Table) -> Vec<Value> {
    let each = table.only_when.iter().map(|condition| {
        let ty = table.column(condition.column).ty;
        let sql = |constant: &Constant| Value::from(Sql::Literal(constant.sql(ty, spec.dialect)));
        let one = std::slice::from_ref;
        let (test, constants) = match &condition.test {
            Test::OneOf(constants) => ("one_of", constants.as_slice()),
            Test::NoneOf(constants) => ("none_of", constants.as_slice()),
            Test::LessThan(constant) => ("less_than", one(constant)),
            Test::AtMost(constant) => ("at_most", one(constant)),
            Test::AtLeast(constant) => ("at_least", one(constant)),
            Test::MoreThan(constant) => ("more_than", one(constant)),
            Test::IsNull => ("is_null", &[][..]),
            Test::IsNotNull => ("is_not_null", &[][..]),
        };
        let constants: Vec<_> = constants.iter().map(sql).collect();
        let several = constants.len() > 1;
        context! { column => column(spec, table, condition.column), test => test, constants => constants, several => several }
    });
    each.collect()
}

fn tripwire(table: &Table, wire: Tripwire) -> Value {
    let Share { part, of } = wire.share;
    let model = table.model.value.as_str();
    // No percent sign: some drivers read it as a placeholder.
    let done = if table.is_purged() { "deleted" } else { "archived" };
    let tail = format!(" rows of {model} are due and not held, more than {part} in {of}: nothing was {done}");
    context! {
        part => number(part),
        of => number(of),
        at_least => number(wire.at_least),
        head => text("rowkeep tripwire: "),
        tail => text(&tail),
    }
}

/// The mark of a parameter.
fn parameter(name: &'static str) -> Value {
    Value::from(Sql::Literal(vocabulary::parameter(name)))
}

fn exception(spec: &Spec, table: &Table) -> Value {
    let key = &spec.exceptions(table.exceptions).key;
    let ty = &table.exception_type;
    context! {
        key => column(spec, table, table.exception_key),
        column => Value::from(Sql::Column { name: key.name.sql(spec.dialect), ty: key.ty, not_null: false }),
        // A cast to varchar(n) would shorten a long key, and the statement would find another key.
        given => Value::from(Sql::Column { name: String::new(), ty: uncut(key.ty), not_null: false }),
        type => text(ty),
        null_key => text(&format!("{ty}{NULL_KEY}")),
        hold => text(&format!("{ty}{HOLD}")),
    }
}

/// The type of a key that an operator gives: without a length, so that no cast shortens the key.
fn uncut(ty: SqlType) -> SqlType {
    if let SqlType::Varchar(_) = ty { SqlType::Text } else { ty }
}

fn retention(spec: &Spec, table: &Table, scope: &Scope) -> Value {
    match &table.retention {
        Retention::For { length, from } => {
            let rules = spec.dialect.rules();
            let literal = |text: String| Value::from(Sql::Literal(text));
            let (fixed, months) = match *length {
                Length::Seconds(0) => (None, None),
                Length::Seconds(seconds) => (Some(literal(rules.duration(seconds, table.time.unit))), None),
                Length::Months(months) => (None, Some(literal(rules.months(months)))),
            };
            context! {
                retention => fixed,
                months => months,
                root_unit => table.time.unit.as_str(),
                from_now => *from == CutoffFrom::Now,
                parent => (),
            }
        }
        Retention::WhileIn { parent, on, root } => {
            context! {
                root_cutoff => place(Slot::Cutoff(*root)),
                root_unit => spec.table(*root).time.unit.as_str(),
                parent => context! {
                    mart => place(Slot::Mart(*parent)),
                    on => pairs(spec, table, spec.table(*parent), on),
                    touched => scope.parent_touched.as_ref().map(|link| touched(spec, link)),
                },
            }
        }
    }
}

pub(crate) fn pairs(spec: &Spec, child: &Table, parent: &Table, on: &[(ColumnId, ColumnId)]) -> Vec<Value> {
    on.iter()
        .map(|&(ours, theirs)| context! { ours => column(spec, child, ours), theirs => column(spec, parent, theirs) })
        .collect()
}

fn touched(spec: &Spec, link: &Touched) -> Value {
    let alias = |level: usize| Value::from(Sql::Alias(if level == 0 { "_u".to_owned() } else { format!("_u{level}") }));
    // One route per ancestor: it joins the marts in between, then the batch of the ancestor.
    let routes: Vec<_> = (1..=link.ancestors.len())
        .map(|length| {
            let mut child = link.table;
            let hops = link.ancestors[..length].iter().enumerate().map(|(level, hop)| {
                let on = pairs(spec, spec.table(child), spec.table(hop.parent), &hop.on);
                child = hop.parent;
                let last = level + 1 == length;
                let (table, to) = if last {
                    (place(Slot::Raw(child)), Value::from(Sql::Alias("_b".to_owned())))
                } else {
                    (place(Slot::Mart(child)), alias(level + 1))
                };
                context! { table => table, alias => to, below => alias(level), on => on }
            });
            let hops = hops.collect::<Vec<_>>();
            let direct = link.in_batch_of(length).map(|ids| columns(spec, spec.table(child), &ids));
            context! { hops => hops, direct => direct, source => place(Slot::Raw(child)) }
        })
        .collect();
    context! {
        source => place(Slot::Raw(link.table)),
        mart => place(Slot::Mart(link.table)),
        columns => columns(spec, spec.table(link.table), &link.columns),
        routes => routes,
    }
}

fn load(spec: &Spec, table: &Table) -> Option<Value> {
    let load = table.load.as_ref()?;
    // A load writes no type for a column of the raw table, so the type here is never used.
    let raw = |name: &crate::sql::Name| {
        Value::from(Sql::Column { name: name.sql(spec.dialect), ty: SqlType::Text, not_null: false })
    };
    let order_by: Vec<_> = load
        .order_by
        .iter()
        .map(|term| context! { column => raw(&term.column), descending => term.descending })
        .collect();
    let lookback = load.lookback.as_ref().map(|lookback| {
        context! { column => raw(&lookback.column), within => Value::from(Sql::Literal(spec.dialect.rules().duration(lookback.seconds, lookback.unit))) }
    });
    let not_null = |of_key: bool| -> Vec<Value> {
        let ids = table.inserted().filter(|id| table.column(*id).not_null && table.unique_key.contains(id) == of_key);
        ids.map(|id| raw(&table.column(id).name)).collect()
    };
    Some(
        context! { order_by => order_by, lookback => lookback, not_null => groups(&not_null(false)), not_null_key => not_null(true) },
    )
}
