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
    /// How many stories are told, from seed 0 on
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Tell the story of one seed again
    #[arg(long, value_name = "N", conflicts_with = "seeds", value_parser = clap::value_parser!(u64).range(..u64::MAX))]
    seed: Option<u64>,
    /// How long a story is: so many cycles, of which about one in eight is left out
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    cycles: u16,
    /// Where statements run: duckdb, in this process, or postgres, with --url [default: postgres if there is a URL, else duckdb]
    #[arg(long, value_enum, value_name = "ENGINE")]
    engine: Option<Engine>,
    /// A PostgreSQL database, as postgres://user@host/database; scratch schemas are created there and dropped again, and nothing
    /// else is touched
    #[arg(long, value_name = "URL", env = "ROWKEEP_URL", hide_env_values = true)]
    url: Option<String>,
    /// Rehearse your own statements: one per file, in name order, below DIR/MODEL/; those that begin with 00_ are the mart's
    /// load, and DIR/sweep/MODEL/ holds the nightly form. A model without a folder keeps Rowkeep's statements, and one without 00_
    /// its load
    #[arg(long, value_name = "DIR")]
    hooks: Option<PathBuf>,
    /// How the outcome is printed
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
