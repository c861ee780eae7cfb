//! Resolves `monitors:`. Checks which keys each kind takes, and what the keys name.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::features::monitors::AsksWord;
use crate::features::monitors::{Asks, Other, Severity, Stated, Window};
use crate::project::files::{MonitorEntry, WindowEntry};
use crate::project::resolve::columns::{Scope, unknown_column};
use crate::project::resolve::list::list;
use crate::project::resolve::order::comparable;
use crate::project::resolve::relations::{plain, relation_of};
use crate::project::resolve::{duration, share};
use crate::project::shape::{Entries, Field, Words};
use crate::project::{ColumnId, DAY, Spec, TableId};
use crate::source::{Span, Spanned};
use crate::sql::TimeUnit;

/// The longest name, in bytes, which leaves room for the suffixes of its files.
const MAX_NAME: usize = 100;

pub(crate) fn resolve(stated: &[Field<MonitorEntry>], spec: &Spec, sink: &mut Sink) -> Vec<Stated> {
    let mut monitors: Vec<Stated> = Vec::new();
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    for entry in stated.iter().filter_map(Field::get) {
        if let Some(name) = entry.value.name.get() {
            let folded = name.value.to_lowercase();
            if let Some(&first) = names.get(&folded) {
                let message = format!(
                    "two monitors have the name {}; one would overwrite the files of the other",
                    quoted(&name.value)
                );
                sink.push(
                    Diagnostic::new(Code::NameClash, message, name.span, "again here")
                        .also(first, "first here")
                        .help("rename one"),
                );
                continue;
            }
            names.insert(folded, name.span);
        }
        monitors.extend(monitor(&entry.value, entry.span, spec, sink));
    }
    monitors
}

/// Finds a model by its name.
pub(crate) fn model(name: &Spanned<String>, role: &str, spec: &Spec, sink: &mut Sink) -> Option<TableId> {
    let models = || spec.tables.iter().map(|table| table.model.value.as_str());
    let found = spec.tables().find(|(_, table)| table.model.value.as_str().eq_ignore_ascii_case(&name.value));
    if found.is_none() {
        let message = format!("{role} names {}, which no table spec describes", quoted(&name.value));
        let diagnostic = Diagnostic::new(Code::TableReference, message, name.span, "not a table of this project");
        sink.push(match did_you_mean(&name.value, models()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => {
                diagnostic.help(format!("name a model, such as {}", models().take(8).collect::<Vec<_>>().join(", ")))
            }
        });
    }
    found.map(|(id, _)| id)
}

