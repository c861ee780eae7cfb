//! The schedule of a project.

/// When each part runs, in UTC.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Schedule {
    /// The interval between cycles, in seconds.
    pub cycle_every: u64,
    /// A Python function that fills the raw tables: its module and its name.
    pub extract: Option<(String, String)>,
    /// A command that runs after the marts are built.
    pub test: Option<String>,
    /// When maintenance starts, if the project has any.
    pub maintenance: Option<TimeOfDay>,
    /// When the sweep starts.
    pub sweep: TimeOfDay,
    /// When the monitors start.
    pub monitoring: TimeOfDay,
    /// The time-out of the statements of a mart, in seconds.
    pub mart_timeout: u64,
    /// The time-out of the tests of a cycle, in seconds.
    pub tests_timeout: u64,
    /// The time-out of any other task, in seconds.
    pub timeout: u64,
    /// The mail addresses that are notified if a task fails.
    pub notify: Vec<String>,
    /// The Airflow connection to the warehouse.
    pub connection: String,
    /// The Airflow connection to the other system of `count_match`.
    pub source_connection: Option<String>,
}

/// A time of day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// From 0 to 23.
    pub hour: u8,
    /// From 0 to 59.
    pub minute: u8,
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}
