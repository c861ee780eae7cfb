//! Resolves `loads:`: windows, columns, aggregates and alarms.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::loads::entries::{AggregateEntry, AlarmsEntry, EventEntry, LoadEntry};
use crate::features::loads::{Aggregate, Alarms, Computed, EventWindow, LoadPlaces, WindowedLoad};
use crate::project::files::Names;
use crate::project::resolve::columns::{self, Scope};
use crate::project::resolve::duration;
use crate::project::resolve::list::list;
use crate::project::resolve::relations::{plain, relation_of};
use crate::project::scalar::Amount;
use crate::project::shape::{Entries, Field};
use crate::project::{ColumnId, DAY, Day, Spec, length};
use crate::source::{Span, Spanned};
use crate::sql::parse::parse_query;
use crate::sql::{Name, SqlType};

/// The default limit of the run time of a statement, in seconds.
const RUN: u64 = 20 * 60;
/// The default limit of the days that a batch spans, if `event:` has no `within`.
const SPAN_DAYS: u64 = 7;
/// The default limit of slot-hours on a day, in hundredths.
const SLOT_HOURS: u64 = 30 * 100;

/// Resolves the windowed loads. `queries` are the texts of their `model` files, in the same order.
pub(crate) fn resolve(
    stated: &[Field<LoadEntry>],
    queries: &[Option<Spanned<String>>],
    spec: &Spec,
    sink: &mut Sink,
) -> Vec<WindowedLoad> {
    let mut loads: Vec<WindowedLoad> = Vec::new();
    for (number, entry) in stated.iter().enumerate() {
        let Some(entry) = entry.get() else { continue };
        if !spec.dialect.rules().has_windowed_loads() {
            let message =
                format!("loads are supported on bigquery only, and the dialect of this project is {}", spec.dialect);
            sink.push(
                Diagnostic::new(Code::WindowedLoad, message, entry.span, "not supported on this engine")
                    .help("write `dialect: bigquery`, or move the loads to another project"),
            );
            return loads;
        }
        let query = queries.get(number).and_then(Option::as_ref);
        loads.extend(Draft { spec, sink }.load(&entry.value, query, entry.span));
    }
    loads
}

struct Draft<'a> {
    spec: &'a Spec,
    sink: &'a mut Sink,
}

