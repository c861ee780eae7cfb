//! Repairs: statements with which an operator holds, restores or resolves one key.

pub(crate) mod emit;
mod erase;
mod plan;
mod render;

/// The name of the repair that erases keys.
pub(crate) const ERASE: &str = "erase";

pub use plan::Repair;
pub(crate) use plan::plan;
pub(crate) use render::render;
