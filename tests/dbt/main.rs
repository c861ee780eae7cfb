//! Real dbt runs what Rowkeep emits, on DuckDB and on the PostgreSQL that `scripts/with-engines` starts; `scripts/with-dbt` brings dbt.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read and write files, and dbt looks at the clock"
)]

mod days;
mod harm;
mod howto;
mod monitors;
#[path = "../projects/mod.rs"]
mod projects;
mod story;
mod warehouse;
mod wiring;
