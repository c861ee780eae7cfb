//! Converts expressions to terms.

use std::borrow::Cow;

use sqlparser::ast::{
    BinaryOperator, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, ExtractSyntax, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, OrderByExpr, OrderByOptions,
    OrderBySort, Select as SelectTree, SelectItem, SetExpr, TypedString, UnaryOperator, Value, WindowSpec, WindowType,
};

use crate::diagnostic::quoted;
use crate::sql::{SqlType, is_reserved};
use crate::verify::lower::sources::item_named;
use crate::verify::lower::{Binding, Lowering, OpenSource, Outputs, Result, ScopeId, line_of};
use crate::verify::meaning::{AGGREGATES, All, Order, Term};
use crate::verify::names::{Names, fold_part};

/// The limit for the nesting of terms. The built-in statements need less than half of it.
pub(super) const MAX_NESTING: usize = 64;

/// Pure functions of one row that every engine has. An engine's file names those of its clock and
/// its conversions. Another function could return several rows, fail, or have an effect.
const PLAIN: [&str; 2] = ["coalesce", "nullif"];

/// A refused form of arguments.
const OTHER_ARGUMENTS: &str = "a function call with arguments of a form that no step uses";

/// The window function that ranks rows.
const ROW_NUMBER: &str = "row_number";

/// The clock. Most engines write it without parentheses.
const CLOCK: &str = "current_timestamp";

