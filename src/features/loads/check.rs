//! Loads that late data could flood, or that leave some of it out.

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
                    "load {name} is bounded by ingestion time alone: when a source is filled again with old rows, it takes all of them"
                ),
                load.places.event.unwrap_or(load.places.ingestion),
                "of any day",
                "state how far back its days reach, as in `event: { column: order_date, within: 7 days, until: run_date }`"
                    .to_owned(),
            ),
            Some(within) if within < load.ingested_within => warn(
                Code::LoadLosesLate,
                format!(
                    "load {name} reads what was ingested within {ingested}, and of that only what is of the last {}: rows that come later are lost on purpose",
                    length(within)
                ),
                load.places.event.unwrap_or(load.places.entry),
                "narrower than the ingestion window",
                format!("state at least `within: {ingested}`, unless late rows are not to count"),
            ),
            Some(_) => {}
        }
        if load.event.is_none() {
            warn(
                Code::LoadUnpartitioned,
                format!(
                    "load {name} has no event column, so its temp table has no partitions: whoever reads a day of it pays for all"
                ),
                load.places.entry,
                "not partitioned",
                "name the column in `event:`".to_owned(),
            );
        }
    }
}
