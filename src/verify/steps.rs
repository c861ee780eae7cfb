//! Checks the plan of a table: each step exists for each of its periods, and the steps are in
//! order.

use crate::cycle::plan::{Due, Scope, StatementKind, Step, TablePlan, reads_trimmed_raw};
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::project::{PeriodId, Retention, Spec};

/// Checks the plan of a table against the spec.
pub(super) fn check(spec: &Spec, plan: &TablePlan, sink: &mut Sink) {
    let open: Vec<_> = spec.periods_of(plan.table).filter(|&period| !spec.period(period).sealed).collect();
    let every: Vec<_> = spec.periods_of(plan.table).collect();
    let cycle = Run { name: "cycle", steps: &plan.hooks, scope: &plan.cycle, periods: &open };
    let sweep = Run { name: "sweep", steps: &plan.sweep, scope: &plan.nightly, periods: &every };
    for run in [cycle, sweep] {
        if let Err(wrong) = complete(spec, plan, &run) {
            let model = &spec.table(plan.table).model;
            let message = format!("the {} of {} is not complete: {wrong}", run.name, model.value.as_str());
            sink.push(Diagnostic::new(Code::Steps, message, model.span, "this table"));
        }
    }
}

/// The steps of a cycle or a sweep.
struct Run<'a> {
    name: &'static str,
    steps: &'a [Step],
    scope: &'a Scope,
    /// The periods that must take part.
    periods: &'a [PeriodId],
}

/// Checks that the steps match the retention of the table, each once or once for each period, in
/// order.
fn complete(spec: &Spec, plan: &TablePlan, run: &Run<'_>) -> Result<(), String> {
    let Run { steps, scope, periods, .. } = *run;
    let table = spec.table(plan.table);
    if scope.periods != periods {
        return Err("its periods are not the periods of the spec".to_owned());
    }
    let tile = periods.windows(2).all(|pair| spec.period(pair[0]).end_epoch() == spec.period(pair[1]).start_epoch());
    if !tile {
        return Err("its periods have a gap".to_owned());
    }
    if let Some(pair) = steps.windows(2).find(|pair| pair[0].kind > pair[1].kind) {
        return Err(format!("{} comes before {}", pair[0].kind.word(), pair[1].kind.word()));
    }
    let is_cycle = std::ptr::eq(scope, &plan.cycle);
    let is_child = matches!(table.retention, Retention::WhileIn { .. });
    let listed = is_child || table.limit.is_some();
    if (scope.due == Due::Listed) != listed || scope.versioned != table.is_versioned() {
        return Err("its scope does not match the retention".to_owned());
    }
    let versioned = table.is_versioned();
    let purged = table.is_purged();
    let lists_stale = if purged { versioned && table.raw.is_some() } else { versioned || listed };
    let is_nullable = |column| !table.column(column).not_null;
    let may_lack_key = is_nullable(table.exception_key);
    let reads_trimmed = reads_trimmed_raw(spec, plan.table);
    let restores = is_child && !purged;
    let demanded = [
        (StatementKind::CutoffCheck, !spec.dialect.rules().shared_rows().is_empty()),
        (StatementKind::CutoffZone, spec.dialect.rules().has_local_clock()),
        (StatementKind::CutoffClear, true),
        (StatementKind::CutoffFill, !is_child),
        (StatementKind::CutoffInherit, is_child),
        (StatementKind::Restore, restores && !table.is_updated_in_place()),
        (StatementKind::RestoreUpsert, restores && table.is_updated_in_place()),
        (StatementKind::StaleFill, lists_stale),
        (StatementKind::Supersede, versioned && lists_stale),
        (StatementKind::SupersedeTimeless, versioned && lists_stale && is_nullable(table.time.column)),
        (StatementKind::Cleanup, lists_stale),
        (StatementKind::CleanupEvent, !lists_stale),
        (StatementKind::CleanupClear, lists_stale),
        (StatementKind::DueClear, listed),
        (StatementKind::DueFill, listed && table.limit.is_none()),
        (StatementKind::DueRest, table.limit.is_some() && !purged),
        (StatementKind::Resolve, true),
        (StatementKind::ResolveKeyless, may_lack_key),
        (StatementKind::DueLimit, table.limit.is_some()),
        (StatementKind::Tripwire, table.tripwire.is_some()),
        (StatementKind::Archive, !purged),
        (StatementKind::PurgeCount, purged),
        (StatementKind::PurgeDelete, purged),
        (StatementKind::Trim, !purged),
        (StatementKind::Retire, spec.retired_before(table).is_some()),
        (StatementKind::SafetyCheck, !purged || !table.nullable_proof().is_empty()),
        (StatementKind::SafetyCheckKeyless, may_lack_key),
        (StatementKind::CompleteForget, !is_cycle && reads_trimmed),
        (StatementKind::CompleteNote, is_cycle && reads_trimmed),
    ];
    let mut by_name = periods.to_vec();
    by_name.sort_by_key(|&period| spec.period(period).name.as_str());
    let mut count = 0;
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
        count += found.len();
    }
    if count != steps.len() {
        return Err("it has a step that its retention does not have".to_owned());
    }
    Ok(())
}

