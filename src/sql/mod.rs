//! SQL as text: names, relations, types and literals, and the calls of the SQL parser. Each kind of
//! text is quoted in one function.

pub(crate) mod chain;
mod engine_type;
pub(crate) mod literal;
mod name;
pub(crate) mod parse;
#[cfg(feature = "doctor")]
pub(crate) mod relocate;
mod reserved;
mod spelling;
mod types;
mod unit;

pub use engine_type::EngineType;
pub use name::{Name, Relation};
pub(crate) use name::{NameError, fold, is_own_alias, is_plain};
pub(crate) use reserved::is_reserved;
pub use types::SqlType;
pub use unit::TimeUnit;
