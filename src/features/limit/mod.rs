//! The limit: how many rows of a table one run may archive. Key: `limit:`. The table in
//! `cycle::step` has its step, which lists the oldest due rows.

mod resolve;

pub(crate) use resolve::resolve;
