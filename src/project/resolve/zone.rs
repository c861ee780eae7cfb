//! Resolves `time_zone:`, and checks that times can be compared.

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::features::raw_trims::RawTable;
use crate::project::{Spec, Table, Zone};
use crate::source::{Span, Spanned};
use crate::sql::TimeUnit;

const HOUR: u64 = 3_600;

/// Reads the name of a zone.
pub(crate) fn resolve(stated: &Spanned<String>, sink: &mut Sink) -> Option<Zone> {
    let text = stated.value.trim();
    let names = match Zone::named(text) {
        Ok(zone) => return Some(zone),
        Err(names) => names,
    };
    let message = format!("{} is no time zone: the bounds of periods are unknown", quoted(text));
    let mut diagnostic = Diagnostic::new(Code::PeriodZone, message, stated.span, "not in the database of IANA");
    // An abbreviation is near to that of another zone, which is not meant.
    let places = names.iter().map(String::as_str).filter(|name| name.contains('/'));
    if let Some(near) = did_you_mean(text, places) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    sink.push(diagnostic.help("write the name of a place, as in `time_zone: Europe/Berlin`"));
    None
}

/// Reports a zone in which no period begins and no time is.
pub(crate) fn has_effect(zone: &Zone, place: Span, tables: &[Table], sink: &mut Sink) {
    if tables.iter().any(|table| zone.is_local(table.time.unit)) {
        return;
    }
    let message = "`time_zone` is stated, but no table has a history table per period, or a time without a zone";
    sink.push(Diagnostic::new(Code::NoPeriods, message, place, "would have no effect").help("remove it"));
}

/// Reports times that statements compare, of which one is local and the other is an instant. A local
/// time of the hour that clocks repeat is two instants, so no statement could convert it.
pub(crate) fn agree(spec: &Spec, sink: &mut Sink) {
    let Some(zone) = spec.zone.name() else { return };
    let is_local = |unit: TimeUnit| spec.zone.is_local(unit);
    let in_words = |unit: TimeUnit| if is_local(unit) { format!("in {zone}") } else { "an instant".to_owned() };
    for (id, table) in spec.tables() {
        let root = spec.table(spec.root(id));
        if is_local(table.time.unit) == is_local(root.time.unit) {
            continue;
        }
        let (model, parent) = (table.model.value.as_str(), root.model.value.as_str());
        let message = format!(
            "the time of {model} is {}, and the time of {parent}, which decides when its rows leave, is {}",
            in_words(table.time.unit),
            in_words(root.time.unit)
        );
        sink.push(
            Diagnostic::new(Code::PeriodZone, message, table.places.time, "cannot be compared")
                .help("use instants in both tables: timestamptz, or seconds since 1970")
                .help(format!("or use local times in both: with `time_zone`, a timestamp or a date is in {zone}")),
        );
    }
}

/// Reports a lookback over times without a zone that is not longer than the hour that clocks
/// repeat: a row that arrives in the second hour would be older than the lookback.
pub(crate) fn lookback_is_long(spec: &Spec, sink: &mut Sink) {
    for table in &spec.tables {
        let Some(lookback) = table.load.as_ref().and_then(|load| load.lookback.as_ref()) else { continue };
        if !spec.zone.is_local(lookback.unit) || lookback.seconds >= 2 * HOUR {
            continue;
        }
        let model = table.model.value.as_str();
        let message = format!(
            "the lookback of {model} is shorter than 2 hours, and its column has no zone: rows that arrive in the hour that clocks repeat would never be loaded"
        );
        sink.push(
            Diagnostic::new(Code::PeriodZone, message, table.places.load, "its rows are looked up by local times")
                .help("write `within: 2 hours` or more, or use a column of type timestamptz"),
        );
    }
}

/// Reports an arrival without a zone, if times of marts without a zone are local: nothing says
/// whether the arrival is local too. A wrong answer would trim rows before a cycle reads them.
pub(crate) fn arrival_is_instant(raw_table: &RawTable, place: Span, spec: &Spec, sink: &mut Sink) -> Option<()> {
    let is_local = |unit: TimeUnit| spec.zone.is_local(unit);
    if !is_local(raw_table.unit) || !spec.tables.iter().any(|table| is_local(table.time.unit)) {
        return Some(());
    }
    let message = format!(
        "time of {} has no zone: if it is not in UTC, rows would be trimmed before a cycle reads them",
        quoted(raw_table.relation.name().as_str())
    );
    sink.push(
        Diagnostic::new(Code::PeriodZone, message, place, "local, or in UTC?")
            .help("use a column of type timestamptz, or seconds since 1970"),
    );
    None
}
