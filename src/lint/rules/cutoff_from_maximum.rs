//! A cutoff from the newest row, which a row with a wrong time moves into the future.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FromTable, FunctionArg, FunctionArgExpr, FunctionArguments, Select, SelectItem,
    Statement, TableFactor, Visit, Visitor,
};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy};
use crate::lint::facts::{alias, clock, column, columns_in, function_name, named_query, select_of, tables, tables_in};
use crate::lint::jinja::RESULT;
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::all_deletes;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = all_deletes(unit);
    if trims.is_empty() {
        return;
    }
    let variables: Vec<_> = unit.texts.iter().filter_map(|text| Variable::of(&text.sql.text)).collect();
    let stored = stored(unit);
    for (at, read, delete, table) in trims {
        let Some(selection) = &delete.selection else { continue };
        let in_variable = || variables.iter().any(|variable| variable.is_cutoff(&table, &read.sql.text));
        let in_table = || reads_stored(&stored, at, delete, &table);
        let in_result = || reads_result(unit, at, selection, &table);
        let in_join = || selection.visit(&mut Joined { maxima: &maxima(read, delete, &table) }).is_break();
        if selection.visit(&mut Cutoff(&table)).is_break() || in_table() || in_variable() || in_join() || in_result() {
            found.push(Finding {
                code: Code::CutoffFromMaximum,
                line: read.line_of("max"),
                message: format!(
                    "one row of `{table}` with a time in the future makes all others old enough to be deleted"
                ),
                label: "not limited by the clock",
                help: "limit the cutoff: `LEAST(MAX(...), CURRENT_TIMESTAMP)`".to_owned(),
            });
        }
    }
}

/// A variable that holds some time before a maximum: `SET cutoff = (SELECT DATEADD(day, -90,
/// MAX(t)) FROM x)`, or DECLARE with a value. No parser reads the text in every dialect, so its
/// words decide.
struct Variable {
    name: String,
    words: Vec<String>,
    /// Whether it is some time before the maximum, and not the maximum itself.
    subtracts: bool,
}

impl Variable {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let starts = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let is_select = starts("select");
        // `cutoff := (SELECT MAX(t) FROM x) - keep`.
        let by_sign = text.split_once(":=").and_then(|(name, _)| name.split_whitespace().next_back());
        if !is_select && by_sign.is_none() && !["set", "declare", "let"].into_iter().any(starts) {
            return None;
        }
        let words = words(text);
        let has = |word: &str| words.iter().any(|other| other == word);
        // A WHERE may leave out rows of the future.
        let is_clamped = has("least") || has("iff") || has("case") || has("where");
        // `SELECT MAX(t) - keep INTO cutoff FROM x`.
        let name = match (is_select, by_sign) {
            // `SELECT @cutoff = DATEADD(day, -90, MAX(t)) FROM x`.
            (true, _) if words.get(1).is_some_and(|word| word.starts_with('@')) => words.get(1)?,
            (true, _) => words.iter().skip_while(|word| *word != "into").nth(1)?,
            (false, Some(name)) if !starts("declare") && !starts("set") && !starts("let") => name,
            (false, _) => words.get(1)?,
        };
        let name = bare(name).to_lowercase();
        let subtracts = subtracts_time(&words) || text.replace(' ', "").contains(")-");
        (has("max") && !is_clamped).then_some(Self { name, words, subtracts })
    }

    /// Whether a DELETE from a table names it, and its maximum is one of this table.
    fn is_cutoff(&self, table: &Table, delete: &str) -> bool {
        if !self.words.iter().any(|word| word == table.name()) {
            return false;
        }
        let words = words(delete);
        words.iter().any(|word| bare(word) == self.name) && (self.subtracts || subtracts_time(&words))
    }
}

/// Whether words take some time from another.
fn subtracts_time(words: &[String]) -> bool {
    const WORDS: [&str; 5] = ["dateadd", "date_sub", "timestamp_sub", "datetime_sub", "interval"];
    words.iter().any(|word| WORDS.contains(&word.as_str()))
}

