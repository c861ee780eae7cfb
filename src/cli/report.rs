//! `rowkeep report`

use std::path::{Path, PathBuf};

use crate::check::Day;
use crate::cli::committed::text;
use crate::cli::progress::while_working;
use crate::cli::write::replace;
use crate::cli::{print, project, shown, today};
use crate::error::Error;
use crate::project::folder::Failure;
use crate::report::{Options, report};

/// Arguments of `rowkeep report`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
    /// Show the rows in the marts on this day, or `now`; without it, the page is the same on every
    /// day
    #[arg(long, value_name = "DATE", value_parser = today)]
    today: Option<Day>,
    /// Also show this result, the output of `rowkeep rehearse --format json`
    #[arg(long, value_name = "FILE")]
    rehearsal: Option<PathBuf>,
}

/// The text of a rehearsal.
fn rehearsal(path: &Path) -> Result<String, Error> {
    let found = text(path)?;
    let value: serde_json::Value = serde_json::from_str(&found).unwrap_or_default();
    if !value["laws"].is_array() {
        let message = format!("{} is not the output of `rowkeep rehearse --format json`", shown(path));
        return Err(Error::Usage(message));
    }
    Ok(found)
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = project(arguments.project.as_deref())?;
    let rehearsal = arguments.rehearsal.as_deref().map(rehearsal).transpose()?;
    let options = Options { today: arguments.today, rehearsal: rehearsal.as_deref() };
    let wrong = |wrong| Failure::Input(wrong, Box::new(project.inputs.clone()));
    let page = while_working("compiling", || report(&project.inputs, options)).map_err(wrong)?;
    replace(&arguments.output, &page)?;
    print(&format!("wrote {}\n", shown(&arguments.output)))?;
    Ok(())
}
