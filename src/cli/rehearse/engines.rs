//! Opens an engine, runs the rehearsal, and shows its progress.

use std::process::ExitCode;

use indicatif::ProgressBar;

use crate::cli::progress::line;
use crate::cli::rehearse::{Arguments, Engine, Format, hooks, words};
use crate::cli::{print, project};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::project::folder::Failure;
use crate::rehearse::{self, DuckDb, Options, Postgres, Project, rehearse};

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let url = match (arguments.engine, &arguments.url) {
        (Some(Engine::Postgres), None) => {
            let message = "--engine postgres needs --url: a database in which scratch schemas may be created";
            return Err(Error::Usage(message.to_owned()).into());
        }
        (Some(Engine::Postgres) | None, Some(url)) => Some(url),
        (Some(Engine::Duckdb), _) | (None, None) => None,
    };
    let dialect = if url.is_some() { Dialect::BEHIND_A_URL } else { Dialect::IN_PROCESS };
    let loaded = project(arguments.project.as_deref())?;
    let wrong = |diagnostics| Failure::Input(diagnostics, Box::new(loaded.inputs.clone()));
    let mut subjects = Project::each(&loaded.inputs, dialect).map_err(wrong)?;
    if let Some(folder) = &arguments.hooks {
        let hooks = hooks::read(folder, &subjects)?;
        let with_own = |subject: Project| {
            // A parent without a list may be in several of them.
            let own = hooks.iter().filter(|(model, _)| subject.models().any(|name| name == *model));
            let own = own.map(|(model, routine)| (model.clone(), routine.clone())).collect();
            subject.with_hooks(own)
        };
        subjects = subjects.into_iter().map(with_own).collect::<Result<_, _>>()?;
    }
    let seeds = arguments.seed.map_or(0..arguments.seeds, |seed| seed..seed.saturating_add(1));
    let stories = seeds.end - seeds.start;
    let options =
        Options { cycles: usize::from(arguments.cycles), workers: workers(stories), seeds, ..Options::default() };
    let open = || -> Result<Box<dyn rehearse::Engine>, Error> {
        Ok(match url {
            Some(url) => Box::new(Postgres::connect(url)?),
            None => Box::new(DuckDb::open()?),
        })
    };
    let bar = progress(stories * subjects.len() as u64);
    let reports = subjects
        .iter()
        .zip(0..)
        .map(|(subject, before)| rehearse(subject, &options, &open, &|done| bar.set_position(before * stories + done)));
    let reports: Result<Vec<_>, _> = reports.collect();
    bar.finish_and_clear();
    let Some(report) = reports?.into_iter().reduce(rehearse::Report::and) else { return Ok(ExitCode::SUCCESS) };
    print(&match arguments.format {
        Format::Human => words::report(&report, arguments),
        // Serialising cannot fail: every key is a string.
        Format::Json => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
    })?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn workers(stories: u64) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.min(usize::try_from(stories).unwrap_or(cores))
}

/// A progress bar. A story can take long, and a broken law is looked for in shorter and shorter
/// stories, so the time goes on between two stories.
fn progress(stories: u64) -> ProgressBar {
    let bar = line("{spinner} {elapsed} {bar:40} {pos} of {len} stories, {eta} left");
    bar.set_length(stories);
    bar
}
