//! Resolves `schedule:`.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::schedule::{AtEntry, ScheduleEntry};
use crate::features::schedule::{Schedule, TimeOfDay};
use crate::project::Spec;
use crate::project::resolve::duration;
use crate::project::resolve::list::list;
use crate::project::shape::Field;
use crate::source::Spanned;

const MINUTE: u64 = 60;

pub(crate) fn resolve(stated: &Spanned<ScheduleEntry>, spec: &Spec, sink: &mut Sink) -> Option<Schedule> {
    let raw = &stated.value;
    let maintenance = time(&raw.maintenance, "maintenance", sink);
    let (sweep, monitoring) = (time(&raw.sweep, "the sweep", sink), time(&raw.monitoring, "monitoring", sink));
    if !spec.maintenance.is_empty() && matches!(raw.maintenance, Field::Missing) {
        let message =
            "the schedule has no time for maintenance: the maintenance of the project would never run".to_owned();
        sink.push(
            Diagnostic::new(Code::Schedule, message, stated.span, "in this schedule")
                .help("add `maintenance: { at: 02:00 }`"),
        );
    }
    let night = [
        ("maintenance", &raw.maintenance, maintenance.flatten()),
        ("the sweep", &raw.sweep, sweep.flatten()),
        ("monitoring", &raw.monitoring, monitoring.flatten()),
    ];
    in_order(night, sink);
    let cycle = &raw.cycle.get()?.value;
    let every = cycle.every.get().and_then(|text| duration::resolve(text, "the cadence of cycles", sink));
    let extract = match cycle.extract.get() {
        None => Some(None),
        Some(text) => function(text, sink).map(Some),
    };
    let seconds = |field: &Field<String>, what: &str, otherwise: u64, sink: &mut Sink| match field.get() {
        None => Some(otherwise),
        Some(text) => duration::resolve(text, what, sink),
    };
    let timeouts = raw.timeouts.get().map(|timeouts| &timeouts.value);
    let none = Field::Missing;
    let mart_timeout = seconds(timeouts.map_or(&none, |raw| &raw.mart), "the time-out of a mart", 10 * MINUTE, sink);
    let tests_timeout = seconds(timeouts.map_or(&none, |raw| &raw.tests), "the time-out of tests", 5 * MINUTE, sink);
    let timeout = seconds(timeouts.map_or(&none, |raw| &raw.otherwise), "the time-out of tasks", 60 * MINUTE, sink);
    let notify = raw.notify.get().map_or_else(Vec::new, |names| list(&names.value, names.span));
    let addresses: Vec<_> = notify.iter().map(|text| one_line(text, "an address to notify", sink)).collect();
    let connection = match raw.connection.get() {
        Some(text) => one_line(text, "the connection", sink),
        None => Some(spec.dialect.rules().airflow_connection().to_owned()),
    };
    let source_connection = match raw.source_connection.get() {
        Some(text) => one_line(text, "the other system's connection", sink).map(Some),
        None => Some(None),
    };
    let test = match cycle.test.get() {
        Some(text) => one_line(text, "the command of the cycle's tests", sink).map(Some),
        None => Some(None),
    };
    Some(Schedule {
        cycle_every: every?,
        extract: extract?,
        test: test?,
        maintenance: maintenance?,
        sweep: sweep??,
        monitoring: monitoring??,
        mart_timeout: mart_timeout?,
        tests_timeout: tests_timeout?,
        timeout: timeout?,
        notify: addresses.into_iter().collect::<Option<_>>()?,
        connection: connection?,
        source_connection: source_connection?,
    })
}

/// `None` if the stated time is invalid.
fn time(field: &Field<AtEntry>, what: &str, sink: &mut Sink) -> Option<Option<TimeOfDay>> {
    let stated = match field {
        Field::Missing => return Some(None),
        Field::Invalid => return None,
        Field::Set(stated) => stated,
    };
    let at = stated.value.at.get()?;
    let read = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let two = |text: &str| {
            (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
        };
        let (hour, minute): (u8, u8) = (two(hour)?, two(minute)?);
        (hour < 24 && minute < 60).then_some(TimeOfDay { hour, minute })
    };
    let found = read(&at.value.0);
    if found.is_none() {
        let message = format!("{what} is at {}, which is not a time of day", quoted(&at.value.0));
        sink.push(
            Diagnostic::new(Code::Schedule, message, at.span, "not a time of day")
                .help("write hours and minutes, UTC, as in `02:30`"),
        );
    }
    found.map(Some)
}

/// Checks the order of the night: maintenance, sweep, monitors. Monitors before the sweep would
/// report its result a day late.
fn in_order(stated: [(&str, &Field<AtEntry>, Option<TimeOfDay>); 3], sink: &mut Sink) {
    let valid: Vec<_> =
        stated.into_iter().filter_map(|(what, field, time)| Some((what, field.get()?.span, time?))).collect();
    for pair in valid.windows(2) {
        let ((first, _, earlier), (second, at, later)) = (pair[0], pair[1]);
        if later <= earlier {
            let message = format!("{second} is at {later}, but must start after {first}, which is at {earlier}");
            sink.push(
                Diagnostic::new(Code::Schedule, message, at, "too early")
                    .help(format!("choose a time after {earlier}, so that {first} can end before")),
            );
        }
    }
}

/// `module.function`, as Python writes it.
fn function(text: &Spanned<String>, sink: &mut Sink) -> Option<(String, String)> {
    let is_plain = |part: &str| crate::sql::Name::plain(part).is_ok();
    let found = text.value.rsplit_once('.').filter(|(module, name)| module.split('.').all(is_plain) && is_plain(name));
    if found.is_none() {
        let message = format!("extract is {}, which Python cannot import", quoted(&text.value));
        sink.push(
            Diagnostic::new(Code::Schedule, message, text.span, "not a function of a module")
                .help("write module.function, as in `order_tracking_extract.tasks`"),
        );
    }
    found.map(|(module, name)| (module.to_owned(), name.to_owned()))
}

/// Checks that a text is one line.
fn one_line(text: &Spanned<String>, what: &str, sink: &mut Sink) -> Option<String> {
    if text.value.trim().is_empty() || text.value.chars().any(char::is_control) {
        let message = format!("{what} is {}, which is not one line of text", quoted(&text.value));
        sink.push(Diagnostic::new(Code::Schedule, message, text.span, "not one line").help("write it in one line"));
        return None;
    }
    Some(text.value.trim().to_owned())
}
