//! Errors of the environment, such as a file that could not be read. Errors in the user's input are
//! diagnostics.

use std::path::PathBuf;

/// The environment failed, and the command changed nothing. Only one such error is reported. The
/// exit code is 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    #[error("could not read {}: {why}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error text of the operating system.
        why: String,
    },
    /// A file or folder could not be written. Its old content is unchanged.
    #[error("could not write {}: {why}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The error text of the operating system.
        why: String,
    },
    /// The start folder and the folders above it have no `rowkeep.yml`.
    #[error("no rowkeep.yml in {} or any folder above it; name the project with --project DIR", start.display())]
    NoProject {
        /// The folder in which the search started.
        start: PathBuf,
    },
    /// A database could not be reached, or refused a statement.
    #[error("{engine}: {why}")]
    Engine {
        /// The name of the engine.
        engine: &'static str,
        /// The error text of the engine.
        why: String,
    },
    /// The command line contradicts itself or the project.
    #[error("{0}")]
    Usage(String),
}
