//! The schedule: `schedule.json` and Airflow DAGs. Key: `schedule:`.

mod airflow;
mod config;
mod cron;
mod emit;
mod entries;
mod resolve;

pub use config::{Schedule, TimeOfDay};
pub use emit::SCHEDULE;
pub(crate) use emit::emit;
pub(crate) use entries::{AtEntry, ScheduleEntry};
pub(crate) use resolve::resolve;
