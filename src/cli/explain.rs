//! `rowkeep explain`

use crate::cli::print;
use crate::diagnostic::{Code, did_you_mean};
use crate::error::Error;

/// Arguments of `rowkeep explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The code of a finding, such as RK202, or the name of a rule of lint
    #[arg(value_parser = code)]
    code: Code,
}

fn code(text: &str) -> Result<Code, String> {
    let wanted = text.trim().to_ascii_uppercase();
    let is_named = |code: &Code| code.as_str() == wanted || code.rule() == Some(text.trim());
    let found = Code::ALL.iter().copied().find(is_named);
    found.ok_or_else(|| match did_you_mean(&wanted, Code::ALL.iter().map(|code| code.as_str())) {
        Some(near) => format!("no finding has that code; did you mean {near}?"),
        None => "no finding has that code; docs/rules/ lists all codes".to_owned(),
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    print(&format!("{}\n\n{}", arguments.code, arguments.code.page()))
}
