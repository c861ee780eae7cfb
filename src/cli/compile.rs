//! `rowkeep compile`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::artifacts::Artifacts;
use crate::check::{Restructuring, restructured};
use crate::cli::committed::manifest;
use crate::cli::progress::while_working;
use crate::cli::write::write;
use crate::cli::{Output, dialect, dialects, print, project, shown};
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::project::folder::Failure;

/// Arguments of `rowkeep compile`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Where to write [default: the project's `out:`, or target/rowkeep in it]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[arg(
        long, value_name = "DIALECT", value_parser = dialect,
        help = format!("Compile for another engine than the project's: {}", dialects(", ")),
    )]
    dialect: Option<Dialect>,
    /// Write only the statements of these models; needs --stdout, or another --out folder
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    select: Vec<String>,
    /// Print the files instead of writing them
    #[arg(long, conflicts_with = "out")]
    stdout: bool,
    /// Allow these structural changes: period, table, key, purge, retention, erasure, history,
    /// column. Commas separate several
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    allow: Vec<Restructuring>,
    /// The output format of findings
    #[arg(long, value_enum, default_value_t = Output::Human, conflicts_with = "stdout")]
    pub(super) format: Output,
    /// Print only findings: no summary
    #[arg(short, long, conflicts_with = "stdout")]
    quiet: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let selects = !arguments.select.is_empty();
    if selects && !arguments.stdout && arguments.out.is_none() {
        let message =
            "--select would leave the project's artifacts incomplete: add --stdout, or --out with another folder";
        return Err(Error::Usage(message.to_owned()).into());
    }
    let mut project = project(arguments.project.as_deref())?;
    if let Some(dialect) = arguments.dialect {
        project.inputs = project.inputs.with_dialect(dialect);
    }
    if let Some(file) = arguments.out.as_ref().filter(|out| out.is_file()) {
        return Err(Error::Usage(format!("--out {}: it is a file; name a folder", shown(file))).into());
    }
    if let Some(out) = arguments.out.as_ref().filter(|out| !project.can_write_to(out)) {
        let message = format!(
            "--out {}: the folder has files of the project, and artifacts need a folder of their own, as in --out rowkeep",
            shown(out)
        );
        return Err(Error::Usage(message).into());
    }
    let wrong = |wrong| Failure::Input(wrong, Box::new(project.inputs.clone()));
    let spec = crate::resolve(&project.inputs).map_err(wrong)?;
    let artifacts = while_working("compiling", || crate::compile_spec(&spec, &project.inputs)).map_err(wrong)?;
    let files = if selects { selected(&artifacts, &arguments.select)? } else { artifacts.files().clone() };
    if arguments.stdout {
        print(&listing(&files))?;
        return Ok(());
    }
    let out = arguments.out.as_ref().unwrap_or(&project.out);
    if let Some(previous) = manifest(out)? {
        // Without --dialect, the dialect of the project itself has changed.
        if arguments.dialect.is_some()
            && arguments.out.is_none()
            && let Some(other) = other_dialect(&previous, spec.dialect())
        {
            let message = format!(
                "--dialect {} would replace the artifacts in {}, which are for {other}: \
                 add --stdout, or --out with another folder",
                spec.dialect(),
                shown(out)
            );
            return Err(Error::Usage(message).into());
        }
        let allow = arguments.allow.iter().copied().collect();
        restructured(&spec, &previous, &allow).map_err(wrong)?;
    }
    let written = while_working("writing files", || write(out, &files))?;
    let out = out.canonicalize().map_or_else(|_| out.display().to_string(), |out| shown(&out));
    print(&match arguments.format {
        Output::Human if arguments.quiet => String::new(),
        Output::Human => {
            let project =
                arguments.project.as_deref().map_or_else(String::new, |path| format!(" --project {}", shown(path)));
            summary(&artifacts, &Wrote { out: &out, files: files.len(), removed: written.removed, selects }, &project)
        }
        machine => Diagnostics::default().in_format(&project.inputs, machine.format()),
    })?;
    Ok(())
}

/// The dialect of a manifest, if it is another one.
fn other_dialect(manifest: &str, dialect: Dialect) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).ok()?;
    let other = manifest["metadata"]["dialect"].as_str()?;
    (other != dialect.as_str()).then(|| other.to_owned())
}

