//! Monitors: those that every table has, and those that the project asks for.

use crate::cycle::plan::{Slot, Verb};
use crate::features::monitors::{Asks, Severity, Window};
use crate::features::operation::Operation;
use crate::project::naming::{HOLD, MONITORED};
use crate::project::{DAY, ExceptionsId, MonitorId, Retention, Spec, TableId};

/// A query that must return no rows.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Its name; its files are called like it.
    pub name: String,
    /// What it asks.
    pub kind: MonitorKind,
    /// The table whose rows it looks at; of open exceptions, there is none.
    pub table: Option<TableId>,
    /// What a finding means.
    pub severity: Severity,
    /// The type under which findings are recorded, if they are.
    pub exception_type: Option<String>,
    /// How often it is to run, in seconds.
    pub every: u64,
    /// Which rows.
    pub window: Window,
    /// Whether what it asks holds only after a completed sweep; else it does after any completed cycle.
    pub after_sweep: bool,
    /// The question.
    pub find: Operation,
    /// Records what was found and is not open yet.
    pub record: Option<Operation>,
    /// Closes what is no longer found.
    pub resolve: Option<Operation>,
}

/// What a monitor asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MonitorKind {
    /// A history row lies outside its period.
    Routed,
    /// A key stands twice.
    Twice,
    /// An older version stands beside a newer one.
    Stale,
    /// A due row is still in its mart.
    Bounded,
    /// A raw row has left the slice that the load reads, and nothing as new was taken over.
    LateBeyondLookback,
    /// A raw row lacks a column that must be there.
    Refused,
    /// Due rows will soon fall beyond the last period.
    Horizon,
    /// Rows are older than the first period.
    LowerEdge,
    /// More rows are due than may be.
    Tripwire,
    /// An exception is open.
    Unresolved,
    /// What the project asks for itself.
    Stated(MonitorId),
}

impl MonitorKind {
    /// Its word.
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
            MonitorKind::Unresolved => "unresolved",
            MonitorKind::Stated(id) => spec.monitor(id).asks.as_str(),
        }
    }

    /// Whether all that is found is one exception, about the whole table: rows that lack a key have no other.
    pub(crate) fn is_keyless(self, spec: &Spec) -> bool {
        match self {
            MonitorKind::Horizon | MonitorKind::LowerEdge | MonitorKind::Refused => true,
            MonitorKind::Stated(id) => matches!(spec.monitor(id).asks, Asks::Compare { .. }),
            _ => false,
        }
    }
}

/// What is asked of every table, then what the project asks for.
pub(crate) fn plan(spec: &Spec) -> Vec<Monitor> {
    let mut all = Vec::new();
    let some_are_sealed = spec.periods.iter().any(|period| period.sealed);
    for (id, table) in spec.tables() {
        let of = OfTable { spec, id };
        let (mart, histories) = (Slot::Mart(id), of.histories());
        let copies: Vec<_> = std::iter::once(mart).chain(histories.clone()).collect();
        let root = spec.root(id);
        all.push(of.monitor(MonitorKind::Routed, "monitors/routed.sql.j2", histories));
        all.push(Monitor {
            after_sweep: some_are_sealed,
            ..of.monitor(MonitorKind::Twice, "monitors/twice.sql.j2", copies.clone())
        });
        if table.is_versioned() {
            all.push(Monitor {
                after_sweep: some_are_sealed,
                ..of.monitor(MonitorKind::Stale, "monitors/stale.sql.j2", copies.clone())
            });
        }
        let mut overdue = vec![mart, Slot::Mart(root), of.exceptions()];
        if let Retention::WhileIn { parent, .. } = table.retention {
            overdue.push(Slot::Mart(parent));
        }
        all.push(of.monitor(MonitorKind::Bounded, "monitors/bounded.sql.j2", overdue.clone()));
        if let Some(load) = &table.load {
            let raw: Vec<_> = std::iter::once(Slot::Source(id)).chain(copies).collect();
            if load.lookback.is_some() {
                all.push(of.monitor(MonitorKind::LateBeyondLookback, "monitors/late.sql.j2", raw));
            }
            if table.columns.iter().any(|column| column.not_null) {
                all.push(of.monitor(MonitorKind::Refused, "monitors/refused.sql.j2", vec![Slot::Source(id)]));
            }
        }
        // A table that follows another has that one's horizon.
        if root == id {
            all.push(of.monitor(MonitorKind::Horizon, "monitors/horizon.sql.j2", vec![mart]));
        }
        all.push(of.monitor(MonitorKind::LowerEdge, "monitors/lower_edge.sql.j2", vec![mart]));
        if table.tripwire.is_some() {
            all.push(of.monitor(MonitorKind::Tripwire, "monitors/tripwire.sql.j2", overdue));
        }
    }
    all.extend(spec.monitor_ids().map(|id| stated(spec, id)));
    all.extend((0..spec.exceptions.len()).map(|number| unresolved(spec, ExceptionsId(number))));
    all
}

