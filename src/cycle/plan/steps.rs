//! The steps of one table. Invariant: the order of the steps keeps the laws of retention.

use crate::cycle::plan::{Due, Hop, Scope, Slot, StatementKind, Step, TablePlan, Touched};
use crate::project::{ColumnId, CutoffFrom, PeriodId, Retention, Spec, Table, TableId};
use crate::sql::Relation;

pub(super) fn table(spec: &Spec, id: TableId) -> TablePlan {
    let open: Vec<_> = spec.periods_of(id).filter(|&period| !spec.period(period).sealed).collect();
    let cycle = scope(spec, id, open, true);
    let nightly = scope(spec, id, spec.periods_of(id).collect(), false);
    TablePlan {
        table: id,
        load: load(spec, id),
        hooks: cycle_hooks(spec, id, &cycle),
        sweep: sweep_hooks(spec, id, &nightly),
        cycle,
        nightly,
    }
}

fn scope(spec: &Spec, id: TableId, periods: Vec<PeriodId>, by_batch: bool) -> Scope {
    let table = spec.table(id);
    // Without a batch, a table of the chain may change every key.
    let own = if by_batch { touched(spec, id, table.unique_key.clone()) } else { None };
    let due = if lists_due(table) { Due::Listed } else { Due::ByCutoff };
    let parent_touched = match &table.retention {
        Retention::WhileIn { parent, on, .. } => {
            let parent_columns = on.iter().map(|&(_, parent_column)| parent_column).collect();
            own.as_ref().and_then(|_| touched(spec, *parent, parent_columns))
        }
        Retention::For { .. } => None,
    };
    Scope { periods, due, versioned: table.is_versioned(), touched: own, parent_touched }
}

/// `None` if the table or one of its ancestors has no batch.
fn touched(spec: &Spec, id: TableId, columns: Vec<ColumnId>) -> Option<Touched> {
    let mut ancestors = Vec::new();
    let mut table = spec.table(id);
    table.raw.as_ref()?;
    while let Retention::WhileIn { parent, on, .. } = &table.retention {
        ancestors.push(Hop { parent: *parent, on: on.clone() });
        table = spec.table(*parent);
        table.raw.as_ref()?;
    }
    Some(Touched { table: id, columns, ancestors })
}

fn load(spec: &Spec, id: TableId) -> Vec<Step> {
    let table = spec.table(id);
    if table.load.is_none() {
        return Vec::new();
    }
    let erased = table.erasures.iter().map(|erasure| Slot::Erased(erasure.list));
    let reads: Vec<_> = [Slot::Raw(id), Slot::Mart(id)].into_iter().chain(erased).collect();
    let step = |kind| Step { kind, period: None, writes: Slot::Mart(id), reads: reads.clone() };
    let nullable = |id: &ColumnId| !table.column(*id).not_null;
    let mut steps = Vec::new();
    // The load deletes no row. `supersede` deletes an older version after the newer one is stored.
    if table.is_updated_in_place() {
        steps.push(step(StatementKind::LoadUpsert));
    } else {
        let corrects = table.corrected().next().is_some();
        steps.extend(corrects.then(|| step(StatementKind::LoadCorrect)));
        steps.push(step(StatementKind::LoadInsert));
    }
    if table.unique_key.iter().any(nullable) {
        steps.push(step(StatementKind::LoadKeyless));
    }
    if table.is_versioned() && nullable(&table.time.column) {
        steps.push(step(StatementKind::LoadTimeless));
    }
    steps
}

/// The hooks of a cycle. If a raw trim waits for the cycle, the last hook stamps it as completed.
fn cycle_hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let mut steps = hooks(spec, id, scope);
    if reads_trimmed_raw(spec, id) {
        steps.push(Step { kind: StatementKind::CompleteNote, period: None, writes: Slot::Cycles(id), reads: vec![] });
    }
    steps
}

/// The hooks of a sweep. It deletes the old stamps of cycles.
fn sweep_hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let mut steps = hooks(spec, id, scope);
    if reads_trimmed_raw(spec, id) {
        let cycles = Slot::Cycles(id);
        steps.push(Step { kind: StatementKind::CompleteForget, period: None, writes: cycles, reads: vec![cycles] });
    }
    steps
}

