//! Replaces the clock of a statement by the time of the story.

use crate::dialect::Dialect;

/// The emitted statement with the clock replaced. `epoch` is in seconds since 1970, UTC.
pub(super) fn with_clock(sql: &str, dialect: Dialect, epoch: i64) -> String {
    let instant = |ty: &str, zone: &str| format!("({ty} '1970-01-01 00:00:00{zone}' + INTERVAL '{epoch} seconds')");
    let zoned = instant("TIMESTAMPTZ", "+00");
    let sql = without_clock(sql, dialect.clock_token(), &zoned);
    // A project's own template may write the clock as `now()`.
    let sql = if dialect.rules().forms().now { without_clock(&sql, "now()", &zoned) } else { sql };
    // Handwritten hooks may be written for Redshift, whose clock has no time zone.
    without_clock(&sql, Dialect::OF_HANDWRITTEN_HOOKS.clock_token(), &instant("TIMESTAMP", ""))
}

/// The text with each clock, in capitals or not, replaced.
fn without_clock(sql: &str, clock: &str, instant: &str) -> String {
    let folded = sql.to_ascii_lowercase();
    let mut replaced = String::with_capacity(sql.len());
    let mut rest = 0;
    for (at, found) in folded.match_indices(&clock.to_ascii_lowercase()) {
        replaced.push_str(&sql[rest..at]);
        replaced.push_str(instant);
        rest = at + found.len();
    }
    replaced.push_str(&sql[rest..]);
    replaced
}
