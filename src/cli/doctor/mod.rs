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
    /// A PostgreSQL or Redshift database, as postgres://user@host/database; PGPASSWORD may hold the
    /// password; the doctor only reads, except with --explain
    #[arg(long, value_name = "URL", env = "ROWKEEP_URL", hide_env_values = true)]
    url: String,
    /// Instead, let the database plan every statement over empty tables in new schemas, and roll
    /// them back; the tables of the project need not exist
    #[arg(long)]
    explain: bool,
    /// Compare as if compiled for another engine: redshift or postgres
    #[arg(long, value_name = "DIALECT", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// The output format of findings
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub(super) format: Output,
    /// Print only findings: no summary and no progress
    #[arg(short, long)]
    quiet: bool,
}
