//! `rowkeep rehearse`

#[cfg(not(feature = "rehearse"))]
#[path = "absent.rs"]
mod engines;
#[cfg(feature = "rehearse")]
mod engines;
#[cfg(feature = "rehearse")]
mod hooks;
#[cfg(feature = "rehearse")]
mod words;

use std::path::PathBuf;

pub(super) use engines::run;

/// Arguments of `rowkeep rehearse`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of rowkeep.yml [default: here, or the nearest folder above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The number of stories (random histories) to run, from seed 0 on
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Run only the story of this seed
    #[arg(long, value_name = "N", conflicts_with = "seeds", value_parser = clap::value_parser!(u64).range(..u64::MAX))]
    seed: Option<u64>,
    /// The number of cycles in a story; about one in eight is left out
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    cycles: u16,
    /// The engine: duckdb, in this process, or postgres, with --url [default: postgres if there is
    /// a URL, else duckdb]
    #[arg(long, value_enum, value_name = "ENGINE")]
    engine: Option<Engine>,
    /// A PostgreSQL database, as postgres://user@host/database; the rehearsal creates and drops
    /// scratch schemas there, and changes nothing else
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Rehearse your own statements: one per file, in name order, in DIR/MODEL/; files that begin
    /// with 00_ load the mart, and DIR/sweep/MODEL/ has the statements of the sweep. A model
    /// without a folder runs Rowkeep's statements, and a model without 00_ files runs Rowkeep's
    /// load
    #[arg(long, value_name = "DIR")]
    hooks: Option<PathBuf>,
    /// The output format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    Duckdb,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}
