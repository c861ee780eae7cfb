//! `rowkeep doctor` in a binary without the feature `doctor`: prints how to get a binary with it.

use std::process::ExitCode;

use crate::cli::doctor::Arguments;
use crate::error::Error;
use crate::project::folder::Failure;

pub(crate) fn run(_arguments: &Arguments) -> Result<ExitCode, Failure> {
    let message = "this binary was built without the doctor, which connects to databases; use a released binary, or build \
                   one with `cargo install rowkeep --features doctor`";
    Err(Error::Usage(message.to_owned()).into())
}
