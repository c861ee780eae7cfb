//! `rowkeep rehearse` in a binary without engines: prints how to get a binary with them.

use std::process::ExitCode;

use crate::cli::rehearse::Arguments;
use crate::error::Error;
use crate::project::folder::Failure;

pub(crate) fn run(_arguments: &Arguments) -> Result<ExitCode, Failure> {
    let message = "this binary was built without engines to rehearse on; install one that has DuckDB with \
                   `cargo install rowkeep --features bundled` (the build takes long, and DuckDB fetches its extension for time zones at first use), \
                   or in a checkout run `scripts/with-duckdb cargo run --features rehearse -- rehearse` (fetches DuckDB)";
    Err(Error::Usage(message.to_owned()).into())
}
