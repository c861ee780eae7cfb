//! What a value is computed from.

use std::borrow::Cow;

use sqlparser::ast::{
    BinaryOperator, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, OrderBySort, SelectItem, SetExpr, UnaryOperator, Value, WindowType,
};

use crate::diagnostic::quoted;
use crate::verify::known::fold_part;
use crate::verify::lower::sources::item_named;
use crate::verify::lower::{Binding, Lowering, OpenSource, Outputs, Result};
use crate::verify::meaning::{AGGREGATES, All, Order, Term};

/// Terms within terms: no sound statement has half as many.
const MAX_DEPTH: usize = 64;

/// Functions of one row that do nothing but compute. Whatever else is called may give rows, fail, or reach anything.
const PLAIN: [&str; 13] = [
    "coalesce",
    "date",
    "datediff",
    "datetime",
    "epoch_us",
    "getdate",
    "make_timestamp",
    "nullif",
    "timestamp",
    "timestamp_millis",
    "timestamp_seconds",
    "unix_millis",
    "unix_seconds",
];

/// The clock that is written without parentheses.
const CLOCK: &str = "current_timestamp";

impl<'a> Lowering<'a, '_> {
    pub(super) fn term(&mut self, expr: &'a Expr, frame: usize, depth: usize) -> Result<Term<'a>> {
        if depth > MAX_DEPTH || self.budget == 0 {
            return Err(self.unshown("a value that is computed in too many steps"));
        }
        self.budget -= 1;
        let next = depth + 1;
        match expr {
            Expr::Nested(inner) => self.term(inner, frame, next),
            Expr::Identifier(name) => {
                self.at(name);
                self.unqualified(name, frame, next)
            }
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [row, column] => {
                    self.at(column);
                    self.qualified(row, column, frame, next)
                }
                _ => Err(self.unshown("a column that is named with its schema")),
            },
            Expr::Value(value) => match &value.value {
                Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => {
                    Ok(literal(value.value.to_string()))
                }
                _ => Err(self.unshown("a value in quotes that engines read differently")),
            },
            Expr::TypedString(typed) if !typed.uses_odbc_syntax => {
                Ok(literal(format!("{} {}", typed.data_type, typed.value)))
            }
            Expr::Interval(_) => Ok(literal(expr.to_string())),
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, format: None } => {
                let is_instant =
                    matches!(data_type, DataType::Timestamp(None, _) | DataType::Date | DataType::TimestampNtz(None));
                match &**expr {
                    Expr::Value(value) if is_instant && matches!(value.value, Value::SingleQuotedString(_)) => {
                        Ok(literal(format!("{data_type} {}", value.value)))
                    }
                    inner => {
                        let term = self.term(inner, frame, next)?;
                        Ok(Term::Call(format!("cast {data_type}").into(), vec![term]))
                    }
                }
            }
            Expr::BinaryOp { left, op, right } => {
                let sign = match op {
                    BinaryOperator::Plus => "+",
                    BinaryOperator::Minus => "-",
                    BinaryOperator::Multiply => "*",
                    BinaryOperator::Divide => "/",
                    _ => return Err(self.unshown(format!("the operator {op} in a value"))),
                };
                let args = vec![self.term(left, frame, next)?, self.term(right, frame, next)?];
                Ok(Term::Call(sign.into(), args))
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match self.term(expr, frame, next)? {
                // Before 1970, an instant is a number below zero.
                Term::Literal(number) if number.starts_with(|c: char| c.is_ascii_digit()) => {
                    Ok(Term::Literal(format!("-{number}").into()))
                }
                term => Ok(Term::Call("-".into(), vec![term])),
            },
            Expr::AtTimeZone { timestamp, time_zone } => {
                let args = vec![self.term(timestamp, frame, next)?, self.term(time_zone, frame, next)?];
                Ok(Term::Call("at time zone".into(), args))
            }
            Expr::Extract { field: DateTimeField::Epoch, expr, .. } => {
                Ok(Term::Call("extract epoch".into(), vec![self.term(expr, frame, next)?]))
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                Ok(Term::Call("floor".into(), vec![self.term(expr, frame, next)?]))
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                Ok(Term::Call("ceil".into(), vec![self.term(expr, frame, next)?]))
            }
            Expr::Case { operand: None, conditions, else_result, .. } => {
                let mut cases = Vec::with_capacity(conditions.len());
                for case in conditions {
                    let when = All::new(self.all(&case.condition, frame, false)?);
                    cases.push((when, self.term(&case.result, frame, next)?));
                }
                let otherwise = match else_result {
                    Some(expr) => Some(Box::new(self.term(expr, frame, next)?)),
                    None => None,
                };
                Ok(Term::Case(cases, otherwise))
            }
            Expr::Subquery(query) => {
                let inside = self.with(query, frame)?;
                match &*query.body {
                    SetExpr::Select(select) => self.scalar(select, inside, frame, 0),
                    _ => Err(self.unshown("a value that comes from no SELECT")),
                }
            }
            Expr::Function(function) => self.call(function, frame, next),
            _ => Err(self.unshown("a value of this form")),
        }
    }

    fn at(&mut self, name: &Ident) {
        self.line = usize::try_from(name.span.start.line).unwrap_or_default();
    }

    /// The value of a query that gives one row, whatever there is: one aggregate over all of its rows.
    pub(super) fn scalar(
        &mut self,
        select: &'a sqlparser::ast::Select,
        inside: usize,
        frame: usize,
        output: usize,
    ) -> Result<Term<'a>> {
        let depth = self.queries[self.frames[frame].home].depth + 1;
        let order: Vec<_> = (0..select.projection.len()).collect();
        let mut found = self.select(select, inside, depth, Outputs { order: &order, words: &[] })?;
        let is_whole = |term: &Term<'_>| matches!(term, Term::Call(name, _) if AGGREGATES.contains(&&**name));
        if output >= found.outputs.len() || !found.outputs.iter().all(is_whole) {
            return Err(self.unshown("a query in the place of a value that may give several rows"));
        }
        found.outputs = vec![found.outputs.swap_remove(output)];
        if found.group.is_some() || !found.having.is_empty() || found.distinct {
            return Err(self.unshown("a query in the place of a value that may give no row, or several"));
        }
        Ok(Term::Scalar(Box::new(found)))
    }

    fn call(&mut self, function: &'a Function, frame: usize, depth: usize) -> Result<Term<'a>> {
        let plain = !function.uses_odbc_syntax
            && matches!(function.parameters, FunctionArguments::None)
            && function.within_group.is_empty()
            && function.filter.is_none()
            && function.null_treatment.is_none();
        let name = function.name.0.last().and_then(|part| part.as_ident()).filter(|_| function.name.0.len() == 1);
        let (Some(name), true) = (name, plain) else { return Err(self.unshown("a function of this form")) };
        self.at(name);
        if name.quote_style.is_some() {
            return Err(self.unshown("a function whose name is quoted"));
        }
        let name = name.value.to_lowercase();
        let has_parentheses = !matches!(function.args, FunctionArguments::None);
        let is_known = AGGREGATES.contains(&&*name) || PLAIN.contains(&&*name);
        // BigQuery writes the clock as a call.
        let is_clock = name == CLOCK && has_parentheses == self.known.spec.dialect.rules().clock_is_called();
        if function.over.is_none() && !is_clock && !(is_known && has_parentheses) {
            return Err(self.unshown(format!("a call of {}, of which nothing is known", quoted(&name))));
        }
        if let Some(over) = &function.over {
            return self.row_number(&name, function, over, frame, depth);
        }
        let mut args = Vec::new();
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::List(list) if list.duplicate_treatment.is_none() && list.clauses.is_empty() => {
                for (i, arg) in list.args.iter().enumerate() {
                    args.push(match arg {
                        // The unit of a difference is a word, not a column.
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(unit)))
                            if i == 0 && ["datediff", "dateadd"].contains(&name.as_str()) =>
                        {
                            literal(unit.value.to_lowercase())
                        }
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.term(expr, frame, depth)?,
                        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => literal("*".to_owned()),
                        _ => return Err(self.unshown("a function with arguments of this form")),
                    });
                }
            }
            _ => return Err(self.unshown("a function with arguments of this form")),
        }
        Ok(Term::Call(name.into(), args))
    }

    fn row_number(
        &mut self,
        name: &str,
        function: &'a Function,
        over: &'a WindowType,
        frame: usize,
        depth: usize,
    ) -> Result<Term<'a>> {
        let window = match over {
            WindowType::WindowSpec(window) if window.window_name.is_none() && window.window_frame.is_none() => window,
            _ => return Err(self.unshown("a window of this form")),
        };
        let takes_nothing = matches!(&function.args, FunctionArguments::List(list) if list.args.is_empty());
        if name != "row_number" || !takes_nothing {
            return Err(self.unshown("a window function that is not ROW_NUMBER"));
        }
        let mut by = Vec::with_capacity(window.partition_by.len());
        for expr in &window.partition_by {
            by.push(self.term(expr, frame, depth)?);
        }
        by.sort();
        by.dedup();
        let mut order = Vec::with_capacity(window.order_by.len());
        for expr in &window.order_by {
            let descending = match &expr.options.sort {
                None | Some(OrderBySort::Asc) => false,
                Some(OrderBySort::Desc) => true,
                Some(_) => return Err(self.unshown("ORDER BY with an operator")),
            };
            let term = self.term(&expr.expr, frame, depth)?;
            order.push(Order { term, descending, nulls_first: expr.options.nulls_first });
        }
        Ok(Term::RowNumber { by, order })
    }

    fn unqualified(&mut self, name: &'a Ident, frame: usize, depth: usize) -> Result<Term<'a>> {
        let dialect = self.known.spec.dialect;
        let folded = fold_part(name, dialect);
        let mut at = Some(frame);
        while let Some(here) = at {
            let found: Vec<Binding<'a>> = self.frames[here]
                .bindings
                .iter()
                .map(|(_, binding)| binding)
                .filter(|binding| match binding {
                    Binding::Relation { slot, .. } => self.known.find(*slot, name).is_some(),
                    Binding::Merged { names, .. } => item_named(names, &folded, dialect).is_some(),
                    Binding::Query { projection, .. } | Binding::Union { projection, .. } => {
                        item_named(projection, &folded, dialect).is_some()
                    }
                    Binding::OneRow { select, .. } => item_named(&select.projection, &folded, dialect).is_some(),
                    // It may have the column, or not.
                    Binding::Apart => true,
                })
                .cloned()
                .collect();
            match found.as_slice() {
                [] => at = self.frames[here].parent,
                [binding] => return self.column(binding.clone(), name, here, depth),
                _ => return Err(self.unshown(format!("{}, which several sources have", quoted(&name.value)))),
            }
        }
        Err(self.unshown(format!("{}, which no source has", quoted(&name.value))))
    }

    fn qualified(&mut self, row: &'a Ident, column: &'a Ident, frame: usize, depth: usize) -> Result<Term<'a>> {
        let alias = fold_part(row, self.known.spec.dialect);
        let mut at = Some(frame);
        while let Some(here) = at {
            if let Some((_, binding)) = self.frames[here].bindings.iter().find(|(known, _)| *known == *alias) {
                return self.column(binding.clone(), column, here, depth);
            }
            at = self.frames[here].parent;
        }
        Err(self.unshown(format!("a column of {}, which is no source here", quoted(&row.value))))
    }

    /// A column of what a name stands for in a frame.
    fn column(&mut self, binding: Binding<'a>, column: &'a Ident, frame: usize, depth: usize) -> Result<Term<'a>> {
        let dialect = self.known.spec.dialect;
        let folded = fold_part(column, dialect);
        let home = self.frames[frame].home;
        let absent = format!("{}, which its source does not have", quoted(&column.value));
        match binding {
            Binding::Relation { slot, source } => {
                let known: &'a crate::verify::known::Known<'_> = self.known;
                let Some(name) = known.find(slot, column) else { return Err(self.unshown(absent)) };
                Ok(Term::Column(self.row(home, source), name.into()))
            }
            Binding::Merged { frame, projection, names } => {
                let at = item_named(names, &folded, dialect);
                let Some(item) = at.and_then(|at| projection.get(at)) else { return Err(self.unshown(absent)) };
                self.term(self.output(item)?, frame, depth)
            }
            Binding::Apart => Err(self.unshown("a column of a join that only asks whether there is a row")),
            Binding::Query { source, frame, projection } => {
                let item = item_named(projection, &folded, dialect).and_then(|at| projection.get(at));
                let Some(item) = item else { return Err(self.unshown(absent)) };
                let inner = self.term(self.output(item)?, frame, depth)?;
                Ok(Term::Of(self.row(home, source), Box::new(inner)))
            }
            Binding::Union { source, frame, projection } => {
                let Some(at) = item_named(projection, &folded, dialect) else { return Err(self.unshown(absent)) };
                if let Some(OpenSource::Union(_, used)) = self.queries[home].sources.get_mut(source) {
                    used.insert(at);
                }
                let inner = self.term(self.output(&projection[at])?, frame, depth)?;
                Ok(Term::Of(self.row(home, source), Box::new(inner)))
            }
            Binding::OneRow { select, frame: inside } => {
                let Some(at) = item_named(&select.projection, &folded, dialect) else {
                    return Err(self.unshown(absent));
                };
                self.scalar(select, inside, frame, at)
            }
        }
    }
}

