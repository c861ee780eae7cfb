//! Expressions that verify expects in a statement.

use std::borrow::Cow;

use crate::sql::SqlType;

/// An expression. Calls, operators and casts have the names that verify gives them when it reads a
/// statement.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// The value to convert.
    Given,
    Literal(Cow<'static, str>),
    Call(&'static str, Vec<Expression>),
    /// `CASE WHEN less < than THEN then ELSE otherwise END`.
    IfLess {
        less: Box<Expression>,
        than: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
}

use Expression::{Call, Literal};

pub(super) fn call(name: &'static str, arguments: impl IntoIterator<Item = Expression>) -> Expression {
    Call(name, arguments.into_iter().collect())
}

pub(super) fn plus(a: Expression, b: &'static str) -> Expression {
    call("+", [a, Literal(b.into())])
}

/// A conversion of a day to a timestamp without a zone.
pub(super) type ToTimestamp = fn(Expression) -> Expression;

/// An instant, or the start of its day in UTC, moved back by months of the calendar.
pub(super) fn before(instant: Expression, months: Option<String>, to_timestamp: ToTimestamp) -> Expression {
    match months {
        Some(months) => call("-", [to_timestamp(to_date(instant)), Literal(months.into())]),
        None => instant,
    }
}

pub(super) fn times(a: Expression, b: &'static str) -> Expression {
    call("*", [a, Literal(b.into())])
}

pub(super) fn to_bigint(value: Expression) -> Expression {
    call("cast BIGINT", [value])
}

pub(super) fn to_date(value: Expression) -> Expression {
    call("cast DATE", [value])
}

pub(super) fn to_timestamp(value: Expression) -> Expression {
    call("cast TIMESTAMP", [value])
}

pub(super) fn epoch(instant: Expression) -> Expression {
    call("extract epoch", [instant])
}

pub(super) fn at_utc(value: Expression) -> Expression {
    at_zone(value, "UTC")
}

/// A timestamp of a zone as an instant, or an instant as a timestamp of a zone.
pub(super) fn at_zone(value: Expression, zone: &str) -> Expression {
    call("at time zone", [value, name_of(zone)])
}

/// The given key, before it becomes a text: a whole number of any type as the widest type, because
/// the text of a number depends on its type.
pub(super) fn key(ty: SqlType, widest: &'static str) -> Expression {
    if ty.is_whole_number() { call(widest, [Expression::Given]) } else { Expression::Given }
}

/// The same for an engine with a type for uuids, which writes them in lower case.
pub(super) fn key_or_uuid(ty: SqlType) -> Expression {
    if ty == SqlType::Uuid { call("cast UUID", [Expression::Given]) } else { key(ty, "cast BIGINT") }
}

/// The name of a zone as a literal. The names come from the database of IANA: they have no quote.
pub(super) fn name_of(zone: &str) -> Expression {
    Literal(format!("'{zone}'").into())
}

/// The day of an instant, rounded up: the next day, unless the instant is midnight.
pub(super) fn day_rounded_up(instant: Expression, to_timestamp: ToTimestamp) -> Expression {
    let day = || to_date(instant.clone());
    Expression::IfLess {
        less: Box::new(to_timestamp(day())),
        than: Box::new(instant.clone()),
        then: Box::new(plus(day(), "1")),
        otherwise: Box::new(day()),
    }
}

/// A count since 1970 as a timestamp, where the engine multiplies intervals.
pub(super) fn since_1970(count: Expression, unit: &'static str) -> Expression {
    call("+", [Literal("TIMESTAMP '1970-01-01 00:00:00'".into()), times(count, unit)])
}
