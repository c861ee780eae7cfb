//! Writes artifacts so that a folder has either the old tree or the new one. First, the whole new
//! tree is written to a stage beside the folder. Then each folder of the tree replaces the old one
//! by rename. The manifest is the last file, and marks the tree as complete. If a folder cannot be
//! replaced, those that were replaced before are restored.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::artifacts::MANIFEST;
use crate::cli::shown;
use crate::cli::stage::{self, Stage};
use crate::error::Error;

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
    let real = out.canonicalize().map_err(|error| failed(out, error))?;
    for folder in files.keys().chain(&previous).flat_map(|path| Path::new(path).ancestors().skip(1)) {
        refuse_link(&real.join(folder))?;
    }
    for path in files.keys() {
        let here = real.join(path);
        if fs::symlink_metadata(&here).is_ok_and(|found| found.is_dir()) {
            let why = "it is a folder, but must be a file".into();
            return Err(Error::Write { path: shown(&here).into(), why });
        }
    }
    stage::remove_abandoned(&real);
    let stage = Stage::create(&real).map_err(|error| failed(&real, error))?;
    write_new(&stage.new_tree(), &real, files)?;
    let mut swap = Swap { new: stage.new_tree(), old: stage.old_tree(), out: real, done: Vec::new() };
    let result = place(&mut swap, files, &previous);
    if result.is_err() {
        swap.undo();
    }
    result
}

/// Writes the new tree. A message names the final path, because the user does not know the stage.
fn write_new(new: &Path, out: &Path, files: &BTreeMap<String, String>) -> Result<(), Error> {
    for (path, text) in files {
        let file = new.join(path);
        let written = fs::create_dir_all(file.parent().unwrap_or(new)).and_then(|()| fs::write(&file, text));
        written.map_err(|error| failed(&out.join(path), error))?;
    }
    Ok(())
}

fn place(swap: &mut Swap, files: &BTreeMap<String, String>, previous: &[String]) -> Result<Written, Error> {
    let gone: Vec<_> = previous.iter().filter(|path| !files.contains_key(*path)).collect();
    let removed = gone.iter().filter(|path| fs::symlink_metadata(swap.out.join(path)).is_ok()).count();
    let tops: BTreeSet<&str> = files.keys().chain(previous).filter_map(|path| path.split('/').next()).collect();
    for top in tops.into_iter().filter(|top| *top != MANIFEST) {
        // The new folder gets the files that Rowkeep did not write.
        if !files.contains_key(top) {
            swap.keep_others(top, previous)?;
        }
        if swap.new.join(top).exists() {
            swap.replace(top)?;
        } else {
            swap.take(top)?;
        }
    }
    if files.contains_key(MANIFEST) {
        swap.replace(MANIFEST)?;
    }
    Ok(Written { removed })
}

/// The new tree and the old one, below the stage.
struct Swap {
    new: PathBuf,
    old: PathBuf,
    out: PathBuf,
    /// The completed renames, in order: the path, and whether the new entry is there now.
    done: Vec<(String, bool)>,
}

impl Swap {
    /// Replaces the old file or folder by the new one.
    fn replace(&mut self, path: &str) -> Result<(), Error> {
        self.take(path)?;
        let to = self.out.join(path);
        fs::rename(self.new.join(path), &to).map_err(|error| failed(&to, error))?;
        self.done.push((path.to_owned(), true));
        Ok(())
    }

    /// Moves the old file or folder to the stage, if there is one.
    fn take(&mut self, path: &str) -> Result<(), Error> {
        let (from, to) = (self.out.join(path), self.old.join(path));
        if fs::symlink_metadata(&from).is_err() {
            return Ok(());
        }
        create(&self.old)?;
        fs::rename(&from, &to).map_err(|error| failed(&from, error))?;
        self.done.push((path.to_owned(), false));
        Ok(())
    }

    /// Copies files that Rowkeep did not write from an old folder to the new one.
    fn keep_others(&self, top: &str, previous: &[String]) -> Result<(), Error> {
        let mut rest = vec![top.to_owned()];
        while let Some(path) = rest.pop() {
            let here = self.out.join(&path);
            let Ok(found) = fs::symlink_metadata(&here) else { continue };
            if found.is_dir() {
                for entry in fs::read_dir(&here).map_err(|error| failed(&here, error))? {
                    let name = entry.map_err(|error| failed(&here, error))?.file_name();
                    rest.push(format!("{path}/{}", name.to_string_lossy()));
                }
            } else if previous.binary_search(&path).is_err() {
                let to = self.new.join(&path);
                if fs::symlink_metadata(&to).is_ok() {
                    continue;
                }
                create(to.parent().unwrap_or(&self.new))?;
                // A link in the file system keeps the file as it is, also if it is a symbolic link.
                fs::hard_link(&here, &to)
                    .or_else(|_| fs::copy(&here, &to).map(drop))
                    .map_err(|error| failed(&here, error))?;
            }
        }
        Ok(())
    }

    /// Restores the old tree.
    fn undo(&self) {
        for (path, is_new) in self.done.iter().rev() {
            let here = self.out.join(path);
            // Best effort: the caller reports the first error.
            let _ =
                if *is_new { fs::rename(&here, self.new.join(path)) } else { fs::rename(self.old.join(path), &here) };
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
        Err(error) => return Err(Error::Read { path, why: error.into() }),
    };
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
        let why = "it has conflict markers of git: take one side, as in `git checkout --ours FILE`, and compile again; `rowkeep check --against REF` then compares with the other branch".into();
        return Err(Error::Write { path: shown(&path).into(), why });
    }
    if !manifest["rowkeep_schema_version"].is_u64() {
        let why = "it was not written by Rowkeep; choose another folder, so that nothing is overwritten".into();
        return Err(Error::Write { path: shown(&path).into(), why });
    }
    if !whole {
        let why =
            "the folder has all artifacts of a project, which a selection would break; choose another folder".into();
        return Err(Error::Write { path: shown(&path).into(), why });
    }
    let listed = manifest["files"].as_array().into_iter().flatten().filter_map(|file| file.as_str());
    // An edited list must not make Rowkeep delete files outside of the folder.
    let plain = |file: &&str| Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    let mut listed: Vec<_> = listed.filter(plain).map(str::to_owned).collect();
    listed.sort();
    Ok(listed)
}

fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))
}

/// Refuses a link among the artifact folders: through it, files outside of the folder would be
/// written or removed.
fn refuse_link(folder: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => Err(Error::Write {
            path: folder.to_owned(),
            why: "it is a link; artifacts are written into folders only".into(),
        }),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::Write { path: shown(path).into(), why: error.into() }
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
        failed(path, error)
    })
}
