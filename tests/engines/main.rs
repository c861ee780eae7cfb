//! Tests that run the emitted statements on PostgreSQL and DuckDB.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

mod adversary;
mod columns;
mod doctor;
#[path = "../shared/engine.rs"]
mod engine;
mod erasure;
mod filled_columns;
mod grammar;
mod grants;
mod history;
mod in_place;
mod interleaved;
mod limit;
mod loads;
mod local_times;
mod operations;
mod plans;
#[path = "../shared/projects.rs"]
mod projects;
mod purge;
mod rehearse;
mod rehearse_cli;
mod runbooks;
mod shared_rows;
#[path = "../shared/shim.rs"]
mod shim;
mod statements;
mod stops;
mod teeth;
mod template_mutants;
mod types;
mod unfinished;
mod units;
mod whole_rows;
mod zone;
