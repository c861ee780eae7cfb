//! Intervals of archives that do not meet.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, TypedString, Value,
};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::{column, conjuncts, function_name, lookup, words_of};
use crate::lint::read::Read;
use crate::lint::rules::Finding;
use crate::lint::table::Table;
use crate::lint::unit::Unit;

/// A bound as text, so that texts sort like times: `2026-01-01`, `2026-01-01 00:00:00`, or a number
/// with leading zeros.
pub(super) fn instant(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => of_text(text),
            Value::Number(digits, _) if digits.len() == 8 => compact(digits),
            Value::Number(digits, _) if digits.len() >= 9 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(format!("{digits:0>20}"))
            }
            _ => None,
        },
        Expr::TypedString(TypedString { value, .. }) => match &value.value {
            Value::SingleQuotedString(text) => of_text(text),
            _ => None,
        },
        Expr::Function(function) => {
            const CONVERSIONS: [&str; 6] =
                ["to_timestamp", "to_date", "date", "timestamp", "datetime", "to_timestamp_ntz"];
            let FunctionArguments::List(list) = &function.args else { return None };
            if let Some(day) = day_of_numbers(&list.args).filter(|_| function_name(function) == "date") {
                return Some(day);
            }
            if let Some(found) = of_format(&list.args).filter(|_| function_name(function).starts_with("to_")) {
                return Some(found);
            }
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

fn of_text(text: &str) -> Option<String> {
    is_date(text).then(|| short(text)).or_else(|| compact(text))
}

/// The day of `20250131`, as T-SQL and keys of days write it, also with a time of day.
fn compact(text: &str) -> Option<String> {
    let digits = text.get(..8).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let time = &text[8..];
    if !time.is_empty() {
        let day = compact(digits).filter(|_| time.starts_with([' ', 'T']))?;
        return of_text(&format!("{day}{time}"));
    }
    let day = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
    let is_year = (1980..2100).contains(&digits[..4].parse::<u16>().ok()?);
    (is_year && day.parse::<jiff::civil::Date>().is_ok()).then_some(day)
}

/// The instant of `TO_DATE('31/01/2025', 'DD/MM/YYYY')`. `None` for a format with other parts.
fn of_format(args: &[FunctionArg]) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    // Each part of a format, and the length of its value.
    const PARTS: [(&str, usize); 7] =
        [("yyyy", 4), ("mon", 3), ("mm", 2), ("dd", 2), ("hh24", 2), ("mi", 2), ("ss", 2)];
    let text = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.to_ascii_lowercase()),
            _ => None,
        },
        _ => None,
    };
    let [value, format] = args else { return None };
    let (value, format) = (text(value)?, text(format)?);
    let (mut rest, mut left) = (format.as_str(), value.as_str());
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    while !rest.is_empty() {
        let (taken, length) = match PARTS.iter().find(|(part, _)| rest.starts_with(part)) {
            Some(&(part, length)) => {
                found.insert(part, left.get(..length)?);
                (part.len(), length)
            }
            None if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) => return None,
            None => (rest.chars().next()?.len_utf8(), left.chars().next()?.len_utf8()),
        };
        (rest, left) = (rest.get(taken..)?, left.get(length..)?);
    }
    let month = match found.get("mon") {
        Some(name) => format!("{:02}", MONTHS.iter().position(|month| month == name)? + 1),
        None => (*found.get("mm")?).to_owned(),
    };
    let day = format!("{}-{month}-{}", found.get("yyyy")?, found.get("dd")?);
    match found.get("hh24") {
        Some(hour) => {
            let or_zero = |part: &str| found.get(part).copied().unwrap_or("00");
            of_text(&format!("{day} {hour}:{}:{}", or_zero("mi"), or_zero("ss")))
        }
        None => of_text(&day),
    }
}

/// The day of `DATE(2025, 1, 31)`.
fn day_of_numbers(args: &[FunctionArg]) -> Option<String> {
    let number = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    };
    let parts: Vec<u32> = args.iter().map(number).collect::<Option<_>>()?;
    match parts.as_slice() {
        [year, month, day] => Some(format!("{year:04}-{month:02}-{day:02}")),
        _ => None,
    }
}

/// The day after a day.
fn next_day(day: &str) -> Option<String> {
    let day: jiff::civil::Date = day.parse().ok()?;
    day.tomorrow().ok().map(|next| next.to_string())
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

/// The rows that intervals share: a table, a column, and the words of the conditions that are no
/// bounds.
type Slice = (Table, String, Vec<Vec<String>>);

/// The half-open interval of a column that a copy or a move takes.
struct Interval<'a> {
    from: String,
    to: String,
    into: Table,
    /// Whether it has only one bound. One copy after another may take all that is older than its
    /// bound.
    is_open: bool,
    read: &'a Read,
}

/// The end of a bound that leaves its instant out.
const NEXT: &str = " +";

/// A bound after all others.
const FOREVER: &str = "~";

/// A bound of a column: a first instant, or an instant that is the first one after the interval.
struct Bound {
    name: String,
    from: Option<String>,
    to: Option<String>,
}

