//! A binary that was built without the doctor says how to get one that has it.

use std::process::ExitCode;

use crate::cli::doctor::Arguments;
use crate::error::Error;
use crate::project::folder::Failure;

pub(crate) fn run(_arguments: &Arguments) -> Result<ExitCode, Failure> {
    let message = "this rowkeep was built without the doctor, which connects to databases; released binaries have it, and \
                   `cargo install rowkeep --features doctor` builds one that has it";
    Err(Error::Usage(message.to_owned()).into())
}
