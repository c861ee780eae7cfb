//! `rowkeep trace`

use std::path::PathBuf;

use crate::cli::{print, project};
use crate::error::Error;
use crate::project::folder::Failure;
use crate::trace::{Row, Trace, instant_of, trace};

/// Arguments of `rowkeep trace`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A column of the row's key and its value; can be given for each column
    #[arg(long, value_name = "COLUMN=VALUE", required = true, value_parser = pair)]
    key: Vec<(String, String)>,
    /// The row's time, such as 2026-01-03T00:00:00Z or 2026-01-03
    #[arg(long, value_name = "TIME", value_parser = instant)]
    time: i64,
    /// Look at this model only
    #[arg(long)]
    model: Option<String>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// How the path is written
    #[arg(long, value_enum, default_value = "human")]
    format: Output,
}

/// How a path is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// A line for each statement
    Human,
    /// A JSON list of tables
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let found = text.split_once('=').filter(|(column, _)| !column.trim().is_empty());
    let (column, value) = found.ok_or_else(|| "expected a column and its value, such as order_id=42".to_owned())?;
    Ok((column.trim().to_owned(), value.to_owned()))
}

fn instant(text: &str) -> Result<i64, String> {
    instant_of(text).ok_or_else(|| "expected a time with its zone, such as 2026-01-03T00:00:00Z, or a day".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = project(arguments.project.as_deref())?;
    let spec =
        crate::resolve(&project.inputs).map_err(|wrong| Failure::Input(wrong, Box::new(project.inputs.clone())))?;
    let row = Row { key: &arguments.key, time: arguments.time, model: arguments.model.as_deref() };
    let traces = trace(&spec, &row).map_err(Error::Usage)?;
    let text = match arguments.format {
        Output::Human => traces.iter().map(Trace::to_text).collect::<Vec<_>>().join("\n"),
        // Every key is a string, and nothing here can fail to serialise.
        Output::Json => format!("{}\n", serde_json::to_string_pretty(&traces).unwrap_or_default()),
    };
    Ok(print(&text)?)
}
