//! Plans monitors: those of every table, and those that the project defines.

use crate::cycle::plan::{Slot, Verb, lists_stale};
use crate::features::monitors::{Asks, Severity, Window};
use crate::features::only_when::Condition;
use crate::features::operation::Operation;
use crate::project::naming::{HOLD, MONITORED};
use crate::project::{DAY, ExceptionsId, MonitorId, Retention, Spec, TableId};

/// A query that must return no rows.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Its name, which is also the name of its files.
    pub name: String,
    /// What it checks.
    pub kind: MonitorKind,
    /// The table whose rows it checks. `None` for the monitor of open exceptions.
    pub table: Option<TableId>,
    /// The severity of a finding.
    pub severity: Severity,
    /// The exception type for the keys that it finds. `None`: nothing is recorded.
    pub exception_type: Option<String>,
    /// The interval between runs, in seconds.
    pub every: u64,
    /// The time window of the rows that it checks.
    pub window: Window,
    /// Whether it may run only after a completed sweep. Otherwise, it may run after a completed
    /// cycle.
    pub after_sweep: bool,
    /// The query that must return no rows.
    pub find: Operation,
    /// Opens an exception for each found key that has none.
    pub record: Option<Operation>,
    /// Closes the exceptions of keys that are no longer found.
    pub resolve: Option<Operation>,
}

/// What a monitor checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MonitorKind {
    /// History rows outside of the period of their table.
    Routed,
    /// Keys with more than one row.
    Twice,
    /// Keys with an older version beside a newer one.
    Stale,
    /// Due rows that are still in the mart.
    Bounded,
    /// Raw rows older than the lookback of the load, if mart and history have no version as new.
    LateBeyondLookback,
    /// Raw rows in which a `not null` column is NULL.
    Refused,
    /// Due rows that will soon fall after the last period.
    Horizon,
    /// Rows older than the first period.
    LowerEdge,
    /// More due rows than the tripwire allows.
    Tripwire,
    /// More due rows than one run archives.
    Backlog,
    /// Rows older than the cutoff that do not meet `only_when`.
    Waiting,
    /// Raw rows from before `retired_before`, which leave their mart for good.
    Retired,
    /// Rows of erased keys.
    Erased,
    /// Open exceptions.
    Unresolved,
    /// A monitor that the project defines.
    Stated(MonitorId),
}

impl MonitorKind {
    /// The name of the kind in the manifest and in file names.
    pub fn as_str(self, spec: &Spec) -> &'static str {
        match self {
            MonitorKind::Routed => "routed",
            MonitorKind::Twice => "twice",
            MonitorKind::Stale => "stale",
            MonitorKind::Bounded => "bounded",
            MonitorKind::LateBeyondLookback => "late_beyond_lookback",
            MonitorKind::Refused => "refused",
            MonitorKind::Horizon => "horizon",
            MonitorKind::LowerEdge => "lower_edge",
            MonitorKind::Tripwire => "tripwire",
            MonitorKind::Backlog => "backlog",
            MonitorKind::Waiting => "waiting",
            MonitorKind::Retired => "retired",
            MonitorKind::Erased => "erased",
            MonitorKind::Unresolved => "unresolved",
            MonitorKind::Stated(id) => spec.monitor(id).asks.as_str(),
        }
    }

    /// Whether all findings are one exception about the whole table. Rows without a key cannot have
    /// an exception of their own.
    pub(crate) fn is_keyless(self, spec: &Spec) -> bool {
        match self {
            MonitorKind::Horizon | MonitorKind::LowerEdge | MonitorKind::Refused => true,
            MonitorKind::Stated(id) => spec.monitor(id).asks.is_keyless(),
            MonitorKind::Routed
            | MonitorKind::Twice
            | MonitorKind::Stale
            | MonitorKind::Bounded
            | MonitorKind::LateBeyondLookback
            | MonitorKind::Tripwire
            | MonitorKind::Backlog
            | MonitorKind::Waiting
            | MonitorKind::Retired
            | MonitorKind::Erased
            | MonitorKind::Unresolved => false,
        }
    }
}

/// Whether one of these tables has a sealed period: its keys may be in two places until the sweep.
fn some_are_sealed(spec: &Spec, is_meant: impl Fn(TableId) -> bool) -> bool {
    let mut periods = spec.tables().filter(|(id, _)| is_meant(*id)).flat_map(|(id, _)| spec.periods_of(id));
    periods.any(|period| spec.period(period).sealed)
}