fn words(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '$');
    text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn bare(variable: &str) -> &str {
    variable.trim_start_matches(['@', '$'])
}

/// The copies that write some time before a maximum into a table, each with its number.
fn stored(unit: &Unit) -> Vec<(usize, Copy<'_>)> {
    let copies = unit.statements.iter().enumerate().filter_map(|(at, read)| match read.action() {
        Action::Copy(copy) => Some((at, copy)),
        _ => None,
    });
    let is_cutoff = |copy: &Copy<'_>| {
        copy.select().filter(|select| !leaves_out_future(select)).is_some_and(|select| {
            match select.projection.as_slice() {
                [SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }] => {
                    subtracts(output) == Some(true)
                }
                _ => false,
            }
        })
    };
    copies.filter(|(_, copy)| is_cutoff(copy)).collect()
}

/// Whether a DELETE reads a table into which an earlier statement wrote some time before the
/// maximum.
fn reads_stored(stored: &[(usize, Copy<'_>)], at: usize, delete: &Delete, table: &Table) -> bool {
    let earlier = stored.iter().filter(|(copied, _)| *copied < at).map(|(_, copy)| copy);
    let mut of_table = earlier.filter(|copy| copy.from().iter().any(|from| from.is(table))).peekable();
    if of_table.peek().is_none() {
        return false;
    }
    let read = tables_in(delete);
    of_table.any(|copy| read.iter().any(|read| read.is(&copy.into)))
}

/// Whether a DELETE compares with the result of an earlier query, which is some time before the
/// maximum of its table: `run_query("SELECT MAX(t) - 90 FROM x").columns[0][0]`.
fn reads_result(unit: &Unit, at: usize, selection: &Expr, table: &Table) -> bool {
    let is_maximum = |read: &Read| match &read.tree {
        Statement::Query(query) => select_of(query).is_some_and(|select| {
            let is_one = match select.projection.as_slice() {
                [SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }] => {
                    subtracts(output) == Some(true)
                }
                _ => false,
            };
            is_one && select.from.iter().flat_map(tables).any(|from| from.is(table)) && !leaves_out_future(select)
        }),
        _ => false,
    };
    selection.to_string().contains(RESULT) && unit.statements[..at].iter().any(is_maximum)
}

/// Finds `column < (SELECT MAX(column) FROM t) - ...`.
struct Cutoff<'a>(&'a Table);

impl Visitor for Cutoff<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { left, op, right } = expr else { return ControlFlow::Continue(()) };
        let side = match op {
            BinaryOperator::Lt | BinaryOperator::LtEq => right,
            BinaryOperator::Gt | BinaryOperator::GtEq => left,
            _ => return ControlFlow::Continue(()),
        };
        if is_cutoff(side, self.0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The maxima of a table among the columns of the queries that a DELETE joins: the name of each
/// query and column, and whether it is some time before the maximum.
fn maxima(read: &Read, delete: &Delete, table: &Table) -> Vec<(String, String, bool)> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let items = from.iter().chain(delete.using.iter().flatten());
    let factors =
        items.flat_map(|item| std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)));
    let mut all = Vec::new();
    for factor in factors {
        let query = match (factor, &read.tree) {
            (TableFactor::Derived { subquery, .. }, _) => Some(&**subquery),
            (TableFactor::Table { name, .. }, Statement::Query(query)) => named_query(query, &Table::of(name)),
            _ => None,
        };
        let Some((row, select)) = alias(factor).zip(query.and_then(select_of)) else { continue };
        if !select.from.iter().flat_map(tables).any(|from| from.is(table)) || leaves_out_future(select) {
            continue;
        }
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && let Some(subtracts) = subtracts(expr)
            {
                all.push((row.clone(), alias.value.to_lowercase(), subtracts));
            }
        }
    }
    all
}