impl Draft<'_> {
    fn load(&mut self, stated: &LoadEntry, query: Option<&Spanned<String>>, entry: Span) -> Option<WindowedLoad> {
        let (schema, dialect) = (&self.spec.schema, self.spec.dialect);
        let name = stated.name.get()?;
        let plain_name = plain(name, "a load", self.sink)?;
        let relation = |stated: Option<&Spanned<String>>, what: &str, otherwise: String, sink: &mut Sink| {
            let otherwise = Spanned { value: otherwise, span: name.span };
            relation_of(stated.unwrap_or(&otherwise), what, schema, dialect, sink)
        };
        let temp = relation(stated.temp.get(), "the temp table", format!("tmp_{}", plain_name.as_str()), self.sink);
        let source = relation_of(stated.source.get()?, "the source", schema, dialect, self.sink);
        let declared = &stated.columns.get()?.value;
        let columns = columns::of_source(declared, dialect, self.sink);
        // An invalid column was reported; its uses are not reported again.
        if columns.len() != declared.0.len() {
            return None;
        }
        let what = format!("load {}", quoted(plain_name.as_str()));
        let scope = Scope { what: &what, columns: &columns, refused: &[], dialect };
        let ingestion = stated.ingestion.get()?;
        let window = &ingestion.value;
        let ingested_at = window.column.get().and_then(|column| self.moment(column, "ingestion", &scope));
        let within = window.within.get()?;
        let ingested_within = duration::resolve(within, &format!("ingestion of {what}"), self.sink);
        if let Some((ingested_at, seconds)) = ingested_at.zip(ingested_within) {
            self.fits(ingested_at, seconds, within, "ingestion", &scope)?;
        }
        let event = match stated.event.get() {
            Some(event) => Some(self.event(&event.value, ingested_at, &scope)?),
            None => None,
        };
        let floor = match stated.floor.get() {
            Some(floor) => Some(self.floor(floor, event.is_some(), &what)?),
            None => None,
        };
        let exclude = match stated.exclude.get() {
            Some(column) => Some(self.boolean(column, &scope)?),
            None => None,
        };
        let origin = match stated.origin.get() {
            Some(column) => Some(scope.column(column, "origin", self.sink)?),
            None => None,
        };
        let unique_key = match stated.unique_key.get() {
            Some(names) => self.key(names, "unique_key", &scope)?,
            None => Vec::new(),
        };
        let aggregate = match stated.aggregate.get() {
            Some(aggregate) => {
                let parts = (event.as_ref(), unique_key.is_empty());
                Some(self.aggregate(aggregate, plain_name.as_str(), parts, &scope)?)
            }
            None => None,
        };
        let query = match (stated.model.get(), query) {
            (Some(_), Some(text)) => Some(self.query(text, &what)?),
            // The missing file was reported when the files were read.
            (Some(_), None) => return None,
            (None, _) => None,
        };
        let source_keeps = match stated.source_keeps.get() {
            Some(text) => Some((duration::resolve(text, &format!("source_keeps of {what}"), self.sink)?, text.span)),
            None => None,
        };
        let alarms = stated.alarms.get().map(|alarms| &alarms.value);
        let alarms = self.alarms(alarms, event.as_ref().and_then(|event| event.within), &what)?;
        let location = self.location(stated.location.get(), &what)?;
        let load = WindowedLoad {
            name: Spanned { value: plain_name, span: name.span },
            source: source?,
            query,
            unique_key,
            ingestion: ingested_at?,
            ingested_within: ingested_within?,
            event,
            floor,
            source_keeps: source_keeps.map(|(seconds, _)| seconds),
            exclude,
            origin,
            temp: temp?,
            aggregate,
            alarms,
            location,
            places: LoadPlaces { entry, event: stated.event.get().map(|event| event.span), ingestion: ingestion.span },
            columns,
        };
        if let Some((seconds, span)) = source_keeps {
            self.keeps(&load, seconds, span)?;
        }
        Some(load)
    }

    /// Checks that the source keeps the rows that a run reads.
    fn keeps(&mut self, load: &WindowedLoad, seconds: u64, span: Span) -> Option<()> {
        let name = quoted(load.name.value.as_str());
        let diagnostic = match load.reach() {
            None => {
                let message = format!(
                    "load {name} states source_keeps without `within` in `event:`: if the source deleted some rows of a day, a run would replace the day by the rows that are left"
                );
                let help = "add `within` to `event:`, as in `within: 7 days`";
                Diagnostic::new(Code::WindowedLoad, message, span, "no start of the event window").help(help)
            }
            // The date of a run is over when it runs.
            Some(reach) if seconds < reach => {
                let message = format!(
                    "the source of load {name} keeps a row for {}, but a run reads rows of the last {}: every run would stop",
                    length(seconds),
                    length(reach)
                );
                let help = "shorten the windows of the load, or keep the rows of the source longer";
                Diagnostic::new(Code::WindowedLoad, message, span, "shorter than a run reaches back").help(help)
            }
            Some(_) => return Some(()),
        };
        self.sink.push(diagnostic);
        None
    }

    /// Resolves a column that has a date or a time.
    fn moment(&mut self, name: &Spanned<String>, role: &str, scope: &Scope<'_>) -> Option<ColumnId> {
        let id = scope.column(name, role, self.sink)?;
        let ty = scope.columns[id.0].ty;
        if matches!(ty, SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz) {
            return Some(id);
        }
        let message = format!("{role} of {} is {}, a {ty}", scope.what, quoted(&name.value));
        self.sink.push(
            Diagnostic::new(Code::ColumnType, message, name.span, "neither a date nor a timestamp")
                .help("name a column that is a date, a timestamp or a timestamptz"),
        );
        None
    }

    /// Checks that a window over a date column has whole days.
    fn fits(
        &mut self,
        column: ColumnId,
        seconds: u64,
        within: &Spanned<String>,
        role: &str,
        scope: &Scope<'_>,
    ) -> Option<()> {
        if scope.columns[column.0].ty != SqlType::Date || seconds.is_multiple_of(DAY) {
            return Some(());
        }
        let message =
            format!("`within` of {role} of {} is {}, but its column is a date", scope.what, quoted(&within.value));
        self.sink
            .push(Diagnostic::new(Code::Duration, message, within.span, "not whole days").help("write it in days"));
        None
    }

    /// Resolves columns that identify rows or groups.
    fn key(&mut self, names: &Spanned<Names>, role: &str, scope: &Scope<'_>) -> Option<Vec<ColumnId>> {
        let mut key = Vec::new();
        for name in list(&names.value, names.span) {
            let id = scope.column(&name, role, self.sink)?;
            let ty = scope.columns[id.0].ty;
            let (code, message, here, help) = if key.contains(&id) {
                let message = format!("{role} of {} names {} twice", scope.what, quoted(&name.value));
                (Code::NameClash, message, "again here", "remove one")
            } else if !ty.can_be_key() {
                let message = format!("{role} of {} is {}, a {ty}", scope.what, quoted(&name.value));
                (Code::ColumnType, message, "has no exact equality", "use a column of another type")
            } else {
                key.push(id);
                continue;
            };
            self.sink.push(Diagnostic::new(code, message, name.span, here).help(help));
            return None;
        }
        Some(key)
    }

    fn event(&mut self, stated: &EventEntry, ingested_at: Option<ColumnId>, scope: &Scope<'_>) -> Option<EventWindow> {
        // `until` has only one valid word. It is required, so that the project file shows the
        // bound.
        stated.until.get()?;
        let name = stated.column.get()?;
        let column = self.moment(name, "event", scope)?;
        if ingested_at == Some(column) {
            let message =
                format!("event of {} is the ingestion column: the second window would bound nothing", scope.what);
            self.sink.push(
                Diagnostic::new(Code::WindowedLoad, message, name.span, "the column of `ingestion`")
                    .help("name the column with the event day of a row"),
            );
            return None;
        }
        let within = match (&stated.within, stated.within.get()) {
            (Field::Missing, _) => None,
            (_, None) => return None,
            (_, Some(text)) => {
                let seconds = duration::resolve(text, &format!("event of {}", scope.what), self.sink)?;
                self.fits(column, seconds, text, "event", scope)?;
                Some(seconds)
            }
        };
        Some(EventWindow { column, within })
    }

    fn floor(&mut self, text: &Spanned<String>, has_event: bool, what: &str) -> Option<Day> {
        let wrong = |message: String, here: &str, help: &str| {
            Diagnostic::new(Code::WindowedLoad, message, text.span, here).help(help)
        };
        let Ok(day) = text.value.parse::<Day>() else {
            let message = format!("floor of {what} is {}, which is not a day", quoted(&text.value));
            self.sink.push(wrong(message, "not a day", "write YYYY-MM-DD"));
            return None;
        };
        if !has_event {
            let message = format!("floor of {what} needs an event column: without one, no row has an event day");
            self.sink.push(wrong(message, "no event column", "add `event: { column, until: run_date }`"));
            return None;
        }
        Some(day)
    }

    fn boolean(&mut self, name: &Spanned<String>, scope: &Scope<'_>) -> Option<ColumnId> {
        let id = scope.column(name, "exclude", self.sink)?;
        let ty = scope.columns[id.0].ty;
        if ty == SqlType::Boolean {
            return Some(id);
        }
        let message = format!("exclude of {} is {}, a {ty}", scope.what, quoted(&name.value));
        self.sink.push(
            Diagnostic::new(Code::ColumnType, message, name.span, "not true or false").help("name a boolean column"),
        );
        None
    }

    fn aggregate(
        &mut self,
        stated: &Spanned<AggregateEntry>,
        load: &str,
        (event, lacks_key): (Option<&EventWindow>, bool),
        scope: &Scope<'_>,
    ) -> Option<Aggregate> {
        let (schema, dialect) = (&self.spec.schema, self.spec.dialect);
        let into = relation_of(stated.value.into.get()?, "the aggregate", schema, dialect, self.sink);
        let otherwise = Spanned { value: format!("tmp_{load}_updates"), span: stated.span };
        let temp = stated.value.temp.get().unwrap_or(&otherwise);
        let temp = relation_of(temp, "the temp table", schema, dialect, self.sink);
        let names = stated.value.by.get()?;
        let by = self.key(names, "by", scope)?;
        let mut wrong = |message: String, span: Span, here: &str, help: &str| {
            self.sink.push(Diagnostic::new(Code::WindowedLoad, message, span, here).help(help));
        };
        let is_by_day =
            event.is_some_and(|event| by.contains(&event.column) && scope.columns[event.column.0].ty == SqlType::Date);
        if !is_by_day {
            let message = format!(
                "the aggregate of {} is not grouped by event day: a run could not replace whole days",
                scope.what
            );
            match event.map(|event| (event.column, scope.columns[event.column.0].ty)) {
                Some((column, ty)) if by.contains(&column) => {
                    let here = format!("the event column is a {ty}");
                    let help = "declare the event column as a date; the query of `model:` can compute one";
                    wrong(message, names.span, &here, help);
                }
                _ => {
                    wrong(message, names.span, "lacks the event column", "put the event column, a date, first in `by`")
                }
            }
            return None;
        }
        if lacks_key {
            let message =
                format!("the aggregate of {} has no unique_key: it would count each version of a row", scope.what);
            wrong(
                message,
                stated.span,
                "no unique_key",
                "add `unique_key:` to the load: the columns that identify a row",
            );
            return None;
        }
        let entries = stated.value.columns.get()?;
        if entries.value.0.is_empty() {
            let message = format!("the aggregate of {} computes nothing", scope.what);
            wrong(message, entries.span, "empty", "name a computed column, as in `{ items: count }`");
            return None;
        }
        let columns = self.computed(&entries.value, &by, scope)?;
        Some(Aggregate { into: into?, temp: temp?, by, columns })
    }

    /// Reads `count`, `sum quantity`, `min seen_at` and `max seen_at`.
    fn computed(
        &mut self,
        entries: &Entries<String>,
        by: &[ColumnId],
        scope: &Scope<'_>,
    ) -> Option<Vec<(Name, Computed)>> {
        let mut all: Vec<(Name, Computed)> = Vec::new();
        for (key, written) in &entries.0 {
            let name = plain(key, "a computed column", self.sink)?;
            let folded = name.folded(scope.dialect);
            let is_by = by.iter().any(|id| scope.columns[id.0].name.folded(scope.dialect) == folded);
            if is_by || all.iter().any(|(other, _)| other.folded(scope.dialect) == folded) {
                let message = format!("the aggregate of {} has {} twice", scope.what, quoted(&key.value));
                self.sink.push(
                    Diagnostic::new(Code::NameClash, message, key.span, "again here").help("rename or remove one"),
                );
                return None;
            }
            let written = written.get()?;
            let column = |text: &str, sink: &mut Sink| {
                scope.column(&Spanned { value: text.to_owned(), span: written.span }, "aggregate", sink)
            };
            // The name of a column may be quoted and contain spaces.
            let (function, argument) =
                written.value.trim().split_once(char::is_whitespace).unwrap_or((written.value.trim(), ""));
            let argument = argument.trim();
            let computed = match function {
                "count" if argument.is_empty() => Computed::Count,
                "sum" if !argument.is_empty() => {
                    let id = column(argument, self.sink)?;
                    let ty = scope.columns[id.0].ty;
                    let is_number =
                        ty.is_whole_number() || matches!(ty, SqlType::Decimal { .. } | SqlType::Double | SqlType::Real);
                    if !is_number {
                        let message = format!("the aggregate of {} sums {}, a {ty}", scope.what, quoted(argument));
                        self.sink.push(Diagnostic::new(Code::ColumnType, message, written.span, "not a number"));
                        return None;
                    }
                    Computed::Sum(id)
                }
                "min" if !argument.is_empty() => Computed::Min(column(argument, self.sink)?),
                "max" if !argument.is_empty() => Computed::Max(column(argument, self.sink)?),
                _ => {
                    let message = format!(
                        "the aggregate of {} has {}, which is not an aggregate function",
                        scope.what,
                        quoted(&written.value)
                    );
                    self.sink.push(
                        Diagnostic::new(Code::WindowedLoad, message, written.span, "not an aggregate function")
                            .help("write `count`, or `sum`, `min` or `max` with a column"),
                    );
                    return None;
                }
            };
            all.push((name, computed));
        }
        Some(all)
    }

    /// Checks that the text is one query. It is emitted in parentheses, which a text that is not a
    /// query could close.
    fn query(&mut self, text: &Spanned<String>, what: &str) -> Option<String> {
        let Err(error) = parse_query(&text.value, self.spec.dialect) else { return Some(text.value.clone()) };
        let message = format!("the query of {what} cannot be used: {}", error.message);
        // The parser counts lines in the file.
        let before: usize = text.value.split_inclusive('\n').take(error.line.unwrap_or(1) - 1).map(str::len).sum();
        let line = text.value.get(before..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
        let span = Span { start: before, end: before + line, ..text.span };
        self.sink.push(
            Diagnostic::new(Code::WindowedLoad, message, span, "in this query")
                .help("write one SELECT that returns `columns`"),
        );
        None
    }

    fn alarms(&mut self, stated: Option<&AlarmsEntry>, within: Option<u64>, what: &str) -> Option<Alarms> {
        let span_days = match stated.and_then(|stated| stated.span.get()) {
            Some(text) => {
                let seconds = duration::resolve(text, &format!("span of {what}"), self.sink)?;
                seconds.div_ceil(DAY)
            }
            None => within.map_or(SPAN_DAYS, |within| within.div_ceil(DAY)),
        };
        let run = match stated.and_then(|stated| stated.run.get()) {
            Some(text) => duration::resolve(text, &format!("run of {what}"), self.sink)?,
            None => RUN,
        };
        let slot_hours = match stated.and_then(|stated| stated.slot_hours.get()) {
            Some(text) => self.hundredths(text, "slot_hours", what)?,
            None => SLOT_HOURS,
        };
        let amount = |draft: &mut Self, text: Option<&Spanned<Amount>>, key: &str| match text {
            Some(text) => draft.hundredths(text, key, what).map(Some),
            None => Some(None),
        };
        let cost = amount(self, stated.and_then(|stated| stated.cost.get()), "cost")?;
        let per_tib = amount(self, stated.and_then(|stated| stated.per_tib.get()), "per_tib")?;
        let cost = match (cost, per_tib) {
            (Some(cost), Some(per_tib)) => Some((cost, per_tib)),
            (None, None) => None,
            _ => {
                let at = stated.and_then(|stated| stated.cost.get().or(stated.per_tib.get()))?.span;
                let message = format!("the cost alarm of {what} needs both `cost` and `per_tib`");
                self.sink.push(
                    Diagnostic::new(Code::WindowedLoad, message, at, "one without the other")
                        .help("write both, as in `cost: 5, per_tib: 6.25`"),
                );
                return None;
            }
        };
        Some(Alarms { span_days, run, slot_hours, cost })
    }

    /// Reads a positive number with at most two decimals.
    fn hundredths(&mut self, text: &Spanned<Amount>, key: &str, what: &str) -> Option<u64> {
        let (whole, part) = text.value.0.split_once('.').unwrap_or((&text.value.0, "0"));
        let is_digits =
            |text: &str| !text.is_empty() && text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = (is_digits(whole) && is_digits(part) && part.len() <= 2)
            .then(|| Some(whole.parse::<u64>().ok()? * 100 + format!("{part:0<2}").parse::<u64>().ok()?))
            .flatten()
            .filter(|&number| number > 0);
        if number.is_none() {
            let message = format!("{key} of {what} is {}, which is not an amount", quoted(&text.value.0));
            self.sink.push(
                Diagnostic::new(Code::WindowedLoad, message, text.span, "not an amount")
                    .help("write a number above 0, with at most two decimals"),
            );
        }
        number
    }

    fn location(&mut self, text: Option<&Spanned<String>>, what: &str) -> Option<String> {
        let Some(text) = text else { return Some("us".to_owned()) };
        let written = text.value.to_lowercase();
        let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !written.is_empty() && written.len() < 64 && written.chars().all(is_known) {
            return Some(written);
        }
        let message = format!("location of {what} is {}, which is not a BigQuery location", quoted(&text.value));
        self.sink.push(
            Diagnostic::new(Code::WindowedLoad, message, text.span, "not a location")
                .help("write a BigQuery location, such as us, eu or europe-west1"),
        );
        None
    }
}
