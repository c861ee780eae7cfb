//! SQL as text: names, relations, types and literals, and the calls of the SQL parser. Each kind of
//! text is quoted in one function.

pub(crate) mod chain;
pub(crate) mod literal;
mod name;
pub(crate) mod parse;
#[cfg(feature = "rehearse")]
pub(crate) mod relocate;
mod reserved;
mod spelling;
mod types;
mod unit;

pub(crate) use name::{ALIASES, NameError};
pub use name::{Name, Relation};
pub use types::SqlType;
pub use unit::TimeUnit;
