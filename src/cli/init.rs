//! `rowkeep init`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use minijinja::context;

use crate::check::Day;
use crate::cli::{dialects, print, today};
use crate::error::Error;
use crate::features::text::{Tags, text};
use crate::project::folder::PROJECT_FILE;
use crate::project::period_name::half_years;

/// Arguments of `rowkeep init`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to write into; it is created if it does not exist
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Where due rows go: to one history table per period, to one history table, or nowhere
    #[arg(long, value_enum, default_value = "periods")]
    shape: Shape,
    /// Declare the periods that are needed on this day, or `now`
    #[arg(long, value_name = "DATE", value_parser = today, default_value = "now")]
    today: Day,
}

/// Where the due rows of the new project go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    Periods,
    OneTable,
    Purge,
}

impl Shape {
    /// The word of the command line.
    fn as_str(self) -> &'static str {
        match self {
            Shape::Periods => "periods",
            Shape::OneTable => "one-table",
            Shape::Purge => "purge",
        }
    }
}

/// The retention of the new project.
const RETENTION_SECONDS: i64 = 180 * 86_400;

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let folder = &arguments.folder;
    let files = files(&name_of(folder), arguments.shape, arguments.today);
    // All paths are checked before the first file is written.
    if let Some((taken, _)) = files.iter().find(|(path, _)| fs::symlink_metadata(folder.join(path)).is_ok()) {
        let path = folder.join(taken);
        let why = "it already exists, and init overwrites nothing".into();
        return Err(Error::Write { path: clean(&path), why });
    }
    let mut written = Vec::new();
    for (path, text) in &files {
        let path = folder.join(path);
        if let Err(error) = write(&path, text) {
            // Best effort: the caller reports the first error.
            written.iter().chain([&path]).for_each(|path| drop(fs::remove_file(path)));
            return Err(Error::Write { path: clean(&path), why: error.into() });
        }
        written.push(path);
    }
    let mut text = String::from("wrote a project of one table:\n");
    for (path, _) in files.iter().filter(|(path, _)| !path.starts_with('.')) {
        text.push_str(&format!("  {}\n", clean(&folder.join(path)).display()));
    }
    text.push_str(
        "next: edit the files, run `rowkeep compile`, commit rowkeep/, and let CI run `rowkeep check --today now`\n",
    );
    print(&text)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

/// A path without a leading `./`.
fn clean(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// A plain name, made from the name of the folder.
fn name_of(folder: &Path) -> String {
    let called = folder.canonicalize().map_or_else(|_| folder.display().to_string(), |path| path.display().to_string());
    let last = called.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = last.chars().map(plain).collect();
    let name = name.trim_matches('_');
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins_well { name.to_owned() } else { format!("project_{name}").trim_end_matches('_').to_owned() }
}

/// The path and the text of each file.
fn files(name: &str, shape: Shape, today: Day) -> Vec<(String, String)> {
    let cutoff = Day::of_epoch(today.epoch() - RETENTION_SECONDS).unwrap_or(today);
    let periods = half_years(cutoff.date(), today.date());
    let schema = |name: &str| {
        let schema = crate::project::json_schema(name).unwrap_or_default();
        (format!(".rowkeep/{name}.schema.json"), format!("{schema:#}\n"))
    };
    let text = |template: &str| {
        let context =
            context! { name, shape => shape.as_str(), dialects => dialects(" | "), periods => periods.clone() };
        text(Tags::Jinja, template, context)
    };
    let mut files = vec![(PROJECT_FILE.to_owned(), text("init/rowkeep.yml.j2"))];
    if shape == Shape::Periods {
        files.push(("periods.yml".to_owned(), text("init/periods.yml.j2")));
    }
    files.push(("tables/mart_orders.yml".to_owned(), text("init/mart_orders.yml.j2")));
    files.push(schema("project"));
    files.extend((shape == Shape::Periods).then(|| schema("periods")));
    files.push(schema("table"));
    files
}
