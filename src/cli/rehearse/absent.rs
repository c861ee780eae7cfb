//! A binary that was built without engines says how to get one that has them.

use std::process::ExitCode;

use crate::cli::rehearse::Arguments;
use crate::error::Error;
use crate::project::folder::Failure;

pub(crate) fn run(_arguments: &Arguments) -> Result<ExitCode, Failure> {
    let message = "this rowkeep was built without engines to rehearse on; install one that has them with \
                   `cargo install rowkeep --features bundled` (builds DuckDB, which takes long, and fetches its extension for time zones at first use), or in a checkout run \
                   `scripts/with-duckdb cargo run --features rehearse -- rehearse` (fetches it)";
    Err(Error::Usage(message.to_owned()).into())
}
