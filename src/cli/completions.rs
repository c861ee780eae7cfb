//! `rowkeep completions`

use clap::CommandFactory;

use crate::cli::print;
use crate::error::Error;

/// Arguments of `rowkeep completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "rowkeep", &mut script);
    print(&String::from_utf8_lossy(&script))
}