impl<'a> Lowering<'a, '_> {
    pub(super) fn term(&mut self, expr: &'a Expr, scope: ScopeId, nesting: usize) -> Result<Term<'a>> {
        if nesting > MAX_NESTING || self.budget == 0 {
            return Err(self.unshown("a value with too many terms"));
        }
        self.budget -= 1;
        let next = nesting + 1;
        match expr {
            Expr::Nested(inner) => self.term(inner, scope, next),
            Expr::Identifier(name) => {
                self.at(name);
                self.unqualified(name, scope, next)
            }
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [row, column] => {
                    self.at(column);
                    self.qualified(row, column, scope, next)
                }
                _ => Err(self.unshown("a column name with a schema")),
            },
            Expr::Value(value) => match &value.value {
                Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => {
                    Ok(literal(value.value.to_string()))
                }
                _ => Err(self.unshown("a quoted value that engines read differently")),
            },
            Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false }) => {
                Ok(literal(format!("{data_type} {value}")))
            }
            Expr::Interval(_) => Ok(literal(expr.to_string())),
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, format: None } => {
                let is_instant = match data_type {
                    DataType::Timestamp(None, _) | DataType::Date | DataType::TimestampNtz(None) => true,
                    // A type of the engine that the parser has no name for.
                    DataType::Custom(..) => {
                        let with_zone = self.names.spec.dialect.rules().type_name(SqlType::Timestamptz);
                        data_type.to_string() == with_zone
                    }
                    _ => false,
                };
                match &**expr {
                    Expr::Value(value) if is_instant && matches!(value.value, Value::SingleQuotedString(_)) => {
                        Ok(literal(format!("{data_type} {}", value.value)))
                    }
                    inner => {
                        let term = self.term(inner, scope, next)?;
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
                let args = vec![self.term(left, scope, next)?, self.term(right, scope, next)?];
                Ok(Term::Call(sign.into(), args))
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match self.term(expr, scope, next)? {
                // An instant before 1970 is a negative number.
                Term::Literal(number) if number.starts_with(|c: char| c.is_ascii_digit()) => {
                    Ok(Term::Literal(format!("-{number}").into()))
                }
                term => Ok(Term::Call("-".into(), vec![term])),
            },
            Expr::AtTimeZone { timestamp, time_zone } => {
                let args = vec![self.term(timestamp, scope, next)?, self.term(time_zone, scope, next)?];
                Ok(Term::Call("at time zone".into(), args))
            }
            Expr::Extract { field: DateTimeField::Epoch, syntax: ExtractSyntax::From, expr } => {
                Ok(Term::Call("extract epoch".into(), vec![self.term(expr, scope, next)?]))
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                Ok(Term::Call("floor".into(), vec![self.term(expr, scope, next)?]))
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                Ok(Term::Call("ceil".into(), vec![self.term(expr, scope, next)?]))
            }
            Expr::Case { case_token: _, end_token: _, operand: None, conditions, else_result } => {
                let mut cases = Vec::with_capacity(conditions.len());
                for case in conditions {
                    let when = All::new(self.conjuncts(&case.condition, scope, false)?);
                    cases.push((when, self.term(&case.result, scope, next)?));
                }
                let otherwise = match else_result {
                    Some(expr) => Some(Box::new(self.term(expr, scope, next)?)),
                    None => None,
                };
                Ok(Term::Case(cases, otherwise))
            }
            Expr::Subquery(query) => {
                let inside = self.with(query, scope)?;
                match &*query.body {
                    SetExpr::Select(select) => self.scalar(select, inside, scope, 0),
                    _ => Err(self.unshown("a value from a query that is not a SELECT")),
                }
            }
            Expr::Function(function) => self.call(function, scope, next),
            _ => Err(self.unshown("a form of value that no step uses")),
        }
    }

    fn at(&mut self, name: &Ident) {
        self.line = line_of(name.span);
    }

    /// The value of a query that always gives one row, because it aggregates all of its rows.
    pub(super) fn scalar(
        &mut self,
        select: &'a SelectTree,
        inside: ScopeId,
        scope: ScopeId,
        output: usize,
    ) -> Result<Term<'a>> {
        let depth = self.depth_of(scope).inner();
        let order: Vec<_> = (0..select.projection.len()).collect();
        let mut found = self.select(select, inside, depth, Outputs { order: &order, free_text: &[], sort: &[] })?;
        let is_whole = |term: &Term<'_>| matches!(term, Term::Call(name, _) if AGGREGATES.contains(&&**name));
        if output >= found.outputs.len() || !found.outputs.iter().all(is_whole) {
            return Err(self.unshown("a query for one value that may return several rows"));
        }
        found.outputs = vec![found.outputs.swap_remove(output)];
        if found.group.is_some() || !found.having.is_empty() || found.distinct {
            return Err(self.unshown("a query for one value that may return no row, or several rows"));
        }
        Ok(Term::Scalar(Box::new(found)))
    }

    pub(super) fn call(&mut self, function: &'a Function, scope: ScopeId, nesting: usize) -> Result<Term<'a>> {
        // The pattern lists every field, so a new field of the parser does not compile until it is
        // handled.
        let Function {
            name: ObjectName(name),
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args,
            within_group,
            filter: None,
            null_treatment: None,
            over,
        } = function
        else {
            return Err(self.unshown("a function call of a form that no step uses"));
        };
        let name = match name.as_slice() {
            [part] if within_group.is_empty() => part.as_ident(),
            _ => None,
        };
        let Some(name) = name else { return Err(self.unshown("a function call of a form that no step uses")) };
        self.at(name);
        if name.quote_style.is_some() {
            return Err(self.unshown("a function with a quoted name"));
        }
        let name = name.value.to_lowercase();
        let has_parentheses = !matches!(args, FunctionArguments::None);
        let is_known = AGGREGATES.contains(&&*name)
            || PLAIN.contains(&&*name)
            || self.names.spec.dialect.rules().functions().contains(&&*name);
        let is_now = name == "now" && has_parentheses && self.names.spec.dialect.rules().forms().now;
        if is_now && over.is_none() && matches!(args, FunctionArguments::List(list) if list.args.is_empty()) {
            return Ok(Term::Call(CLOCK.into(), Vec::new()));
        }
        // BigQuery writes the clock as a call.
        let is_clock = name == CLOCK && has_parentheses == self.names.spec.dialect.rules().clock_is_called();
        if over.is_none() && !is_clock && !(is_known && has_parentheses) {
            return Err(self.unshown(format!("a call of {}, which is not a known function", quoted(&name))));
        }
        if let Some(over) = over
            && name == ROW_NUMBER
        {
            return self.row_number(function, over, scope, nesting);
        }
        let mut values = Vec::new();
        match args {
            FunctionArguments::None => {}
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses })
                if clauses.is_empty() =>
            {
                for (i, arg) in args.iter().enumerate() {
                    values.push(match arg {
                        // The first argument of these functions is a unit, not a column.
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(unit)))
                            if i == 0 && ["date_part", "dateadd", "datediff"].contains(&name.as_str()) =>
                        {
                            literal(unit.value.to_lowercase())
                        }
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.term(expr, scope, nesting)?,
                        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => literal("*".to_owned()),
                        _ => return Err(self.unshown(OTHER_ARGUMENTS)),
                    });
                }
            }
            _ => return Err(self.unshown(OTHER_ARGUMENTS)),
        }
        let is_aggregate = AGGREGATES.contains(&&*name);
        let depth = self.depth_of(scope);
        // An aggregate over columns of an outer query belongs to the outer query.
        if is_aggregate && values.iter().any(|value| value.reads_around(depth)) {
            return Err(self.unshown("an aggregate over a column of an outer query"));
        }
        let call = Term::Call(name.into(), values);
        match over {
            None => Ok(call),
            Some(over) if is_aggregate => self.over(call, over, scope, nesting),
            Some(_) => Err(self.unshown("a window function other than ROW_NUMBER() and MAX")),
        }
    }

    /// An aggregate over a window. Without ORDER BY, the window is the whole partition.
    fn over(&mut self, aggregate: Term<'a>, over: &'a WindowType, scope: ScopeId, nesting: usize) -> Result<Term<'a>> {
        let window = self.window(over)?;
        let is_nested = matches!(&aggregate, Term::Call(_, args) if args.iter().any(Term::computes_over_rows));
        if is_nested || !window.order_by.is_empty() || window.partition_by.is_empty() {
            return Err(self.unshown("an aggregate over a window of another form than PARTITION BY"));
        }
        let by = self.partition(window, scope, nesting)?;
        Ok(Term::Over { aggregate: Box::new(aggregate), by })
    }

    fn window(&self, over: &'a WindowType) -> Result<&'a WindowSpec> {
        match over {
            WindowType::WindowSpec(
                window @ WindowSpec { window_name: None, partition_by: _, order_by: _, window_frame: None },
            ) => Ok(window),
            _ => Err(self.unshown("a window with a name or a frame")),
        }
    }

    fn partition(&mut self, window: &'a WindowSpec, scope: ScopeId, nesting: usize) -> Result<Vec<Term<'a>>> {
        let mut by = Vec::with_capacity(window.partition_by.len());
        for expr in &window.partition_by {
            by.push(self.term(expr, scope, nesting)?);
        }
        by.sort();
        by.dedup();
        Ok(by)
    }

    fn row_number(
        &mut self,
        function: &'a Function,
        over: &'a WindowType,
        scope: ScopeId,
        nesting: usize,
    ) -> Result<Term<'a>> {
        let window = self.window(over)?;
        let takes_nothing = matches!(
            &function.args,
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses })
                if args.is_empty() && clauses.is_empty()
        );
        if !takes_nothing {
            return Err(self.unshown("ROW_NUMBER with an argument"));
        }
        let by = self.partition(window, scope, nesting)?;
        let order = self.order(&window.order_by, scope, nesting)?;
        Ok(Term::row_number(by, order))
    }

    pub(super) fn order(
        &mut self,
        order_by: &'a [OrderByExpr],
        scope: ScopeId,
        nesting: usize,
    ) -> Result<Vec<Order<'a>>> {
        let mut order = Vec::with_capacity(order_by.len());
        for one in order_by {
            let OrderByExpr { expr, options: OrderByOptions { sort, nulls_first }, with_fill: None } = one else {
                return Err(self.unshown("ORDER BY with more than its order"));
            };
            let descending = match sort {
                None | Some(OrderBySort::Asc) => false,
                Some(OrderBySort::Desc) => true,
                Some(_) => return Err(self.unshown("ORDER BY with an operator")),
            };
            let term = self.term(expr, scope, nesting)?;
            order.push(Order { term, descending, nulls_first: *nulls_first });
        }
        Ok(order)
    }

    /// A column without its source. It must belong to a source of its own SELECT: a source between
    /// it and an outer query could have a column of this name that the spec does not know, and an
    /// alias of the select list could hide an outer column.
    fn unqualified(&mut self, name: &'a Ident, scope: ScopeId, nesting: usize) -> Result<Term<'a>> {
        let dialect = self.names.spec.dialect;
        let folded = fold_part(name, dialect);
        if name.quote_style.is_none() && is_reserved(&folded, dialect) {
            return Err(self.unshown(format!("the name {}, which is a reserved word", quoted(&name.value))));
        }
        if self.scopes[scope.0].needs_alias {
            return Err(self.unshown(format!(
                "the column {} without an alias, although two sources can have it: write the alias of its source before it",
                quoted(&name.value)
            )));
        }
        if self.is_computed(&folded, scope) {
            return Err(self.unshown(format!(
                "the name {}, which is also an output of its SELECT: write the alias of the source before it",
                quoted(&name.value)
            )));
        }
        let found: Vec<Binding<'a>> = self.scopes[scope.0]
            .bindings
            .iter()
            .map(|(_, binding)| binding)
            .filter(|binding| match binding {
                Binding::Relation { slot, .. } => self.names.find(*slot, name).is_some(),
                Binding::Merged { names, .. } => item_named(names, &folded, dialect).is_some(),
                Binding::Query { projection, .. } | Binding::Union { projection, .. } => {
                    item_named(projection, &folded, dialect).is_some()
                }
                Binding::OneRow { select, .. } => item_named(&select.projection, &folded, dialect).is_some(),
                // Its columns are not looked up, so it may have the column.
                Binding::SemiJoin => true,
            })
            .cloned()
            .collect();
        match found.as_slice() {
            [] => Err(self.unshown(format!(
                "the column {}, which no source of its SELECT has: write the alias of the source before it",
                quoted(&name.value)
            ))),
            [binding] => self.column(binding.clone(), name, scope, nesting),
            _ => Err(self.unshown(format!("the column {}, which several sources have", quoted(&name.value)))),
        }
    }

    /// Whether a SELECT gives this name to an output that is not the column of this name. DuckDB
    /// and Redshift may then read the name as the output.
    fn is_computed(&self, folded: &str, scope: ScopeId) -> bool {
        let dialect = self.names.spec.dialect;
        self.scopes[scope.0].projection.iter().any(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if fold_part(alias, dialect) == folded => {
                let column = match expr {
                    Expr::Identifier(column) => Some(column),
                    Expr::CompoundIdentifier(parts) => parts.last(),
                    _ => None,
                };
                column.is_none_or(|column| fold_part(column, dialect) != folded)
            }
            _ => false,
        })
    }

    fn qualified(&mut self, row: &'a Ident, column: &'a Ident, scope: ScopeId, nesting: usize) -> Result<Term<'a>> {
        let alias = fold_part(row, self.names.spec.dialect);
        let mut at = Some(scope);
        while let Some(here) = at {
            if let Some((_, binding)) = self.scopes[here.0].bindings.iter().find(|(bound, _)| *bound == *alias) {
                return self.column(binding.clone(), column, here, nesting);
            }
            at = self.scopes[here.0].parent;
        }
        let own: Vec<_> = self.scopes[scope.0].bindings.iter().map(|(bound, _)| quoted(bound).to_string()).collect();
        let own = if own.is_empty() { String::new() } else { format!(": its SELECT reads {}", own.join(", ")) };
        Err(self.unshown(format!("a column of {}, which is not a source here{own}", quoted(&row.value))))
    }

    /// A column of the source that an alias stands for.
    fn column(&mut self, binding: Binding<'a>, column: &'a Ident, scope: ScopeId, nesting: usize) -> Result<Term<'a>> {
        let dialect = self.names.spec.dialect;
        let folded = fold_part(column, dialect);
        let query_id = self.query_of(scope);
        let absent = format!("the column {}, which its source does not have", quoted(&column.value));
        match binding {
            Binding::Relation { slot, source } => {
                let names: &'a Names<'_> = self.names;
                let Some(name) = names.find(slot, column) else { return Err(self.unshown(absent)) };
                Ok(Term::Column(self.row(query_id, source), name.into()))
            }
            Binding::Merged { scope, projection, names } => {
                let at = item_named(names, &folded, dialect);
                let Some(item) = at.and_then(|at| projection.get(at)) else { return Err(self.unshown(absent)) };
                self.term(self.output(item)?, scope, nesting)
            }
            Binding::SemiJoin => Err(self.unshown("a column of a semi-join or an anti-join")),
            Binding::Query { source, scope, projection } => {
                let item = item_named(projection, &folded, dialect).and_then(|at| projection.get(at));
                let Some(item) = item else { return Err(self.unshown(absent)) };
                let inner = self.term(self.output(item)?, scope, nesting)?;
                Ok(Term::Output(self.row(query_id, source), Box::new(inner)))
            }
            Binding::Union { source, scope, projection } => {
                let Some(at) = item_named(projection, &folded, dialect) else { return Err(self.unshown(absent)) };
                if let Some(OpenSource::Union(_, used)) = self.queries[query_id.0].sources.get_mut(source.0) {
                    used.insert(at);
                }
                let inner = self.term(self.output(&projection[at])?, scope, nesting)?;
                Ok(Term::Output(self.row(query_id, source), Box::new(inner)))
            }
            Binding::OneRow { select, scope: inside } => {
                let Some(at) = item_named(&select.projection, &folded, dialect) else {
                    return Err(self.unshown(absent));
                };
                self.scalar(select, inside, scope, at)
            }
        }
    }
}

fn literal<'a>(text: String) -> Term<'a> {
    Term::Literal(Cow::Owned(text))
}
