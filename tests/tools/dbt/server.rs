//! Runs dbt commands through one Python process. The process has imported dbt and parsed a project.
//! A new process for each command would spend most of its time on that.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rowkeep::Dialect;
use serde::Deserialize;

use crate::projects;

/// What a command printed, and its exit code.
#[derive(Deserialize)]
pub struct Answer {
    pub code: i32,
    pub text: String,
}

struct Server {
    folder: tempfile::TempDir,
    /// The server ends when its input closes: when the test process ends.
    _process: Child,
}

/// A version of dbt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Older,
    Newer,
}

impl Version {
    /// The version with which tests for an engine run. Each version runs the same stories on one
    /// engine. `ROWKEEP_DBT=older` or `newer` chooses one for all, in a long run.
    pub fn of(dialect: Dialect) -> Self {
        match (std::env::var("ROWKEEP_DBT").as_deref(), dialect) {
            (Ok("older"), _) => Self::Older,
            (Ok("newer"), _) | (_, Dialect::Postgres | Dialect::BigQuery) => Self::Newer,
            _ => Self::Older,
        }
    }
}

/// One server of each version for all tests of the process.
fn server(version: Version) -> &'static Server {
    static SERVERS: [OnceLock<Server>; 2] = [OnceLock::new(), OnceLock::new()];
    let newer = || std::env::var("ROWKEEP_DBT_1_12").expect("ROWKEEP_DBT_1_12 is set by scripts/with-dbt");
    SERVERS[version as usize].get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(if version == Version::Newer { newer() } else { "python".to_owned() });
        command.arg(projects::root().join("tests/tools/dbt/server.py")).arg(folder.path().join("socket"));
        // The forked commands share the semaphores of the server. Python would warn at its end.
        command.env("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning");
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python starts: run the tests through scripts/with-dbt");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("the server answers");
        assert_eq!(line, "ready\n", "dbt was not imported");
        Server { folder, _process: child }
    })
}

/// Runs `dbt` with these arguments in a folder.
pub fn dbt(version: Version, folder: &Path, arguments: &[&str], environment: &BTreeMap<&str, String>) -> Answer {
    let mut stream = UnixStream::connect(server(version).folder.path().join("socket")).expect("the server listens");
    let asked = serde_json::json!({ "arguments": arguments, "folder": folder, "environment": environment });
    writeln!(stream, "{asked}").expect("the server reads");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("the server answers");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("dbt {arguments:?}: {error}: {said}"))
}

/// A folder with a program `dbt` that the server runs, for scripts.
pub fn program() -> PathBuf {
    let (folder, client) = (server(Version::Older).folder.path(), projects::root().join("tests/tools/dbt/client.py"));
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).expect("a folder");
    let file = bin.join("dbt");
    let script = format!("#!/bin/sh\nexec python -S {} {} \"$@\"\n", client.display(), folder.join("socket").display());
    // Another test may run the program now.
    let ready = tempfile::NamedTempFile::new_in(&bin).expect("a file");
    std::fs::write(&ready, script).expect("it is written");
    std::fs::set_permissions(&ready, std::fs::Permissions::from_mode(0o755)).expect("it is executable");
    ready.persist(file).expect("it has its name");
    bin
}
