//! Checks the windows of windowed loads: old rows that arrive late must not flood a load, nor be
//! missed.

use crate::diagnostic::{Code, Diagnostic, Level, Sink};
use crate::project::{Spec, length};

pub(crate) fn report(spec: &Spec, sink: &mut Sink) {
    for load in &spec.loads {
        let name = load.name.value.as_str();
        let mut warn = |code: Code, message: String, at, here: &str, help: String| {
            sink.push(Diagnostic::new(code, message, at, here).at_level(Level::Warning).help(help));
        };
        let within = load.event.as_ref().and_then(|event| event.within);
        let ingested = length(load.ingested_within);
        match within {
            None => warn(
                Code::LoadUnbounded,
                format!(
                    "load {name} limits only the ingestion time: if the source is backfilled, the load reads all old rows"
                ),
                load.places.event.unwrap_or(load.places.ingestion),
                "no limit on the event date",
                "limit the event date, as in `event: { column: order_date, within: 7 days, until: run_date }`"
                    .to_owned(),
            ),
            Some(within) if within < load.ingested_within => warn(
                Code::LoadLosesLate,
                format!(
                    "load {name} reads rows ingested within {ingested}, but only event dates within {}: no run takes later rows",
                    length(within)
                ),
                load.places.event.unwrap_or(load.places.entry),
                "narrower than the ingestion window",
                format!("write at least `within: {ingested}`, unless late rows may be dropped"),
            ),
            Some(_) => {}
        }
        if load.event.is_none() {
            warn(
                Code::LoadUnpartitioned,
                format!(
                    "load {name} has no event column, so its temp table has no partitions: a query for one day reads the whole table"
                ),
                load.places.entry,
                "not partitioned",
                "name the column in `event:`".to_owned(),
            );
        }
    }
}
