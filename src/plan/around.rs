//! What runs around a table's cycle: raw trims, upkeep and repairs.

use crate::dialect::Maintenance as Run;
use crate::plan::{Slot, TablePlan, Verb};
use crate::spec::{ExceptionsId, PeriodId, Retention, Spec, TableId};
use crate::sql::Relation;

/// A statement that runs apart from a table's cycle.
#[derive(Clone, Debug)]
pub struct Task {
    /// The stem of its file.
    pub name: String,
    /// What it does.
    pub verb: Verb,
    /// The relation that it changes, or that it is about.
    pub writes: Slot,
    /// Every relation that it may look at.
    pub reads: Vec<Slot>,
    /// The table whose columns it names, if one.
    pub table: Option<TableId>,
    /// The period that it works for, if one.
    pub period: Option<PeriodId>,
    /// What it is given when it runs.
    pub parameters: &'static [&'static str],
    /// Why it is there, in one line.
    pub reason: &'static str,
    /// The template that gives it words.
    pub(crate) template: &'static str,
}

impl Task {
    /// Whether it may run inside a transaction.
    pub fn transaction(&self) -> bool {
        !matches!(self.verb, Verb::Vacuum)
    }
}

/// The trim of a landing table.
#[derive(Clone, Debug)]
pub struct RawTrim {
    /// The number of the landing table in [`Spec::landings`].
    pub landing: usize,
    /// The tables whose completed cycles it waits for: all that read the landing table.
    pub readers: Vec<TableId>,
    /// Those whose load reads a slice of it: a row goes only once something as new of its key was taken over.
    pub slices: Vec<TableId>,
    /// The statement.
    pub trim: Task,
}

/// Run of one mart.
#[derive(Clone, Debug)]
pub struct UpkeepPlan {
    /// What is done.
    pub run: Run,
    /// The table.
    pub table: TableId,
    /// How often, in seconds.
    pub every: u64,
    /// The statement.
    pub task: Task,
    /// A query that gives a row if it is to be done; whoever may not run the query does it anyway.
    pub condition: Option<Task>,
}

/// What an operator does about one key.
#[derive(Clone, Debug)]
pub struct Repair {
    /// Its word.
    pub name: &'static str,
    /// The table; a repair of exceptions serves all tables that record there.
    pub table: Option<TableId>,
    /// Its statements, in order.
    pub statements: Vec<Task>,
}

pub(super) fn task(
    name: String,
    template: &'static str,
    verb: Verb,
    writes: Slot,
    reads: Vec<Slot>,
    reason: &'static str,
) -> Task {
    Task { name, verb, writes, reads, table: writes.table(), period: None, parameters: &[], reason, template }
}

/// Whether a table's cycle reads a landing table that is trimmed: then it says when it is completed.
pub(crate) fn reads_trimmed_raw(spec: &Spec, id: TableId) -> bool {
    let is_trimmed = |raw: &Relation| spec.landings.iter().any(|landing| landing.relation.may_be(raw, spec.dialect));
    let mut table = spec.table(id);
    loop {
        if table.source.as_ref().is_some_and(is_trimmed) {
            return true;
        }
        match table.retention {
            Retention::WhileIn { parent, .. } => table = spec.table(parent),
            Retention::For { .. } => return false,
        }
    }
}

/// The trims, in the order of the project.
pub(super) fn raw_trims(spec: &Spec, tables: &[TablePlan]) -> Vec<RawTrim> {
    let trims = spec.landings.iter().enumerate().map(|(number, landing)| {
        let reads_it = |slot: &Slot| matches!(slot, Slot::Source(id) if landing.read_by.contains(id));
        let is_reader =
            |plan: &&TablePlan| plan.load.iter().chain(&plan.hooks).flat_map(|step| &step.reads).any(reads_it);
        let mut readers: Vec<_> = tables.iter().filter(is_reader).map(|plan| plan.table).collect();
        readers.extend(landing.read_by.iter().filter(|id| !readers.contains(id)).copied().collect::<Vec<_>>());
        let name = landing.relation.parts().map(crate::sql::Name::as_str).collect::<Vec<_>>().join(".");
        let reason = "rows that were landed before the last but one completed cycle of every reader, less what is kept";
        let source = Slot::Source(landing.read_by[0]);
        let is_slice = |id: &&TableId| spec.table(**id).load.as_ref().is_some_and(|load| load.lookback.is_some());
        let slices: Vec<_> = landing.read_by.iter().filter(is_slice).copied().collect();
        let mut reads: Vec<_> = readers.iter().map(|&id| Slot::Cycles(id)).collect();
        for &id in &slices {
            reads.push(Slot::Mart(id));
            reads.extend(spec.period_ids().map(|period| Slot::History(id, period)));
        }
        RawTrim {
            slices,
            landing: number,
            trim: task(name, "raw_trim.sql.j2", Verb::Delete, source, reads, reason),
            readers,
        }
    });
    trims.collect()
}

