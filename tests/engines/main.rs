//! Compiled statements on real engines: DuckDB in process, and the PostgreSQL that `scripts/with-engines` starts.

mod engine;
mod history;
mod statements;
mod units;