/// Plans the monitors of every table, then those that the project defines, then those of open
/// exceptions.
pub(crate) fn plan(spec: &Spec) -> Vec<Monitor> {
    let mut all = Vec::new();
    for (id, table) in spec.tables() {
        let some_are_sealed = some_are_sealed(spec, |other| spec.root(other) == spec.root(id));
        let planner = TableMonitors { spec, id };
        let (mart, histories) = (Slot::Mart(id), planner.histories());
        let copies: Vec<_> = std::iter::once(mart).chain(histories.clone()).collect();
        let root = spec.root(id);
        if table.has_periods() {
            all.push(planner.monitor(MonitorKind::Routed, "monitors/routed.sql.j2", histories));
        }
        all.push(Monitor {
            after_sweep: some_are_sealed,
            ..planner.monitor(MonitorKind::Twice, "monitors/twice.sql.j2", copies.clone())
        });
        if table.is_versioned() && lists_stale(table) {
            all.push(Monitor {
                after_sweep: some_are_sealed,
                ..planner.monitor(MonitorKind::Stale, "monitors/stale.sql.j2", copies.clone())
            });
        }
        let mut overdue = vec![mart, Slot::Mart(root), planner.exceptions()];
        if let Retention::WhileIn { parent, .. } = table.retention {
            overdue.push(Slot::Mart(parent));
        }
        let mut bounded = overdue.clone();
        bounded.extend(table.limit.map(|_| Slot::Due(id)));
        all.push(planner.monitor(MonitorKind::Bounded, "monitors/bounded.sql.j2", bounded));
        if let Some(load) = &table.load {
            let mut raw: Vec<_> = std::iter::once(Slot::Raw(id)).chain(copies.iter().copied()).collect();
            raw.extend(table.is_purged().then_some(Slot::Mart(root)).filter(|_| root != id));
            raw.extend(table.erasures.iter().map(|erasure| Slot::Erased(erasure.list)));
            if load.lookback.is_some() {
                all.push(planner.monitor(MonitorKind::LateBeyondLookback, "monitors/late.sql.j2", raw));
            }
            if table.inserted().any(|column| table.column(column).not_null) {
                all.push(planner.monitor(MonitorKind::Refused, "monitors/refused.sql.j2", vec![Slot::Raw(id)]));
            }
        }
        // A table that follows another table has the horizon of that table. Without periods, there
        // is no horizon.
        if table.has_periods() {
            if root == id || !spec.table(root).has_periods() {
                all.push(planner.monitor(MonitorKind::Horizon, "monitors/horizon.sql.j2", vec![Slot::Mart(root)]));
            }
            // Older rows than `retired_before` need no period.
            if spec.retired_before(table).is_none() {
                all.push(planner.monitor(MonitorKind::LowerEdge, "monitors/lower_edge.sql.j2", vec![mart]));
            }
        }
        if table.tripwire.is_some() {
            all.push(planner.monitor(MonitorKind::Tripwire, "monitors/tripwire.sql.j2", overdue.clone()));
        }
        if table.limit.is_some() {
            all.push(planner.monitor(MonitorKind::Backlog, "monitors/backlog.sql.j2", overdue));
        }
        // A row that never expires does not wait.
        let waits_for = |condition: &Condition| !(table.expires() && condition.column == table.time.column);
        if table.only_when.iter().any(waits_for) {
            all.push(planner.monitor(MonitorKind::Waiting, "monitors/waiting.sql.j2", vec![mart]));
        }
        if table.raw.is_some() && spec.retired_before(table).is_some() {
            all.push(planner.monitor(MonitorKind::Retired, "monitors/retired.sql.j2", vec![Slot::Raw(id)]));
        }
        if !table.erasures.is_empty() {
            let lists = table.erasures.iter().map(|erasure| Slot::Erased(erasure.list));
            let reads = copies.into_iter().chain(lists).collect();
            all.push(planner.monitor(MonitorKind::Erased, "monitors/erased.sql.j2", reads));
        }
    }
    all.extend(spec.monitor_ids().map(|id| stated(spec, id)));
    all.extend((0..spec.exceptions.len()).map(|number| unresolved(spec, ExceptionsId(number))));
    all
}

struct TableMonitors<'a> {
    spec: &'a Spec,
    id: TableId,
}

/// The query of a monitor: its template, what it reads, and what a row of it means.
struct Query {
    template: &'static str,
    reads: Vec<Slot>,
    reason: &'static str,
}

