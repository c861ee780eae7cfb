//! Trims of raw tables: a raw row is deleted once completed cycles have read it. Key: `raw:`.

pub(crate) mod check;
mod config;
pub(crate) mod emit;
mod plan;
mod render;
mod resolve;

pub use config::RawTable;
pub use plan::RawTrim;
pub(crate) use plan::plan;
pub(crate) use render::render;
pub(crate) use resolve::resolve;
