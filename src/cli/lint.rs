//! `rowkeep lint`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::cli::committed::text;
use crate::cli::progress::while_working;
use crate::cli::write::replace;
use crate::cli::{Output, eprint, print, shown};
use crate::diagnostic::{Code, Format, Level, did_you_mean};
use crate::error::Error;
use crate::lint::{Grammar, Options, Report, Source, fix, lint};
use crate::project::folder::{Failure, PROJECT_FILE, find};
use crate::project::{RuleLevel, lint_rules};
use crate::source::Inputs;

/// Arguments of `rowkeep lint`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, folders, or dbt projects
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[arg(
        long, value_name = "DIALECT", value_parser = dialect,
        help = format!(
            "The engine: {} [default: the one of profiles.yml, or the first whose grammar reads a statement]",
            dialects(),
        ),
    )]
    dialect: Option<Grammar>,
    /// Only these rules, by name or code
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    select: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    ignore: Vec<String>,
    /// Edit the files where the edit is mechanical
    #[arg(long)]
    fix: bool,
    /// The output format of findings
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub(super) format: Output,
    /// Print only findings: no summary
    #[arg(short, long)]
    quiet: bool,
}

fn dialect(name: &str) -> Result<Grammar, String> {
    Grammar::from_name(name).ok_or_else(|| format!("expected {}", dialects()))
}

/// The names of all grammars.
fn dialects() -> String {
    Grammar::ALL.map(Grammar::as_str).join(", ")
}

/// A rule by its name or its code.
fn rule(text: &str) -> Result<String, String> {
    let names = || Code::ALL.iter().filter_map(|code| code.rule());
    let is_known = Code::ALL.iter().any(|code| code.rule().is_some_and(|rule| rule == text || code.as_str() == text));
    if is_known {
        return Ok(text.to_owned());
    }
    Err(match did_you_mean(text, names()) {
        Some(near) => format!("no rule has that name; did you mean {near}?"),
        None => format!("no rule has that name; the rules are {}", names().collect::<Vec<_>>().join(", ")),
    })
}

