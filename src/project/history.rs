//! Where the due rows of a table go, and how its history tables are named.

use crate::dialect::Dialect;
use crate::sql::{Name, Relation};

/// Where due rows go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Archive {
    /// To one history table per period.
    Periods(HistoryNames),
    /// To one history table, whatever their time.
    One(Relation),
    /// Nowhere: they are deleted, and no copy is kept.
    None,
}

/// The names of the history tables of a table: a text that contains the name of a period.
#[derive(Clone, Debug)]
pub struct HistoryNames {
    /// The schema, and the name without the name of a period.
    without_period: Relation,
    before: String,
    after: String,
}

/// The place of the name of the period in a stated name.
pub(crate) const PERIOD: &str = "{period}";

impl HistoryNames {
    /// Names that end in the name of the period: `hist_orders` gives `hist_orders_2025_h2`.
    pub(crate) fn ending_in_period(without_period: Relation) -> Self {
        Self { before: format!("{}_", without_period.name().as_str()), after: String::new(), without_period }
    }

    /// Names with the period between two texts. `None` if no letter is left without the period.
    ///
    /// Invariant: `some` is the history table of some period, between the same texts.
    pub(crate) fn around_period(some: &Relation, before: &str, after: &str) -> Option<Self> {
        let separators = |c: char| matches!(c, '_' | '-' | ' ');
        let parts = [before.trim_end_matches(separators), after.trim_start_matches(separators)];
        let rest: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let rest = rest.join("_");
        // In quotes, a name may begin with a digit.
        let is_name = rest.contains(char::is_alphabetic) && (some.name().is_quoted() || Name::plain(&rest).is_ok());
        let without_period = some.renamed(some.name().with_text(rest));
        is_name.then(|| Self { without_period, before: before.to_owned(), after: after.to_owned() })
    }

    /// The relation whose name lacks the name of a period: the view of all rows is named after it.
    pub(crate) fn without_period(&self) -> &Relation {
        &self.without_period
    }

    /// The history table of a period.
    pub(crate) fn of(&self, period: &str) -> Relation {
        let name = self.without_period.name();
        self.without_period.renamed(name.with_text(self.name_of(period)))
    }

    /// The history tables as a spec states them: `ods.hist_orders`, or `ods.orders_{period}_hist`.
    pub(crate) fn sql(&self, dialect: Dialect) -> String {
        if self.after.is_empty() && self.before == format!("{}_", self.without_period.name().as_str()) {
            self.without_period.sql(dialect)
        } else {
            self.sql_of(PERIOD, dialect)
        }
    }

    /// The name of a history table, with any text in place of the period.
    pub(crate) fn name_of(&self, period: &str) -> String {
        format!("{}{period}{}", self.before, self.after)
    }

    /// A history table, with any text in place of the period, such as `<period>`.
    pub(crate) fn sql_of(&self, period: &str, dialect: Dialect) -> String {
        let name = self.name_of(period);
        let schema = self.without_period.parts().count() - 1;
        let parts = self.without_period.parts().take(schema).map(|part| part.sql(dialect));
        // A plain name with another text in place of the period is not quoted.
        let name = match self.without_period.name().is_quoted() {
            true => format!("{quote}{name}{quote}", quote = dialect.rules().quote()),
            false => name,
        };
        parts.chain([name]).collect::<Vec<_>>().join(".")
    }

    /// Whether a text could be the name of a history table, in capitals or not.
    pub(crate) fn may_name(&self, text: &str) -> bool {
        let (text, before, after) =
            (text.to_ascii_lowercase(), self.before.to_ascii_lowercase(), self.after.to_ascii_lowercase());
        text.strip_prefix(&before).is_some_and(|rest| rest.ends_with(&after) && rest.len() > after.len())
    }
}
