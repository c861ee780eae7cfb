//! The other files that a project file names. [`folder`](crate::project::folder) reads them.

use crate::diagnostic::Sink;
use crate::project::files::{PeriodListEntry, PeriodsEntry, ProjectFile};
use crate::project::shape::{Either, Field, Shape};
use crate::project::yaml;
pub(crate) use crate::project::yaml::MAX_BYTES;
use crate::source::{Inputs, Spanned};

/// The paths of other files and folders in a project file.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// The files of the lists of periods, in the order of the lists.
    pub(crate) periods: Vec<Spanned<String>>,
    pub(crate) tables: Option<Spanned<String>>,
    pub(crate) templates: Option<Spanned<String>>,
    pub(crate) queries: Vec<Spanned<String>>,
    pub(crate) out: Option<Spanned<String>>,
}

/// Finds the files that must be read too. It reports no errors, because
/// [`read`](crate::project::read) reports them later.
pub(crate) fn references(inputs: &Inputs) -> References {
    let mut unread = Sink::default();
    let project =
        yaml::parse(inputs, inputs.project(), &mut unread).and_then(|node| ProjectFile::read(&node, &mut unread));
    let Some(project) = project else { return References::default() };
    let path = |field: &Field<String>| field.get().cloned();
    let lists = project.period_lists.get().map_or(&[][..], |lists| &lists.value.0);
    let named = lists.iter().filter_map(|(_, list)| file_of_list(list.get()?));
    let periods = project.periods.get().and_then(file_of).into_iter().chain(named).collect();
    let tables = project.tables.get().and_then(|tables| match &tables.value {
        Either::Scalar(path) => Some(Spanned { value: path.clone(), span: tables.span }),
        _ => None,
    });
    let loads = project.loads.get().map_or(&[][..], |loads| &loads.value);
    let queries = loads.iter().filter_map(|load| path(&load.get()?.value.model)).collect();
    References { periods, tables, templates: path(&project.templates), queries, out: path(&project.out) }
}

/// The file that a list of periods names.
fn file_of(periods: &Spanned<PeriodsEntry>) -> Option<Spanned<String>> {
    match &periods.value {
        Either::Scalar(path) => Some(Spanned { value: path.0.clone(), span: periods.span }),
        Either::List(_) => None,
        Either::Map(reference) => reference.file.get().cloned(),
    }
}

fn file_of_list(list: &Spanned<PeriodListEntry>) -> Option<Spanned<String>> {
    match &list.value {
        Either::Scalar(path) => Some(Spanned { value: path.0.clone(), span: list.span }),
        Either::List(_) => None,
        Either::Map(stated) => stated.periods.get().and_then(file_of),
    }
}
