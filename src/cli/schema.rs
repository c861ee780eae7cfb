//! `rowkeep schema`

use crate::artifacts::manifest;
use crate::cli::print;
use crate::project::folder::Failure;

/// Arguments of `rowkeep schema`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file that the schema describes
    #[arg(value_enum, default_value = "project")]
    file: File,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum File {
    /// rowkeep.yml
    Project,
    /// periods.yml
    Periods,
    /// A table spec
    Table,
    /// manifest.json
    Manifest,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let name = match arguments.file {
        File::Project => "project",
        File::Periods => "periods",
        File::Table => "table",
        File::Manifest => return Ok(print(manifest::JSON_SCHEMA)?),
    };
    // Each name above has a schema; a test checks that.
    let schema = crate::project::json_schema(name).unwrap_or_default();
    Ok(print(&format!("{schema:#}\n"))?)
}
