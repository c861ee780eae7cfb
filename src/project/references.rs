//! The other files that a project file names. [`folder`](crate::project::folder) reads them.

use crate::diagnostic::Sink;
use crate::project::files::ProjectFile;
use crate::project::shape::{Either, Field, Shape};
use crate::project::yaml;
pub(crate) use crate::project::yaml::MAX_BYTES;
use crate::source::{Inputs, Spanned};

/// The paths of other files and folders in a project file.
#[derive(Debug, Default)]
pub(crate) struct References {
    pub(crate) periods: Option<Spanned<String>>,
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
    let periods = project.periods.get().and_then(|periods| match &periods.value {
        Either::Scalar(path) => Some(Spanned { value: path.clone(), span: periods.span }),
        Either::List(_) => None,
        Either::Map(reference) => path(&reference.file),
    });
    let tables = project.tables.get().and_then(|tables| match &tables.value {
        Either::Scalar(path) => Some(Spanned { value: path.clone(), span: tables.span }),
        _ => None,
    });
    let loads = project.loads.get().map_or(&[][..], |loads| &loads.value);
    let queries = loads.iter().filter_map(|load| path(&load.get()?.value.model)).collect();
    References { periods, tables, templates: path(&project.templates), queries, out: path(&project.out) }
}
