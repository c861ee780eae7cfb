//! Plans the trims of raw tables.

use crate::cycle::plan::{Slot, TablePlan, Verb};
use crate::features::operation::Operation;
use crate::project::{Spec, TableId};

/// The trim of a raw table.
#[derive(Clone, Debug)]
pub struct RawTrim {
    /// The index of the raw table in [`Spec::raw_tables`].
    pub raw_table: usize,
    /// All tables that read the raw table. Each must complete a cycle before the trim.
    pub readers: Vec<TableId>,
    /// The tables whose load has a lookback. For these, a raw row is deleted only if mart or
    /// history has a version of its key that is at least as new.
    pub slices: Vec<TableId>,
    /// The statement.
    pub trim: Operation,
}

/// Plans the trims, in the order of the project.
pub(crate) fn plan(spec: &Spec, tables: &[TablePlan]) -> Vec<RawTrim> {
    let trims = spec.raw_tables.iter().enumerate().map(|(number, raw_table)| {
        let reads_it = |slot: &Slot| matches!(slot, Slot::Raw(id) if raw_table.read_by.contains(id));
        let is_reader =
            |plan: &&TablePlan| plan.load.iter().chain(&plan.hooks).flat_map(|step| &step.reads).any(reads_it);
        let mut readers: Vec<_> = tables.iter().filter(is_reader).map(|plan| plan.table).collect();
        readers.extend(raw_table.read_by.iter().filter(|id| !readers.contains(id)).copied().collect::<Vec<_>>());
        let name = raw_table.relation.parts().map(crate::sql::Name::as_str).collect::<Vec<_>>().join(".");
        let reason = "delete raw rows that a completed cycle of every reader has read, and that are older than `keep`";
        let source = Slot::Raw(raw_table.read_by[0]);
        let is_slice = |id: &&TableId| spec.table(**id).load.as_ref().is_some_and(|load| load.lookback.is_some());
        let slices: Vec<_> = raw_table.read_by.iter().filter(is_slice).copied().collect();
        let mut reads: Vec<_> = readers.iter().map(|&id| Slot::Cycles(id)).collect();
        for &id in &slices {
            reads.push(Slot::Mart(id));
            reads.extend(spec.periods_of(id).map(|period| Slot::History(id, period)));
        }
        RawTrim {
            slices,
            raw_table: number,
            trim: Operation::new(name, "raw/trim.sql.j2", Verb::Delete, source, reads, reason),
            readers,
        }
    });
    trims.collect()
}
