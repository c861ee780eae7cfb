//! Names across the project: no two relations are one to the engine, none is cut off, none means something else in a statement.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::files::{MonitorEntry, TableFile};
use crate::project::naming::{HOLD, MONITORED, NULL_KEY, SWEEP};
use crate::project::shape::Field;
use crate::project::{Spec, TableId};
use crate::source::{Span, Spanned};
use crate::sql::{ALIASES, Relation};

/// The width of `exception_type` in the exceptions table.
const MAX_TYPE: usize = 64;

pub(crate) fn check(spec: &Spec, raw: &[&Spanned<TableFile>], monitors: &[Field<MonitorEntry>], sink: &mut Sink) {
    let mut taken = BTreeMap::new();
    let mut models: BTreeMap<String, Span> = BTreeMap::new();
    for (id, table) in spec.tables() {
        let (name, span) = (table.model.value.as_str(), table.model.span);
        if let Some(&first) = models.get(&name.to_lowercase()) {
            let message = format!("model {} has two specs; each would write the other's tables", quoted(name));
            sink.push(
                Diagnostic::new(Code::NameClash, message, span, "again here")
                    .also(first, "first here")
                    .help("keep one"),
            );
            // All that is derived from the model clashes too, and says no more.
            continue;
        }
        models.insert(name.to_lowercase(), span);
        check_table(spec, id, &mut taken, sink);
    }
    for exceptions in &spec.exceptions {
        claim(spec, &exceptions.relation, "the exceptions table", exceptions.span, &mut taken, sink);
        check_name_length(spec, exceptions.key.name.as_str(), "the exception key", exceptions.span, sink);
    }
    // Raw tables may be shared by marts, but none may be a table that Rowkeep writes.
    for table in &spec.tables {
        let Some(source) = &table.source else { continue };
        if let Some((what, span)) = taken.get(&source.folded(spec.dialect)) {
            let message =
                format!("the raw table of {} is {what}: a load would read what it writes", table.model.value.as_str());
            let at = raw.iter().find_map(|raw| {
                raw.value.source.get().filter(|_| raw.value.model.get().is_some_and(|m| m.span == table.model.span))
            });
            sink.push(
                Diagnostic::new(
                    Code::NameClash,
                    message,
                    at.map_or(table.model.span, |source| source.span),
                    "would be trimmed and read at once",
                )
                .also(*span, "written here")
                .help("name the raw table"),
            );
        }
    }
    check_exception_types(spec, raw, monitors, sink);
}

/// Loads are checked by themselves, once they are known: what they write must be nobody else's.
pub(crate) fn check_loads(spec: &Spec, sink: &mut Sink) {
    let mut written: Vec<(Relation, String, Span)> = Vec::new();
    for (id, table) in spec.tables() {
        let (model, span) = (table.model.value.as_str(), table.model.span);
        let mut add = |relation: Relation, what: &str| written.push((relation, format!("{what} of {model}"), span));
        add(table.relation.clone(), "the mart");
        spec.period_ids().for_each(|period| add(spec.history(id, period), "a history table"));
        for work in [spec.cutoff(id), spec.versions(id), spec.due(id), spec.cycles(id)] {
            add(work, "a work table");
        }
        add(spec.all_rows(id), "the all-rows view");
        table.source.iter().for_each(|source| add(source.clone(), "the raw table"));
    }
    for exceptions in &spec.exceptions {
        written.push((exceptions.relation.clone(), "the exceptions table".to_owned(), exceptions.span));
    }
    let mut models: BTreeMap<String, (String, Span)> = BTreeMap::new();
    for table in &spec.tables {
        let name = table.model.value.as_str();
        models.insert(name.to_lowercase(), (format!("table {name}"), table.model.span));
    }
    for load in &spec.loads {
        let (name, span) = (load.name.value.as_str(), load.name.span);
        let clash = |what: String, other: &str, first: Span| {
            let message = format!("{what} is {other} too: one would replace what the other wrote");
            Diagnostic::new(Code::NameClash, message, span, "again here").also(first, "first here").help("rename one")
        };
        let aggregate = load.aggregate.as_ref();
        for model in load.dbt_models() {
            match models.get(&model.to_lowercase()) {
                Some((other, first)) => {
                    sink.push(clash(
                        format!("the dbt model {} of load {name}", quoted(&model)),
                        &format!("one of {other}"),
                        *first,
                    ));
                }
                None => drop(models.insert(model.to_lowercase(), (format!("load {name}"), span))),
            }
        }
        if name.len() > MAX_LOAD {
            let message = format!("the load has a name of {} bytes, with which its files cannot be named", name.len());
            sink.push(Diagnostic::new(Code::NameLength, message, span, "they could not be written").help("shorten it"));
        }
        let updates = aggregate.map(|aggregate| (&aggregate.temp, "the aggregate's temp table"));
        let into = aggregate.map(|aggregate| (&aggregate.into, "the aggregate"));
        for (relation, what) in [(&load.temp, "the temp table")].into_iter().chain(updates).chain(into) {
            let dated = relation.name.with_suffix("_2025-11-19");
            check_name_length(spec, dated.as_str(), &format!("{what} of load {name}"), span, sink);
            let what = format!("{what} of load {name}, {},", quoted(&relation.sql(spec.dialect)));
            if relation.may_be(&load.source, spec.dialect) {
                let message = format!("{what} is its source: a run would read what it writes");
                sink.push(
                    Diagnostic::new(Code::NameClash, message, span, "reads and writes it").help("name another table"),
                );
            } else if let Some((_, other, first)) =
                written.iter().find(|(known, ..)| known.may_be(relation, spec.dialect))
            {
                sink.push(clash(what, other, *first));
            } else {
                written.push((relation.clone(), format!("a table of load {name}"), span));
            }
        }
    }
}

