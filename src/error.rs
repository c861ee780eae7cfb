//! What went wrong in the world, as opposed to in the user's input: a file that could not be read or written.

use std::path::PathBuf;

/// The world failed: the job could not be done, and nothing was changed. One at a time; the command line exits with 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    #[error("could not read {}: {why}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file or folder could not be written; whatever was there is as it was.
    #[error("could not write {}: {why}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// There is no `rowkeep.yml` here or in any folder above.
    #[error("no rowkeep.yml in {} or any folder above it; name the project with --project DIR", start.display())]
    NoProject {
        /// Where the search began.
        start: PathBuf,
    },
    /// A database could not be reached, or refused a statement.
    #[error("{engine}: {why}")]
    Engine {
        /// Which.
        engine: &'static str,
        /// What it said.
        why: String,
    },
    /// The command line asks for something that contradicts itself or the project.
    #[error("{0}")]
    Usage(String),
}
