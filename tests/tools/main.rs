//! Tests with other tools that read or run the artifacts: dbt, Airflow, a browser, a second SQL
//! parser.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

mod airflow;
mod browser;
mod dbt;
#[path = "../shared/engine.rs"]
mod engine;
#[path = "../shared/projects.rs"]
mod projects;
mod second_opinion;
