//! SQL as text: names, relations, types and literals, each quoted in one place, and the one call to the SQL parser.

#[cfg(feature = "doctor")]
mod catalogue;
pub(crate) mod literal;
mod name;
pub(crate) mod parse;
#[cfg(feature = "rehearse")]
pub(crate) mod relocate;
mod reserved;
mod types;

pub use literal::TimeUnit;
pub(crate) use name::{ALIASES, NameError};
pub use name::{Name, Relation};
pub use types::SqlType;
