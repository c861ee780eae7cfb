//! `rowkeep init`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::check::Day;
use crate::cli::{print, today};
use crate::error::Error;
use crate::project::folder::{PROJECT_FILE, why};
use crate::project::period::half_years;

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

/// The retention of the new project.
const RETENTION_SECONDS: i64 = 180 * 86_400;

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let folder = &arguments.folder;
    let files = files(&name_of(folder), arguments.shape, arguments.today);
    // All paths are checked before the first file is written.
    if let Some((taken, _)) = files.iter().find(|(path, _)| fs::symlink_metadata(folder.join(path)).is_ok()) {
        let path = folder.join(taken);
        let why = "it already exists, and init overwrites nothing".to_owned();
        return Err(Error::Write { path: clean(&path), why });
    }
    let mut written = Vec::new();
    for (path, text) in &files {
        let path = folder.join(path);
        if let Err(error) = write(&path, text) {
            // Best effort: the caller reports the first error.
            written.iter().chain([&path]).for_each(|path| drop(fs::remove_file(path)));
            return Err(Error::Write { path: clean(&path), why: why(&error) });
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
    let periods: String =
        half_years(cutoff.date(), today.date()).iter().map(|period| format!("  - {period}\n")).collect();
    let schema = |name: &str| {
        let schema = crate::project::json_schema(name).unwrap_or_default();
        (format!(".rowkeep/{name}.schema.json"), format!("{schema:#}\n"))
    };
    let (listed, archive) = match shape {
        Shape::Periods => {
            (PERIODS_OF_PROJECT, "history: hist_orders         # history tables are called hist_orders_<period>\n")
        }
        Shape::OneTable => ("", "history: { table: orders_archive }   # one history table for the rows of all times\n"),
        Shape::Purge => (
            "",
            "archive: none                # due rows are deleted for good, and no copy is kept\n\
             tripwire: 20%                # a cycle that would delete a larger share of the mart stops before it deletes a row\n",
        ),
    };
    let project = PROJECT.replace("{name}", name).replace("{periods}", listed);
    let mut files = vec![(PROJECT_FILE.to_owned(), project)];
    files.extend((shape == Shape::Periods).then(|| ("periods.yml".to_owned(), PERIODS.replace("{periods}", &periods))));
    files.push(("tables/mart_orders.yml".to_owned(), TABLE.replace("{archive}", archive)));
    files.push(schema("project"));
    files.extend((shape == Shape::Periods).then(|| schema("periods")));
    files.push(schema("table"));
    files
}

const PROJECT: &str = "\
# yaml-language-server: $schema=.rowkeep/project.schema.json
name: {name}
dialect: postgres            # redshift | postgres | duckdb | bigquery
schema: analytics            # schema, or database.schema: history, work and exceptions tables are created here
{periods}exceptions: { table: retention_exceptions, key: order_id }
tables: tables/              # one spec per rolling table
out: rowkeep/                # commit it: `rowkeep check` then reports files that were changed by hand
defaults:
  retention: { for: 180 days }   # also weeks, hours, minutes, months and years
raw:                         # raw tables: a row is deleted `keep` after completed cycles have read it
  - { table: landing.orders_raw, time: { column: loaded_at }, keep: 2 days }
";

const PERIODS_OF_PROJECT: &str = "\
periods: periods.yml
# sealed_before: 2024-01-01  # cycles skip older periods, the nightly sweep reads them: `check --today now` proposes a date
";

const PERIODS: &str = "\
# yaml-language-server: $schema=.rowkeep/periods.schema.json
# One line per period, oldest first, without a gap. A rotation adds one line, well before the horizon that
# `rowkeep check --today now` prints. Rows older than the first period cannot be archived. If your mart has such rows,
# begin the list with `- { name: legacy, start: 2019-01-01, end: ... }`, whose end is the start of the next period.
hist_periods:
{periods}";

const TABLE: &str = "\
# yaml-language-server: $schema=../.rowkeep/table.schema.json
model: mart_orders           # the dbt model that builds the rolling table
{archive}unique_key: order_id         # all columns that identify a row: if one is missing, different rows count as one
time: { column: updated_at, unit: epoch_seconds }   # or epoch_millis; for a timestamp or date column, leave the unit out
rows: latest                 # latest: the newest version of a key wins | events: rows do not change
exception: ORDERS_RETENTION_GAP
columns:                     # all columns of the mart: a column that is missing here is missing in history
  order_id: bigint not null
  state: integer
  updated_at: bigint
source: landing.orders_raw   # the raw table of the mart; without it, each cycle processes every key
source_columns: { loaded_at: timestamp }   # columns that only the raw table has; here, the time of arrival, UTC
";
