//! Run-books: what somebody types, what to expect after each step, and how to go back. From the spec, so that names and dates are
//! those of the project.

mod rotation;

use crate::diff::Uncompiled;
use crate::rotate::Refused;
use crate::source::Inputs;

/// The run-books that there are, each with what it is for.
pub const RUNBOOKS: &[(&str, &str)] = &[("rotation", "add the next period")];

/// Why a run-book cannot be written.
#[derive(Clone, Debug)]
pub enum NoRunbook {
    /// There is none of that name.
    Unknown,
    /// The project is wrong, or would be.
    Wrong(Refused),
}

/// A run-book in Markdown.
///
/// # Errors
///
/// If there is none of that name, or the project does not compile, now or as the run-book leaves it.
///
/// ```
/// use rowkeep::{Inputs, runbook};
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let text = runbook(&inputs, "rotation").unwrap();
/// assert!(text.starts_with("# Add the period 2026") && text.contains("CREATE TABLE IF NOT EXISTS s.hist_2026"));
/// ```
pub fn runbook(inputs: &Inputs, name: &str) -> Result<String, NoRunbook> {
    match name {
        "rotation" => rotation::text(inputs).map_err(NoRunbook::Wrong),
        _ => Err(NoRunbook::Unknown),
    }
}

fn refused(wrong: Uncompiled, before: &Inputs, after: &Inputs) -> Refused {
    let inputs = if wrong.is_after { after } else { before };
    Refused { diagnostics: wrong.diagnostics, inputs: Box::new(inputs.clone()) }
}
