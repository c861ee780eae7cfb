//! Checks names across the project: all relations differ on the engine, no name is cut off, and no
//! name is ambiguous in a statement.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::Indexes;
use crate::project::files::{MonitorEntry, TableFile};
use crate::project::naming::{HOLD, KEY_INDEX, MONITORED, NULL_KEY, PARENT_INDEX, SWEEP, TIME_INDEX, UNIQUE_KEY_INDEX};
use crate::project::shape::Field;
use crate::project::{Retention, Spec, TableId};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation, is_own_alias};

/// The length of the column `exception_type` in an exceptions table.
const MAX_TYPE: usize = 64;

pub(crate) fn check(spec: &Spec, raw: &[&Spanned<TableFile>], monitors: &[Field<MonitorEntry>], sink: &mut Sink) {
    let mut taken = BTreeMap::new();
    let mut models: BTreeMap<String, Span> = BTreeMap::new();
    for (id, table) in spec.tables() {
        let (name, span) = (table.model.value.as_str(), table.model.span);
        if let Some(&first) = models.get(&name.to_lowercase()) {
            let message = format!("model {} has two table specs; both would write the same tables", quoted(name));
            sink.push(
                Diagnostic::new(Code::NameClash, message, span, "again here")
                    .also(first, "first here")
                    .help("remove one of the two"),
            );
            // All names derived from the model clash too. They are not reported.
            continue;
        }
        models.insert(name.to_lowercase(), span);
        check_table(spec, id, &mut taken, sink);
        check_columns(spec, id, raw, sink);
    }
    for exceptions in &spec.exceptions {
        claim(spec, &exceptions.relation, "the exceptions table", exceptions.span, &mut taken, sink);
        check_name_length(spec, exceptions.key.name.as_str(), "the exception key", exceptions.span, sink);
        if let Some(erased) = &exceptions.erased {
            let what = format!("the table of erased keys of {}", exceptions.relation.name.as_str());
            claim(spec, &erased.relation, &what, erased.span, &mut taken, sink);
        }
    }
    // Several marts may share a raw table. But a raw table may not be a table that Rowkeep writes.
    for table in &spec.tables {
        let Some(source) = &table.raw else { continue };
        let mut known = taken.get(&in_lower_case(source)).into_iter().flatten();
        let known = known.find(|known| known.relation.may_be(source, spec.dialect));
        if let Some(Named { what, span, .. }) = known {
            let message = format!(
                "the raw table of {} is {what}: a load would read the table that it writes",
                table.model.value.as_str()
            );
            let at = raw.iter().find_map(|raw| {
                raw.value.source.get().filter(|_| raw.value.model.get().is_some_and(|m| m.span == table.model.span))
            });
            sink.push(
                Diagnostic::new(
                    Code::NameClash,
                    message,
                    at.map_or(table.model.span, |source| source.span),
                    "a table that Rowkeep writes",
                )
                .also(*span, "written here")
                .help("name the raw table in `source:`"),
            );
        }
    }
    check_exception_types(spec, raw, monitors, sink);
}

/// A relation that the project writes or reads.
struct Written {
    relation: Relation,
    what: String,
    span: Span,
}

