//! Resolves one table spec, without the other tables.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::{Dialect, Indexes};
use crate::features::only_when::{self, Condition};
use crate::features::tripwire::Tripwire;
use crate::features::{limit, purge, tripwire};
use crate::project::files::{DefaultsEntry, Names, TableFile, TimeEntry};
use crate::project::resolve::columns::{Scope, of_mart, of_source, places, position, refused, similar};
use crate::project::resolve::grants;
use crate::project::resolve::history::archive;
use crate::project::resolve::layout::layout;
use crate::project::resolve::list::list;
use crate::project::resolve::lists::StatedList;
use crate::project::resolve::load::{LoadScope, load};
use crate::project::resolve::relations::{plain, relation_of};
use crate::project::resolve::retention::{DraftRetention, retention};
use crate::project::shape::{Either, Field, addition};
use crate::project::{Archive, Column, ColumnId, Filled, Layout, Length, Load, Reader, Rows, TablePlaces, Time};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation, SqlType, TimeUnit};

/// A table whose links to other tables are names, not ids.
pub(crate) struct Draft {
    pub(crate) model: Spanned<Name>,
    pub(crate) relation: Relation,
    pub(crate) archive: Archive,
    pub(crate) periods: StatedList,
    pub(crate) places: TablePlaces,
    pub(crate) columns: Vec<Column>,
    pub(crate) unique_key: Vec<ColumnId>,
    pub(crate) time: Time,
    pub(crate) rows: Rows,
    pub(crate) retention: DraftRetention,
    pub(crate) only_when: Vec<Condition>,
    pub(crate) exception_type: Spanned<String>,
    pub(crate) layout: Layout,
    pub(crate) readers: Vec<Reader>,
    pub(crate) tripwire: Option<Tripwire>,
    pub(crate) limit: Option<u64>,
    pub(crate) raw: Option<Relation>,
    pub(crate) raw_columns: Vec<Column>,
    pub(crate) load: Option<Load>,
    pub(crate) after: Vec<Spanned<String>>,
}

impl Draft {
    /// Finds a column by name, as the engine compares names.
    pub(crate) fn find(&self, name: &Name, dialect: Dialect) -> Option<ColumnId> {
        position(&self.columns, name, dialect)
    }
}

