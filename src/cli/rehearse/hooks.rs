//! Reads the user's own statements: one per file, in name order, in the layout of `rowkeep
//! compile`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::shown;
use crate::diagnostic::did_you_mean;
use crate::error::{Cause, Error};
use crate::project::naming::SWEEP;
use crate::rehearse::{Project, Routine, Statement};

/// The largest statement file.
const MAX_BYTES: u64 = 1024 * 1024;
/// The extension of statement files, in lower or upper case.
const ENDING: &str = ".sql";
/// The prefix of statements that load the mart.
const LOAD: &str = "00_";

/// Reads the statements below a folder, by model.
pub(super) fn read(folder: &Path, projects: &[Project]) -> Result<BTreeMap<String, Routine>, Error> {
    let of_projects = || projects.iter().flat_map(Project::models);
    let mut routines = BTreeMap::new();
    if let Some(stray) = entries(folder)?.into_iter().map(|(_, name)| name).filter(|name| is_sql(name)).min() {
        let message = format!(
            "{stray} is in {} itself, so it belongs to no model; move it into a folder named after its model",
            shown(folder)
        );
        return Err(Error::Usage(message));
    }
    let sweep = folder.join(SWEEP);
    let nightly = if sweep.is_dir() { folders(&sweep)? } else { Vec::new() };
    let mut cycle = folders(folder)?;
    cycle.retain(|(_, model)| model != SWEEP);
    // A folder without a model is reported before any file is read.
    let mut models = cycle.iter().chain(&nightly).map(|(_, model)| model);
    if let Some(model) = models.find(|model| !of_projects().any(|name| name == *model)) {
        let near = did_you_mean(model, of_projects());
        let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let message = format!("{} has a folder {model}, which no table spec describes{help}", shown(folder));
        return Err(Error::Usage(message));
    }
    for (path, model) in cycle {
        let (load, hooks) = statements(&path)?.into_iter().partition(|statement| statement.name.starts_with(LOAD));
        routines.insert(model.clone(), Routine { model, load, hooks, sweep: Vec::new() });
    }
    for (path, model) in nightly {
        let empty = Routine { model: model.clone(), load: Vec::new(), hooks: Vec::new(), sweep: Vec::new() };
        routines.entry(model).or_insert(empty).sweep = statements(&path)?;
    }
    if routines.is_empty() {
        let models: Vec<_> = of_projects().collect();
        let message = format!("{} has no folder of a model; expected {}", shown(folder), models.join(", "));
        return Err(Error::Usage(message));
    }
    Ok(routines)
}

fn is_sql(name: &str) -> bool {
    name.len() > ENDING.len() && name.to_ascii_lowercase().ends_with(ENDING)
}

/// The subfolders of a folder, each with its name.
fn folders(folder: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut found: Vec<_> = entries(folder)?.into_iter().filter(|(path, _)| path.is_dir()).collect();
    found.sort();
    Ok(found)
}

fn statements(folder: &Path) -> Result<Vec<Statement>, Error> {
    let mut found: Vec<_> = entries(folder)?;
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    let files = found.into_iter().filter(|(_, name)| is_sql(name));
    let statements = files
        .map(|(path, name)| Ok(Statement { name: name[..name.len() - ENDING.len()].to_owned(), sql: text(&path)? }));
    let statements: Vec<_> = statements.collect::<Result<_, Error>>()?;
    if statements.is_empty() {
        return Err(Error::Usage(format!("{} holds no statement: no file in it ends in {ENDING}", shown(folder))));
    }
    Ok(statements)
}

fn entries(folder: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let failed = |error: std::io::Error| Error::Read { path: folder.to_owned(), why: error.into() };
    fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| {
            let entry = entry.map_err(failed)?;
            Ok((entry.path(), entry.file_name().to_string_lossy().into_owned()))
        })
        .collect()
}

/// The text of a statement, without the semicolon at its end.
fn text(path: &Path) -> Result<String, Error> {
    let failed = |why: Cause| Error::Read { path: path.to_owned(), why };
    // Reading a pipe or a device might never end.
    if !fs::metadata(path).map_err(|error| failed(error.into()))?.is_file() {
        return Err(failed("it is not a file".into()));
    }
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| failed(error.into()))?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| failed(error.into()))?;
    if u64::try_from(text.len()).is_ok_and(|bytes| bytes > MAX_BYTES) {
        return Err(failed(format!("it is larger than {MAX_BYTES} bytes").into()));
    }
    let text = text.trim();
    Ok(text.strip_suffix(';').unwrap_or(text).trim_end().to_owned())
}
