//! `rowkeep explain`

use crate::cli::print;
use crate::diagnostic::{Code, did_you_mean};
use crate::error::Error;

/// Arguments of `rowkeep explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The code of a finding, such as RK202, or the name of a rule of lint [default: list all codes]
    #[arg(value_parser = code)]
    code: Option<Code>,
}

fn code(text: &str) -> Result<Code, String> {
    let wanted = text.trim().to_ascii_uppercase();
    let wanted = if wanted.bytes().all(|b| b.is_ascii_digit()) { format!("RK{wanted}") } else { wanted };
    let is_named = |code: &Code| code.as_str() == wanted || code.rule() == Some(text.trim());
    let found = Code::ALL.iter().copied().find(is_named);
    let names = || Code::ALL.iter().flat_map(|code| std::iter::once(code.as_str()).chain(code.rule()));
    let near = || did_you_mean(text.trim(), names()).or_else(|| did_you_mean(&wanted, names()));
    found.ok_or_else(|| match near() {
        Some(near) => format!("no finding has that code; did you mean {near}?"),
        None => "no finding has that code; `rowkeep explain` lists all codes".to_owned(),
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Some(code) = arguments.code else {
        let line = |code: &Code| {
            let rule = code.rule().map_or_else(String::new, |rule| format!(" {rule}:"));
            format!("{code}{rule} {}\n", code.summary())
        };
        return print(&Code::ALL.iter().map(line).collect::<String>());
    };
    print(&format!("{code}\n\n{}", code.page()))
}
