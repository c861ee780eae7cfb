//! The conditions under which a row may leave its mart. Key: `only_when:`. A row that does not meet
//! them stays in the mart, whatever its age.

pub(crate) mod check;
mod config;
mod resolve;

pub(crate) use config::describe;
pub use config::{Condition, Constant, Test};
pub(crate) use resolve::{Columns, ConditionEntry, is_not_null, resolve, with};
