//! The names of types on an engine.

use crate::dialect::Dialect;
use crate::sql::SqlType;

impl SqlType {
    /// The type as it is written in a column definition.
    pub fn sql(self, dialect: Dialect) -> String {
        dialect.rules().type_name(self)
    }

    /// The type as it is written in a CAST.
    pub(crate) fn cast(self, dialect: Dialect) -> String {
        dialect.rules().cast_type(self)
    }

    /// The type as it is written in the catalogue of an engine with the PostgreSQL protocol.
    #[cfg(feature = "doctor")]
    pub(crate) fn in_catalogue(self, dialect: Dialect) -> String {
        dialect.rules().catalogue_type(self)
    }
}
