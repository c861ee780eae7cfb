//! Reads and resolves `only_when:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::only_when::{Condition, Constant, Test};
use crate::project::files::ComparisonEntry;
use crate::project::resolve::columns::Scope;
use crate::project::scalar::{Nullness, Plain};
use crate::project::shape::{Either, Entries, Field};
use crate::project::{ColumnId, Day};
use crate::source::Spanned;
use crate::sql::{SqlType, literal};

/// One constant, a list of constants, or a mapping with one comparison.
pub(crate) type ConditionEntry = Either<Plain, Vec<Field<Plain>>, ComparisonEntry>;

/// Makes a test from its constant.
type MakeTest = fn(Constant) -> Test;

/// The most constants of one condition.
const MAX_CONSTANTS: usize = 100;

/// The columns of a table, and those that identify a row.
pub(crate) struct Columns<'a> {
    pub(crate) scope: &'a Scope<'a>,
    /// The unique key and the time.
    pub(crate) proof: &'a [ColumnId],
}

/// The conditions, in the order of the file. `None` if one of them has an error.
pub(crate) fn resolve(
    stated: &Spanned<Entries<ConditionEntry>>,
    columns: &Columns<'_>,
    sink: &mut Sink,
) -> Option<Vec<Condition>> {
    let what = columns.scope.what;
    if stated.value.0.is_empty() {
        let message = format!("only_when of {what} has no condition");
        sink.push(
            Diagnostic::new(Code::OnlyWhen, message, stated.span, "empty")
                .help("write a column and its values, or remove `only_when:`"),
        );
        return None;
    }
    let mut all = Vec::with_capacity(stated.value.0.len());
    let mut complete = true;
    for (name, entry) in &stated.value.0 {
        let Some(column) = columns.scope.column(name, "only_when", sink) else {
            complete = false;
            continue;
        };
        let condition = Conditions { columns, name, column };
        match entry.get().and_then(|entry| condition.of(entry, sink)) {
            Some(tests) => all.extend(tests.into_iter().map(|test| Condition { column, test })),
            None => complete = false,
        }
    }
    complete.then_some(all)
}

/// The conditions on one column.
struct Conditions<'a> {
    columns: &'a Columns<'a>,
    name: &'a Spanned<String>,
    column: ColumnId,
}

