//! Turns raw shapes into a [`Spec`]: looks up names, computes bounds, and reports contradictions.

pub(crate) mod columns;
pub(crate) mod duration;
mod exceptions;
mod load;
pub(crate) mod names;
pub(crate) mod order;
mod periods;
pub(crate) mod share;
pub(crate) mod table;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, quoted};
use crate::dialect::Dialect;
use crate::features::{loads, maintenance, monitors, raw_trims, schedule};
use crate::project::read::Raw;
use crate::project::shape::Field;
use crate::project::{Places, Spec, Table};
use crate::source::{Span, Spanned};
use crate::sql::{Name, NameError, Relation};

/// Resolves a project. `dialect` replaces the dialect that the project states.
pub(crate) fn resolve(raw: &Raw, dialect: Option<Dialect>) -> Result<Spec, Diagnostics> {
    let mut sink = Sink::default();
    let spec = resolve_project(raw, dialect, &mut sink);
    sink.finish(spec)
}

fn resolve_project(raw: &Raw, dialect: Option<Dialect>, sink: &mut Sink) -> Option<Spec> {
    let project = &raw.project;
    let dialect = dialect.or_else(|| project.dialect.get().map(|word| word.value.0))?;
    let name = project.name.get().and_then(|name| plain(name, "the project", sink));
    let schema = project.schema.get().and_then(|schema| schema_of(schema, dialect, sink));
    let sealed_before = project.sealed_before.get();
    // A project that has only windowed loads has no tables and no periods.
    let without_tables = |field: &str, span: Span| {
        let message = format!("`{field}` is stated, but the project has no tables");
        Diagnostic::new(Code::Load, message, span, "would have no effect")
            .help(format!("add `tables:`, or remove `{field}:`"))
    };
    let has_only_loads = project.loads.get().is_some() && matches!(project.tables, Field::Missing);
    let periods = if has_only_loads { Some(Vec::new()) } else { periods::resolve(&raw.periods, sealed_before, sink) };

    let specs: Vec<_> = raw.tables.iter().filter_map(|table| table.get()).collect();
    if has_only_loads {
        let periods = project.periods.get().map(|stated| ("periods", stated.span));
        let exceptions = project.exceptions.get().map(|stated| ("exceptions", stated.span));
        periods.into_iter().chain(exceptions).for_each(|(key, span)| sink.push(without_tables(key, span)));
    }
    if raw.tables.is_empty() && stated(&project.loads).is_empty() {
        let span = project.tables.get().map_or(raw.periods.span, |tables| tables.span);
        let (message, help) = if has_only_loads {
            (
                "the project has neither tables nor windowed loads; there is nothing to compile",
                "add a table spec, or an entry of `loads:`",
            )
        } else {
            ("the project has no tables; there is nothing to compile", "add one spec per rolling table")
        };
        sink.push(Diagnostic::new(Code::NoTables, message, span, "empty").help(help));
    }
    let schema = schema?;
    let defaults = project.defaults.get().map(|defaults| &defaults.value);
    let drafts: Vec<_> =
        specs.iter().map(|spec| table::draft(&spec.value, spec.span, defaults, &schema, dialect, sink)).collect();
    // If a table has an error, stop here: the checks across tables would only report misleading
    // errors.
    let drafts: Vec<_> = drafts.into_iter().collect::<Option<_>>()?;
    let exceptions = if has_only_loads {
        Some(exceptions::Resolved::default())
    } else {
        exceptions::resolve(&specs, &drafts, project.exceptions.get(), &schema, dialect, sink)
    };
    let tables = order::resolve(drafts, dialect, sink);
    let (exceptions, tables) = (exceptions?, tables?);
    let tables = tables.into_iter().map(|draft| finish(draft, &exceptions)).collect();
    let mut spec = Spec {
        name: name?.as_str().to_owned(),
        dialect,
        periods: periods?,
        places: Places {
            periods: raw.periods.span,
            each_period: raw.periods.value.iter().filter_map(|period| Some(period.get()?.span)).collect(),
            sealed_before: sealed_before.map(|date| date.span),
        },
        exceptions: exceptions.tables,
        tables,
        raw_tables: Vec::new(),
        monitors: Vec::new(),
        maintenance: Vec::new(),
        schedule: None,
        loads: Vec::new(),
        out: project.out.get().cloned(),
        schema,
    };
    spec.raw_tables = raw_trims::resolve(stated(&project.raw), &spec, sink);
    names::check(&spec, &specs, stated(&project.monitors), sink);
    spec.monitors = monitors::resolve(stated(&project.monitors), &spec, sink);
    spec.maintenance = maintenance::resolve(stated(&project.maintenance), &spec, sink);
    spec.loads = loads::resolve(stated(&project.loads), &raw.queries, &spec, sink);
    names::check_loads(&spec, sink);
    spec.schedule = project.schedule.get().and_then(|stated| schedule::resolve(stated, &spec, sink));
    Some(spec)
}

