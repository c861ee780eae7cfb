//! Monitors as tests of dbt's: what they return is wrong.

use std::collections::BTreeMap;

use crate::features::monitors::emit::Monitor;

/// By this tag a run of tests can leave them out, or be of nothing else.
const TAG: &str = "rowkeep_monitor";

pub(crate) fn emit(monitors: &[Monitor], files: &mut BTreeMap<String, String>) {
    for monitor in monitors {
        let Some(find) = &monitor.find.dbt_sql else { continue };
        let severity = monitor.severity;
        // Off unless asked for: a build would let a finding keep its models from being loaded.
        let enabled = "enabled=var('rowkeep_monitors', false)";
        let text = format!("{{{{ config({enabled}, severity='{severity}', tags=['{TAG}']) }}}}\n{find}\n");
        files.insert(format!("dbt/tests/monitors/{}.sql", monitor.name), text);
    }
}
