//! A project with one list of periods. A story has one calendar, so a rehearsal of a project with
//! several lists rehearses the tables of each list on their own.

use crate::project::{PeriodListId, Retention, Spec, TableId};

/// The project once for each list that tables use. A project whose tables use one list, or none, is
/// returned as it is.
pub(super) fn each(spec: Spec) -> Vec<Spec> {
    let lists: Vec<_> = spec.used_lists().map(|(id, _)| id).collect();
    match lists.as_slice() {
        [] => vec![spec],
        [only] if spec.lists().count() == 1 => {
            debug_assert_eq!(only.0, 0);
            vec![spec]
        }
        lists => lists.iter().map(|&list| of(&spec, list, list == lists[0])).collect(),
    }
}

/// The tables of a list, with their parents and children that have no list. The first list also has
/// the tables without a list that are related to no other one.
fn of(spec: &Spec, list: PeriodListId, is_first: bool) -> Spec {
    let all: Vec<TableId> = spec.tables().map(|(id, _)| id).collect();
    // A parent without a list may have children of several lists. It is kept with each of them.
    let is_kept = |id: TableId| match with_list(spec, id) {
        Some(own) => own == list,
        None => {
            let related = all.iter().filter(|&&other| spec.root(other) == spec.root(id));
            let mut lists = related.filter_map(|&other| spec.table(other).periods).peekable();
            lists.peek().is_none() && is_first || lists.any(|other| other == list)
        }
    };
    let kept: Vec<TableId> = all.iter().copied().filter(|&id| is_kept(id)).collect();
    let now = |id: TableId| kept.iter().position(|&other| other == id).map(TableId);
    let mut one = spec.clone();
    let found = spec.list(list);
    one.all_periods = spec.listed(found).to_vec();
    one.lists = vec![found.clone()];
    one.lists[0].ids = 0..one.all_periods.len();
    one.places.each_period = found.ids.clone().map(|id| spec.span_of(crate::project::PeriodId(id))).collect();
    one.tables = kept.iter().map(|&id| spec.table(id).clone()).collect();
    for table in &mut one.tables {
        table.periods = table.periods.map(|_| PeriodListId(0));
        table.depends_on = table.depends_on.iter().filter_map(|&other| now(other)).collect();
        if let Retention::WhileIn { parent, root, .. } = &mut table.retention {
            // Invariant: the parents of a table are kept with it. A parent with a list has the same
            // one, and a parent without a list has a child with this list.
            (*parent, *root) = (now(*parent).unwrap_or(*parent), now(*root).unwrap_or(*root));
        }
    }
    for raw in &mut one.raw_tables {
        raw.read_by = raw.read_by.iter().filter_map(|&id| now(id)).collect();
    }
    one.raw_tables.retain(|raw| !raw.read_by.is_empty());
    // A rehearsal runs neither.
    one.monitors.clear();
    one.maintenance.clear();
    one.schedule = None;
    one
}

/// The list of a table, or of its nearest ancestor that has one.
fn with_list(spec: &Spec, id: TableId) -> Option<PeriodListId> {
    match &spec.table(id).retention {
        _ if spec.table(id).periods.is_some() => spec.table(id).periods,
        Retention::WhileIn { parent, .. } => with_list(spec, *parent),
        Retention::For { .. } => None,
    }
}
