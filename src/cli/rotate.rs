//! `rowkeep rotate`

use std::path::PathBuf;

use crate::cli::write::replace;
use crate::cli::{print, project};
use crate::diff::diff;
use crate::project::folder::Failure;
use crate::rotate::{Rotation, rotate};

/// Arguments of `rowkeep rotate`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The period to add [default: the next one by the cadence of the last]
    period: Option<String>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = project(arguments.project.as_deref())?;
    let refused = |refused: crate::rotate::Refused| Failure::Input(refused.diagnostics, refused.inputs);
    let (period, inputs, file, line, text) =
        match rotate(&project.inputs, arguments.period.as_deref()).map_err(refused)? {
            Rotation::Listed { period, file, line } => {
                print(&format!("{period} is listed already, in line {line} of {file}; nothing is changed\n"))?;
                return Ok(());
            }
            Rotation::Added { period, inputs, file, line, text } => (period, inputs, file, line, text),
        };
    // The project with the line must compile before the line is written.
    let preview = diff(&project.inputs, &inputs).map_err(|wrong| {
        let inputs = if wrong.is_after { (*inputs).clone() } else { project.inputs.clone() };
        Failure::Input(wrong.diagnostics, Box::new(inputs))
    })?;
    let path = project.periods.unwrap_or_else(|| project.path.join(crate::project::folder::PROJECT_FILE));
    let new = text.lines().nth(line - 1).unwrap_or_default();
    let mut said = String::new();
    if arguments.dry_run {
        said.push_str(&format!("would add {period} to {file}, line {line}:\n  {new}\n"));
    } else {
        replace(&path, &text)?;
        said.push_str(&format!("added {period} to {file}, line {line}:\n  {new}\n"));
    }
    said.push_str(&format!("{}\n", preview.numbers()));
    for flow in &preview.flows {
        let from = flow.from.as_deref().unwrap_or("never");
        said.push_str(&format!("  from {from} on, due rows of {} go to {}\n", flow.model, flow.to));
    }
    said.push_str("\nnext (`rowkeep runbook rotation` has it in full while the line is not there yet):\n");
    said.push_str("  rowkeep compile, and commit both\n");
    said.push_str("  run this before the next cycle (the dbt package does it by itself):\n");
    for relation in preview.created.iter().chain(&preview.replaced) {
        said.push_str(&format!("\n{};\n", relation.sql));
    }
    print(&said)?;
    Ok(())
}
