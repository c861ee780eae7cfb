//! Monitors: queries that must return no rows. Key: `monitors:`. Ten kinds of monitors exist
//! without the key.

mod config;
pub(crate) mod emit;
pub(crate) mod plan;
pub(crate) mod render;
pub(crate) mod resolve;

pub(crate) use config::AsksWord;
pub use config::{Asks, Other, Severity, Stated, Window};
pub use plan::{Monitor, MonitorKind};
pub(crate) use render::RenderedMonitor;
pub(crate) use resolve::resolve;
