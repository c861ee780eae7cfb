//! Writes artifacts so that a folder holds the old tree or the new one: everything is written beside it first, each file then
//! takes its place by rename, and the manifest comes last as the mark that the tree is whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::artifacts::MANIFEST;
use crate::cli::shown;
use crate::error::Error;
use crate::load::why;

/// What was done.
#[derive(Debug)]
pub(super) struct Written {
    /// Files of the previous tree that the new one does not have.
    pub(super) removed: usize,
}

/// Writes files into a folder. `within` is the folder that nothing may be written out of.
pub(super) fn write(out: &Path, files: &BTreeMap<String, String>, within: Option<&Path>) -> Result<Written, Error> {
    let previous = previous(out, files.contains_key(MANIFEST))?;
    create(out)?;
    let real = out.canonicalize().map_err(|error| failed(out, &error))?;
    if let Some(root) = within
        && !real.starts_with(root)
    {
        return Err(Error::Write { path: out.to_owned(), why: "a link leads out of the repository".to_owned() });
    }
    for folder in files.keys().chain(&previous).flat_map(|path| Path::new(path).ancestors().skip(1)) {
        refuse_link(&real.join(folder))?;
    }
    let staged = real.join(format!(".rowkeep-{}", std::process::id()));
    let result = stage(&staged, files).and_then(|()| place(&staged, &real, files, &previous));
    // Whatever happened, the stage is no artifact.
    let _ = fs::remove_dir_all(&staged);
    result
}

fn stage(staged: &Path, files: &BTreeMap<String, String>) -> Result<(), Error> {
    for (path, text) in files {
        let file = staged.join(path);
        create(file.parent().unwrap_or(staged))?;
        fs::write(&file, text).map_err(|error| failed(&file, &error))?;
    }
    Ok(())
}

fn place(staged: &Path, out: &Path, files: &BTreeMap<String, String>, previous: &[String]) -> Result<Written, Error> {
    let rename = |path: &str| {
        let to = out.join(path);
        create(to.parent().unwrap_or(out))?;
        fs::rename(staged.join(path), &to).map_err(|error| failed(&to, &error))
    };
    for path in files.keys().filter(|path| *path != MANIFEST) {
        rename(path)?;
    }
    let mut removed = 0;
    for path in previous.iter().filter(|path| !files.contains_key(*path)) {
        let file = out.join(path);
        match fs::remove_file(&file) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&file, &error)),
        }
        // A folder that is empty now was the removed files'; one that is not stays.
        let _ = file.parent().map(fs::remove_dir);
    }
    if files.contains_key(MANIFEST) {
        rename(MANIFEST)?;
    }
    Ok(Written { removed })
}

/// The files that the folder's manifest lists. A manifest of something else means that this folder is not for us.
fn previous(out: &Path, whole: bool) -> Result<Vec<String>, Error> {
    let path = out.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(Error::Read { path, why: why(&error) }),
    };
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if !manifest["rowkeep_schema_version"].is_u64() {
        let why = "it was not written by Rowkeep; choose another folder, so that nothing is overwritten".to_owned();
        return Err(Error::Write { path: shown(&path).into(), why });
    }
    if !whole {
        let why = "it marks a whole tree, which a selection would break; choose another folder".to_owned();
        return Err(Error::Write { path: shown(&path).into(), why });
    }
    let listed = manifest["files"].as_array().into_iter().flatten().filter_map(|file| file.as_str());
    // Whoever edited the list must not make Rowkeep delete files elsewhere.
    let plain = |file: &&str| Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    Ok(listed.filter(plain).map(str::to_owned).collect())
}

fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))
}

/// A link among the artifact folders would have files written, or removed, elsewhere.
fn refuse_link(folder: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => Err(Error::Write {
            path: folder.to_owned(),
            why: "it is a link; artifacts are written into folders only".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    // Name what the user knows, not the stage.
    let staged = |part: &Component<'_>| part.as_os_str().to_string_lossy().starts_with(".rowkeep-");
    let path: PathBuf = path.components().filter(|part| !staged(part)).collect();
    Error::Write { path: shown(&path).into(), why: why(error) }
}
