//! Run-books: step-by-step instructions for operators.

mod books;
mod emit;
mod erasures;
mod lock;
mod others;
mod periods;
mod probe;
pub(crate) mod render;

use crate::diagnostic::Diagnostics;
use crate::source::Inputs;

pub use books::{RUNBOOKS, Runbook};
pub(crate) use emit::emit;

/// The texts of the run-books.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    /// Each with the stem of its file.
    books: Vec<(String, String)>,
    /// The statement that comes before the statements of a cycle, and of a sweep.
    lock: Option<String>,
}

/// A run-book in Markdown: what to type, what to expect after each step, and how to go back. `list`
/// is the name of a list of periods, for a run-book about the periods of that list. `None` if the
/// project has no such run-book.
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
/// let text = runbook(&inputs, "rotation", None).unwrap().unwrap();
/// assert!(text.starts_with("# Add the period 2026") && text.contains("CREATE TABLE IF NOT EXISTS s.hist_2026"));
/// ```
pub fn runbook(inputs: &Inputs, name: &str, list: Option<&str>) -> Result<Option<String>, Diagnostics> {
    let compilation = crate::compile(inputs)?;
    Ok(compilation.artifacts().get(&emit::path(&emit::stem(name, list))).map(str::to_owned))
}