struct OfTable<'a> {
    spec: &'a Spec,
    id: TableId,
}

impl OfTable<'_> {
    fn exceptions(&self) -> Slot {
        Slot::Exceptions(self.spec.table(self.id).exceptions)
    }

    fn histories(&self) -> Vec<Slot> {
        self.spec.period_ids().map(|period| Slot::History(self.id, period)).collect()
    }

    /// One of those that every table has.
    fn monitor(&self, kind: MonitorKind, template: &'static str, reads: Vec<Slot>) -> Monitor {
        let table = self.spec.table(self.id);
        let (model, word) = (table.model.value.as_str(), kind.as_str(self.spec));
        let (suffix, severity, reason) = of_every_table(kind);
        let exception_type = suffix.map(|suffix| format!("{}{suffix}", table.exception_type));
        self.build(kind, format!("{model}__{word}"), exception_type, severity, (template, reads, reason))
    }

    fn outlives_its_cause(&self, kind: MonitorKind) -> bool {
        match kind {
            MonitorKind::Refused => true,
            MonitorKind::Stated(id) => {
                let monitor = self.spec.monitor(id);
                matches!(monitor.asks, Asks::Compare { .. }) && monitor.window.within.is_some()
            }
            _ => false,
        }
    }

    fn build(
        &self,
        kind: MonitorKind,
        name: String,
        exception_type: Option<String>,
        severity: Severity,
        (template, reads, reason): (&'static str, Vec<Slot>, &'static str),
    ) -> Monitor {
        let exceptions = self.exceptions();
        let beside = |verb: Verb, part: &str, template, reason| {
            let mut reads = reads.clone();
            if !reads.contains(&exceptions) {
                reads.push(exceptions);
            }
            let operation = Operation::new(format!("{name}__{part}"), template, verb, exceptions, reads, reason);
            Operation { table: Some(self.id), ..operation }
        };
        let is_recorded = exception_type.is_some();
        let record =
            beside(Verb::Insert, "record", "monitors/record.sql.j2", "one open exception for each key that was found");
        let resolve = beside(Verb::Update, "resolve", "monitors/resolve.sql.j2", "what is no longer found is closed");
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
            // What leaves raw, or a window of a rate, is not cured by that: an operator closes it.
            resolve: (is_recorded && !self.outlives_its_cause(kind)).then_some(resolve),
            exception_type,
            name,
        }
    }
}

/// Of a monitor that every table has: what its exception type ends in, what a finding means, and what it asks.
fn of_every_table(kind: MonitorKind) -> (Option<&'static str>, Severity, &'static str) {
    let [routed, twice, stale, bounded, late, refused, horizon, edge] = MONITORED;
    match kind {
        MonitorKind::Routed => (Some(routed), Severity::Error, "rows of a history table that lie outside its period"),
        MonitorKind::Twice => (Some(twice), Severity::Error, "keys that stand more than once in mart and history"),
        MonitorKind::Stale => {
            (Some(stale), Severity::Error, "keys of which an older version stands beside a newer one")
        }
        MonitorKind::Bounded => (
            Some(bounded),
            Severity::Error,
            "rows of an open period, due for a day and not held, that are still in the mart",
        ),
        MonitorKind::LateBeyondLookback => (
            Some(late),
            Severity::Error,
            "raw rows behind the lookback of the load of which nothing as new was taken over",
        ),
        MonitorKind::Refused => (
            Some(refused),
            Severity::Error,
            "raw rows that lack a column which must be there: the load leaves them out",
        ),
        MonitorKind::Horizon => (Some(horizon), Severity::Warn, "within 60 days, due rows fall beyond the last period"),
        MonitorKind::LowerEdge => {
            (Some(edge), Severity::Warn, "rows older than the first period, which no history table will take")
        }
        MonitorKind::Tripwire => (None, Severity::Error, "more rows are due than the next cycle may archive"),
        MonitorKind::Unresolved | MonitorKind::Stated(_) => (None, Severity::Error, ""),
    }
}

