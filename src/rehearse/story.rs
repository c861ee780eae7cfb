//! A story: the events of a project in simulated years, as data. A seed determines the story. It
//! can be shortened and run again.

use crate::rehearse::facts::Periods;
use crate::rehearse::value::Cell;

/// All events, in order. Times are microseconds since 1970, UTC.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) events: Vec<Event>,
    /// The number of the first event that drains the marts. The ledger counts rows before it.
    pub(super) ending: usize,
}

/// One event of a story.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A raw table receives a row.
    Deliver(Delivery),
    /// The project's list of periods changes.
    Periods(Periods),
    /// An operator places a hold on a key, or lifts it.
    Hold(Hold),
    /// An operator erases a key.
    Erase(Erase),
    /// A cycle: the load and the hooks of every table, in run order.
    Cycle(Run),
    /// The nightly sweep.
    Sweep(Run),
}

/// A row for a raw table.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) at: i64,
    pub(super) table: usize,
    /// The columns of the mart, then the columns that only the raw table has.
    pub(super) cells: Vec<Cell>,
}

/// An operator places or lifts a hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) at: i64,
    pub(super) table: usize,
    pub(super) key: Cell,
    pub(super) lift: bool,
}

/// An operator erases a key from all tables that obey the list of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Erase {
    pub(super) at: i64,
    /// A table with the exceptions table that has the list.
    pub(super) table: usize,
    pub(super) key: Cell,
}

/// A cycle or a sweep.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) at: i64,
    /// The time that each statement takes.
    pub(super) pace: i64,
    pub(super) commit_unit: CommitUnit,
    /// Where the run stops, and how it continues. The next stop applies to the retry.
    pub(super) stops: Vec<Stop>,
    /// A hold that is placed or lifted before a statement, if each statement commits alone.
    pub(super) hold: Option<(Position, Hold)>,
    /// Whether the run is repeated. The second run must change nothing.
    pub(super) twice: bool,
    /// Whether the laws are checked after every statement, if each statement commits alone.
    pub(super) checks_each: bool,
    /// By table: after the completed cycle, raw rows that were delivered before this time are
    /// deleted. If the list is empty, none are.
    pub(super) trim_raw: Vec<i64>,
}

/// The position of a statement in a run, as a share of all statements. The number of statements is
/// not known when the story is generated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position(pub(super) u16);

impl Position {
    /// The index of the statement in a run of so many statements.
    pub(super) fn index(self, statements: usize) -> usize {
        usize::from(self.0) * statements / (usize::from(u16::MAX) + 1)
    }
}

/// A stop before a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) before: Position,
    pub(super) then: Recovery,
}

/// How a run continues after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    RetryFromStart,
    RetryFromFailedTable,
    GiveUp,
}

/// The statements that are committed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommitUnit {
    /// Each statement commits alone.
    Statement,
    /// The hooks of a table are one transaction.
    Hooks,
    /// The load and the hooks of a table are one transaction.
    Table,
}
