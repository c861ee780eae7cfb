//! Reads a project from a commit with `git show`, without a checkout.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::cli::shown;
use crate::error::Error;
use crate::project::folder::{self, Failure, PROJECT_FILE};
use crate::project::references;
use crate::source::Inputs;

/// Reads the project to compare with: of another folder, or of a commit.
pub(super) fn then(against: &str, project: &Path) -> Result<Inputs, Failure> {
    let other = Path::new(against);
    if other.join(PROJECT_FILE).is_file() {
        return Ok(folder::open(other, &shown)?.inputs);
    }
    project_at(against, project)
}

/// Reads the project of a folder from a commit.
fn project_at(commit: &str, folder: &Path) -> Result<Inputs, Failure> {
    let tree = Tree::open(commit, folder)?;
    let file = tree.folder.join(PROJECT_FILE);
    let Some(text) = tree.text(&file)? else {
        return Err(tree.failed(format!("that commit has no {}", shown_in(&file))).into());
    };
    let name = |path: &Path| format!("{}:{}", tree.shown, shown_in(path));
    let mut inputs = Inputs::new(name(&file), text);
    let named = references::references(&inputs);
    for path in &named.periods {
        let file = tree.named(&path.value)?;
        inputs = inputs.with_periods(name(&file), tree.needed(&file)?);
    }
    if let Some(path) = &named.tables {
        for file in tree.files(&tree.named(&path.value)?)? {
            let is_spec = file.extension().is_some_and(|ending| ending == "yml");
            let is_hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if is_spec && !is_hidden {
                inputs = inputs.with_table(name(&file), tree.needed(&file)?);
            }
        }
    }
    for path in &named.queries {
        let file = tree.named(&path.value)?;
        inputs = inputs.with_query(path.value.clone(), tree.needed(&file)?);
    }
    if let Some(path) = &named.templates {
        let folder = tree.named(&path.value)?;
        let mut folders = vec![folder.clone()];
        folders.extend(tree.folders(&folder)?);
        let mut found = Vec::new();
        for each in folders {
            for file in tree.files(&each)? {
                let own = file.strip_prefix(&folder).map(shown_in).unwrap_or_default();
                found.push((own, tree.needed(&file)?));
            }
        }
        found.sort();
        for (own, text) in found {
            inputs = inputs.with_template(own, text);
        }
    }
    Ok(inputs)
}

/// The tree of a commit. Paths start at the root of the repository.
struct Tree {
    root: PathBuf,
    /// The project's folder.
    folder: PathBuf,
    /// The full hash of the commit.
    commit: String,
    /// The commit as the user named it.
    shown: String,
}

impl Tree {
    fn open(commit: &str, folder: &Path) -> Result<Self, Error> {
        let git = |arguments: &[&str]| run(folder, arguments);
        let root = git(&["rev-parse", "--show-toplevel"])?.map_err(|_| {
            usage(format!(
                "--against {commit}: there is no such folder, and {} is not in a git repository",
                shown(folder)
            ))
        })?;
        let root = PathBuf::from(root.trim_end());
        // Without `--end-of-options`, git would read a name that begins with a dash as an option.
        let spec = format!("{commit}^{{commit}}");
        let found = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])?;
        let Ok(full) = found else {
            let is_shallow = git(&["rev-parse", "--is-shallow-repository"])?.is_ok_and(|said| said.trim() == "true");
            return Err(usage(if is_shallow {
                format!(
                    "--against {commit}: this clone is shallow and does not have the commit; fetch it first, as in `git fetch --depth=1 origin {commit}`, or clone with full depth (actions/checkout: fetch-depth: 0)"
                )
            } else {
                format!(
                    "--against {commit}: there is no such commit, branch or tag, and no such folder with a {PROJECT_FILE}"
                )
            }));
        };
        let inside = folder
            .canonicalize()
            .ok()
            .and_then(|folder| Some(folder.strip_prefix(root.canonicalize().ok()?).ok()?.to_owned()));
        let Some(inside) = inside else {
            return Err(usage(format!("--against {commit}: {} is outside of its repository", shown(folder))));
        };
        Ok(Self { root, folder: inside, commit: full.trim_end().to_owned(), shown: commit.to_owned() })
    }

    /// Resolves a path that the project file names.
    fn named(&self, path: &str) -> Result<PathBuf, Error> {
        let mut parts = Vec::new();
        for part in self.folder.join(path).components() {
            match part {
                Component::Normal(part) => parts.push(part.to_owned()),
                Component::ParentDir if parts.pop().is_some() => {}
                Component::CurDir => {}
                _ => return Err(self.failed(format!("{path} leads out of the repository"))),
            }
        }
        Ok(parts.iter().collect())
    }

    /// The text of a file; `None` if the commit does not have it.
    fn text(&self, file: &Path) -> Result<Option<String>, Error> {
        let place = format!("{}:{}", self.commit, shown_in(file));
        Ok(run(&self.root, &["show", "--end-of-options", &place])?.ok())
    }

    fn needed(&self, file: &Path) -> Result<String, Error> {
        self.text(file)?.ok_or_else(|| self.failed(format!("that commit has no {}", shown_in(file))))
    }

    /// The files of a folder, in the order of their names.
    fn files(&self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        self.entries(folder, "blob")
    }

    fn folders(&self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        self.entries(folder, "tree")
    }

    fn entries(&self, folder: &Path, kind: &str) -> Result<Vec<PathBuf>, Error> {
        let place = format!("{}/", shown_in(folder));
        let found = run(&self.root, &["ls-tree", "-z", &self.commit, "--", &place])?;
        let found = found.map_err(|why| self.failed(why))?;
        // The format of an entry: mode, kind, object, a tab, path.
        let entries = found.split('\0').filter_map(|entry| entry.split_once('\t'));
        let mut paths: Vec<_> = entries
            .filter(|(about, _)| about.split(' ').nth(1) == Some(kind))
            .map(|(_, path)| PathBuf::from(path))
            .collect();
        paths.sort();
        Ok(paths)
    }

    fn failed(&self, why: String) -> Error {
        usage(format!("--against {}: {why}", self.shown))
    }
}

/// Runs git. Gives its standard output, or its standard error if it fails.
fn run(folder: &Path, arguments: &[&str]) -> Result<Result<String, String>, Error> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| usage(format!("--against needs git, which could not be started: {error}")))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    match String::from_utf8(output.stdout) {
        Ok(text) => Ok(Ok(text)),
        Err(_) => Err(usage(format!("git {}: the output is not UTF-8 text", arguments.join(" ")))),
    }
}

fn usage(why: String) -> Error {
    Error::Usage(why)
}

/// A path with `/` between its parts.
fn shown_in(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}