impl TableMonitors<'_> {
    fn exceptions(&self) -> Slot {
        Slot::Exceptions(self.spec.table(self.id).exceptions)
    }

    fn histories(&self) -> Vec<Slot> {
        self.spec.periods_of(self.id).map(|period| Slot::History(self.id, period)).collect()
    }

    /// A monitor of every table.
    fn monitor(&self, kind: MonitorKind, template: &'static str, reads: Vec<Slot>) -> Monitor {
        let table = self.spec.table(self.id);
        let (model, word) = (table.model.value.as_str(), kind.as_str(self.spec));
        let Attributes { suffix, severity, mut reason } = attributes_of(kind);
        if kind == MonitorKind::Bounded && table.is_purged() {
            reason = "rows that have been due for a day, are not held, and are still in the mart";
        }
        let exception_type = suffix.map(|suffix| format!("{}{suffix}", table.exception_type));
        self.build(kind, format!("{model}__{word}"), exception_type, severity, Query { template, reads, reason })
    }

    fn needs_operator_to_close(&self, kind: MonitorKind) -> bool {
        match kind {
            MonitorKind::Refused => true,
            MonitorKind::Stated(id) => match self.spec.monitor(id).asks {
                Asks::Compare { .. } => self.spec.monitor(id).window.within.is_some(),
                Asks::CountMatch { .. } | Asks::LatestMatches(_) | Asks::HasRowsIn(_) | Asks::HasParent(_) => false,
            },
            MonitorKind::Routed
            | MonitorKind::Twice
            | MonitorKind::Stale
            | MonitorKind::Bounded
            | MonitorKind::LateBeyondLookback
            | MonitorKind::Horizon
            | MonitorKind::LowerEdge
            | MonitorKind::Tripwire
            | MonitorKind::Backlog
            | MonitorKind::Waiting
            | MonitorKind::Retired
            | MonitorKind::Erased
            | MonitorKind::Unresolved => false,
        }
    }

    fn build(
        &self,
        kind: MonitorKind,
        name: String,
        exception_type: Option<String>,
        severity: Severity,
        query: Query,
    ) -> Monitor {
        let Query { template, reads, reason } = query;
        let exceptions = self.exceptions();
        let operation = |verb: Verb, part: &str, template, reason| {
            let mut reads = reads.clone();
            if !reads.contains(&exceptions) {
                reads.push(exceptions);
            }
            let operation = Operation::new(format!("{name}__{part}"), template, verb, exceptions, reads, reason);
            Operation { table: Some(self.id), ..operation }
        };
        let is_recorded = exception_type.is_some();
        let record = operation(
            Verb::Insert,
            "record",
            "monitors/record.sql.j2",
            "open one exception for each key that the monitor found",
        );
        let resolve = operation(
            Verb::Update,
            "resolve",
            "monitors/resolve.sql.j2",
            "close exceptions that the monitor no longer finds",
        );
        let find = Operation::new(name.clone(), template, Verb::Select, Slot::Mart(self.id), reads, reason);
        Monitor {
            kind,
            table: Some(self.id),
            severity,
            every: DAY,
            window: Window::default(),
            after_sweep: false,
            find,
            record: is_recorded.then_some(record),
            // A cause that only left the raw table or the window is not repaired: an operator
            // closes the exception.
            resolve: (is_recorded && !self.needs_operator_to_close(kind)).then_some(resolve),
            exception_type,
            name,
        }
    }
}

/// What is fixed for a monitor that every table has.
struct Attributes {
    /// The suffix of the exception type. `None` if findings are not recorded.
    suffix: Option<&'static str>,
    severity: Severity,
    reason: &'static str,
}

fn attributes_of(kind: MonitorKind) -> Attributes {
    let recorded = |suffix, severity, reason| Attributes { suffix: Some(suffix), severity, reason };
    let told = |severity, reason| Attributes { suffix: None, severity, reason };
    let [routed, twice, stale, bounded, late, refused, horizon, edge] = MONITORED;
    match kind {
        MonitorKind::Routed => recorded(routed, Severity::Error, "rows of a history table that lie outside its period"),
        MonitorKind::Twice => recorded(twice, Severity::Error, "keys that have more than one row in mart and history"),
        MonitorKind::Stale => recorded(stale, Severity::Error, "keys that have an older version beside the newest one"),
        MonitorKind::Bounded => recorded(
            bounded,
            Severity::Error,
            "rows of an open period that have been due for a day, are not held, and are still in the mart",
        ),
        MonitorKind::LateBeyondLookback => recorded(
            late,
            Severity::Error,
            "raw rows older than the lookback of the load, where mart and history have no row as new",
        ),
        MonitorKind::Refused => {
            recorded(refused, Severity::Error, "raw rows without a value in a NOT NULL column: the load skips them")
        }
        MonitorKind::Horizon => recorded(horizon, Severity::Warn, "in 60 days or less, due rows have no period"),
        MonitorKind::LowerEdge => {
            recorded(edge, Severity::Warn, "rows older than the first period: no history table accepts them")
        }
        MonitorKind::Tripwire => told(Severity::Error, "more rows are due than the tripwire allows"),
        MonitorKind::Backlog => {
            told(Severity::Warn, "more rows are due than the limit of one run: the others wait for the next runs")
        }
        MonitorKind::Waiting => {
            told(Severity::Warn, "rows that are old enough to leave the mart, but do not meet `only_when`")
        }
        MonitorKind::Retired => {
            told(Severity::Warn, "raw rows from before `retired_before`: a cycle deletes them when they are due")
        }
        MonitorKind::Erased => told(Severity::Error, "rows of erased keys: run the repair `erase` again"),
        MonitorKind::Unresolved | MonitorKind::Stated(_) => told(Severity::Error, ""),
    }
}

