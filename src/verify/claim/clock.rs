//! Clocks and units of time. The file of the engine in `dialect` defines them.

use crate::dialect::{Dialect, Expression};
use crate::project::Spec;
use crate::sql::TimeUnit;
use crate::verify::claim::{call, less, literal};
use crate::verify::meaning::{All, Term};

/// The current time in UTC, as the exceptions table stores it.
pub(super) fn now_utc<'a>(dialect: Dialect) -> Term<'a> {
    term(dialect.rules().now_utc(), None)
}

/// The current time in the unit of a time column.
pub(super) fn now<'a>(spec: &Spec, unit: TimeUnit) -> Term<'a> {
    term(spec.dialect.rules().now(unit, spec.zone.of(unit)), None)
}

/// The cutoff of the root table in the child's unit. It is rounded up, so `<` keeps its meaning.
pub(super) fn converted<'a>(dialect: Dialect, from: TimeUnit, to: TimeUnit, cutoff: Term<'a>) -> Term<'a> {
    if from == to { cutoff } else { term(dialect.rules().converted(from, to, None), Some(&cutoff)) }
}

/// The time that is so many months of the calendar before another one.
pub(super) fn months_before<'a>(dialect: Dialect, months: u32, unit: TimeUnit, time: Term<'a>) -> Term<'a> {
    term(dialect.rules().converted(unit, unit, Some(months)), Some(&time))
}

/// An expression of an engine, with the given term in place.
pub(super) fn term<'a>(expression: Expression, given: Option<&Term<'a>>) -> Term<'a> {
    match expression {
        Expression::Given => {
            given.cloned().unwrap_or_else(|| unreachable!("the expression of a clock has no argument"))
        }
        Expression::Literal(text) => literal(text),
        Expression::Call(name, arguments) => call(name, arguments.into_iter().map(|one| term(one, given))),
        Expression::IfLess { less: a, than: b, then, otherwise } => {
            let when = All::new(vec![less(term(*a, given), term(*b, given))]);
            Term::Case(vec![(when, term(*then, given))], Some(Box::new(term(*otherwise, given))))
        }
    }
}
