//! The shapes of `schedule:` in rowkeep.yml.

use crate::project::files::Names;
use crate::project::scalar::Text;
use crate::project::shape::shape;

shape! {
    #[expected("a schedule")]
    /// When cycles, maintenance, sweeps and monitors run, in UTC, and who gets mail when a task
    /// fails.
    struct ScheduleEntry {
        /// How often a cycle starts.
        required cycle: CycleEntry,
        /// When maintenance starts each night. Required if the project has `maintenance`.
        optional maintenance: AtEntry,
        /// When the sweep starts each night.
        required sweep: AtEntry,
        /// When the monitors start each night.
        required monitoring: AtEntry,
        /// How long tasks may take.
        optional timeouts: TimeoutsEntry,
        /// Who gets mail when a task fails: one address, or a list of addresses.
        optional notify: Names = ["data-team@example.com"],
        /// The Airflow connection to the warehouse. If not stated, the default connection of the
        /// engine, such as redshift_default.
        optional connection: String = "redshift_default",
        /// The Airflow connection to the other system that count_match monitors query.
        optional source_connection: String = "shop_mysql",
    }

    #[expected("a mapping with `every`")]
    /// How often a cycle starts, and which other tasks it has.
    struct CycleEntry {
        /// The interval, such as 15 minutes.
        required every: String = "15 minutes",
        /// A Python function, module.function, that creates the tasks that load raw tables. It
        /// returns the tasks that the marts wait for.
        optional extract: String = "loads.tasks.extract",
        /// A command that runs after the marts are built, such as dbt test --select mart.
        optional test: String = "dbt test --select mart_orders",
    }

    #[expected("a mapping with `at`")]
    /// A time of day.
    struct AtEntry {
        /// Hours and minutes in UTC, such as 02:30.
        required at: Text = "02:30",
    }

    #[expected("a mapping with `mart`, `tests` and `otherwise`")]
    /// How long tasks may take.
    struct TimeoutsEntry {
        /// The limit for the statements of one mart, in a cycle or a sweep; 10 minutes if not
        /// stated.
        optional mart: String = "10 minutes",
        /// The limit for the tests of a cycle; 5 minutes if not stated.
        optional tests: String = "5 minutes",
        /// The limit for any other task; 60 minutes if not stated.
        optional otherwise: String = "60 minutes",
    }
}
