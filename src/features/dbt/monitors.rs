//! Monitors as tests of dbt: a row that they return is a finding.

use std::collections::BTreeMap;

use minijinja::context;

use crate::features::monitors::emit::Monitor;
use crate::features::text::{Tags, text};

/// Tests are off unless asked for: in a build, a finding would keep models from being loaded.
pub(crate) fn emit(monitors: &[Monitor], files: &mut BTreeMap<String, String>) {
    for monitor in monitors {
        let Some(query) = &monitor.find.dbt_sql else { continue };
        let own = context! { severity => monitor.severity, query => query.as_str() };
        files.insert(
            format!("dbt/tests/monitors/{}.sql", monitor.name),
            text(Tags::Angled, "dbt/monitor_test.sql.j2", own),
        );
    }
}
