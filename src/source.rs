//! Texts and places in them. Everything a diagnostic points at is a [`Span`] into one of the [`Inputs`].

use std::ops::Range;

use crate::dialect::Dialect;

/// A place in one of the [`Inputs`]: a file and a half-open range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which of the [`Inputs`].
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The number of a text in its [`Inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(usize);

impl FileId {
    /// Sorts after every input.
    pub(crate) const LAST: FileId = FileId(usize::MAX);
}

/// A value and the place where the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// The same place, another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// What a text is to the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Project,
    Periods,
    Table,
    Template,
    Query,
}

#[derive(Clone, Debug)]
struct File {
    role: Role,
    name: String,
    text: String,
}

/// The texts of one project, in memory: `rowkeep.yml`, and whatever it keeps in files of their own.
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
    // Invariant: the first file, and no other, is the project file.
    files: Vec<File>,
    dialect: Option<Dialect>,
}

impl Inputs {
    /// Starts with the text of `rowkeep.yml`; `name` is how diagnostics call it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { files: Vec::new(), dialect: None }.with(Role::Project, name, text)
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

    /// Adds a template that takes the place of the built-in one of the same name, such as `archive.sql.j2` or
    /// `postgres/time.sql.j2`.
    #[must_use]
    pub fn with_template(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Template, name, text)
    }

    /// Adds the query that a load's `model:` names, under the name that it has there.
    #[must_use]
    pub fn with_query(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Role::Query, name, text)
    }

    /// Compiles for another engine than the one that the project states.
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

    /// The same with another text of a file.
    pub(crate) fn with_edited(&self, file: FileId, text: String) -> Self {
        let mut edited = self.clone();
        if let Some(file) = edited.files.get_mut(file.0) {
            file.text = text;
        }
        edited
    }

    /// How diagnostics call the file; empty for one that these inputs do not have.
    pub(crate) fn name(&self, file: FileId) -> &str {
        self.files.get(file.0).map_or("", |file| &file.name)
    }

    /// The text of the file; empty for one that these inputs do not have.
    pub(crate) fn text(&self, file: FileId) -> &str {
        self.files.get(file.0).map_or("", |file| &file.text)
    }

    pub(crate) fn project(&self) -> FileId {
        FileId(0)
    }

    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = FileId> {
        (0..self.files.len()).filter(move |&i| self.files[i].role == role).map(FileId)
    }

    /// Every text in order, for the checksum of the inputs. Names are left out: they differ between machines.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.text.as_str())
    }
}

/// The 1-based line of a byte.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// The bytes of a 1-based line, without its end.
pub(crate) fn line_range(text: &str, line: usize) -> Range<usize> {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let line = text[start..].lines().next().unwrap_or_default();
    // A caret below the indentation would point at nothing.
    start + line.len() - line.trim_start().len()
        ..start + line.trim_end().len().max(line.len() - line.trim_start().len())
}
