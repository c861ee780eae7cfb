//! Renders monitors.

use std::collections::BTreeSet;

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context::{self, number, place, text};
use crate::cycle::render::value::Sql;
use crate::cycle::render::{Owner, Statement};
use crate::features::monitors::plan::not_to_cure;
use crate::features::monitors::{Asks, Monitor, MonitorKind, Other};
use crate::features::operation::Operation;
use crate::features::text::Tags;
use crate::features::writer::{Writer, texts};
use crate::project::{DAY, Share, Spec, TableId};

/// The horizon monitor reports this many seconds before the horizon, as `check` does.
const AHEAD: u64 = 60 * DAY;
/// The monitor of due rows ignores rows that became due within this time, because a night may have
/// no cycle.
const SLACK: u64 = DAY;
/// The largest number of keys that a run records, so that a mistake in a spec does not fill the
/// exceptions table.
const MOST: u64 = 1_000;

/// The statements of a monitor.
#[derive(Debug)]
pub(crate) struct RenderedMonitor<'p> {
    pub(crate) plan: &'p Monitor,
    pub(crate) find: Statement<'p, Operation>,
    pub(crate) record: Option<Statement<'p, Operation>>,
    pub(crate) resolve: Option<Statement<'p, Operation>>,
    /// The query for another system, in SQL that every system accepts.
    pub(crate) other_system: Option<String>,
}

fn share(share: Share) -> Value {
    context! { part => number(share.part), of => number(share.of) }
}

/// The cutoff as of now, from the table that decides it.
fn cutoff_now(writer: &mut Writer<'_>, operation: &Operation, id: TableId, slack: bool) -> Value {
    let root = writer.spec.root(id);
    let unit = writer.spec.table(root).time.unit;
    let slack = slack.then(|| Value::from(Sql::Literal(writer.spec.dialect.rules().duration(SLACK, unit))));
    let context = context! { slack => slack, ..context::every_period(writer.spec, root) };
    Value::from(Sql::Query(writer.marked(operation, "monitors/cutoff_now.sql.j2", context)))
}

pub(crate) fn render<'p>(writer: &mut Writer<'_>, monitor: &'p Monitor) -> RenderedMonitor<'p> {
    let Some(id) = monitor.table else {
        let find = unresolved(writer, monitor);
        return RenderedMonitor { plan: monitor, find, record: None, resolve: None, other_system: None };
    };
    let (spec, operation) = (writer.spec, &monitor.find);
    let time = spec.table(id).time;
    let span = |seconds: Option<u64>| {
        seconds.map(|seconds| Value::from(Sql::Literal(writer.spec.dialect.rules().duration(seconds, time.unit))))
    };
    let own = match monitor.kind {
        MonitorKind::Bounded
        | MonitorKind::Horizon
        | MonitorKind::LateBeyondLookback
        | MonitorKind::Tripwire
        | MonitorKind::Backlog
        | MonitorKind::Waiting => {
            let cutoff_now = cutoff_now(writer, operation, id, monitor.kind == MonitorKind::Bounded);
            context! {
                cutoff_now => cutoff_now,
                root_unit => spec.table(spec.root(id)).time.unit.as_str(),
                ahead => Value::from(Sql::Literal(writer.spec.dialect.rules().duration(AHEAD, time.unit))),
                open => context::open(spec, id),
            }
        }
        MonitorKind::Refused => {
            let columns: Vec<_> =
                spec.table(id).inserted().filter(|column| spec.table(id).column(*column).not_null).collect();
            context! { refused => context::groups(&context::columns(spec, spec.table(id), &columns)) }
        }
        MonitorKind::Stated(number) => match &spec.monitor(number).asks {
            Asks::LatestMatches(other) | Asks::HasRowsIn(other) | Asks::HasParent(other) => {
                context! { others => others(writer.spec, id, other) }
            }
            Asks::Compare { columns, more_than, .. } => context! {
                with => place(Slot::Compared(number)),
                compared => context::columns(spec, spec.table(id), columns),
                more_than => share(*more_than),
            },
            // The context that all monitors have is enough.
            _ => context! {},
        },
        _ => context! {},
    };
    let keyless = monitor.kind.is_keyless(spec);
    let shared = context! {
        monitor => context! {
            type => monitor.exception_type.as_deref().map(text),
            note => text(&format!("{}: {}", monitor.name, operation.reason)),
            keyless => keyless,
            most => number(MOST),
        },
        window => context! { within => span(monitor.window.within), until => span(monitor.window.until) },
        only_open => false,
        ..own
    };
    let shared = context! { ..shared, ..writer.table(id) };
    let found = writer.marked(operation, operation.template, shared.clone());
    let find = writer.named(Owner::Query, operation, &found);
    let with_finding =
        |finding: &str| context! { finding => Value::from(Sql::Query(finding.to_owned())), ..shared.clone() };
    let record = monitor.record.as_ref();
    let record = record.map(|record| writer.statement(Owner::Operation, record, with_finding(&found)));
    let resolve = monitor.resolve.as_ref().map(|resolve| {
        // A finding that only left the window is not repaired: the keys of open exceptions are
        // checked again, without the window.
        let is_seen_again = matches!(monitor.kind, MonitorKind::Stated(_)) && !keyless;
        let finding = if is_seen_again {
            let again = context! { only_open => true, ..shared.clone() };
            writer.marked(operation, operation.template, again)
        } else {
            found.clone()
        };
        writer.statement(Owner::Operation, resolve, with_finding(&finding))
    });
    RenderedMonitor { plan: monitor, find, record, resolve, other_system: other_system(writer.spec, monitor) }
}

/// The rows of the other table: its mart and all its history tables.
fn others(spec: &Spec, id: TableId, other: &Other) -> Value {
    let theirs = spec.table(other.table);
    let columns: BTreeSet<_> = other.on.iter().map(|&(_, theirs)| theirs).collect();
    let columns: Vec<_> = columns.into_iter().collect();
    let mut with_time = columns.clone();
    if !with_time.contains(&theirs.time.column) {
        with_time.push(theirs.time.column);
    }
    let histories = context::histories(spec, other.table);
    context! {
        mart => place(Slot::Mart(other.table)),
        histories => histories.clone(),
        history_groups => context::groups(&histories),
        on => context::pairs(spec, spec.table(id), theirs, &other.on),
        columns => context::columns(spec, theirs, &columns),
        columns_and_time => context::columns(spec, theirs, &with_time),
        time => context::column(spec, theirs, theirs.time.column),
    }
}

/// The query for the other system.
fn other_system(spec: &Spec, monitor: &Monitor) -> Option<String> {
    let MonitorKind::Stated(number) = monitor.kind else { return None };
    let Asks::CountMatch { with } = &spec.monitor(number).asks else { return None };
    let table = spec.table(monitor.table?);
    let context = context! {
        monitor => monitor.name.as_str(),
        with => with.to_string(),
        time => table.column(table.time.column).name.as_str(),
    };
    Some(crate::features::text::text(Tags::Jinja, "monitors/other_system.sql.j2", context).trim_end().to_owned())
}

fn unresolved<'p>(writer: &mut Writer<'_>, monitor: &'p Monitor) -> Statement<'p, Operation> {
    let Slot::Exceptions(id) = monitor.find.writes else { return writer.named(Owner::Query, &monitor.find, "") };
    let context = context! { not_to_cure => texts(not_to_cure(writer.spec, id)), ..writer.exceptions(id) };
    writer.statement(Owner::Query, &monitor.find, context)
}
