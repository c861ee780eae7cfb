//! Across a table's statements: each step is there for each of its periods, and they stand in order.

use crate::cycle::plan::{Due, Scope, StatementKind, Step, TablePlan, reads_trimmed_raw};
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::project::{PeriodId, Retention, Spec};

/// Checks a table's plan against what the spec demands.
pub(super) fn check(spec: &Spec, plan: &TablePlan, sink: &mut Sink) {
    let open: Vec<_> = spec.period_ids().filter(|&period| !spec.period(period).sealed).collect();
    let every: Vec<_> = spec.period_ids().collect();
    for (what, steps, scope, periods) in
        [("cycle", &plan.hooks, &plan.cycle, open), ("sweep", &plan.sweep, &plan.nightly, every)]
    {
        if let Err(wrong) = complete(spec, plan, steps, scope, &periods) {
            let model = &spec.table(plan.table).model;
            let message = format!("the {what} of {} is not complete: {wrong}", model.value.as_str());
            sink.push(Diagnostic::new(Code::Steps, message, model.span, "this table"));
        }
    }
}

/// Whether the steps are those of the table's retention, each once, or once for each period, and in order.
fn complete(spec: &Spec, plan: &TablePlan, steps: &[Step], scope: &Scope, periods: &[PeriodId]) -> Result<(), String> {
    let table = spec.table(plan.table);
    if scope.periods != periods {
        return Err("its periods are not those that take part".to_owned());
    }
    let tile = periods.windows(2).all(|pair| spec.period(pair[0]).end_epoch() == spec.period(pair[1]).start_epoch());
    if !tile {
        return Err("its periods leave a gap".to_owned());
    }
    if let Some(pair) = steps.windows(2).find(|pair| pair[0].kind > pair[1].kind) {
        return Err(format!("{} stands before {}", pair[0].kind.word(), pair[1].kind.word()));
    }
    let is_cycle = std::ptr::eq(scope, &plan.cycle);
    let listed = matches!(table.retention, Retention::WhileIn { .. });
    if (scope.due == Due::Listed) != listed || scope.versioned != table.is_versioned() {
        return Err("its conditions are those of another retention".to_owned());
    }
    let versioned = table.is_versioned();
    let sweeps_stale = versioned && (!listed || scope.touched.is_none());
    let completes = is_cycle && reads_trimmed_raw(spec, plan.table);
    let by_cutoff = !listed;
    let demanded = [
        (StatementKind::CutoffClear, true),
        (StatementKind::CutoffFill, by_cutoff),
        (StatementKind::CutoffInherit, listed),
        (StatementKind::VersionsClear, versioned),
        (StatementKind::VersionsFill, versioned),
        (StatementKind::SupersedeOlder, versioned),
        (StatementKind::SupersedeTimeless, versioned),
        (StatementKind::Restore, listed),
        (StatementKind::CleanupReplaced, versioned && by_cutoff),
        (StatementKind::CleanupReplacedEvent, !versioned && by_cutoff),
        (StatementKind::CleanupReturned, versioned && listed),
        (StatementKind::CleanupReturnedEvent, !versioned && listed),
        (StatementKind::CleanupStale, sweeps_stale),
        (StatementKind::DueClear, listed),
        (StatementKind::DueFill, listed),
        (StatementKind::ResolveKeyed, true),
        (StatementKind::ResolveKeyless, true),
        (StatementKind::Tripwire, table.tripwire.is_some()),
        (StatementKind::Archive, true),
        (StatementKind::Trim, true),
        (StatementKind::TrimKept, true),
        (StatementKind::SafetyCheck, true),
        (StatementKind::CompleteForget, completes),
        (StatementKind::CompleteNote, completes),
    ];
    let mut by_name = periods.to_vec();
    by_name.sort_by_key(|&period| spec.period(period).name.as_str());
    let mut place = 0;
    for (kind, is_demanded) in demanded {
        let found: Vec<_> = steps.iter().filter(|step| step.kind == kind).map(|step| step.period).collect();
        let expected: Vec<_> = match (is_demanded, kind.per_period()) {
            (false, _) => Vec::new(),
            (true, false) => vec![None],
            (true, true) => by_name.iter().copied().map(Some).collect(),
        };
        if found != expected {
            return Err(missing(spec, kind, &expected, &found));
        }
        place += found.len();
    }
    if place != steps.len() {
        return Err("it has a statement that no step of its retention is".to_owned());
    }
    Ok(())
}