/// The keys that only some kinds take, with those kinds.
fn keys(stated: &MonitorEntry) -> [(&'static str, Option<Span>, &'static [AsksWord]); 5] {
    const OTHERS: &[AsksWord] = &[AsksWord::LatestMatches, AsksWord::HasRowsIn, AsksWord::HasParent];
    const COMPARE: &[AsksWord] = &[AsksWord::Compare];
    [
        ("in", stated.r#in.get().map(|found| found.span), OTHERS),
        ("on", stated.on.get().map(|found| found.span), OTHERS),
        ("with", stated.with.get().map(|found| found.span), &[AsksWord::CountMatch, AsksWord::Compare]),
        ("columns", stated.columns.get().map(|found| found.span), COMPARE),
        ("more_than", stated.more_than.get().map(|found| found.span), COMPARE),
    ]
}

fn monitor(stated: &MonitorEntry, span: Span, spec: &Spec, sink: &mut Sink) -> Option<Stated> {
    let name = stated.name.get()?;
    plain(name, "a monitor", sink)?;
    if name.value.contains("__") || name.value.len() > MAX_NAME {
        let message = format!("the monitor name {} could clash with the files of another monitor", quoted(&name.value));
        sink.push(
            Diagnostic::new(Code::Name, message, name.span, "not a valid monitor name")
                .help(format!("use a name without `__`, of {MAX_NAME} bytes at most")),
        );
        return None;
    }
    let kind = stated.kind.get()?;
    let kind_word = kind.value.0;
    let what = format!("monitor {}", name.value);
    let table = model(stated.model.get()?, &what, spec, sink)?;
    let word = AsksWord::words().into_iter().find(|(_, asks)| *asks == kind_word).map_or("", |(word, _)| word);
    let mut complete = true;
    for (key, at, takers) in keys(stated) {
        if let Some(at) = at.filter(|_| !takers.contains(&kind_word)) {
            let message = format!("{what} is a {word}, which takes no `{key}`: it would have no effect");
            sink.push(Diagnostic::new(Code::Monitor, message, at, "not for this kind").help("remove it"));
            complete = false;
        }
    }
    let exception_type = exception(stated, kind_word, &what, sink);
    let window = window(stated.window.get(), spec, table, &what, sink);
    let every = match stated.every.get() {
        None => Some(DAY),
        Some(text) => duration::resolve(text, &format!("the cadence of {what}"), sink),
    };
    let needs = |key: &str, sink: &mut Sink| {
        let message = format!("{what} is a {word}, which needs `{key}`");
        sink.push(Diagnostic::new(Code::Monitor, message, span, "in this monitor").help(format!("add `{key}:`")));
    };
    let asks = match kind_word {
        AsksWord::CountMatch => {
            if spec.table(table).raw.is_none() {
                let message =
                    format!("{what} counts the raw rows of {}, which has no raw table", model_of(spec, table));
                sink.push(
                    Diagnostic::new(Code::Monitor, message, span, "in this monitor")
                        .help("add `source:` to the table's spec"),
                );
                complete = false;
            }
            if window.is_some_and(|window| window.within.is_none() || window.until.is_none()) {
                let message = format!(
                    "{what} compares two systems, but its window lacks a bound: rows in transit would be missing in one system"
                );
                let at = stated.window.get().map_or(span, |window| window.span);
                sink.push(
                    Diagnostic::new(Code::Monitor, message, at, "one bound is missing")
                        .help("write `window: { within: 125 minutes, until: 5 minutes }`"),
                );
                complete = false;
            }
            let found = spec.table(table);
            let time = &found.column(found.time.column).name;
            if time.sql(spec.dialect) != time.as_str() {
                let message = format!(
                    "{what} queries another system by {}, a name that not every system accepts",
                    quoted(time.as_str())
                );
                sink.push(
                    Diagnostic::new(Code::Monitor, message, span, "a name that needs quotes")
                        .help("use `kind: compare`, or count in a monitor of that system"),
                );
                complete = false;
            }
            let raw = found.raw.as_ref();
            let trimmed =
                spec.raw_tables.iter().find(|one| raw.is_some_and(|raw| one.relation.may_be(raw, spec.dialect)));
            if let (Some(raw_table), Some(within)) = (trimmed, window.and_then(|window| window.within))
                && raw_table.keep <= within
            {
                let message =
                    format!("{what} has a window longer than raw rows are kept: it would always count fewer rows");
                let at = stated.window.get().map_or(span, |window| window.span);
                sink.push(
                    Diagnostic::new(Code::Monitor, message, at, "longer than `keep`")
                        .help("make `keep` longer than the window plus the time between two cycles"),
                );
                complete = false;
            }
            let Some(with) = stated.with.get() else {
                needs("with", sink);
                return None;
            };
            for part in with.value.split('.') {
                plain(&Spanned { value: part.to_owned(), span: with.span }, "the other system's table", sink)?;
            }
            Asks::CountMatch { with: with.value.clone() }
        }
        AsksWord::LatestMatches | AsksWord::HasRowsIn | AsksWord::HasParent => {
            let Some(other) = stated.r#in.get() else {
                needs("in", sink);
                return None;
            };
            let other = other_table(stated, other, table, &what, spec, sink)?;
            match kind_word {
                AsksWord::HasRowsIn => Asks::HasRowsIn(other),
                AsksWord::HasParent => Asks::HasParent(other),
                _ => {
                    let (ours, theirs) = (spec.table(table).time, spec.table(other.table).time);
                    if ours.unit != theirs.unit {
                        let message = format!(
                            "{what} compares the time of {}, in {}, with the time of {}, in {}",
                            model_of(spec, table),
                            ours.unit.as_str(),
                            model_of(spec, other.table),
                            theirs.unit.as_str()
                        );
                        sink.push(
                            Diagnostic::new(Code::TimeUnit, message, span, "different units")
                                .help("use `kind: has_rows_in`, or give both tables the same unit"),
                        );
                        complete = false;
                    }
                    Asks::LatestMatches(other)
                }
            }
        }
        AsksWord::Compare => {
            let Some(with) = stated.with.get() else {
                needs("with", sink);
                return None;
            };
            let with = relation_of(with, "the compared relation", &spec.schema, spec.dialect, sink)?;
            if spec.tables.iter().any(|table| table.relation.may_be(&with, spec.dialect)) {
                let message =
                    format!("{what} compares with a mart of this project, which dbt may build in another schema");
                let at = stated.with.get().map_or(span, |with| with.span);
                sink.push(
                    Diagnostic::new(Code::Monitor, message, at, "a mart")
                        .help("compare with the source, or use `kind: has_parent`"),
                );
                return None;
            }
            let columns = compared(stated, table, &what, spec, sink)?;
            let Some(more_than) = stated.more_than.get() else {
                needs("more_than", sink);
                return None;
            };
            Asks::Compare {
                with,
                columns,
                more_than: share::resolve(more_than, &format!("more_than of {what}"), sink)?,
            }
        }
    };
    let severity = stated.severity.get().map_or(Severity::Error, |word| word.value.0);
    complete.then_some(())?;
    Some(Stated {
        name: name.clone(),
        table,
        asks,
        window: window?,
        exception_type: exception_type?,
        severity,
        every: every?,
    })
}

