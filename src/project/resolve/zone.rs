//! Resolves `time_zone:`, and checks that times are instants.

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::project::{Table, Zone};
use crate::source::Spanned;
use crate::sql::TimeUnit;

/// Reads the name of a zone.
pub(crate) fn resolve(stated: &Spanned<String>, sink: &mut Sink) -> Option<Zone> {
    let text = stated.value.trim();
    let names = match Zone::named(text) {
        Ok(zone) => return Some(zone),
        Err(names) => names,
    };
    let message = format!("{} is no time zone: the bounds of periods are unknown", quoted(text));
    let mut diagnostic = Diagnostic::new(Code::PeriodZone, message, stated.span, "not in the database of IANA");
    if let Some(near) = did_you_mean(text, names.iter().map(String::as_str)) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    sink.push(diagnostic.help("write the name of a place, as in `time_zone: Europe/Berlin`"));
    None
}

/// Reports a time without a zone: nothing says whether it is local or in UTC.
pub(crate) fn needs_instants(zone: &Zone, table: &Table, sink: &mut Sink) {
    let Some(name) = zone.name() else { return };
    let ty = match table.time.unit {
        TimeUnit::EpochSeconds | TimeUnit::EpochMillis | TimeUnit::Timestamptz => return,
        TimeUnit::Timestamp => "timestamp",
        TimeUnit::Date => "date",
    };
    let model = table.model.value.as_str();
    let message = format!(
        "periods begin at midnight in {name}, but the time of {model} is a {ty}, which says nothing about its zone"
    );
    sink.push(
        Diagnostic::new(Code::PeriodZone, message, table.places.time, "a time without a zone")
            .help("use a column of type timestamptz, or seconds since 1970")
            .help("or remove `time_zone`: the bounds are then midnight in the zone of the column"),
    );
}