pub(crate) fn draft(
    raw: &TableFile,
    span: Span,
    defaults: Option<&DefaultsEntry>,
    schema: &Relation,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Draft> {
    let model = raw.model().and_then(|text| Some(Spanned { value: plain(&text, "the model", sink)?, span: text.span }));
    let what = raw.model().map_or_else(|| "the table".to_owned(), |model| model.value);
    let relation = match raw.relation.get() {
        Some(text) => relation_of(text, "the mart", schema, dialect, sink),
        None => model.as_ref().map(|model| schema.renamed(model.value.clone())),
    };
    let archive =
        archive(raw, &what, span, &|text, sink| relation_of(text, "the history table", schema, dialect, sink), sink);
    // Invariant: `read` has given a name to a list in place.
    let own = raw.periods.get().and_then(|stated| match &stated.value {
        Either::Scalar(name) => Some(Spanned { value: name.clone(), span: stated.span }),
        Either::List(_) | Either::Map(_) => None,
    });
    let periods = match (own, defaults.and_then(|defaults| defaults.periods.get())) {
        (Some(own), _) => StatedList::Own(own),
        (None, Some(default)) => StatedList::Default(default.clone()),
        (None, None) => StatedList::Unstated,
    };
    let columns = raw.columns.get().map(|entries| of_mart(&entries.value, dialect, sink));
    let columns = columns?;
    let refused = raw.columns.get().map_or_else(Vec::new, |entries| refused(&entries.value, &columns, dialect));
    let scope = Scope { what: &what, columns: &columns, refused: &refused, dialect };
    // Columns that were all refused have their errors already.
    if columns.is_empty() && !refused.is_empty() {
        return None;
    }
    if columns.is_empty() {
        let at = raw.columns.get().map_or(span, |columns| columns.span);
        sink.push(
            Diagnostic::new(Code::UnknownColumn, format!("{what} declares no columns"), at, "empty")
                .help("list every column of the mart"),
        );
        return None;
    }

    let unique_key = raw.unique_key.get().and_then(|names| unique_key(names, &scope, sink));
    let stated_time = raw.time.get().or_else(|| defaults.and_then(|defaults| defaults.time.get()));
    let time = match stated_time {
        Some(stated) => time(&stated.value, &scope, sink),
        None => missing(matches!(raw.time, Field::Missing), "time", &what, span, sink),
    };
    let rows = match raw.rows.get().or_else(|| defaults.and_then(|defaults| defaults.rows.get())) {
        Some(word) => Some((word.value.0, word.span)),
        None => missing(matches!(raw.rows, Field::Missing), "rows", &what, span, sink),
    };
    let stated_retention = raw.retention.get().or_else(|| defaults.and_then(|defaults| defaults.retention.get()));
    let retention = match stated_retention {
        Some(stated) => retention(stated, time, &scope, sink),
        None => missing(matches!(raw.retention, Field::Missing), "retention", &what, span, sink),
    };
    let only_when = raw.only_when.get().map(|stated| {
        if let Some(DraftRetention::WhileIn { model, .. }) = &retention {
            let message = format!(
                "{what} has `only_when`, but its rows leave with their parent in {}: a child that stayed would be separated from it",
                model.value
            );
            sink.push(
                Diagnostic::new(Code::OnlyWhen, message, stated.span, "contradicts `while_in`")
                    .help("state it on the table with the fixed retention; its children wait with their parent"),
            );
            return None;
        }
        let mut proof = unique_key.clone().unwrap_or_default();
        proof.extend(time.map(|time| time.column));
        only_when::resolve(stated, &only_when::Columns { scope: &scope, proof: &proof }, sink)
    });
    let never_expires = match (&retention, time) {
        (Some(DraftRetention::For { length: Length::Seconds(0), .. }), Some(time))
            if !columns[time.column.0].not_null =>
        {
            Some(only_when::is_not_null(time.column))
        }
        _ => None,
    };
    let stated_layout = raw.layout.get().or_else(|| defaults.and_then(|defaults| defaults.layout.get()));
    let mut layout = match stated_layout {
        Some(stated) => layout(&stated.value, &scope, sink),
        None => Layout::default(),
    };
    let stated_index = stated_layout.and_then(|stated| stated.value.index.get());
    layout.indexes = match (dialect.rules().indexes(), stated_index) {
        (None, _) => Indexes::None,
        (Some(default), stated) => stated.map_or(default, |word| word.value.0),
    };
    if stated_layout.is_none_or(|stated| matches!(stated.value.sort_key, Field::Missing))
        && dialect.rules().sorts_by_key()
    {
        layout.sort_key = unique_key.clone().unwrap_or_default();
    }
    let stated_grants = raw.grants.get().or_else(|| defaults.and_then(|defaults| defaults.grants.get()));
    let readers = stated_grants.map_or_else(Vec::new, |stated| grants::resolve(&stated.value, &what, dialect, sink));
    let tripwire = raw.tripwire.get().or_else(|| defaults.and_then(|defaults| defaults.tripwire.get()));
    let tripwire = tripwire.map(|stated| tripwire::resolve(stated, &what, sink));
    if tripwire.is_none() {
        purge::needs_tripwire(raw, &what, sink);
    }
    let stated_limit = raw.limit.get().or_else(|| defaults.and_then(|defaults| defaults.limit.get()));
    let limit = stated_limit.map(|stated| limit::resolve(stated, &what, sink));
    let exception_type = raw.exception.get().and_then(|text| {
        plain(text, "the exception type", sink)?;
        Some(text.clone())
    });
    let source = raw.source.get().map(|text| relation_of(text, "the raw table", schema, dialect, sink));
    let source_columns =
        raw.source_columns.get().map_or_else(Vec::new, |entries| of_source(&entries.value, dialect, sink));
    for (key, _) in raw.source_columns.get().map_or(&[][..], |entries| &entries.value.0) {
        if Name::column(&key.value).is_ok_and(|name| position(&columns, &name, dialect).is_some()) {
            let message = format!("column {} of {what} is in both columns and source_columns", quoted(&key.value));
            sink.push(Diagnostic::new(Code::NameClash, message, key.span, "also in `columns`").help(
                "remove it: the raw table has every column of the mart, and `source_columns` lists only the others",
            ));
        }
    }
    let versioned = unique_key.as_ref().zip(time).map(|(key, time)| !key.contains(&time.column));
    if let (Some(false), Some((Rows::Latest, at))) = (versioned, rows) {
        let message = format!(
            "{what} keeps the latest row per key, but its key contains the time: no row would ever replace another"
        );
        sink.push(
            Diagnostic::new(Code::Rows, message, at, "contradicts `unique_key`")
                .help("write `rows: events`, or remove the time column from `unique_key`"),
        );
    }
    let live_without_time = match (&never_expires, &only_when, time) {
        (Some(_), _, _) => stated_retention.map(|stated| stated.span),
        (None, Some(Some(conditions)), Some(time)) if conditions.contains(&only_when::is_not_null(time.column)) => {
            raw.only_when.get().map(|stated| stated.span)
        }
        _ => None,
    };
    let filled = columns.iter().find(|column| column.filled != Filled::ByInsert);
    if let (Some(column), Some(stated)) = (filled, raw.incremental.get()) {
        let message = format!(
            "{what} has an incremental load, which writes every column of the mart, but column {} is `{}`",
            quoted(column.name.as_str()),
            column.filled.word()
        );
        sink.push(
            Diagnostic::new(Code::ColumnType, message, stated.span, "writes every column")
                .help("remove `incremental`, and write the load yourself"),
        );
    }
    for id in unique_key.iter().flatten().chain(time.iter().map(|time| &time.column)) {
        let column = &columns[id.0];
        let is_time = time.is_some_and(|time| time.column == *id);
        let (role, at) = match is_time {
            true if column.filled != Filled::ByInsert => ("time", stated_time.map(|stated| stated.span)),
            false if column.filled == Filled::Generated => ("key", raw.unique_key.get().map(|stated| stated.span)),
            _ => continue,
        };
        let message = format!(
            "column {} is `{}`, and also the {role} of {what}: a row that returns to the mart could get another {role}",
            quoted(column.name.as_str()),
            column.filled.word()
        );
        sink.push(
            Diagnostic::new(Code::ColumnType, message, at.unwrap_or(span), format!("the {role}"))
                .help("name a column that the mart stores as it was inserted"),
        );
    }
    let load = raw.incremental.get().map(|stated| {
        if raw.source.get().is_none() {
            let message = format!("{what} has an incremental load, but no raw table to load from");
            sink.push(Diagnostic::new(Code::MissingKey, message, stated.span, "needs `source`").help("add `source:`"));
        }
        let scope = LoadScope {
            scope: &scope,
            key: unique_key.as_deref().unwrap_or_default(),
            source_columns: &source_columns,
            time,
            versioned: versioned.unwrap_or(false),
        };
        // The time orders the versions of a row. Without a time, a row is older than every version,
        // so the load would neither update it nor let it replace another one.
        if let (Some(true), Some(time)) = (versioned, time)
            && let Some(place) = live_without_time
            && !columns[time.column.0].not_null
        {
            let name = quoted(columns[time.column.0].name.as_str());
            let message = format!(
                "{what} has an incremental load, and rows without {name} are its live rows: the load orders versions by {name}, so such a row would never be updated"
            );
            sink.push(
                Diagnostic::new(Code::OrderBy, message, stated.span, "cannot load live rows")
                    .also(place, "rows without a time stay")
                    .help(format!("write the load yourself, without `incremental`, or declare {name} as `not null`")),
            );
        }
        // The load compares whole rows that lack a part of their key.
        let may_lack_key = scope.key.iter().any(|id| !columns[id.0].not_null);
        if let Some(column) = columns.iter().find(|column| !column.ty.is_comparable()).filter(|_| may_lack_key) {
            let message = format!(
                "{what} has an incremental load and a key that may be NULL, but no engine compares column {}, a {}",
                quoted(column.name.as_str()),
                column.ty
            );
            sink.push(
                Diagnostic::new(Code::ColumnType, message, stated.span, "compares rows without a key")
                    .help("declare every column of `unique_key` as `not null`"),
            );
        }
        load(&stated.value, &scope, sink)
    });
    let history = raw.history.get().map(|stated| stated.span).or(raw.archive.get().map(|stated| stated.span))?;
    Some(Draft {
        model: model?,
        relation: relation?,
        archive: archive?,
        periods,
        places: TablePlaces {
            history,
            periods: raw.periods.get().map_or(history, |stated| stated.span),
            unique_key: raw.unique_key.get()?.span,
            time: stated_time?.span,
            retention: stated_retention?.span,
            only_when: raw.only_when.get().map_or(stated_retention?.span, |stated| stated.span),
            columns: raw.columns.get()?.span,
            each_column: places(&raw.columns.get()?.value, &columns, dialect),
            raw: raw.source.get().map(|source| source.span),
            load: raw.incremental.get().map_or(stated_time?.span, |stated| stated.span),
        },
        columns: columns.clone(),
        unique_key: unique_key?,
        time: time?,
        rows: rows?.0,
        retention: retention?,
        only_when: only_when::with(optional(only_when)?.unwrap_or_default(), never_expires),
        exception_type: exception_type?,
        layout,
        readers,
        tripwire: optional(tripwire)?,
        limit: optional(limit)?,
        raw: optional(source)?,
        load: optional(load)?,
        raw_columns: source_columns,
        after: raw.after.get().map_or_else(Vec::new, |names| list(&names.value, names.span)),
    })
}

/// Turns `Some(None)`, a stated value that could not be read, into `None`.
fn optional<T>(stated: Option<Option<T>>) -> Option<Option<T>> {
    match stated {
        Some(None) => None,
        Some(read) => Some(read),
        None => Some(None),
    }
}

fn missing<T>(absent: bool, key: &str, what: &str, span: Span, sink: &mut Sink) -> Option<T> {
    if absent {
        let message = format!("{what} lacks its key `{key}`, and `defaults` does not state it");
        sink.push(Diagnostic::new(Code::MissingKey, message, span, "in this table spec").help(addition(key)));
    }
    None
}

/// The most columns of a key. It is the limit of a PostgreSQL index.
const MAX_KEY: usize = 32;

fn unique_key(names: &Spanned<Names>, scope: &Scope<'_>, sink: &mut Sink) -> Option<Vec<ColumnId>> {
    let at = names.span;
    if let Either::Scalar(text) = &names.value
        && text.contains(',')
    {
        let message = format!("unique_key of {} is {}, one word with a comma", scope.what, quoted(text));
        sink.push(
            Diagnostic::new(Code::UnknownColumn, message, at, "not a list").help(format!("write a list: `[{text}]`")),
        );
        return None;
    }
    let names = list(&names.value, at).into_iter().map(|name| (scope.column(&name, "unique_key", sink), name));
    let names: Vec<_> = names.collect();
    if let Some((_, name)) = names.get(MAX_KEY) {
        let message = format!("unique_key of {} names {} columns; {MAX_KEY} are allowed", scope.what, names.len());
        sink.push(Diagnostic::new(Code::Budget, message, name.span, "one too many").help("use fewer columns"));
        return None;
    }
    if names.is_empty() {
        let message = format!("unique_key of {} names no column; rows could not be identified", scope.what);
        sink.push(
            Diagnostic::new(Code::UnknownColumn, message, at, "empty").help("name the columns that identify a row"),
        );
    }
    let mut key = Vec::with_capacity(names.len());
    let mut complete = !names.is_empty();
    for (id, name) in &names {
        let id = (*id)?;
        let ty = scope.columns[id.0].ty;
        let length = key.len();
        if key.contains(&id) {
            let message = format!("unique_key of {} names column {} twice", scope.what, quoted(&name.value));
            sink.push(Diagnostic::new(Code::NameClash, message, name.span, "again here").help("remove one"));
        } else if !ty.can_be_key() {
            let reason = match ty {
                SqlType::Engine(_) => "Rowkeep does not know how this engine compares it",
                _ => "its equality is not exact",
            };
            let message = format!("unique_key of {} contains {}, a {ty}; {reason}", scope.what, quoted(&name.value));
            // `numeric(5)` has no digits after the point.
            let stated = ty.to_string();
            let digits = stated.strip_prefix("numeric(").and_then(|rest| rest.strip_suffix(')'));
            let help = match digits.and_then(|digits| digits.trim().parse::<u8>().ok()) {
                Some(digits) => format!("write `decimal({digits}, 0)`"),
                None => "use a whole number, decimal, text, uuid or time".to_owned(),
            };
            sink.push(Diagnostic::new(Code::ColumnType, message, name.span, "cannot identify a row").help(help));
        } else {
            key.push(id);
        }
        complete &= key.len() > length;
    }
    complete.then_some(key)
}

pub(crate) fn time(stated: &TimeEntry, scope: &Scope<'_>, sink: &mut Sink) -> Option<Time> {
    let column_name = stated.column.get()?;
    let column = scope.column(column_name, "time", sink)?;
    let ty = scope.columns[column.0].ty;
    let unit = match (stated.unit.get(), ty) {
        // In YAML, `timestamp` is the unit of both timestamp types.
        (Some(word), SqlType::Timestamptz) if word.value.0 == TimeUnit::Timestamp => TimeUnit::Timestamptz,
        (Some(word), _) => word.value.0,
        (None, SqlType::Timestamptz) => TimeUnit::Timestamptz,
        (None, SqlType::Timestamp) => TimeUnit::Timestamp,
        (None, SqlType::Date) => TimeUnit::Date,
        (None, _) if !ty.is_whole_number() => {
            let message = format!(
                "time of {} is {}, a {ty}: Rowkeep computes with dates, timestamps and numbers of seconds",
                scope.what,
                quoted(&column_name.value)
            );
            let mapped = similar(&ty.to_string()).filter(|mapped| mapped.starts_with("timestamp"));
            let help = match mapped {
                Some(mapped) => format!("declare the column as `{mapped}`"),
                None => "declare the column as date, timestamp or timestamptz; or compute such a column in the model"
                    .to_owned(),
            };
            sink.push(Diagnostic::new(Code::TimeUnit, message, column_name.span, "not a time").help(help));
            return None;
        }
        (None, _) => {
            let message = format!(
                "time of {} is {}, a {ty}, without a unit: with seconds read as milliseconds, every row would be due",
                scope.what,
                quoted(&column_name.value)
            );
            sink.push(
                Diagnostic::new(Code::TimeUnit, message, column_name.span, "unit not known")
                    .help("add `unit: epoch_seconds` or `unit: epoch_millis`"),
            );
            return None;
        }
    };
    let (fits, needed) = match unit {
        TimeUnit::EpochSeconds => (matches!(ty, SqlType::Integer | SqlType::Bigint), "integer or bigint"),
        TimeUnit::EpochMillis => (ty == SqlType::Bigint, "bigint"),
        TimeUnit::Timestamp | TimeUnit::Timestamptz => {
            (matches!(ty, SqlType::Timestamp | SqlType::Timestamptz), "timestamp or timestamptz")
        }
        TimeUnit::Date => (ty == SqlType::Date, "date"),
    };
    if !fits {
        let message = format!(
            "time of {} is {}, a {ty}, but its unit needs {needed}: bounds could not be compared with it",
            scope.what,
            quoted(&column_name.value)
        );
        let at = stated.unit.get().map_or(column_name.span, |unit| unit.span);
        sink.push(
            Diagnostic::new(Code::TimeUnit, message, at, "does not fit the column")
                .help("correct the unit, or the type of the column"),
        );
        return None;
    }
    Some(Time { column, unit })
}
