//! Prints the statements that erase one key.

use crate::diagnostic::Diagnostics;
use crate::features::repairs::ERASE;
use crate::project::{ExceptionsId, Spec, Table};
use crate::source::Inputs;
use crate::sql::{Name, Relation, SqlType, literal};

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
    /// Several lists of erased keys have this key column.
    #[error(
        "several exceptions tables have a list of erased keys with the key {column}: choose one of them by --exceptions: {known}"
    )]
    Ambiguous {
        /// The stated column.
        column: String,
        /// The exceptions tables.
        known: String,
    },
    /// No list of erased keys has this exceptions table.
    #[error("no exceptions table {0} has a list of erased keys with this key")]
    UnknownTable(String),
    /// The key is no value of the type of the key column, so an engine could read it as another
    /// key.
    #[error("{key} is not a value of the type {ty}: an engine could read it as another key")]
    Key {
        /// The stated key.
        key: String,
        /// The type of the key column.
        ty: String,
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
/// let text = erase(&inputs, None, ("id", "42"), "ticket 7").unwrap();
/// assert!(text.contains("CAST('42' AS BIGINT)"));
/// assert!(text.contains("DELETE FROM s.hist_2025\n"));
/// ```
pub fn erase(
    inputs: &Inputs,
    exceptions: Option<&str>,
    (column, key): (&str, &str),
    notes: &str,
) -> Result<String, EraseError> {
    let spec = crate::resolve(inputs).map_err(EraseError::Project)?;
    let number = list(&spec, exceptions, column)?;
    let ty = spec.exceptions(number).key.ty;
    if !is_value(ty, key) {
        return Err(EraseError::Key { key: key.to_owned(), ty: ty.to_string() });
    }
    let key = literal::text(key).ok_or(EraseError::Text("the key"))?;
    let notes = literal::text(notes).ok_or(EraseError::Text("the notes"))?;
    let artifacts = crate::compile(inputs).map_err(EraseError::Project)?.into_artifacts();
    let repairs = artifacts.manifest().repairs.iter().filter(|repair| repair.name == ERASE);
    // Invariant: the plan has one repair for each list, in the order of the exceptions tables.
    let before = spec.exceptions[..number.0].iter().filter(|exceptions| exceptions.erased.is_some()).count();
    let mut text = String::new();
    for table in spec.tables.iter().filter(|table| table.load.is_none() && obeys(table, number)) {
        text.push_str(&format!(
            "-- The load of {} is not Rowkeep's: it must leave out the keys that are listed.\n",
            table.relation.sql(spec.dialect)
        ));
    }
    text.push_str("-- If the first statement inserts no row, the key is held, or listed already.\n");
    for left in left_behind(&spec, number) {
        text.push_str(&format!("-- Not deleted here: {left}.\n"));
    }
    text.push('\n');
    for task in repairs.skip(before).take(1).flat_map(|repair| &repair.statements) {
        let sql = if task.parameters.is_empty() { task.sql.clone() } else { given(&task.sql, &key, &notes) };
        text.push_str(&format!("-- {}\n{sql};\n\n", task.path));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

/// Whether the keys of a list leave the table.
fn obeys(table: &Table, list: ExceptionsId) -> bool {
    table.erasures.iter().any(|erasure| erasure.list == list)
}

/// What keeps rows of an erased key: raw tables that the project does not trim, and tables with a
/// column of the same name that do not obey the list.
fn left_behind(spec: &Spec, list: ExceptionsId) -> Vec<String> {
    let is_trimmed = |raw: &Relation| spec.raw_tables.iter().any(|trimmed| trimmed.relation.may_be(raw, spec.dialect));
    let raw = spec
        .tables
        .iter()
        .filter(|table| obeys(table, list))
        .filter_map(|table| table.raw.as_ref())
        .filter(|raw| !is_trimmed(raw));
    let mut left: Vec<_> =
        raw.map(|raw| format!("rows of {}, which no `raw:` of the project trims", raw.sql(spec.dialect))).collect();
    let key = spec.exceptions(list).key.name.folded(spec.dialect);
    let has_column = |table: &&Table| table.columns.iter().any(|column| column.name.folded(spec.dialect) == key);
    let others = spec.tables.iter().filter(|table| !obeys(table, list)).filter(has_column);
    left.extend(others.map(|table| {
        format!("rows of {}, which has the column and does not obey this list", table.relation.sql(spec.dialect))
    }));
    left
}

/// The exceptions table whose list has this key column.
fn list(spec: &Spec, exceptions: Option<&str>, column: &str) -> Result<ExceptionsId, EraseError> {
    let folded = |name: &Name| name.folded(spec.dialect);
    let wanted = Name::column(column).map(|name| folded(&name));
    let lists = (0..spec.exceptions.len()).map(ExceptionsId).filter(|&id| spec.exceptions(id).erased.is_some());
    let lists: Vec<_> = lists.collect();
    let key = |id: ExceptionsId| &spec.exceptions(id).key.name;
    let is_key =
        |id: ExceptionsId| key(id).as_str() == column || wanted.as_ref().is_ok_and(|name| *name == folded(key(id)));
    let found: Vec<_> = lists.iter().copied().filter(|&id| is_key(id)).collect();
    let names = |ids: &[ExceptionsId]| ids.iter().map(|&id| spec.exceptions_name(id)).collect::<Vec<_>>().join(", ");
    match (lists.as_slice(), found.as_slice(), exceptions) {
        ([], ..) => Err(EraseError::NoList),
        (_, [], _) => {
            let mut known: Vec<_> = lists.iter().map(|&id| key(id).as_str()).collect();
            known.dedup();
            Err(EraseError::UnknownColumn { column: column.to_owned(), known: known.join(", ") })
        }
        (_, all, Some(name)) => all
            .iter()
            .copied()
            .find(|&id| {
                let relation = &spec.exceptions(id).relation;
                let written = [relation.name().sql(spec.dialect), relation.sql(spec.dialect)];
                spec.exceptions_name(id).eq_ignore_ascii_case(name) || written.iter().any(|text| text == name)
            })
            .ok_or_else(|| EraseError::UnknownTable(name.to_owned())),
        (_, [only], None) => Ok(*only),
        (_, several, None) => Err(EraseError::Ambiguous { column: column.to_owned(), known: names(several) }),
    }
}

/// Whether a text is a value of a type as it stands: a cast neither rounds nor cuts it.
pub(crate) fn is_value(ty: SqlType, key: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = key.strip_prefix('-').unwrap_or(key);
    match ty {
        SqlType::Smallint | SqlType::Integer | SqlType::Bigint => key.parse::<i64>().is_ok() && digits(unsigned),
        SqlType::Decimal { scale, .. } => match unsigned.split_once('.') {
            Some((whole, part)) => digits(whole) && digits(part) && part.len() <= usize::from(scale),
            None => digits(unsigned),
        },
        SqlType::Uuid => {
            let is_dash = |at: usize| [8, 13, 18, 23].contains(&at);
            key.len() == 36
                && key
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| if is_dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
        }
        SqlType::Varchar(most) => key.trim_end() == key && key.len() <= usize::try_from(most).unwrap_or(usize::MAX),
        _ => key.trim_end() == key,
    }
}

/// A statement with its parameters replaced. A value may contain the name of a parameter.
fn given(sql: &str, key: &str, notes: &str) -> String {
    let parts = sql.split(":key").map(|part| part.split(":notes").collect::<Vec<_>>().join(notes));
    parts.collect::<Vec<_>>().join(key)
}