/// The largest number of files.
const MAX_FILES: usize = 100_000;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut paths = BTreeSet::new();
    for path in &arguments.paths {
        if !path.exists() {
            return Err(Error::Usage(format!("{} does not exist", path.display())).into());
        }
        walk(path, true, &mut paths)?;
    }
    let levels = levels(&arguments.paths)?;
    let files = paths.iter().map(|path| {
        let is_package = path.components().any(|part| part.as_os_str() == "dbt_packages");
        Ok(Source { name: name_of(path), text: text(path)?, is_checked: !is_package })
    });
    let mut files: Vec<Source> = files.collect::<Result<_, Error>>()?;
    let checked = files.iter().filter(|file| file.is_checked).count();
    let options = Options {
        dialect: arguments.dialect.or_else(|| arguments.paths.iter().find_map(|path| profile(path))),
        select: arguments.select.clone(),
        ignore: arguments.ignore.clone(),
        levels,
    };
    if arguments.fix {
        let fixed = edit(&paths, &mut files, &options)?;
        if matches!(arguments.format, Output::Human) {
            print(&fixed)?;
        }
    }
    let report = while_working("reading SQL", || lint(files, &options));
    show(arguments, &report, checked)?;
    // A note informs. It fails no build.
    let fails = report.findings.iter().any(|finding| finding.level() != Level::Note);
    Ok(if fails { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Edits the files, and says what was edited.
fn edit(paths: &BTreeSet<PathBuf>, files: &mut [Source], options: &Options) -> Result<String, Error> {
    let mut said = String::new();
    for (path, file) in paths.iter().zip(files) {
        let Some(fixed) = fix(file, options) else { continue };
        // A file that is too long or is not UTF-8 was not read byte by byte. Its edit would lose bytes.
        if !std::fs::read(path).is_ok_and(|bytes| bytes == file.text.as_bytes()) {
            continue;
        }
        replace(path, &fixed.text)?;
        file.text = fixed.text;
        let rules: BTreeSet<_> = fixed.rules.iter().filter_map(|code| code.rule()).collect();
        let rules: Vec<_> = rules.into_iter().collect();
        let plural = if fixed.rules.len() == 1 { "" } else { "s" };
        said.push_str(&format!("fixed {} finding{plural} in {}: {}\n", fixed.rules.len(), file.name, rules.join(", ")));
    }
    Ok(said)
}

/// The levels of rules in the nearest rowkeep.yml: in the folder of the first path, or above.
fn levels(paths: &[PathBuf]) -> Result<BTreeMap<Code, RuleLevel>, Failure> {
    let Some(first) = paths.first() else { return Ok(BTreeMap::new()) };
    let folder = if first.is_file() { first.parent().unwrap_or(first) } else { first };
    let here = Path::new(".");
    let Ok(folder) = find(if folder == Path::new("") { here } else { folder }) else { return Ok(BTreeMap::new()) };
    let file = folder.join(PROJECT_FILE);
    let inputs = Inputs::new(shown(&file), text(&file)?);
    lint_rules(&inputs).map_err(|wrong| Failure::Input(wrong, Box::new(inputs)))
}

/// The name of a path in messages: as it was given, with `/`.
fn name_of(path: &Path) -> String {
    let shown = if path.is_absolute() { shown(path) } else { path.display().to_string() };
    shown.trim_start_matches("./").replace('\\', "/")
}

fn show(arguments: &Arguments, report: &Report, files: usize) -> Result<(), Failure> {
    let format = arguments.format.format();
    match format {
        Format::Human(_) => {
            eprint(&report.findings.in_format(&report.inputs, format));
            for one in &report.not_read {
                eprint(&format!("not read: {}:{}: {}\n", one.file, one.line, one.what));
            }
            if arguments.quiet {
                return Ok(());
            }
            let count = report.findings.count();
            let found = if count.is_empty() { "no findings".to_owned() } else { count };
            let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
            let not_read = match report.not_read.len() {
                0 => String::new(),
                count => format!("; {} not read", plural(count, "text")),
            };
            let (files, statements) = (plural(files, "file"), plural(report.statements, "statement"));
            print(&format!("{found} in {files}, {statements}{not_read}\n"))?;
        }
        Format::Json => {
            let findings = report.findings.to_json(&report.inputs);
            let text = json!({
                "findings": findings,
                "not_read": report.not_read,
                "files": files,
                "statements": report.statements,
            });
            print(&format!("{text:#}\n"))?;
        }
        Format::Github | Format::Sarif => print(&report.findings.in_format(&report.inputs, format))?,
    }
    Ok(())
}

/// Adds the SQL and YAML files of a path. A path that is given is read whatever its ending.
fn walk(path: &Path, is_given: bool, paths: &mut BTreeSet<PathBuf>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Read { path: shown(path).into(), why: error.into() };
    // A link can lead around in a circle.
    let kind = if is_given { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
    let kind = kind.map_err(failed)?;
    if kind.is_file() {
        let is_read = path.extension().is_some_and(|end| ["sql", "yml", "yaml"].iter().any(|known| end == *known));
        if is_given || is_read {
            paths.insert(path.to_owned());
        }
        if paths.len() > MAX_FILES {
            return Err(Error::Usage(format!("more than {MAX_FILES} files; name the folders of your SQL")));
        }
        return Ok(());
    }
    if !kind.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // What dbt writes, environments, and the folders of tools.
        let is_skipped = name.starts_with('.') || ["target", "node_modules", "venv", "logs"].contains(&&*name);
        if !is_skipped {
            walk(&entry.path(), false, paths)?;
        }
    }
    Ok(())
}

/// The engine of a dbt project: the first `type:` of its profiles.yml.
fn profile(path: &Path) -> Option<Grammar> {
    let text = text(&path.join("profiles.yml")).ok()?;
    let stated = text.lines().find_map(|line| line.trim().strip_prefix("type:"))?;
    Grammar::from_name(stated.trim().trim_matches(['"', '\'']))
}
