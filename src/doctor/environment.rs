//! The environment of the statements: isolation level, grants, and whether cycles run.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Level, Sink};
use crate::doctor::duration_text;
use crate::doctor::live::Live;
use crate::project::{DAY, Spec, TableId};

pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    isolation(spec, live, sink);
    grants(spec, live, sink);
    cycles(spec, live, sink);
}

/// Two models that run at the same time may write one exceptions table. Under serializable
/// isolation, Redshift then ends one of them with error 1023:
/// <https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html>
fn isolation(spec: &Spec, live: &Live, sink: &mut Sink) {
    let Some((first, second)) = concurrent_tables(spec) else { return };
    let names = [first, second].map(|id| spec.table(id).model.value.as_str());
    let place = spec.exceptions(spec.table(second).exceptions).span;
    let label = "the exceptions table that both write";
    let Some(isolation) = &live.isolation else {
        let message = format!(
            "the isolation level of {} is unknown: {} and {} may run at the same time, which needs snapshot isolation",
            live.database, names[0], names[1]
        );
        sink.push(Diagnostic::new(Code::LiveIsolation, message, place, label).at_level(Level::Note));
        return;
    };
    if !isolation.to_lowercase().contains("serializable") {
        return;
    }
    let message = format!(
        "transactions of {} are serializable: if {} and {} run at the same time, one of them fails",
        live.database, names[0], names[1]
    );
    let Some(server) = spec.dialect.rules().server() else { return };
    sink.push(Diagnostic::new(Code::LiveIsolation, message, place, label).help(server.isolation_help));
}

/// Two tables that share an exceptions table and do not wait for each other.
fn concurrent_tables(spec: &Spec) -> Option<(TableId, TableId)> {
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
        let concurrent = waits[..number].iter().find(|(first, same, _)| same == exceptions && !before.contains(first));
        concurrent.map(|(first, ..)| (*first, *second))
    })
}

fn grants(spec: &Spec, live: &Live, sink: &mut Sink) {
    if live.reads_table_info != Some(false) {
        return;
    }
    let entry = spec.maintenance.iter().find(|entry| entry.unsorted_more_than.is_some());
    let Some(table) = entry.and_then(|entry| entry.tables.first()) else { return };
    let message = "this role may not read svv_table_info: if it runs maintenance, tables are sorted every night, even without need";
    sink.push(
        Diagnostic::new(
            Code::LiveUnreadable,
            message,
            spec.table(*table).model.span,
            "its maintenance depends on the unsorted share",
        )
        .at_level(Level::Warning)
        .help("as a superuser, run `GRANT SELECT ON svv_table_info TO ...`"),
    );
}

/// Reports tables whose last completed cycle is too old.
fn cycles(spec: &Spec, live: &Live, sink: &mut Sink) {
    let max_age = spec.schedule.as_ref().map_or(DAY, |schedule| (4 * schedule.cycle_every).max(3_600));
    for (id, age) in &live.cycles {
        let Some(age) = age.filter(|age| *age > max_age) else { continue };
        let table = spec.table(*id);
        let message = format!(
            "the last cycle of {} was completed {} ago: its raw table grows, and is not trimmed until a cycle completes",
            table.model.value.as_str(),
            duration_text(age)
        );
        let help = "check the last run of its load and hooks; a stopped cycle can be started again";
        sink.push(
            Diagnostic::new(Code::LiveCycle, message, table.model.span, "the model of this cycle")
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
    fn a_table_that_waits_for_another_is_not_concurrent() {
        assert!(concurrent_tables(&spec("")).is_some());
        assert!(concurrent_tables(&spec(", after: [orders]")).is_none());
    }

    #[test]
    fn a_role_without_svv_table_info_is_reported_if_maintenance_needs_it() {
        let head = "name: shop\ndialect: redshift\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: orders, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n";
        let text = format!("{head}maintenance: [{{ run: vacuum_sort, when: unsorted > 15 }}]\n");
        let spec = crate::resolve(&Inputs::new("rowkeep.yml", text)).expect("it makes sense");
        let levels = |reads_table_info: Option<bool>| {
            let mut sink = Sink::default();
            grants(&spec, &Live { reads_table_info, ..Live::empty() }, &mut sink);
            sink.into_findings().iter().map(|found| found.level()).collect::<Vec<_>>()
        };
        assert_eq!(levels(Some(false)), [Level::Warning]);
        assert_eq!((levels(Some(true)), levels(None)), (Vec::new(), Vec::new()));
    }

    #[test]
    fn serializable_isolation_is_an_error_and_unknown_isolation_a_note() {
        let spec = spec("");
        let levels = |level: Option<&str>| {
            let live = Live { isolation: level.map(str::to_owned), ..Live::empty() };
            let mut sink = Sink::default();
            isolation(&spec, &live, &mut sink);
            sink.into_findings().iter().map(|found| found.level()).collect::<Vec<_>>()
        };
        assert_eq!(levels(Some("Serializable")), [Level::Error]);
        assert_eq!(levels(Some("Snapshot Isolation")), []);
        assert_eq!(levels(None), [Level::Note]);
    }
}
