//! A purge: due rows are deleted from the mart, and no copy is kept. Key: `archive: none`. The
//! table in `cycle::step` has its steps: one counts the rows, and one deletes them.

mod resolve;

pub(crate) use resolve::{NoArchive, contradicts, needs_tripwire};
