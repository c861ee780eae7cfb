//! The steps of one table. Why each is there stands beside it; the order is the law.

use crate::plan::around::reads_trimmed_raw;
use crate::plan::{Due, Hop, Scope, Slot, Step, StepName, TablePlan, Touched, Verb};
use crate::spec::{ColumnId, PeriodId, Retention, Spec, Table, TableId};

pub(super) fn table(spec: &Spec, id: TableId) -> TablePlan {
    let open: Vec<_> = spec.period_ids().filter(|&period| !spec.period(period).sealed).collect();
    let cycle = scope(spec, id, open, true);
    let nightly = scope(spec, id, spec.period_ids().collect(), false);
    TablePlan {
        table: id,
        load: load(spec, id),
        hooks: cycle_hooks(spec, id, &cycle),
        sweep: hooks(spec, id, &nightly),
        cycle,
        nightly,
    }
}

fn scope(spec: &Spec, id: TableId, periods: Vec<PeriodId>, by_batch: bool) -> Scope {
    let table = spec.table(id);
    let batch = (by_batch && table.source.is_some()).then_some(id);
    let (due, touched, parent_touched) = match &table.retention {
        Retention::WhileIn { parent, on, .. } if by_batch => {
            let theirs = on.iter().map(|&(_, theirs)| theirs).collect();
            // A table of the chain that has no batch may have touched every key.
            let own = touched(spec, id, table.unique_key.clone());
            let parent = own.as_ref().and_then(|_| touched(spec, *parent, theirs));
            (Due::Listed, own, parent)
        }
        Retention::WhileIn { .. } => (Due::Listed, None, None),
        Retention::For { .. } => (Due::ByCutoff, None, None),
    };
    Scope { periods, due, versioned: table.is_versioned(), batch, touched, parent_touched }
}

/// `None` if a table on the way up has no batch.
fn touched(spec: &Spec, id: TableId, columns: Vec<ColumnId>) -> Option<Touched> {
    let mut ancestors = Vec::new();
    let mut table = spec.table(id);
    table.source.as_ref()?;
    while let Retention::WhileIn { parent, on, .. } = &table.retention {
        ancestors.push(Hop { parent: *parent, on: on.clone() });
        table = spec.table(*parent);
        table.source.as_ref()?;
    }
    Some(Touched { table: id, columns, ancestors })
}

fn load(spec: &Spec, id: TableId) -> Vec<Step> {
    let table = spec.table(id);
    if table.load.is_none() {
        return Vec::new();
    }
    let step = |part, template, verb, reason| Step {
        name: StepName::Load,
        part: Some(part),
        template,
        period: None,
        verb,
        writes: Slot::Mart(id),
        reads: vec![Slot::Source(id), Slot::Mart(id)],
        reason,
    };
    let nullable = |id: &ColumnId| !table.column(*id).not_null;
    let mut steps = Vec::new();
    // The load never deletes: an older version leaves by `supersede`, once the newer one is seen to stand.
    if table.payload().next().is_some() {
        steps.push(step(
            "correct",
            "load_correct.sql.j2",
            Verb::Update,
            "a row delivered again under its own time replaces what the mart has of it",
        ));
    }
    steps.push(step(
        "insert",
        "load_insert.sql.j2",
        Verb::Insert,
        "rows whose key is new to the mart, or newer than there",
    ));
    if table.unique_key.iter().any(nullable) {
        steps.push(step(
            "keyless",
            "load_keyless.sql.j2",
            Verb::Insert,
            "rows that lack a part of their key, once each: nothing can replace them",
        ));
    }
    if table.is_versioned() && nullable(&table.time.column) {
        steps.push(step(
            "timeless",
            "load_timeless.sql.j2",
            Verb::Insert,
            "rows that lack their time, where nothing complete is known of their key",
        ));
    }
    steps
}

/// The hooks of a cycle: at their end it is written down that they were completed, where somebody waits for that.
fn cycle_hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let mut steps = hooks(spec, id, scope);
    if reads_trimmed_raw(spec, id) {
        let builder = Builder { id, table: spec.table(id), scope };
        steps.extend(builder.complete());
    }
    steps
}

/// The hooks of a cycle or of a sweep; they differ in their scope alone.
fn hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let table = spec.table(id);
    let builder = Builder { id, table, scope };
    let mut steps = builder.cutoff().to_vec();
    if scope.versioned {
        steps.extend(builder.versions());
    }
    if let Retention::WhileIn { parent, .. } = table.retention {
        steps.push(builder.restore(parent));
    }
    steps.extend(builder.cleanup());
    if let Retention::WhileIn { parent, .. } = table.retention {
        steps.extend(builder.due(parent));
    }
    steps.extend(builder.resolve());
    steps.extend(builder.tripwire());
    steps.extend(builder.archive());
    steps.push(builder.trim());
    steps.extend(builder.kept());
    steps.push(builder.safety_check());
    steps
}

struct Builder<'a> {
    id: TableId,
    table: &'a Table,
    scope: &'a Scope,
}

