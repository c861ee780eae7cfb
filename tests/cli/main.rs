//! Tests of the command line.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests look at the world")]

mod check;
mod check_dbt;
mod ci;
mod commands;
mod compile;
mod diff;
mod erase;
mod folders;
mod formats;
mod lint;
mod loads;
mod mistakes;
mod period_lists;
#[path = "../shared/projects.rs"]
mod projects;
mod readme;
mod report;
#[path = "../shared/shop.rs"]
mod shop;
mod trace;
