//! Monitors as dbt tests. A test fails, or warns, if its monitor returns a row.

use std::collections::BTreeMap;

use minijinja::context;

use crate::features::monitors::emit::Monitor;
use crate::features::text::{Tags, text};

/// Adds one test per monitor. The tests are off by default: in `dbt build`, a failed test skips the
/// models after it.
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
