//! Lists of periods. All tables of a project share one list, or tables choose one of several lists
//! by name.

use std::ops::Range;

use jiff::civil::Date;

use crate::project::{Length, Period, PeriodId, Spec, TableId};
use crate::source::{Span, Spanned};

/// The index of a list of periods of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodListId(pub(crate) usize);

/// A list of periods, oldest first, and what the project says about it. Invariant: each period ends
/// where the next one starts. If a table uses the list, at least one period is open.
#[derive(Clone, Debug)]
pub(crate) struct PeriodList {
    /// `None` for the list of the key `periods` in rowkeep.yml.
    pub(crate) name: Option<String>,
    /// Its periods in [`Spec::all_periods`].
    pub(crate) ids: Range<usize>,
    /// Rows from before this day are no longer kept. It is the start of the first period.
    pub(crate) retired_before: Option<Date>,
    /// How long archived rows must be kept after the end of their period.
    pub(crate) keep_history: Option<Spanned<Length>>,
    pub(crate) places: ListPlaces,
}

/// Where the project states a list, for diagnostics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListPlaces {
    pub(crate) list: Span,
    pub(crate) sealed_before: Option<Span>,
    pub(crate) retired_before: Option<Span>,
}

impl PeriodList {
    /// The name in a message, after the name of a period; empty for the list without a name.
    pub(crate) fn in_words(&self) -> String {
        self.name.as_ref().map_or_else(String::new, |name| format!(" of the list `{name}`"))
    }

    /// A run-book for this list, as `rowkeep runbook` takes it.
    pub(crate) fn runbook(&self, book: &str) -> String {
        self.name.as_ref().map_or_else(|| book.to_owned(), |name| format!("{book} --list {name}"))
    }

    /// The last period, if there is one.
    pub(crate) fn last(&self) -> Option<PeriodId> {
        self.ids.clone().next_back().map(PeriodId)
    }
}

impl Spec {
    /// Every list of periods. There is at least one, which may be empty.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (PeriodListId, &PeriodList)> {
        self.lists.iter().enumerate().map(|(number, list)| (PeriodListId(number), list))
    }

    /// The list with this id.
    pub(crate) fn list(&self, id: PeriodListId) -> &PeriodList {
        &self.lists[id.0]
    }

    /// The list of a table with one history table per period.
    pub(crate) fn list_of(&self, table: TableId) -> Option<&PeriodList> {
        self.table(table).periods.map(|id| self.list(id))
    }

    /// The periods of a list, oldest first.
    pub(crate) fn listed(&self, list: &PeriodList) -> &[Period] {
        &self.all_periods[list.ids.clone()]
    }

    /// The periods of the table of a model, oldest first. Empty if there is no such table.
    pub(crate) fn listed_for(&self, model: &str) -> &[Period] {
        let table = self.tables().find(|(_, table)| table.model.value.as_str() == model);
        table.and_then(|(id, _)| self.list_of(id)).map_or(&[], |list| self.listed(list))
    }

    /// The list with a name, or the list without a name.
    pub(crate) fn list_named(&self, name: Option<&str>) -> Option<PeriodListId> {
        self.lists().find(|(_, list)| list.name.as_deref() == name).map(|(id, _)| id)
    }

    /// The list that has a period.
    pub(crate) fn list_with(&self, period: PeriodId) -> Option<&PeriodList> {
        self.lists.iter().find(|list| list.ids.contains(&period.0))
    }

    /// Where the project states a period.
    pub(crate) fn span_of(&self, period: PeriodId) -> Span {
        let list = || self.list_with(period).map_or(self.places.periods, |list| list.places.list);
        self.places.each_period.get(period.0).copied().unwrap_or_else(list)
    }

    /// The lists that tables use, each with those tables.
    pub(crate) fn used_lists(&self) -> impl Iterator<Item = (PeriodListId, Vec<TableId>)> {
        self.lists().filter_map(|(id, _)| {
            let tables: Vec<_> =
                self.tables().filter(|(_, table)| table.periods == Some(id)).map(|(id, _)| id).collect();
            (!tables.is_empty()).then_some((id, tables))
        })
    }

    /// The project with one more period at the end of a list, and the id of that period.
    pub(crate) fn with_next(&self, list: PeriodListId, period: Period) -> (Self, PeriodId) {
        let mut later = self.clone();
        let at = later.lists[list.0].ids.end;
        later.all_periods.insert(at, period);
        later.lists[list.0].ids.end += 1;
        for list in &mut later.lists[list.0 + 1..] {
            list.ids = list.ids.start + 1..list.ids.end + 1;
        }
        (later, PeriodId(at))
    }

    /// The project without a period of a list.
    pub(crate) fn without(&self, list: PeriodListId, period: PeriodId) -> Self {
        let mut fewer = self.clone();
        fewer.all_periods.remove(period.0);
        if period.0 < fewer.places.each_period.len() {
            fewer.places.each_period.remove(period.0);
        }
        fewer.lists[list.0].ids.end -= 1;
        for list in &mut fewer.lists[list.0 + 1..] {
            list.ids = list.ids.start - 1..list.ids.end - 1;
        }
        fewer
    }
}