/// The hooks that a cycle and a sweep share. Only their scopes differ.
fn hooks(spec: &Spec, id: TableId, scope: &Scope) -> Vec<Step> {
    let table = spec.table(id);
    let builder = Builder { spec, id, table, scope };
    let mut steps = Vec::new();
    steps.extend(builder.shared_rows());
    steps.extend(builder.zone());
    steps.extend(builder.cutoff());
    if let Some(parent) = builder.parent().filter(|_| !table.is_purged()) {
        steps.push(builder.restore(parent));
    }
    steps.extend(builder.stale());
    steps.extend(builder.supersede());
    steps.extend(builder.cleanup());
    if lists_due(table) {
        steps.extend(builder.due());
    }
    steps.extend(builder.resolve());
    steps.extend(builder.limit());
    steps.extend(builder.tripwire());
    if table.is_purged() {
        steps.extend(builder.purge());
    } else {
        steps.extend(builder.archive());
        steps.extend(builder.trim());
        steps.extend(builder.retire());
    }
    steps.extend(builder.safety_check());
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

    fn parent(&self) -> Option<TableId> {
        match self.table.retention {
            Retention::WhileIn { parent, .. } => Some(parent),
            Retention::For { .. } => None,
        }
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
        chain.map(Slot::Raw).chain(marts)
    }

    fn cutoff(&self) -> [Step; 2] {
        let cutoff = Slot::Cutoff(self.id);
        let (kind, reads) = match self.table.retention {
            Retention::For { from: CutoffFrom::Newest, .. } => (StatementKind::CutoffFill, vec![self.mart()]),
            Retention::For { from: CutoffFrom::Now, .. } => (StatementKind::CutoffFill, vec![]),
            Retention::WhileIn { root, .. } => (StatementKind::CutoffInherit, vec![Slot::Cutoff(root)]),
        };
        [self.step(StatementKind::CutoffClear, cutoff, vec![]), self.step(kind, cutoff, reads)]
    }

    fn restore(&self, parent: TableId) -> Step {
        let mut reads = vec![self.mart(), Slot::Mart(parent)];
        reads.extend(self.histories());
        reads.extend(self.scope.parent_touched.iter().flat_map(Self::touched_reads));
        let in_place = self.table.is_updated_in_place();
        let kind = if in_place { StatementKind::RestoreUpsert } else { StatementKind::Restore };
        self.step(kind, self.mart(), reads)
    }

    /// The list is filled after `restore`, because a restored row makes its copy stale.
    fn stale(&self) -> Option<Step> {
        if !lists_stale(self.table) {
            return None;
        }
        let mut reads = vec![self.mart()];
        reads.extend(self.histories());
        if let Some(touched) = &self.scope.touched {
            reads.extend(Self::touched_reads(touched));
            // A child has the list of the last cycle: that cycle may have archived these rows and
            // stopped before the trim. The list is filled again only after `cleanup`.
            reads.push(self.due_list());
        }
        Some(self.step(StatementKind::StaleFill, Slot::Stale(self.id), reads))
    }

    fn supersede(&self) -> Vec<Step> {
        let step = |kind| self.step(kind, self.mart(), vec![Slot::Stale(self.id)]);
        let time = self.table.column(self.table.time.column);
        match (self.scope.versioned && lists_stale(self.table), time.not_null) {
            (false, _) => vec![],
            (true, true) => vec![step(StatementKind::Supersede)],
            (true, false) => vec![step(StatementKind::Supersede), step(StatementKind::SupersedeTimeless)],
        }
    }

    /// Deletes the listed rows of each history table, and empties the list. A purge has no periods,
    /// so it only empties the list. The list is emptied before the archive, because a trim leaves
    /// rows that are listed. If a run stops before that, the rows on the list may still be deleted:
    /// a trim has left the row in the mart, or history has a newer version.
    fn cleanup(&self) -> Vec<Step> {
        if lists_stale(self.table) {
            let stale = Slot::Stale(self.id);
            let mut steps = self.per_period(StatementKind::Cleanup, &[stale]);
            steps.push(self.step(StatementKind::CleanupClear, stale, vec![]));
            steps
        } else {
            self.per_period(StatementKind::CleanupEvent, &[self.mart(), self.due_list()])
        }
    }

    /// The relations that decide whether a row of the mart is due.
    fn due_reads(&self) -> Vec<Slot> {
        let mut reads = vec![self.mart()];
        reads.extend(self.parent().map(Slot::Mart));
        reads.push(Slot::Cutoff(self.id));
        reads
    }

    fn due(&self) -> Vec<Step> {
        let due = Slot::Due(self.id);
        let mut steps = vec![self.step(StatementKind::DueClear, due, vec![])];
        if self.table.limit.is_none() {
            steps.push(self.step(StatementKind::DueFill, due, self.due_reads()));
        } else if !self.table.is_purged() {
            // A purge has no periods, so it has no due row without an open one.
            steps.push(self.step(StatementKind::DueRest, due, self.due_reads()));
        }
        steps
    }

    /// The limit comes after resolve: a row whose exception is still open cannot leave, so it must
    /// not use up the limit.
    fn limit(&self) -> Option<Step> {
        self.table.limit?;
        let mut reads = self.due_reads();
        reads.push(self.exceptions());
        Some(self.step(StatementKind::DueLimit, Slot::Due(self.id), reads))
    }

    /// The first statement: no row has left the mart yet.
    fn shared_rows(&self) -> Option<Step> {
        let may_share = !self.spec.dialect.rules().shared_rows().is_empty();
        let reads = || [self.mart()].into_iter().chain(self.histories()).collect();
        may_share.then(|| self.step(StatementKind::CutoffCheck, self.mart(), reads()))
    }

    /// Stops a session whose clock is local, before a cutoff is computed from it.
    fn zone(&self) -> Option<Step> {
        let is_local = self.spec.dialect.rules().has_local_clock();
        is_local.then(|| self.step(StatementKind::CutoffZone, self.mart(), Vec::new()))
    }

    /// The tripwire runs after resolve, because resolve releases holds. Invariant: its file name
    /// sorts after resolve and before the first archive.
    fn tripwire(&self) -> Option<Step> {
        self.table.tripwire?;
        let mut reads = vec![self.mart(), self.due_list(), self.exceptions()];
        if self.table.limit.is_some() {
            reads.push(Slot::Cutoff(self.id));
            reads.extend(self.parent().map(Slot::Mart));
        }
        Some(self.step(StatementKind::Tripwire, self.mart(), reads))
    }

    fn resolve(&self) -> Vec<Step> {
        let (mart, exceptions) = (self.mart(), self.exceptions());
        let mut reads = vec![mart];
        reads.extend((!self.table.is_purged()).then(|| self.due_list()));
        let mut steps = vec![self.step(StatementKind::Resolve, exceptions, reads)];
        if self.may_lack_key() {
            steps.push(self.step(StatementKind::ResolveKeyless, exceptions, vec![mart]));
        }
        steps
    }

    /// Whether a row may lack the key of its exceptions.
    fn may_lack_key(&self) -> bool {
        !self.table.column(self.table.exception_key).not_null
    }

    /// The count comes first: after the DELETE, nothing says how many rows left.
    fn purge(&self) -> [Step; 2] {
        let mut reads = vec![self.due_list(), self.exceptions()];
        reads.extend(self.parent().map(Slot::Mart));
        let counted = std::iter::once(self.mart()).chain(reads.iter().copied()).collect();
        [
            self.step(StatementKind::PurgeCount, Slot::Purged(self.id), counted),
            self.step(StatementKind::PurgeDelete, self.mart(), reads),
        ]
    }

    fn archive(&self) -> Vec<Step> {
        let mut steps = self.per_period(StatementKind::Archive, &[self.mart(), self.due_list(), self.exceptions()]);
        for step in &mut steps {
            step.reads.push(step.writes);
        }
        steps
    }

    /// One statement per period. Each looks for the copies itself, in the history table of its
    /// period.
    fn trim(&self) -> Vec<Step> {
        let mut steps = self.per_period(StatementKind::Trim, &[self.due_list()]);
        for step in &mut steps {
            step.reads.push(step.writes);
            step.reads.extend(lists_stale(self.table).then_some(Slot::Stale(self.id)));
            step.writes = self.mart();
        }
        steps
    }

    /// The last trim: no history table accepts these rows.
    fn retire(&self) -> Option<Step> {
        self.spec.retired_before(self.table)?;
        let mut reads = vec![self.due_list(), self.exceptions()];
        reads.extend(self.parent().map(Slot::Mart));
        Some(self.step(StatementKind::Retire, self.mart(), reads))
    }

    fn safety_check(&self) -> Vec<Step> {
        let (mart, exceptions) = (self.mart(), self.exceptions());
        let mut steps = Vec::new();
        // A purge leaves no due row without a hold. It only reports incomplete rows.
        if !self.table.is_purged() {
            steps.push(self.step(StatementKind::SafetyCheck, exceptions, vec![mart, self.due_list(), exceptions]));
        } else if !self.table.nullable_proof().is_empty() {
            steps.push(self.step(StatementKind::SafetyCheck, exceptions, vec![mart, exceptions]));
        }
        if self.may_lack_key() {
            steps.push(self.step(StatementKind::SafetyCheckKeyless, exceptions, vec![mart, exceptions]));
        }
        steps
    }
}