impl Bound {
    fn of(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Self> {
        let ((_, name), bound) = (column(left)?, instant(right)?);
        match op {
            BinaryOperator::GtEq => Some(Self { name, from: Some(bound), to: None }),
            // The instant itself is left out.
            BinaryOperator::Gt => Some(Self { name, from: Some(format!("{bound}{NEXT}")), to: None }),
            BinaryOperator::Lt => Some(Self { name, from: None, to: Some(bound) }),
            // The next second, or the next millisecond.
            BinaryOperator::LtEq => {
                let next = bound.parse::<u64>().ok()? + 1;
                Some(Self { name, from: None, to: Some(format!("{next:0>20}")) })
            }
            _ => None,
        }
    }
}

/// The operator of `b > a` for that of `a < b`.
fn flipped(op: &BinaryOperator) -> Option<BinaryOperator> {
    match op {
        BinaryOperator::Lt => Some(BinaryOperator::Gt),
        BinaryOperator::LtEq => Some(BinaryOperator::GtEq),
        BinaryOperator::Gt => Some(BinaryOperator::Lt),
        BinaryOperator::GtEq => Some(BinaryOperator::LtEq),
        _ => None,
    }
}

/// Whether the unit declares a column as a day.
fn is_day(unit: &Unit, table: &Table, name: &str) -> bool {
    let columns = unit.columns_of(table).into_iter().flatten();
    columns.into_iter().any(|column| column.name == name && column.ty == "date")
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let mut groups: BTreeMap<Slice, Vec<Interval<'_>>> = BTreeMap::new();
    for read in &unit.statements {
        let (conditions, source, into) = match read.action() {
            Action::Copy(copy) => {
                let (Some(select), Some(source)) = (copy.select(), copy.from().into_iter().next()) else { continue };
                if copy.sources().is_empty() {
                    continue;
                }
                (&select.selection, source, copy.into)
            }
            Action::Move { deletes: (delete, source), copy } => (&delete.selection, source, copy.into),
            _ => continue,
        };
        let mut bounds: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
        let mut others = Vec::new();
        for condition in conditions.iter().flat_map(conjuncts) {
            if let Expr::Between { expr, negated: false, low, high } = condition
                && let (Some((_, name)), Some(from), Some(last)) = (column(expr), instant(low), instant(high))
            {
                // Both bounds are days of a column of days.
                if let Some(after) = next_day(&last).filter(|_| is_day(unit, &source, &name)) {
                    bounds.insert(name, (Some(from), Some(after)));
                }
                continue;
            }
            let bound = match condition {
                Expr::BinaryOp { left, op, right } => {
                    Bound::of(left, op, right).or_else(|| Bound::of(right, &flipped(op)?, left))
                }
                _ => None,
            };
            match bound {
                Some(Bound { name, from: Some(from), .. }) => bounds.entry(name).or_default().0 = Some(from),
                Some(Bound { name, to, .. }) => bounds.entry(name).or_default().1 = to,
                None if lookup(condition).is_none() => others.push(words_of(condition)),
                None => {}
            }
        }
        others.sort();
        // Messages to customers, or totals of a year: no rows move.
        let is_part = into.name().starts_with(source.name());
        let moves = into.is_named_as_archive() || is_part || unit.trims(&source) || unit.empties(&source);
        if !moves {
            continue;
        }
        for (name, (from, to)) in bounds {
            // The first archive may have no lower bound, and the last one no upper bound.
            let is_open = from.is_none() || to.is_none();
            if is_open && into.period().is_none() {
                continue;
            }
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or_else(|| FOREVER.to_owned()));
            let interval = Interval { from, to, into: into.clone(), is_open, read };
            groups.entry((source.clone(), name, others.clone())).or_default().push(interval);
        }
    }
    for ((source, name, _), mut intervals) in groups {
        // Two statements for one table, such as the branches of `is_incremental()`, are one.
        intervals.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        intervals.dedup_by(|a, b| (&a.from, &a.to, &a.into) == (&b.from, &b.to, &b.into));
        for pair in intervals.windows(2) {
            let [first, second] = pair else { continue };
            let is_gap = first.to < second.from;
            let may_follow = !is_gap && (first.is_open || second.is_open);
            if first.into == second.into || first.to == second.from || may_follow {
                continue;
            }
            let (code, message, label) = if is_gap {
                let message = match second.from.strip_suffix(NEXT) {
                    Some(instant) if instant == first.to => {
                        let instant = instant.trim_start_matches('0');
                        format!("rows of `{source}` with `{name}` = {instant} go to no archive")
                    }
                    _ => format!(
                        "rows of `{source}` with `{name}` from {} to {} go to no archive",
                        first.to.trim_start_matches('0'),
                        second.from.trim_end_matches(NEXT).trim_start_matches('0')
                    ),
                };
                (Code::ArchiveGap, message, "starts after the end of the one before")
            } else {
                let message = format!(
                    "rows of `{source}` with `{name}` from {} to {} go to `{}` and to `{}`",
                    second.from.trim_start_matches('0'),
                    first.to.trim_start_matches('0'),
                    first.into,
                    second.into
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
