//! Parses the texts of a project into raw shapes. Periods and tables may be in place or in other
//! files.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, quoted};
use crate::features::loads::LoadEntry;
use crate::project::expand::expand;
use crate::project::files::{PeriodEntry, PeriodListEntry, PeriodsEntry, PeriodsFile, ProjectFile, TableFile};
use crate::project::shape::{Either, Entries, Field, Shape, missing};
use crate::project::yaml::{self, Node, Value};
use crate::source::{FileId, Inputs, Role, Span, Spanned};

/// The raw shapes of the project files. Invariant: every value has the right type. `resolve` checks
/// whether the values make sense.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(super) project: ProjectFile,
    /// The lists of periods. Invariant: there is at least one. The list without a name is the first
    /// one, and may be empty.
    pub(super) lists: Vec<RawList>,
    pub(super) tables: Vec<Field<TableFile>>,
    /// For each windowed load, in order: the text of the file that its `model` names.
    pub(super) queries: Vec<Option<Spanned<String>>>,
}

impl Raw {
    /// Where the project states its first list of periods.
    pub(super) fn first_list(&self) -> Span {
        self.lists[0].periods.span
    }
}

/// A list of periods, and what the project states about it.
#[derive(Debug)]
pub(crate) struct RawList {
    /// `None` for the list of the key `periods`.
    pub(super) name: Option<Spanned<String>>,
    pub(super) periods: Spanned<Vec<Field<PeriodEntry>>>,
    pub(super) sealed_before: Option<Spanned<String>>,
    pub(super) retired_before: Option<Spanned<String>>,
    pub(super) keep_history: Option<Spanned<String>>,
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
    let mut files = inputs.of_role(Role::Periods);
    let stated_periods = match project.as_ref().map(|project| &project.periods) {
        Some(Field::Set(stated)) => read_periods(inputs, &mut files, stated, &mut sink),
        _ => None,
    };
    let named = project.as_ref().and_then(|project| project.period_lists.get());
    let named = named.map(|lists| read_lists(inputs, &mut files, lists, &mut sink));
    let unnamed_files: Vec<_> = files.collect();
    let tables = match project.as_ref().map(|project| &project.tables) {
        Some(Field::Set(stated)) => match &stated.value {
            Either::List(tables) => tables.clone(),
            Either::Scalar(path) => read_tables(inputs, path, stated.span, &mut sink),
            Either::Map(never) => match *never {},
        },
        _ => Vec::new(),
    };
    let mut tables: Vec<_> = tables
        .into_iter()
        .flat_map(|table| match table {
            Field::Set(file) => expand(&file, &mut sink),
            other => vec![other],
        })
        .collect();
    let own = own_lists(&mut tables);
    let named = if own.is_empty() { named } else { Some(named.into_iter().flatten().chain(own).collect()) };
    let lists = match (node.as_ref(), project.as_ref()) {
        (Some(_), Some(project)) if matches!(project.periods, Field::Missing) && named.is_some() => named,
        (Some(node), Some(project)) => {
            let periods = match project.periods {
                Field::Missing => without_periods(node, project, &tables, &mut sink),
                _ => stated_periods,
            };
            let unnamed = periods.map(|periods| RawList {
                name: None,
                periods,
                sealed_before: project.sealed_before.get().cloned(),
                retired_before: project.retired_before.get().cloned(),
                keep_history: project.keep_history.get().cloned(),
            });
            unnamed.map(|list| std::iter::once(list).chain(named.into_iter().flatten()).collect())
        }
        _ => None,
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
        let tables = in_place(Role::Table, matches!(project.tables.get().map(|at| &at.value), Some(Either::List(_))));
        for file in unnamed_files.into_iter().chain(tables) {
            let message = format!("{} was given, but the project file has the same list in place", inputs.name(file));
            sink.push(
                Diagnostic::new(Code::Reference, message, Span { file, start: 0, end: 0 }, "would be ignored")
                    .help("keep one of the two: the file, or the list in place"),
            );
        }
    }
    let raw = project.zip(lists).map(|(project, lists)| Raw { project, lists, tables, queries });
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

/// The lists of `period_lists`. An entry with errors is left out, because they are reported.
fn read_lists(
    inputs: &Inputs,
    files: &mut dyn Iterator<Item = FileId>,
    lists: &Spanned<Entries<PeriodListEntry>>,
    sink: &mut Sink,
) -> Vec<RawList> {
    if lists.value.0.is_empty() {
        let diagnostic = Diagnostic::new(Code::NoPeriods, "`period_lists` has no list", lists.span, "empty");
        sink.push(diagnostic.help("add a list, as in `yearly: [2026]`, or remove the key"));
    }
    let read = lists.value.0.iter().filter_map(|(name, entry)| {
        let entry = entry.get()?;
        let (periods, stated) = match &entry.value {
            Either::Scalar(path) => (Either::Scalar(path.clone()), None),
            Either::List(periods) => (Either::List(periods.clone()), None),
            Either::Map(stated) => (stated.periods.get()?.value.clone(), Some(stated)),
        };
        let span = stated.and_then(|stated| stated.periods.get()).map_or(entry.span, |periods| periods.span);
        let periods = read_periods(inputs, files, &Spanned { value: periods, span }, sink)?;
        Some(RawList {
            name: Some(name.clone()),
            periods,
            sealed_before: stated.and_then(|stated| stated.sealed_before.get().cloned()),
            retired_before: stated.and_then(|stated| stated.retired_before.get().cloned()),
            keep_history: stated.and_then(|stated| stated.keep_history.get().cloned()),
        })
    });
    read.collect()
}

/// The lists that table specs have in place. Each has the name of its model, or of the first model
/// of a spec for several. The specs then name them.
fn own_lists(tables: &mut [Field<TableFile>]) -> Vec<RawList> {
    let mut lists: Vec<RawList> = Vec::new();
    for table in tables.iter_mut().filter_map(Field::set) {
        let (Some(model), Field::Set(stated)) = (table.model(), &mut table.periods) else { continue };
        let span = stated.span;
        let (periods, keys) = match &stated.value {
            Either::Scalar(_) => continue,
            Either::List(periods) => (Spanned { value: periods.clone(), span }, None),
            // Its error is reported.
            Either::Map(own) => match own.periods.get() {
                Some(periods) => (periods.clone(), Some(own)),
                None => continue,
            },
        };
        let known = lists.iter().find(|list| list.periods.span == periods.span);
        let name = known.and_then(|list| list.name.as_ref()).map_or(&model.value, |name| &name.value).clone();
        if known.is_none() {
            lists.push(RawList {
                name: Some(model),
                periods,
                sealed_before: keys.and_then(|own| own.sealed_before.get().cloned()),
                retired_before: keys.and_then(|own| own.retired_before.get().cloned()),
                keep_history: keys.and_then(|own| own.keep_history.get().cloned()),
            });
        }
        stated.value = Either::Scalar(name);
    }
    lists
}

/// `files` has the files of the lists, in the order of the lists.
fn read_periods(
    inputs: &Inputs,
    files: &mut dyn Iterator<Item = FileId>,
    stated: &Spanned<PeriodsEntry>,
    sink: &mut Sink,
) -> Option<Spanned<Vec<Field<PeriodEntry>>>> {
    let (path, at) = match &stated.value {
        Either::List(periods) => return Some(Spanned { value: periods.clone(), span: stated.span }),
        Either::Scalar(path) => (&path.0, None),
        Either::Map(reference) => (&reference.file.get()?.value, Some(&reference.at)),
    };
    let file = files.next();
    let at = match at {
        Some(at) => Some(at.get()?),
        None => None,
    };
    let Some(file) = file else {
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