fn missing(spec: &Spec, kind: StatementKind, expected: &[Option<PeriodId>], found: &[Option<PeriodId>]) -> String {
    let absent = expected.iter().find(|period| !found.contains(period));
    let of_period =
        |period: &Option<PeriodId>| period.map(|id| format!(" of {}", spec.period(id).name)).unwrap_or_default();
    match absent {
        Some(period) => format!("{}{} is missing", kind.word(), of_period(period)),
        None => format!("{} is repeated or out of order", kind.word()),
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

    /// The messages after the plans of both tables were changed.
    fn messages(change: impl Fn(&mut TablePlan)) -> Vec<String> {
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
    fn a_plan_is_complete() {
        let spec = resolve(&Inputs::new("rowkeep.yml", PROJECT)).expect("it resolves");
        let mut sink = Sink::default();
        plan(&spec).tables.iter().for_each(|table| check(&spec, table, &mut sink));
        assert!(sink.finish(Some(())).is_ok());
    }

    #[test]
    fn each_removed_step_is_reported() {
        let spec = resolve(&Inputs::new("rowkeep.yml", PROJECT)).expect("it resolves");
        for (table, planned) in plan(&spec).tables.iter().enumerate() {
            for gone in 0..planned.hooks.len() {
                let hooks = messages(|changed| {
                    if changed.table == planned.table {
                        changed.hooks.remove(gone);
                    }
                });
                let sweep = messages(|changed| {
                    if changed.table == planned.table {
                        changed.sweep.remove(gone);
                    }
                });
                assert_eq!((hooks.len(), sweep.len()), (1, 1), "table {table}, step {gone}");
            }
        }
    }

    #[test]
    fn a_message_names_the_missing_step() {
        let cycle = messages(|table| table.hooks.retain(|step| step.kind != StatementKind::Archive));
        assert_eq!(
            cycle,
            [
                "the cycle of mart is not complete: archive of 2025_h2 is missing",
                "the cycle of child is not complete: archive of 2025_h2 is missing"
            ]
        );
        let swept = messages(|table| table.sweep.retain(|step| step.kind != StatementKind::Archive));
        assert_eq!(swept[0], "the sweep of mart is not complete: archive of 2025_h1 is missing");
        let twice = messages(|table| table.hooks.push(table.hooks[table.hooks.len() - 1].clone()));
        assert_eq!(twice[0], "the cycle of mart is not complete: safety_check_keyless is repeated or out of order");
        let turned = messages(|table| table.hooks.reverse());
        assert_eq!(turned[0], "the cycle of mart is not complete: safety_check_keyless comes before safety_check");
        let fewer = messages(|table| table.cycle.periods.truncate(1));
        assert_eq!(fewer[0], "the cycle of mart is not complete: its periods are not the periods of the spec");
    }
}
