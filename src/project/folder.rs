//! Opens a project folder: reads the texts of all its files. Only this module and `src/cli/` use
//! the file system.
#![expect(clippy::disallowed_methods, reason = "this module reads files")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::error::{Cause, Error};
use crate::project::references::{self, MAX_BYTES};
use crate::source::{Inputs, Spanned, line_of};

/// The name of the project file.
pub const PROJECT_FILE: &str = "rowkeep.yml";

/// A project folder and the texts of its files.
#[derive(Debug)]
#[non_exhaustive]
pub struct Folder {
    /// The texts of all files of the project.
    pub inputs: Inputs,
    /// The path of the folder, with links resolved.
    pub path: PathBuf,
    /// The folder for artifacts. Invariant: it is inside the repository, also after links are
    /// resolved.
    pub out: PathBuf,
    /// The folder of the table specs.
    tables: Option<PathBuf>,
    /// The files that may list periods: the project file, the files of the lists, and the table
    /// specs. By the name that diagnostics print.
    with_periods: BTreeMap<String, PathBuf>,
}

/// Why a project could not be read, or why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The project files have errors. [`Diagnostics::render`] needs the inputs.
    #[error("{0}")]
    Input(Diagnostics, Box<Inputs>),
    /// The environment failed, for example a file could not be read.
    #[error(transparent)]
    World(#[from] Error),
}

/// Finds the project folder: `start`, or the nearest folder above it with a `rowkeep.yml`.
///
/// # Errors
///
/// If neither `start` nor a folder above it has a `rowkeep.yml`, or if `start` does not exist.
pub fn find(start: &Path) -> Result<PathBuf, Error> {
    let absolute = start.canonicalize().map_err(|error| read_error(start, error))?;
    let found = absolute.ancestors().find(|folder| folder.join(PROJECT_FILE).exists());
    found.map(Path::to_owned).ok_or_else(|| Error::NoProject { start: start.to_owned() })
}

/// Opens a project folder and reads all its files. `shown` turns a path into the name that
/// diagnostics print.
///
/// # Errors
///
/// If a file cannot be read, or if a path of the project leads out of the git repository.
///
/// ```no_run
/// use std::path::Path;
///
/// let folder = rowkeep::project::folder::open(Path::new("orders"), &|path| path.display().to_string())?;
/// let compilation = rowkeep::compile(&folder.inputs)?;
/// println!("{} files", compilation.artifacts().files().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(folder: &Path, shown: &dyn Fn(&Path) -> String) -> Result<Folder, Failure> {
    let folder = folder.canonicalize().map_err(|error| read_error(folder, error))?;
    let root = repository(&folder);
    let file = folder.join(PROJECT_FILE);
    let reader = Reader { folder: &folder, root: &root, shown };
    if !file.canonicalize().map_err(|error| read_error(&file, error))?.starts_with(&root) {
        let why = "it is a link that leads out of the repository";
        return Err(Error::Read { path: shown(&file).into(), why: why.into() }.into());
    }
    let mut inputs = Inputs::new(shown(&file), reader.text(&file)?);
    let named = references::references(&inputs);
    let mut with_periods = BTreeMap::from([(shown(&file), file)]);
    for path in &named.periods {
        let file = reader.inside(path, &inputs)?;
        inputs = inputs.with_periods(shown(&file), reader.text(&file)?);
        with_periods.insert(shown(&file), file);
    }
    if let Some(path) = &named.tables {
        for file in reader.tables(path, &inputs)? {
            inputs = inputs.with_table(shown(&file), reader.text(&file)?);
            with_periods.insert(shown(&file), file);
        }
    }
    if let Some(path) = &named.templates {
        for (name, file) in reader.templates(path, &inputs)? {
            inputs = inputs.with_template(name, reader.text(&file)?);
        }
    }
    for path in &named.queries {
        let file = reader.inside(path, &inputs)?;
        inputs = inputs.with_query(path.value.clone(), reader.text(&file)?);
    }
    let stated = named.out.as_ref().map_or(crate::project::OUT, |out| out.value.as_str());
    let out = folder.join(stated);
    if !reader.stays_inside(&out) {
        return Err(match &named.out {
            Some(path) => reader.outside(path, &inputs),
            None => {
                let why = "a link leads out of the repository".into();
                Error::Write { path: shown(&out).into(), why }.into()
            }
        });
    }
    let tables = named.tables.as_ref().map(|tables| folder.join(&tables.value));
    if let Some(path) = &named.out {
        // Rowkeep would read its own artifacts as table specs, or mix them with files of the project.
        if !is_for_artifacts(&out, &folder, tables.as_deref()) {
            let message = format!("{} is not a folder for artifacts alone", quoted(&path.value));
            let help = "name a folder of its own, as in `out: rowkeep`".to_owned();
            return Err(Reader::wrong_folder(path, &inputs, message, help));
        }
    }
    Ok(Folder { inputs, out, tables, with_periods, path: folder })
}

