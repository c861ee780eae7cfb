//! Erasure: keys that were removed for good, and that no load brings back.

mod resolve;

pub(crate) use resolve::{can_be_hashed, resolve, stated};

use crate::project::{ColumnId, ExceptionsId};
use crate::source::Span;
use crate::sql::Relation;

/// A table that lists erased keys. Key: `erased` of `exceptions`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ErasedKeys {
    /// The table.
    pub relation: Relation,
    /// How it holds a key.
    pub keys: KeyForm,
    pub(crate) span: Span,
}

/// How a list of erased keys holds a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyForm {
    /// The key itself.
    #[default]
    Plain,
    /// The SHA-256 of the key as a text, in hexadecimal digits.
    Hashed,
}

impl KeyForm {
    /// The name in YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Hashed => "hashed",
        }
    }
}

/// A list of erased keys that a table obeys. Key: `erased` of `exceptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erasure {
    /// The exceptions table that has the list.
    pub list: ExceptionsId,
    /// The column of the table that holds the key.
    pub column: ColumnId,
}
