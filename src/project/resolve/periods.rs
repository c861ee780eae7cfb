//! Resolves the periods: their bounds, and that they have no gap and no overlap.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::files::{FiscalYearEntry, PeriodEntry};
use crate::project::fiscal_year::{FiscalWeeks, FiscalYear, NamedAfter};
use crate::project::period::day;
use crate::project::period_name::{Bounds, bounds};
use crate::project::read::NO_PERIODS;
use crate::project::shape::{Either, Field};
use crate::project::{Period, Zone};
use crate::source::{Span, Spanned};

/// The most periods: forty years of months. A statement names every open period, and parsers
/// recurse over these names.
const MAX_PERIODS: usize = 480;

pub(crate) fn resolve(
    raw: &Spanned<Vec<Field<PeriodEntry>>>,
    name: Option<&str>,
    fiscal_year: Option<FiscalYear>,
    zone: &Zone,
    sealed_before: Option<&Spanned<String>>,
    sink: &mut Sink,
) -> Option<Vec<Period>> {
    if raw.value.is_empty() {
        let (message, help) = match name {
            Some(name) => (
                format!("the list {} has no periods; due rows of its tables could not be archived", quoted(name)),
                "add a period, as in `[2026]`, or remove the list",
            ),
            None => ("the project has no periods; due rows could not be archived".to_owned(), NO_PERIODS),
        };
        sink.push(Diagnostic::new(Code::NoPeriods, message, raw.span, "empty").help(help));
        return None;
    }
    if let Some(one_too_many) = raw.value.get(MAX_PERIODS) {
        let at = one_too_many.get().map_or(raw.span, |period| period.span);
        let message = format!("{} periods are declared; statements can name at most {MAX_PERIODS}", raw.value.len());
        sink.push(
            Diagnostic::new(Code::Budget, message, at, "one too many")
                .help("replace old periods by one period that states its bounds"),
        );
        return None;
    }
    let entries = raw.value.iter().map(Field::get);
    let found: Vec<_> =
        entries.map(|entry| entry.and_then(|entry| resolve_one(entry, fiscal_year, zone, sink))).collect();
    // The neighbours of an invalid period are not compared: the gap between them is not an error of
    // the user.
    let mut sound = found.iter().all(Option::is_some);
    let mut seen = BTreeMap::new();
    for (i, period) in found.iter().enumerate() {
        let Some((period, span)) = period else { continue };
        if let Some(first) = seen.insert(period.name.to_ascii_lowercase(), *span) {
            let message =
                format!("period {} is listed twice; each table has one history table for it", quoted(&period.name));
            sink.push(
                Diagnostic::new(Code::PeriodDuplicate, message, *span, "again here")
                    .also(first, "first here")
                    .help("remove one of the two"),
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

fn resolve_one(
    raw: &Spanned<PeriodEntry>,
    fiscal_year: Option<FiscalYear>,
    zone: &Zone,
    sink: &mut Sink,
) -> Option<(Period, Span)> {
    let period = match &raw.value {
        Either::Scalar(name) => named(&name.0, fiscal_year, zone, raw.span, sink)?,
        Either::List(never) => match *never {},
        Either::Map(stated) => {
            let name = stated.name.get()?;
            let (start, end) = (date(stated.start.get(), sink), date(stated.end.get(), sink));
            let text = &name.value.0;
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                let message = format!("period {} cannot be part of the name of a table", quoted(text));
                sink.push(
                    Diagnostic::new(Code::PeriodName, message, name.span, "not a suffix")
                        .help("use letters, digits and underscores"),
                );
                return None;
            }
            let (start, end) = (start?, end?);
            if let Some(Bounds::Days(named_start, named_end)) = bounds(text, fiscal_year)
                && (named_start, named_end) != (start, end)
            {
                let message = format!(
                    "period {} is [{named_start}, {named_end}) by its name, but [{start}, {end}) by its dates",
                    quoted(text)
                );
                sink.push(
                    Diagnostic::new(Code::PeriodName, message, name.span, "contradicts its dates")
                        .help(format!("write only `{text}`, or choose a name that is not a calendar period")),
                );
                return None;
            }
            Period { name: text.clone(), start, end, zone: zone.clone(), sealed: false }
        }
    };
    // A zone can skip a day of the calendar.
    if period.end_epoch() <= period.start_epoch() {
        let message =
            format!("period {} is empty: [{}, {}) has no days", quoted(&period.name), period.start, period.end);
        sink.push(
            Diagnostic::new(Code::PeriodEmpty, message, raw.span, "no row fits in it")
                .help("`end` is the first day after the period: write a day after `start`"),
        );
        return None;
    }
    Some((period, raw.span))
}

/// The fiscal year that a project states.
pub(crate) fn fiscal_year(stated: &FiscalYearEntry, sink: &mut Sink) -> Option<FiscalYear> {
    let month = stated.first_month.get();
    let first_month = month.and_then(|month| month.value.0.parse().ok()).filter(|month| (1..=12).contains(month));
    if let (None, Some(month)) = (first_month, month) {
        let message = format!("`first_month` is {}, which is not a month", quoted(&month.value.0));
        sink.push(
            Diagnostic::new(Code::PeriodName, message, month.span, "not a month")
                .help("write a number from 1 to 12, as in `first_month: 4`"),
        );
    }
    let weeks = match stated.weeks.get() {
        Some(weeks) => {
            let weeks = &weeks.value;
            Some(FiscalWeeks {
                months: weeks.months.get()?.value.0,
                last_day: weeks.last_day.get()?.value.0,
                ends: weeks.ends.get()?.value.0,
            })
        }
        None => None,
    };
    Some(FiscalYear { first_month: first_month?, named_after: stated.named_after.get()?.value.0, weeks })
}

fn named(name: &str, fiscal_year: Option<FiscalYear>, zone: &Zone, span: Span, sink: &mut Sink) -> Option<Period> {
    match bounds(name, fiscal_year) {
        Some(Bounds::Days(start, end)) => {
            return Some(Period { name: name.to_owned(), start, end, zone: zone.clone(), sealed: false });
        }
        Some(Bounds::Unrepresentable) => {
            let message = format!("period {} is not within the years 1 to 9999", quoted(name));
            sink.push(
                Diagnostic::new(Code::Date, message, span, "year out of range").help("use a year from 1 to 9999"),
            );
        }
        None => {
            let message = format!("the name of period {} gives no bounds", quoted(name));
            let mut diagnostic = Diagnostic::new(
                Code::PeriodName,
                message,
                span,
                "expected a name such as 2025_h2, 2025_q3, 2025_m07, 2025_w01, 2025_07_01 or 2025",
            );
            // Whether the name would have bounds if the project stated its fiscal year.
            let is_fiscal = FiscalYear { first_month: 1, named_after: NamedAfter::FirstDay, weeks: None };
            let spellings = spellings(name);
            let meant = spellings.iter().find(|name| bounds(name, fiscal_year).is_some());
            let has_fiscal_form = || spellings.iter().any(|name| bounds(name, Some(is_fiscal)).is_some());
            diagnostic = if let Some(meant) = meant {
                diagnostic.help(format!("did you mean `{meant}`?"))
            } else if fiscal_year.is_none() && has_fiscal_form() {
                diagnostic.help(
                    "state the fiscal year in rowkeep.yml: `fiscal_year: { first_month: 4, named_after: last_day }`; \
                     with `last_day`, fy2026 ends in 2026, and with `first_day` it starts in 2026",
                )
            } else if let Some(parts) = too_many(name) {
                diagnostic.help(parts)
            } else {
                diagnostic.help("state its bounds: `{ name: legacy, start: 2019-01-01, end: 2025-07-01 }`")
            };
            sink.push(diagnostic);
        }
    }
    None
}

/// The number of parts that a year has, if a name counts more of them: `2025_h3`.
fn too_many(name: &str) -> Option<String> {
    let (year, part) = name.split_once('_').filter(|(year, _)| year.len() == 4 && year.parse::<u16>().is_ok())?;
    let kinds = [
        ("h", "2 half-years", "h1", "h2"),
        ("q", "4 quarters", "q1", "q4"),
        ("m", "12 months", "m01", "m12"),
        ("w", "52 or 53 weeks", "w01", "w52"),
    ];
    let (_, has, first, last) = kinds.into_iter().find(|(letter, ..)| {
        part.strip_prefix(letter).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    })?;
    Some(format!("the year {year} has {has}: {year}_{first} to {year}_{last}"))
}

/// Other spellings of a name: `2026_01` for `2026-01` and `202601`, `2026_q1` for `2026Q1`, and
/// `fy2026` for `FY26`.
fn spellings(name: &str) -> Vec<String> {
    let plain = name.to_ascii_lowercase().replace('-', "_");
    let mut all = vec![plain.clone()];
    let digits = plain.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &plain[digits..];
    match digits {
        4 if rest.starts_with(|c: char| c.is_ascii_alphabetic()) => all.push(format!("{}_{rest}", &plain[..4])),
        6 => all.push(format!("{}_{}{rest}", &plain[..4], &plain[4..6])),
        8 => all.push(format!("{}_{}_{}{rest}", &plain[..4], &plain[4..6], &plain[6..8])),
        _ => {}
    }
    if let Some(year) =
        plain.strip_prefix("fy").filter(|year| year.len() == 2 && year.bytes().all(|b| b.is_ascii_digit()))
    {
        all.push(format!("fy20{year}"));
    }
    all
}

fn date(text: Option<&Spanned<String>>, sink: &mut Sink) -> Option<Date> {
    let text = text?;
    let date = day(&text.value);
    if date.is_none() {
        let message = format!("{} is not a date of the years 1 to 9999", quoted(&text.value));
        let mut diagnostic = Diagnostic::new(Code::Date, message, text.span, "not a date");
        if text.value.contains(['T', ':']) {
            diagnostic = diagnostic.help(
                "for periods that begin at local midnight, write the local day, and `time_zone: Asia/Kolkata` in rowkeep.yml",
            );
        }
        sink.push(diagnostic.help("write YYYY-MM-DD, as in 2025-07-01"));
    }
    date
}

fn check_neighbours((previous, before): &(Period, Span), (period, span): &(Period, Span), sink: &mut Sink) -> bool {
    let (name, earlier) = (quoted(&period.name), quoted(&previous.name));
    let diagnostic = if period.start == previous.end {
        return true;
    } else if period.end <= previous.start {
        let message = format!("period {name} is listed after {earlier}, which is later");
        Diagnostic::new(Code::PeriodOrder, message, *span, format!("ends {}", period.end))
            .also(*before, format!("starts {}", previous.start))
            .help("list periods oldest first")
    } else if period.start < previous.end {
        let message = format!("periods {earlier} and {name} overlap; a row could go to both");
        Diagnostic::new(Code::PeriodOverlap, message, *span, format!("starts {}", period.start))
            .also(*before, format!("ends {}", previous.end))
            .help("start each period on the day on which the period before it ends")
    } else {
        let message = format!(
            "no period covers [{}, {}); due rows of that time would stay in the mart",
            previous.end, period.start
        );
        Diagnostic::new(Code::PeriodGap, message, *span, format!("starts {}", period.start))
            .also(*before, format!("ends {}", previous.end))
            .help(match previous.end.tomorrow() {
                Ok(next) if next == period.start => {
                    format!("`end` is the first day after a period: write `end: {next}`")
                }
                _ => "add the period between them".to_owned(),
            })
    };
    sink.push(diagnostic);
    false
}

/// The day before which rows are no longer kept. It must be the start of the first period.
pub(crate) fn retired_before(stated: &Spanned<String>, periods: &[Period], sink: &mut Sink) -> Option<Date> {
    let day = date(Some(stated), sink)?;
    let first = periods.first()?;
    if first.start == day {
        return Some(day);
    }
    let (message, help) = if first.start < day {
        (
            format!(
                "retired_before is {day}, but period {} starts on {}: its due rows would be archived, although they are said to be no longer kept",
                quoted(&first.name),
                first.start
            ),
            "follow `rowkeep runbook retire-period`, which removes the period from the list".to_owned(),
        )
    } else {
        (
            format!(
                "retired_before is {day}, but the first period starts on {}: no period covers due rows between the two, and nothing deletes them",
                first.start
            ),
            format!("write `retired_before: {}`", first.start),
        )
    };
    sink.push(Diagnostic::new(Code::Retired, message, stated.span, "not the start of the first period").help(help));
    None
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
        let message = format!("sealed_before {until} is not a bound of a period; a period would be half sealed");
        sink.push(
            Diagnostic::new(Code::Sealed, message, stated.span, "not the start or end of a period")
                .help(format!("write the start of the first open period, one of {}", bounds.join(", "))),
        );
    } else if periods.iter().all(|period| period.sealed) {
        let message = format!("sealed_before {until} seals every period; no cycle could archive a row");
        sink.push(
            Diagnostic::new(Code::Sealed, message, stated.span, "no open period")
                .help("leave at least the newest period open"),
        );
    }
}