fn model_of(spec: &Spec, table: TableId) -> &str {
    spec.table(table).model.value.as_str()
}

/// `None` if the stated type is invalid.
fn exception(stated: &MonitorEntry, kind: AsksWord, what: &str, sink: &mut Sink) -> Option<Option<String>> {
    let Some(text) = stated.exception.get() else { return Some(None) };
    if kind == AsksWord::CountMatch {
        let message = format!("{what} counts rows, so it finds no key that an exception could name");
        sink.push(Diagnostic::new(Code::Monitor, message, text.span, "never recorded").help("remove it"));
        return None;
    }
    plain(text, "the exception type", sink)?;
    Some(Some(text.value.clone()))
}

fn window(
    stated: Option<&Spanned<WindowEntry>>,
    spec: &Spec,
    table: TableId,
    what: &str,
    sink: &mut Sink,
) -> Option<Window> {
    let Some(stated) = stated else { return Some(Window::default()) };
    let bound = |field: &Field<String>, side: &str, sink: &mut Sink| match field {
        Field::Missing => Some(None),
        Field::Invalid => None,
        Field::Set(text) => {
            let seconds = duration::resolve(text, &format!("{side} of the window of {what}"), sink)?;
            if spec.table(table).time.unit == TimeUnit::Date && seconds % DAY != 0 {
                let message =
                    format!("{side} of the window of {what} is {}, but its time is a date", quoted(&text.value));
                sink.push(
                    Diagnostic::new(Code::Duration, message, text.span, "not whole days").help("write it in days"),
                );
                return None;
            }
            Some(Some(seconds))
        }
    };
    let (within, until) = (bound(&stated.value.within, "within", sink), bound(&stated.value.until, "until", sink));
    let window = Window { within: within?, until: until? };
    if let (Some(within), Some(until)) = (window.within, window.until)
        && until >= within
    {
        let message = format!("the window of {what} ends before it begins: it would contain no row");
        sink.push(
            Diagnostic::new(Code::Monitor, message, stated.span, "always empty")
                .help("make `within`, the start before now, longer than `until`, the end before now"),
        );
        return None;
    }
    Some(window)
}