impl Conditions<'_> {
    fn of(&self, entry: &Spanned<ConditionEntry>, sink: &mut Sink) -> Option<Vec<Test>> {
        match &entry.value {
            Either::Scalar(text) => {
                let text = Spanned { value: text.clone(), span: entry.span };
                Some(vec![Test::OneOf(vec![self.constant(&text, sink)?])])
            }
            Either::List(texts) => Some(vec![Test::OneOf(self.constants(texts, entry, sink)?)]),
            Either::Map(stated) => self.comparisons(stated, entry, sink),
        }
    }

    fn comparisons(
        &self,
        stated: &ComparisonEntry,
        entry: &Spanned<ConditionEntry>,
        sink: &mut Sink,
    ) -> Option<Vec<Test>> {
        let mut tests = Vec::new();
        let mut complete = true;
        match &stated.is {
            Field::Set(is) => tests.extend(self.nullness(is, sink).or_else(|| {
                complete = false;
                None
            })),
            Field::Invalid => complete = false,
            Field::Missing => {}
        }
        match &stated.not {
            Field::Set(not) => {
                let constants = match &not.value {
                    Either::Scalar(text) => {
                        let text = Spanned { value: text.clone(), span: not.span };
                        self.constant(&text, sink).map(|constant| vec![constant])
                    }
                    Either::List(texts) => self.constants(texts, entry, sink),
                    Either::Map(never) => match *never {},
                };
                complete &= constants.is_some();
                tests.extend(constants.map(Test::NoneOf));
            }
            Field::Invalid => complete = false,
            Field::Missing => {}
        }
        let ordered: [(&Field<Plain>, MakeTest); 4] = [
            (&stated.at_least, Test::AtLeast),
            (&stated.more_than, Test::MoreThan),
            (&stated.at_most, Test::AtMost),
            (&stated.less_than, Test::LessThan),
        ];
        for (field, test) in ordered {
            match field {
                Field::Set(text) => {
                    let constant = self.in_order(text, sink).then(|| self.constant(text, sink)).flatten();
                    complete &= constant.is_some();
                    tests.extend(constant.map(test));
                }
                Field::Invalid => complete = false,
                Field::Missing => {}
            }
        }
        if complete && tests.is_empty() {
            self.report(entry, "has no comparison", "empty", "write a value, or `{ is: not null }`", sink);
            return None;
        }
        if complete && contradict(&tests, self.columns.scope.columns[self.column.0].ty) {
            let problem = "has comparisons that no value meets together: no row would ever leave the mart";
            self.report(entry, problem, "contradict each other", "correct or remove one of them", sink);
            return None;
        }
        complete.then_some(tests)
    }

    fn nullness(&self, is: &Spanned<Nullness>, sink: &mut Sink) -> Option<Test> {
        let column = &self.columns.scope.columns[self.column.0];
        let problem = if is.value.is_null && (column.not_null || self.columns.proof.contains(&self.column)) {
            "asks for NULL, but a row without a value there is never archived: no row would ever leave the mart"
        } else if !is.value.is_null && column.not_null {
            "asks for a value, but the column is declared `not null`: the condition has no effect"
        } else {
            return Some(if is.value.is_null { Test::IsNull } else { Test::IsNotNull });
        };
        self.report(is, problem, "contradicts `columns`", "remove the condition", sink);
        None
    }

    fn constants(
        &self,
        texts: &[Field<Plain>],
        entry: &Spanned<ConditionEntry>,
        sink: &mut Sink,
    ) -> Option<Vec<Constant>> {
        if texts.is_empty() {
            let problem = "has an empty list: no row would ever leave the mart";
            self.report(entry, problem, "empty", "list the values, or remove the condition", sink);
            return None;
        }
        if let Some(text) = texts.get(MAX_CONSTANTS).and_then(Field::get) {
            let message =
                format!("only_when of {} lists {} values; {MAX_CONSTANTS} are allowed", self.title(), texts.len());
            sink.push(Diagnostic::new(Code::Budget, message, text.span, "one too many").help("list fewer values"));
            return None;
        }
        let mut all: Vec<Constant> = Vec::with_capacity(texts.len());
        let mut complete = true;
        for text in texts {
            match text.get().and_then(|text| Some((self.constant(text, sink)?, text))) {
                Some((constant, text)) if all.contains(&constant) => {
                    self.report(text, "lists a value twice", "again here", "remove one", sink);
                    complete = false;
                }
                Some((constant, _)) => all.push(constant),
                None => complete = false,
            }
        }
        complete.then_some(all)
    }

    /// Whether the values of the column have an order that every engine has too.
    fn in_order(&self, text: &Spanned<Plain>, sink: &mut Sink) -> bool {
        let ty = self.columns.scope.columns[self.column.0].ty;
        let is_ordered = is_number(ty) || matches!(ty, SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz);
        if !is_ordered {
            let problem = format!(
                "compares a column of the type {ty} by its order, which differs between engines and collations"
            );
            self.report(text, &problem, "has no order", "list the values: `column: [a, b]`", sink);
        }
        is_ordered
    }

    fn constant(&self, text: &Spanned<Plain>, sink: &mut Sink) -> Option<Constant> {
        let ty = self.columns.scope.columns[self.column.0].ty;
        let stated = text.value.0.as_str();
        if let Some(edit) = meant(stated) {
            let problem = format!("has {} as a value: no row of the column would ever be equal to it", quoted(stated));
            self.report(text, &problem, "a test, not a value", &format!("write `{}: {edit}`", self.name.value), sink);
            return None;
        }
        if ty == SqlType::Real && is_number_text(stated, true) && !is_single(stated) {
            let problem = format!(
                "compares a real with {stated}, which a real cannot hold: the engine compares with another number, and a row that shows {stated} is not equal to it"
            );
            let help = "write a number that it can hold, such as 0.5; or declare the column as decimal, in every table";
            self.report(text, &problem, "not a value of the column", help, sink);
            return None;
        }
        let (constant, expected) = match ty {
            _ if is_number(ty) => {
                let is_whole = ty.is_whole_number();
                let number = is_number_text(stated, !is_whole).then(|| Constant::Number(stated.to_owned()));
                (number, if is_whole { "a whole number" } else { "a number" })
            }
            SqlType::Boolean => (stated.parse().ok().map(Constant::Boolean), "true or false"),
            SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz => {
                (stated.parse::<Day>().ok().map(Constant::Day), "a day such as 2026-05-15")
            }
            SqlType::Json => (None, "a column of another type: json has no constant here"),
            SqlType::Varchar(n) if stated.len() > n as usize => {
                (None, "a text that fits into the column: a longer one would never be equal")
            }
            _ if !ty.is_comparable() => (None, "a column of another type: the engine cannot compare this one"),
            _ => {
                let is_text = literal::text(stated).is_some();
                (is_text.then(|| Constant::Text(stated.to_owned())), "a text without quotes, backslashes and line ends")
            }
        };
        if constant.is_none() {
            let problem = format!("has {} for a column of the type {ty}; expected {expected}", quoted(stated));
            self.report(text, &problem, "does not fit the column", "correct the value or the column", sink);
        }
        constant
    }

    fn title(&self) -> String {
        format!("{} for {}", self.columns.scope.what, quoted(&self.name.value))
    }

    fn report<T>(&self, at: &Spanned<T>, problem: &str, label: &str, help: &str, sink: &mut Sink) {
        let message = format!("only_when of {} {problem}", self.title());
        sink.push(Diagnostic::new(Code::OnlyWhen, message, at.span, label).help(help));
    }
}

