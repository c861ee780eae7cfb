//! `rowkeep diff`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::progress::while_working;
use crate::cli::{git, print, project, style};
use crate::diagnostic::Style;
use crate::diff::{Preview, Uncompiled, Weight, diff, diff_without};
use crate::error::Error;
use crate::project::folder::{Failure, Folder};
use crate::rotate::{Rotation, rotate};
use crate::source::Inputs;

/// Arguments of `rowkeep diff`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Preview the addition of this period [default: the next one]
    #[arg(long, value_name = "PERIOD")]
    add: Option<String>,
    /// Preview the removal of this period
    #[arg(long, value_name = "PERIOD", conflicts_with = "add")]
    remove: Option<String>,
    /// The list of `period_lists` of that period [default: that of `periods`]
    #[arg(long, value_name = "NAME", conflicts_with = "against")]
    list: Option<String>,
    /// Compare with a commit, branch or tag of git, or with another folder that has a rowkeep.yml
    #[arg(long, value_name = "REF|DIR", conflicts_with_all = ["add", "remove"])]
    against: Option<String>,
    /// The output format of the preview
    #[arg(long, value_enum, default_value_t = Form::Human)]
    format: Form,
    /// Exit with 1 if anything changes
    #[arg(long)]
    exit_code: bool,
}

/// The output format of a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a terminal
    Human,
    /// For a comment on a pull request
    Markdown,
    /// One JSON object
    Json,
    /// Workflow commands for GitHub Actions: the summary as notices
    Github,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let project = project(arguments.project.as_deref())?;
    let preview = while_working("comparing", || preview(arguments, &project))?;
    print(&written(&preview, arguments.format))?;
    Ok(if arguments.exit_code && !preview.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn preview(arguments: &Arguments, project: &Folder) -> Result<Preview, Failure> {
    let now = &project.inputs;
    let wrong = |wrong: Box<Uncompiled>, before: &Inputs, after: &Inputs| {
        let inputs = if wrong.is_after { after } else { before };
        Failure::Input(wrong.diagnostics, Box::new(inputs.clone()))
    };
    if let Some(against) = &arguments.against {
        let then = git::then(against, &project.path)?;
        return diff(&then, now).map_err(|uncompiled| wrong(uncompiled, &then, now));
    }
    let list = arguments.list.as_deref();
    if let Some(period) = &arguments.remove {
        let preview = diff_without(now, list, period).map_err(|uncompiled| wrong(uncompiled, now, now))?;
        let unknown = || Error::Usage(format!("--remove names {period}, which is not a period of the list"));
        return Ok(preview.ok_or_else(unknown)?);
    }
    match rotate(now, list, arguments.add.as_deref(), None) {
        Ok(Rotation::Added { inputs, .. }) => diff(now, &inputs).map_err(|uncompiled| wrong(uncompiled, now, &inputs)),
        Ok(Rotation::Listed { period, file, line }) => {
            Err(Error::Usage(format!("--add names {period}, which is already in line {line} of {file}")).into())
        }
        Err(refused) => Err(Failure::Input(refused.diagnostics, refused.inputs)),
    }
}

fn written(preview: &Preview, form: Form) -> String {
    match form {
        Form::Human => preview.render(colours()),
        Form::Markdown => preview.markdown(),
        Form::Json => format!("{:#}\n", serde_json::to_value(preview).unwrap_or_default()),
        Form::Github => {
            let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
            let one = |consequence: &crate::diff::Consequence| {
                let level = match consequence.weight {
                    Weight::Destructive => "warning",
                    _ => "notice",
                };
                format!("::{level} title=rowkeep diff::{}\n", escaped(&consequence.text))
            };
            let mut text: String = preview.consequences.iter().map(one).collect();
            if !preview.is_empty() {
                text.push_str(&format!("::notice title=rowkeep diff::{}\n", escaped(&preview.numbers())));
            }
            text
        }
    }
}

/// Colours if standard output is a terminal.
fn colours() -> Style {
    use std::io::IsTerminal;
    if std::io::stdout().is_terminal() { style() } else { Style::Plain }
}
