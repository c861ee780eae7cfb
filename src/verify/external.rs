//! Statements that others wrote: what must be known of them before they run where they can do no harm. Less than a proof.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Statement, Value, visit_expressions};

use crate::diagnostic::quoted;
use crate::dialect::Dialect;
use crate::sql::parse::{ParseError, parse_tokens, tokens};
use crate::verify::known::fold;
use crate::verify::relations;

/// Whether a text is one statement that changes rows and touches only these relations, given by their folded parts; `Err` says
/// what it is instead.
pub(crate) fn changes_rows_of(sql: &str, relations: &BTreeSet<Vec<String>>, dialect: Dialect) -> Result<(), String> {
    let statements = parse(sql, dialect).map_err(|error| format!("is not {dialect} SQL: {}", error.message))?;
    let [statement] = statements.as_slice() else {
        return Err(format!("is {} statements where one file is one statement", statements.len()));
    };
    if !matches!(statement, Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_)) {
        return Err("is neither INSERT, UPDATE, DELETE nor MERGE".to_owned());
    }
    let is_known = |name: &ObjectName| fold(name, dialect).is_some_and(|parts| relations.contains(&parts));
    match relations::undeclared(statement, is_known) {
        Some(unknown) => Err(format!("touches {}, which is no relation of the project", quoted(&unknown))),
        None => Ok(()),
    }
}

fn parse(sql: &str, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    parse_tokens(tokens(sql, dialect)?, dialect)
}

/// Functions that only compute. A function of another name may reach anything that its author can.
const PURE: [&str; 49] = [
    "abs",
    "avg",
    "cast",
    "ceil",
    "ceiling",
    "coalesce",
    "concat",
    "count",
    "date_part",
    "date_trunc",
    "dateadd",
    "datediff",
    "dense_rank",
    "epoch_us",
    "exp",
    "extract",
    "first_value",
    "floor",
    "greatest",
    "lag",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "ln",
    "lower",
    "make_timestamp",
    "max",
    "md5",
    "min",
    "mod",
    "nullif",
    "nvl",
    "power",
    "rank",
    "replace",
    "right",
    "round",
    "row_number",
    "sign",
    "sqrt",
    "stddev",
    "substring",
    "sum",
    "to_timestamp",
    "trim",
    "upper",
    "variance",
];

/// Texts that engines read as an instant of the real clock.
const CLOCKS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// The first function that a text calls which may do more than compute, the clock's token aside; or a text that is a clock.
pub(crate) fn reaching_function(sql: &str, dialect: Dialect) -> Option<String> {
    let statements = parse(sql, dialect).ok()?;
    let clocks = [dialect.clock_token(), Dialect::OF_HANDWRITTEN_HOOKS.clock_token()];
    let found = visit_expressions(&statements, |expr| match expr {
        Expr::Function(function) => {
            let name = function.name.to_string();
            let is_pure = PURE.contains(&name.to_lowercase().as_str()) || clocks.contains(&expr.to_string().as_str());
            if is_pure { ControlFlow::Continue(()) } else { ControlFlow::Break(name) }
        }
        // As a timestamp, these are the real clock.
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) if CLOCKS.contains(&text.trim().to_lowercase().as_str()) => {
                ControlFlow::Break(value.to_string())
            }
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Break(name) => Some(name),
        ControlFlow::Continue(()) => None,
    }
}
