//! The command line, with one file per command. No other module reads arguments, prints, or writes
//! files.
//!
//! Data goes to standard output, diagnostics to standard error. Exit code 0: success. 1: the input
//! is wrong, or a law is broken. 2: the command could not do its work.
#![expect(clippy::disallowed_methods, reason = "only the command line reads the environment and the clock")]

mod check;
mod committed;
mod compile;
mod completions;
mod diff;
mod doctor;
mod erase;
mod explain;
mod git;
mod init;
mod lint;
mod loads;
mod man;
mod progress;
mod rehearse;
mod report;
mod rotate;
mod runbook;
mod schema;
mod stage;
mod trace;
mod write;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::check::Day;
use crate::diagnostic::{Format, Style};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::project::folder::{self, Failure, Folder};

/// Compiles retention: writes the SQL that moves ageing rows from a mart to its history tables.
#[derive(Debug, Parser)]
#[command(name = "rowkeep", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a small new project that compiles; overwrites nothing
    Init(init::Arguments),
    /// Compile the project: write all statements, all definitions and the manifest
    Compile(compile::Arguments),
    /// Check the project and its committed artifacts, for CI; writes nothing
    Check(check::Arguments),
    /// Preview the effect of a new period, or of any other change; writes nothing
    Diff(diff::Arguments),
    /// Add the next period as one line; keeps comments, style and line ends
    Rotate(rotate::Arguments),
    /// Print a run-book: what to type, what to expect, and how to go back
    Runbook(runbook::Arguments),
    /// Find the traps in SQL that anyone wrote: scripts, and the hooks and macros of dbt projects
    Lint(lint::Arguments),
    /// Print the statements that clean up or repeat runs of windowed loads
    Loads(loads::Arguments),
    /// Show which statements apply to a row, and where it goes; reads no table
    Trace(trace::Arguments),
    /// Print the statements that erase a key from every table; runs nothing
    Erase(erase::Arguments),
    /// Compare a live database with the project; changes nothing in it
    Doctor(doctor::Arguments),
    /// Run the statements on a real engine through simulated years, and check the laws
    Rehearse(rehearse::Arguments),
    /// Write an HTML page: timeline, statements, next rotation, last rehearsal
    Report(report::Arguments),
    /// Explain the code of a finding, and how to fix its cause
    Explain(explain::Arguments),
    /// Print the JSON Schema of a project file, for editors
    Schema(schema::Arguments),
    /// Print the completion script for a shell
    Completions(completions::Arguments),
    /// Print the manual page of a command, for `man -l -`
    Man(man::Arguments),
}

impl Command {
    /// The output format of findings.
    fn findings(&self) -> Output {
        match self {
            Command::Compile(arguments) => arguments.format,
            Command::Check(arguments) => arguments.format,
            Command::Doctor(arguments) => arguments.format,
            Command::Lint(arguments) => arguments.format,
            _ => Output::Human,
        }
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    // On a wrong argument clap prints its own message and exits with 2.
    let command = Arguments::parse().command;
    let findings = command.findings();
    let result = match command {
        Command::Init(arguments) => done(init::run(&arguments)),
        Command::Explain(arguments) => done(explain::run(&arguments)),
        Command::Completions(arguments) => done(completions::run(&arguments)),
        Command::Man(arguments) => done(man::run(&arguments)),
        Command::Compile(arguments) => compile::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Check(arguments) => check::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Runbook(arguments) => runbook::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Loads(arguments) => loads::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Trace(arguments) => trace::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Erase(arguments) => erase::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Rotate(arguments) => rotate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Report(arguments) => report::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments).map(|()| ExitCode::SUCCESS),
    };
    let (text, code) = match result {
        Ok(code) => return code,
        Err(Failure::Input(found, inputs)) if findings == Output::Human => (found.render(&inputs, style()), 1),
        Err(Failure::Input(found, inputs)) => match print(&found.in_format(&inputs, findings.format())) {
            Ok(()) => return ExitCode::from(1),
            Err(error) => (format!("error: {error}\n"), 2),
        },
        Err(Failure::World(error)) => {
            let why = std::error::Error::source(&error).map_or_else(String::new, |why| format!(": {why}"));
            let reason = format!("{error}{why}");
            // A program that reads the output gets the reason too.
            if let Some(text) = findings.format().failure(&reason) {
                let _ = print(&text);
            }
            (format!("error: {reason}\n"), 2)
        }
    };
    eprint(&text);
    ExitCode::from(code)
}

