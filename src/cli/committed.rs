//! Reads the artifacts in an output folder. They may have been edited by hand.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::artifacts::{FOLDERS, MANIFEST};
use crate::check::Committed;
use crate::cli::shown;
use crate::error::{Cause, Error};
use crate::features::schedule::SCHEDULE;

/// The largest part of an artifact that is read. For comparison, a manifest of a thousand tables
/// and twenty periods has about two hundred megabytes.
const MAX_BYTES: u64 = 1 << 30;

/// Reads the files below the names that a compilation writes. Gives `None` if the folder does not
/// exist. Skips files whose names begin with a dot: Rowkeep writes none.
pub(super) fn committed(out: &Path) -> Result<Option<Committed>, Error> {
    match fs::metadata(out) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(failed(out, "it is a file, but must be a folder")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(out, error)),
    }
    let folder = out.canonicalize().map_or_else(|_| out.display().to_string(), |out| shown(&out));
    let mut files = BTreeMap::new();
    for top in FOLDERS.into_iter().chain([MANIFEST, SCHEDULE]) {
        let mut rest = vec![top.to_owned()];
        while let Some(path) = rest.pop() {
            let place = out.join(&path);
            // Links are not followed: Rowkeep writes none.
            let Ok(found) = fs::symlink_metadata(&place) else { continue };
            if found.is_dir() {
                for entry in fs::read_dir(&place).map_err(|error| failed(&place, error))? {
                    let name = entry.map_err(|error| failed(&place, error))?.file_name();
                    let name = name.to_string_lossy();
                    // Python writes `__pycache__` when it imports a DAG.
                    if !name.starts_with('.') && name != "__pycache__" {
                        rest.push(format!("{path}/{name}"));
                    }
                }
            } else if found.is_file() {
                files.insert(path, text(&place)?);
            } else {
                files.insert(path, "a link or a device, not a file\n".to_owned());
            }
        }
    }
    Ok(Some(Committed { folder, files }))
}

/// The manifest in a folder; `None` if it is missing or not a file.
pub(super) fn manifest(out: &Path) -> Result<Option<String>, Error> {
    let path = out.join(MANIFEST);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() => text(&path).map(Some),
        _ => Ok(None),
    }
}

pub(super) fn text(path: &Path) -> Result<String, Error> {
    let file = fs::File::open(path).map_err(|error| failed(path, error))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| failed(path, error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn failed(path: &Path, why: impl Into<Cause>) -> Error {
    Error::Read { path: shown(path).into(), why: why.into() }
}
