//! `rowkeep init`

mod shape;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use minijinja::context;

use crate::check::Day;
use crate::cli::init::shape::Shape;
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
    /// The shape of the retention. Commas separate several
    #[arg(long, value_enum, value_delimiter = ',', default_value = "periods")]
    shape: Vec<Shape>,
    /// Declare the periods that are needed on this day, or `now`
    #[arg(long, value_name = "DATE", value_parser = today, default_value = "now")]
    today: Day,
}

/// The retention of the new project.
const RETENTION_SECONDS: i64 = 180 * 86_400;

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let folder = &arguments.folder;
    let files = files(&name_of(folder), &shapes(&arguments.shape)?, arguments.today);
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
    let tables = if arguments.shape.contains(&Shape::WhileIn) { "two tables" } else { "one table" };
    let mut text = format!("wrote a project of {tables}:\n");
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

/// The shapes of a project, each once. Without a place for due rows, they go to periods.
fn shapes(asked: &[Shape]) -> Result<BTreeSet<Shape>, Error> {
    let mut shapes: BTreeSet<Shape> = asked.iter().copied().collect();
    for shape in &shapes {
        let later = shapes.iter().filter(|other| *other > shape);
        if let Some((other, why)) = later.filter_map(|other| Some((other, shape.clash(*other)?))).next() {
            let (shape, other) = (shape.word(), other.word());
            return Err(Error::Usage(format!("--shape cannot have both {shape} and {other}: {why}")));
        }
    }
    if !shapes.contains(&Shape::OneTable) && !shapes.contains(&Shape::Purge) {
        shapes.insert(Shape::Periods);
    }
    Ok(shapes)
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
fn files(name: &str, shapes: &BTreeSet<Shape>, today: Day) -> Vec<(String, String)> {
    let later = |seconds: i64| Day::of_epoch(today.epoch() + seconds).unwrap_or(today).date();
    // With `until`, a row is due as soon as the time in its column has passed. So the next period is
    // needed earlier than with a length.
    let at_once = shapes.contains(&Shape::Until) || shapes.contains(&Shape::SoftDelete);
    let periods = half_years(later(-RETENTION_SECONDS), later(if at_once { RETENTION_SECONDS } else { 0 }));
    let words: Vec<String> = shapes.iter().map(|shape| shape.word()).collect();
    let schema = |name: &str| {
        let schema = crate::project::json_schema(name).unwrap_or_default();
        (format!(".rowkeep/{name}.schema.json"), format!("{schema:#}\n"))
    };
    let file = |path: &str, template: &str| {
        let context =
            context! { name, shapes => words.clone(), dialects => dialects(" | "), periods => periods.clone() };
        (path.to_owned(), text(Tags::Jinja, template, context))
    };
    let mut files = vec![file(PROJECT_FILE, "init/rowkeep.yml.j2")];
    if shapes.contains(&Shape::Periods) {
        files.push(file("periods.yml", "init/periods.yml.j2"));
    }
    files.push(file("tables/mart_orders.yml", "init/mart_orders.yml.j2"));
    if shapes.contains(&Shape::WhileIn) {
        files.push(file("tables/mart_order_lines.yml", "init/mart_order_lines.yml.j2"));
    }
    files.push(schema("project"));
    files.extend(shapes.contains(&Shape::Periods).then(|| schema("periods")));
    files.push(schema("table"));
    files
}
