//! VACUUM inside of a transaction.

use crate::diagnostic::Code;
use crate::lint::read::Runs;
use crate::lint::rules::Finding;
use crate::lint::script::words;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    // A ROLLBACK of its own, and not in a branch for errors, ends the transaction.
    let mut is_rolled_back = false;
    for text in unit.texts.iter().filter(|text| text.in_transaction) {
        let sql = text.sql.text.as_str();
        let words = words(sql, 8);
        let first = words.first().map_or("", String::as_str);
        let is_chained = words.iter().any(|word| word == "chain");
        match first {
            "rollback" | "abort" if !is_chained && unit.runs == Runs::Script => is_rolled_back = true,
            "begin" | "start" => is_rolled_back = false,
            _ if is_rolled_back => continue,
            _ => {}
        }
        // The VACUUM of Databricks removes files, and has no transaction.
        let is_of_files = words.iter().any(|word| matches!(word.as_str(), "retain" | "delta"));
        if first != "vacuum" || is_of_files {
            continue;
        }
        let is_hook = unit.runs == Runs::Hooks;
        found.push(Finding {
            code: Code::VacuumInTransaction,
            line: text.sql.line(sql.len() - sql.trim_start().len()),
            message: "VACUUM cannot run inside of a transaction: the run stops here".to_owned(),
            label: if is_hook { "dbt runs hooks in the transaction of the model" } else { "a transaction is open" },
            help: match is_hook {
                true => "write the hook as `{\"sql\": \"vacuum ...\", \"transaction\": false}`".to_owned(),
                false => "run it after COMMIT".to_owned(),
            },
        });
    }
}
