//! Parses the texts of a project into raw shapes. Periods and tables may be in place or in other
//! files.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, quoted};
use crate::features::loads::LoadEntry;
use crate::project::expand::expand;
use crate::project::files::{PeriodEntry, PeriodsEntry, PeriodsFile, ProjectFile, TableFile};
use crate::project::shape::{Either, Field, Shape, missing};
use crate::project::yaml::{self, Node, Value};
use crate::source::{FileId, Inputs, Role, Span, Spanned};

/// The raw shapes of the project files. Invariant: every value has the right type. `resolve` checks
/// whether the values make sense.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(super) project: ProjectFile,
    /// The list of periods, and its place.
    pub(super) periods: Spanned<Vec<Field<PeriodEntry>>>,
    pub(super) tables: Vec<Field<TableFile>>,
    /// For each windowed load, in order: the text of the file that its `model` names.
    pub(super) queries: Vec<Option<Spanned<String>>>,
}

/// Parses every file of the project.
pub(crate) fn read(inputs: &Inputs) -> Result<Raw, Diagnostics> {
    let mut sink = Sink::default();
    let file = inputs.project();
    let node = yaml::parse(inputs, file, &mut sink);
    let project = node.as_ref().and_then(|node| ProjectFile::read(node, &mut sink));
    if let Some((node, project)) = node.as_ref().zip(project.as_ref()) {
        missing_keys(node, project, &mut sink);
    }
    let loads = project.as_ref().and_then(|project| project.loads.get());
    let queries = loads.map_or_else(Vec::new, |loads| read_queries(inputs, &loads.value, &mut sink));
    let stated_periods = match project.as_ref().map(|project| &project.periods) {
        Some(Field::Set(stated)) => read_periods(inputs, stated, &mut sink),
        _ => None,
    };
    let tables = match project.as_ref().map(|project| &project.tables) {
        Some(Field::Set(stated)) => match &stated.value {
            Either::List(tables) => tables.clone(),
            Either::Scalar(path) => read_tables(inputs, path, stated.span, &mut sink),
            Either::Map(never) => match *never {},
        },
        _ => Vec::new(),
    };
    let tables: Vec<_> = tables
        .into_iter()
        .flat_map(|table| match table {
            Field::Set(file) => expand(&file, &mut sink),
            other => vec![other],
        })
        .collect();
    let periods = match (node.as_ref(), project.as_ref()) {
        (Some(node), Some(project)) if matches!(project.periods, Field::Missing) => {
            without_periods(node, project, &tables, &mut sink)
        }
        _ => stated_periods,
    };
    if let Some(stated) = project.as_ref().and_then(|project| project.templates.get())
        && inputs.of_role(Role::Template).next().is_none()
    {
        let message =
            format!("the project names the templates folder {}, but no template was given", quoted(&stated.value));
        sink.push(
            Diagnostic::new(Code::Reference, message, stated.span, "no template here")
                .help("add a template to that folder, or remove the key"),
        );
    }
    if let Some(project) = &project {
        let in_place = |role, stated: bool| inputs.of_role(role).next().filter(|_| stated);
        let periods =
            in_place(Role::Periods, matches!(project.periods.get().map(|at| &at.value), Some(Either::List(_))));
        let tables = in_place(Role::Table, matches!(project.tables.get().map(|at| &at.value), Some(Either::List(_))));
        for file in periods.into_iter().chain(tables) {
            let message = format!("{} was given, but the project file has the same list in place", inputs.name(file));
            sink.push(
                Diagnostic::new(Code::Reference, message, Span { file, start: 0, end: 0 }, "would be ignored")
                    .help("keep one of the two: the file, or the list in place"),
            );
        }
    }
    let raw = project.zip(periods).map(|(project, periods)| Raw { project, periods, tables, queries });
    sink.finish(raw)
}

/// The help for a project without periods.
pub(super) const NO_PERIODS: &str =
    "add `periods: [2025_h2]`, or give each table `history: { table: ... }` or `archive: none`";

/// The empty list of periods, if the project needs none: no table has a history table per period.
/// Otherwise, reports that `periods` is absent.
fn without_periods(
    node: &Node,
    project: &ProjectFile,
    tables: &[Field<TableFile>],
    sink: &mut Sink,
) -> Option<Spanned<Vec<Field<PeriodEntry>>>> {
    let has_periods = |table: &Field<TableFile>| table.get().is_some_and(|table| table.value.needs_periods());
    // With loads, `resolve` reports the absence, because a project may have only loads.
    if matches!(project.loads, Field::Missing) && (tables.is_empty() || tables.iter().any(has_periods)) {
        missing::<ProjectFile>(node, "periods", Some(NO_PERIODS), sink);
        return None;
    }
    let loads = project.loads.get().map(|loads| loads.span);
    let span = loads.or_else(|| project.tables.get().map(|tables| tables.span))?;
    Some(Spanned { value: Vec::new(), span })
}

