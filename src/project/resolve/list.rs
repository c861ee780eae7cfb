//! One name, or a list of names.

use crate::project::files::Names;
use crate::project::shape::Either;
use crate::source::{Span, Spanned};

/// One name or a list of names, as a list.
pub(crate) fn list(names: &Names, span: Span) -> Vec<Spanned<String>> {
    match names {
        Either::Scalar(name) => vec![Spanned { value: name.clone(), span }],
        Either::List(names) => names.iter().filter_map(|name| name.get().cloned()).collect(),
        Either::Map(never) => match *never {},
    }
}
