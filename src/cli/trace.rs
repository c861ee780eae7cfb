//! `rowkeep trace`

use std::path::PathBuf;

use crate::cli::{pair, print, project};
use crate::error::Error;
use crate::project::folder::Failure;
use crate::trace::{Row, Trace, instant_of, trace};

/// Arguments of `rowkeep trace`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A key column of the row, and its value; may be repeated
    #[arg(long, value_name = "COLUMN=VALUE", required = true, value_parser = pair)]
    key: Vec<(String, String)>,
    /// The time of the row, such as 2026-01-03T00:00:00Z or 2026-01-03
    #[arg(long, value_name = "TIME")]
    time: String,
    /// Trace the row in this model only
    #[arg(long)]
    model: Option<String>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The output format of the trace
    #[arg(long, value_enum, default_value = "human")]
    format: Output,
}

/// The output format of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Text, with a line for each statement
    Human,
    /// A JSON list of tables
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = project(arguments.project.as_deref())?;
    let spec =
        crate::resolve(&project.inputs).map_err(|wrong| Failure::Input(wrong, Box::new(project.inputs.clone())))?;
    let time = instant_of(&arguments.time, spec.zone()).ok_or_else(|| {
        let expected = "expected a time with its zone, such as 2026-01-03T00:00:00Z, or a day";
        Error::Usage(format!("invalid value '{}' for '--time <TIME>': {expected}", arguments.time))
    })?;
    let row = Row { key: &arguments.key, time, model: arguments.model.as_deref() };
    let traces = trace(&spec, &row).map_err(|wrong| Error::Usage(wrong.to_string()))?;
    let text = match arguments.format {
        Output::Human => traces.iter().map(Trace::to_text).collect::<Vec<_>>().join("\n"),
        // Serialising cannot fail: every key is a string.
        Output::Json => format!("{}\n", serde_json::to_string_pretty(&traces).unwrap_or_default()),
    };
    Ok(print(&text)?)
}