/// Checks the names of windowed loads. Nothing else may use a table that a windowed load writes.
pub(crate) fn check_loads(spec: &Spec, sink: &mut Sink) {
    let mut written: Vec<Written> = Vec::new();
    for (id, table) in spec.tables() {
        let (model, span) = (table.model.value.as_str(), table.model.span);
        let mut add = |relation: Relation, what: &str| {
            written.push(Written { relation, what: format!("{what} of {model}"), span })
        };
        add(table.relation.clone(), "the mart");
        spec.periods_of(id).for_each(|period| add(spec.history(id, period), "a history table"));
        for work in [spec.cutoff(id), spec.stale(id), spec.due(id), spec.cycles(id)] {
            add(work, "a work table");
        }
        last_relations(spec, id).into_iter().for_each(|(last, what)| add(last, what));
        table.raw.iter().for_each(|source| add(source.clone(), "the raw table"));
    }
    for exceptions in &spec.exceptions {
        let (relation, span) = (exceptions.relation.clone(), exceptions.span);
        written.push(Written { relation, what: "the exceptions table".to_owned(), span });
        if let Some(erased) = &exceptions.erased {
            let (relation, span) = (erased.relation.clone(), erased.span);
            written.push(Written { relation, what: "the table of erased keys".to_owned(), span });
        }
    }
    let mut models: BTreeMap<String, (String, Span)> = BTreeMap::new();
    for table in &spec.tables {
        let name = table.model.value.as_str();
        models.insert(name.to_lowercase(), (format!("table {name}"), table.model.span));
    }
    for load in &spec.loads {
        let (name, span) = (load.name.value.as_str(), load.name.span);
        let clash = |what: String, other: &str, first: Span| {
            let message = format!("{what} is also {other}: each would overwrite the other");
            Diagnostic::new(Code::NameClash, message, span, "again here").also(first, "first here").help("rename one")
        };
        let aggregate = load.aggregate.as_ref();
        for model in load.dbt_models() {
            match models.get(&model.to_lowercase()) {
                Some((other, first)) => {
                    sink.push(clash(
                        format!("the dbt model {} of windowed load {name}", quoted(&model)),
                        &format!("one of {other}"),
                        *first,
                    ));
                }
                None => drop(models.insert(model.to_lowercase(), (format!("windowed load {name}"), span))),
            }
        }
        if name.len() > MAX_LOAD {
            let message = format!(
                "the name of the windowed load has {} bytes; the names of its files would be too long",
                name.len()
            );
            sink.push(Diagnostic::new(Code::NameLength, message, span, "they could not be written").help("shorten it"));
        }
        let updates = aggregate.map(|aggregate| (&aggregate.temp, "the aggregate's temp table"));
        let into = aggregate.map(|aggregate| (&aggregate.into, "the aggregate"));
        for (relation, what) in [(&load.temp, "the temp table")].into_iter().chain(updates).chain(into) {
            let dated = relation.name.with_suffix("_2025-11-19");
            check_name_length(spec, dated.as_str(), &format!("{what} of windowed load {name}"), span, sink);
            let what = format!("{what} of windowed load {name}, {},", quoted(&relation.sql(spec.dialect)));
            if relation.may_be(&load.source, spec.dialect) {
                let message = format!("{what} is also its source: a run would read the table that it writes");
                sink.push(
                    Diagnostic::new(Code::NameClash, message, span, "source and target").help("name another table"),
                );
            } else if let Some(other) = written.iter().find(|other| other.relation.may_be(relation, spec.dialect)) {
                sink.push(clash(what, &other.what, other.span));
            } else {
                let what = format!("a table of windowed load {name}");
                written.push(Written { relation: relation.clone(), what, span });
            }
        }
    }
}

/// The views. For a purge, the table that counts the purged rows. The last has the longest name.
fn last_relations(spec: &Spec, id: TableId) -> Vec<(Relation, &'static str)> {
    match spec.table(id).is_purged() {
        true => vec![(spec.purged(id), "the table of purges")],
        false => vec![(spec.all_rows(id), "the all-rows view"), (spec.copies(id), "the view of all copies")],
    }
}

/// The longest name of a windowed load. It is part of the names of files and folders.
const MAX_LOAD: usize = 100;

/// The relations that have a name already, by schema and name in lower case.
type Taken = BTreeMap<[String; 2], Vec<Named>>;

/// A relation that has a name already.
struct Named {
    relation: Relation,
    what: String,
    span: Span,
}

fn check_table(spec: &Spec, id: TableId, taken: &mut Taken, sink: &mut Sink) {
    let table = spec.table(id);
    let (name, span) = (table.model.value.as_str(), table.model.span);
    if name.eq_ignore_ascii_case(SWEEP) {
        let message = format!("the model {} has the name of the folder for the statements of the sweep", quoted(name));
        sink.push(
            Diagnostic::new(Code::Name, message, span, "its files would be in that folder").help("choose another name"),
        );
    }
    claim(spec, &table.relation, &format!("the mart of {name}"), span, taken, sink);
    let histories: Vec<_> = spec.periods_of(id).map(|period| spec.history(id, period)).collect();
    for history in &histories {
        claim_name(spec, history, &format!("a history table of {name}"), table.places.history, taken, sink);
    }
    // Report only the longest name, not one name per period.
    if let Some(longest) = histories.iter().max_by_key(|history| history.name.as_str().len()) {
        check_length(spec, longest, "a history table", table.places.history, sink);
    }
    let cycles = (!spec.raw_tables.is_empty()).then(|| spec.cycles(id));
    for work in [spec.cutoff(id), spec.stale(id), spec.due(id)].into_iter().chain(cycles) {
        claim_name(spec, &work, &format!("a work table of {name}"), span, taken, sink);
    }
    check_length(spec, &spec.stale(id), "a work table", span, sink);
    check_indexes(spec, id, &histories, taken, sink);
    if name.len() > MAX_FILE - LONGEST_MONITOR.len() {
        let message = format!(
            "the name of the model has {} bytes; the names of the files of its monitors would be too long",
            name.len()
        );
        sink.push(Diagnostic::new(Code::NameLength, message, span, "they could not be written").help("shorten it"));
    }
    let last = last_relations(spec, id);
    for (relation, what) in &last {
        claim_name(spec, relation, &format!("{what} of {name}"), table.places.history, taken, sink);
    }
    if let Some((longest, what)) = last.last() {
        check_length(spec, longest, &format!("{what} of {name}"), table.places.history, sink);
    }
}