fn literal<'a>(text: String) -> Term<'a> {
    Term::Literal(Cow::Owned(text))
}

/// Whether outputs are nothing but columns, values and `*`: so many rows as there are, or none.
pub(super) fn only_read(projection: &[SelectItem]) -> bool {
    projection.iter().all(|item| match item {
        SelectItem::Wildcard(_) => true,
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            matches!(expr, Expr::Value(_) | Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        }
        _ => false,
    })
}

/// Whether an output looks as if it were computed from many rows; what it is, is seen when it is understood.
pub(super) fn computes_over_rows(projection: &[SelectItem]) -> bool {
    projection.iter().any(|item| of_item(item).is_some_and(|expr| has_function(expr, 0, &is_over_rows)))
}

/// Whether an output is a window function.
pub(super) fn ranks(projection: &[SelectItem]) -> bool {
    projection.iter().any(|item| of_item(item).is_some_and(|expr| has_function(expr, 0, &|call| call.over.is_some())))
}

fn of_item(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn is_over_rows(call: &Function) -> bool {
    let name = call.name.to_string().to_lowercase();
    call.over.is_some() || AGGREGATES.contains(&name.as_str())
}

/// Whether a value is computed by such a function; what is deeper than terms may be counts as one.
fn has_function(expr: &Expr, depth: usize, is: &dyn Fn(&Function) -> bool) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let has = |expr: &Expr| has_function(expr, depth + 1, is);
    match expr {
        Expr::Function(call) => {
            let args = match &call.args {
                FunctionArguments::List(list) => list.args.as_slice(),
                _ => &[],
            };
            let of_arg = |arg: &FunctionArg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => has(expr),
                _ => false,
            };
            is(call) || args.iter().any(of_arg)
        }
        Expr::Nested(expr)
        | Expr::Cast { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Ceil { expr, .. } => has(expr),
        Expr::AtTimeZone { timestamp, .. } => has(timestamp),
        Expr::BinaryOp { left, right, .. } => has(left) || has(right),
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter().any(|case| has(&case.condition) || has(&case.result))
                || else_result.as_ref().is_some_and(|expr| has(expr))
        }
        _ => false,
    }
}