/// The upkeep, in the order of the project.
pub(super) fn maintenance(spec: &Spec) -> Vec<UpkeepPlan> {
    let mut all = Vec::new();
    // Names sort as they run.
    let most: usize = spec.maintenance.iter().map(|stated| stated.tables.len()).sum();
    let width = most.to_string().len().max(2);
    for stated in &spec.maintenance {
        if spec.dialect.rules().maintenance(stated.run).is_none() {
            continue;
        }
        for &id in &stated.tables {
            let (mart, model, word) = (Slot::Mart(id), spec.table(id).model.value.as_str(), stated.run.as_str());
            let (verb, reason) = match stated.run {
                Run::Vacuum => {
                    (Verb::Vacuum, "frees the room of deleted rows, and sorts the rest where rows are sorted")
                }
                Run::VacuumDelete => (Verb::Vacuum, "frees the room of deleted rows"),
                Run::VacuumSort => (Verb::Vacuum, "sorts the rows that came since"),
                Run::Analyze => (Verb::Analyze, "renews what the planner knows of the table"),
            };
            let name = format!("{:0width$}_{word}_{model}", all.len() + 1);
            let condition = stated.unsorted_more_than.and(spec.dialect.rules().table_info()).map(|_| {
                let reason = "whether more rows are unsorted than may be";
                task(format!("{name}__when"), "upkeep_when.sql.j2", Verb::Select, mart, Vec::new(), reason)
            });
            let task = task(name, "upkeep.sql.j2", verb, mart, Vec::new(), reason);
            all.push(UpkeepPlan { run: stated.run, table: id, every: stated.every, task, condition });
        }
    }
    all
}

/// What an operator may do about a key, by table.
pub(super) fn repairs(spec: &Spec) -> Vec<Repair> {
    let mut all = Vec::new();
    for (id, table) in spec.tables() {
        let exceptions = Slot::Exceptions(table.exceptions);
        let of_key = |name: String, template, verb, writes, reads, parameters, reason| {
            let task = task(name, template, verb, writes, reads, reason);
            Task { table: Some(id), parameters, ..task }
        };
        let hold = of_key(
            "hold".to_owned(),
            "repair_hold.sql.j2",
            Verb::Insert,
            exceptions,
            vec![exceptions],
            &["key", "notes"][..],
            "keeps the rows of a key where they are until the hold is lifted; twice is once",
        );
        let lift = of_key(
            "lift".to_owned(),
            "repair_lift.sql.j2",
            Verb::Update,
            exceptions,
            vec![exceptions],
            &["key", "notes"][..],
            "ends the hold of a key: the next cycle treats its rows as any other",
        );
        let mart = Slot::Mart(id);
        let histories = || spec.period_ids().map(|period| (period, Slot::History(id, period)));
        let copies = std::iter::once(mart).chain(histories().map(|(_, history)| history)).collect();
        let mut restore = vec![of_key(
            "restore_01_insert".to_owned(),
            "repair_restore.sql.j2",
            Verb::Insert,
            mart,
            copies,
            &["key"][..],
            "the newest archived version of each row with this key comes back, where the mart has none",
        )];
        restore.extend(histories().map(|(period, history)| {
            let name = format!("restore_02_cleanup__{}", spec.period(period).name);
            let reason = "what is back in the mart leaves history";
            let task = of_key(name, "repair_cleanup.sql.j2", Verb::Delete, history, vec![mart], &["key"][..], reason);
            Task { period: Some(period), ..task }
        }));
        all.push(Repair { name: "hold", table: Some(id), statements: vec![hold] });
        all.push(Repair { name: "lift", table: Some(id), statements: vec![lift] });
        all.push(Repair { name: "restore", table: Some(id), statements: restore });
    }
    for number in 0..spec.exceptions.len() {
        let slot = Slot::Exceptions(ExceptionsId(number));
        let name = format!("resolve__{}", spec.exceptions_name(ExceptionsId(number)));
        let reason =
            "closes the exceptions of a type that are about a key; a cause that is still there opens them again";
        let task = task(name, "repair_resolve.sql.j2", Verb::Update, slot, Vec::new(), reason);
        let task = Task { parameters: &["key", "type", "notes"], ..task };
        all.push(Repair { name: "resolve", table: None, statements: vec![task] });
    }
    all
}