/// Whether the cycle of a table lists stale rows. An event whose time is part of its key has no
/// versions. Its copies are found by the due rows of the mart. A purge has no copies. Without a
/// batch it would look for older versions in the whole mart, so it leaves them to the load.
pub(crate) fn lists_stale(table: &Table) -> bool {
    if table.is_purged() {
        table.is_versioned() && table.raw.is_some()
    } else {
        table.is_versioned() || lists_due(table)
    }
}

/// Whether the cycle of a table lists its due rows. In these tables, not every row that is older
/// than the cutoff is due: the parent of a row may still be in its mart, or a limit makes the row
/// wait. The next cycle finds in the list the rows that this cycle may have archived before a stop.
pub(crate) fn lists_due(table: &Table) -> bool {
    table.limit.is_some() || matches!(table.retention, Retention::WhileIn { .. })
}

/// Whether the cycle of a table reads a trimmed raw table. If so, the cycle stamps its completion.
pub(crate) fn reads_trimmed_raw(spec: &Spec, id: TableId) -> bool {
    let is_trimmed =
        |raw: &Relation| spec.raw_tables.iter().any(|raw_table| raw_table.relation.may_be(raw, spec.dialect));
    let mut table = spec.table(id);
    loop {
        if table.raw.as_ref().is_some_and(is_trimmed) {
            return true;
        }
        match table.retention {
            Retention::WhileIn { parent, .. } => table = spec.table(parent),
            Retention::For { .. } => return false,
        }
    }
}
