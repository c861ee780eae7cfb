//! Checks handwritten statements before the rehearsal runs them on its own engine. This is less
//! than a proof.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Statement, Value, visit_expressions};

use crate::diagnostic::quoted;
use crate::dialect::Dialect;
use crate::sql::parse::{ParseError, parse_tokens, tokens};
use crate::verify::effect::delete_of;
use crate::verify::names::fold;
use crate::verify::relations;

/// Checks that a text is one statement that changes rows and touches only these relations, given by
/// their folded parts. The error is the end of a sentence about the text.
pub(crate) fn changes_rows_of(sql: &str, relations: &BTreeSet<Vec<String>>, dialect: Dialect) -> Result<(), String> {
    let statements = parse(sql, dialect).map_err(|error| format!("is not {dialect} SQL: {}", error.message))?;
    let [statement] = statements.as_slice() else {
        return Err(format!("has {} statements, but a file is exactly one statement", statements.len()));
    };
    let changes_rows = match statement {
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => true,
        // The parser reads `WITH ... DELETE` as a query.
        Statement::Query(query) => delete_of(query).is_some(),
        _ => false,
    };
    if !changes_rows {
        return Err("is not an INSERT, UPDATE, DELETE or MERGE".to_owned());
    }
    let is_known = |name: &ObjectName| fold(name, dialect).is_some_and(|parts| relations.contains(&parts));
    match relations::undeclared(statement, is_known) {
        Some(unknown) => Err(format!("touches {}, which is not a relation of the project", quoted(&unknown))),
        None => Ok(()),
    }
}

fn parse(sql: &str, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    parse_tokens(tokens(sql, dialect)?, dialect)
}

/// Pure functions. A function of another name could read or change anything.
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

/// Texts that an engine reads as the real time.
const CLOCKS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// The first function of a text that is not known to be pure, or the first literal that an engine
/// reads as the real time. The token of the clock is allowed.
pub(crate) fn reaching_function(sql: &str, dialect: Dialect) -> Option<String> {
    let statements = parse(sql, dialect).ok()?;
    let clocks = [dialect.clock_token(), Dialect::OF_HANDWRITTEN_HOOKS.clock_token()];
    let found = visit_expressions(&statements, |expr| match expr {
        Expr::Function(function) => {
            let name = function.name.to_string();
            let is_pure = PURE.contains(&name.to_lowercase().as_str()) || clocks.contains(&expr.to_string().as_str());
            if is_pure { ControlFlow::Continue(()) } else { ControlFlow::Break(name) }
        }
        // Cast to a timestamp, these texts are the real time.
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
