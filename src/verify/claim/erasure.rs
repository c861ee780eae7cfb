//! Lists of erased keys.

use crate::project::{ExceptionsId, Spec};
use crate::verify::claim::clock::term;
use crate::verify::meaning::Term;

/// A key as its list holds it.
pub(super) fn listed<'a>(spec: &Spec, list: ExceptionsId, key: Term<'a>) -> Term<'a> {
    let exceptions = spec.exceptions(list);
    if exceptions.are_hashed() { term(spec.dialect.rules().hashed(exceptions.key.ty), Some(&key)) } else { key }
}
