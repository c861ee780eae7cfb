//! An INSERT without a list of columns.

use sqlparser::ast::Statement;

use crate::diagnostic::Code;
use crate::lint::action::{Action, OnConflict};
use crate::lint::facts::is_star;
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::is_of_archive;
use crate::lint::script::skeleton;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        // A variable that is a table has the columns of its own declaration.
        let output = output_into(read).filter(|output| !output.has_star && !output.has_columns);
        if let Some(output) = output.filter(|output| !output.into.starts_with(['@', '#'])) {
            found.push(finding(read, "output", &output.into));
        }
        let copy = match read.action() {
            Action::Copy(copy) | Action::Move { copy, .. } if !copy.creates && !copy.has_columns => copy,
            _ => continue,
        };
        let Some(source) = copy.from().into_iter().next() else { continue };
        let has_star = copy.arms().into_iter().flat_map(|select| &select.projection).any(is_star);
        // A move reads the query of its own DELETE.
        let is_move = matches!(read.action(), Action::Move { .. });
        let is_archive = is_move || is_of_archive(unit, &source, &copy.into);
        // The query of a MERGE may be `SELECT *`, because its values name the columns.
        let is_merge = copy.on_conflict == OnConflict::Matches;
        if has_star && !is_merge
            || copy.into.is_variable()
            || unit.creates(&copy.into)
            || !is_archive
            || inserts_by_name(read)
        {
            continue;
        }
        found.push(finding(read, "insert", &copy.into.to_string()));
    }
}

/// `INSERT *` of a MERGE of Delta Lake, which takes columns by their names.
fn inserts_by_name(read: &Read) -> bool {
    matches!(read.tree, Statement::Merge(_)) && skeleton(&read.sql.text).contains("insert *")
}

fn finding(read: &Read, at: &str, into: &str) -> Finding {
    Finding {
        code: Code::PositionalInsert,
        line: read.line_of(at),
        message: format!(
            "the INSERT depends on the order of the columns of `{into}`: in another order, values go into wrong columns"
        ),
        label: "no list of columns",
        help: format!("write `{into} (column, ...)`"),
    }
}

/// `DELETE FROM t OUTPUT DELETED.x INTO u (x)`.
pub(super) struct OutputInto {
    pub(super) of: String,
    pub(super) into: String,
    pub(super) has_star: bool,
    has_columns: bool,
}

/// The OUTPUT ... INTO of a DELETE.
pub(super) fn output_into(read: &Read) -> Option<OutputInto> {
    let Action::Delete(delete, of) = read.action() else { return None };
    delete.output.as_ref()?;
    let text = read.sql.text.as_str();
    let lower = text.to_ascii_lowercase();
    let (from, until) = (lower.find("output")?, lower.find(" into ")? + " into ".len());
    let rest = text[until..].trim_start();
    let end = rest.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(rest.len());
    Some(OutputInto {
        of: of.to_string(),
        into: rest[..end].to_owned(),
        has_star: lower.get(from..until)?.contains('*'),
        has_columns: rest[end..].trim_start().starts_with('('),
    })
}
