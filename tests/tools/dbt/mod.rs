//! Real dbt runs what Rowkeep emits, on DuckDB and on the PostgreSQL that `scripts/with-engines` starts; `scripts/with-dbt` brings dbt.

mod days;
mod harm;
mod howto;
mod monitors;
mod story;
mod warehouse;
mod wiring;