fn missing(spec: &Spec, kind: StatementKind, expected: &[Option<PeriodId>], found: &[Option<PeriodId>]) -> String {
    let absent = expected.iter().find(|period| !found.contains(period));
    let of = |period: &Option<PeriodId>| period.map(|id| format!(" of {}", spec.period(id).name)).unwrap_or_default();
    match absent {
        Some(period) => format!("{}{} is missing", kind.word(), of(period)),
        None => format!("{} is there too often, or in another order", kind.word()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycle::plan::plan;
    use crate::{Inputs, resolve};

    const PROJECT: &str = "
name: shop
dialect: postgres
schema: ods
periods: [2025_h1, 2025_h2, 2026_h1]
sealed_before: 2025-07-01
exceptions: { table: x, key: id }
tables:
- {model: mart, history: hist, unique_key: id, time: {column: at}, rows: latest, retention: {for: 90 days}, exception: GAP,
   columns: {id: bigint, at: timestamp}, source: raw.mart}
- {model: child, history: hist_child, unique_key: id, time: {column: at}, rows: latest, retention: {while_in: mart},
   exception: CHILD_GAP, columns: {id: bigint, at: timestamp}, source: raw.child}
";

    /// What is said once a plan of both tables was changed.
    fn said(change: impl Fn(&mut TablePlan)) -> Vec<String> {
        let spec = resolve(&Inputs::new("rowkeep.yml", PROJECT)).expect("it resolves");
        let mut sink = Sink::default();
        for mut table in plan(&spec).tables {
            change(&mut table);
            check(&spec, &table, &mut sink);
        }
        let wrong = sink.finish::<()>(None);
        wrong.err().map(|wrong| wrong.iter().map(|one| one.message().to_owned()).collect()).unwrap_or_default()
    }

    #[test]
    fn a_plan_as_it_is_made_is_complete() {
        let spec = resolve(&Inputs::new("rowkeep.yml", PROJECT)).expect("it resolves");
        let mut sink = Sink::default();
        plan(&spec).tables.iter().for_each(|table| check(&spec, table, &mut sink));
        assert!(sink.finish(Some(())).is_ok());
    }

    #[test]
    fn every_step_is_missed() {
        let spec = resolve(&Inputs::new("rowkeep.yml", PROJECT)).expect("it resolves");
        for (table, planned) in plan(&spec).tables.iter().enumerate() {
            for gone in 0..planned.hooks.len() {
                let hooks = said(|changed| {
                    if changed.table == planned.table {
                        changed.hooks.remove(gone);
                    }
                });
                let sweep = said(|changed| {
                    if changed.table == planned.table {
                        changed.sweep.remove(gone);
                    }
                });
                assert_eq!((hooks.len(), sweep.len()), (1, 1), "table {table}, step {gone}");
            }
        }
    }

    #[test]
    fn the_step_that_is_missing_is_named() {
        let sealed_too = said(|table| table.hooks.retain(|step| step.kind != StatementKind::Archive));
        assert_eq!(
            sealed_too,
            [
                "the cycle of mart is not complete: archive of 2025_h2 is missing",
                "the cycle of child is not complete: archive of 2025_h2 is missing"
            ]
        );
        let swept = said(|table| table.sweep.retain(|step| step.kind != StatementKind::Archive));
        assert_eq!(swept[0], "the sweep of mart is not complete: archive of 2025_h1 is missing");
        let twice = said(|table| table.hooks.push(table.hooks[table.hooks.len() - 1].clone()));
        assert_eq!(twice[0], "the cycle of mart is not complete: safety_check is there too often, or in another order");
        let turned = said(|table| table.hooks.reverse());
        assert_eq!(turned[0], "the cycle of mart is not complete: safety_check stands before trim");
        let fewer = said(|table| table.cycle.periods.truncate(1));
        assert_eq!(fewer[0], "the cycle of mart is not complete: its periods are not those that take part");
    }
}
