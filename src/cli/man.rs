//! `rowkeep man`

use clap::CommandFactory;

use crate::cli::print;
use crate::diagnostic::did_you_mean;
use crate::error::Error;

/// Arguments of `rowkeep man`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The command [default: the program itself, with the list of its commands]
    command: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut program = super::Arguments::command();
    // It gives each command its whole name, such as rowkeep-compile.
    program.build();
    let wanted = match &arguments.command {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &program))?,
    };
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(wanted).render(&mut page);
    rendered.unwrap_or_else(|error| unreachable!("a write to memory: {error}"));
    print(&String::from_utf8_lossy(&page))
}

fn unknown(name: &str, program: &clap::Command) -> Error {
    let known = program.get_subcommands().map(clap::Command::get_name);
    let near = did_you_mean(name, known).map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Error::Usage(format!("no command {name}{near}"))
}
