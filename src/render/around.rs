//! What runs around the cycles. No project can replace these templates, nor the macros that they share with others.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Value, context};

use crate::plan::monitors::not_to_cure;
use crate::plan::{Monitor, MonitorKind, Plan, RawTrim, Repair, Slot, Task, UpkeepPlan};
use crate::render::context::{number, place, text};
use crate::render::value::Sql;
use crate::render::{Failures, Owner, Renderer, Statement, context};
use crate::spec::naming::HOLD;
use crate::spec::{Asks, Column, ColumnId, DAY, ExceptionsId, Other, Share, Spec, TableId};

/// How long before the horizon its monitor speaks, in seconds: as long as `check` does.
const AHEAD: u64 = 60 * DAY;
/// How long a row may be due before its monitor speaks: a night without a cycle is no fault of the rows.
const SLACK: u64 = DAY;
/// The most keys that a run of a monitor records: nobody reads more, and a mistake in a spec must not fill a table.
const MOST: u64 = 1_000;

/// Everything that runs around the cycles.
#[derive(Debug, Default)]
pub(crate) struct Around<'p> {
    pub(crate) raw_trims: Vec<(&'p RawTrim, Statement<'p, Task>)>,
    pub(crate) monitors: Vec<RenderedMonitor<'p>>,
    pub(crate) maintenance: Vec<RenderedUpkeep<'p>>,
    pub(crate) repairs: Vec<(&'p Repair, Vec<Statement<'p, Task>>)>,
}

/// The statements of a monitor.
#[derive(Debug)]
pub(crate) struct RenderedMonitor<'p> {
    pub(crate) plan: &'p Monitor,
    pub(crate) find: Statement<'p, Task>,
    pub(crate) record: Option<Beside<'p>>,
    pub(crate) resolve: Option<Beside<'p>>,
    /// What another system is asked, in words that every system takes.
    pub(crate) other_system: Option<String>,
}

/// A statement that holds a monitor's question in parentheses.
#[derive(Debug)]
pub(crate) struct Beside<'p> {
    pub(crate) statement: Statement<'p, Task>,
    /// The same around the shortest question there is: the other one is judged by itself.
    outline: Option<String>,
}

/// The statements of an upkeep.
#[derive(Debug)]
pub(crate) struct RenderedUpkeep<'p> {
    pub(crate) plan: &'p UpkeepPlan,
    pub(crate) run: Statement<'p, Task>,
    pub(crate) condition: Option<Statement<'p, Task>>,
}

impl<'p> Around<'p> {
    /// What there is to judge: every task, with a text in which nothing stands that is not judged.
    pub(crate) fn to_judge(&self) -> impl Iterator<Item = (&'p Task, &str)> {
        let whole = |statement: &'_ Statement<'p, Task>| statement.step;
        let trims = self.raw_trims.iter().map(move |(_, trim)| (whole(trim), trim.sql.as_str()));
        let monitors = self.monitors.iter().flat_map(|monitor| {
            let beside = monitor.record.iter().chain(&monitor.resolve);
            let beside =
                beside.map(|one| (one.statement.step, one.outline.as_ref().unwrap_or(&one.statement.sql).as_str()));
            std::iter::once((monitor.find.step, monitor.find.sql.as_str())).chain(beside)
        });
        let upkeep = self.maintenance.iter().flat_map(|one| std::iter::once(&one.run).chain(&one.condition));
        let repairs = self.repairs.iter().flat_map(|(_, statements)| statements);
        let others = upkeep.chain(repairs).map(|one| (one.step, one.sql.as_str()));
        trims.chain(monitors).chain(others)
    }
}

/// Renders all that runs around the cycles.
pub(super) fn render<'p>(spec: &Spec, plan: &'p Plan, failures: &mut Failures) -> Around<'p> {
    let mut maker = Maker { spec, renderer: Renderer::new(spec, BTreeMap::new()), failures, shared: None };
    Around {
        raw_trims: plan.raw_trims.iter().map(|trim| (trim, maker.raw_trim(trim))).collect(),
        monitors: plan.monitors.iter().map(|monitor| maker.monitor(monitor)).collect(),
        maintenance: plan.maintenance.iter().map(|upkeep| maker.upkeep(upkeep)).collect(),
        repairs: plan.repairs.iter().map(|repair| (repair, maker.repair(repair))).collect(),
    }
}

struct Maker<'a, 'f> {
    spec: &'a Spec,
    renderer: Renderer<'a>,
    failures: &'f mut Failures,
    /// What the statements of a table share, of the one that came last.
    shared: Option<(TableId, Value)>,
}

fn share(share: Share) -> Value {
    context! { part => number(share.part), of => number(share.of) }
}

fn texts(all: impl IntoIterator<Item = String>) -> Vec<Value> {
    all.into_iter().map(|one| text(&one)).collect()
}