/// Finds `column < m.newest - ...`, of one of these maxima.
struct Joined<'a> {
    maxima: &'a [(String, String, bool)],
}

impl Visitor for Joined<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { op: BinaryOperator::Lt | BinaryOperator::LtEq, right, .. } = expr else {
            return ControlFlow::Continue(());
        };
        let (side, subtracts) = match &**right {
            Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } => (left, true),
            _ => (right, false),
        };
        let found = column(side).and_then(|(row, name)| Some((row?, name)));
        let is_one = |(row, name, inside): &(String, String, bool)| {
            found.as_ref().is_some_and(|found| found == &(row.clone(), name.clone())) && (subtracts || *inside)
        };
        if self.maxima.iter().any(is_one) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Whether an expression is some time before the maximum of a table.
fn is_cutoff(expr: &Expr, table: &Table) -> bool {
    match expr {
        Expr::Nested(inner) => is_cutoff(inner, table),
        Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } => maximum(left, table).is_some(),
        Expr::Subquery(_) => maximum(expr, table) == Some(true),
        // `DATEADD(day, -90, (SELECT MAX(t) FROM x))`.
        Expr::Function(function) if !matches!(function_name(function).as_str(), "least" | "coalesce" | "nvl") => {
            let FunctionArguments::List(list) = &function.args else { return false };
            list.args.iter().any(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => maximum(inner, table).is_some(),
                _ => false,
            })
        }
        _ => false,
    }
}

/// Whether an expression is the maximum of a table. True if the query itself subtracts some time.
fn maximum(expr: &Expr, table: &Table) -> Option<bool> {
    let query = match expr {
        Expr::Nested(inner) => return maximum(inner, table),
        Expr::Subquery(query) => query,
        _ => return None,
    };
    let select = select_of(query)?;
    let (SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. }) =
        select.projection.first()?
    else {
        return None;
    };
    let reads = select.from.iter().flat_map(tables).any(|from| from.is(table));
    (reads && !leaves_out_future(select)).then(|| subtracts(output)).flatten()
}

/// Whether a query reads no row from after now: `WHERE at <= CURRENT_TIMESTAMP`.
fn leaves_out_future(select: &Select) -> bool {
    select.selection.as_ref().is_some_and(|selection| selection.visit(&mut BeforeNow).is_break())
}

/// Finds `column <= now`.
struct BeforeNow;

impl Visitor for BeforeNow {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { left, op, right } = expr else { return ControlFlow::Continue(()) };
        let (earlier, later) = match op {
            BinaryOperator::Lt | BinaryOperator::LtEq => (left, right),
            BinaryOperator::Gt | BinaryOperator::GtEq => (right, left),
            _ => return ControlFlow::Continue(()),
        };
        if column(earlier).is_some() && clock(later).is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Whether an expression is MAX(...). True if it is some time before MAX(...).
fn subtracts(output: &Expr) -> Option<bool> {
    if is_max_call(output) {
        return Some(matches!(output, Expr::BinaryOp { .. }));
    }
    // `DATEADD(day, -90, MAX(t))`.
    let Expr::Function(function) = output else { return None };
    if matches!(function_name(function).as_str(), "least" | "coalesce" | "nvl") {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let is_of_max = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => is_max_call(inner),
        _ => false,
    };
    list.args.iter().any(is_of_max).then_some(true)
}

/// Whether an expression is the maximum of a column that can be a time.
fn is_max_call(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let names = columns_in(expr);
            let is_number = |name: &String| {
                ["id", "no", "nr", "num", "number", "version", "seq", "sequence", "serial"].iter().any(|end| {
                    let rest = name.strip_suffix(end);
                    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_') || *end == "id" || *end == "number")
                })
            };
            function_name(function) == "max" && !names.iter().any(is_number)
        }
        Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } => is_max_call(left),
        Expr::Nested(inner) => is_max_call(inner),
        _ => false,
    }
}
