//! A copy that skips rows which its table refuses, although the rows are deleted.

use crate::diagnostic::Code;
use crate::lint::facts::Action;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, is_proven};
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    for read in &unit.statements {
        let (copy, from) = match read.action() {
            Action::Move { deletes: (_, table), copy } if copy.skips_conflicts => (copy, table),
            Action::Copy(copy) if copy.skips_conflicts => {
                let trimmed =
                    trims.iter().find(|(_, trim, delete, table)| copy.copies(table) && !is_proven(trim, delete, table));
                let Some((.., table)) = trimmed else { continue };
                (copy, table.clone())
            }
            _ => continue,
        };
        let text = ["on conflict", "ignore"].into_iter().find(|text| read.sql.text.to_lowercase().contains(text));
        found.push(Finding {
            code: Code::LossyMove,
            line: read.line_of(text.unwrap_or("insert")),
            message: format!("a row of `{from}` that `{}` refuses is deleted all the same, and lost", copy.into),
            label: "skips rows",
            help: "let the INSERT fail, or update the row that is there: `DO UPDATE SET ...`".to_owned(),
        });
    }
}
