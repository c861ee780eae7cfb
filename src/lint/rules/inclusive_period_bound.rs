//! BETWEEN with the bounds of a period.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Visit, Visitor};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{column, conjuncts, function_name};
use crate::lint::rules::Finding;
use crate::lint::rules::periods::instant;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let declared: Vec<_> = unit.columns.values().flatten().collect();
    let has_time_of_day = |name: &str| {
        let mut of_name = declared.iter().filter(|column| column.name == name).peekable();
        if of_name.peek().is_none() {
            // Without a type, the name tells: `closed_at`, but not `closed_on` or `day`.
            return ["at", "ts", "time", "timestamp"].contains(&name.rsplit('_').next().unwrap_or(name));
        }
        of_name.all(|column| column.ty.contains("timestamp") || column.ty.contains("datetime"))
    };
    for read in &unit.statements {
        let selection = match read.action() {
            Action::Copy(copy) => copy.select().and_then(|select| select.selection.as_ref()),
            Action::Delete(delete, _) | Action::Move { deletes: (delete, _), .. } => delete.selection.as_ref(),
            _ => continue,
        };
        let mut visitor = Between { found: None, cases: 0, has_time_of_day: &has_time_of_day };
        let _ = read.tree.visit(&mut visitor);
        let (high, text) = match (visitor.found, selection.and_then(closed_interval)) {
            (Some(high), _) => (high, "between"),
            (None, Some(high)) => (high, "<="),
            (None, None) => continue,
        };
        found.push(Finding {
            code: Code::InclusivePeriodBound,
            line: read.line_of(text),
            message: format!(
                "the condition includes its upper bound {high}: a row of exactly that time can be in two periods, and a row between it and the next period is in none"
            ),
            label: "includes the upper bound",
            help: "write `>=` the start of the period and `<` the start of the next one".to_owned(),
        });
    }
}

/// The upper bound of `column >= a AND column <= b`.
fn closed_interval(selection: &Expr) -> Option<String> {
    let bound = |wanted: &BinaryOperator| {
        let each = conjuncts(selection).into_iter().filter_map(move |condition| match condition {
            Expr::BinaryOp { left, op, right } if op == wanted => Some((column(left)?.1, instant(right)?, right)),
            _ => None,
        });
        each.collect::<Vec<_>>()
    };
    let lower = bound(&BinaryOperator::GtEq);
    let upper = bound(&BinaryOperator::LtEq);
    let closed = upper.into_iter().find(|(name, to, bound)| {
        !is_endless(to) && (includes_more(to) || is_instant(bound)) && lower.iter().any(|(other, ..)| other == name)
    })?;
    Some(closed.2.to_string())
}

/// Whether an upper bound is an instant. A plain date is a whole day if the column is a date, so
/// only the first day of a month counts.
fn includes_more(to: &str) -> bool {
    to.contains(' ') || !to.contains('-') || to.ends_with("-01")
}

/// Whether a bound means that there is none: the largest 32-bit number, or a year after 2200.
fn is_endless(to: &str) -> bool {
    let digits = to.trim_start_matches('0');
    ["2147483647", "2147483647000"].contains(&digits) || to.contains('-') && to > "2200"
}

/// Whether a bound is stated as a timestamp: `'2025-12-31'::timestamp` is midnight.
fn is_instant(bound: &Expr) -> bool {
    let says = |text: String| {
        let text = text.to_lowercase();
        text.contains("timestamp") || text.contains("datetime")
    };
    match bound {
        Expr::Cast { data_type, .. } => says(data_type.to_string()),
        Expr::TypedString(typed) => says(typed.data_type.to_string()),
        Expr::Function(function) => says(function_name(function)),
        Expr::Nested(inner) => is_instant(inner),
        _ => false,
    }
}

/// Finds a BETWEEN whose upper bound is an instant, or a day although the column has a time of day.
struct Between<'a> {
    found: Option<String>,
    /// The number of CASE expressions around the current one. They choose no rows.
    cases: usize,
    /// Whether a column is declared as a timestamp, or is not declared and has the name of one.
    has_time_of_day: &'a dyn Fn(&str) -> bool,
}

impl Visitor for Between<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.cases -= usize::from(matches!(expr, Expr::Case { .. }));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.cases += usize::from(matches!(expr, Expr::Case { .. }));
        if self.cases > 0 {
            return ControlFlow::Continue(());
        }
        let Expr::Between { expr, low, high, negated: false } = expr else { return ControlFlow::Continue(()) };
        // `BETWEEN DATE '2026-01-01' AND DATE '2026-01-01' + INTERVAL '1 month'` ends with a day
        // that is shifted.
        let is_shifted =
            matches!(&**high, Expr::BinaryOp { left, op: BinaryOperator::Plus, .. } if instant(left).is_some());
        if instant(low).is_some() && is_shifted {
            self.found = Some(high.to_string());
            return ControlFlow::Break(());
        }
        let (Some(_), Some(to)) = (instant(low), instant(high)) else { return ControlFlow::Continue(()) };
        if is_endless(&to)
            || !includes_more(&to)
                && !is_instant(high)
                && !column(expr).is_some_and(|(_, name)| (self.has_time_of_day)(&name))
        {
            return ControlFlow::Continue(());
        }
        self.found = Some(high.to_string());
        ControlFlow::Break(())
    }
}
