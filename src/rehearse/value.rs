//! Cell values of a rehearsal: their SQL literals, and their texts, which are the same on every
//! engine.

use std::cmp::Ordering;

use crate::dialect::Dialect;
use crate::features::only_when::{Constant, Test};
use crate::project::Column;
use crate::sql::{SqlType, TimeUnit};

/// A value before it has a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    /// A number for a column of any type. A narrow column holds the number modulo its capacity.
    Number(i64),
    /// Microseconds since 1970, UTC.
    Instant(i64),
}

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// The smallest step of a time column, in microseconds.
pub(super) fn grain(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::EpochSeconds => SECOND,
        TimeUnit::EpochMillis => 1_000,
        TimeUnit::Timestamp | TimeUnit::Timestamptz => 1,
        TimeUnit::Date => DAY,
    }
}

/// A column with its name, its SQL spelling, its type, and its time unit if it holds times.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) ty: SqlType,
    pub(super) unit: Option<TimeUnit>,
    /// The values that a payload cell can have if the column has a condition: those of its tests,
    /// and others.
    choices: Vec<Option<String>>,
}

impl Typed {
    pub(super) fn new(column: &Column, unit: Option<TimeUnit>, dialect: Dialect) -> Self {
        let unit = unit.or(match column.ty {
            SqlType::Date => Some(TimeUnit::Date),
            SqlType::Timestamp => Some(TimeUnit::Timestamp),
            SqlType::Timestamptz => Some(TimeUnit::Timestamptz),
            _ => None,
        });
        Self {
            name: column.name.as_str().to_owned(),
            sql: column.name.sql(dialect),
            ty: column.ty,
            unit,
            choices: Vec::new(),
        }
    }

    /// The same column, with cells that meet the tests about as often as not.
    pub(super) fn tested_by(mut self, tests: &[Test]) -> Self {
        let mut choices: Vec<Option<String>> = Vec::new();
        for test in tests {
            match test {
                Test::OneOf(each) | Test::NoneOf(each) => {
                    choices.extend(each.iter().map(|one| Some(self.near(one, 0))));
                    choices.extend(each.last().map(|last| Some(self.near(last, 1))));
                }
                Test::LessThan(one) | Test::AtMost(one) | Test::AtLeast(one) | Test::MoreThan(one) => {
                    choices.extend([-1, 0, 1].map(|step| Some(self.near(one, step))));
                }
                Test::IsNull | Test::IsNotNull => choices.extend([None, self.text(Cell::Number(1))]),
            }
        }
        self.choices = choices;
        self
    }

    /// The text of a value some steps from a constant.
    fn near(&self, constant: &Constant, step: i64) -> String {
        match constant {
            Constant::Text(text) if step == 0 => text.clone(),
            Constant::Text(text) => {
                let fits = |text: &String| !matches!(self.ty, SqlType::Varchar(n) if text.len() > n as usize);
                Some(format!("{text}x")).filter(fits).unwrap_or_else(|| "x".to_owned())
            }
            Constant::Boolean(truth) => (*truth == (step == 0)).to_string(),
            Constant::Day(day) => ((day.epoch() + step * DAY / SECOND) * SECOND).to_string(),
            Constant::Number(number) => {
                let (whole, fraction) = number.split_once('.').map_or((number.as_str(), ""), |parts| parts);
                let whole = whole.parse::<i64>().unwrap_or_default() + step;
                match self.ty {
                    SqlType::Decimal { scale, .. } if scale > 0 => {
                        format!("{whole}.{fraction:0<width$}", width = usize::from(scale))
                    }
                    _ => whole.to_string(),
                }
            }
        }
    }

    /// How a value, as the text that [`Typed::text`] returns, compares with a constant. `None`:
    /// they have no order.
    pub(super) fn order(&self, value: &str, constant: &Constant) -> Option<Ordering> {
        match constant {
            Constant::Text(text) => Some(value.cmp(text)),
            Constant::Boolean(truth) => Some(value.cmp(&truth.to_string())),
            Constant::Day(day) => Some(micros(value).cmp(&(day.epoch() * SECOND))),
            Constant::Number(number) => value.parse::<f64>().ok()?.partial_cmp(&number.parse().ok()?),
        }
    }

    /// The number of different values of the column. Only narrow types have fewer than a rehearsal
    /// needs.
    pub(super) fn capacity(&self) -> i64 {
        match self.ty {
            _ if !self.choices.is_empty() => self.choices.len() as i64,
            SqlType::Boolean => 2,
            SqlType::Smallint => 30_000,
            SqlType::Decimal { precision, scale } => 10_i64.pow(u32::from((precision - scale).min(9))),
            SqlType::Varchar(n) if n < 6 => 10_i64.pow(n),
            SqlType::Varchar(_) | SqlType::Text => 100_000,
            _ => 1_000_000_000,
        }
    }

