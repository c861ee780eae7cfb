//! How an engine spells a type.

use crate::dialect::Dialect;
use crate::sql::SqlType;

impl SqlType {
    /// The type as a column definition writes it.
    pub fn sql(self, dialect: Dialect) -> String {
        dialect.rules().type_name(self)
    }

    /// The type as a CAST writes it.
    pub(crate) fn cast(self, dialect: Dialect) -> String {
        dialect.rules().cast_type(self)
    }

    /// The type as the catalogue of an engine that speaks PostgreSQL's protocol writes it.
    #[cfg(feature = "doctor")]
    pub(crate) fn in_catalogue(self, dialect: Dialect) -> String {
        dialect.rules().catalogue_type(self)
    }
}
