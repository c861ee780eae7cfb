//! Run-books: step-by-step instructions for operators.

mod books;
mod emit;
mod lock;
mod others;
mod probe;
pub(crate) mod render;

use crate::diagnostic::Diagnostics;
use crate::source::Inputs;

pub use books::{RUNBOOKS, Runbook};
pub(crate) use emit::emit;

/// The texts of the run-books.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    /// Each with its name.
    books: Vec<(&'static str, String)>,
    /// The statement that comes before the statements of a cycle, and of a sweep.
    lock: Option<String>,
}

/// A run-book in Markdown: what to type, what to expect after each step, and how to go back. `None`
/// if the project has no run-book of that name.
///
/// # Errors
///
/// If the project does not compile.
///
/// ```
/// use rowkeep::Inputs;
/// use rowkeep::features::runbooks::runbook;
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let text = runbook(&inputs, "rotation").unwrap().unwrap();
/// assert!(text.starts_with("# Add the period 2026") && text.contains("CREATE TABLE IF NOT EXISTS s.hist_2026"));
/// ```
pub fn runbook(inputs: &Inputs, name: &str) -> Result<Option<String>, Diagnostics> {
    let compilation = crate::compile(inputs)?;
    Ok(compilation.artifacts().get(&emit::path(name)).map(str::to_owned))
}
