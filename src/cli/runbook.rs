//! `rowkeep runbook`

use std::path::PathBuf;

use crate::cli::{print, project};
use crate::diagnostic::did_you_mean;
use crate::error::Error;
use crate::features::runbooks::{RUNBOOKS, runbook};
use crate::project::folder::Failure;

/// Arguments of `rowkeep runbook`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The name of the run-book; without a name, all run-books are listed
    name: Option<String>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let widest = RUNBOOKS.iter().map(|book| book.name.len()).max().unwrap_or_default();
        let lines: String = RUNBOOKS.iter().map(|book| format!("{:widest$}  {}\n", book.name, book.about)).collect();
        return Ok(print(&lines)?);
    };
    let names = RUNBOOKS.iter().map(|book| book.name);
    if !names.clone().any(|other| other == name) {
        let near = did_you_mean(name, names.clone());
        let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let all = names.collect::<Vec<_>>().join(", ");
        return Err(Error::Usage(format!("there is no run-book {name}; choose one of: {all}{help}")).into());
    }
    let inputs = project(arguments.project.as_deref())?.inputs;
    match runbook(&inputs, name).map_err(|found| Failure::Input(found, Box::new(inputs.clone())))? {
        Some(text) => Ok(print(&text)?),
        None => Err(Error::Usage(format!(
            "this project has no run-book {name}, because the project has nothing that it is about"
        ))
        .into()),
    }
}