/// The longest name of a load, whose files and folders are called like it.
const MAX_LOAD: usize = 100;

type Taken = BTreeMap<Vec<String>, (String, Span)>;

fn check_table(spec: &Spec, id: TableId, taken: &mut Taken, sink: &mut Sink) {
    let table = spec.table(id);
    let (name, span) = (table.model.value.as_str(), table.model.span);
    if name.eq_ignore_ascii_case(SWEEP) {
        let message = format!("the model {} is named like the folder of the nightly statements", quoted(name));
        sink.push(
            Diagnostic::new(Code::Name, message, span, "its files would stand among them").help("choose another name"),
        );
    }
    claim(spec, &table.relation, &format!("the mart of {name}"), span, taken, sink);
    let histories: Vec<_> = spec.period_ids().map(|period| spec.history(id, period)).collect();
    for history in &histories {
        claim_name(spec, history, &format!("a history table of {name}"), table.places.history, taken, sink);
    }
    // One message for the prefix, not one per period.
    if let Some(longest) = histories.iter().max_by_key(|history| history.name.as_str().len()) {
        check_length(spec, longest, "a history table", table.places.history, sink);
    }
    let cycles = (!spec.raw_tables.is_empty()).then(|| spec.cycles(id));
    for work in [spec.cutoff(id), spec.versions(id), spec.due(id)].into_iter().chain(cycles) {
        claim_name(spec, &work, &format!("a work table of {name}"), span, taken, sink);
    }
    check_length(spec, &spec.versions(id), "a work table", span, sink);
    if name.len() > MAX_FILE - LONGEST_MONITOR.len() {
        let message =
            format!("the model has a name of {} bytes, with which its monitors' files cannot be named", name.len());
        sink.push(Diagnostic::new(Code::NameLength, message, span, "they could not be written").help("shorten it"));
    }
    claim(spec, &spec.all_rows(id), &format!("the all-rows view of {name}"), table.places.history, taken, sink);
}

fn claim(spec: &Spec, relation: &Relation, what: &str, span: Span, taken: &mut Taken, sink: &mut Sink) {
    // Statements call a relation that they change by its bare name. History and work tables cannot be named like an alias:
    // their suffixes hold an underscore.
    let name = relation.name.as_str();
    if ALIASES.iter().any(|alias| name.eq_ignore_ascii_case(alias)) {
        let message = format!(
            "{what} is named {}, like a word that statements use for their own rows: they would read one for the other",
            quoted(name)
        );
        sink.push(Diagnostic::new(Code::Name, message, span, "would be taken for it").help("choose a longer name"));
    }
    claim_name(spec, relation, what, span, taken, sink);
    check_length(spec, relation, what, span, sink);
}

fn claim_name(spec: &Spec, relation: &Relation, what: &str, span: Span, taken: &mut Taken, sink: &mut Sink) {
    let folded = relation.folded(spec.dialect);
    if let Some((other, first)) = taken.get(&folded) {
        // Tables that share one name share those derived from it: the first clash says enough.
        if sink.has(Code::NameClash, span) {
            return;
        }
        let message = format!("{what} and {other} would be one table, {}", quoted(relation.name.as_str()));
        sink.push(
            Diagnostic::new(Code::NameClash, message, span, "again here").also(*first, "first here").help("rename one"),
        );
        return;
    }
    taken.insert(folded, (what.to_owned(), span));
}

