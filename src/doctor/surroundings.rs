//! What the statements stand on: isolation, grants, and that cycles run.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Level, Sink};
use crate::doctor::ago;
use crate::doctor::live::Live;
use crate::project::{DAY, Spec, TableId};

pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    isolation(spec, live, sink);
    grants(spec, live, sink);
    cycles(spec, live, sink);
}

/// Two models that run at once write one exceptions table. Under serializable isolation Redshift then ends one of them with error 1023:
/// <https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html>
fn isolation(spec: &Spec, live: &Live, sink: &mut Sink) {
    let Some((first, second)) = at_once(spec) else { return };
    let names = [first, second].map(|id| spec.table(id).model.value.as_str());
    let place = spec.exceptions(spec.table(second).exceptions).span;
    let label = "the exceptions table that both write";
    let Some(isolation) = &live.isolation else {
        let message = format!(
            "the isolation level of {} is not known: {} and {} may run at once, which takes snapshot isolation",
            live.database, names[0], names[1]
        );
        sink.push(Diagnostic::new(Code::LiveIsolation, message, place, label).at_level(Level::Note));
        return;
    };
    if !isolation.to_lowercase().contains("serializable") {
        return;
    }
    let message = format!(
        "transactions of {} are serializable: of {} and {}, which may run at once, one will be ended with an error",
        live.database, names[0], names[1]
    );
    let Some(server) = spec.dialect.rules().server() else { return };
    sink.push(Diagnostic::new(Code::LiveIsolation, message, place, label).help(server.isolation_help));
}

/// Two tables that share an exceptions table, and of which neither waits for the other.
fn at_once(spec: &Spec) -> Option<(TableId, TableId)> {
    let waits_for = |id: TableId| {
        let mut all = BTreeSet::new();
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            next.extend(spec.table(id).depends_on.iter().filter(|parent| all.insert(**parent)));
        }
        all
    };
    let waits: Vec<_> = spec.tables().map(|(id, table)| (id, table.exceptions, waits_for(id))).collect();
    waits.iter().enumerate().find_map(|(number, (second, exceptions, before))| {
        let beside = waits[..number].iter().find(|(first, same, _)| same == exceptions && !before.contains(first));
        beside.map(|(first, ..)| (*first, *second))
    })
}

fn grants(spec: &Spec, live: &Live, sink: &mut Sink) {
    if live.reads_table_info != Some(false) {
        return;
    }
    let stated = spec.maintenance.iter().find(|stated| stated.unsorted_more_than.is_some());
    let Some(table) = stated.and_then(|stated| stated.tables.first()) else { return };
    let message = "this role may not read svv_table_info: whoever runs upkeep as it sorts every night, however little is unsorted";
    sink.push(
        Diagnostic::new(
            Code::LiveUnreadable,
            message,
            spec.table(*table).model.span,
            "sorted where more is unsorted than stated",
        )
        .at_level(Level::Warning)
        .help("`GRANT SELECT ON svv_table_info TO ...`, by a superuser"),
    );
}

/// Tables whose last completed cycle is too long ago.
fn cycles(spec: &Spec, live: &Live, sink: &mut Sink) {
    let patience = spec.schedule.as_ref().map_or(DAY, |schedule| (4 * schedule.cycle_every).max(3_600));
    for (id, age) in &live.cycles {
        let Some(age) = age.filter(|age| *age > patience) else { continue };
        let table = spec.table(*id);
        let message = format!(
            "the last cycle of {} was completed {} ago: rows wait in raw, which is not trimmed until the next one is",
            table.model.value.as_str(),
            ago(age)
        );
        let help = "look at the last run of its load and hooks; a cycle that was stopped can be started again";
        sink.push(
            Diagnostic::new(Code::LiveCycle, message, table.model.span, "has a cycle of its own")
                .at_level(Level::Warning)
                .help(help),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Inputs;

    fn spec(after: &str) -> Spec {
        let table = |model: &str, after: &str| {
            format!(
                "- {{model: {model}, history: hist_{model}, unique_key: id, time: {{column: day}}, rows: latest, retention: {{for: 90 days}}, exception: GAP_{model}, columns: {{id: bigint, day: date}}{after}}}\n"
            )
        };
        let head = "name: shop\ndialect: redshift\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n";
        let text = format!("{head}{}{}", table("orders", ""), table("parts", after));
        crate::resolve(&Inputs::new("rowkeep.yml", text)).expect("it makes sense")
    }

    #[test]
    fn what_waits_does_not_run_at_once() {
        assert!(at_once(&spec("")).is_some());
        assert!(at_once(&spec(", after: [orders]")).is_none());
    }

    #[test]
    fn upkeep_that_may_not_look_is_told_of() {
        let head = "name: shop\ndialect: redshift\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: orders, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n";
        let text = format!("{head}maintenance: [{{ run: vacuum_sort, when: unsorted > 15 }}]\n");
        let spec = crate::resolve(&Inputs::new("rowkeep.yml", text)).expect("it makes sense");
        let said = |reads_table_info: Option<bool>| {
            let mut sink = Sink::default();
            grants(&spec, &Live { reads_table_info, ..Live::nothing() }, &mut sink);
            sink.into_findings().iter().map(|found| found.level()).collect::<Vec<_>>()
        };
        assert_eq!(said(Some(false)), [Level::Warning]);
        assert_eq!((said(Some(true)), said(None)), (Vec::new(), Vec::new()));
    }

    #[test]
    fn redshift_is_told_of_its_isolation() {
        let spec = spec("");
        let said = |level: Option<&str>| {
            let live = Live { isolation: level.map(str::to_owned), ..Live::nothing() };
            let mut sink = Sink::default();
            isolation(&spec, &live, &mut sink);
            sink.into_findings().iter().map(|found| found.level()).collect::<Vec<_>>()
        };
        assert_eq!(said(Some("Serializable")), [Level::Error]);
        assert_eq!(said(Some("Snapshot Isolation")), []);
        assert_eq!(said(None), [Level::Note]);
    }
}
