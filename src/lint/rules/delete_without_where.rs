//! A DELETE without a condition.

use sqlparser::ast::{BinaryOperator, Expr, FromTable, SetExpr, Statement};

use crate::diagnostic::Code;
use crate::lint::action::target;
use crate::lint::facts::{joined, named_query};
use crate::lint::read::{Read, Runs};
use crate::lint::rules::Finding;
use crate::lint::rules::proof::{deletes, is_reloaded};
use crate::lint::script::words;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    // Another macro may fill the table.
    if unit.runs == Runs::Operation {
        return;
    }
    for (at, read, delete, table) in deletes(unit) {
        // `WHERE TRUE` says that all rows are meant, and `WHERE 1 = 1` comes from a generator.
        let is_always_true = |condition: &Expr| {
            matches!(condition, Expr::BinaryOp { left, op: BinaryOperator::Eq, right }
                if left == right && matches!(**left, Expr::Value(_)))
        };
        let selection = delete.selection.as_ref().filter(|selection| !is_always_true(selection));
        // USING without WHERE joins every row with every other one.
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let relations = from.iter().map(|item| 1 + item.joins.len()).sum::<usize>();
        let is_joined = relations > 1 && !joined(delete).is_empty() && delete.using.is_none();
        let has_condition = selection.is_some() || delete.limit.is_some() || is_joined || takes_from_with(read);
        // A model that runs after its hook fills the table again.
        let is_of_model = unit.model.as_ref().is_some_and(|(model, _)| model.is(&table));
        let is_before_load = unit.runs == Runs::Hooks && read.is_before_model && is_of_model;
        // A stage, whose rows are in the mart by now.
        let is_stage = || table.is_named_as_temporary() && unit.archives(&table).iter().any(|(copied, _)| *copied < at);
        // A list that the unit fills itself, and empties at its end.
        let is_own_list = || !table.is_named_as_archive() && unit.fills(&table).any(|filled| filled < at);
        if has_condition
            || is_before_load
            || is_stage()
            || is_own_list()
            || is_reloaded(unit, &table, at)
            || unit.creates(&table)
            || table.is_variable()
            || is_named_later(unit, read, table.name())
            || is_rolled_back(unit, read)
        {
            continue;
        }
        found.push(Finding {
            code: Code::DeleteWithoutWhere,
            line: read.line_of("delete"),
            message: format!("this DELETE empties `{table}`, and no statement that was read fills it again"),
            label: "all rows",
            help: "add a condition; if all rows are meant, write `WHERE TRUE`, or TRUNCATE TABLE where the engine has no TRUE"
                .to_owned(),
        });
    }
}

/// Whether a later text names the table that a DELETE empties, such as `LOAD DATA ... INTO TABLE t`
/// or `CALL load_t()`: it may fill the table. No parser reads these texts.
fn is_named_later(unit: &Unit, read: &Read, table: &str) -> bool {
    let fills = |text: &str| {
        let first = words(text, 2);
        let word = |at: usize| first.get(at).map_or("", String::as_str);
        matches!((word(0), word(1)), ("call" | "exec" | "execute" | "insert" | "bulk" | "copy", _) | ("load", "data"))
    };
    // `load_orders` is of `orders`, and `refresh_orders_report` is not.
    let names = |text: &str| {
        let lower = text.to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word.strip_suffix(table).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
    };
    let later = unit.texts.iter().skip_while(|text| text.sql.text != read.sql.text).skip(1);
    later.map(|text| text.sql.text.as_str()).any(|text| fills(text) && names(text))
}

/// Whether the transaction of a DELETE ends with ROLLBACK, and with no COMMIT: a test.
fn is_rolled_back(unit: &Unit, read: &Read) -> bool {
    let later = unit.texts.iter().skip_while(|text| text.sql.text != read.sql.text).skip(1);
    let is_end = |words: &Vec<String>| match words.as_slice() {
        [first] => first == "commit" || first == "rollback",
        // `ROLLBACK TO SAVEPOINT s` takes back a part.
        [first, second, ..] => first == "commit" || first == "rollback" && second != "to",
        [] => false,
    };
    let mut ends = later.map(|text| words(&text.sql.text, 2)).filter(is_end);
    read.in_transaction && ends.next().is_some_and(|words| words[0] == "rollback")
}

/// Whether a DELETE takes the rows of a query in WITH: `WITH due AS (SELECT TOP (1000) ...) DELETE
/// FROM due`.
fn takes_from_with(read: &Read) -> bool {
    let Statement::Query(query) = &read.tree else { return false };
    let SetExpr::Delete(Statement::Delete(delete)) = &*query.body else { return false };
    target(delete).is_some_and(|table| named_query(query, &table).is_some())
}
