//! `rowkeep rotate`

use std::path::PathBuf;

use crate::cli::write::replace;
use crate::cli::{committed, print, project};
use crate::diff::diff;
use crate::error::Error;
use crate::project::Day;
use crate::project::folder::{Failure, Folder};
use crate::rotate::{Rotation, list_of, rotate};

/// Arguments of `rowkeep rotate`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The period to add [default: the next name of the list, such as 2026_h2 or fy2027]
    period: Option<String>,
    /// The list of `period_lists` to which the period is added [default: that of `periods`]
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// The first day after the period [default: as many months or weeks as the last one has]
    #[arg(long, value_name = "YYYY-MM-DD")]
    end: Option<Day>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Print the change without making it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = project(arguments.project.as_deref())?;
    let list = arguments.list.as_deref();
    let refused = |refused: crate::rotate::Refused| Failure::Input(refused.diagnostics, refused.inputs);
    let (period, inputs, file, line, text) =
        match rotate(&project.inputs, list, arguments.period.as_deref(), arguments.end).map_err(refused)? {
            Rotation::Listed { period, file, line } => {
                print(&format!("{period} is already in line {line} of {file}; nothing was changed\n"))?;
                return Ok(());
            }
            Rotation::Added { period, inputs, file, line, text } => (period, inputs, file, line, text),
        };
    // The project with the line must compile before the line is written.
    let preview = diff(&project.inputs, &inputs).map_err(|wrong| {
        let inputs = if wrong.is_after { (*inputs).clone() } else { project.inputs.clone() };
        Failure::Input(wrong.diagnostics, Box::new(inputs))
    })?;
    let Some(path) = project.file_with_periods(&file) else {
        return Err(Error::Usage(format!("{file} is not a file of the project")).into());
    };
    let new = text.lines().nth(line - 1).unwrap_or_default();
    let mut output = String::new();
    if arguments.dry_run {
        output.push_str(&format!("would add {period} to {file}, line {line}:\n  {new}\n"));
    } else {
        replace(path, &text)?;
        output.push_str(&format!("added {period} to {file}, line {line}:\n  {new}\n"));
    }
    if let Some(last) = uncompiled(&project, list) {
        output.push_str(&format!("note: {last}, the period before it, is new too: the artifacts do not have it yet\n"));
    }
    output.push_str(&format!("{}\n", preview.numbers()));
    for flow in &preview.flows {
        let from = flow.from.as_deref().unwrap_or("never");
        output.push_str(&format!("  from {from} on, due rows of {} go to {}\n", flow.model, flow.to));
    }
    output.push_str("\nnext:\n");
    output.push_str("  run `rowkeep compile`, and commit the line and the artifacts\n");
    output.push_str("  run these statements before the next cycle (the dbt package does it by itself):\n");
    for relation in preview.created.iter().chain(&preview.replaced) {
        output.push_str(&format!("\n{};\n", relation.sql));
    }
    print(&output)?;
    Ok(())
}

/// The last period of the list, if the compiled manifest does not list it: an earlier rotation added
/// it.
fn uncompiled(project: &Folder, list: Option<&str>) -> Option<String> {
    let manifest = committed::manifest(&project.out).ok().flatten()?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).ok()?;
    let spec = crate::resolve(&project.inputs).ok()?;
    let list = spec.list(list_of(&spec, list).ok()?);
    let listed = manifest["periods"].as_array()?.iter();
    let listed: Vec<_> = listed.filter(|period| period["list"].as_str() == list.name.as_deref()).collect();
    let last = &spec.period(list.last()?).name;
    (!listed.is_empty() && listed.iter().all(|period| period["name"] != **last)).then(|| last.clone())
}