/// Checks that no column has the name of a relation that statements of the table write. Such a
/// statement names the relation's columns by `relation.column`. On BigQuery, a column of a nearer
/// source hides the relation, and `UPDATE` reads the name in SET as the column.
fn check_columns(spec: &Spec, id: TableId, raw: &[&Spanned<TableFile>], sink: &mut Sink) {
    let table = spec.table(id);
    let Some(file) = raw.iter().find(|raw| raw.value.model.get().is_some_and(|it| it.span == table.model.span)) else {
        return;
    };
    let work = [spec.cutoff(id), spec.stale(id), spec.due(id), spec.cycles(id)];
    let last = last_relations(spec, id).into_iter().map(|(last, _)| last);
    let erased = table.erasures.iter().filter_map(|erasure| spec.exceptions(erasure.list).erased.as_ref());
    let erased = erased.map(|erased| erased.relation.clone());
    let own = [table.relation.clone(), spec.exceptions(table.exceptions).relation.clone()];
    let own = own.into_iter().chain(erased);
    let histories = spec.periods_of(id).map(|period| spec.history(id, period));
    let written: BTreeSet<String> =
        own.chain(work).chain(last).chain(histories).map(|relation| relation.name.folded(spec.dialect)).collect();
    let declared = [&file.value.columns, &file.value.source_columns].into_iter().filter_map(Field::get);
    for (key, _) in declared.flat_map(|entries| &entries.value.0) {
        let folded = Name::column(&key.value).map(|name| name.folded(spec.dialect));
        if folded.is_ok_and(|name| written.contains(&name)) {
            let message = format!(
                "column {} has the name of a table of {}: in a statement on this table, BigQuery would read \
                 the name as the column",
                quoted(&key.value),
                table.model.value.as_str()
            );
            sink.push(
                Diagnostic::new(Code::NameClash, message, key.span, "name of a table")
                    .help("rename the column or the table"),
            );
        }
    }
}

/// Checks the names of indexes. `CREATE INDEX IF NOT EXISTS` does nothing, and reports no error, if
/// a table has the name of the index.
fn check_indexes(spec: &Spec, id: TableId, histories: &[Relation], taken: &mut Taken, sink: &mut Sink) {
    let table = spec.table(id);
    if table.layout.indexes == Indexes::None {
        return;
    }
    let parent = matches!(table.retention, Retention::WhileIn { .. }).then_some(PARENT_INDEX);
    let indexes = |on: &Relation, suffixes: &[&str]| -> Vec<Relation> {
        suffixes.iter().chain(&parent).map(|suffix| spec.index(on, suffix)).collect()
    };
    let by_key = if table.is_updated_in_place() { UNIQUE_KEY_INDEX } else { KEY_INDEX };
    let of_mart = indexes(&table.relation, &[by_key, TIME_INDEX]).into_iter().map(|index| (index, table.model.span));
    let of_histories = histories.iter().flat_map(|history| indexes(history, &[KEY_INDEX]));
    let all: Vec<_> = of_mart.chain(of_histories.map(|index| (index, table.places.history))).collect();
    let what = format!("an index of {}", table.model.value.as_str());
    for (index, span) in &all {
        claim_name(spec, index, &what, *span, taken, sink);
    }
    // Report only the longest name, not one name per period.
    if let Some((longest, span)) = all.iter().max_by_key(|(index, _)| index.name().as_str().len()) {
        check_length(spec, longest, "an index", *span, sink);
    }
}

fn claim(spec: &Spec, relation: &Relation, what: &str, span: Span, taken: &mut Taken, sink: &mut Sink) {
    // A statement names the relation that it changes by its bare name, so this name must not be an
    // alias. The names of history and work tables cannot be aliases, because of their suffixes.
    let name = relation.name.as_str();
    if is_own_alias(name) {
        let message =
            format!("{what} is named {}, which statements use as an alias: they would confuse the two", quoted(name));
        sink.push(Diagnostic::new(Code::Name, message, span, "name of an alias").help("choose a longer name"));
    }
    claim_name(spec, relation, what, span, taken, sink);
    check_length(spec, relation, what, span, sink);
}

fn in_lower_case(relation: &Relation) -> [String; 2] {
    [&relation.schema, &relation.name].map(|part| part.as_str().to_lowercase())
}

