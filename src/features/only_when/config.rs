//! The conditions of a table.

use crate::dialect::Dialect;
use crate::project::{ColumnId, Day, Table};
use crate::sql::{SqlType, TimeUnit, literal};

/// A condition on one column of a row. A row meets it only if the test is true: a comparison with
/// NULL is not true.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// The column.
    pub column: ColumnId,
    /// What must be true of its value.
    pub test: Test,
}

/// What must be true of the value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Test {
    /// It is one of these constants.
    OneOf(Vec<Constant>),
    /// It is none of these constants, and not NULL.
    NoneOf(Vec<Constant>),
    /// It is less than the constant.
    LessThan(Constant),
    /// It is the constant, or less.
    AtMost(Constant),
    /// It is the constant, or more.
    AtLeast(Constant),
    /// It is more than the constant.
    MoreThan(Constant),
    /// It is NULL.
    IsNull,
    /// It is not NULL.
    IsNotNull,
}

/// A constant, of the type of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constant {
    /// A text. Invariant: an SQL literal can hold it.
    Text(String),
    /// A number: digits, with or without a sign and a point.
    Number(String),
    /// A truth value.
    Boolean(bool),
    /// A day. Compared with an instant, it is midnight UTC at the start of the day.
    Day(Day),
}

impl Constant {
    /// The literal of the constant, for a column of a type.
    pub(crate) fn sql(&self, ty: SqlType, dialect: Dialect) -> String {
        match self {
            Constant::Text(text) => {
                literal::text(text).unwrap_or_else(|| unreachable!("resolve has checked the text of a constant"))
            }
            Constant::Number(number) => number.clone(),
            Constant::Boolean(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
            Constant::Day(day) => {
                let unit = match ty {
                    SqlType::Timestamp => TimeUnit::Timestamp,
                    SqlType::Timestamptz => TimeUnit::Timestamptz,
                    _ => TimeUnit::Date,
                };
                dialect.rules().instant(&day.to_string(), day.epoch(), unit)
            }
        }
    }

    /// The constant as a spec writes it. A text that could be taken for two has quotes.
    fn text(&self) -> String {
        match self {
            Constant::Text(text) if text.contains(" or ") => format!("'{text}'"),
            Constant::Text(text) | Constant::Number(text) => text.clone(),
            Constant::Boolean(truth) => truth.to_string(),
            Constant::Day(day) => day.to_string(),
        }
    }
}

/// The conditions of a table in words, joined by `and`. `None` if it has none.
pub(crate) fn describe(table: &Table) -> Option<String> {
    let each: Vec<_> = table.only_when.iter().map(|condition| condition.describe(table)).collect();
    (!each.is_empty()).then(|| each.join(" and "))
}

impl Condition {
    /// The condition in words, such as `status is closed or cancelled`.
    pub(crate) fn describe(&self, table: &Table) -> String {
        let column = table.column(self.column).name.as_str();
        let list = |constants: &[Constant]| constants.iter().map(Constant::text).collect::<Vec<_>>().join(" or ");
        match &self.test {
            Test::OneOf(constants) => format!("{column} is {}", list(constants)),
            Test::NoneOf(constants) => format!("{column} is neither NULL nor {}", list(constants)),
            Test::LessThan(constant) => format!("{column} is less than {}", constant.text()),
            Test::AtMost(constant) => format!("{column} is at most {}", constant.text()),
            Test::AtLeast(constant) => format!("{column} is at least {}", constant.text()),
            Test::MoreThan(constant) => format!("{column} is more than {}", constant.text()),
            Test::IsNull => format!("{column} is NULL"),
            Test::IsNotNull => format!("{column} is not NULL"),
        }
    }
}
