//! Periods: each with its bounds, together without gap or overlap.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::Period;
use crate::project::files::PeriodEntry;
use crate::project::period::{Bounds, bounds, day};
use crate::project::shape::{Either, Field};
use crate::source::{Span, Spanned};

/// The most periods: forty years of months. A statement names every open one, and parsers recurse over what it names.
const MAX_PERIODS: usize = 480;

pub(crate) fn resolve(
    raw: &Spanned<Vec<Field<PeriodEntry>>>,
    sealed_before: Option<&Spanned<String>>,
    sink: &mut Sink,
) -> Option<Vec<Period>> {
    if raw.value.is_empty() {
        let message = "the project has no periods; due rows would have nowhere to go";
        sink.push(Diagnostic::new(Code::NoPeriods, message, raw.span, "empty").help("add a line such as `- 2025_h2`"));
        return None;
    }
    if let Some(one_too_many) = raw.value.get(MAX_PERIODS) {
        let at = one_too_many.get().map_or(raw.span, |period| period.span);
        let message =
            format!("{} periods are declared; {MAX_PERIODS} are the most that a statement can name", raw.value.len());
        sink.push(
            Diagnostic::new(Code::Budget, message, at, "one too many")
                .help("join old periods into one that states its bounds"),
        );
        return None;
    }
    let found: Vec<_> = raw.value.iter().map(|field| field.get().and_then(|raw| resolve_one(raw, sink))).collect();
    // Neighbours of a period that could not be read are not judged: the gap between them is not the user's.
    let mut sound = found.iter().all(Option::is_some);
    let mut seen = BTreeMap::new();
    for (i, period) in found.iter().enumerate() {
        let Some((period, span)) = period else { continue };
        let twin = seen.insert(period.name.to_ascii_lowercase(), *span);
        if let Some(first) = twin {
            let message = format!("period {} stands twice; its history tables exist once", quoted(&period.name));
            sink.push(
                Diagnostic::new(Code::PeriodDuplicate, message, *span, "again here")
                    .also(first, "first here")
                    .help("remove one"),
            );
            sound = false;
        } else if i > 0
            && let Some(previous) = &found[i - 1]
        {
            sound &= check_neighbours(previous, &(period.clone(), *span), sink);
        }
    }
    let mut periods: Vec<Period> = found.into_iter().flatten().map(|(period, _)| period).collect();
    if let Some(date) = sealed_before {
        seal(&mut periods, date, sound, sink);
    }
    sound.then_some(periods)
}

fn resolve_one(raw: &Spanned<PeriodEntry>, sink: &mut Sink) -> Option<(Period, Span)> {
    let period = match &raw.value {
        Either::Scalar(name) => named(&name.0, raw.span, sink)?,
        Either::List(never) => match *never {},
        Either::Map(stated) => {
            let name = stated.name.get()?;
            let (start, end) = (date(stated.start.get(), sink), date(stated.end.get(), sink));
            let text = &name.value.0;
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                let message = format!("period {} cannot be part of a table's name", quoted(text));
                sink.push(
                    Diagnostic::new(Code::PeriodName, message, name.span, "not a suffix")
                        .help("use letters, digits and underscores"),
                );
                return None;
            }
            let (start, end) = (start?, end?);
            if let Some(Bounds::Days(by_name, to_name)) = bounds(text)
                && (by_name, to_name) != (start, end)
            {
                let message = format!(
                    "period {} says [{by_name}, {to_name}) by its name and [{start}, {end}) by its dates",
                    quoted(text)
                );
                sink.push(
                    Diagnostic::new(Code::PeriodName, message, name.span, "contradicts its dates")
                        .help(format!("write `{text}` alone, or choose a name without a calendar meaning")),
                );
                return None;
            }
            Period { name: text.clone(), start, end, sealed: false }
        }
    };
    if period.end <= period.start {
        let message =
            format!("period {} is empty: [{}, {}) holds no instant", quoted(&period.name), period.start, period.end);
        sink.push(
            Diagnostic::new(Code::PeriodEmpty, message, raw.span, "nothing fits in it")
                .help("`end` is the first day that no longer belongs to the period: write one after `start`"),
        );
        return None;
    }
    Some((period, raw.span))
}

