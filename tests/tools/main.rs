//! Tests with other tools that read or run the artifacts: dbt, Airflow, a browser, a second SQL
//! parser, an analyzer of GoogleSQL, a stand-in of Snowflake, and MkDocs.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

mod airflow;
mod browser;
mod dbt;
mod editors;
#[path = "../shared/engine.rs"]
mod engine;
mod googlesql;
#[path = "../shared/projects.rs"]
mod projects;
mod second_opinion;
#[path = "../shared/shim.rs"]
mod shim;
mod site;
mod snowflake;
mod tutorial;
