//! Tests of the core in memory: goldens, templates, schemas.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

mod compatibility;
mod dbt_form;
mod goldens;
mod hostile_templates;
mod in_place;
mod mutations;
mod operations;
#[path = "../shared/projects.rs"]
mod projects;
mod restructure;
mod rules;
mod schemas;
mod snowflake;
mod templates;
