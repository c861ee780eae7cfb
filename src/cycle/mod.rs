//! The proven core: the statements of a cycle, from the table of steps to their texts.
//!
//! [`step`] is the table of steps. [`plan`] chooses the steps of a table, in run order.
//! `render` writes the text of each step. `verify` compares the texts with the
//! steps.

pub mod plan;
pub(crate) mod render;
pub mod step;
mod verb;
