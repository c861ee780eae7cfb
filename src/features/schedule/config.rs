//! What a project says of when things run.

/// When what runs, UTC.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How often a cycle begins, in seconds.
    pub cycle_every: u64,
    /// A Python function that lands raw rows: its module and its name.
    pub extract: Option<(String, String)>,
    /// A command to run once the marts are built.
    pub test: Option<String>,
    /// When upkeep is done, where there is any.
    pub maintenance: Option<TimeOfDay>,
    /// When the sweep begins.
    pub sweep: TimeOfDay,
    /// When monitors are asked.
    pub monitoring: TimeOfDay,
    /// How long a mart's statements may take, in seconds.
    pub mart_timeout: u64,
    /// How long the cycle's tests may take, in seconds.
    pub tests_timeout: u64,
    /// How long any other task may take, in seconds.
    pub timeout: u64,
    /// Who gets mail when a task fails.
    pub notify: Vec<String>,
    /// The connection to the warehouse.
    pub connection: String,
    /// The connection to the other system that `count_match` asks.
    pub source_connection: Option<String>,
}

/// Hours and minutes, UTC.
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
