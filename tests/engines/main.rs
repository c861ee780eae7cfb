//! Compiled statements on real engines: DuckDB in process, and the PostgreSQL that `scripts/with-engines` starts.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod around;
mod engine;
mod history;
mod loads;
#[path = "../projects/mod.rs"]
mod projects;
#[path = "../shim/mod.rs"]
mod shim;
mod statements;
mod stops;
mod units;
