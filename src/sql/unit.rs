//! Units of time columns.

/// The unit of the values of a time column. All values are in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeUnit {
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// A timestamp without a zone.
    Timestamp,
    /// A timestamp with a zone.
    Timestamptz,
    /// A day.
    Date,
}

impl TimeUnit {
    /// The unit as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EpochSeconds => "epoch_seconds",
            Self::EpochMillis => "epoch_millis",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::Date => "date",
        }
    }
}
