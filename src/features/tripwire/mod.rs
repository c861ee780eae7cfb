//! The tripwire: a statement that fails, and with it the cycle, where more rows are due than may
//! be. Key: `tripwire:`. Its step stands in the table of `cycle::step`.

mod config;
mod resolve;

pub use config::Tripwire;
pub(crate) use resolve::resolve;
