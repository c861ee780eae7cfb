//! Clocks and units of time, as each engine computes them; the same as `templates/<dialect>/time.sql.j2` says.

use crate::dialect::Dialect;
use crate::spec::Time;
use crate::sql::TimeUnit;
use crate::verify::claim::{call, less, literal};
use crate::verify::meaning::{All, Term};

fn clock<'a>(dialect: Dialect) -> Term<'a> {
    match dialect {
        Dialect::Redshift => call("getdate", []),
        Dialect::Postgres | Dialect::DuckDb | Dialect::BigQuery => call("current_timestamp", []),
    }
}

fn in_utc(term: Term<'_>) -> Term<'_> {
    call("at time zone", [term, literal("'UTC'")])
}

fn cast<'a>(to: &'static str, term: Term<'a>) -> Term<'a> {
    call(to, [term])
}

/// Now, as the exceptions table stores it: UTC, without a zone.
pub(super) fn now_utc<'a>(dialect: Dialect) -> Term<'a> {
    match dialect {
        Dialect::Redshift | Dialect::BigQuery => clock(dialect),
        Dialect::Postgres | Dialect::DuckDb => in_utc(clock(dialect)),
    }
}

/// Now, as a time column counts.
pub(super) fn now<'a>(dialect: Dialect, time: Time) -> Term<'a> {
    let epoch = || call("extract epoch", [clock(dialect)]);
    let whole = |seconds| cast("cast BIGINT", call("floor", [seconds]));
    match (dialect, time.unit) {
        (Dialect::BigQuery, _) => counted(time, clock(dialect)),
        (Dialect::Redshift, TimeUnit::EpochSeconds) => cast("cast BIGINT", epoch()),
        (Dialect::Redshift, TimeUnit::EpochMillis) => call("*", [cast("cast BIGINT", epoch()), literal("1000")]),
        (Dialect::Redshift, TimeUnit::Date) => cast("cast DATE", clock(dialect)),
        (Dialect::Redshift, TimeUnit::Timestamp) if time.zoned => in_utc(clock(dialect)),
        (_, TimeUnit::EpochSeconds) => whole(epoch()),
        (_, TimeUnit::EpochMillis) => whole(call("*", [epoch(), literal("1000")])),
        (_, TimeUnit::Date) => cast("cast DATE", now_utc(dialect)),
        (_, TimeUnit::Timestamp) if time.zoned => clock(dialect),
        (_, TimeUnit::Timestamp) => now_utc(dialect),
    }
}

/// The root's cutoff, as a child's time column counts: rounded up, so that `<` keeps its meaning.
pub(super) fn converted<'a>(dialect: Dialect, from: Time, to: Time, cutoff: Term<'a>) -> Term<'a> {
    if (from.unit, from.zoned) == (to.unit, to.zoned) {
        return cutoff;
    }
    if dialect == Dialect::BigQuery {
        return bigquery(from, to, cutoff);
    }
    let instant = || instant(dialect, from, cutoff.clone());
    let whole = |count| cast("cast BIGINT", call("ceil", [count]));
    let epoch = |term| call("extract epoch", [term]);
    let a_bit_more = |by: &'static str| call("+", [instant(), literal(by)]);
    match (dialect, to.unit) {
        (Dialect::Redshift, TimeUnit::EpochSeconds) => {
            cast("cast BIGINT", epoch(a_bit_more("INTERVAL '999999 microseconds'")))
        }
        (Dialect::Redshift, TimeUnit::EpochMillis) => call(
            "datediff",
            [
                literal("millisecond"),
                literal("TIMESTAMP '1970-01-01 00:00:00'"),
                a_bit_more("INTERVAL '999 microseconds'"),
            ],
        ),
        (Dialect::Postgres | Dialect::BigQuery, TimeUnit::EpochSeconds) => whole(epoch(instant())),
        (Dialect::Postgres | Dialect::BigQuery, TimeUnit::EpochMillis) => {
            whole(call("*", [epoch(instant()), literal("1000")]))
        }
        (Dialect::DuckDb, TimeUnit::EpochSeconds) => {
            whole(call("/", [call("epoch_us", [instant()]), literal("1000000.0")]))
        }
        (Dialect::DuckDb, TimeUnit::EpochMillis) => {
            whole(call("/", [call("epoch_us", [instant()]), literal("1000.0")]))
        }
        (_, TimeUnit::Timestamp) if to.zoned => in_utc(instant()),
        (_, TimeUnit::Timestamp) => instant(),
        (_, TimeUnit::Date) => {
            let day = || cast("cast DATE", instant());
            let is_past_midnight = less(cast("cast TIMESTAMP", day()), instant());
            Term::Case(
                vec![(All::new(vec![is_past_midnight]), call("+", [day(), literal("1")]))],
                Some(Box::new(day())),
            )
        }
    }
}

/// An instant, as a time column of BigQuery counts.
fn counted<'a>(time: Time, instant: Term<'a>) -> Term<'a> {
    match time.unit {
        TimeUnit::EpochSeconds => call("unix_seconds", [instant]),
        TimeUnit::EpochMillis => call("unix_millis", [instant]),
        TimeUnit::Date => call("date", [instant]),
        TimeUnit::Timestamp if time.zoned => instant,
        TimeUnit::Timestamp => call("datetime", [instant]),
    }
}

/// The same on BigQuery, whose functions round down: just less than one unit more rounds up.
fn bigquery<'a>(from: Time, to: Time, cutoff: Term<'a>) -> Term<'a> {
    let instant = match from.unit {
        TimeUnit::EpochSeconds => call("timestamp_seconds", [cutoff]),
        TimeUnit::EpochMillis => call("timestamp_millis", [cutoff]),
        TimeUnit::Timestamp if from.zoned => cutoff,
        TimeUnit::Timestamp | TimeUnit::Date => call("timestamp", [cutoff]),
    };
    let more = match to.unit {
        TimeUnit::EpochSeconds => Some("INTERVAL 999999 MICROSECOND"),
        TimeUnit::EpochMillis => Some("INTERVAL 999 MICROSECOND"),
        TimeUnit::Date => Some("INTERVAL 86399999999 MICROSECOND"),
        TimeUnit::Timestamp => None,
    };
    let instant = match more {
        Some(more) => call("+", [instant, literal(more)]),
        None => instant,
    };
    counted(to, instant)
}

/// A cutoff as a timestamp in UTC.
fn instant<'a>(dialect: Dialect, from: Time, cutoff: Term<'a>) -> Term<'a> {
    let since_1970 = |cutoff, one: &'static str| {
        let length = call("*", [cutoff, literal(one)]);
        call("+", [literal("TIMESTAMP '1970-01-01 00:00:00'"), length])
    };
    match (dialect, from.unit) {
        (Dialect::DuckDb, TimeUnit::EpochSeconds) => call("make_timestamp", [call("*", [cutoff, literal("1000000")])]),
        (Dialect::DuckDb, TimeUnit::EpochMillis) => call("make_timestamp", [call("*", [cutoff, literal("1000")])]),
        (_, TimeUnit::EpochSeconds) => since_1970(cutoff, "INTERVAL '1 second'"),
        (_, TimeUnit::EpochMillis) => since_1970(cutoff, "INTERVAL '1 millisecond'"),
        (_, TimeUnit::Timestamp) if from.zoned => in_utc(cutoff),
        (_, TimeUnit::Timestamp) => cutoff,
        (_, TimeUnit::Date) => cast("cast TIMESTAMP", cutoff),
    }
}