/// The condition that a text in the place of a value probably means, as YAML.
fn meant(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.as_str() {
        "is null" | "= null" => return Some("{ is: null }".to_owned()),
        "not null" | "is not null" | "!= null" | "<> null" => return Some("{ is: not null }".to_owned()),
        _ => {}
    }
    const TESTS: [(&str, &str); 8] = [
        ("!=", "not"),
        ("<>", "not"),
        (">=", "at_least"),
        ("<=", "at_most"),
        (">", "more_than"),
        ("<", "less_than"),
        ("==", ""),
        ("=", ""),
    ];
    let (sign, word) = TESTS.into_iter().find(|(sign, _)| lower.starts_with(sign))?;
    let value = text.trim()[sign.len()..].trim().trim_matches('\'');
    Some(if word.is_empty() { value.to_owned() } else { format!("{{ {word}: {value} }}") })
}

/// Whether no value can meet all tests.
fn contradict(tests: &[Test], ty: SqlType) -> bool {
    if tests.contains(&Test::IsNull) && tests.len() > 1 {
        // Every other test needs a value.
        return true;
    }
    // Between two whole numbers, and between two days, there is no other.
    let step = match ty {
        SqlType::Date => Some(86_400),
        _ => ty.is_whole_number().then_some(SCALE),
    };
    let (mut lowest, mut highest) = ((i128::MIN, false), (i128::MAX, true));
    for test in tests {
        match test {
            Test::AtLeast(constant) => lowest = lowest.max((place(constant), false)),
            Test::MoreThan(constant) => lowest = lowest.max((place(constant), true)),
            Test::AtMost(constant) => highest = highest.min((place(constant), true)),
            Test::LessThan(constant) => highest = highest.min((place(constant), false)),
            _ => {}
        }
    }
    let ((low, is_above), (high, is_reached)) = (lowest, highest);
    match step {
        // The lowest and the highest value that the tests accept.
        Some(step) => {
            low.saturating_add(if is_above { step } else { 0 }) > high.saturating_sub(if is_reached { 0 } else { step })
        }
        None => low > high || (low == high && (is_above || !is_reached)),
    }
}

/// The digits after the point that a number may have.
const SCALE: i128 = 1_000_000_000_000_000_000;