/// The entries of a list that may be left out.
fn stated<T>(list: &Field<Vec<Field<T>>>) -> &[Field<T>] {
    list.get().map_or(&[], |list| &list.value)
}

/// Builds a table from its draft. `ordered` has its links to other tables as ids.
fn finish(ordered: order::Ordered, exceptions: &exceptions::Resolved) -> Table {
    let order::Ordered { draft, retention, depends_on, position } = ordered;
    let (exceptions, exception_key) = exceptions.of_table[position];
    Table {
        model: draft.model,
        relation: draft.relation,
        history: draft.history,
        places: draft.places,
        columns: draft.columns,
        unique_key: draft.unique_key,
        time: draft.time,
        rows: draft.rows,
        retention,
        exceptions,
        exception_key,
        exception_type: draft.exception_type.value,
        layout: draft.layout,
        tripwire: draft.tripwire,
        source: draft.source,
        source_columns: draft.source_columns,
        load: draft.load,
        depends_on,
    }
}

/// Reads a plain name, or reports why it is not one. `what` is the named thing, for the message.
pub(crate) fn plain(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<Name> {
    match Name::plain(&text.value) {
        Ok(name) => Some(name),
        Err(error) => {
            sink.push(bad_name(&text.value, text.span, what, error));
            None
        }
    }
}

fn bad_name(text: &str, span: Span, what: &str, error: NameError) -> Diagnostic {
    let plain = "letters, digits and underscores, not starting with a digit";
    match error {
        NameError::Empty => Diagnostic::new(Code::Name, format!("{what} has an empty name"), span, "no name")
            .help(format!("write a name: {plain}")),
        NameError::NotPlain => {
            let message = format!("{what} is named {}, which no engine accepts without quotes", quoted(text));
            Diagnostic::new(Code::Name, message, span, "not a plain name").help(format!("use {plain}"))
        }
        NameError::Forbidden(c) => {
            let harm = match c {
                '"' | '\'' | '`' | '\\' | ';' | '{' | '}' => "could end its quotes or its line",
                c if c.is_control() => "could end its line",
                _ => "is not visible, or looks like another character",
            };
            let message = format!("{what} is named {}, and {c:?} {harm}", quoted(text));
            Diagnostic::new(Code::Name, message, span, "not a safe name")
                .help("inside quotes use letters, digits, spaces, `_`, `-` and `.`")
        }
    }
}

/// Reads `schema` or `database.schema`. The result is a relation whose name is a placeholder.
fn schema_of(text: &Spanned<String>, dialect: Dialect, sink: &mut Sink) -> Option<Relation> {
    let parts = parts_of(text, "the schema", 2, dialect, sink)?;
    let name = Name::plain("_").ok()?;
    match parts.as_slice() {
        [schema] => Some(Relation { database: None, schema: schema.clone(), name }),
        [database, schema] => Some(Relation { database: Some(database.clone()), schema: schema.clone(), name }),
        _ => None,
    }
}

/// Reads a relation. The schema of the project completes a name with fewer parts.
pub(crate) fn relation_of(
    text: &Spanned<String>,
    what: &str,
    schema: &Relation,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Relation> {
    let parts = parts_of(text, what, 3, dialect, sink)?;
    match parts.as_slice() {
        [name] => Some(schema.renamed(name.clone())),
        [inner, name] => {
            Some(Relation { database: schema.database.clone(), schema: inner.clone(), name: name.clone() })
        }
        [database, inner, name] => {
            Some(Relation { database: Some(database.clone()), schema: inner.clone(), name: name.clone() })
        }
        _ => None,
    }
}

/// The parts of a dotted name, at most `most`. If there are `most` parts, the first is a database.
fn parts_of(text: &Spanned<String>, what: &str, most: usize, dialect: Dialect, sink: &mut Sink) -> Option<Vec<Name>> {
    let parts: Vec<_> = text.value.split('.').collect();
    if parts.len() > most {
        let message =
            format!("{what} is named {}, which has {} parts; {most} are allowed", quoted(&text.value), parts.len());
        sink.push(
            Diagnostic::new(Code::Name, message, text.span, "too many dots").help("write database.schema.name at most"),
        );
        return None;
    }
    let is_database = |place: usize| parts.len() == most && place == 0;
    let names = parts.iter().zip(0..).map(|(part, place)| match Name::database(part, dialect) {
        Some(name) if is_database(place) => Some(name),
        _ => plain(&Spanned { value: (*part).to_owned(), span: text.span }, what, sink),
    });
    names.collect()
}