/// Whether artifacts can be in a folder: not in that of the project itself, and not beside or among
/// table specs.
fn is_for_artifacts(out: &Path, project: &Path, tables: Option<&Path>) -> bool {
    let (root, out) = (without_parent_parts(project), without_parent_parts(out));
    let specs = tables.map(without_parent_parts);
    out != root && specs.is_none_or(|specs| !specs.starts_with(&out) && !out.starts_with(&specs))
}

impl Folder {
    /// The path of a file that lists periods, by the name that diagnostics print.
    #[cfg(feature = "cli")]
    pub(crate) fn file_with_periods(&self, name: &str) -> Option<&Path> {
        self.with_periods.get(name).map(PathBuf::as_path)
    }

    /// Whether another folder than that of the project can have the artifacts.
    #[cfg(feature = "cli")]
    pub(crate) fn can_write_to(&self, out: &Path) -> bool {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| absolute(path));
        let tables = self.tables.as_deref().map(real);
        is_for_artifacts(&real(out), &real(&self.path), tables.as_deref())
    }
}

/// The root of the git repository that contains a folder; the folder itself if there is none.
fn repository(folder: &Path) -> PathBuf {
    folder.ancestors().find(|ancestor| ancestor.join(".git").exists()).unwrap_or(folder).to_owned()
}

/// The most folders between the folder of table specs and a spec. A link could make a circle.
const MAX_TABLE_FOLDERS: usize = 8;

/// The most folders of the name of a template.
const MAX_TEMPLATE_FOLDERS: usize = 2;

struct Reader<'a> {
    folder: &'a Path,
    root: &'a Path,
    shown: &'a dyn Fn(&Path) -> String,
}

