//! Maintenance of marts, work tables and exceptions tables: VACUUM and ANALYZE, in order. Key:
//! `maintenance:`.

mod config;
pub(crate) mod emit;
mod plan;
pub(crate) mod render;
mod resolve;

pub use config::Maintenance;
pub use plan::MaintenancePlan;
pub(crate) use plan::plan;
pub(crate) use render::RenderedMaintenance;
pub(crate) use resolve::resolve;