/// The statements of the selected models.
fn selected(artifacts: &Artifacts, models: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let nodes: Vec<_> = artifacts.manifest().nodes.values().collect();
    let mut paths = BTreeSet::new();
    for model in models {
        let Some(node) = nodes.iter().find(|node| node.name == *model) else {
            let near = did_you_mean(model, nodes.iter().map(|node| node.name.as_str()));
            let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return Err(Error::Usage(format!("--select names {model}, which no table spec describes{help}")));
        };
        let nightly = artifacts
            .manifest()
            .sweep
            .iter()
            .filter(|sweep| sweep.model == node.name)
            .flat_map(|sweep| &sweep.post_hooks);
        let manifest = artifacts.manifest();
        let of_node = |model: &Option<String>| model.as_ref() == Some(&node.unique_id);
        let monitors = manifest.monitors.iter().filter(|monitor| of_node(&monitor.model));
        let monitors = monitors.flat_map(|one| std::iter::once(&one.find).chain(&one.record).chain(&one.resolve));
        let repairs = manifest.repairs.iter().filter(|repair| of_node(&repair.model));
        paths.extend(monitors.chain(repairs.flat_map(|repair| &repair.statements)).map(|task| task.path.as_str()));
        paths.extend(node.load.iter().chain(&node.post_hooks).chain(nightly).map(|hook| hook.path.as_str()));
    }
    let chosen = artifacts.files().iter().filter(|(path, _)| paths.contains(path.as_str()));
    Ok(chosen.map(|(path, text)| (path.clone(), text.clone())).collect())
}

/// The files, each below a line with its path.
fn listing(files: &BTreeMap<String, String>) -> String {
    files.iter().map(|(path, text)| format!("==> {path} <==\n{text}\n")).collect()
}

/// What a compilation wrote.
struct Wrote<'a> {
    out: &'a str,
    files: usize,
    removed: usize,
    /// Whether it wrote the statements of some models only.
    selects: bool,
}

/// `project` is the option for the next commands, if they need one.
fn summary(artifacts: &Artifacts, wrote: &Wrote<'_>, project: &str) -> String {
    let Wrote { out, files: written, removed, selects } = *wrote;
    let manifest = artifacts.manifest();
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let gone = if removed == 0 {
        String::new()
    } else {
        format!(", removed {} no longer needed", count(removed, "file", "files"))
    };
    let mut text = format!("wrote {} to {out}{gone}\n", count(written, "file", "files"));
    if selects {
        text.push_str("this is a selection of statements: it has no manifest, and is no complete project\n");
        return text;
    }
    for load in &manifest.loads {
        text.push_str(&format!(
            "  load {}: {}, {}\n",
            load.name,
            count(load.statements.len(), "statement", "statements"),
            count(load.monitors.len(), "monitor", "monitors")
        ));
    }
    if manifest.nodes.is_empty() {
        text.push_str(&format!("next, with paths in {out}:\n"));
        text.push_str(
            "  every day     run what `rowkeep loads rerun --dates DATE` prints, or the models in dbt/models/\n",
        );
        text.push_str("  after that    run loads/*/monitors/: each must return no rows, except writers.sql\n");
        text.push_str(&format!("if a load fails: rowkeep runbook load-incident{project}\n"));
        return text;
    }
    let hooks: usize = manifest.nodes.values().map(|node| node.load.len() + node.post_hooks.len()).sum();
    let nightly: usize = manifest.sweep.iter().map(|sweep| sweep.post_hooks.len()).sum();
    let open = manifest.periods.iter().filter(|period| period.state == "open").count();
    text.push_str(&format!(
        "  {} for {}, {} ({open} open): {hooks} statements a cycle, {nightly} a night, {} to create\n",
        manifest.metadata.dialect,
        count(manifest.nodes.len(), "table", "tables"),
        count(manifest.periods.len(), "period", "periods"),
        count(manifest.ddl.len(), "relation", "relations"),
    ));
    let loads = manifest.nodes.values().filter(|node| !node.load.is_empty()).count();
    let own = match manifest.nodes.len() - loads {
        0 => "",
        _ => " (a model without 00_load: after your own load)",
    };
    text.push_str(&format!("next, with paths in {out}:\n"));
    text.push_str("  once          run ddl/ in the order of its names\n");
    text.push_str(&format!("  every cycle   run what runbooks/cycle.txt lists{own}\n"));
    text.push_str("  every night   run what runbooks/sweep.txt lists, while no cycle runs\n");
    let folders = manifest.maintenance.iter().filter_map(|one| one.statement.path.rsplit_once('/'));
    for folder in folders.map(|(folder, _)| folder).collect::<BTreeSet<_>>() {
        text.push_str(&format!("                and {folder}/ before it, each statement outside of a transaction\n"));
    }
    text.push_str("  after that    run what runbooks/laws.txt lists: each query must return no rows\n");
    if !manifest.loads.is_empty() {
        text.push_str(
            "  every day     run what `rowkeep loads rerun --dates DATE` prints, or the models in dbt/models/\n",
        );
    }
    text.push_str(&format!("step by step: rowkeep runbook installation{project}\n"));
    text
}
