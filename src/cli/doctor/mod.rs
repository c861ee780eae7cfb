//! `rowkeep doctor`

#[cfg(not(feature = "doctor"))]
mod absent;
#[cfg(feature = "doctor")]
mod live;

use std::path::PathBuf;

#[cfg(not(feature = "doctor"))]
pub(super) use absent::run;
#[cfg(feature = "doctor")]
pub(super) use live::run;

use crate::cli::{Output, dialect};
use crate::dialect::Dialect;

/// Arguments of `rowkeep doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The database, as postgres://user@host/database; PostgreSQL and Redshift; PGPASSWORD may hold the
    /// password. It is only read
    #[arg(long, value_name = "URL", env = "ROWKEEP_URL", hide_env_values = true)]
    url: String,
    /// Look as if compiled for another engine: redshift or postgres
    #[arg(long, value_name = "DIALECT", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub(super) format: Output,
}
