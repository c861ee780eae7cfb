//! Types as a catalogue writes them.

use crate::dialect::Dialect;
use crate::sql::SqlType;
use crate::sql::types::MAX_VARCHAR;

impl SqlType {
    /// The type as PostgreSQL's catalogue, and Redshift's, writes it: what `format_type` gives.
    pub(crate) fn in_catalogue(self, dialect: Dialect) -> String {
        let word = match (self, dialect) {
            (Self::Decimal { precision, scale }, _) => return format!("numeric({precision},{scale})"),
            (Self::Varchar(n), _) => return format!("character varying({n})"),
            (Self::Text, Dialect::Redshift) => return Self::Varchar(MAX_VARCHAR).in_catalogue(dialect),
            (Self::Timestamp, _) => "timestamp without time zone",
            (Self::Timestamptz, _) => "timestamp with time zone",
            _ => return self.sql(dialect).to_ascii_lowercase(),
        };
        word.to_owned()
    }
}
