//! Errors of the environment, such as a file that could not be read. Errors in the user's input are
//! diagnostics.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The environment failed, and the command changed nothing. Only one such error is reported. The
/// exit code is 2.
///
/// The text of an error does not repeat its source: print both, as `{error}: {source}`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        #[source]
        why: Cause,
    },
    /// A file or folder could not be written. Its old content is unchanged.
    #[error("could not write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        #[source]
        why: Cause,
    },
    /// The start folder and the folders above it have no `rowkeep.yml`.
    #[error(
        "no rowkeep.yml in {} or any folder above it; {}", start.display(),
        if start.join("rowkeep.yaml").is_file() { "rename rowkeep.yaml" } else { "write a new project with `rowkeep init`, or name one with --project DIR" },
    )]
    NoProject {
        /// The folder in which the search started.
        start: PathBuf,
    },
    /// A database could not be reached, or refused a statement.
    #[error("{engine}: {why}")]
    Engine {
        /// The name of the engine.
        engine: &'static str,
        /// The error text of the engine. The error itself is not kept: it may contain the password.
        why: String,
    },
    /// The command line contradicts itself or the project.
    #[error("{0}")]
    Usage(String),
}

/// Why a file could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The operating system refused it.
    Io(io::Error),
    /// The operating system refused it. The text says where the project names the file.
    Named(io::Error, String),
    /// Rowkeep refused it.
    Refused(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Io(error) => f.write_str(&plain(error)),
            Cause::Named(error, place) => write!(f, "{}; {place}", plain(error)),
            Cause::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Cause {}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Cause::Io(error)
    }
}

impl From<String> for Cause {
    fn from(why: String) -> Self {
        Cause::Refused(why)
    }
}

impl From<&str> for Cause {
    fn from(why: &str) -> Self {
        Cause::Refused(why.to_owned())
    }
}

/// The text of the operating system, without the suffix "(os error 2)" that Rust adds.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
