//! Real dbt runs the emitted package, on DuckDB and on the PostgreSQL that `scripts/with-engines`
//! starts. `scripts/with-dbt` installs dbt.

mod columns;
mod days;
mod harm;
mod howto;
mod monitors;
mod quoted_tables;
mod server;
mod shapes;
mod story;
mod warehouse;
mod wiring;
