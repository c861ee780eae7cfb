//! The tripwire: a statement that fails if too many rows are due, and so stops the cycle. Key:
//! `tripwire:`. The table in `cycle::step` has its step.

mod config;
mod resolve;

pub use config::Tripwire;
pub(crate) use resolve::resolve;