fn check_length(spec: &Spec, relation: &Relation, what: &str, span: Span, sink: &mut Sink) {
    for part in relation.parts() {
        check_name_length(spec, part.as_str(), what, span, sink);
    }
    let file: usize = relation.parts().map(|part| part.as_str().len() + 1).sum();
    if file > MAX_FILE {
        let message = format!("{what} has a name of {file} bytes with its schema, more than a file can have");
        sink.push(
            Diagnostic::new(Code::NameLength, message, span, "its definition could not be written").help("shorten it"),
        );
    }
}

fn check_name_length(spec: &Spec, name: &str, what: &str, span: Span, sink: &mut Sink) {
    let (most, dialect, length) = (spec.dialect.max_name_bytes(), spec.dialect, name.len());
    if length > most {
        let message = format!(
            "{what} would be named {}, {length} bytes where {dialect} keeps {most}: the rest would be cut off, without a word",
            quoted(name)
        );
        sink.push(
            Diagnostic::new(Code::NameLength, message, span, "too long with what is added to it")
                .help(format!("shorten it by {} bytes", length - most)),
        );
    }
}

/// Names of files end at 255 bytes on the file systems that people use; a definition's file is named like its relation.
const MAX_FILE: usize = 240;

/// What the longest name of a monitor's file adds to its model's.
const LONGEST_MONITOR: &str = "__late_beyond_lookback__resolve.sql";

fn check_exception_types(spec: &Spec, raw: &[&Spanned<TableFile>], monitors: &[Field<MonitorEntry>], sink: &mut Sink) {
    let mut taken: BTreeMap<String, (String, Span)> = BTreeMap::new();
    for raw in raw {
        let (Some(stated), Some(model)) = (raw.value.exception.get(), raw.value.model.get()) else { continue };
        let longest = stated.value.len() + NULL_KEY.len();
        if longest > MAX_TYPE {
            let message = format!(
                "exception type {} is too long: {longest} bytes with {NULL_KEY} where {MAX_TYPE} are kept",
                quoted(&stated.value)
            );
            sink.push(
                Diagnostic::new(Code::NameLength, message, stated.span, "too long with its suffix")
                    .help(format!("shorten it by {} bytes", longest - MAX_TYPE)),
            );
        }
        for derived in ["", NULL_KEY, HOLD].into_iter().chain(MONITORED) {
            let ty = format!("{}{derived}", stated.value).to_ascii_uppercase();
            // Two specs of one model were said to be one table already.
            if let Some((other, first)) = taken.get(&ty).filter(|(other, _)| !other.eq_ignore_ascii_case(&model.value))
            {
                let harm =
                    if MONITORED.contains(&derived) { "close what the other found" } else { "hold the other's rows" };
                let message = format!(
                    "{} and {other} would both record exceptions of type {}; each would {harm}",
                    model.value,
                    quoted(&ty)
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionType, message, stated.span, "again here")
                        .also(*first, "first here")
                        .help("give each table a type of its own"),
                );
                break;
            }
            taken.insert(ty, (model.value.clone(), stated.span));
        }
    }
    for monitor in monitors.iter().filter_map(Field::get) {
        let (Some(stated), Some(name)) = (monitor.value.exception.get(), monitor.value.name.get()) else { continue };
        let ty = stated.value.to_ascii_uppercase();
        let what = format!("monitor {}", name.value);
        if ty.len() > MAX_TYPE {
            let message = format!("exception type {} is longer than the {MAX_TYPE} bytes that are kept", quoted(&ty));
            sink.push(
                Diagnostic::new(Code::NameLength, message, stated.span, "would be cut off")
                    .help(format!("shorten it by {} bytes", ty.len() - MAX_TYPE)),
            );
        }
        match taken.get(&ty) {
            Some((other, first)) => {
                let message = format!(
                    "{what} and {other} would both record exceptions of type {}; each would close the other's, or hold rows by them",
                    quoted(&ty)
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionType, message, stated.span, "again here")
                        .also(*first, "first here")
                        .help("give each monitor a type of its own"),
                );
            }
            None => drop(taken.insert(ty, (what, stated.span))),
        }
    }
    debug_assert!(spec.tables.len() == raw.len(), "every table has its spec");
}