    /// The text of a cell when it is read back. `None` is NULL. Times are microseconds since 1970.
    pub(super) fn text(&self, cell: Cell) -> Option<String> {
        if let (Cell::Number(number), false) = (cell, self.choices.is_empty()) {
            let place = number.rem_euclid(self.choices.len() as i64);
            return usize::try_from(place).ok().and_then(|place| self.choices[place].clone());
        }
        let number = match cell {
            Cell::Null => return None,
            Cell::Instant(micros) => match self.unit {
                Some(unit) => return Some((micros.div_euclid(grain(unit)) * grain(unit)).to_string()),
                // A tie-break column without a time unit holds the seconds.
                None => micros.div_euclid(SECOND),
            },
            Cell::Number(number) => number,
        };
        let number = number.rem_euclid(self.capacity());
        Some(match self.ty {
            _ if self.unit.is_some() => (number * DAY).to_string(),
            SqlType::Boolean => (number == 1).to_string(),
            SqlType::Decimal { scale, .. } if scale > 0 => format!("{number}.{:0>1$}", "", usize::from(scale)),
            // Zeros on the left: texts must sort like their numbers in a tie-break.
            SqlType::Varchar(n) if n < 6 => format!("{number:0>width$}", width = usize::try_from(n).unwrap_or(1)),
            SqlType::Varchar(_) | SqlType::Text => format!("k{number:0>5}"),
            SqlType::Uuid => format!("00000000-0000-4000-8000-{number:012}"),
            // Engines print such values in different ways. All of them count as equal.
            SqlType::Engine(_) => "x".to_owned(),
            _ => number.to_string(),
        })
    }

    /// The cell as a literal of the column's type.
    pub(super) fn literal(&self, cell: Cell) -> String {
        let Some(text) = self.text(cell) else { return "NULL".to_owned() };
        match (self.ty, self.unit) {
            (SqlType::Date, _) => format!("(DATE '1970-01-01' + ({}))", micros(&text).div_euclid(DAY)),
            (SqlType::Timestamp, _) => instant("TIMESTAMP '1970-01-01 00:00:00", micros(&text)),
            (SqlType::Timestamptz, _) => instant("TIMESTAMPTZ '1970-01-01 00:00:00+00", micros(&text)),
            (_, Some(unit)) => micros(&text).div_euclid(grain(unit)).to_string(),
            (SqlType::Varchar(_) | SqlType::Text | SqlType::Json, None) => format!("'{text}'"),
            (SqlType::Uuid, None) => format!("CAST('{text}' AS UUID)"),
            (SqlType::Engine(ty), None) if ty.as_str().ends_with(']') => format!("CAST(ARRAY[] AS {})", ty.as_str()),
            (SqlType::Engine(ty), None) => format!("CAST('{}' AS {})", ty.sample(), ty.as_str()),
            _ => text,
        }
    }

    /// The SQL expression that reads the column back as the text of [`Typed::text`].
    pub(super) fn select_as_text(&self, dialect: Dialect) -> String {
        let column = &self.sql;
        let micros = match (self.ty, self.unit) {
            (SqlType::Date | SqlType::Timestamp | SqlType::Timestamptz, _) => dialect.rules().epoch_micros(column),
            (_, Some(unit)) => format!("CAST({column} AS BIGINT) * {}", grain(unit)),
            (SqlType::Engine(_), ..) => format!("CASE WHEN {column} IS NOT NULL THEN 'x' END"),
            (SqlType::Real | SqlType::Double, ..) => format!("CAST({column} AS BIGINT)"),
            _ => column.clone(),
        };
        format!("CAST({micros} AS VARCHAR)")
    }
}

fn micros(text: &str) -> i64 {
    // Invariant: the text is one that `Typed::text` returned for an instant.
    text.parse().unwrap_or_default()
}

fn instant(origin: &str, micros: i64) -> String {
    format!(
        "({origin}' + INTERVAL '{} seconds' + INTERVAL '{} microseconds')",
        micros.div_euclid(SECOND),
        micros.rem_euclid(SECOND)
    )
}

/// An instant as text, UTC, without the time of day at midnight.
pub(super) fn instant_text(micros: i64) -> String {
    let Ok(instant) = jiff::Timestamp::from_microsecond(micros) else { return micros.to_string() };
    let text = instant.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    if micros.rem_euclid(DAY) == 0 { text.date().to_string() } else { format!("{} {}", text.date(), text.time()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_at_midnight_is_shown_as_a_date() {
        assert_eq!(instant_text(1_751_328_000 * SECOND), "2025-07-01");
        assert_eq!(instant_text(1_751_328_000 * SECOND - SECOND), "2025-06-30 23:59:59");
    }
}