/// Resolves the other table, and the columns that join it.
fn other_table(
    stated: &MonitorEntry,
    name: &Spanned<String>,
    table: TableId,
    what: &str,
    spec: &Spec,
    sink: &mut Sink,
) -> Option<Other> {
    let other = model(name, what, spec, sink)?;
    if other == table {
        let message = format!("{what} compares {} with itself", name.value);
        sink.push(
            Diagnostic::new(Code::TableReference, message, name.span, "not another table").help("name another model"),
        );
        return None;
    }
    let (ours, theirs) = (spec.table(table), spec.table(other));
    let scope = |id: TableId| Scope {
        what: model_of(spec, id),
        columns: &spec.table(id).columns,
        refused: &[],
        dialect: spec.dialect,
    };
    let mut on: Vec<(ColumnId, ColumnId)> = Vec::new();
    match stated.on.get() {
        None => {
            for &column in &ours.unique_key {
                let key = &ours.column(column).name;
                let found =
                    theirs.columns.iter().position(|their| their.name.folded(spec.dialect) == key.folded(spec.dialect));
                let Some(found) = found else {
                    let at = Spanned { value: key.as_str().to_owned(), span: name.span };
                    sink.push(unknown_column(&at, "the key", model_of(spec, other), &theirs.columns, "columns").help(
                        format!(
                            "name the columns: `on: {{ {}: <column of {}> }}`",
                            key.as_str(),
                            model_of(spec, other)
                        ),
                    ));
                    return None;
                };
                on.push((column, ColumnId(found)));
            }
        }
        Some(Spanned { value: Entries(entries), span }) => {
            if entries.is_empty() {
                let message = format!("{what} joins on no column: every row would match every other row");
                sink.push(
                    Diagnostic::new(Code::UnknownColumn, message, *span, "empty `on`")
                        .help("name at least one pair of columns"),
                );
                return None;
            }
            for (left, right) in entries {
                let left = scope(table).column(left, "on", sink);
                let right = scope(other).column(right.get()?, "on", sink);
                on.push((left?, right?));
            }
        }
    }
    for &(left, right) in &on {
        let (left, right) = (ours.column(left), theirs.column(right));
        if !comparable(left.ty, right.ty) {
            let message = format!(
                "{what} joins {}, a {}, with {}, a {}: no row would match",
                quoted(left.name.as_str()),
                left.ty,
                quoted(right.name.as_str()),
                right.ty
            );
            let at = stated.on.get().map_or(name.span, |on| on.span);
            sink.push(
                Diagnostic::new(Code::ColumnType, message, at, "not comparable everywhere")
                    .help("join columns of one type"),
            );
            return None;
        }
    }
    Some(Other { table: other, on })
}

/// Resolves the columns that are compared.
fn compared(stated: &MonitorEntry, table: TableId, what: &str, spec: &Spec, sink: &mut Sink) -> Option<Vec<ColumnId>> {
    let found = spec.table(table);
    let is_key = |id: &ColumnId| found.unique_key.contains(id);
    let columns: Vec<ColumnId> = match stated.columns.get() {
        None => (0..found.columns.len()).map(ColumnId).filter(|id| !is_key(id)).collect(),
        Some(names) => {
            let scope =
                Scope { what: model_of(spec, table), columns: &found.columns, refused: &[], dialect: spec.dialect };
            let named = list(&names.value, names.span);
            let columns: Vec<_> = named.iter().map(|name| scope.column(name, "columns", sink)).collect();
            columns.into_iter().collect::<Option<_>>()?
        }
    };
    if columns.iter().all(is_key) {
        let message = format!("{what} compares only key columns, which are equal in joined rows");
        let at = stated.columns.get().map_or(stated.name.get()?.span, |columns| columns.span);
        sink.push(
            Diagnostic::new(Code::Monitor, message, at, "nothing to compare")
                .help("name columns that are not in the key, or use `kind: has_rows_in`"),
        );
        return None;
    }
    Some(columns)
}