impl<'a> Maker<'a, '_> {
    fn table(&mut self, id: TableId) -> Value {
        match &self.shared {
            Some((known, shared)) if *known == id => shared.clone(),
            _ => {
                let shared = context::every_period(self.spec, id);
                self.shared = Some((id, shared.clone()));
                shared
            }
        }
    }

    fn marked(&mut self, task: &Task, template: &'static str, context: Value) -> String {
        let rendered = self.renderer.render(template, &|| task.name.clone(), context);
        self.failures.keep_text(template, rendered)
    }

    fn named<'p>(&mut self, owner: Owner, task: &'p Task, marked: &str) -> Statement<'p, Task> {
        let comment = format!("-- {}: {}\n", task.name, task.reason);
        let named = self.renderer.name(owner, task.template, &|| task.name.clone(), &comment, marked);
        self.failures.keep(task, task.template, named)
    }

    fn statement<'p>(&mut self, owner: Owner, task: &'p Task, context: Value) -> Statement<'p, Task> {
        let marked = self.marked(task, task.template, context);
        self.named(owner, task, &marked)
    }

    fn raw_trim<'p>(&mut self, trim: &'p RawTrim) -> Statement<'p, Task> {
        let landing = &self.spec.landings[trim.landing];
        let Column { name, ty, not_null } = &landing.column;
        let landed = Sql::Column { name: name.sql(self.spec.dialect), ty: *ty, not_null: *not_null };
        let unit = landing.unit.as_str();
        let context = context! {
            source => place(trim.trim.writes),
            readers => trim.readers.iter().map(|&id| place(Slot::Cycles(id))).collect::<Vec<_>>(),
            landed => Value::from(landed),
            keep => Value::from(Sql::Literal(self.spec.dialect.rules().duration(landing.keep, landing.unit))),
            unit => unit,
            slices => trim.slices.iter().map(|&id| context::every_period(self.spec, id)).collect::<Vec<_>>(),
        };
        self.statement(Owner::Operation, &trim.trim, context)
    }

    /// What is due by now, of the table that decides its cutoff.
    fn cutoff_now(&mut self, task: &Task, id: TableId, slack: bool) -> Value {
        let root = self.spec.root(id);
        let unit = self.spec.table(root).time.unit;
        let slack = slack.then(|| Value::from(Sql::Literal(self.spec.dialect.rules().duration(SLACK, unit))));
        let context = context! { slack => slack, ..context::every_period(self.spec, root) };
        Value::from(Sql::Query(self.marked(task, "cutoff_now.sql.j2", context)))
    }

    fn monitor<'p>(&mut self, monitor: &'p Monitor) -> RenderedMonitor<'p> {
        let Some(id) = monitor.table else {
            let find = self.unresolved(monitor);
            return RenderedMonitor { plan: monitor, find, record: None, resolve: None, other_system: None };
        };
        let (spec, task) = (self.spec, &monitor.find);
        let time = spec.table(id).time;
        let span = |seconds: Option<u64>| {
            seconds.map(|seconds| Value::from(Sql::Literal(self.spec.dialect.rules().duration(seconds, time.unit))))
        };
        let own = match monitor.kind {
            MonitorKind::Bounded | MonitorKind::Horizon | MonitorKind::Tripwire => {
                let cutoff_now = self.cutoff_now(task, id, monitor.kind == MonitorKind::Bounded);
                context! {
                    cutoff_now => cutoff_now,
                    root_unit => spec.table(spec.root(id)).time.unit.as_str(),
                    ahead => Value::from(Sql::Literal(self.spec.dialect.rules().duration(AHEAD, time.unit))),
                    open => context::open(spec, time),
                }
            }
            MonitorKind::Refused => {
                let ids = (0..spec.table(id).columns.len()).map(ColumnId);
                let columns: Vec<_> = ids.filter(|column| spec.table(id).column(*column).not_null).collect();
                context! { refused => context::groups(&context::columns(spec, spec.table(id), &columns)) }
            }
            MonitorKind::Stated(number) => match &spec.monitor(number).asks {
                Asks::LatestMatches(other) | Asks::HasRowsIn(other) | Asks::HasParent(other) => {
                    context! { others => self.others(id, other) }
                }
                Asks::Compare { columns, more_than, .. } => context! {
                    with => place(Slot::Compared(number)),
                    compared => context::columns(spec, spec.table(id), columns),
                    more_than => share(*more_than),
                },
                Asks::CountMatch { .. } => context! {},
            },
            _ => context! {},
        };
        let keyless = monitor.kind.is_keyless(spec);
        let shared = context! {
            monitor => context! {
                type => monitor.exception_type.as_deref().map(text),
                note => text(&format!("{}: {}", monitor.name, task.reason)),
                keyless => keyless,
                most => number(MOST),
            },
            window => context! { within => span(monitor.window.within), until => span(monitor.window.until) },
            only_open => false,
            ..own
        };
        let shared = context! { ..shared, ..self.table(id) };
        let found = self.marked(task, task.template, shared.clone());
        let find = self.named(Owner::Query, task, &found);
        let record = monitor.record.as_ref().map(|record| self.beside(record, &shared, &found, true));
        let resolve = monitor.resolve.as_ref().map(|resolve| {
            // What has left the window is not cured by that: its keys are looked at again.
            let is_seen_again = matches!(monitor.kind, MonitorKind::Stated(_)) && !keyless;
            if is_seen_again {
                let again = self.marked(task, task.template, context! { only_open => true, ..shared.clone() });
                self.beside(resolve, &shared, &again, false)
            } else {
                self.beside(resolve, &shared, &found, true)
            }
        });
        RenderedMonitor { plan: monitor, find, record, resolve, other_system: self.other_system(monitor) }
    }

    /// A statement around a finding, which may be judged by itself.
    fn beside<'p>(&mut self, task: &'p Task, shared: &Value, finding: &str, is_judged: bool) -> Beside<'p> {
        let around =
            |finding: &str| context! { finding => Value::from(Sql::Query(finding.to_owned())), ..shared.clone() };
        let statement = self.statement(Owner::Operation, task, around(finding));
        let outline =
            is_judged.then(|| self.statement(Owner::Operation, task, around("SELECT NULL AS rowkeep_key")).sql);
        Beside { statement, outline }
    }

    /// The other table's rows: its mart, and every history table that there is.
    fn others(&self, id: TableId, other: &Other) -> Value {
        let (spec, theirs) = (self.spec, self.spec.table(other.table));
        let columns: BTreeSet<_> = other.on.iter().map(|&(_, theirs)| theirs).collect();
        let columns: Vec<_> = columns.into_iter().collect();
        let mut with_time = columns.clone();
        if !with_time.contains(&theirs.time.column) {
            with_time.push(theirs.time.column);
        }
        context! {
            mart => place(Slot::Mart(other.table)),
            histories => context::histories(spec, other.table),
            on => context::pairs(spec, spec.table(id), theirs, &other.on),
            columns => context::columns(spec, theirs, &columns),
            columns_and_time => context::columns(spec, theirs, &with_time),
            time => context::column(spec, theirs, theirs.time.column),
        }
    }

    /// The other system's half of a count: names and operators that every system reads alike.
    fn other_system(&self, monitor: &Monitor) -> Option<String> {
        let MonitorKind::Stated(number) = monitor.kind else { return None };
        let Asks::CountMatch { with } = &self.spec.monitor(number).asks else { return None };
        let table = self.spec.table(monitor.table?);
        let time = table.column(table.time.column).name.as_str();
        Some(format!(
            "-- {}: rows of the window in the other system\nSELECT COUNT(*) AS expected\nFROM {with}\nWHERE {time} >= :start AND {time} < :end",
            monitor.name
        ))
    }

    fn unresolved<'p>(&mut self, monitor: &'p Monitor) -> Statement<'p, Task> {
        let Slot::Exceptions(id) = monitor.find.writes else { return self.named(Owner::Query, &monitor.find, "") };
        let context = context! { not_to_cure => texts(not_to_cure(self.spec, id)), ..self.exceptions(id) };
        self.statement(Owner::Query, &monitor.find, context)
    }

    fn exceptions(&self, id: ExceptionsId) -> Value {
        let tables = self.spec.tables.iter().filter(|table| table.exceptions == id);
        let holds = tables.map(|table| format!("{}{HOLD}", table.exception_type));
        context! {
            table => place(Slot::Exceptions(id)),
            holds => texts(holds),
            given => context::given(),
            ..context::exceptions(self.spec, id)
        }
    }

    fn upkeep<'p>(&mut self, upkeep: &'p UpkeepPlan) -> RenderedUpkeep<'p> {
        let spec = self.spec;
        let words = spec.dialect.rules().maintenance(upkeep.run);
        let words = words.unwrap_or_else(|| unreachable!("a plan has only maintenance that the engine has"));
        let mart = Slot::Mart(upkeep.table);
        let context = context! { upkeep => Value::from(Sql::Literal(words.to_owned())), mart => place(mart) };
        let run = self.statement(Owner::Operation, &upkeep.task, context);
        let condition = upkeep.condition.as_ref().map(|condition| {
            let relation = mart.relation(spec);
            let unsorted = spec
                .maintenance
                .iter()
                .find(|stated| stated.run == upkeep.run && stated.tables.contains(&upkeep.table));
            let catalogue = context! {
                schema => text(&relation.schema.folded(spec.dialect)),
                table => text(&relation.name().folded(spec.dialect)),
                unsorted => number(unsorted.and_then(|stated| stated.unsorted_more_than).unwrap_or_default().into()),
            };
            self.statement(Owner::Operation, condition, context! { catalogue => catalogue })
        });
        RenderedUpkeep { plan: upkeep, run, condition }
    }

    fn repair<'p>(&mut self, repair: &'p Repair) -> Vec<Statement<'p, Task>> {
        let mut statements = Vec::with_capacity(repair.statements.len());
        for task in &repair.statements {
            let shared = match (task.table, task.writes) {
                (Some(id), _) => self.table(id),
                (None, Slot::Exceptions(id)) => self.exceptions(id),
                (None, _) => Value::UNDEFINED,
            };
            let context = match (task.table, task.period) {
                (Some(id), Some(period)) => context::of_period(self.spec, id, period, &shared),
                _ => shared,
            };
            statements.push(self.statement(Owner::Operation, task, context));
        }
        statements
    }
}
