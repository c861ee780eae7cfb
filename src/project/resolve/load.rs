//! The load of a mart: which of several raw rows is loaded, and how much of the raw table is read.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::files::{IncrementalEntry, Names};
use crate::project::resolve::columns::{Scope, position, unknown_column};
use crate::project::resolve::duration;
use crate::project::resolve::list::list;
use crate::project::{Column, ColumnId, DAY, Load, Lookback, OrderBy, Time};
use crate::source::Spanned;
use crate::sql::{Name, SqlType, TimeUnit};

/// The columns that a load may name, and the key and time of its table.
pub(crate) struct LoadScope<'a> {
    pub(crate) scope: &'a Scope<'a>,
    pub(crate) key: &'a [ColumnId],
    pub(crate) source_columns: &'a [Column],
    pub(crate) time: Option<Time>,
    pub(crate) versioned: bool,
}

impl LoadScope<'_> {
    /// A column of the raw table: a column of the mart, or one of `source_columns`.
    fn column(&self, text: &Spanned<String>, role: &str, sink: &mut Sink) -> Option<&Column> {
        let dialect = self.scope.dialect;
        let found = Name::column(&text.value).ok().and_then(|name| {
            position(self.scope.columns, &name, dialect)
                .map(|id| &self.scope.columns[id.0])
                .or_else(|| position(self.source_columns, &name, dialect).map(|id| &self.source_columns[id.0]))
        });
        if found.is_none() {
            let all: Vec<_> = self.scope.columns.iter().chain(self.source_columns).cloned().collect();
            sink.push(unknown_column(text, role, self.scope.what, &all, "source_columns"));
        }
        found
    }
}

pub(crate) fn load(stated: &IncrementalEntry, scope: &LoadScope<'_>, sink: &mut Sink) -> Option<Load> {
    let what = scope.scope.what;
    let names = stated.order_by.get()?;
    let mut order_by = Vec::new();
    let mut complete = true;
    for term in list(&names.value, names.span) {
        let text = term.value.trim();
        if text.to_ascii_lowercase().contains(" nulls ") {
            let message = format!("order_by of {what} states the order of NULLs; NULLs are always last");
            sink.push(
                Diagnostic::new(Code::OrderBy, message, term.span, "not supported")
                    .help("remove `nulls first` or `nulls last`"),
            );
            complete = false;
            continue;
        }
        let (column, descending) = match text.rsplit_once(char::is_whitespace) {
            Some((column, word)) if word.eq_ignore_ascii_case("desc") => (column.trim_end(), true),
            Some((column, word)) if word.eq_ignore_ascii_case("asc") => (column.trim_end(), false),
            _ => (text, false),
        };
        let at = Spanned { value: column.to_owned(), span: term.span };
        match scope.column(&at, "order_by", sink) {
            Some(column) => order_by.push(OrderBy { column: column.name.clone(), descending }),
            None => complete = false,
        }
    }
    complete = complete && is_total(&order_by, names, scope, sink);
    let time = scope.time.map(|time| &scope.scope.columns[time.column.0].name);
    let lookback = match stated.lookback.get() {
        None => None,
        Some(stated) => {
            let name = stated.value.column.get()?;
            let column = scope.column(name, "lookback", sink)?;
            let seconds = duration::resolve(stated.value.within.get()?, &format!("lookback of {what}"), sink)?;
            let is_time = time.is_some_and(|time| *time == column.name);
            let unit = match (scope.time, column.ty) {
                (Some(time), _) if is_time => time.unit,
                (_, SqlType::Timestamp) => TimeUnit::Timestamp,
                (_, SqlType::Timestamptz) => TimeUnit::Timestamptz,
                (_, ty) => {
                    let message =
                        format!("lookback of {what} uses {}, a {ty}, which has no unit of time", quoted(&name.value));
                    sink.push(
                        Diagnostic::new(Code::TimeUnit, message, name.span, "unit not known")
                            .help("use a timestamp or timestamptz column, or the time column itself"),
                    );
                    return None;
                }
            };
            if unit == TimeUnit::Date && seconds % DAY != 0 {
                let message = format!("lookback of {what} is not in whole days, but {} is a date", quoted(&name.value));
                sink.push(
                    Diagnostic::new(Code::Duration, message, name.span, "a date").help("write the lookback in days"),
                );
                return None;
            }
            Some(Lookback { column: column.name.clone(), unit, seconds })
        }
    };
    complete.then_some(Load { order_by, lookback })
}

/// Whether an order is total for the raw rows of one key, with the newest version first.
fn is_total(order_by: &[OrderBy], names: &Spanned<Names>, scope: &LoadScope<'_>, sink: &mut Sink) -> bool {
    let (what, dialect) = (scope.scope.what, scope.scope.dialect);
    let mut wrong = |message: String, label: &str, help: String| {
        sink.push(Diagnostic::new(Code::OrderBy, message, names.span, label).help(help));
        false
    };
    if order_by.is_empty() {
        let message = format!("order_by of {what} names no column; any of several raw rows could be loaded");
        return wrong(message, "empty", "name a column in which raw rows differ, such as a row number".to_owned());
    }
    let Some(time) = scope.time.map(|time| &scope.scope.columns[time.column.0].name) else { return true };
    let is = |term: &OrderBy, name: &Name| term.column.folded(dialect) == name.folded(dialect);
    if scope.versioned && !order_by.first().is_some_and(|first| first.descending && is(first, time)) {
        let message =
            format!("order_by of {what} does not put the newest version first; an older version would be loaded");
        return wrong(message, "starts with another column", format!("start it with `{} desc`", time.as_str()));
    }
    let breaks_ties =
        |term: &OrderBy| !is(term, time) && !scope.key.iter().any(|id| is(term, &scope.scope.columns[id.0].name));
    // If a row has only key and time, two deliveries of it are equal, and either may be loaded.
    let key_and_time = scope.key.len() + usize::from(scope.versioned);
    if scope.scope.columns.len() > key_and_time && !order_by.iter().any(breaks_ties) {
        let message =
            format!("order_by of {what} is the same for two deliveries of one key and time; either could be loaded");
        let help = "add a column in which they differ, such as a row number of the raw table".to_owned();
        return wrong(message, "not a total order", help);
    }
    true
}
