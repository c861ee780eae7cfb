//! The built-in templates, and those that a project puts in their place.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::dialect::Dialect;
use crate::source::{Inputs, Role, Span};

macro_rules! embedded {
    ($($name:literal,)+) => {
        &[$(($name, include_str!(concat!("../../templates/", $name))),)+]
    };
}

/// Every file below `templates/`; a test compares.
const BUILT_IN: &[(&str, &str)] = embedded![
    "archive.sql.j2",
    "bigquery/ddl_exceptions.sql.j2",
    "bigquery/load_keyless.sql.j2",
    "bigquery/physical.sql.j2",
    "bigquery/time.sql.j2",
    "bigquery/tripwire.sql.j2",
    "cleanup.sql.j2",
    "cleanup_replaced.sql.j2",
    "cleanup_stale.sql.j2",
    "complete_forget.sql.j2",
    "complete_note.sql.j2",
    "conditions.sql.j2",
    "cutoff_fill.sql.j2",
    "cutoff_inherit.sql.j2",
    "cutoff_now.sql.j2",
    "cutoff_reset.sql.j2",
    "dbt_contract.sql.j2",
    "dbt_twice.sql.j2",
    "ddl_all_rows.sql.j2",
    "ddl_cutoff.sql.j2",
    "ddl_cycles.sql.j2",
    "ddl_exceptions.sql.j2",
    "ddl_keys.sql.j2",
    "ddl_rows.sql.j2",
    "duckdb/time.sql.j2",
    "doctor.sql.j2",
    "doctor_ask.sql.j2",
    "doctor_cycles.sql.j2",
    "doctor_exceptions.sql.j2",
    "doctor_isolation.sql.j2",
    "doctor_relations.sql.j2",
    "doctor_server.sql.j2",
    "doctor_table_info.sql.j2",
    "doctor_unique.sql.j2",
    "doctor_views.sql.j2",
    "due_fill.sql.j2",
    "due_reset.sql.j2",
    "load.sql.j2",
    "load_correct.sql.j2",
    "load_insert.sql.j2",
    "load_keyless.sql.j2",
    "load_timeless.sql.j2",
    "monitor_bounded.sql.j2",
    "monitor_compare.sql.j2",
    "monitor_count_match.sql.j2",
    "monitor_has_parent.sql.j2",
    "monitor_has_rows_in.sql.j2",
    "monitor_horizon.sql.j2",
    "monitor_late.sql.j2",
    "monitor_latest_matches.sql.j2",
    "monitor_lower_edge.sql.j2",
    "monitor_record.sql.j2",
    "monitor_refused.sql.j2",
    "monitor_resolve.sql.j2",
    "monitor_routed.sql.j2",
    "monitor_stale.sql.j2",
    "monitor_tripwire.sql.j2",
    "monitor_twice.sql.j2",
    "monitor_unresolved.sql.j2",
    "monitors.sql.j2",
    "partitions.sql.j2",
    "physical.sql.j2",
    "postgres/time.sql.j2",
    "raw_trim.sql.j2",
    "redshift/doctor_isolation.sql.j2",
    "redshift/physical.sql.j2",
    "redshift/time.sql.j2",
    "repair_cleanup.sql.j2",
    "repair_hold.sql.j2",
    "repair_lift.sql.j2",
    "repair_resolve.sql.j2",
    "repair_restore.sql.j2",
    "resolve_keyed.sql.j2",
    "resolve_keyless.sql.j2",
    "restore.sql.j2",
    "runbook_analyze.sql.j2",
    "runbook_archived.sql.j2",
    "runbook_below.sql.j2",
    "runbook_childless.sql.j2",
    "runbook_copies.sql.j2",
    "runbook_drop.sql.j2",
    "runbook_exceptions.md.j2",
    "runbook_filled.sql.j2",
    "runbook_gaps.sql.j2",
    "runbook_held.sql.j2",
    "runbook_home.sql.j2",
    "runbook_home_cleanup.sql.j2",
    "runbook_home_older.sql.j2",
    "runbook_home_rest.sql.j2",
    "runbook_incomplete.sql.j2",
    "runbook_installation.md.j2",
    "runbook_landing.sql.j2",
    "runbook_late-period.md.j2",
    "runbook_load-incident.md.j2",
    "runbook_lost.sql.j2",
    "runbook_lower-edge.md.j2",
    "runbook_migration.md.j2",
    "runbook_open.sql.j2",
    "runbook_probe.sql.j2",
    "runbook_probe_gone.sql.j2",
    "runbook_probe_known.sql.j2",
    "runbook_probe_open.sql.j2",
    "runbook_qa.md.j2",
    "runbook_remove-period.md.j2",
    "runbook_restore.md.j2",
    "runbook_rotation.md.j2",
    "runbook_schema.sql.j2",
    "runbook_sealed.sql.j2",
    "runbook_sealing.md.j2",
    "runbook_seed.sql.j2",
    "runbook_shell.md.j2",
    "runbook_size.sql.j2",
    "runbook_snapshot.sql.j2",
    "runbook_snapshot_differs.sql.j2",
    "runbook_snapshot_gone.sql.j2",
    "runbook_unjoined.sql.j2",
    "runbook_waiting.sql.j2",
    "safety_check.sql.j2",
    "supersede_older.sql.j2",
    "supersede_timeless.sql.j2",
    "trim.sql.j2",
    "trim_kept.sql.j2",
    "tripwire.sql.j2",
    "upkeep.sql.j2",
    "upkeep_when.sql.j2",
    "versions_fill.sql.j2",
    "versions_reset.sql.j2",
    "windowed.sql.j2",
    "windowed_batch.sql.j2",
    "windowed_batch_rows.sql.j2",
    "windowed_clean.sql.j2",
    "windowed_cost.sql.j2",
    "windowed_create.sql.j2",
    "windowed_dbt.sql.j2",
    "windowed_late.sql.j2",
    "windowed_replace.sql.j2",
    "windowed_run.sql.j2",
    "windowed_slot_hours.sql.j2",
    "windowed_span.sql.j2",
    "windowed_timeouts.sql.j2",
    "windowed_updates.sql.j2",
    "windowed_updates_rows.sql.j2",
    "windowed_writers.sql.j2",
];