fn claim_name(spec: &Spec, relation: &Relation, what: &str, span: Span, taken: &mut Taken, sink: &mut Sink) {
    let others = taken.entry(in_lower_case(relation)).or_default();
    // Without a stated database, a relation can be in any.
    let database = |relation: &Relation| relation.database.as_ref().map(|name| name.as_str().to_lowercase());
    let may_share =
        |other: &&Named| database(relation).zip(database(&other.relation)).is_none_or(|(ours, theirs)| ours == theirs);
    if let Some(Named { relation: theirs, what: other, span: first }) = others.iter().find(may_share) {
        // Tables with the same name also share all names derived from it. Report only the first
        // clash.
        if sink.has(Code::NameClash, span) {
            return;
        }
        let name = quoted(relation.name.as_str());
        let message = match relation.may_be(theirs, spec.dialect) {
            true => format!("{what} and {other} would be the same table, {name}"),
            // A file in `ddl/` has the name of its relation.
            false => format!(
                "the names of {what} and {other}, {name}, differ only in capitals: many file systems would keep one file for both"
            ),
        };
        let is_unclear = relation.database.is_some() != theirs.database.is_some();
        let help = match is_unclear {
            true => "rename one; or state the database of both, if the engine has several in one connection",
            false => "rename one",
        };
        sink.push(Diagnostic::new(Code::NameClash, message, span, "again here").also(*first, "first here").help(help));
        return;
    }
    others.push(Named { relation: relation.clone(), what: what.to_owned(), span });
}

fn check_length(spec: &Spec, relation: &Relation, what: &str, span: Span, sink: &mut Sink) {
    for part in relation.parts() {
        check_name_length(spec, part.as_str(), what, span, sink);
    }
    let file: usize = relation.parts().map(|part| part.as_str().len() + 1).sum();
    if file > MAX_FILE {
        let message = format!("the name of {what} has {file} bytes with its schema; a file name cannot be that long");
        sink.push(
            Diagnostic::new(Code::NameLength, message, span, "the file of its DDL could not be written")
                .help("shorten it"),
        );
    }
}

fn check_name_length(spec: &Spec, name: &str, what: &str, span: Span, sink: &mut Sink) {
    let (longest, dialect, length) = (spec.dialect.max_name_bytes(), spec.dialect, name.len());
    if length > longest {
        let message = format!(
            "{what} would be named {}, which has {length} bytes; {dialect} would cut it off silently after {longest}",
            quoted(name)
        );
        sink.push(
            Diagnostic::new(Code::NameLength, message, span, "too long with the suffix that Rowkeep adds")
                .help(format!("shorten it by {} bytes", length - longest)),
        );
    }
}

/// The longest name of a relation that fits in the name of its DDL file. Common file systems allow
/// 255 bytes.
const MAX_FILE: usize = 240;

/// The longest suffix that the name of a monitor's file adds to the name of the model.
const LONGEST_MONITOR: &str = "__late_beyond_lookback__resolve.sql";

fn check_exception_types(spec: &Spec, raw: &[&Spanned<TableFile>], monitors: &[Field<MonitorEntry>], sink: &mut Sink) {
    let mut taken: BTreeMap<String, (String, Span)> = BTreeMap::new();
    for raw in raw {
        let (Some(stated), Some(model)) = (raw.value.exception.get(), raw.value.model()) else { continue };
        let longest = stated.value.len() + NULL_KEY.len();
        if longest > MAX_TYPE {
            let message = format!(
                "exception type {} is too long: with {NULL_KEY} it has {longest} bytes, and {MAX_TYPE} are allowed",
                quoted(&stated.value)
            );
            sink.push(
                Diagnostic::new(Code::NameLength, message, stated.span, "too long with its suffix")
                    .help(format!("shorten it by {} bytes", longest - MAX_TYPE)),
            );
        }
        for derived in ["", NULL_KEY, HOLD].into_iter().chain(MONITORED) {
            let ty = format!("{}{derived}", stated.value).to_ascii_uppercase();
            // Two specs of one model are already reported as the same table.
            if let Some((other, first)) = taken.get(&ty).filter(|(other, _)| !other.eq_ignore_ascii_case(&model.value))
            {
                let harm =
                    if MONITORED.contains(&derived) { "close the other's exceptions" } else { "hold the other's rows" };
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
            let message =
                format!("exception type {} is longer than {MAX_TYPE} bytes; it would be cut off", quoted(&ty));
            sink.push(
                Diagnostic::new(Code::NameLength, message, stated.span, "would be cut off")
                    .help(format!("shorten it by {} bytes", ty.len() - MAX_TYPE)),
            );
        }
        match taken.get(&ty) {
            Some((other, first)) => {
                let message = format!(
                    "{what} and {other} would both record exceptions of type {}; each would close or hold by the other's exceptions",
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
    debug_assert!(spec.tables.len() == raw.len(), "every table has a spec");
}
