//! VACUUM inside of a transaction.

use crate::diagnostic::Code;
use crate::lint::rules::Finding;
use crate::lint::script::words;
use crate::lint::unit::{Runs, Unit, opens_transaction};

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    if unit.runs != Runs::Script {
        return;
    }
    let mut is_open = false;
    for marked in &unit.texts {
        let words = words(&marked.text, 2);
        is_open = opens_transaction(&words).unwrap_or(is_open);
        if is_open && words.first().is_some_and(|word| word == "vacuum") {
            found.push(Finding {
                code: Code::VacuumInTransaction,
                line: marked.line(marked.text.len() - marked.text.trim_start().len()),
                message: "VACUUM cannot run inside of a transaction: the script stops here".to_owned(),
                label: "a transaction is open",
                help: "run it after COMMIT".to_owned(),
            });
        }
    }
}
