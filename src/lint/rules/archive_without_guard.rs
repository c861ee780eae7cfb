//! An archive that copies rows again if the run is repeated.

use crate::diagnostic::Code;
use crate::lint::action::{Action, OnConflict};
use crate::lint::rules::Finding;
use crate::lint::rules::guard_narrower_than_key::guards;
use crate::lint::rules::proof::deletes;
use crate::lint::table::Table;
use crate::lint::unit::{Runs, Unit};

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    if trims.is_empty() || unit.runs != Runs::Script {
        return;
    }
    for (at, read) in unit.statements.iter().enumerate() {
        let Action::Copy(copy) = read.action() else { continue };
        // A transaction takes both statements back. Hooks of dbt are in one, on most engines.
        let is_safe = copy.creates || copy.on_conflict != OnConflict::Fails || read.in_transaction;
        let is_archive = |table: &Table| unit.archives(table).iter().any(|(archive, _)| *archive == at);
        let Some((.., table)) = trims.iter().find(|(.., table)| is_archive(table)) else { continue };
        // A stage that the script fills has only the rows of this run.
        if unit.fills(table).next().is_some() {
            continue;
        }
        let from = copy.from();
        let joins_target = from.iter().any(|other| other.is(&copy.into));
        let excepts = !matches!(&*copy.query.body, sqlparser::ast::SetExpr::Select(_));
        if is_safe || !guards(&copy).is_empty() || joins_target || excepts {
            continue;
        }
        found.push(Finding {
            code: Code::ArchiveWithoutGuard,
            line: read.line_of("insert"),
            message: format!("if the run stops before the DELETE from `{table}`, the next one copies its rows to `{}` again", copy.into),
            label: "no guard against a second copy",
            help: format!("add `AND NOT EXISTS (SELECT 1 FROM {} AS a WHERE ...)` with the whole key, or put both into one transaction", copy.into),
        });
    }
}
