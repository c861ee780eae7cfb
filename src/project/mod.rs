//! The project: its YAML files, and the [`Spec`] that Rowkeep reads from them.
//!
//! `read` parses the files into raw shapes. `resolve` turns the raw shapes into a [`Spec`]. Each
//! stage reports all errors that it finds at once.

mod cadence;
mod day;
mod expand;
pub(crate) mod files;
pub(crate) mod fiscal_year;
#[cfg(feature = "files")]
pub mod folder;
mod history;
mod lint_rules;
pub(crate) mod naming;
pub(crate) mod period;
mod period_list;
pub(crate) mod period_name;
mod read;
#[cfg(feature = "files")]
pub(crate) mod references;
pub(crate) mod resolve;
pub(crate) mod scalar;
mod schema;
pub(crate) mod shape;
mod share;
mod synonyms;
mod table;
mod words;
pub(crate) mod yaml;
mod zone;

pub use crate::dialect::{Indexes, ReaderKind};
pub(crate) use cadence::{drifted, example, following};
pub(crate) use day::{DAY, length};
pub use day::{Day, InvalidDay, Length};
pub use fiscal_year::{FiscalWeeks, FiscalYear, NamedAfter, QuarterWeeks, YearEnd};
pub(crate) use history::PERIOD;
pub use history::{Archive, HistoryNames};
pub use lint_rules::{RuleLevel, lint_rules};
pub use period::Period;
pub(crate) use period_list::PeriodList;
pub use period_list::PeriodListId;
pub(crate) use read::read;
pub(crate) use resolve::resolve;
pub use schema::json_schema;
pub use share::Share;
pub(crate) use table::TablePlaces;
pub use table::{
    Column, ColumnId, CutoffFrom, Exceptions, ExceptionsId, Filled, Layout, Load, Lookback, OrderBy, Reader, Retention,
    Rows, Table, TableId, Time,
};
pub use zone::Zone;

use jiff::civil::Date;

use crate::dialect::Dialect;
use crate::features::loads::WindowedLoad;
use crate::features::maintenance::Maintenance;
use crate::features::monitors;
use crate::features::raw_trims::RawTable;
use crate::features::schedule::Schedule;
use crate::source::{Span, Spanned};
use crate::sql::Relation;

/// The folder for artifacts, below the folder of the project, if the project states none.
pub(crate) const OUT: &str = "target/rowkeep";

/// A valid project: every name resolves, every number is within its limit, and no two parts
/// contradict each other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The name of the project.
    pub(crate) name: String,
    /// The engine to compile for.
    pub(crate) dialect: Dialect,
    /// The periods of all lists, list after list.
    pub(crate) all_periods: Vec<Period>,
    /// The lists of periods. Invariant: there is at least one, and the list without a name is the
    /// first one.
    pub(crate) lists: Vec<PeriodList>,
    /// The fiscal year by which periods may be named, if the project states it.
    pub(crate) fiscal_year: Option<FiscalYear>,
    /// The time zone in which periods begin at midnight.
    pub(crate) zone: Zone,
    /// The period of all times, for tables with one history table.
    pub(crate) whole: Period,
    /// The exceptions tables, in the order in which tables first name them.
    pub(crate) exceptions: Vec<Exceptions>,
    /// The tables in run order. Invariant: a parent comes before its children.
    pub(crate) tables: Vec<Table>,
    /// The raw tables that Rowkeep trims.
    pub(crate) raw_tables: Vec<RawTable>,
    /// The monitors that the project states. Every table has more monitors.
    pub(crate) monitors: Vec<monitors::Stated>,
    /// The maintenance of marts and other tables, in order.
    pub(crate) maintenance: Vec<Maintenance>,
    /// When cycles, maintenance, sweeps and monitors run, if the project states it.
    pub(crate) schedule: Option<Schedule>,
    /// The windowed loads.
    pub(crate) loads: Vec<WindowedLoad>,
    pub(crate) places: Places,
    /// The folder for artifacts, if the project states it.
    pub(crate) out: Option<Spanned<String>>,
    /// The schema of marts, history tables, work tables and exceptions tables that do not state
    /// another one. The name of this relation is a placeholder.
    pub(crate) schema: Relation,
}