fn named(name: &str, span: Span, sink: &mut Sink) -> Option<Period> {
    match bounds(name) {
        Some(Bounds::Days(start, end)) => return Some(Period { name: name.to_owned(), start, end, sealed: false }),
        Some(Bounds::Unrepresentable) => {
            let message = format!("period {} reaches beyond the years 1 to 9999", quoted(name));
            sink.push(Diagnostic::new(Code::Date, message, span, "not a representable date").help("use a nearer year"));
        }
        None => {
            let message = format!("period {} carries no bounds in its name", quoted(name));
            let mut diagnostic =
                Diagnostic::new(Code::PeriodName, message, span, "expected such as 2025_h2, 2025_q3, 2025_m07 or 2025");
            let canonical = name.to_ascii_lowercase().replace('-', "_");
            diagnostic = if bounds(&canonical).is_some() {
                diagnostic.help(format!("did you mean `{canonical}`?"))
            } else {
                diagnostic.help("state them: `{ name: legacy, start: 2019-01-01, end: 2025-07-01 }`")
            };
            sink.push(diagnostic);
        }
    }
    None
}

fn date(text: Option<&Spanned<String>>, sink: &mut Sink) -> Option<Date> {
    let text = text?;
    let date = day(&text.value);
    if date.is_none() {
        let message = format!("{} is no day of the years 1 to 9999", quoted(&text.value));
        sink.push(
            Diagnostic::new(Code::Date, message, text.span, "not a date").help("write YYYY-MM-DD, as in 2025-07-01"),
        );
    }
    date
}

fn check_neighbours((previous, before): &(Period, Span), (period, span): &(Period, Span), sink: &mut Sink) -> bool {
    let (name, earlier) = (quoted(&period.name), quoted(&previous.name));
    let diagnostic = if period.start == previous.end {
        return true;
    } else if period.end <= previous.start {
        let message = format!("period {name} stands after {earlier}, which is later");
        Diagnostic::new(Code::PeriodOrder, message, *span, format!("ends {}", period.end))
            .also(*before, format!("starts {}", previous.start))
            .help("list periods oldest first")
    } else if period.start < previous.end {
        let message = format!("periods {earlier} and {name} overlap; a row could go to both");
        Diagnostic::new(Code::PeriodOverlap, message, *span, format!("starts {}", period.start))
            .also(*before, format!("ends {}", previous.end))
            .help("let each period start on the day on which the one before it ends")
    } else {
        let message = format!(
            "no period covers [{}, {}); due rows of that time would stay in the mart",
            previous.end, period.start
        );
        Diagnostic::new(Code::PeriodGap, message, *span, format!("starts {}", period.start))
            .also(*before, format!("ends {}", previous.end))
            .help("add the period between them")
    };
    sink.push(diagnostic);
    false
}

fn seal(periods: &mut [Period], stated: &Spanned<String>, sound: bool, sink: &mut Sink) {
    let Some(until) = date(Some(stated), sink) else { return };
    for period in periods.iter_mut() {
        period.sealed = period.end <= until;
    }
    if !sound {
        return;
    }
    let bound = |period: &Period| period.start == until || period.end == until;
    if !periods.iter().any(bound) {
        let bounds: Vec<_> = periods.iter().map(|period| period.start.to_string()).collect();
        let message = format!("sealed_before {until} is no period's bound; a period would be half sealed");
        sink.push(
            Diagnostic::new(Code::Sealed, message, stated.span, "inside or outside of the periods")
                .help(format!("write the start of the first open period, one of {}", bounds.join(", "))),
        );
    } else if periods.iter().all(|period| period.sealed) {
        let message = format!("sealed_before {until} seals every period; no cycle could archive a row");
        sink.push(
            Diagnostic::new(Code::Sealed, message, stated.span, "nothing stays open")
                .help("leave at least the newest period open"),
        );
    }
}
