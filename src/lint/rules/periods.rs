//! Intervals of archives that do not meet.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, TypedString, Value,
};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{column, conjuncts, function_name};
use crate::lint::rules::Finding;
use crate::lint::table::Table;
use crate::lint::unit::{Read, Unit};

/// A bound as text, so that texts sort like times: `2026-01-01`, `2026-01-01 00:00:00`, or a number
/// with leading zeros.
pub(super) fn instant(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => is_date(text).then(|| short(text)),
            Value::Number(digits, _) if digits.len() >= 9 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(format!("{digits:0>20}"))
            }
            _ => None,
        },
        Expr::TypedString(TypedString { value, .. }) => match &value.value {
            Value::SingleQuotedString(text) => is_date(text).then(|| short(text)),
            _ => None,
        },
        Expr::Function(function) => {
            const CONVERSIONS: [&str; 6] =
                ["to_timestamp", "to_date", "date", "timestamp", "datetime", "to_timestamp_ntz"];
            let FunctionArguments::List(list) = &function.args else { return None };
            match list.args.first() {
                Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)))
                    if CONVERSIONS.contains(&function_name(function).as_str()) =>
                {
                    instant(inner)
                }
                _ => None,
            }
        }
        Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, .. } | Expr::Nested(expr) => instant(expr),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10]
            .iter()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// A midnight without its time of day.
fn short(text: &str) -> String {
    let rest = text[10..].trim_start_matches(['T', ' ']);
    let is_midnight = rest.is_empty() || rest.trim_end_matches(['Z']).chars().all(|c| "0:.+".contains(c));
    if is_midnight { text[..10].to_owned() } else { format!("{} {rest}", &text[..10]) }
}

/// The half-open interval of a column that a copy takes.
struct Interval<'a> {
    from: String,
    to: String,
    into: Table,
    read: &'a Read,
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let mut groups: BTreeMap<(Table, String), Vec<Interval<'_>>> = BTreeMap::new();
    for read in &unit.statements {
        let Action::Copy(copy) = read.action() else { continue };
        let (Some(select), Some(source)) = (copy.select(), copy.from().into_iter().next()) else { continue };
        let mut bounds: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
        for condition in select.selection.iter().flat_map(conjuncts) {
            let Expr::BinaryOp { left, op, right } = condition else { continue };
            let (Some((_, name)), Some(bound)) = (column(left), instant(right)) else { continue };
            let of_column = bounds.entry(name).or_default();
            match op {
                BinaryOperator::GtEq => of_column.0 = Some(bound),
                // The instant itself is left out.
                BinaryOperator::Gt => of_column.0 = Some(format!("{bound} +")),
                BinaryOperator::Lt => of_column.1 = Some(bound),
                _ => {}
            }
        }
        for (name, bound) in bounds {
            if let (Some(from), Some(to)) = bound {
                let interval = Interval { from, to, into: copy.into.clone(), read };
                groups.entry((source.clone(), name)).or_default().push(interval);
            }
        }
    }
    for ((source, name), mut intervals) in groups {
        // Two statements for one table, such as the branches of `is_incremental()`, are one.
        intervals.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        intervals.dedup_by(|a, b| (&a.from, &a.to, &a.into) == (&b.from, &b.to, &b.into));
        for pair in intervals.windows(2) {
            let [first, second] = pair else { continue };
            if first.into == second.into || first.to == second.from {
                continue;
            }
            let is_gap = first.to < second.from;
            let (code, message, label) = if is_gap {
                let message =
                    format!("rows of `{source}` with `{name}` from {} to {} go to no archive", first.to, second.from);
                (Code::ArchiveGap, message, "starts after the end of the one before")
            } else {
                let message = format!(
                    "rows of `{source}` with `{name}` from {} to {} go to `{}` and to `{}`",
                    second.from, first.to, first.into, second.into
                );
                (Code::ArchiveOverlap, message, "starts before the end of the one before")
            };
            found.push(Finding {
                code,
                line: second.read.line_of(&second.from),
                message,
                label,
                help: "let each period start where the one before it ends".to_owned(),
            });
        }
    }
}
