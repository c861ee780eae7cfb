//! Prints the statements that erase one key.

use crate::diagnostic::Diagnostics;
use crate::project::Spec;
use crate::source::Inputs;
use crate::sql::{Name, literal};

/// Why the statements for a key cannot be printed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// The project does not compile.
    #[error("{0}")]
    Project(Diagnostics),
    /// No exceptions table has a list of erased keys.
    #[error(
        "no keys can be erased: add `erased: <table>` to `exceptions:`, as in `exceptions: {{ table: t, key: k, erased: erased_keys }}`"
    )]
    NoList,
    /// No list of erased keys has this key column.
    #[error("keys are erased by {known}, not by {column}")]
    UnknownColumn {
        /// The stated column.
        column: String,
        /// The key columns of the lists.
        known: String,
    },
    /// The key or the notes cannot be written as a text.
    #[error(
        "{0} has a quote, a backslash or a control character; run the files of the repair, and pass it by your client"
    )]
    Text(&'static str),
}

/// The statements that erase a key, in run order, for a client of the engine. Each has a comment
/// with its file, and ends in a semicolon. Nothing runs.
///
/// # Errors
///
/// See [`EraseError`].
///
/// ```
/// use rowkeep::Inputs;
/// use rowkeep::erase::erase;
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: {table: x, key: id, erased: gone}\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let text = erase(&inputs, "id", "42", "ticket 7").unwrap();
/// assert!(text.contains("CAST('42' AS BIGINT)"));
/// assert!(text.contains("DELETE FROM s.hist_2025\n"));
/// ```
pub fn erase(inputs: &Inputs, column: &str, key: &str, notes: &str) -> Result<String, EraseError> {
    let spec = crate::resolve(inputs).map_err(EraseError::Project)?;
    let lists = lists(&spec, column)?;
    let key = literal::text(key).ok_or(EraseError::Text("the key"))?;
    let notes = literal::text(notes).ok_or(EraseError::Text("the notes"))?;
    let artifacts = crate::compile(inputs).map_err(EraseError::Project)?.into_artifacts();
    let repairs = artifacts.manifest().repairs.iter().filter(|repair| repair.name == "erase");
    // Invariant: the plan has one repair for each list, in the order of the exceptions tables.
    let wanted = repairs.zip(lists).filter(|(_, is_wanted)| *is_wanted);
    let mut text = String::new();
    for task in wanted.flat_map(|(repair, _)| &repair.statements) {
        let sql = if task.parameters.is_empty() { task.sql.clone() } else { given(&task.sql, &key, &notes) };
        text.push_str(&format!("-- {}\n{sql};\n\n", task.path));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

/// For each list of erased keys: whether the column is its key.
fn lists(spec: &Spec, column: &str) -> Result<Vec<bool>, EraseError> {
    let folded = |name: &Name| name.folded(spec.dialect);
    let wanted = Name::column(column).map(|name| folded(&name));
    let lists: Vec<_> = spec.exceptions.iter().filter(|exceptions| exceptions.erased.is_some()).collect();
    if lists.is_empty() {
        return Err(EraseError::NoList);
    }
    let found: Vec<_> =
        lists.iter().map(|list| wanted.as_ref().is_ok_and(|name| *name == folded(&list.key.name))).collect();
    if found.contains(&true) {
        return Ok(found);
    }
    let mut known: Vec<_> = lists.iter().map(|list| list.key.name.as_str()).collect();
    known.dedup();
    Err(EraseError::UnknownColumn { column: column.to_owned(), known: known.join(", ") })
}

/// A statement with its parameters replaced. A value may contain the name of a parameter.
fn given(sql: &str, key: &str, notes: &str) -> String {
    let parts = sql.split(":key").map(|part| part.split(":notes").collect::<Vec<_>>().join(notes));
    parts.collect::<Vec<_>>().join(key)
}
