//! A story: what happens to a project in simulated years, as data. It is told from a seed, can be cut down, and told again.

use crate::rehearse::value::Cell;

/// Everything that happens, in order. Times are microseconds since 1970, UTC.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) events: Vec<Event>,
    /// The number of the event from which on everything is let go: until there, rows are counted.
    pub(super) ending: usize,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Raw receives a row.
    Deliver(Delivery),
    /// The project's list of periods changes.
    Periods(Periods),
    /// An operator places a hold on a key, or lifts it.
    Hold(Hold),
    /// A cycle: every table's load and hooks, in run order.
    Cycle(Run),
    /// The nightly sweep.
    Sweep(Run),
}

/// A row for a raw table.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) at: i64,
    pub(super) table: usize,
    /// The mart's columns, then those that only raw has.
    pub(super) cells: Vec<Cell>,
}

/// Which periods of the story's calendar the project lists, and how many of these are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Periods {
    pub(super) first: usize,
    /// One beyond the last.
    pub(super) end: usize,
    /// The number, in the calendar, of the first open one.
    pub(super) open_from: usize,
}

/// A hold of an operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) at: i64,
    pub(super) table: usize,
    pub(super) key: Cell,
    pub(super) lift: bool,
}

/// A cycle or a sweep.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) at: i64,
    /// How far the clock moves with each statement.
    pub(super) pace: i64,
    pub(super) regime: Regime,
    /// Where it stops, and what then. After a retry the next stop counts.
    pub(super) stops: Vec<Stop>,
    /// A hold that is placed or lifted before a statement, where statements commit alone.
    pub(super) hold: Option<(Place, Hold)>,
    /// Whether it runs a second time, which must change nothing.
    pub(super) twice: bool,
    /// Whether the oracle looks after every statement, where statements commit alone.
    pub(super) looks: bool,
    /// By table: once the cycle is completed, raw rows delivered before this are trimmed. Empty: none are.
    pub(super) trim_raw: Vec<i64>,
}

/// A statement of a run, as a share of all: how many there are is not known when a story is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) u16);

impl Place {
    /// The number of the statement, of so many.
    pub(super) fn of(self, statements: usize) -> usize {
        usize::from(self.0) * statements / (usize::from(u16::MAX) + 1)
    }
}

/// A stop before a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) before: Place,
    pub(super) then: Recovery,
}

/// What happens after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    RetryFromStart,
    RetryFromFailedTable,
    GiveUp,
}

/// What is committed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regime {
    /// Each statement alone.
    Statement,
    /// A table's hooks.
    Hooks,
    /// A table's load and hooks.
    Table,
}
