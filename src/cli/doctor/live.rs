//! Inspects the database, and prints the findings.

use std::collections::BTreeMap;
use std::process::ExitCode;

use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::doctor::Arguments;
use crate::cli::progress::{line, while_working};
use crate::cli::{eprint, print, project};
use crate::diagnostic::{Diagnostics, Format, some};
use crate::doctor::{Checkup, Explained, doctor, explain};
use crate::project::folder::Failure;
use crate::source::Inputs;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut inputs = project(arguments.project.as_deref())?.inputs;
    if let Some(dialect) = arguments.dialect {
        inputs = inputs.with_dialect(dialect);
    }
    let wrong = |found| Failure::Input(found, Box::new(inputs.clone()));
    let spec = crate::resolve(&inputs).map_err(wrong)?;
    let artifacts = while_working("compiling", || crate::compile_spec(&spec, &inputs)).map_err(wrong)?;
    let password = std::env::var("PGPASSWORD").ok();
    let progress = if arguments.quiet { ProgressBar::hidden() } else { line("{spinner} {elapsed} running: {msg}") };
    let mut asks = |about: &str| progress.set_message(about.to_owned());
    let target = (arguments.url.as_str(), password.as_deref());
    if arguments.explain {
        let explained = explain(&spec, &artifacts, target, &mut asks);
        progress.finish_and_clear();
        return report_plans(arguments, &explained?, &inputs);
    }
    let checkup = doctor(&spec, &artifacts, target, &mut asks);
    progress.finish_and_clear();
    report(arguments, &checkup?, &inputs)
}

fn report_plans(arguments: &Arguments, explained: &Explained, inputs: &Inputs) -> Result<ExitCode, Failure> {
    let format = arguments.format.format();
    match format {
        Format::Human(_) => {
            eprint(&explained.findings.in_format(inputs, format));
            if arguments.quiet {
                return Ok(exit_code(&explained.findings));
            }
            let count = explained.findings.count();
            let result = if count.is_empty() { "nothing is refused".to_owned() } else { count };
            print(&format!(
                "{result}\ngave {} statements to database {}, in new schemas that were rolled back\n",
                explained.statements, explained.database
            ))?;
            if explained.not_planned > 0 {
                let not_planned = explained.not_planned;
                print(&format!("  {not_planned} more were not planned, because a table was refused\n"))?;
            }
        }
        Format::Json => {
            let found = json!({
                "database": explained.database,
                "findings": explained.findings.to_json(inputs),
                "statements": explained.statements,
                "not_planned": explained.not_planned,
            });
            print(&format!("{found:#}\n"))?;
        }
        Format::Github | Format::Sarif => print(&explained.findings.in_format(inputs, format))?,
    }
    Ok(exit_code(&explained.findings))
}

fn exit_code(findings: &Diagnostics) -> ExitCode {
    if findings.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn report(arguments: &Arguments, checkup: &Checkup, inputs: &Inputs) -> Result<ExitCode, Failure> {
    let format = arguments.format.format();
    match format {
        Format::Human(_) => {
            eprint(&checkup.findings.in_format(inputs, format));
            if !arguments.quiet {
                print(&summary(checkup))?;
            }
        }
        Format::Json => {
            let not_asked = checkup.not_asked.iter().map(|(monitor, why)| json!({ "monitor": monitor, "why": why }));
            let found = json!({
                "database": checkup.database,
                "findings": checkup.findings.to_json(inputs),
                "relations": checkup.relations,
                "monitors_asked": checkup.asked,
                "monitors_not_asked": not_asked.collect::<Vec<_>>(),
                "plans_not_checked": checkup.not_planned,
            });
            print(&format!("{found:#}\n"))?;
        }
        Format::Github | Format::Sarif => print(&checkup.findings.in_format(inputs, format))?,
    }
    Ok(exit_code(&checkup.findings))
}

fn summary(checkup: &Checkup) -> String {
    let count = checkup.findings.count();
    let mut text = if count.is_empty() { "nothing is wrong\n".to_owned() } else { format!("{count}\n") };
    text.push_str(&format!(
        "checked {} relations in database {}, and ran {} monitors\n",
        checkup.relations, checkup.database, checkup.asked
    ));
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (monitor, why) in &checkup.not_asked {
        by_reason.entry(why).or_default().push(monitor);
    }
    for (why, monitors) in by_reason {
        text.push_str(&format!("  not run, {why}: {}\n", some(&monitors)));
    }
    if let Some(why) = &checkup.not_planned {
        text.push_str(&format!("  the plans of the cycle were not checked, {why}\n"));
    }
    text
}
