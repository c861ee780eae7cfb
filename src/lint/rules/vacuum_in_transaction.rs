//! VACUUM inside of a transaction.

use crate::diagnostic::Code;
use crate::lint::rules::Finding;
use crate::lint::script::words;
use crate::lint::unit::{Runs, Unit};

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let mut is_open = false;
    for marked in &unit.texts {
        let words = words(&marked.text, 2);
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        match (word(0), word(1)) {
            ("begin" | "start", "transaction" | "tran" | "work" | "") => is_open = true,
            ("commit" | "rollback", _) => is_open = false,
            ("vacuum", _) if is_open && unit.runs == Runs::Script => found.push(Finding {
                code: Code::VacuumInTransaction,
                line: marked.line(marked.text.len() - marked.text.trim_start().len()),
                message: "VACUUM cannot run inside of a transaction: the script stops here".to_owned(),
                label: "a transaction is open",
                help: "run it after COMMIT".to_owned(),
            }),
            _ => {}
        }
    }
}