/// Reports keys that are absent. A project needs `tables` or `loads`, and `tables` need
/// `exceptions`.
fn missing_keys(node: &Node, project: &ProjectFile, sink: &mut Sink) {
    let has_loads = !matches!(project.loads, Field::Missing);
    let has_tables = !matches!(project.tables, Field::Missing);
    if has_loads && !has_tables {
        return;
    }
    let absent = [("exceptions", matches!(project.exceptions, Field::Missing)), ("tables", !has_tables)];
    for (key, _) in absent.into_iter().filter(|(_, is_absent)| *is_absent) {
        missing::<ProjectFile>(node, key, None, sink);
    }
}

/// For each windowed load, the query that it reads instead of its source.
fn read_queries(inputs: &Inputs, loads: &[Field<LoadEntry>], sink: &mut Sink) -> Vec<Option<Spanned<String>>> {
    let mut one = |load: &Field<LoadEntry>| {
        let path = load.get()?.value.model.get()?;
        let file = inputs.of_role(Role::Query).find(|&file| inputs.name(file) == path.value);
        if file.is_none() {
            let message =
                format!("the windowed load reads the query {}, but its text was not given", quoted(&path.value));
            sink.push(
                Diagnostic::new(Code::Reference, message, path.span, "named here")
                    .help("give its text to `Inputs::with_query`, under the same name"),
            );
        }
        // A byte order mark and carriage returns, which Windows editors write, are not SQL.
        file.map(|file| {
            let text = inputs.text(file);
            let value = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
            Spanned { value: value.trim_end().to_owned(), span: Span { file, start: 0, end: 0 } }
        })
    };
    loads.iter().map(&mut one).collect()
}

fn read_tables(inputs: &Inputs, path: &str, span: Span, sink: &mut Sink) -> Vec<Field<TableFile>> {
    let tables: Vec<_> = inputs
        .of_role(Role::Table)
        .map(|file| yaml::parse(inputs, file, sink).map_or(Field::Invalid, |node| Field::read(&node, sink)))
        .collect();
    if tables.is_empty() {
        let message = format!("{} has no table spec; there is nothing to compile", quoted(path));
        sink.push(
            Diagnostic::new(Code::NoTables, message, span, "no file here ends in .yml")
                .help("add one .yml file per table to that folder"),
        );
    }
    tables
}

fn read_periods(
    inputs: &Inputs,
    stated: &Spanned<PeriodsEntry>,
    sink: &mut Sink,
) -> Option<Spanned<Vec<Field<PeriodEntry>>>> {
    let (path, at) = match &stated.value {
        Either::List(periods) => return Some(Spanned { value: periods.clone(), span: stated.span }),
        Either::Scalar(path) => (path, None),
        Either::Map(reference) => (&reference.file.get()?.value, Some(reference.at.get()?)),
    };
    let Some(file) = inputs.of_role(Role::Periods).next() else {
        let message =
            format!("the project reads its periods from {}, but the text of this file was not given", quoted(path));
        sink.push(
            Diagnostic::new(Code::Reference, message, stated.span, "named here")
                .help("give its text to `Inputs::with_periods`, or write the list in place"),
        );
        return None;
    };
    let node = yaml::parse(inputs, file, sink)?;
    let Some(at) = at else {
        let periods = PeriodsFile::read(&node, sink)?.hist_periods;
        return periods.get().cloned();
    };
    let list = follow(&node, at, inputs, file, sink)?;
    Vec::read(list, sink).map(|value| Spanned { value, span: list.span })
}

/// The node to which the keys of `at` lead. The keys are joined by dots.
fn follow<'a>(
    node: &'a Node,
    at: &Spanned<String>,
    inputs: &Inputs,
    file: FileId,
    sink: &mut Sink,
) -> Option<&'a Node> {
    let mut here = node;
    for key in at.value.split('.') {
        let next = match &here.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node),
            _ => None,
        };
        let Some(next) = next else {
            let message =
                format!("{} has no key {} on the way to {}", inputs.name(file), quoted(key), quoted(&at.value));
            sink.push(
                Diagnostic::new(Code::Reference, message, at.span, "this key does not exist")
                    .also(here.span, format!("{} is not here", quoted(key)))
                    .help("write the keys that lead to the list, joined by dots"),
            );
            return None;
        };
        here = next;
    }
    Some(here)
}