fn done(result: Result<(), Error>) -> Result<ExitCode, Failure> {
    result.map(|()| ExitCode::SUCCESS).map_err(Failure::World)
}

/// Parses the name of a dialect.
fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::from_name(name).ok_or_else(|| format!("expected {}", dialects(", ")))
}

/// Parses a column and its value.
fn pair(text: &str) -> Result<(String, String), String> {
    let found = text.split_once('=').filter(|(column, _)| !column.trim().is_empty());
    let (column, value) = found.ok_or_else(|| "expected a column and its value, such as order_id=42".to_owned())?;
    Ok((column.trim().to_owned(), value.to_owned()))
}

/// The names of all dialects.
fn dialects(separator: &str) -> String {
    Dialect::ALL.map(Dialect::as_str).join(separator)
}

/// Parses a day. `now` gives the current day in UTC.
fn today(text: &str) -> Result<Day, String> {
    if text != "now" {
        return text.parse().map_err(|_| "expected a day such as 2026-05-15, or now".to_owned());
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.ok().and_then(|now| i64::try_from(now.as_secs()).ok());
    seconds.and_then(Day::of_epoch).ok_or_else(|| "the system's clock is outside of the years 1970 to 9999".to_owned())
}

/// Opens the project in a folder. Without a folder, opens the nearest project at or above the
/// working directory.
fn project(folder: Option<&Path>) -> Result<Folder, Failure> {
    let folder = match folder {
        Some(folder) if folder.join(folder::PROJECT_FILE).exists() => folder.to_owned(),
        Some(file) if file.is_file() => {
            return Err(Error::Usage(format!("--project names a file, {}; name its folder", file.display())).into());
        }
        Some(folder) => {
            let other = folder.join("rowkeep.yaml");
            let hint = if other.is_file() { "; rename rowkeep.yaml" } else { "" };
            return Err(Error::Usage(format!("no {} in {}{hint}", folder::PROJECT_FILE, folder.display())).into());
        }
        None => folder::find(Path::new("."))?,
    };
    folder::open(&folder, &shown)
}

/// The output format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Text, on standard error
    Human,
    /// One JSON object
    Json,
    /// Workflow commands for GitHub Actions
    Github,
    /// SARIF 2.1.0
    Sarif,
}

impl Output {
    fn format(self) -> Format {
        match self {
            Output::Human => Format::Human(style()),
            Output::Json => Format::Json,
            Output::Github => Format::Github,
            Output::Sarif => Format::Sarif,
        }
    }
}

/// Colours if standard error is a terminal and NO_COLOR (<https://no-color.org>) is not set.
fn style() -> Style {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && std::io::stderr().is_terminal() { Style::Coloured } else { Style::Plain }
}

/// Prints data. A reader such as `head` may close the pipe early: that is not an error.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Write { path: PathBuf::from("standard output"), why: error.into() })
        }
        _ => Ok(()),
    }
}

/// Prints diagnostics.
fn eprint(text: &str) {
    // If standard error is closed, only the exit code reports the failure.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A path relative to the working directory, as the user would type it, with `/`.
fn shown(path: &Path) -> String {
    let shown = relative(path);
    // On Windows, the absolute path of an existing file begins with `\\?\`.
    if cfg!(windows) { shown.trim_start_matches(r"\\?\").replace('\\', "/") } else { shown }
}

fn relative(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let Ok(below) = path.strip_prefix(&here) else {
        // `../x` is shorter than an absolute path, unless the only common folder is the root of the
        // file system.
        let above = here.ancestors().skip(1).take(3).filter(|folder| folder.parent().is_some()).zip(1..);
        let neighbour = above.filter_map(|(folder, up)| Some((path.strip_prefix(folder).ok()?, up))).next();
        return neighbour.map_or_else(
            || path.display().to_string(),
            |(below, up)| format!("{}{}", "../".repeat(up), below.display()),
        );
    };
    if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() }
}