impl Builder<'_> {
    /// A step of one statement.
    fn step(
        &self,
        name: StepName,
        template: &'static str,
        verb: Verb,
        writes: Slot,
        reads: Vec<Slot>,
        reason: &'static str,
    ) -> Step {
        Step { name, part: None, period: None, verb, writes, reads, reason, template }
    }

    /// One of a step's statements.
    fn part(&self, part: &'static str, step: Step) -> Step {
        Step { part: Some(part), ..step }
    }

    fn mart(&self) -> Slot {
        Slot::Mart(self.id)
    }

    fn exceptions(&self) -> Slot {
        Slot::Exceptions(self.table.exceptions)
    }

    fn histories(&self) -> impl Iterator<Item = Slot> + '_ {
        self.scope.periods.iter().map(|&period| Slot::History(self.id, period))
    }

    /// Where a due row is looked up.
    fn due_list(&self) -> Slot {
        match self.scope.due {
            Due::ByCutoff => Slot::Cutoff(self.id),
            Due::Listed => Slot::Due(self.id),
        }
    }

    /// The relations by which touched rows are known: every batch on the way up, and the marts between.
    fn touched_reads(touched: &Touched) -> impl Iterator<Item = Slot> {
        let way = std::iter::once(touched.table).chain(touched.ancestors.iter().map(|hop| hop.parent));
        let marts = way.clone().take(touched.ancestors.len()).map(Slot::Mart);
        way.map(Slot::Source).chain(marts)
    }

    fn per_period(&self, step: impl Fn(Slot) -> Step) -> Vec<Step> {
        let each = self.scope.periods.iter().map(|&period| (period, Slot::History(self.id, period)));
        each.map(|(period, history)| Step { period: Some(period), ..step(history) }).collect()
    }

    fn cutoff(&self) -> [Step; 2] {
        let cutoff = Slot::Cutoff(self.id);
        let (template, from) = match self.table.retention {
            Retention::For { .. } => ("cutoff_fill.sql.j2", self.mart()),
            Retention::WhileIn { root, .. } => ("cutoff_inherit.sql.j2", Slot::Cutoff(root)),
        };
        let forget = "forget the last cycle's cutoff: without one, nothing is due";
        let store = "one cutoff for every statement of the cycle, never later than now less the retention";
        [
            self.part(
                "reset",
                self.step(StepName::Cutoff, "cutoff_reset.sql.j2", Verb::Delete, cutoff, vec![], forget),
            ),
            self.part("fill", self.step(StepName::Cutoff, template, Verb::Insert, cutoff, vec![from], store)),
        ]
    }

    fn versions(&self) -> [Step; 4] {
        let (mart, versions) = (self.mart(), Slot::Versions(self.id));
        let mut copies = vec![mart];
        copies.extend(self.histories());
        copies.extend(self.scope.batch.map(Slot::Source));
        let forget = "forget the last cycle's versions";
        let find = "the newest time of every key that stands more than once";
        let older = "a late, older version gives way to the newer one, wherever that stands";
        let timeless = "a row without a time gives way to a complete version of its key";
        [
            self.part(
                "reset",
                self.step(StepName::Versions, "versions_reset.sql.j2", Verb::Delete, versions, vec![], forget),
            ),
            self.part(
                "fill",
                self.step(StepName::Versions, "versions_fill.sql.j2", Verb::Insert, versions, copies, find),
            ),
            self.part(
                "older",
                self.step(StepName::Supersede, "supersede_older.sql.j2", Verb::Delete, mart, vec![versions], older),
            ),
            self.part(
                "timeless",
                self.step(
                    StepName::Supersede,
                    "supersede_timeless.sql.j2",
                    Verb::Delete,
                    mart,
                    vec![versions],
                    timeless,
                ),
            ),
        ]
    }

    fn restore(&self, parent: TableId) -> Step {
        let mut reads = vec![self.mart(), Slot::Mart(parent)];
        reads.extend(self.histories());
        reads.extend(self.scope.parent_touched.iter().flat_map(Self::touched_reads));
        let reason = "rows whose parent is back return with it";
        self.step(StepName::Restore, "restore.sql.j2", Verb::Insert, self.mart(), reads, reason)
    }

    fn cleanup(&self) -> Vec<Step> {
        let delete = |template, history, reads, reason| {
            self.step(StepName::Cleanup, template, Verb::Delete, history, reads, reason)
        };
        let named = |part, steps: Vec<Step>| steps.into_iter().map(move |step| self.part(part, step));
        if self.scope.due == Due::Listed {
            let mut reads = vec![self.mart()];
            if let Some(touched) = &self.scope.touched {
                // The last cycle's list: it may have archived what it names, and stopped before the trim.
                reads.push(self.due_list());
                reads.extend(Self::touched_reads(touched));
            }
            let reason = "a row that is back in the mart leaves its history table";
            let returned = self.per_period(|history| delete("cleanup.sql.j2", history, reads.clone(), reason));
            if !self.scope.versioned {
                return returned;
            }
            let returned = named("returned", returned);
            // A newer version that a cycle archived could not see what a sealed period holds of its key. Who looks at every key
            // finds both in history, and neither in the mart.
            let stale = if self.scope.touched.is_none() { self.stale() } else { Vec::new() };
            return returned.chain(named("stale", stale)).collect();
        }
        let by_mart = |reason| {
            self.per_period(|history| {
                delete("cleanup_replaced.sql.j2", history, vec![self.mart(), self.due_list()], reason)
            })
        };
        if !self.scope.versioned {
            return by_mart("a redelivered event replaces its archived copy");
        }
        let replaced = by_mart("what the mart archives again replaces the copies that are not newer");
        named("replaced", replaced).chain(named("stale", self.stale())).collect()
    }

    fn stale(&self) -> Vec<Step> {
        let reason = "an archived version gives way to a newer one, wherever that stands";
        let reads = vec![Slot::Versions(self.id)];
        self.per_period(|history| {
            self.step(StepName::Cleanup, "cleanup_stale.sql.j2", Verb::Delete, history, reads.clone(), reason)
        })
    }

    fn due(&self, parent: TableId) -> [Step; 2] {
        let due = Slot::Due(self.id);
        let reads = vec![self.mart(), Slot::Mart(parent), Slot::Cutoff(self.id)];
        let list = "rows older than the cutoff whose parent has left its mart";
        [
            self.part(
                "reset",
                self.step(StepName::Due, "due_reset.sql.j2", Verb::Delete, due, vec![], "forget the last cycle's list"),
            ),
            self.part("fill", self.step(StepName::Due, "due_fill.sql.j2", Verb::Insert, due, reads, list)),
        ]
    }

    /// Fails where more rows are due than may be, before any of them moves.
    fn tripwire(&self) -> Option<Step> {
        self.table.tripwire?;
        let reads = vec![self.mart(), self.due_list(), self.exceptions()];
        let reason = "fails, and with it the cycle, where more rows are due than may be";
        // After resolve, which lets go of rows that were held; its name sorts behind it, and before the first archive.
        let step = self.step(StepName::Resolve, "tripwire.sql.j2", Verb::Select, self.mart(), reads, reason);
        Some(self.part("tripwire", step))
    }

    fn resolve(&self) -> [Step; 2] {
        let (mart, exceptions) = (self.mart(), self.exceptions());
        let mut reads = vec![mart, self.due_list()];
        if self.scope.versioned {
            reads.extend(self.histories());
        }
        let keyed = "an exception whose rows can be routed again is closed, before they are archived";
        let keyless = "the exception for rows without a key is closed when there are none left";
        [
            self.part(
                "keyed",
                self.step(StepName::Resolve, "resolve_keyed.sql.j2", Verb::Update, exceptions, reads, keyed),
            ),
            self.part(
                "keyless",
                self.step(StepName::Resolve, "resolve_keyless.sql.j2", Verb::Update, exceptions, vec![mart], keyless),
            ),
        ]
    }

    fn archive(&self) -> Vec<Step> {
        self.per_period(|history| {
            let reads = vec![self.mart(), self.due_list(), self.exceptions(), history];
            let reason = "due rows of the period, unless held or already there";
            self.step(StepName::Archive, "archive.sql.j2", Verb::Insert, history, reads, reason)
        })
    }

    fn trim(&self) -> Step {
        let mut reads = vec![self.mart(), self.due_list(), self.exceptions()];
        reads.extend(self.histories());
        let reason = "due rows of which an exact copy is seen in a history table";
        self.step(StepName::Trim, "trim.sql.j2", Verb::Delete, self.mart(), reads, reason)
    }

    /// The trim leaves what an operator's hold has come to protect since the archive: its copy goes again.
    fn kept(&self) -> Vec<Step> {
        let reads = vec![self.mart(), self.due_list()];
        let reason = "a row that the trim left in the mart, held since it was archived, stands there alone";
        let delete =
            |history| self.step(StepName::Trim, "trim_kept.sql.j2", Verb::Delete, history, reads.clone(), reason);
        self.per_period(delete).into_iter().map(|step| self.part("kept", step)).collect()
    }

    fn safety_check(&self) -> Step {
        let reads = vec![self.mart(), self.due_list(), self.exceptions()];
        let reason = "whatever is due and still here is the gap: somebody is told, once";
        self.step(StepName::SafetyCheck, "safety_check.sql.j2", Verb::Insert, self.exceptions(), reads, reason)
    }

    /// Whoever trims raw waits for this. The last but one stamp counts: the load of the cycle between began after it.
    fn complete(&self) -> [Step; 2] {
        let cycles = Slot::Cycles(self.id);
        let forget = "forget all completed cycles but the last";
        let note =
            "write down that this cycle is completed: raw rows landed before the last one were seen by all of it";
        [
            self.part(
                "forget",
                self.step(StepName::Complete, "complete_forget.sql.j2", Verb::Delete, cycles, vec![cycles], forget),
            ),
            self.part(
                "note",
                self.step(StepName::Complete, "complete_note.sql.j2", Verb::Insert, cycles, vec![], note),
            ),
        ]
    }
}
