//! The input texts, and places in them. A diagnostic points at a [`Span`] of one of the [`Inputs`].

use std::ops::Range;

use crate::dialect::Dialect;

/// A place in one of the [`Inputs`]: a file and a half-open range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last byte.
    pub end: usize,
}

/// The index of a file in its [`Inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(usize);

impl FileId {
    /// An id that sorts after every file.
    pub(crate) const LAST: FileId = FileId(usize::MAX);
}

/// A value and the place where the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The place of the value.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Changes the value and keeps the place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// The role of a file in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Project,
    Periods,
    Table,
    Template,
    Query,
    #[cfg(feature = "lint")]
    Linted,
}

#[derive(Clone, Debug)]
struct File {
    role: Role,
    name: String,
    text: String,
}

/// The texts of one project, in memory: `rowkeep.yml` and the other files that it names.
///
/// ```
/// use rowkeep::Inputs;
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\n...")
///     .with_periods("periods.yml", "hist_periods: [2025_h2]")
///     .with_table("tables/orders.yml", "model: mart_orders\n...");
/// # let _ = inputs;
/// ```
#[derive(Clone, Debug)]
pub struct Inputs {
    // Invariant: the first file of a project, and no other, is the project file.
    files: Vec<File>,
    dialect: Option<Dialect>,
}

impl Inputs {
    /// Starts with the text of `rowkeep.yml`. Diagnostics print `name` as the name of the file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { files: Vec::new(), dialect: None }.with(Role::Project, name, text)
    }

    /// No texts yet: for files that are no project.
    #[cfg(feature = "lint")]
    pub(crate) fn none() -> Self {
        Self { files: Vec::new(), dialect: None }
    }

    /// Adds a file to lint.
    #[cfg(feature = "lint")]
    pub(crate) fn with_linted(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Linted, name, text)
    }

    /// Adds the text of the file that `periods:` names.
    #[must_use]
    pub fn with_periods(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Periods, name, text)
    }

    /// Adds one table spec of the folder that `tables:` names.
    #[must_use]
    pub fn with_table(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Table, name, text)
    }

    /// Adds a template that replaces the built-in template of the same name, such as
    /// `cycle/archive.sql.j2` or `cycle/postgres/time.sql.j2`.
    #[must_use]
    pub fn with_template(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Template, name, text)
    }

    /// Adds the query that `model:` of a windowed load names. `name` must be the same as there.
    #[must_use]
    pub fn with_query(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Query, name, text)
    }

    /// Compiles for this engine. It replaces the engine that the project states.
    #[must_use]
    pub fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    pub(crate) fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    fn with(mut self, role: Role, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push(File { role, name: name.into(), text: text.into() });
        self
    }

    /// A copy of the inputs with a new text for one file. The file may be here more than once: two
    /// lists of periods can be in one file.
    pub(crate) fn with_edited(&self, file: FileId, text: &str) -> Self {
        let mut edited = self.clone();
        let (name, old) = (self.name(file), self.text(file));
        for same in edited.files.iter_mut().filter(|other| other.name == name && other.text == old) {
            text.clone_into(&mut same.text);
        }
        edited
    }

    /// The name of the file in diagnostics. It is empty if these inputs do not have the file.
    pub(crate) fn name(&self, file: FileId) -> &str {
        self.files.get(file.0).map_or("", |file| &file.name)
    }

    /// The text of the file. It is empty if these inputs do not have the file.
    pub(crate) fn text(&self, file: FileId) -> &str {
        self.files.get(file.0).map_or("", |file| &file.text)
    }

    pub(crate) fn project(&self) -> FileId {
        FileId(0)
    }

    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = FileId> {
        (0..self.files.len()).filter(move |&i| self.files[i].role == role).map(FileId)
    }

    /// Every text in order, for the checksum of the inputs. The checksum does not include names,
    /// because they differ between machines.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.text.as_str())
    }
}

/// The line of a byte offset. Lines are counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// The bytes of a line, without its indentation and its line end. Lines are counted from 1.
pub(crate) fn line_range(text: &str, line: usize) -> Range<usize> {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let line = text[start..].lines().next().unwrap_or_default();
    // The range starts after the indentation, so that the caret points at a character.
    start + line.len() - line.trim_start().len()
        ..start + line.trim_end().len().max(line.len() - line.trim_start().len())
}
