//! BETWEEN with the bounds of a period.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Visit, Visitor};

use crate::diagnostic::Code;
use crate::lint::facts::Action;
use crate::lint::rules::Finding;
use crate::lint::rules::periods::instant;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let changes = |read: &&crate::lint::unit::Read| {
        matches!(read.action(), Action::Copy(_) | Action::Delete(..) | Action::Move { .. })
    };
    for read in unit.statements.iter().filter(changes) {
        let mut visitor = Between(None);
        let _ = read.tree.visit(&mut visitor);
        if let Some(high) = visitor.0 {
            found.push(Finding {
                code: Code::InclusivePeriodBound,
                line: read.line_of("between"),
                message: format!("BETWEEN includes its upper bound {high}: a row of that instant is in two periods, or a row of the last second in none"),
                label: "includes the upper bound",
                help: "write `>=` the start of the period and `<` the start of the next one".to_owned(),
            });
        }
    }
}

/// Finds a BETWEEN whose upper bound is an instant. A plain date is a whole day if the column is a
/// date, so only the first day of a month counts.
struct Between(Option<String>);

impl Visitor for Between {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::Between { low, high, negated: false, .. } = expr else { return ControlFlow::Continue(()) };
        let (Some(_), Some(to)) = (instant(low), instant(high)) else { return ControlFlow::Continue(()) };
        let is_whole_day = !to.contains(' ') && to.contains('-') && !to.ends_with("-01");
        if is_whole_day {
            return ControlFlow::Continue(());
        }
        self.0 = Some(high.to_string());
        ControlFlow::Break(())
    }
}
