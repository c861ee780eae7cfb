//! Writes artifacts so that a folder has either the old tree or the new one. First, all new files
//! are written to a stage, which is a hidden subfolder. Then each file replaces the old one by
//! rename. The manifest is the last file, and marks the tree as complete. If a file cannot be
//! replaced, all files that were replaced before are restored.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::artifacts::MANIFEST;
use crate::cli::shown;
use crate::error::Error;
use crate::project::folder::why;

/// The result of a write.
#[derive(Debug)]
pub(super) struct Written {
    /// The number of removed files: the previous tree had them, the new tree does not.
    pub(super) removed: usize,
}

/// Writes files into a folder.
pub(super) fn write(out: &Path, files: &BTreeMap<String, String>) -> Result<Written, Error> {
    let previous = previous(out, files.contains_key(MANIFEST))?;
    create(out)?;
    let real = out.canonicalize().map_err(|error| failed(out, &error))?;
    for folder in files.keys().chain(&previous).flat_map(|path| Path::new(path).ancestors().skip(1)) {
        refuse_link(&real.join(folder))?;
    }
    let stage = real.join(format!(".rowkeep-{}", std::process::id()));
    let result = write_new(&stage.join("new"), files).and_then(|()| {
        let mut swap = Swap { new: stage.join("new"), old: stage.join("old"), out: real, done: Vec::new() };
        let result = place(&mut swap, files, &previous);
        if result.is_err() {
            swap.undo();
        }
        result
    });
    // The stage is removed after a success and after a failure.
    let _ = fs::remove_dir_all(&stage);
    result
}

fn write_new(new: &Path, files: &BTreeMap<String, String>) -> Result<(), Error> {
    for (path, text) in files {
        let file = new.join(path);
        create(file.parent().unwrap_or(new))?;
        fs::write(&file, text).map_err(|error| failed(&file, &error))?;
    }
    Ok(())
}

fn place(swap: &mut Swap, files: &BTreeMap<String, String>, previous: &[String]) -> Result<Written, Error> {
    for path in files.keys().filter(|path| *path != MANIFEST) {
        swap.replace(path)?;
    }
    let gone: Vec<_> = previous.iter().filter(|path| !files.contains_key(*path)).collect();
    let mut removed = 0;
    for path in &gone {
        removed += usize::from(swap.take(path)?);
    }
    if files.contains_key(MANIFEST) {
        swap.replace(MANIFEST)?;
    }
    // Folders of removed files are removed if they are empty, the deepest first.
    let mut emptied: Vec<_> = gone.iter().flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
    emptied.retain(|folder| !folder.as_os_str().is_empty());
    emptied.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    emptied.dedup();
    for folder in emptied {
        let _ = fs::remove_dir(swap.out.join(folder));
    }
    Ok(Written { removed })
}

/// The new files in the stage, and the old files that they replace.
struct Swap {
    new: PathBuf,
    old: PathBuf,
    out: PathBuf,
    /// The completed renames, in order: the path, and whether a new file is there now.
    done: Vec<(String, bool)>,
}

impl Swap {
    /// Replaces the old file by the new one.
    fn replace(&mut self, path: &str) -> Result<(), Error> {
        self.take(path)?;
        let to = self.out.join(path);
        create(to.parent().unwrap_or(&self.out))?;
        fs::rename(self.new.join(path), &to).map_err(|error| failed(&to, &error))?;
        self.done.push((path.to_owned(), true));
        Ok(())
    }

    /// Moves the old file to the stage, if there is one.
    fn take(&mut self, path: &str) -> Result<bool, Error> {
        let (from, to) = (self.out.join(path), self.old.join(path));
        match fs::symlink_metadata(&from) {
            Ok(found) if found.is_dir() => {
                let why = "it is a folder, but must be a file".to_owned();
                return Err(Error::Write { path: shown(&from).into(), why });
            }
            Ok(_) => {}
            Err(_) => return Ok(false),
        }
        create(to.parent().unwrap_or(&self.old))?;
        fs::rename(&from, &to).map_err(|error| failed(&from, &error))?;
        self.done.push((path.to_owned(), false));
        Ok(true)
    }

    /// Restores the old files.
    fn undo(&self) {
        for (path, is_new) in self.done.iter().rev() {
            let here = self.out.join(path);
            // Best effort: the caller reports the first error.
            let _ = if *is_new { fs::remove_file(&here) } else { fs::rename(self.old.join(path), &here) };
        }
    }
}

/// The files that the previous manifest lists.
///
/// # Errors
///
/// If Rowkeep did not write the manifest, or if a selection would overwrite a complete tree.
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
        let why = "the folder has all artifacts of a project, which a selection would break; choose another folder"
            .to_owned();
        return Err(Error::Write { path: shown(&path).into(), why });
    }
    let listed = manifest["files"].as_array().into_iter().flatten().filter_map(|file| file.as_str());
    // An edited list must not make Rowkeep delete files outside of the folder.
    let plain = |file: &&str| Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    Ok(listed.filter(plain).map(str::to_owned).collect())
}

fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))
}

/// Refuses a link among the artifact folders: through it, files outside of the folder would be
/// written or removed.
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
    // The message names the final path, because the user does not know the stage.
    let staged = |part: &Component<'_>| part.as_os_str().to_string_lossy().starts_with(".rowkeep-");
    let path: PathBuf = path.components().filter(|part| !staged(part)).collect();
    Error::Write { path: shown(&path).into(), why: why(error) }
}

/// Writes one file by a temporary file and a rename, so that no reader sees a part of it. If the
/// path is a link, the target of the link is replaced.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = real.with_file_name(format!(".rowkeep-{}-{name}", std::process::id()));
    let permissions = fs::metadata(&real).map(|found| found.permissions());
    let written = fs::write(&beside, text)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| fs::set_permissions(&beside, permissions)))
        .and_then(|()| fs::rename(&beside, &real));
    written.map_err(|error| {
        // Best effort: the caller reports the first error.
        let _ = fs::remove_file(&beside);
        failed(path, &error)
    })
}
