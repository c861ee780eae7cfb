//! `rowkeep loads`

use std::path::PathBuf;

use crate::artifacts::manifest::{WindowedLoadEntry, WindowedLoadStatement};
use crate::cli::progress::while_working;
use crate::cli::{print, project};
use crate::diagnostic::did_you_mean;
use crate::error::Error;
use crate::project::Day;
use crate::project::folder::Failure;

/// Arguments of `rowkeep loads`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print statements that list the running jobs of these dates and drop their temp tables
    Clean(Runs),
    /// Print the statements that run these dates again, oldest date first
    Rerun(Runs),
}

#[derive(Debug, clap::Args)]
struct Runs {
    /// The run dates, such as 2025-11-19,2025-11-20
    #[arg(long, value_name = "DATES", required = true, value_delimiter = ',')]
    dates: Vec<Day>,
    /// Only this windowed load; may be repeated
    #[arg(long, value_name = "NAME")]
    load: Vec<String>,
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (What::Clean(runs) | What::Rerun(runs)) = &arguments.what;
    let inputs = project(runs.project.as_deref())?.inputs;
    let compilation = while_working("compiling", || crate::compile(&inputs))
        .map_err(|found| Failure::Input(found, Box::new(inputs.clone())))?;
    let loads = chosen(&compilation.artifacts().manifest().loads, &runs.load)?;
    let mut dates = runs.dates.clone();
    dates.sort_unstable();
    dates.dedup();
    let of_load = |load: &WindowedLoadEntry, day: Day| -> String {
        let statements: Vec<&WindowedLoadStatement> = match &arguments.what {
            What::Clean(_) => vec![&load.clean],
            What::Rerun(_) => load.statements.iter().collect(),
        };
        statements.iter().map(|statement| format!("{};\n\n", statement.of_day(day))).collect()
    };
    // All loads of a day run before the next day, because a load may read the result of another.
    let text: String = dates.iter().flat_map(|&day| loads.iter().map(move |load| of_load(load, day))).collect();
    Ok(print(&text)?)
}

fn chosen<'a>(loads: &'a [WindowedLoadEntry], names: &[String]) -> Result<Vec<&'a WindowedLoadEntry>, Error> {
    if loads.is_empty() {
        return Err(Error::Usage(
            "this project has no windowed loads; rowkeep.yml states them under `loads:`".to_owned(),
        ));
    }
    for name in names {
        if !loads.iter().any(|load| load.name == *name) {
            let near = did_you_mean(name, loads.iter().map(|load| load.name.as_str()));
            let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return Err(Error::Usage(format!("there is no windowed load {name}{help}")));
        }
    }
    Ok(loads.iter().filter(|load| names.is_empty() || names.contains(&load.name)).collect())
}
