//! Windowed loads: what they read is bounded by ingestion time and by the day of a row.
//! Key: `loads:`.

pub(crate) mod check;
mod config;
pub(crate) mod emit;
mod entries;
pub(crate) mod render;
mod resolve;
mod verify;

pub(crate) use config::LoadPlaces;
pub use config::{Aggregate, Alarms, Computed, EventWindow, WindowedLoad};
pub(crate) use entries::LoadEntry;
pub(crate) use resolve::resolve;
pub(crate) use verify::report as verify;