/// The place of a constant in the order of the constants of its column.
fn place(constant: &Constant) -> i128 {
    match constant {
        Constant::Day(day) => day.epoch().into(),
        Constant::Number(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            // Invariant: at most 18 digits on each side of the point.
            let parts: (i128, i128) =
                (whole.parse().unwrap_or_default(), format!("{fraction:0<18}").parse().unwrap_or_default());
            let value = parts.0 * SCALE + parts.1;
            if text.starts_with('-') { -value } else { value }
        }
        Constant::Text(_) | Constant::Boolean(_) => unreachable!("a text and a truth value have no order"),
    }
}

fn is_number(ty: SqlType) -> bool {
    ty.is_whole_number() || matches!(ty, SqlType::Decimal { .. } | SqlType::Real | SqlType::Double)
}

/// Whether a text is a number that every engine reads alike. Invariant: it needs no quotes in SQL.
fn is_number_text(text: &str, may_have_point: bool) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let all_digits = |text: &str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && fraction.is_none_or(|fraction| may_have_point && all_digits(fraction))
}

/// Whether a `real`, which has 24 binary digits, holds the number exactly.
fn is_single(number: &str) -> bool {
    let (single, double): (Result<f32, _>, Result<f64, _>) = (number.parse(), number.parse());
    single.is_ok_and(|single| double.is_ok_and(|double| f64::from(single) == double))
}

/// The condition that a column has a value.
pub(crate) fn is_not_null(column: ColumnId) -> Condition {
    Condition { column, test: Test::IsNotNull }
}

/// The conditions, and one more that they may not have yet.
pub(crate) fn with(mut conditions: Vec<Condition>, more: Option<Condition>) -> Vec<Condition> {
    conditions.extend(more.filter(|more| !conditions.contains(more)));
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_digits_only() {
        for text in ["0", "-3", "12.50"] {
            assert!(is_number_text(text, true), "{text}");
        }
        for text in ["", "-", "1.", ".5", "1e5", "0x1", "+1", "1 OR TRUE", "1.5.2", "--1"] {
            assert!(!is_number_text(text, true), "{text}");
        }
        assert!(!is_number_text("1.5", false));
    }

    #[test]
    fn comparisons_contradict_if_no_value_is_between_them() {
        let number = |text: &str| Constant::Number(text.to_owned());
        let between = |low: Test, high: Test, ty| contradict(&[low, high], ty);
        let decimal = SqlType::Decimal { precision: 12, scale: 2 };
        assert!(between(Test::MoreThan(number("10")), Test::LessThan(number("5")), decimal));
        assert!(between(Test::MoreThan(number("10")), Test::AtMost(number("10")), decimal));
        assert!(between(Test::AtLeast(number("0.5")), Test::LessThan(number("0.50")), decimal));
        assert!(!between(Test::AtLeast(number("10")), Test::AtMost(number("10")), decimal));
        assert!(!between(Test::MoreThan(number("-10")), Test::LessThan(number("-9")), decimal));
        assert!(between(Test::MoreThan(number("-10")), Test::LessThan(number("-9")), SqlType::Integer));
        assert!(!between(Test::MoreThan(number("9")), Test::LessThan(number("11")), SqlType::Bigint));
        let day = |text: &str| Constant::Day(text.parse().expect("a day"));
        assert!(between(Test::MoreThan(day("2026-01-01")), Test::LessThan(day("2026-01-02")), SqlType::Date));
        assert!(!between(Test::MoreThan(day("2026-01-01")), Test::LessThan(day("2026-01-02")), SqlType::Timestamp));
        assert!(contradict(&[Test::IsNull, Test::AtLeast(number("1"))], SqlType::Integer));
        assert!(!contradict(&[Test::IsNull], SqlType::Integer));
    }

    #[test]
    fn a_real_holds_sums_of_powers_of_two() {
        for (text, expected) in [("0.5", true), ("-3", true), ("16777216", true), ("0.1", false), ("16777217", false)] {
            assert_eq!(is_single(text), expected, "{text}");
        }
    }
}