/// The largest template, in bytes: the built-in ones stay below a tenth of it.
const MAX_BYTES: usize = 64 * 1024;

/// The project's own templates, by name.
pub(super) fn overrides(inputs: &Inputs) -> BTreeMap<String, String> {
    inputs
        .of_role(Role::Template)
        .map(|file| (inputs.name(file).to_owned(), inputs.text(file).replace("\r\n", "\n")))
        .collect()
}

/// Reports templates of the project that are too large, and those that take the place of none: they would have no effect,
/// without a word.
pub(super) fn check(inputs: &Inputs, sink: &mut Sink) {
    let known = names();
    for file in inputs.of_role(Role::Template).filter(|&file| inputs.text(file).len() > MAX_BYTES) {
        let message =
            format!("template {} is larger than the {MAX_BYTES} bytes that are read", quoted(inputs.name(file)));
        sink.push(Diagnostic::new(
            Code::Budget,
            message,
            Span { file, start: 0, end: 0 },
            "not a template of one statement",
        ));
    }
    for file in inputs.of_role(Role::Template).filter(|&file| !known.contains(inputs.name(file))) {
        let message =
            format!("template {} takes the place of none, and would have no effect", quoted(inputs.name(file)));
        let diagnostic = Diagnostic::new(Code::Path, message, Span { file, start: 0, end: 0 }, "not used");
        sink.push(match did_you_mean(inputs.name(file), known.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("name it like the template that it replaces, such as `archive.sql.j2`"),
        });
    }
}

/// The template of that name: the project's before the built-in one, the dialect's before the common one.
pub(super) fn find(name: &str, dialect: Dialect, overrides: &BTreeMap<String, String>) -> Option<String> {
    let special = format!("{dialect}/{name}");
    let built_in = |name: &str| BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    let own = |name: &str| overrides.get(name).cloned();
    own(&special).or_else(|| own(name)).or_else(|| built_in(&special)).or_else(|| built_in(name))
}

/// The built-in template that an override takes the place of.
pub(super) fn replaced(name: &str, dialect: Dialect) -> Option<String> {
    find(name.strip_prefix(&format!("{dialect}/")).unwrap_or(name), dialect, &BTreeMap::new())
}

/// What verify does not prove, by how it begins: texts that are for dbt alone, those that run around the cycles, questions, run-books and loads.
const UNPROVEN: [&str; 10] =
    ["cutoff_now", "dbt_", "doctor", "monitor", "raw_trim", "repair_", "runbook_", "tripwire", "upkeep", "windowed"];

/// The names that an override can have: those of built-in templates, each also below the folder of a dialect. Only what verify
/// proves can be replaced.
fn names() -> BTreeSet<String> {
    let common = BUILT_IN.iter().map(|(name, _)| name.rsplit('/').next().unwrap_or(name));
    common
        .filter(|name| !UNPROVEN.iter().any(|begin| name.starts_with(begin)))
        .flat_map(|name| Dialect::ALL.iter().map(move |dialect| format!("{dialect}/{name}")).chain([name.to_owned()]))
        .collect()
}