fn stated(spec: &Spec, id: MonitorId) -> Monitor {
    let stated = spec.monitor(id);
    let of = OfTable { spec, id: stated.table };
    let mart = Slot::Mart(stated.table);
    let other_rows = |other: TableId| {
        let histories = spec.period_ids().map(move |period| Slot::History(other, period));
        std::iter::once(Slot::Mart(other)).chain(histories)
    };
    let (template, reads, reason): (_, Vec<Slot>, _) = match &stated.asks {
        Asks::CountMatch { .. } => (
            "monitors/count_match.sql.j2",
            vec![Slot::Source(stated.table)],
            "raw has fewer rows of the window than the other system",
        ),
        Asks::LatestMatches(other) => (
            "monitors/latest_matches.sql.j2",
            std::iter::once(mart).chain(other_rows(other.table)).collect(),
            "rows whose time is not that of the newest row of their key in the other table",
        ),
        Asks::HasRowsIn(other) => (
            "monitors/has_rows_in.sql.j2",
            std::iter::once(mart).chain(other_rows(other.table)).collect(),
            "rows whose key has none in the mart or history of the other table",
        ),
        Asks::HasParent(other) => (
            "monitors/has_parent.sql.j2",
            vec![mart, Slot::Mart(other.table)],
            "rows whose key has none in the mart of the other table",
        ),
        Asks::Compare { .. } => {
            ("monitors/compare.sql.j2", vec![mart, Slot::Compared(id)], "more rows differ from their source than may")
        }
    };
    let mut monitor = of.build(
        MonitorKind::Stated(id),
        stated.name.value.clone(),
        stated.exception_type.clone(),
        stated.severity,
        (template, reads, reason),
    );
    if let Asks::CountMatch { .. } = stated.asks {
        monitor.find.parameters = &["expected", "start", "end"];
    }
    Monitor { every: stated.every, window: stated.window, ..monitor }
}

fn unresolved(spec: &Spec, id: ExceptionsId) -> Monitor {
    let slot = Slot::Exceptions(id);
    let name = format!("{}__unresolved", spec.exceptions_name(id));
    let reason = "open exceptions, but for an operator's holds and warnings";
    Monitor {
        find: Operation::new(name.clone(), "monitors/unresolved.sql.j2", Verb::Select, slot, vec![slot], reason),
        name,
        kind: MonitorKind::Unresolved,
        table: None,
        severity: Severity::Error,
        exception_type: None,
        every: DAY,
        window: Window::default(),
        after_sweep: spec.periods.iter().any(|period| period.sealed),
        record: None,
        resolve: None,
    }
}

/// The types of exceptions that nobody need cure: holds, and what a monitor only warns of.
pub(crate) fn not_to_cure(spec: &Spec, id: ExceptionsId) -> Vec<String> {
    let tables = spec.tables().filter(|(_, table)| table.exceptions == id);
    let mut types: Vec<String> = Vec::new();
    for (number, table) in tables {
        types.push(format!("{}{HOLD}", table.exception_type));
        let warnings = [MonitorKind::Horizon, MonitorKind::LowerEdge].map(|kind| of_every_table(kind).0);
        types.extend(warnings.into_iter().flatten().map(|suffix| format!("{}{suffix}", table.exception_type)));
        let stated =
            spec.monitors.iter().filter(|monitor| monitor.table == number && monitor.severity == Severity::Warn);
        types.extend(stated.filter_map(|monitor| monitor.exception_type.clone()));
    }
    types
}
