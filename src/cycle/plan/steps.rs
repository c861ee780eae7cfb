//! The steps of one table. Invariant: the order of the steps keeps the laws of retention.

use crate::cycle::plan::{Due, Hop, Scope, Slot, StatementKind, Step, TablePlan, Touched};
use crate::project::{ColumnId, PeriodId, Retention, Spec, Table, TableId};
use crate::sql::Relation;

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
            let parent_columns = on.iter().map(|&(_, parent_column)| parent_column).collect();
            // Without a batch, a table of the chain may change every key.
            let own = touched(spec, id, table.unique_key.clone());
            let parent = own.as_ref().and_then(|_| touched(spec, *parent, parent_columns));
            (Due::Listed, own, parent)
        }
        Retention::WhileIn { .. } => (Due::Listed, None, None),
        Retention::For { .. } => (Due::ByCutoff, None, None),
    };
    Scope { periods, due, versioned: table.is_versioned(), batch, touched, parent_touched }
}

/// `None` if the table or one of its ancestors has no batch.
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
    let step =
        |kind| Step { kind, period: None, writes: Slot::Mart(id), reads: vec![Slot::Source(id), Slot::Mart(id)] };
    let nullable = |id: &ColumnId| !table.column(*id).not_null;
    let mut steps = Vec::new();
    // The load deletes no row. `supersede` deletes an older version after the newer one is stored.
    if table.payload().next().is_some() {
        steps.push(step(StatementKind::LoadCorrect));
    }
    steps.push(step(StatementKind::LoadInsert));
    if table.unique_key.iter().any(nullable) {
        steps.push(step(StatementKind::LoadKeyless));
    }
    if table.is_versioned() && nullable(&table.time.column) {
        steps.push(step(StatementKind::LoadTimeless));
    }
    steps
}

/// The hooks of a cycle. If a raw trim waits for the cycle, the last hooks stamp it as completed.
fn cycle_hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let mut steps = hooks(spec, id, scope);
    if reads_trimmed_raw(spec, id) {
        let builder = Builder { spec, id, table: spec.table(id), scope };
        steps.extend(builder.complete());
    }
    steps
}

/// The hooks of a cycle or of a sweep. Only their scopes differ.
fn hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let table = spec.table(id);
    let builder = Builder { spec, id, table, scope };
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
    spec: &'a Spec,
    id: TableId,
    table: &'a Table,
    scope: &'a Scope,
}