impl Reader<'_> {
    /// Resolves a path of the project file and its links. Refuses a path that leads out of the
    /// repository.
    fn inside(&self, path: &Spanned<String>, inputs: &Inputs) -> Result<PathBuf, Failure> {
        let joined = self.folder.join(&path.value);
        let resolved = joined.canonicalize().map_err(|error| {
            let named_in = inputs.name(path.span.file);
            let line = line_of(inputs.text(path.span.file), path.span.start);
            Error::Read {
                path: (self.shown)(&without_parent_parts(&joined)).into(),
                why: Cause::Named(error, format!("line {line} of {named_in} names it")),
            }
        })?;
        if resolved.starts_with(self.root) { Ok(resolved) } else { Err(self.outside(path, inputs)) }
    }

    /// Whether a path is inside the repository. The path may not exist yet: then its nearest
    /// existing folder decides.
    fn stays_inside(&self, path: &Path) -> bool {
        let existing = path.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
        existing.is_some_and(|(ancestor, real)| {
            let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
            let climbs = rest.components().any(|part| matches!(part, std::path::Component::ParentDir));
            // A link without a target is refused: its target may be created later, outside of the
            // repository.
            let dangles = rest.components().next().is_some_and(|part| ancestor.join(part).is_symlink());
            real.starts_with(self.root) && !climbs && !dangles
        })
    }

    fn outside(&self, path: &Spanned<String>, inputs: &Inputs) -> Failure {
        let has_repository = self.root.join(".git").exists();
        let what = if has_repository { "the repository" } else { "the folder of the project" };
        let message = format!("{} leads out of {what}; a build must not depend on files there", quoted(&path.value));
        let help = if has_repository {
            "name a path inside of the repository"
        } else {
            "the project is in no git repository, so its files must be in its folder: move them, or run `git init` above"
        };
        let diagnostic =
            Diagnostic::new(Code::Path, message, path.span, format!("outside of {}", (self.shown)(self.root)))
                .help(help);
        Failure::Input(diagnostic.into(), Box::new(inputs.clone()))
    }

    fn wrong_folder(path: &Spanned<String>, inputs: &Inputs, message: String, help: String) -> Failure {
        let diagnostic = Diagnostic::new(Code::Path, message, path.span, "in this folder").help(help);
        Failure::Input(diagnostic.into(), Box::new(inputs.clone()))
    }

    /// The table specs of a folder and of the folders in it, in the order of their names.
    fn tables(&self, path: &Spanned<String>, inputs: &Inputs) -> Result<Vec<PathBuf>, Failure> {
        let folder = self.inside(path, inputs)?;
        self.tables_in(&folder, 0, path, inputs)
    }

    fn tables_in(
        &self,
        folder: &Path,
        depth: usize,
        path: &Spanned<String>,
        inputs: &Inputs,
    ) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        for entry in self.entries(folder)? {
            let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') {
                continue;
            }
            if entry.is_dir() {
                if depth == MAX_TABLE_FOLDERS {
                    let message =
                        format!("{} is not read: it is more than {MAX_TABLE_FOLDERS} folders deep", quoted(&name));
                    let help = "move the table specs into a folder above".to_owned();
                    return Err(Self::wrong_folder(path, inputs, message, help));
                }
                let inner = self.linked(&entry, path, inputs)?;
                files.extend(self.tables_in(&inner, depth + 1, path, inputs)?);
                continue;
            }
            let ending = name.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_ascii_lowercase());
            if name.ends_with(".yml") {
                files.push(self.linked(&entry, path, inputs)?);
            } else if ending == "yaml" || ending == "yml" {
                let message = format!("{} is not read: the name of a table spec must end in .yml", quoted(&name));
                return Err(Self::wrong_folder(
                    path,
                    inputs,
                    message,
                    format!("rename it to {}.yml", &name[..name.len() - ending.len() - 1]),
                ));
            }
        }
        Ok(files)
    }

    /// The templates of a folder, each with its name: `cycle/archive.sql.j2`, or
    /// `cycle/redshift/time.sql.j2` for one engine. So templates are at most two folders deep.
    fn templates(&self, path: &Spanned<String>, inputs: &Inputs) -> Result<Vec<(String, PathBuf)>, Failure> {
        let mut files = Vec::new();
        let mut folders = vec![(String::new(), self.inside(path, inputs)?)];
        while let Some((prefix, folder)) = folders.pop() {
            for entry in self.entries(&folder)? {
                let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let linked = self.linked(&entry, path, inputs)?;
                if entry.is_dir() && prefix.matches('/').count() < MAX_TEMPLATE_FOLDERS {
                    folders.push((format!("{prefix}{name}/"), linked));
                } else if !name.starts_with('.') {
                    files.push((format!("{prefix}{name}"), linked));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    fn entries(&self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        let failed = |error: std::io::Error| read_error(Path::new(&(self.shown)(folder)), error);
        if folder.is_file() {
            return Err(Error::Read { path: (self.shown)(folder).into(), why: "it is a file, not a folder".into() });
        }
        let entries = fs::read_dir(folder).map_err(failed)?;
        let mut paths: Vec<_> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed)?;
        paths.sort();
        Ok(paths)
    }

    /// An entry of a folder. Refuses a link that leads out of the repository.
    fn linked(&self, file: &Path, path: &Spanned<String>, inputs: &Inputs) -> Result<PathBuf, Failure> {
        let resolved = file.canonicalize().map_err(|error| read_error(Path::new(&(self.shown)(file)), error))?;
        if resolved.starts_with(self.root) {
            return Ok(file.to_owned());
        }
        Err(self.outside(&Spanned { value: (self.shown)(file), span: path.span }, inputs))
    }

    /// The text of a file. Reads at most one byte more than [`MAX_BYTES`], because the YAML parser
    /// refuses larger texts.
    fn text(&self, path: &Path) -> Result<String, Error> {
        let shown = PathBuf::from((self.shown)(path));
        let failed = |error: std::io::Error| read_error(&shown, error);
        // Reading a pipe or a device might never end.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(Error::Read { path: shown, why: "it is not a file".into() });
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(failed)?;
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        let cut = bytes.len() > MAX_BYTES;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text),
            // The cut may have split a character.
            Err(error) if cut => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            Err(error) => {
                let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
                Err(Error::Read { path: shown, why: format!("line {line} is not UTF-8 text").into() })
            }
        }
    }
}

/// The path without `..`, for messages only: with links, it may be another place.
fn without_parent_parts(path: &Path) -> PathBuf {
    let mut shown = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            shown.pop();
        } else {
            shown.push(part);
        }
    }
    shown
}

fn read_error(path: &Path, error: std::io::Error) -> Error {
    Error::Read { path: path.to_owned(), why: error.into() }
}
