//! `rowkeep erase`

use std::path::PathBuf;

use crate::cli::{dialect, pair, print, project};
use crate::dialect::Dialect;
use crate::erase::{EraseError, erase};
use crate::error::Error;
use crate::project::folder::Failure;

/// Arguments of `rowkeep erase`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The key column of the exceptions table, and the key
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    key: (String, String),
    /// The exceptions table, if several of them have a list with this key column
    #[arg(long, value_name = "TABLE")]
    exceptions: Option<String>,
    /// Why the key is erased, for the list of erased keys
    #[arg(long, value_name = "TEXT", default_value = "erased by request")]
    notes: String,
    /// Compile for this engine instead of that of the project
    #[arg(long, value_name = "ENGINE", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut inputs = project(arguments.project.as_deref())?.inputs;
    if let Some(dialect) = arguments.dialect {
        inputs = inputs.with_dialect(dialect);
    }
    let (column, key) = &arguments.key;
    match erase(&inputs, arguments.exceptions.as_deref(), (column, key), &arguments.notes) {
        Ok(text) => Ok(print(&text)?),
        Err(EraseError::Project(found)) => Err(Failure::Input(found, Box::new(inputs))),
        Err(error) => Err(Error::Usage(error.to_string()).into()),
    }
}
