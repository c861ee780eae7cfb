//! The stage: a folder beside the output folder in which a new tree is written before it takes the
//! place of the old one. A killed process leaves its stage. The next one removes it.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The beginning of the names of stages.
const PREFIX: &str = ".rowkeep-";
/// The file that the owner of a stage keeps locked.
const LOCK: &str = "lock";

/// A stage. It is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    /// The locked file. Windows removes a folder only after its last file was closed.
    lock: Option<File>,
}

impl Stage {
    /// Creates a stage on the file system of the output folder, because a rename needs that.
    pub(super) fn create(out: &Path) -> io::Result<Self> {
        let name = format!("{PREFIX}{}", std::process::id());
        match out.parent() {
            Some(beside) if same_file_system(beside, out) => {
                Self::at(&beside.join(&name)).or_else(|_| Self::at(&out.join(&name)))
            }
            _ => Self::at(&out.join(&name)),
        }
    }

    fn at(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Git does not see the stage.
        fs::write(folder.join(".gitignore"), "*\n")?;
        let lock = File::create(folder.join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder: folder.to_owned(), lock: Some(lock) })
    }

    /// The new tree.
    pub(super) fn new_tree(&self) -> PathBuf {
        self.folder.join("new")
    }

    /// The parts of the old tree that were replaced.
    pub(super) fn old_tree(&self) -> PathBuf {
        self.folder.join("old")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Without a lock, another process would bring the old tree back.
        let _ = fs::remove_dir_all(self.old_tree());
        self.lock = None;
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the stages of processes that were killed. A folder that such a process had moved away,
/// and not replaced, comes back first.
pub(super) fn remove_abandoned(out: &Path) {
    for place in [Some(out), out.parent()].into_iter().flatten() {
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            let folder = entry.path();
            if is_stage(&entry.file_name()) && is_abandoned(&folder) {
                restore(&folder.join("old"), out);
                let _ = fs::remove_dir_all(&folder);
            }
        }
    }
}

/// Whether the name is that of a stage: the prefix and a process id.
fn is_stage(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.strip_prefix(PREFIX).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether no process has locked the stage. An earlier version had stages without a lock.
fn is_abandoned(folder: &Path) -> bool {
    if !fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) {
        return false;
    }
    match File::open(folder.join(LOCK)) {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => true,
    }
}

fn restore(old: &Path, out: &Path) {
    for entry in fs::read_dir(old).into_iter().flatten().flatten() {
        let home = out.join(entry.file_name());
        if fs::symlink_metadata(&home).is_err() {
            let _ = fs::rename(entry.path(), home);
        }
    }
}

#[cfg(unix)]
fn same_file_system(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    device(a).is_some() && device(a) == device(b)
}

#[cfg(not(unix))]
fn same_file_system(_: &Path, _: &Path) -> bool {
    // Inside the output folder, a rename always works.
    false
}