impl Builder<'_> {
    /// A statement of a kind, without a period.
    fn step(&self, kind: StatementKind, writes: Slot, reads: Vec<Slot>) -> Step {
        Step { kind, period: None, writes, reads }
    }

    /// One statement of a kind per period. Each writes the history table of its period. The
    /// statements are independent. They are sorted by period name, so that file names sort in run
    /// order.
    fn per_period(&self, kind: StatementKind, reads: &[Slot]) -> Vec<Step> {
        let mut periods = self.scope.periods.clone();
        periods.sort_by_key(|&period| self.spec.period(period).name.as_str());
        let each = periods.iter();
        each.map(|&period| Step {
            kind,
            period: Some(period),
            writes: Slot::History(self.id, period),
            reads: reads.to_vec(),
        })
        .collect()
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

    /// The relation by which statements find due rows.
    fn due_list(&self) -> Slot {
        match self.scope.due {
            Due::ByCutoff => Slot::Cutoff(self.id),
            Due::Listed => Slot::Due(self.id),
        }
    }

    /// The relations that identify touched rows: the raw table of each table of the chain, and
    /// every mart of the chain except the last.
    fn touched_reads(touched: &Touched) -> impl Iterator<Item = Slot> {
        let chain = std::iter::once(touched.table).chain(touched.ancestors.iter().map(|hop| hop.parent));
        let marts = chain.clone().take(touched.ancestors.len()).map(Slot::Mart);
        chain.map(Slot::Source).chain(marts)
    }

    fn cutoff(&self) -> [Step; 2] {
        let cutoff = Slot::Cutoff(self.id);
        let (kind, from) = match self.table.retention {
            Retention::For { .. } => (StatementKind::CutoffFill, self.mart()),
            Retention::WhileIn { root, .. } => (StatementKind::CutoffInherit, Slot::Cutoff(root)),
        };
        [self.step(StatementKind::CutoffClear, cutoff, vec![]), self.step(kind, cutoff, vec![from])]
    }

    fn versions(&self) -> [Step; 4] {
        let (mart, versions) = (self.mart(), Slot::Versions(self.id));
        let mut copies = vec![mart];
        copies.extend(self.histories());
        copies.extend(self.scope.batch.map(Slot::Source));
        [
            self.step(StatementKind::VersionsClear, versions, vec![]),
            self.step(StatementKind::VersionsFill, versions, copies),
            self.step(StatementKind::SupersedeOlder, mart, vec![versions]),
            self.step(StatementKind::SupersedeTimeless, mart, vec![versions]),
        ]
    }

    fn restore(&self, parent: TableId) -> Step {
        let mut reads = vec![self.mart(), Slot::Mart(parent)];
        reads.extend(self.histories());
        reads.extend(self.scope.parent_touched.iter().flat_map(Self::touched_reads));
        self.step(StatementKind::Restore, self.mart(), reads)
    }

    fn cleanup(&self) -> Vec<Step> {
        let versioned = self.scope.versioned;
        if self.scope.due == Due::ByCutoff {
            let reads = [self.mart(), self.due_list()];
            if !versioned {
                return self.per_period(StatementKind::CleanupReplacedEvent, &reads);
            }
            let mut steps = self.per_period(StatementKind::CleanupReplaced, &reads);
            steps.extend(self.stale());
            return steps;
        }
        let mut reads = vec![self.mart()];
        if let Some(touched) = &self.scope.touched {
            // The list is from the last cycle. That cycle may have archived these rows and stopped
            // before the trim.
            reads.push(self.due_list());
            reads.extend(Self::touched_reads(touched));
        }
        if !versioned {
            return self.per_period(StatementKind::CleanupReturnedEvent, &reads);
        }
        let mut steps = self.per_period(StatementKind::CleanupReturned, &reads);
        // A cycle does not read sealed periods. It can archive a newer version while a sealed
        // period holds an older version of the key. Both are then in history, and none is in the
        // mart. Only a statement that reads every key finds them.
        if self.scope.touched.is_none() {
            steps.extend(self.stale());
        }
        steps
    }

    fn stale(&self) -> Vec<Step> {
        self.per_period(StatementKind::CleanupStale, &[Slot::Versions(self.id)])
    }

    fn due(&self, parent: TableId) -> [Step; 2] {
        let due = Slot::Due(self.id);
        let reads = vec![self.mart(), Slot::Mart(parent), Slot::Cutoff(self.id)];
        [self.step(StatementKind::DueClear, due, vec![]), self.step(StatementKind::DueFill, due, reads)]
    }

    /// The tripwire runs after resolve, because resolve releases holds. Invariant: its file name
    /// sorts after resolve and before the first archive.
    fn tripwire(&self) -> Option<Step> {
        self.table.tripwire?;
        let reads = vec![self.mart(), self.due_list(), self.exceptions()];
        Some(self.step(StatementKind::Tripwire, self.mart(), reads))
    }

    fn resolve(&self) -> [Step; 2] {
        let (mart, exceptions) = (self.mart(), self.exceptions());
        let mut reads = vec![mart, self.due_list()];
        if self.scope.versioned {
            reads.extend(self.histories());
        }
        [
            self.step(StatementKind::ResolveKeyed, exceptions, reads),
            self.step(StatementKind::ResolveKeyless, exceptions, vec![mart]),
        ]
    }

    fn archive(&self) -> Vec<Step> {
        let mut steps = self.per_period(StatementKind::Archive, &[self.mart(), self.due_list(), self.exceptions()]);
        for step in &mut steps {
            step.reads.push(step.writes);
        }
        steps
    }

    fn trim(&self) -> Step {
        let mut reads = vec![self.mart(), self.due_list(), self.exceptions()];
        reads.extend(self.histories());
        self.step(StatementKind::Trim, self.mart(), reads)
    }

    /// Deletes copies of held rows. An operator can set a hold between the archive and the trim.
    /// The trim then keeps the row in the mart, so its copy must be deleted.
    fn kept(&self) -> Vec<Step> {
        self.per_period(StatementKind::TrimKept, &[self.mart(), self.due_list()])
    }

    fn safety_check(&self) -> Step {
        let reads = vec![self.mart(), self.due_list(), self.exceptions()];
        self.step(StatementKind::SafetyCheck, self.exceptions(), reads)
    }

    /// Stamps the cycle as completed. A raw trim uses the last stamp but one: the load of the cycle
    /// that wrote the last stamp began after it.
    fn complete(&self) -> [Step; 2] {
        let cycles = Slot::Cycles(self.id);
        [
            self.step(StatementKind::CompleteForget, cycles, vec![cycles]),
            self.step(StatementKind::CompleteNote, cycles, vec![]),
        ]
    }
}

/// Whether the cycle of a table reads a trimmed raw table. If so, the cycle stamps its completion.
pub(crate) fn reads_trimmed_raw(spec: &Spec, id: TableId) -> bool {
    let is_trimmed =
        |raw: &Relation| spec.raw_tables.iter().any(|raw_table| raw_table.relation.may_be(raw, spec.dialect));
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
