//! A day of an instant, which depends on the time zone of the session.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, DataType, DateTimeField, Expr, TimezoneInfo, Value, Visit, Visitor};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{Declared, column, function_name};
use crate::lint::read::Text;
use crate::lint::rules::Finding;
use crate::lint::rules::periods::instant;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let is_zoned = |column: &&Declared| is_zoned(column, unit.is_mysql);
    let zoned: Vec<&str> = unit.columns.values().flatten().filter(is_zoned).map(|one| one.name.as_str()).collect();
    // The script states the zone of its session.
    let is_fixed = |text: &Text| {
        let text = text.sql.text.to_lowercase();
        let states = [
            "set time zone",
            "set timezone",
            "set time_zone",
            "set session time_zone",
            "set @@session.time_zone",
            "set @@time_zone",
            "set local time zone",
            "set session time zone",
            "set local timezone",
        ];
        states.iter().any(|words| text.contains(words))
    };
    for read in &unit.statements {
        if !matches!(read.action(), Action::Copy(_) | Action::Delete(..) | Action::Move { .. }) {
            continue;
        }
        // A column of this name may be a day in the table of this statement.
        let table = read.action().changes();
        let own = table.as_ref().and_then(|table| unit.columns_of(table));
        let of_statement: Vec<&str> = match (own, read.action()) {
            (Some(own), Action::Delete(..)) => own.iter().filter(is_zoned).map(|one| one.name.as_str()).collect(),
            _ => zoned.clone(),
        };
        let mut visitor = Days { zoned: &of_statement, found: None };
        let _ = read.tree.visit(&mut visitor);
        if let Some(name) = visitor.found {
            if unit.texts.iter().any(is_fixed) {
                return;
            }
            found.push(Finding {
                code: Code::TimeZone,
                line: read.line_after(&["where"], &name),
                message: format!(
                    "the day of `{name}` depends on the time zone of the session: in another zone, the statement takes other rows"
                ),
                label: "depends on the session",
                help: "compare the instant with an instant in UTC, as in `TIMESTAMPTZ '2026-01-01 00:00:00+00'`"
                    .to_owned(),
            });
        }
    }
}

fn is_zoned(column: &Declared, is_mysql: bool) -> bool {
    let ty = column.ty.as_str();
    // MySQL converts its TIMESTAMP to the zone of the session.
    if is_mysql && (ty == "timestamp" || ty.starts_with("timestamp(")) {
        return true;
    }
    ["timestamptz", "with time zone", "timestamp_ltz", "timestamp_tz"].iter().any(|zoned| ty.contains(zoned))
}

/// Whether an expression is a text with a date, and without a zone after it.
fn is_day_of_session(expr: &Expr) -> bool {
    let Expr::Value(value) = expr else { return false };
    let Value::SingleQuotedString(text) = &value.value else { return false };
    let has_zone = text.get(10..).is_some_and(|rest| rest.to_uppercase().contains(['+', '-', 'Z', 'U']));
    instant(expr).is_some() && !has_zone
}

/// Finds an instant that is turned into a day, or is compared with one.
struct Days<'a> {
    zoned: &'a [&'a str],
    found: Option<String>,
}

impl Days<'_> {
    fn zoned(&self, expr: &Expr) -> Option<String> {
        // `booked_at::timestamptz` says itself that it is an instant.
        if let Expr::Cast {
            data_type: DataType::Timestamp(_, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone),
            expr,
            ..
        } = expr
        {
            return column(expr).map(|(_, name)| name);
        }
        if let Expr::Nested(inner) = expr {
            return self.zoned(inner);
        }
        column(expr).map(|(_, name)| name).filter(|name| self.zoned.contains(&name.as_str()))
    }
}

impl Visitor for Days<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let is_day = |expr: &Expr| match expr {
            Expr::Function(function) => {
                let count = match &function.args {
                    sqlparser::ast::FunctionArguments::List(list) => list.args.len(),
                    _ => 0,
                };
                let days = ["current_date", "curdate", "date_trunc", "localtimestamp"];
                // `date_trunc('day', now(), 'UTC')` names its zone.
                days.contains(&function_name(function).as_str()) && count < 3
            }
            Expr::Identifier(name) => name.value.eq_ignore_ascii_case("current_date"),
            Expr::Cast {
                data_type: DataType::Timestamp(_, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone),
                expr,
                ..
            } => is_day_of_session(expr),
            // `TIMESTAMP '2025-01-01'`, and `now()::date`.
            Expr::TypedString(text) => matches!(
                text.data_type,
                DataType::Date | DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
            ),
            Expr::Cast { data_type: DataType::Date, .. } => true,
            // `'2026-01-01'` is a midnight of the session, and `'2026-01-01 00:00:00+00'` is an
            // instant.
            Expr::Value(_) => is_day_of_session(expr),
            Expr::Cast { data_type: DataType::Timestamp(_, zone), .. } => {
                matches!(zone, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone)
            }
            _ => false,
        };
        let found = match expr {
            Expr::Cast { data_type: DataType::Date, expr, .. } => self.zoned(expr),
            Expr::Extract { field, expr, .. } if !matches!(field, DateTimeField::Epoch) => self.zoned(expr),
            Expr::Function(function)
                if matches!(
                    function_name(function).as_str(),
                    "date"
                        | "to_date"
                        | "date_trunc"
                        | "trunc"
                        | "to_char"
                        | "year"
                        | "month"
                        | "date_part"
                        | "datepart"
                ) =>
            {
                let arguments = match &function.args {
                    sqlparser::ast::FunctionArguments::List(list) => list.args.as_slice(),
                    _ => &[],
                };
                // `date_trunc('day', at, 'UTC')` names its zone.
                let arguments = if arguments.len() > 2 { &[] } else { arguments };
                arguments.iter().find_map(|argument| match argument {
                    sqlparser::ast::FunctionArg::Unnamed(sqlparser::ast::FunctionArgExpr::Expr(inner)) => {
                        self.zoned(inner)
                    }
                    _ => None,
                })
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq,
                right,
            } => {
                let other = match &**right {
                    Expr::BinaryOp { left, .. } => left,
                    other => other,
                };
                self.zoned(left).filter(|_| is_day(other))
            }
            _ => None,
        };
        if found.is_some() {
            self.found = found;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
