//! SQL as text: names, relations, types and literals, each quoted in one place, and the one call to the SQL parser.

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
