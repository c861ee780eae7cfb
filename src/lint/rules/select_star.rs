//! A copy by `SELECT *`.

use crate::diagnostic::Code;
use crate::lint::action::{Action, OnConflict};
use crate::lint::facts::is_star;
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::positional_insert::output_into;
use crate::lint::rules::proof::is_of_archive;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for read in &unit.statements {
        if let Some(into) = output_into(read).filter(|output| output.has_star) {
            found.push(finding(read, "output", &into.of, &into.into));
        }
        let copy = match read.action() {
            Action::Copy(copy) | Action::Move { copy, .. }
                if !copy.creates && !read.is_model && copy.on_conflict != OnConflict::Matches =>
            {
                copy
            }
            _ => continue,
        };
        let moved = match read.action() {
            Action::Move { deletes: (_, table), .. } => Some(table),
            _ => None,
        };
        let is_move = moved.is_some();
        let Some(source) = moved.or_else(|| copy.from().into_iter().next()) else { continue };
        // A table that the unit creates itself has the columns that it was given, or those of its
        // source.
        let is_like_source = unit.is_like(&copy.into, &source);
        let is_by_name = read.sql.text.to_ascii_lowercase().contains(" by name");
        if !copy.arms().into_iter().flat_map(|select| &select.projection).any(is_star)
            || is_like_source
            || is_by_name
            || unit.creates(&source) && unit.creates(&copy.into)
            || !(is_move || is_of_archive(unit, &source, &copy.into))
        {
            continue;
        }
        found.push(finding(read, "insert", &source.to_string(), &copy.into.to_string()));
    }
}

fn finding(read: &Read, at: &str, source: &str, into: &str) -> Finding {
    Finding {
        code: Code::SelectStar,
        line: read.line_of(at),
        message: format!(
            "`*` copies by position: a column that is added to `{source}` or to `{into}` shifts or stops the copy"
        ),
        label: "the columns are not named",
        help: "list the columns on both sides".to_owned(),
    }
}
