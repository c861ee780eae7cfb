//! `rowkeep runbook`

use std::path::PathBuf;

use crate::cli::{print, project};
use crate::diagnostic::did_you_mean;
use crate::error::Error;
use crate::load::Failure;
use crate::runbook::{NoRunbook, RUNBOOKS, runbook};

/// Arguments of `rowkeep runbook`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which: rotation
    name: String,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = project(arguments.project.as_deref())?;
    let text = runbook(&project.inputs, &arguments.name).map_err(|error| match error {
        NoRunbook::Wrong(refused) => Failure::Input(refused.diagnostics, refused.inputs),
        NoRunbook::Unknown => {
            let names = RUNBOOKS.iter().map(|(name, _)| *name);
            let near = did_you_mean(&arguments.name, names.clone());
            let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let known = names.collect::<Vec<_>>().join(", ");
            Error::Usage(format!("there is no run-book {}; there are: {known}{help}", arguments.name)).into()
        }
    })?;
    print(&text)?;
    Ok(())
}
