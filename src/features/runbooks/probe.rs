//! The test row of the run-book `qa`.

use minijinja::{Value, context};

use crate::cycle::render::context;
use crate::cycle::render::value::Sql;
use crate::features::only_when::{Condition, Test};
use crate::project::{ColumnId, DAY, Day, Filled, Period, Spec, Table, TableId};
use crate::sql::SqlType;

/// A test row that is due, and older than the first period. Its key is unlikely to exist.
pub(super) struct Probe<'a> {
    spec: &'a Spec,
    id: TableId,
}

impl<'a> Probe<'a> {
    pub(super) fn new(spec: &'a Spec, id: TableId) -> Self {
        Self { spec, id }
    }

    pub(super) fn values(&self) -> Vec<Value> {
        self.table().inserted().map(|column| Value::from(Sql::Literal(self.value(column)))).collect()
    }

    pub(super) fn key(&self) -> Vec<Value> {
        let pair = |&column: &ColumnId| {
            let value = Value::from(Sql::Literal(self.value(column)));
            context! { column => context::column(self.spec, self.table(), column), value => value }
        };
        self.table().unique_key.iter().map(pair).collect()
    }

    fn table(&self) -> &'a Table {
        self.spec.table(self.id)
    }

    /// A value that meets `only_when`, if a condition of the column asks for one that it compares
    /// with.
    fn meets(&self, id: ColumnId) -> Option<String> {
        let column = self.table().column(id);
        let constant =
            self.table().only_when.iter().filter(|one| one.column == id).find_map(|one| match &one.test {
                Test::OneOf(constants) => constants.first(),
                Test::AtLeast(constant) | Test::AtMost(constant) => Some(constant),
                _ => None,
            })?;
        let ty = column.ty.cast(self.spec.dialect);
        Some(format!("CAST({} AS {ty})", constant.sql(column.ty, self.spec.dialect)))
    }

    pub(super) fn value(&self, id: ColumnId) -> String {
        let column = self.table().column(id);
        let time = self.table().time;
        if id == time.column {
            // Older than the first period by more than the retention, so that the row is due for
            // every cutoff after the start of the first period.
            let days = self.spec.retention_length(self.id).bounds().1.div_ceil(DAY) + 1;
            let listed = self.spec.list_of(self.id).map_or(&[][..], |list| self.spec.listed(list));
            let first = listed.first().map_or(0, Period::start_epoch);
            let epoch = first.saturating_sub_unsigned(days * DAY);
            let day = Day::of_epoch(epoch).map_or_else(|| "0001-01-01".to_owned(), |day| day.to_string());
            return self.spec.dialect.rules().instant(&day, epoch, time.unit);
        }
        if let Some(constant) = self.meets(id) {
            return constant;
        }
        // A generated column may need the value of any other column.
        let may_be_null = !column.not_null && !self.table().has_filled(Filled::Generated);
        let needs_value = |one: &Condition| one.column == id && one.test != Test::IsNull;
        let may_be_null = may_be_null && !self.table().only_when.iter().any(needs_value);
        if may_be_null && !self.table().unique_key.contains(&id) {
            return "NULL".to_owned();
        }
        // Each column has a different number, so that no row is the parent of another.
        let number = 2_000_000_000 + self.id.0;
        let value = match column.ty {
            SqlType::Smallint => (32_767 - self.id.0 % 1_000).to_string(),
            SqlType::Decimal { precision, scale } if precision - scale < 10 => (9 - self.id.0 % 9).to_string(),
            SqlType::Integer | SqlType::Bigint | SqlType::Decimal { .. } => number.to_string(),
            SqlType::Varchar(most) => {
                let digits = number.to_string();
                digits[digits.len().saturating_sub(most as usize)..].to_owned()
            }
            SqlType::Text => number.to_string(),
            SqlType::Boolean => "true".to_owned(),
            SqlType::Real | SqlType::Double => "1".to_owned(),
            SqlType::Date => format!("1970-01-{:02}", 1 + self.id.0 % 28),
            SqlType::Timestamp => format!("1970-01-{:02} 00:00:00", 1 + self.id.0 % 28),
            SqlType::Timestamptz => format!("1970-01-{:02} 00:00:00+00", 1 + self.id.0 % 28),
            SqlType::Json => "{}".to_owned(),
            SqlType::Uuid => format!("00000000-0000-4000-8000-{number:012}"),
            SqlType::Engine(ty) => ty.sample().to_owned(),
        };
        format!("CAST('{value}' AS {})", column.ty.cast(self.spec.dialect))
    }
}

/// Whether a row that is older than the first period waits in the mart. A retired row is deleted.
pub(super) fn has_probe(spec: &Spec, table: &Table) -> bool {
    table.has_periods() && spec.retired_before(table).is_none()
}