fn stated(spec: &Spec, id: MonitorId) -> Monitor {
    let stated = spec.monitor(id);
    let planner = TableMonitors { spec, id: stated.table };
    let mart = Slot::Mart(stated.table);
    let other_rows = |other: TableId| {
        let histories = spec.periods_of(other).map(move |period| Slot::History(other, period));
        std::iter::once(Slot::Mart(other)).chain(histories)
    };
    let query = |template, reads, reason| Query { template, reads, reason };
    let query = match &stated.asks {
        Asks::CountMatch { .. } => query(
            "monitors/count_match.sql.j2",
            vec![Slot::Raw(stated.table)],
            "the raw table has fewer rows of the window than the other system",
        ),
        Asks::LatestMatches(other) => query(
            "monitors/latest_matches.sql.j2",
            std::iter::once(mart).chain(other_rows(other.table)).collect(),
            "rows whose time is not that of the newest row of their key in the other table",
        ),
        Asks::HasRowsIn(other) => query(
            "monitors/has_rows_in.sql.j2",
            std::iter::once(mart).chain(other_rows(other.table)).collect(),
            "rows whose key has no row in the mart or history of the other table",
        ),
        Asks::HasParent(other) => query(
            "monitors/has_parent.sql.j2",
            vec![mart, Slot::Mart(other.table)],
            "rows whose key has no row in the mart of the other table",
        ),
        Asks::Compare { .. } => query(
            "monitors/compare.sql.j2",
            vec![mart, Slot::Compared(id)],
            "more rows differ from the source than allowed",
        ),
    };
    let mut monitor = planner.build(
        MonitorKind::Stated(id),
        stated.name.value.clone(),
        stated.exception_type.clone(),
        stated.severity,
        query,
    );
    if let Asks::CountMatch { .. } = stated.asks {
        monitor.find.parameters = &["expected", "start", "end"];
    }
    Monitor { every: stated.every, window: stated.window, ..monitor }
}

fn unresolved(spec: &Spec, id: ExceptionsId) -> Monitor {
    let slot = Slot::Exceptions(id);
    let name = format!("{}__unresolved", spec.exceptions_name(id));
    let reason = "open exceptions, without holds of operators and warnings";
    Monitor {
        find: Operation::new(name.clone(), "monitors/unresolved.sql.j2", Verb::Select, slot, vec![slot], reason),
        name,
        kind: MonitorKind::Unresolved,
        table: None,
        severity: Severity::Error,
        exception_type: None,
        every: DAY,
        window: Window::default(),
        after_sweep: some_are_sealed(spec, |other| spec.table(other).exceptions == id),
        record: None,
        resolve: None,
    }
}

/// The exception types that need no repair: holds, and findings with severity `warn`.
pub(crate) fn not_to_cure(spec: &Spec, id: ExceptionsId) -> Vec<String> {
    let tables = spec.tables().filter(|(_, table)| table.exceptions == id);
    let mut types: Vec<String> = Vec::new();
    for (number, table) in tables {
        types.push(format!("{}{HOLD}", table.exception_type));
        let warnings = [MonitorKind::Horizon, MonitorKind::LowerEdge].map(|kind| attributes_of(kind).suffix);
        types.extend(warnings.into_iter().flatten().map(|suffix| format!("{}{suffix}", table.exception_type)));
        let stated =
            spec.monitors.iter().filter(|monitor| monitor.table == number && monitor.severity == Severity::Warn);
        types.extend(stated.filter_map(|monitor| monitor.exception_type.clone()));
    }
    types
}
