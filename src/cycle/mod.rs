//! The proven core: the statements of a cycle, from the table of steps to their texts.
//!
//! [`step`] is the table of steps. [`plan`] says which of them a table needs, in order, and
//! [`render`] gives each its text. [`verify`](crate::verify) holds the texts against the steps.

pub mod plan;
pub(crate) mod render;
pub mod step;
