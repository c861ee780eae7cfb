//! `rowkeep check`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::artifacts::MANIFEST;
use crate::check::{Checked, Day, DbtProject, Options, Restructuring, check};
use crate::cli::committed::{committed, text};
use crate::cli::git::then;
use crate::cli::progress::while_working;
use crate::cli::{Output, dialect, dialects, eprint, print, project, shown, today};
use crate::diagnostic::Format;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::project::folder::{Failure, Folder};
use crate::source::Inputs;

/// Arguments of `rowkeep check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Check the horizon on this day, or `now`; without it, the horizon is not checked
    #[arg(long, value_name = "DATE", value_parser = today)]
    today: Option<Day>,
    /// Warn this many days before the horizon
    #[arg(long, value_name = "DAYS", default_value_t = 60, requires = "today")]
    warn_days: u32,
    /// Check that the models of this dbt project run the compiled hooks; reads target/manifest.json
    #[arg(long, value_name = "DIR")]
    dbt: Option<PathBuf>,
    #[arg(
        long, value_name = "DIALECT", value_parser = dialect,
        help = format!("Check for another engine: {}; artifacts are not compared then", dialects(", ")),
    )]
    dialect: Option<Dialect>,
    /// Allow these structural changes: period, table, key, purge, retention, erasure, history,
    /// column. Commas separate several
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    allow: Vec<Restructuring>,
    /// Refuse such changes since this commit, branch or tag of git, or since the project in this
    /// folder [default: since the committed artifacts]
    #[arg(long, value_name = "REF|DIR")]
    against: Option<String>,
    /// The output format of findings
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub(super) format: Output,
    /// Print only findings: no summary
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut project = match project(arguments.project.as_deref()) {
        Ok(project) => project,
        // Errors in the files of the project are findings too.
        Err(Failure::Input(findings, inputs)) => {
            let checked = Checked { findings, edges: Vec::new(), files: 0 };
            return report(arguments, &checked, &inputs, false);
        }
        Err(world) => return Err(world),
    };
    let allow: BTreeSet<_> = arguments.allow.iter().copied().collect();
    let found = match arguments.dialect {
        Some(dialect) => {
            project.inputs = project.inputs.with_dialect(dialect);
            None
        }
        None => found(&project)?,
    };
    let dbt = arguments.dbt.as_deref().map(dbt).transpose()?;
    let against = match &arguments.against {
        Some(against) => Some(manifest_of(against, &project, arguments.dialect)?),
        None => None,
    };
    let options = Options {
        against: against.as_deref(),
        today: arguments.today,
        warn_days: arguments.warn_days,
        committed: found.as_ref(),
        dbt: dbt.as_ref(),
        allow: &allow,
    };
    let checked = while_working("checking", || check(&project.inputs, &options));
    report(arguments, &checked, &project.inputs, found.is_some())
}

fn report(arguments: &Arguments, checked: &Checked, inputs: &Inputs, has_artifacts: bool) -> Result<ExitCode, Failure> {
    let format = arguments.format.format();
    match format {
        Format::Human(_) => {
            eprint(&checked.findings.in_format(inputs, format));
            if !arguments.quiet {
                print(&summary(checked, arguments.today.is_some(), has_artifacts))?;
            }
        }
        Format::Json => {
            let findings = checked.findings.to_json(inputs);
            print(&format!("{:#}\n", json!({ "findings": findings, "edges": checked.edges })))?;
        }
        Format::Github | Format::Sarif => print(&checked.findings.in_format(inputs, format))?,
    }
    Ok(if checked.findings.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The manifest of an earlier version of the project. It is compiled here, so it does not depend on
/// what was committed with it.
fn manifest_of(against: &str, project: &Folder, dialect: Option<Dialect>) -> Result<String, Failure> {
    let mut then = then(against, &project.path)?;
    if let Some(dialect) = dialect {
        then = then.with_dialect(dialect);
    }
    let compiled = while_working("compiling the earlier project", || crate::compile(&then))
        .map_err(|found| Failure::Input(found, Box::new(then)))?;
    Ok(compiled.get(MANIFEST).unwrap_or_default().to_owned())
}

/// Reads the committed artifacts. If the project states `out:` and the folder is missing, the
/// result is an empty set, so that its absence is a finding. Without `out:`, a missing default
/// folder gives `None`.
fn found(project: &Folder) -> Result<Option<crate::check::Committed>, Error> {
    let found = committed(&project.out)?;
    let stated = crate::resolve(&project.inputs).is_ok_and(|spec| spec.out.is_some());
    Ok(match found {
        None if stated => {
            let folder = shown(&project.out);
            Some(crate::check::Committed { folder, ..Default::default() })
        }
        found => found,
    })
}

/// Reads the manifest of dbt from its target folder: `DBT_TARGET_PATH`, else `target-path:` of
/// dbt_project.yml, else `target`.
fn dbt(folder: &Path) -> Result<DbtProject, Error> {
    let stated = std::env::var_os("DBT_TARGET_PATH").map(PathBuf::from).or_else(|| {
        let project = text(&folder.join("dbt_project.yml")).ok()?;
        let line = project.lines().find_map(|line| line.strip_prefix("target-path:").map(str::to_owned))?;
        let value = line.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned();
        (!value.is_empty()).then(|| PathBuf::from(value))
    });
    let path = folder.join(stated.unwrap_or_else(|| PathBuf::from("target"))).join("manifest.json");
    if !path.is_file() {
        let message = format!("{} does not exist; run `dbt parse` in {}", shown(&path), shown(folder));
        return Err(Error::Usage(message));
    }
    Ok(DbtProject { path: shown(&path), manifest: text(&path)? })
}

fn summary(checked: &Checked, has_day: bool, has_artifacts: bool) -> String {
    let count = checked.findings.count();
    let mut text = if count.is_empty() { String::new() } else { format!("{count}\n") };
    if checked.files == 0 {
        return text;
    }
    let files = checked.files;
    text.push_str(&match (checked.findings.is_clean(), has_artifacts) {
        (true, true) => format!("{files} files compile, and the artifacts are up to date\n"),
        (true, false) => format!("{files} files compile; there are no artifacts to compare with\n"),
        (false, _) => format!("{files} files compile\n"),
    });
    let widest = checked.edges.iter().map(|edge| edge.model.chars().count()).max().unwrap_or_default();
    for edge in &checked.edges {
        if !edge.has_periods {
            let what = if edge.is_purged {
                "due rows are deleted for good"
            } else {
                "its history table accepts rows of any time"
            };
            text.push_str(&format!("  {:widest$}  {what}\n", edge.model));
            continue;
        }
        let day = |day: Option<Day>| day.map_or_else(|| "the year 9999".to_owned(), |day| day.to_string());
        text.push_str(&format!(
            "  {:widest$}  rows from {} on have a period; due rows have one until {}\n",
            edge.model,
            day(edge.lower_edge),
            day(edge.horizon)
        ));
    }
    if !has_day && checked.edges.iter().any(|edge| edge.has_periods) {
        text.push_str("the horizon was not checked; add --today now to check it\n");
    }
    text
}