/// Where the project files state the periods, for diagnostics.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The first list.
    pub(crate) periods: Span,
    /// Each period of all lists.
    pub(crate) each_period: Vec<Span>,
}

/// The index of a period among those of all lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodId(pub(crate) usize);

impl PeriodId {
    /// The period of a table with one history table. It is in no list.
    pub(crate) const WHOLE: Self = Self(usize::MAX);
}

/// The index of a monitor in [`Spec::monitors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonitorId(pub(crate) usize);

impl Spec {
    /// The name of the project.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time zone in which periods begin at midnight.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The engine to compile for.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The periods of all lists, list after list. In a list, the oldest period is the first one.
    /// Each period ends where the next one of its list starts.
    pub fn periods(&self) -> &[Period] {
        &self.all_periods
    }

    /// The day before which rows of a table are no longer kept.
    pub(crate) fn retired_before(&self, table: &Table) -> Option<(Date, i64)> {
        let day = self.list(table.periods?).retired_before?;
        Some((day, self.zone.start_of(day)))
    }

    /// The bounds that the name of a period gives.
    pub(crate) fn bounds_of(&self, name: &str) -> Option<(Date, Date)> {
        match period_name::bounds(name, self.fiscal_year)? {
            period_name::Bounds::Days(start, end) => Some((start, end)),
            period_name::Bounds::Unrepresentable => None,
        }
    }

    /// The raw tables that Rowkeep trims.
    pub fn raw_tables(&self) -> &[RawTable] {
        &self.raw_tables
    }

    /// The monitors that the project states. Every table has more monitors.
    pub fn monitors(&self) -> &[monitors::Stated] {
        &self.monitors
    }

    /// The maintenance of marts and other tables, in order.
    pub fn maintenance(&self) -> &[Maintenance] {
        &self.maintenance
    }

    /// When cycles, maintenance, sweeps and monitors run, if the project states it.
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// The windowed loads.
    pub fn loads(&self) -> &[WindowedLoad] {
        &self.loads
    }

    /// The folder for artifacts, if the project states it.
    pub fn out(&self) -> Option<&Spanned<String>> {
        self.out.as_ref()
    }

    /// The table with this id.
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0]
    }

    /// Every table with its id, in run order.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, &Table)> {
        self.tables.iter().enumerate().map(|(i, table)| (TableId(i), table))
    }

    /// The table whose newest row decides the cutoff of a table. With `while_in`, it is the
    /// ancestor with a fixed retention; otherwise it is the table itself.
    pub(crate) fn root(&self, id: TableId) -> TableId {
        match self.table(id).retention {
            Retention::For { .. } => id,
            Retention::WhileIn { root, .. } => root,
        }
    }

    /// The length of the retention of a table. With `while_in`, it is that of the root.
    pub(crate) fn retention_length(&self, id: TableId) -> Length {
        match self.table(self.root(id)).retention {
            Retention::For { length, .. } => length,
            Retention::WhileIn { .. } => unreachable!("a root has no `while_in`"),
        }
    }

    /// The period with this id.
    pub fn period(&self, id: PeriodId) -> &Period {
        if id == PeriodId::WHOLE { &self.whole } else { &self.all_periods[id.0] }
    }

    /// The periods of which a table has a history table, oldest first. A table with one history
    /// table has one period, for all times. A table that is purged has none.
    pub fn periods_of(&self, id: TableId) -> impl Iterator<Item = PeriodId> + use<> {
        let listed = self.list_of(id).map_or(0..0, |list| list.ids.clone());
        let whole = matches!(self.table(id).archive, Archive::One(_)).then_some(PeriodId::WHOLE);
        listed.map(PeriodId).chain(whole)
    }

    /// The id of every period, list after list.
    pub fn period_ids(&self) -> impl Iterator<Item = PeriodId> {
        (0..self.all_periods.len()).map(PeriodId)
    }

    /// The monitor with this id.
    pub fn monitor(&self, id: MonitorId) -> &monitors::Stated {
        &self.monitors[id.0]
    }

    /// The id of every monitor.
    pub fn monitor_ids(&self) -> impl Iterator<Item = MonitorId> {
        (0..self.monitors.len()).map(MonitorId)
    }

    /// The exceptions table with this id.
    pub fn exceptions(&self, id: ExceptionsId) -> &Exceptions {
        &self.exceptions[id.0]
    }
}
