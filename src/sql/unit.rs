//! Units of time columns.

/// The unit of the values of a time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeUnit {
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// A timestamp without a zone: in the `time_zone` of the project, or in UTC.
    Timestamp,
    /// A timestamp with a zone.
    Timestamptz,
    /// A day, in the same zone.
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
